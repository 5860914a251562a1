//! Jobs against a hub of the test: real git, real keepers, real commands; the node comes and goes in the middle.

use crate::hub::*;
use fugue_domain::check::{Check, Command, Exit, Progress, Ran};
use fugue_domain::id::{JobId, TaskId};
use fugue_domain::job::{Checked, Entry, Merge, Merged, Outcome, Strategy, Work};
use fugue_domain::limits::{CHANGE_FILES_MAX, CHECK_TAIL_BYTES_MAX};
use fugue_domain::link::{Answered, Ask, FromHub, FromNode, Place};
use fugue_domain::project::Origin;
use std::path::{Path, PathBuf};

pub fn git(folder: &Path, args: &[&str]) -> String {
    let output = std::process::Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@t"])
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A node with a repository, and its hub.
pub struct Bench {
    pub folder: Folder,
    pub home: PathBuf,
    pub repository: PathBuf,
    pub hub: Hub,
    pub node: Option<Node>,
    pub link: Connection,
    jobs: u128,
}

impl Bench {
    pub async fn new(name: &str) -> Self {
        Self::with(name, |_| {}).await
    }

    /// The same, with other settings of the node.
    pub async fn with(name: &str, change: impl FnOnce(&mut fugue_node::Options)) -> Self {
        let folder = Folder::new(name);
        let (home, repository, hub) = (folder.0.join("node"), repository(&folder.0), Hub::new().await);
        let node = Node::start_with(&home, &hub, change);
        let link = hub.accept().await;
        Self { folder, home, repository, hub, node: Some(node), link, jobs: 0 }
    }

    /// The node ends and starts again.
    pub async fn restart(&mut self) {
        self.node.take().unwrap().stop().await;
        self.node = Some(Node::start(&self.home, &self.hub));
        self.link = self.hub.accept().await;
    }

    pub fn place(&self, session: u128) -> Place {
        assignment(&self.home, &self.repository, session, 1, "").place
    }

    pub async fn ask(&mut self, work: Work) -> JobId {
        self.jobs += 1;
        let id = JobId::from_bits(self.jobs);
        self.link.say(FromHub::Job { id: id.clone(), work: Box::new(work) }).await;
        id
    }

    /// The next outcome of a job, which is stored.
    pub async fn outcome(&mut self, id: &JobId) -> Outcome {
        let outcome = self.said(id).await;
        self.link.say(FromHub::JobStored { id: id.clone() }).await;
        outcome
    }

    pub async fn said(&mut self, id: &JobId) -> Outcome {
        loop {
            if let FromNode::JobEnded { id: ended, outcome } = self.link.hear().await
                && ended == *id
            {
                return *outcome;
            }
        }
    }

    /// How far a job says that it is.
    async fn at(&mut self, id: &JobId) -> Progress {
        loop {
            if let FromNode::JobAt { id: told, progress } = self.link.hear().await
                && told == *id
            {
                return progress;
            }
        }
    }

    pub async fn carried_out(&mut self, work: Work) -> Outcome {
        let id = self.ask(work).await;
        self.outcome(&id).await
    }

    pub async fn prepared(&mut self, session: u128) -> Place {
        let place = self.place(session);
        let outcome = self.carried_out(Work::Prepare { place: place.clone(), setup: vec![] }).await;
        assert_eq!(outcome, Outcome::Prepared(vec![]));
        place
    }

    pub async fn checked(&mut self, place: &Place, checks: Vec<Check>) -> Checked {
        let (place, message) = (place.clone(), "Left by the agent\n\nTask: x".to_owned());
        match self.carried_out(Work::Check { place, target: "main".into(), message, checks, guarded: Vec::new() }).await {
            Outcome::Checked(checked) => checked,
            other => panic!("{other:?}"),
        }
    }

    /// A job that comes to nothing.
    pub async fn checked_nothing(&mut self) {
        let gone = Work::Check { place: self.place(99), target: "main".into(), message: "m".into(), checks: vec![], guarded: Vec::new() };
        assert!(matches!(self.carried_out(gone).await, Outcome::Impossible(_)));
    }

    /// A session's worktree with a commit of its own, as an entry of a merge.
    pub async fn entry(&mut self, session: u128, file: &str, text: &str) -> Entry {
        let place = self.prepared(session).await;
        std::fs::write(Path::new(&place.path).join(file), text).unwrap();
        let head = self.checked(&place, vec![]).await.head;
        Entry { task: TaskId::from_bits(session), title: format!("Change {file}"), branch: place.branch.unwrap(), head }
    }

    pub fn merge(&self, entries: Vec<Entry>, checks: Vec<Check>) -> Merge {
        let origin = Origin::Path(self.repository.to_string_lossy().into_owned());
        Merge { origin, target: "main".into(), entries, strategy: Strategy::Rebase, checks, publish: None, dry_run: false }
    }

    pub async fn merged(&mut self, merge: Merge) -> Merged {
        match self.carried_out(Work::Merge(merge)).await {
            Outcome::Merged(merged) => merged,
            other => panic!("{other:?}"),
        }
    }

    /// Nothing is left of any job but outputs, and the repository is sound.
    pub async fn clean(&mut self) {
        let jobs = self.home.join("jobs");
        let left = || {
            let folders = std::fs::read_dir(&jobs).unwrap().flatten();
            let files = folders.flat_map(|folder| std::fs::read_dir(folder.path()).unwrap().flatten());
            files.map(|file| file.file_name().into_string().unwrap()).filter(|name| !name.ends_with(".out")).collect::<Vec<_>>()
        };
        eventually("nothing is left of jobs", || left().is_empty()).await;
        let scratch = std::fs::read_dir(self.home.join("scratch")).map_or(0, |entries| entries.count());
        assert_eq!(scratch, 0, "a scratch copy is left");
        assert!(!git(&self.repository, &["worktree", "list"]).contains("/scratch/"));
        assert!(!git(&self.repository, &["fsck", "--no-dangling", "--strict"]).contains("error"));
    }
}

pub fn command(name: &str, text: &str) -> Command {
    Command { name: name.into(), command: text.into(), timeout_s: 30, env: Default::default() }
}

pub fn check(name: &str, text: &str) -> Check {
    Check { command: command(name, text), required: true }
}

fn exits(ran: &[Ran]) -> Vec<(&str, &Exit)> {
    ran.iter().map(|ran| (ran.name.as_str(), &ran.exit)).collect()
}

#[tokio::test]
async fn a_worktree_is_set_up_once_and_what_failed_is_run_again() {
    let mut bench = Bench::new("prepare").await;
    let place = bench.place(7);
    let count = bench.folder.0.join("count");
    let counted = format!("echo x >> {}; pwd; test -f file", count.display());
    let fails = format!("test -f {}", bench.folder.0.join("mended").display());
    let setup = vec![command("count", &counted), command("fails", &fails), command("never", "exit 0")];
    let work = Work::Prepare { place: place.clone(), setup };
    let Outcome::Prepared(ran) = bench.carried_out(work.clone()).await else { panic!("not prepared") };
    assert_eq!(exits(&ran), [("count", &Exit::Code(0)), ("fails", &Exit::Code(1))], "the first that fails is the last");
    assert_eq!(ran[0].tail.trim(), place.path);
    std::fs::write(bench.folder.0.join("mended"), "").unwrap();
    for _ in 0..2 {
        let Outcome::Prepared(ran) = bench.carried_out(work.clone()).await else { panic!("not prepared") };
        assert_eq!(exits(&ran), [("count", &Exit::Code(0)), ("fails", &Exit::Code(0)), ("never", &Exit::Code(0))]);
    }
    assert_eq!(std::fs::read_to_string(&count).unwrap().lines().count(), 2, "what is green is not run again");
    assert_eq!(git(Path::new(&place.path), &["branch", "--show-current"]), place.branch.clone().unwrap());
    let nowhere = Place { path: "/etc".into(), ..bench.place(8) };
    let Outcome::Impossible(why) = bench.carried_out(Work::Prepare { place: nowhere, setup: vec![] }).await else { panic!("prepared") };
    assert!(why.contains("/etc"), "{why}");
    bench.clean().await;
}

#[tokio::test]
async fn how_far_its_commands_are_is_told_and_told_again_on_a_new_connection() {
    let mut bench = Bench::new("progress").await;
    let place = bench.prepared(72).await;
    let go = bench.folder.0.join("go");
    let waits = format!("until test -e {}; do sleep 0.02; done", go.display());
    let checks = vec![check("red", "exit 1"), check("waits", &waits), check("last", "true")];
    let (message, guarded) = ("m".to_owned(), Vec::new());
    let id = bench.ask(Work::Check { place, target: "main".into(), message, checks, guarded }).await;
    let at = |ended, failed, command: &str| Progress { total: 3, ended, failed, command: command.into() };
    assert_eq!(bench.at(&id).await, at(0, 0, "red"));
    assert_eq!(bench.at(&id).await, at(1, 1, "waits"));
    // The hub is gone for a while.
    bench.link.cut().await;
    bench.link = bench.hub.accept().await;
    assert_eq!(bench.at(&id).await, at(1, 1, "waits"));
    std::fs::write(&go, "").unwrap();
    assert_eq!(bench.at(&id).await, at(2, 1, "last"));
    let Outcome::Checked(checked) = bench.outcome(&id).await else { panic!("not checked") };
    assert_eq!(exits(&checked.ran), [("red", &Exit::Code(1)), ("waits", &Exit::Code(0)), ("last", &Exit::Code(0))]);
    bench.clean().await;
}

#[tokio::test]
async fn what_was_left_is_committed_counted_and_checked_at_that_commit() {
    let mut bench = Bench::new("check").await;
    // Processes are found by the session, so no other test has the same.
    let place = bench.prepared(71).await;
    let path = PathBuf::from(&place.path);
    let nothing = bench.checked(&place, vec![]).await;
    assert_eq!((nothing.head.clone(), nothing.change.files_total, nothing.change.commits.len()), (nothing.base.clone(), 0, 0));
    git(&path, &["mv", "file", "moved,file"]);
    std::fs::write(path.join("new ä"), "1\n2\n").unwrap();
    std::fs::write(path.join(".gitignore"), "cache\n").unwrap();
    std::fs::write(path.join("cache"), "ignored").unwrap();
    // Hooks are the agent's to write, and nobody runs them.
    let hooks = bench.repository.join(".git/hooks/pre-commit");
    std::fs::write(&hooks, "#!/bin/sh\nexit 1\n").unwrap();
    assert!(std::process::Command::new("chmod").arg("+x").arg(&hooks).status().unwrap().success());
    let env = [("CACHED", "{cache}/{slot}"), ("PATH", "/usr/bin:/bin"), ("FUGUE_SESSION", "stolen")]
        .map(|(name, value)| (name.into(), value.into()));
    let test =
        "mkdir -p $CACHED && case $CACHED in */cache/*/1) test $PATH = /usr/bin:/bin && test $FUGUE_SESSION != stolen;; *) exit 1;; esac";
    let cached = Command { env: env.into(), ..command("cached", test) };
    let checks = vec![
        check("head", "git rev-parse HEAD; git status --porcelain; echo err >&2"),
        check("red", "echo why; exit 3"),
        Check { command: Command { timeout_s: 1, ..command("slow", "echo begun; sleep 600 & sleep 600") }, required: false },
        check("signal", "kill -9 $$"),
        Check { command: cached, required: true },
        check("env", "test -n \"$PATH\" && test -n \"$FUGUE_SESSION\" && test -z \"$CARGO_MANIFEST_DIR\""),
    ];
    let checked = bench.checked(&place, checks).await;
    let expected = [
        ("head", &Exit::Code(0)),
        ("red", &Exit::Code(3)),
        ("slow", &Exit::TimedOut),
        ("signal", &Exit::Signal(9)),
        ("cached", &Exit::Code(0)),
        ("env", &Exit::Code(0)),
    ];
    assert_eq!(exits(&checked.ran), expected, "{checked:?}");
    assert_eq!(checked.ran[0].tail, format!("{}\nerr\n", checked.head), "clean, at exactly the commit");
    assert_eq!((checked.ran[1].tail.as_str(), checked.ran[1].bytes), ("why\n", 4));
    assert!((1_000..20_000).contains(&checked.ran[2].ms) && !checked.ran[2].required && checked.ran[2].tail.contains("begun"));
    let files: Vec<_> = checked.change.files.iter().map(|file| (file.path.as_str(), file.added, file.deleted)).collect();
    assert_eq!(files, [(".gitignore", Some(1), Some(0)), ("moved,file", Some(0), Some(0)), ("new ä", Some(2), Some(0))]);
    assert_eq!((checked.change.added, checked.change.deleted, checked.change.files_total), (3, 0, 3));
    assert_eq!(checked.change.commits.iter().map(|commit| commit.title.as_str()).collect::<Vec<_>>(), ["Left by the agent"]);
    assert_eq!(git(&path, &["status", "--porcelain"]), "");
    assert_eq!(bench.checked(&place, vec![]).await.head, checked.head, "once more is the same");
    // A crash between the commit and the index: the index is behind, and nothing is taken back by it.
    git(&path, &["read-tree", "HEAD~1"]);
    assert_eq!(bench.checked(&place, vec![]).await.head, checked.head);
    assert_eq!(git(&path, &["status", "--porcelain"]), "");
    eventually("nothing runs any more", || processes(&place.session).is_empty()).await;
    bench.clean().await;
}

#[tokio::test]
async fn what_proves_a_change_is_guarded_however_large_the_change_is() {
    let mut bench = Bench::new("guarded").await;
    std::fs::create_dir(bench.repository.join("ci")).unwrap();
    for name in ["test.sh", "lint.sh", "z.sh"] {
        std::fs::write(bench.repository.join("ci").join(name), "exit 0\n").unwrap();
    }
    git(&bench.repository, &["add", "."]);
    git(&bench.repository, &["commit", "-qm", "checks"]);
    let place = bench.prepared(7).await;
    let path = PathBuf::from(&place.path);
    for number in 0..CHANGE_FILES_MAX + 20 {
        std::fs::write(path.join(format!("a{number:04}")), "x\n").unwrap();
    }
    std::fs::write(path.join("ci/z.sh"), "exit 1\n").unwrap();
    // Moved away: by its new name nobody would know it again.
    git(&path, &["mv", "ci/lint.sh", "b"]);
    let guarded = ["ci/lint.sh", "ci/test.sh", "ci/z.sh", "fugue.toml"].map(str::to_owned).to_vec();
    let work = Work::Check { place, target: "main".into(), message: "m".into(), checks: vec![], guarded };
    let Outcome::Checked(checked) = bench.carried_out(work).await else { panic!("not checked") };
    assert!(checked.change.files_total > CHANGE_FILES_MAX as i64 && checked.change.files.len() == CHANGE_FILES_MAX);
    assert!(!checked.change.files.iter().any(|file| file.path == "ci/z.sh"), "it is none of those that are listed");
    assert_eq!(checked.edited, Some(vec!["ci/lint.sh".to_owned(), "ci/z.sh".to_owned()]));
}

#[tokio::test]
async fn what_a_check_leaves_is_said_and_not_committed_as_the_agents_work() {
    let mut bench = Bench::new("left").await;
    let place = bench.prepared(7).await;
    let path = PathBuf::from(&place.path);
    std::fs::write(path.join("work"), "1\n").unwrap();
    let writes = check("writes", "echo changed > file; echo made > made; echo too > touched");
    let first = bench.checked(&place, vec![check("still", "true"), writes.clone()]).await;
    assert_eq!(first.ran[0].tail, "", "what is clean has no note");
    assert!(
        first.ran[1].tail.contains("file, made, touched") && first.ran[1].tail.contains("not part of the commit"),
        "{:?}",
        first.ran[1]
    );
    // The agent touches one of them, and works on.
    std::fs::write(path.join("touched"), "the agent's\n").unwrap();
    std::fs::write(path.join("work"), "2\n").unwrap();
    let second = bench.checked(&place, vec![]).await;
    let files = git(&path, &["show", "--name-only", "--format=", &second.head]);
    assert_eq!(files.lines().collect::<Vec<_>>(), ["touched", "work"]);
    assert_eq!(std::fs::read_to_string(path.join("made")).unwrap(), "made\n", "nothing is thrown away");
    assert_eq!(git(&path, &["diff", "--cached", "--name-only"]), "", "the index is as the commit");
    assert_eq!(bench.checked(&place, vec![]).await.head, second.head);
    bench.clean().await;
}

#[tokio::test]
async fn what_cannot_be_committed_is_told_like_a_red_check() {
    let mut bench = Bench::new("unfit").await;
    let place = bench.prepared(7).await;
    let path = PathBuf::from(&place.path);
    let ran = bench.folder.0.join("ran");
    let checks = || vec![check("never", &format!("touch {}", ran.display()))];
    std::fs::create_dir(path.join("nested")).unwrap();
    git(&path.join("nested"), &["init", "-q"]);
    git(&path.join("nested"), &["commit", "-q", "--allow-empty", "-m", "inside"]);
    let checked = bench.checked(&place, checks()).await;
    assert_eq!(exits(&checked.ran), [("commit", &Exit::Code(1))]);
    assert!(checked.ran[0].required && checked.ran[0].tail.contains("nested"), "{checked:?}");
    std::fs::remove_dir_all(path.join("nested")).unwrap();
    std::fs::write(path.join("file"), "mine\n").unwrap();
    git(&path, &["commit", "-qam", "mine"]);
    std::fs::write(bench.repository.join("file"), "theirs\n").unwrap();
    git(&bench.repository, &["commit", "-qam", "theirs"]);
    assert!(!std::process::Command::new("git").args(["merge", "-q", "main"]).current_dir(&path).output().unwrap().status.success());
    let checked = bench.checked(&place, checks()).await;
    assert!(checked.ran[0].tail.contains("A merge was begun"), "{checked:?}");
    std::fs::write(path.join("file"), "both\n").unwrap();
    git(&path, &["commit", "-qam", "merged"]);
    let checked = bench.checked(&place, checks()).await;
    assert_eq!(
        (exits(&checked.ran), checked.change.commits.len(), ran.exists()),
        (vec![("never", &Exit::Code(0))], 2, true),
        "{checked:?}"
    );
    // Nothing of it is possible where there is nothing.
    let gone = Work::Check { place: bench.place(8), target: "main".into(), message: "m".into(), checks: vec![], guarded: Vec::new() };
    assert!(matches!(bench.carried_out(gone).await, Outcome::Impossible(why) if why.contains("is gone")));
    let nowhere = Work::Check { place: place.clone(), target: "nowhere".into(), message: "m".into(), checks: vec![], guarded: Vec::new() };
    assert!(matches!(bench.carried_out(nowhere).await, Outcome::Impossible(why) if why.contains("\"nowhere\"")));
    bench.clean().await;
}

#[tokio::test]
async fn outputs_are_kept_whole_and_only_their_ends_are_said() {
    let mut bench = Bench::new("outputs").await;
    let place = bench.prepared(7).await;
    let flood = check("flood", "i=0; while [ $i -lt 60000 ]; do echo \"line $i äöü\"; i=$((i+1)); done");
    let id = bench.ask(Work::Check { place, target: "main".into(), message: "m".into(), checks: vec![flood], guarded: Vec::new() }).await;
    let Outcome::Checked(checked) = bench.outcome(&id).await else { panic!("not checked") };
    let expected: String = (0..60_000).map(|line| format!("line {line} äöü\n")).collect();
    let ran = &checked.ran[0];
    assert_eq!(ran.bytes, expected.len() as i64);
    assert!(ran.tail.len() <= CHECK_TAIL_BYTES_MAX && expected.ends_with(&ran.tail), "{}", ran.tail.len());
    let (mut whole, mut from) = (String::new(), Some(0));
    while let Some(at) = from {
        bench.link.say(FromHub::Call { call: 1, ask: Ask::Output { job: id.clone(), name: "flood".into(), from: at } }).await;
        let FromNode::Reply { result: Ok(Answered::Output(Some(piece))), .. } = bench.link.hear().await else { panic!("no piece") };
        whole.push_str(&piece.text);
        from = piece.next;
    }
    assert!(whole == expected, "{} bytes instead of {}", whole.len(), expected.len());
    bench.clean().await;
}

#[tokio::test]
async fn a_node_that_was_away_begins_again_and_says_again() {
    let mut bench = Bench::new("again").await;
    let place = bench.prepared(7).await;
    let (begun, go) = (bench.folder.0.join("begun"), bench.folder.0.join("go"));
    let waits = format!("echo x >> {}; while ! test -f {}; do sleep 0.05; done", begun.display(), go.display());
    let work = Work::Check {
        place: place.clone(),
        target: "main".into(),
        message: "m".into(),
        checks: vec![check("waits", &waits)],
        guarded: Vec::new(),
    };
    let id = bench.ask(work.clone()).await;
    let times = || std::fs::read_to_string(&begun).map_or(0, |text| text.lines().count());
    eventually("the check to begin", || times() == 1).await;
    assert_eq!(bench.link.jobs().await, std::slice::from_ref(&id));
    bench.restart().await;
    eventually("the check to begin again", || times() == 2).await;
    assert_eq!(bench.link.hello.jobs, std::slice::from_ref(&id), "it is remembered");
    // Told again, as a hub does that has not seen it listed: begun once.
    bench.link.say(FromHub::Job { id: id.clone(), work: Box::new(work) }).await;
    std::fs::write(&go, "").unwrap();
    let said = bench.said(&id).await;
    assert!(matches!(&said, Outcome::Checked(checked) if checked.ran[0].is_green()), "{said:?}");
    // Not stored: said again, on this connection, on the next one, and after a restart.
    assert_eq!(bench.said(&id).await, said);
    bench.restart().await;
    assert_eq!(bench.outcome(&id).await, said);
    while !bench.link.jobs().await.is_empty() {}
    assert_eq!(times(), 2);
    bench.clean().await;
}

#[tokio::test]
async fn a_dropped_job_ends_with_everything_that_it_started_and_so_does_one_whose_session_is_closed() {
    let mut bench = Bench::new("dropped").await;
    let place = bench.prepared(72).await;
    let (other, pid) = (bench.prepared(73).await, bench.folder.0.join("pid"));
    let hangs = check("hangs", &format!("setsid sleep 600 & echo $! >> {}; trap '' TERM; sleep 600; sleep 600", pid.display()));
    let work = |place: &Place| Work::Check {
        place: place.clone(),
        target: "main".into(),
        message: "m".into(),
        checks: vec![hangs.clone()],
        guarded: Vec::new(),
    };
    for closes in [false, true] {
        let _ = std::fs::remove_file(&pid);
        let id = bench.ask(work(&place)).await;
        // In the same worktree, so it waits.
        let second = bench.ask(work(&place)).await;
        eventually("the check to begin", || pid.exists()).await;
        // What was asked for last is done meanwhile, in another worktree.
        let elsewhere = Work::Check {
            place: other.clone(),
            target: "main".into(),
            message: "m".into(),
            checks: vec![check("true", "true")],
            guarded: Vec::new(),
        };
        assert!(matches!(bench.carried_out(elsewhere).await, Outcome::Checked(_)));
        match closes {
            false => {
                for id in [id, second] {
                    bench.link.say(FromHub::JobDropped { id }).await;
                }
            }
            true => {
                bench.link.say(FromHub::Release(place.clone())).await;
                for id in [id, second] {
                    assert!(matches!(bench.outcome(&id).await, Outcome::Impossible(why) if why.contains("closed")));
                }
                bench.link.say(FromHub::Release(place.clone())).await;
                while !matches!(bench.link.hear().await, FromNode::Released { .. }) {}
                assert!(!Path::new(&place.path).exists());
            }
        }
        while !bench.link.jobs().await.is_empty() {}
        eventually("nothing runs any more", || processes(&place.session).is_empty()).await;
        assert_eq!(std::fs::read_to_string(&pid).unwrap().lines().count(), 1, "one at a time in a worktree");
    }
    bench.clean().await;
}

#[tokio::test]
async fn a_node_that_runs_no_commands_of_projects_says_so_and_one_that_gives_them_less_time_takes_it() {
    for (allowed, seconds) in [(false, 60), (true, 1)] {
        let folder = Folder::new("narrow");
        let (home, repository, hub) = (folder.0.join("node"), repository(&folder.0), Hub::new().await);
        let narrow = |options: &mut fugue_node::Options| (options.project_commands, options.check_seconds_max) = (allowed, seconds);
        let node = Some(Node::start_with(&home, &hub, narrow));
        let link = hub.accept().await;
        let mut bench = Bench { folder, home, repository, hub, node, link, jobs: 0 };
        let place = bench.prepared(7).await;
        let ran = bench.folder.0.join("ran");
        let checked = bench.checked(&place, vec![check("long", &format!("touch {}; sleep 20", ran.display()))]).await;
        match &checked.ran[0].exit {
            Exit::NotRun(why) => assert!(!allowed && why.contains("project_commands") && !ran.exists(), "{why}"),
            exit => assert_eq!((allowed, exit), (true, &Exit::TimedOut)),
        }
    }
}

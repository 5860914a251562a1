//! Projects whose remote must have what is merged: with the built program, a repository as the remote over files and over HTTP with a credential,
//! and tasks on two nodes that know each other only by that remote.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Context, Result, ensure};
use rig::client::Client;
use rig::fugue::{Fugue, program};
use rig::git_server::GitServer;
use rig::repo::Repo;
use rig::stage::{Stage, id};
use rig::wait::until;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(90);
/// The password of the HTTP remote, which nobody may write down.
const SECRET: &str = "s3cr3t-of-the-rig";
/// `rig:` and the password.
const BASE64: &str = "cmlnOnMzY3IzdC1vZi10aGUtcmln";

async fn becomes(client: &Client, task: &str, state: &str) -> Result<Value> {
    let look = async || {
        let found = client.get(&format!("/api/v1/tasks/{task}")).await?;
        ensure!(found["state"] == state, "it is {} because of {}", found["state"], found["why"]);
        Ok(Some(found))
    };
    until(&format!("{task} to be {state}"), SOON, look).await
}

/// Writes tasks for the scripted agent down: title, script, and the titles that it needs.
async fn add(client: &Client, project: &str, tasks: &[(&str, String, &[&str])]) -> Result<Vec<String>> {
    let task = |(title, script, needs): &(&str, String, &[&str])| json!({"key": title, "title": title, "description": script, "needs": needs, "agent": "rehearse"});
    let wanted: Vec<Value> = tasks.iter().map(task).collect();
    let made = client.post("/api/v1/tasks", &json!({"project": project, "tasks": wanted})).await?;
    made["items"].as_array().context("tasks")?.iter().map(id).collect()
}

/// What the story of a task says.
fn says(task: &Value, words: &str) -> bool {
    task["story"].as_array().is_some_and(|story| story.iter().any(|entry| entry["words"].as_str().is_some_and(|said| said.contains(words))))
}

/// A bare repository with what another one has.
fn bare(from: &Repo, path: &Path) -> Result<Repo> {
    let shown = path.to_string_lossy();
    from.git(&["clone", "--quiet", "--bare", ".", &shown])?;
    Ok(Repo::at(path))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_is_done_when_its_remote_has_it_and_not_before() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let up = fugue.up().await?;
    let stage = Stage::on(fugue).await?;
    let root = stage.fugue.root().to_owned();
    let (clone, move_it) = (root.join("colleague"), root.join("move-it"));
    let colleague = format!(
        "if test -f {move_it}; then rm {move_it} && git clone -q {remote} {clone} && cd {clone} && echo theirs > theirs.txt && git add . \
         && git -c user.name=c -c user.email=c@c commit -qm theirs && git push -q origin main; fi",
        move_it = move_it.display(),
        clone = clone.display(),
        remote = root.join("remote").display(),
    );
    let check = format!("[[checks]]\nname = \"whole\"\nwhen = [\"merge\"]\ncommand = \'\'\'{colleague}\'\'\'\n");
    stage.repo.write("fugue.toml", &format!("{check}\n[merge]\npush = \"origin\"\nreview = []\n"))?;
    stage.repo.commit("What the project wants")?;
    let remote = bare(&stage.repo, &root.join("remote"))?;
    stage.repo.git(&["remote", "add", "origin", &remote.path().to_string_lossy()])?;
    let tips = || Ok::<_, anyhow::Error>((stage.repo.git(&["rev-parse", "main"])?, remote.git(&["rev-parse", "main"])?));
    let before = tips()?;

    // The remote says no, again and again: a person is asked, with its words, and nothing has moved.
    let hook = remote.path().join("hooks/pre-receive");
    std::fs::write(&hook, "#!/bin/sh\necho no work on Sundays >&2\nexit 1\n")?;
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755))?;
    let one = add(&stage.client, &stage.project, &[("one", "write one.txt 1".into(), &[])]).await?.remove(0);
    let asks = becomes(&stage.client, &one, "needs_human").await?;
    ensure!(asks["why"].as_str().is_some_and(|why| why.contains("origin does not take") && why.contains("no work on Sundays")), "{asks:#}");
    ensure!(tips()? == before, "something has moved");
    std::fs::remove_file(&hook)?;
    stage.client.post(&format!("/api/v1/tasks/{one}/submit"), &json!({})).await?;
    let done = becomes(&stage.client, &one, "done").await?;
    ensure!(remote.git(&["show", "main:one.txt"])? == "1" && says(&done, "on the target branch of origin"), "{done:#}");

    // A colleague pushes while it is checked: it is checked again on top of that, and both are there.
    std::fs::write(&move_it, "")?;
    let two = add(&stage.client, &stage.project, &[("two", "write two.txt 2".into(), &[])]).await?.remove(0);
    let done = becomes(&stage.client, &two, "done").await?;
    ensure!(says(&done, "moved by somebody else meanwhile"), "{done:#}");
    ensure!(remote.git(&["show", "main:theirs.txt"])? == "theirs" && remote.git(&["show", "main:two.txt"])? == "2");
    let (here, there) = tips()?;
    ensure!(here == there && stage.repo.path().join("theirs.txt").exists(), "the branch here comes along");

    // It is away: the task says so and waits, and goes on by itself.
    let away = root.join("away");
    std::fs::rename(remote.path(), &away)?;
    let three = add(&stage.client, &stage.project, &[("three", "write three.txt 3".into(), &[])]).await?.remove(0);
    let waits = async || {
        let task = stage.client.get(&format!("/api/v1/tasks/{three}")).await?;
        Ok(task["why"].as_str().is_some_and(|why| why.contains("origin cannot be reached")).then_some(task))
    };
    ensure!(until("the task to wait", SOON, waits).await?["state"] == "merging");
    std::fs::rename(&away, remote.path())?;
    becomes(&stage.client, &three, "done").await?;
    ensure!(remote.git(&["show", "main:three.txt"])? == "3");
    stage.nothing_left(&[up.pid()]).await
}

/// A hub with two nodes, as on machines of their own, and a project by the address of a repository that is served with a credential.
struct Two {
    fugue: Fugue,
    client: Client,
    project: String,
    remote: Repo,
    server: GitServer,
    _parts: [rig::fugue::Part; 3],
}

impl Two {
    async fn with(program: &Path, settings: &str, files: &[(&str, &str)]) -> Result<Self> {
        let fugue = Fugue::new(program)?.env("FUGUE_SLOTS", "2");
        let root = fugue.root().to_owned();
        let seed = Repo::create(&root.join("seed"))?;
        for (name, text) in [("fugue.toml", settings)].iter().chain(files) {
            seed.write(name, text)?;
        }
        seed.commit("What the project wants")?;
        let remote = bare(&seed, &root.join("served/shop.git"))?;
        let server = GitServer::start(&root.join("served"), BASE64).await?;
        // As the person who runs the nodes has it.
        std::fs::write(root.join("home/.gitconfig"), "[credential]\n\thelper = store\n")?;
        std::fs::write(root.join("home/.git-credentials"), format!("http://rig:{SECRET}@{}\n", server.address()))?;
        let parts = [fugue.hub().await?, fugue.node().await?, fugue.another_node("node2").await?];
        let client = fugue.client()?;
        let project = id(&client.post("/api/v1/projects", &json!({"url": server.url("shop.git")})).await?)?;
        Ok(Self { fugue, client, project, remote, server, _parts: parts })
    }

    async fn done(&self, ids: &[String]) -> Result<Vec<Value>> {
        let mut tasks = Vec::new();
        for id in ids {
            tasks.push(becomes(&self.client, id, "done").await?);
        }
        Ok(tasks)
    }

    /// The nodes on which tasks of these titles were worked on.
    async fn nodes_of(&self, titles: &[&str]) -> Result<BTreeSet<String>> {
        let sessions = self.client.all("/api/v1/sessions?state=closed").await?;
        let theirs = sessions.iter().filter(|session| titles.iter().any(|title| session["title"] == *title));
        theirs.map(|session| session["place"]["node"].as_str().map(str::to_owned).context("a node")).collect()
    }

    /// No worktree and no branch of a task is left on either node.
    async fn nothing_left(&self) -> Result<()> {
        let left = async || {
            for node in ["node", "node2"] {
                let home = self.fugue.root().join(node).join("node");
                let count = |name: &str| home.join(name).read_dir().map_or(0, |entries| entries.count());
                ensure!(count("worktrees") == 0 && count("scratch") == 0, "something is left on {node}");
                for clone in home.join("repos").read_dir()?.flatten() {
                    let branches = Repo::at(&clone.path()).git(&["for-each-ref", "refs/heads/fugue/"])?;
                    ensure!(branches.is_empty(), "{node} has {branches}");
                }
            }
            Ok(Some(()))
        };
        until("nothing to be left", SOON, left).await
    }

    /// Nobody has written the password down: no log, no database, no record.
    fn no_secret(&self) -> Result<()> {
        let mut folders = vec![self.fugue.root().to_owned()];
        let mut looked = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder)?.flatten() {
                let (path, kind) = (entry.path(), entry.file_type()?);
                if kind.is_dir() {
                    folders.push(path);
                } else if kind.is_file() && !path.ends_with("home/.git-credentials") {
                    looked += 1;
                    let found = memchr::memmem::find(&std::fs::read(&path).unwrap_or_default(), SECRET.as_bytes());
                    ensure!(found.is_none(), "the password stands in {}", path.display());
                }
            }
        }
        ensure!(looked > 20, "only {looked} files were looked at");
        Ok(())
    }
}

/// Every part is there, each after what it needs, and no conflict was merged.
const CHECK: &str = r"for need in $(cat needs/* 2>/dev/null); do test -f $need.txt || { echo $need is missing; exit 1; }; done
! grep -q '^[<=>]\{7\}' line.txt
";

fn settings(push: &str) -> String {
    format!("[[checks]]\nname = \"whole\"\ncommand = \"sh check.sh\"\n\n[merge]\n{push}review = []\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_work_on_one_plan_and_meet_at_the_remote() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let two = Two::with(&program, &settings("push = \"origin\"\n"), &[("line.txt", "open\n"), ("check.sh", CHECK)]).await?;
    let meeting = two.fugue.root().join("meeting");
    std::fs::create_dir(&meeting)?;
    // Those that begin together wait for each other, so that both nodes have two.
    let together = |name: &str| {
        let met = format!("until test $(ls {0} | wc -l) -ge 4; do sleep 0.05; done", meeting.display());
        format!("run! touch {}/{name}\nrun! timeout 60 sh -c '{met}'\nwrite {name}.txt {name}", meeting.display())
    };
    let git = "git -c user.name=Rig -c user.email=rig@localhost -c core.editor=true";
    let rival = |name: &str| {
        let take = format!("run! sed -i 's/^open$/taken by {name}/' line.txt");
        let mend = format!(
            "run! {git} rebase origin/main\nrun! sed -i '/^[<=>]\\{{7\\}}/d' line.txt\nrun! git add --all\nrun! {git} rebase --continue"
        );
        format!("{}\n{take}\nnext <<END\n{mend}\nEND", together(name))
    };
    let after = |name: &str, needs: &[&str]| {
        let seen: Vec<String> = needs.iter().map(|need| format!("run! test -f {need}.txt")).collect();
        format!("{}\nwrite needs/{name} {}\nwrite {name}.txt {name}", seen.join("\n"), needs.join(" "))
    };
    let tasks: [(&str, String, &[&str]); 7] = [
        ("a", together("a"), &[]),
        ("b", together("b"), &[]),
        ("c", rival("c"), &[]),
        ("d", rival("d"), &[]),
        ("e", after("e", &["a", "b"]), &["a", "b"]),
        ("f", after("f", &["c", "d"]), &["c", "d"]),
        ("g", after("g", &["e", "f"]), &["e", "f"]),
    ];
    let done = two.done(&add(&two.client, &two.project, &tasks).await?).await?;
    let nodes = two.nodes_of(&["a", "b", "c", "d"]).await?;
    ensure!(nodes.len() == 2, "they ran on {nodes:?}");
    for (name, ..) in &tasks {
        ensure!(two.remote.git(&["show", &format!("main:{name}.txt")])? == *name, "{name} is at the remote");
        let added = two.remote.git(&["log", "--format=%H", "--diff-filter=A", "main", "--", &format!("{name}.txt")])?;
        ensure!(added.lines().count() == 1, "{name} was merged {} times", added.lines().count());
    }
    let line = two.remote.git(&["show", "main:line.txt"])?;
    ensure!(line.contains("taken by c") && line.contains("taken by d"), "both sides are kept: {line}");
    let conflicts = done.iter().filter(|task| says(task, "It conflicts with the target branch")).count();
    ensure!(conflicts == 1, "{conflicts} conflicts");
    let sound = two.remote.git(&["fsck", "--full", "--strict"])?;
    ensure!(!sound.lines().any(|line| !line.starts_with("dangling ") && !line.starts_with("notice")), "git fsck: {sound}");
    let (welcome, refused) = two.server.requests();
    println!(
        "{} tasks on {} nodes, {conflicts} conflict, {welcome} requests with the credential, {refused} before git asked for it",
        tasks.len(),
        nodes.len()
    );
    two.nothing_left().await?;
    two.no_secret()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_pushed_stays_on_the_node_that_has_it() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let two = Two::with(&program, &settings(""), &[("line.txt", "open\n"), ("check.sh", CHECK)]).await?;
    let before = two.remote.git(&["rev-parse", "main"])?;
    let tasks: [(&str, String, &[&str]); 3] = [
        ("a", "write a.txt a".into(), &[]),
        ("b", "write b.txt b".into(), &[]),
        ("c", "run! test -f a.txt\nrun! test -f b.txt\nwrite c.txt c".into(), &["a", "b"]),
    ];
    two.done(&add(&two.client, &two.project, &tasks).await?).await?;
    let nodes = two.nodes_of(&["a", "b", "c"]).await?;
    ensure!(nodes.len() == 1, "each of {nodes:?} would have a branch of its own");
    ensure!(two.remote.git(&["rev-parse", "main"])? == before, "nobody wanted it pushed");
    // Away, nobody knows where the branch is: what is new waits, says so, and goes on by itself.
    two.server.away(true);
    let late = add(&two.client, &two.project, &[("late", "write late.txt x".into(), &[])]).await?;
    let waits = async || {
        let task = two.client.get(&format!("/api/v1/tasks/{}", late[0])).await?;
        Ok((task["state"] == "ready" && task["why"].is_string()).then_some(task))
    };
    let task = until("the task to wait", SOON, waits).await?;
    ensure!(task["why"].as_str().is_some_and(|why| why.contains("cannot be reached")), "{task:#}");
    two.server.away(false);
    two.done(&late).await?;
    two.nothing_left().await
}

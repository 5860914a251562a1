//! A real keeper with real processes.

use super::handle::{Handle, clear, process_of};
use super::line::{Launch, Request, Why};
use crate::fixture::{Folder, eventually};
use crate::ownership;
use crate::process::{self, KEEPER_VARIABLE};
use crate::spool::{Kind, Reader};
use fugue_domain::node::Ownership;
use rustix::process::{Pid, Signal};
use std::path::PathBuf;
use std::time::{Duration, Instant};

fn keeper() -> PathBuf {
    let path = std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().join("examples/keeper");
    assert!(path.is_file(), "{} is not built: run `cargo build -p fugue-node --examples`", path.display());
    path
}

struct Kept {
    handle: Handle,
    reader: Reader,
    limit: u64,
}

impl Kept {
    async fn start(folder: &Folder, name: &str, leaf: bool) -> Self {
        let path = folder.0.join(name);
        let handle = Handle::start(&[keeper().into()], &path, leaf).await.unwrap();
        Self { handle, reader: Reader::at(&path, 0), limit: 0 }
    }

    async fn launch(&mut self, script: &str) {
        let launch = Launch {
            session: "ses_test".into(),
            keeper: self.handle.name().into(),
            program: "/bin/sh".into(),
            args: vec!["-c".into(), script.into()],
            env: vec![("PATH".into(), std::env::var("PATH").unwrap()), ("GIVEN".into(), "yes".into())],
            cwd: "/".into(),
        };
        self.handle.ask(&Request::Launch(launch), &[]).await.unwrap();
    }

    /// Frames until one fits.
    async fn until(&mut self, fits: impl Fn(Kind, &str, &[u8]) -> bool) -> Vec<(Kind, String, Vec<u8>)> {
        let mut all = Vec::new();
        loop {
            while let Some(frame) = self.reader.read(self.limit).unwrap() {
                let found = fits(frame.kind, frame.key, frame.bytes);
                all.push((frame.kind, frame.key.to_owned(), frame.bytes.to_owned()));
                if found {
                    return all;
                }
            }
            let heard = tokio::time::timeout(Duration::from_secs(20), self.handle.hear()).await.unwrap_or_else(|_| panic!("only {all:?}"));
            let super::line::Push::At { offset, .. } = heard.unwrap();
            self.limit = offset;
        }
    }

    async fn until_printed(&mut self, text: &str) -> Vec<(Kind, String, Vec<u8>)> {
        self.until(|kind, _, bytes| kind == Kind::Out && String::from_utf8_lossy(bytes).contains(text)).await
    }

    fn members(&self) -> Vec<i32> {
        let marked =
            process::all().into_iter().filter(|one| process::variable(one.pid, KEEPER_VARIABLE).as_deref() == Some(self.handle.name()));
        marked.map(|one| one.pid).collect()
    }
}

const STUBBORN: &str = "trap '' TERM HUP; (setsid sh -c 'trap \"\" TERM; sleep 1000 & while :; do sleep 1; done' &); \
    (env -i setsid sh -c 'trap \"\" TERM; while :; do /bin/sleep 1; done' &); echo up; while :; do sleep 1; done";

#[tokio::test]
async fn stop_ends_a_tree_that_forks_hides_and_ignores_in_time() {
    let (level, why) = ownership::detect();
    let folder = Folder::new("stop");
    for leaf in [true, false] {
        if leaf && level != Ownership::Cgroup {
            println!("skipped: {why}");
            continue;
        }
        let mut kept = Kept::start(&folder, &format!("stop-{leaf}-{}", std::process::id()), leaf).await;
        kept.launch(STUBBORN).await;
        kept.until_printed("up").await;
        eventually("the whole tree is there", || kept.members().len() >= 4);
        let keeper = process_of(kept.handle.folder()).unwrap();
        // Those who cleared their environment are found by descent.
        let hidden = || {
            let all = process::all();
            all.iter()
                .filter(|one| one.parent == keeper.pid && process::variable(one.pid, KEEPER_VARIABLE).is_none())
                .map(|one| one.pid)
                .collect::<Vec<_>>()
        };
        eventually("the hidden one is the keeper's child", || !hidden().is_empty());
        let hidden = hidden();
        let began = Instant::now();
        kept.handle.ask(&Request::Stop { why: Why::Stop }, &[]).await.unwrap();
        let frames = kept.until(|kind, _, _| kind == Kind::Exit).await;
        assert!(began.elapsed() < Duration::from_secs(5), "{leaf}: {:?}", began.elapsed());
        assert!(frames.iter().any(|(kind, _, bytes)| *kind == Kind::Stop && bytes == br#""stop""#));
        assert_eq!(kept.members(), Vec::<i32>::new(), "leaf: {leaf}");
        assert!(hidden.iter().all(|pid| process::start_of(*pid).is_none()), "leaf: {leaf}: a hidden one lives");
        kept.handle.ask(&Request::Leave, &[]).await.unwrap();
        eventually("the keeper has ended", || process::start_of(keeper.pid).is_none());
    }
}

#[tokio::test]
async fn a_key_is_written_once_and_the_environment_is_clean() {
    let folder = Folder::new("writes");
    let mut kept = Kept::start(&folder, "writes", false).await;
    kept.launch("env; cat; echo bye").await;
    for (key, bytes) in [("a", "first\n"), ("a", "first\n"), ("b", "second\n")] {
        kept.handle.ask(&Request::Write { key: key.into(), close: false }, bytes.as_bytes()).await.unwrap();
    }
    let mut frames = kept.until_printed("second").await;
    // Another node asks for the same again: the keeper remembers.
    kept.handle = Handle::find(&folder.0.join("writes")).unwrap();
    kept.handle.ask(&Request::Write { key: "b".into(), close: false }, b"second\n").await.unwrap();
    kept.handle.ask(&Request::Write { key: "c".into(), close: true }, b"third\n").await.unwrap();
    frames.extend(kept.until(|kind, _, _| kind == Kind::Exit).await);
    let keys: Vec<_> = frames.iter().filter(|frame| frame.0 == Kind::In).map(|frame| frame.1.as_str()).collect();
    assert_eq!(keys, ["a", "b", "c"]);
    let out: Vec<u8> = frames.iter().filter(|frame| frame.0 == Kind::Out).flat_map(|frame| frame.2.clone()).collect();
    let out = String::from_utf8(out).unwrap();
    assert!(out.ends_with("first\nsecond\nthird\nbye\n"), "{out}");
    let mut names: Vec<_> = out
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name)
        .filter(|name| !["_", "PWD", "SHLVL", "OLDPWD"].contains(name))
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["FUGUE_KEEPER", "FUGUE_SESSION", "GIVEN", "PATH"]);
    assert_eq!(frames.last().unwrap().2, br#"{"Ok":0}"#);
    kept.handle.ask(&Request::Leave, &[]).await.unwrap();
}

#[tokio::test]
async fn an_agent_dies_with_its_keeper_and_what_it_started_is_found() {
    let folder = Folder::new("dies");
    let name = format!("dies-{}", std::process::id());
    let mut kept = Kept::start(&folder, &name, false).await;
    kept.launch("setsid sleep 1000 & echo up; exec sleep 1000").await;
    let frames = kept.until_printed("up").await;
    let agent: i32 =
        frames.iter().find(|frame| frame.0 == Kind::Started).map(|frame| String::from_utf8_lossy(&frame.2).parse().unwrap()).unwrap();
    process_of(kept.handle.folder()).unwrap().signal(Signal::KILL);
    eventually("the agent died with its keeper", || process::start_of(agent).is_none());
    assert_eq!(kept.members().len(), 1, "the child that left the session lives on");
    assert!(kept.handle.hear().await.is_err() || kept.handle.hear().await.is_err());
    assert!(Handle::find(kept.handle.folder()).is_err());
    tokio::task::spawn_blocking(move || clear(&name)).await.unwrap();
    assert_eq!(kept.members(), Vec::<i32>::new());
}

#[tokio::test]
async fn a_lease_that_nobody_renews_ends_the_agent() {
    let folder = Folder::new("lease");
    let mut kept = Kept::start(&folder, "lease", false).await;
    kept.launch("echo up; exec sleep 1000").await;
    kept.until_printed("up").await;
    kept.handle.ask(&Request::Renew { deadline: Some(crate::machine::boot_ms() + 300) }, &[]).await.unwrap();
    let frames = kept.until(|kind, _, _| kind == Kind::Exit).await;
    assert!(frames.iter().any(|(kind, _, bytes)| *kind == Kind::Stop && bytes == br#""lease""#), "{frames:?}");
    kept.handle.ask(&Request::Leave, &[]).await.unwrap();
}

#[tokio::test]
async fn a_keeper_survives_the_group_of_its_node_and_a_long_home_fits() {
    let folder = Folder::new("group");
    let long = Folder(folder.0.join("x".repeat(150)));
    let mut kept = Kept::start(&long, "long", false).await;
    kept.launch("echo up; read line; echo $line").await;
    kept.until_printed("up").await;
    let keeper = process_of(kept.handle.folder()).unwrap();
    let group = |pid: i32| rustix::process::getpgid(Pid::from_raw(pid)).unwrap();
    assert_ne!(group(keeper.pid), group(std::process::id() as i32), "a kill of the node's group does not reach the keeper");
    assert_eq!(rustix::process::getsid(Pid::from_raw(keeper.pid)).unwrap().as_raw_nonzero().get(), keeper.pid);
    // The node is gone (its connection breaks); the next one finds the keeper, and the agent goes on.
    kept.handle = Handle::find(&long.0.join("long")).unwrap();
    kept.handle.ask(&Request::Write { key: "k".into(), close: true }, b"hello\n").await.unwrap();
    kept.until_printed("hello").await;
    kept.until(|kind, _, _| kind == Kind::Exit).await;
    kept.handle.ask(&Request::Leave, &[]).await.unwrap();
}

#[tokio::test]
async fn a_spare_has_a_runner_that_is_nobodys_agent_and_goes_with_it() {
    let folder = Folder::new("spare");
    let leaf = ownership::detect().0 == Ownership::Cgroup;
    let name = format!("spare-{}", std::process::id());
    let runner_of =
        |keeper: i32| process::all().into_iter().find(|one| one.parent == keeper && process::variable(one.pid, "PATH").is_none());
    let ready = |keeper: i32| {
        eventually("the runner waits", || runner_of(keeper).is_some());
        runner_of(keeper).unwrap()
    };
    // One whose runner was killed makes another for the launch.
    let mut kept = Kept::start(&folder, &name, leaf).await;
    let keeper = process_of(kept.handle.folder()).unwrap();
    let runner = ready(keeper.pid);
    assert_eq!(kept.members(), Vec::<i32>::new(), "a runner carries no marker");
    runner.signal(Signal::KILL);
    eventually("the runner is gone", || process::start_of(runner.pid).is_none());
    kept.launch("echo up; exec sleep 1000").await;
    kept.until_printed("up").await;
    assert_eq!(kept.members().len(), 1);
    kept.handle.ask(&Request::Stop { why: Why::Stop }, &[]).await.unwrap();
    kept.until(|kind, _, _| kind == Kind::Exit).await;
    kept.handle.ask(&Request::Leave, &[]).await.unwrap();
    // One that its node leaves takes runner and leaf with it; so does one that is killed, but for the leaf.
    for killed in [false, true] {
        let name = format!("{name}-{killed}");
        let kept = Kept::start(&folder, &name, leaf).await;
        let keeper = process_of(kept.handle.folder()).unwrap();
        let runner = ready(keeper.pid);
        if killed {
            keeper.signal(Signal::KILL);
        } else {
            drop(kept);
        }
        eventually("keeper and runner are gone", || [keeper.pid, runner.pid].iter().all(|pid| process::start_of(*pid).is_none()));
        let place = ownership::leaf_parent().unwrap_or_default().join(format!("{}{name}", ownership::LEAF_PREFIX));
        assert!(killed || !place.exists());
        clear(&name);
        assert!(!place.exists(), "the sweep removes what is left");
    }
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let folder = Folder::new("missing");
    let mut kept = Kept::start(&folder, "missing", false).await;
    for (program, cwd, named) in [("/no/such/program", "/", "/no/such/program"), ("/bin/sh", "/no/such/folder", "/no/such/folder")] {
        kept = if kept.limit == 0 { kept } else { Kept::start(&folder, "missing-folder", false).await };
        let (session, keeper) = ("ses_test".into(), kept.handle.name().into());
        let launch = Launch { session, keeper, program: program.into(), args: vec![], env: vec![], cwd: cwd.into() };
        kept.handle.ask(&Request::Launch(launch), &[]).await.unwrap();
        let frames = kept.until(|kind, _, _| kind == Kind::NotStarted).await;
        assert!(String::from_utf8_lossy(&frames[0].2).contains(named), "{frames:?}");
        kept.handle.ask(&Request::Leave, &[]).await.unwrap();
    }
}

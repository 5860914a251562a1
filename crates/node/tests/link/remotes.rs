//! Merges that a remote must have, with a bare repository as the remote: it lands there first or not at all.

use crate::jobs::{Bench, check, git};
use crate::merges::{landed, waits};
use fugue_domain::check::Check;
use fugue_domain::job::{Entry, Merge, Merged, Outcome, Publish, Work};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The remote, with the branch as the repository has it.
fn remote(bench: &Bench) -> PathBuf {
    let path = bench.folder.0.join("remote");
    let shown = path.display().to_string();
    git(&bench.repository, &["init", "-q", "--bare", "-b", "main", &shown]);
    git(&bench.repository, &["remote", "add", "origin", &shown]);
    git(&bench.repository, &["push", "-q", "origin", "main"]);
    path
}

fn published(bench: &Bench, entry: &Entry, checks: Vec<Check>) -> Merge {
    Merge { publish: Some(Publish::Push { remote: "origin".into() }), ..bench.merge(vec![entry.clone()], checks) }
}

/// Where the branch is: here, and at the remote.
fn tips(bench: &Bench, remote: &Path) -> (String, String) {
    (git(&bench.repository, &["rev-parse", "main"]), git(remote, &["rev-parse", "main"]))
}

fn hook(remote: &Path, text: &str) {
    let path = remote.join("hooks/pre-receive");
    std::fs::create_dir_all(remote.join("hooks")).unwrap();
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

async fn impossible(bench: &mut Bench, merge: Merge) -> String {
    match bench.carried_out(Work::Merge(merge)).await {
        Outcome::Impossible(why) => why,
        other => panic!("{other:?}"),
    }
}

/// What a colleague does, in a shell.
fn colleague(bench: &Bench, remote: &Path, file: &str) -> String {
    let clone = bench.folder.0.join(format!("colleague-{file}")).display().to_string();
    let git = format!("git -C {clone} -c user.name=c -c user.email=c@c");
    format!(
        "test -d {clone} || {{ git clone -q {} {clone} && echo theirs > {clone}/{file} && {git} add . && {git} commit -qm {file} && {git} push -q origin main; }}",
        remote.display()
    )
}

#[tokio::test]
async fn what_a_remote_must_have_is_there_before_it_is_said_to_have_landed() {
    let mut bench = Bench::new("pushes").await;
    let remote = remote(&bench);
    let (one, two) = (bench.entry(1, "one", "1\n").await, bench.entry(2, "two", "2\n").await);
    let before = tips(&bench, &remote);
    let dry = Merge { dry_run: true, ..published(&bench, &one, vec![]) };
    landed(&bench.merged(dry).await);
    assert_eq!(tips(&bench, &remote), before, "nothing moves");
    let merged = bench.merged(published(&bench, &one, vec![])).await;
    let (_, to, _) = landed(&merged);
    assert!(matches!(&merged, Merged::Landed { published: Some(name), .. } if name == "origin"), "{merged:?}");
    assert_eq!(tips(&bench, &remote), (to.clone(), to.clone()));
    assert_eq!(git(&bench.repository, &["status", "--porcelain"]), "");
    // It says no: nothing has moved, and everybody hears its words.
    hook(&remote, "echo 'no work on Sundays' >&2; exit 1");
    let merge = published(&bench, &two, vec![]);
    let why = impossible(&mut bench, merge).await;
    assert!(why.contains("origin does not take the branch") && why.contains("no work on Sundays"), "{why}");
    assert_eq!(tips(&bench, &remote), (to.clone(), to.clone()));
    // It is away.
    let away = remote.with_extension("away");
    std::fs::rename(&remote, &away).unwrap();
    let why = waits(bench.merged(published(&bench, &two, vec![])).await);
    assert!(why.contains("origin cannot be reached"), "{why}");
    assert_eq!(git(&bench.repository, &["rev-parse", "main"]), to);
    std::fs::rename(&away, &remote).unwrap();
    std::fs::remove_file(remote.join("hooks/pre-receive")).unwrap();
    let (from, to, _) = landed(&bench.merged(published(&bench, &two, vec![])).await);
    assert_eq!((from, tips(&bench, &remote)), (before_of(&bench), (to.clone(), to)));
    let nobody = Merge { publish: Some(Publish::Push { remote: "nobody".into() }), ..bench.merge(vec![two], vec![]) };
    let why = impossible(&mut bench, nobody).await;
    assert!(why.contains("no remote \"nobody\"") && why.contains("git remote add"), "{why}");
    bench.clean().await;
}

/// The commit before the branch's.
fn before_of(bench: &Bench) -> String {
    git(&bench.repository, &["rev-parse", "main~1"])
}

#[tokio::test]
async fn a_remote_that_others_move_is_fetched_and_the_checks_run_again_on_top() {
    let mut bench = Bench::new("moved").await;
    let remote = remote(&bench);
    let entry = bench.entry(1, "mine", "1\n").await;
    let here = git(&bench.repository, &["rev-parse", "main"]);
    // While this is checked, a colleague pushes.
    let meanwhile = check("meanwhile", &colleague(&bench, &remote, "theirs"));
    let why = waits(bench.merged(published(&bench, &entry, vec![meanwhile])).await);
    assert!(why.contains("moved by somebody else meanwhile"), "{why}");
    let (local, theirs) = tips(&bench, &remote);
    assert!(local == here && theirs != here);
    let both = check("both", "test -f mine && test -f theirs");
    let merged = bench.merged(published(&bench, &entry, vec![both])).await;
    let (from, to, _) = landed(&merged);
    let Merged::Landed { ran, .. } = merged else { unreachable!() };
    assert!(from == theirs && ran.len() == 1 && ran[0].is_green(), "{ran:?}");
    assert_eq!(tips(&bench, &remote), (to.clone(), to), "the branch here comes along, with what others pushed");
    assert!(bench.repository.join("theirs").exists());
    // Somebody who takes the branch back is not overruled.
    let late = bench.entry(2, "late", "1\n").await;
    let back = check("back", &format!("git --git-dir {} update-ref refs/heads/main {here}", remote.display()));
    let why = waits(bench.merged(published(&bench, &late, vec![back])).await);
    assert!(why.contains("moved by somebody else meanwhile"), "{why}");
    assert_eq!(tips(&bench, &remote).1, here);
    bench.clean().await;
}

#[tokio::test]
async fn who_works_in_the_checkout_while_it_is_pushed_keeps_it_as_it_is() {
    let mut bench = Bench::new("behind").await;
    let remote = remote(&bench);
    let (one, two) = (bench.entry(1, "one", "1\n").await, bench.entry(2, "two", "2\n").await);
    let before = git(&bench.repository, &["rev-parse", "main"]);
    hook(&remote, &format!("echo edited > {}/file", bench.repository.display()));
    let merged = bench.merged(published(&bench, &one, vec![])).await;
    let Merged::Landed { to, behind: Some(why), .. } = merged else { panic!("{merged:?}") };
    assert!(why.contains("(file)") && why.contains("stash"), "{why}");
    assert_eq!(tips(&bench, &remote), (before, to.clone()));
    assert_eq!(std::fs::read_to_string(bench.repository.join("file")).unwrap(), "edited\n");
    std::fs::remove_file(remote.join("hooks/pre-receive")).unwrap();
    assert!(waits(bench.merged(published(&bench, &two, vec![])).await).contains("(file)"));
    git(&bench.repository, &["checkout", "-q", "file"]);
    let (from, to_, _) = landed(&bench.merged(published(&bench, &two, vec![])).await);
    assert_eq!((from, tips(&bench, &remote)), (to, (to_.clone(), to_)), "it catches up");
    // What a person committed here and nobody pushed, while others pushed something else, is theirs to bring together.
    git(&bench.repository, &["commit", "-q", "--allow-empty", "-m", "mine"]);
    let theirs = colleague(&bench, &remote, "theirs");
    assert!(std::process::Command::new("sh").args(["-c", &theirs]).status().unwrap().success());
    let three = bench.entry(3, "three", "3\n").await;
    let why = waits(bench.merged(published(&bench, &three, vec![])).await);
    assert!(why.contains("has gone another way") && why.contains("Bring the two together"), "{why}");
    bench.clean().await;
}

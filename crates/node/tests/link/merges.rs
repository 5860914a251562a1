//! Merges against a hub of the test: every outcome with real git, in checkouts that people have, and after a crash in the middle.

use crate::hub::*;
use crate::jobs::{Bench, check, git};
use fugue_domain::job::{Merge, Merged, Outcome, Publish, Strategy, Work};
use fugue_domain::link::{FromHub, FromNode};
use fugue_domain::project::Origin;
use std::path::Path;

/// What landed: from, to, and how many commits each entry became.
pub fn landed(merged: &Merged) -> (String, String, Vec<usize>) {
    let Merged::Landed { from, to, commits, behind: None, .. } = merged else { panic!("{merged:?}") };
    (from.clone(), to.clone(), commits.iter().map(Vec::len).collect())
}

pub fn waits(merged: Merged) -> String {
    let Merged::Waits(why) = merged else { panic!("{merged:?}") };
    why.to_string()
}

#[tokio::test]
async fn entries_land_one_after_the_other_and_the_checkout_comes_along() {
    let mut bench = Bench::new("lands").await;
    let (one, two) = (bench.entry(1, "one", "1\n").await, bench.entry(2, "two", "2\n").await);
    let before = git(&bench.repository, &["rev-parse", "main"]);
    std::fs::write(bench.repository.join("untracked"), "a person's\n").unwrap();
    let tree = check("tree", "test -f one && test -f two && git status --porcelain");
    let dry = Merge { dry_run: true, ..bench.merge(vec![one.clone(), two.clone()], vec![tree.clone()]) };
    let (from, _, commits) = landed(&bench.merged(dry).await);
    assert_eq!((from, commits, git(&bench.repository, &["rev-parse", "main"])), (before.clone(), vec![1, 1], before.clone()));
    let merge = bench.merge(vec![one.clone(), two.clone()], vec![tree]);
    let merged = bench.merged(merge.clone()).await;
    let (from, to, commits) = landed(&merged);
    let Merged::Landed { ran, .. } = merged else { unreachable!() };
    assert!(ran[0].is_green() && ran[0].tail.is_empty(), "{ran:?}");
    assert_eq!((from, &commits[..], git(&bench.repository, &["rev-parse", "main"])), (before.clone(), &[1, 1][..], to.clone()));
    assert_eq!(
        git(&bench.repository, &["log", "--format=%s", "--reverse", &format!("{before}..main")]),
        "Left by the agent\nLeft by the agent"
    );
    assert_eq!(git(&bench.repository, &["rev-parse", &format!("{to}~1")]), one.head, "what is on top already stays what it is");
    assert_eq!(std::fs::read_to_string(bench.repository.join("two")).unwrap(), "2\n");
    assert_eq!(git(&bench.repository, &["status", "--porcelain"]), "?? untracked");
    // Once more is nothing.
    let (from, again, commits) = landed(&bench.merged(merge).await);
    assert_eq!((from, again, commits), (to.clone(), to, vec![0, 0]));
    bench.clean().await;
}

#[tokio::test]
async fn every_strategy_brings_the_same_tree() {
    let mut bench = Bench::new("strategies").await;
    for (session, strategy) in (1..).zip([Strategy::Rebase, Strategy::Merge, Strategy::Squash]) {
        let place = bench.prepared(session).await;
        let path = Path::new(&place.path).to_owned();
        for name in ["a", "b"] {
            std::fs::write(path.join(format!("{name}{session}")), "x\n").unwrap();
            git(&path, &["add", "."]);
            git(&path, &["commit", "-qm", name]);
        }
        git(&path, &["commit", "-q", "--allow-empty", "-m", "empty"]);
        let entry = bench.entry(session, "c", "same\n").await;
        // Somebody else was faster, and one of its changes is there already.
        std::fs::write(bench.repository.join(format!("b{session}")), "x\n").unwrap();
        std::fs::write(bench.repository.join(format!("main{session}")), "y\n").unwrap();
        git(&bench.repository, &["add", "."]);
        git(&bench.repository, &["commit", "-qm", "main"]);
        let merge = Merge { strategy, ..bench.merge(vec![entry.clone()], vec![]) };
        let (from, to, commits) = landed(&bench.merged(merge).await);
        let parents = git(&bench.repository, &["rev-list", "--parents", "-n1", &to]).split(' ').count() - 1;
        let subjects = git(&bench.repository, &["log", "--first-parent", "--format=%s", &format!("{from}..{to}")]);
        match strategy {
            Strategy::Rebase => assert_eq!((parents, commits[0], subjects.as_str()), (1, 2, "Left by the agent\na"), "no empty commits"),
            Strategy::Merge => assert_eq!((parents, subjects.starts_with("Merge fugue/")), (2, true), "{subjects}"),
            Strategy::Squash => assert_eq!((parents, commits[0], subjects.as_str()), (1, 1, "Change c")),
        }
        for name in ["a", "b", "main"] {
            assert!(bench.repository.join(format!("{name}{session}")).exists(), "{strategy:?} {name}");
        }
        git(&bench.repository, &["rm", "-q", "c"]);
        git(&bench.repository, &["commit", "-qm", "without c"]);
    }
    bench.clean().await;
}

#[tokio::test]
async fn a_conflict_names_its_entry_and_both_sides_and_nothing_moves() {
    let mut bench = Bench::new("conflict").await;
    let (fits, one, two) =
        (bench.entry(1, "other", "x\n").await, bench.entry(2, "file", "first\n").await, bench.entry(3, "file", "second\n").await);
    let before = git(&bench.repository, &["rev-parse", "main"]);
    for strategy in [Strategy::Rebase, Strategy::Merge, Strategy::Squash] {
        let merge = Merge { strategy, ..bench.merge(vec![fits.clone(), one.clone(), two.clone()], vec![]) };
        let merged = bench.merged(merge).await;
        let Merged::Conflict { task, onto, files, detail } = merged else { panic!("{merged:?}") };
        assert_eq!((&task, &onto, &files[..]), (&two.task, &before, &["file".to_owned()][..]));
        assert!(detail.contains("first") && detail.contains("second") && detail.contains("<<<<<<<"), "{detail}");
        assert_eq!(git(&bench.repository, &["rev-parse", "main"]), before);
    }
    // The agent merges the branch and settles it: its result lands, in whatever way the project merges.
    let (_, to, _) = landed(&bench.merged(bench.merge(vec![one], vec![])).await);
    let path = Path::new(&bench.place(3).path).to_owned();
    assert!(!std::process::Command::new("git").args(["merge", "-q", "main"]).current_dir(&path).output().unwrap().status.success());
    std::fs::write(path.join("file"), "both\n").unwrap();
    git(&path, &["commit", "-qam", "settled"]);
    let head = git(&path, &["rev-parse", "HEAD"]);
    let settled = fugue_domain::job::Entry { head, ..two };
    // With something else in between, it is no longer on top.
    let (from, to, commits) = {
        let _ = to;
        landed(&bench.merged(bench.merge(vec![fits, settled], vec![])).await)
    };
    assert_eq!(
        (commits, git(&bench.repository, &["rev-list", "--count", "--merges", &format!("{from}..{to}")])),
        (vec![1, 1], "0".to_owned())
    );
    assert_eq!(std::fs::read_to_string(bench.repository.join("file")).unwrap(), "both\n");
    bench.clean().await;
}

#[tokio::test]
async fn red_checks_of_the_merged_tree_move_nothing() {
    let mut bench = Bench::new("red").await;
    let (one, two) = (bench.entry(1, "one", "1\n").await, bench.entry(2, "two", "2\n").await);
    let before = git(&bench.repository, &["rev-parse", "main"]);
    // Green alone, red together.
    let alone = check("alone", "test ! -f one || test ! -f two");
    let merged = bench
        .merged(bench.merge(vec![one.clone(), two.clone()], vec![check("first", "echo x"), alone.clone(), check("last", "true")]))
        .await;
    let Merged::Red { onto, ran } = merged else { panic!("{merged:?}") };
    assert_eq!((onto, ran.iter().map(|ran| ran.is_green()).collect::<Vec<_>>()), (before.clone(), vec![true, false, true]));
    assert_eq!(git(&bench.repository, &["rev-parse", "main"]), before);
    let optional = fugue_domain::check::Check { required: false, ..alone.clone() };
    landed(&bench.merged(bench.merge(vec![one], vec![alone])).await);
    landed(&bench.merged(bench.merge(vec![two], vec![optional])).await);
    bench.clean().await;
}

#[tokio::test]
async fn a_branch_that_a_person_works_in_waits_and_says_where() {
    let mut bench = Bench::new("waits").await;
    let entry = bench.entry(1, "new", "agent's\n").await;
    let (before, shown) = (git(&bench.repository, &["rev-parse", "main"]), bench.repository.display().to_string());
    let merge = bench.merge(vec![entry], vec![]);
    std::fs::write(bench.repository.join("file"), "edited\n").unwrap();
    for dry_run in [true, false] {
        let why = waits(bench.merged(Merge { dry_run, ..merge.clone() }).await);
        assert!(why.contains(&shown) && why.contains("(file)") && why.contains("stash"), "{why}");
    }
    assert_eq!(std::fs::read_to_string(bench.repository.join("file")).unwrap(), "edited\n");
    git(&bench.repository, &["checkout", "-q", "file"]);
    // A file that git does not know, in the place of one that would come.
    for ignored in [false, true] {
        std::fs::write(bench.repository.join("new"), "a person's\n").unwrap();
        if ignored {
            std::fs::write(bench.repository.join(".git/info/exclude"), "new\n").unwrap();
        }
        let why = waits(bench.merged(merge.clone()).await);
        assert!(why.contains(&shown) && why.contains("new"), "{why}");
        assert_eq!(std::fs::read_to_string(bench.repository.join("new")).unwrap(), "a person's\n");
    }
    std::fs::remove_file(bench.repository.join("new")).unwrap();
    // In the middle of a rebase the branch is checked out nowhere, and comes back.
    git(&bench.repository, &["checkout", "-q", "-b", "side"]);
    std::fs::write(bench.repository.join("file"), "side\n").unwrap();
    git(&bench.repository, &["commit", "-qam", "side"]);
    git(&bench.repository, &["checkout", "-q", "main"]);
    std::fs::write(bench.repository.join("file"), "main\n").unwrap();
    git(&bench.repository, &["commit", "-qam", "main"]);
    assert!(
        !std::process::Command::new("git").args(["rebase", "-q", "side"]).current_dir(&bench.repository).output().unwrap().status.success()
    );
    let why = waits(bench.merged(merge.clone()).await);
    assert!(why.contains("rebase") && why.contains(&shown), "{why}");
    git(&bench.repository, &["rebase", "--abort"]);
    assert!(
        !std::process::Command::new("git").args(["merge", "-q", "side"]).current_dir(&bench.repository).output().unwrap().status.success()
    );
    let why = waits(bench.merged(merge.clone()).await);
    assert!(why.contains("a merge is under way"), "{why}");
    git(&bench.repository, &["merge", "--abort"]);
    // On another branch, nobody minds.
    git(&bench.repository, &["checkout", "-q", "side"]);
    std::fs::write(bench.repository.join("file"), "edited\n").unwrap();
    let (_, to, _) = landed(&bench.merged(merge.clone()).await);
    assert_eq!(git(&bench.repository, &["rev-parse", "main"]), to);
    assert_eq!(std::fs::read_to_string(bench.repository.join("file")).unwrap(), "edited\n");
    assert_ne!(to, before);
    let nowhere = Work::Merge(Merge { target: "nowhere".into(), ..merge.clone() });
    assert!(matches!(bench.carried_out(nowhere).await, Outcome::Impossible(why) if why.contains("\"nowhere\"")));
    let odd = Work::Merge(Merge { target: "../x".into(), ..merge });
    assert!(matches!(bench.carried_out(odd).await, Outcome::Impossible(why) if why.contains("no name of a branch")));
    bench.clean().await;
}

#[tokio::test]
async fn a_branch_that_moves_while_its_merge_is_checked_is_not_moved_twice() {
    let mut bench = Bench::new("meanwhile").await;
    let entry = bench.entry(1, "new", "x\n").await;
    for checked_out in [true, false] {
        if !checked_out {
            git(&bench.repository, &["checkout", "-q", "-b", "elsewhere"]);
        }
        let moves = match checked_out {
            true => format!("git -C {} -c user.name=t -c user.email=t@t commit -q --allow-empty -m person", bench.repository.display()),
            false => format!("git -C {} branch -q -f main side", bench.repository.display()),
        };
        if !checked_out {
            git(&bench.repository, &["branch", "side", "main"]);
            git(
                &bench.repository,
                &["update-ref", "refs/heads/side", &git(&bench.repository, &["commit-tree", "-p", "main", "-m", "x", "main^{tree}"])],
            );
        }
        let why = waits(bench.merged(bench.merge(vec![entry.clone()], vec![check("moves", &moves)])).await);
        assert!(why.contains("meanwhile"), "{why}");
        assert!(!git(&bench.repository, &["ls-tree", "--name-only", "main"]).contains("new"));
    }
    landed(&bench.merged(bench.merge(vec![entry], vec![])).await);
    bench.clean().await;
}

#[tokio::test]
async fn a_merge_that_was_cut_short_is_taken_further_and_never_made_twice() {
    let mut bench = Bench::new("cut").await;
    let go = bench.folder.0.join("go");
    for moved in ["not", "half", "whole"] {
        let _ = std::fs::remove_file(&go);
        let session = 1 + git(&bench.repository, &["rev-list", "--count", "main"]).parse::<u128>().unwrap();
        let entry = bench.entry(session, &format!("new-{moved}"), "x\n").await;
        std::fs::write(Path::new(&bench.place(session).path).join("file"), format!("{moved}\n")).unwrap();
        let entry = fugue_domain::job::Entry { head: bench.checked(&bench.place(session), vec![]).await.head, ..entry };
        let from = git(&bench.repository, &["rev-parse", "main"]);
        let waits = check("waits", &format!("while ! test -f {}; do sleep 0.02; done", go.display()));
        let id = bench.ask(Work::Merge(bench.merge(vec![entry.clone()], vec![waits]))).await;
        let scratch = bench.home.join("scratch").join(id.as_str());
        eventually("the scratch copy", || scratch.join(format!("new-{moved}")).exists()).await;
        bench.node.take().unwrap().stop().await;
        // What a node leaves that dies after it wrote down where the branch will be, and git with it.
        let record = bench.home.join("jobs").join(id.as_str()).join("job.json");
        let mut job: serde_json::Value = serde_json::from_slice(&std::fs::read(&record).unwrap()).unwrap();
        let (before, to) = (from.clone(), entry.head.clone());
        let intent = Outcome::Merged(Merged::Landed { from, to, commits: vec![], ran: vec![], published: None, behind: None });
        job["intent"] = serde_json::to_value(&intent).unwrap();
        std::fs::write(&record, job.to_string()).unwrap();
        match moved {
            "half" => {
                std::fs::write(bench.repository.join("file"), "half\n").unwrap();
                std::fs::write(bench.repository.join("new-half"), "x\n").unwrap();
            }
            "whole" => drop(git(&bench.repository, &["merge", "-q", "--ff-only", &entry.head])),
            _ => {}
        }
        std::fs::write(&go, "").unwrap();
        bench.node = Some(Node::start(&bench.home, &bench.hub));
        bench.link = bench.hub.accept().await;
        let Outcome::Merged(merged) = bench.outcome(&id).await else { panic!("not merged") };
        let (from, to, _) = landed(&merged);
        assert_eq!((from, &to), (before, &entry.head), "{moved}");
        assert_eq!(matches!(&merged, Merged::Landed { ran, .. } if ran.is_empty()), moved != "not", "{moved}");
        assert_eq!(git(&bench.repository, &["status", "--porcelain"]), "", "{moved}");
        assert_eq!(git(&bench.repository, &["rev-parse", "main"]), entry.head);
        bench.clean().await;
    }
    // A person's own change in the way of what was half written: nothing of it is touched.
    let entry = bench.entry(90, "late", "x\n").await;
    let _ = std::fs::remove_file(&go);
    let from = git(&bench.repository, &["rev-parse", "main"]);
    let waiting = check("waits", &format!("while ! test -f {}; do sleep 0.02; done", go.display()));
    let id = bench.ask(Work::Merge(bench.merge(vec![entry.clone()], vec![waiting]))).await;
    eventually("the scratch copy", || bench.home.join("scratch").join(id.as_str()).join("late").exists()).await;
    bench.node.take().unwrap().stop().await;
    let record = bench.home.join("jobs").join(id.as_str()).join("job.json");
    let mut job: serde_json::Value = serde_json::from_slice(&std::fs::read(&record).unwrap()).unwrap();
    let intent =
        Outcome::Merged(Merged::Landed { from: from.clone(), to: entry.head, commits: vec![], ran: vec![], published: None, behind: None });
    job["intent"] = serde_json::to_value(&intent).unwrap();
    std::fs::write(&record, job.to_string()).unwrap();
    std::fs::write(bench.repository.join("file"), "a person's\n").unwrap();
    std::fs::write(&go, "").unwrap();
    bench.node = Some(Node::start(&bench.home, &bench.hub));
    bench.link = bench.hub.accept().await;
    let Outcome::Merged(merged) = bench.outcome(&id).await else { panic!("not merged") };
    assert!(waits(merged).contains("(file)"));
    assert_eq!(std::fs::read_to_string(bench.repository.join("file")).unwrap(), "a person's\n");
    assert_eq!(git(&bench.repository, &["rev-parse", "main"]), from);
}

#[tokio::test]
async fn a_project_by_url_is_merged_in_our_clone_and_pushed_if_that_is_wanted() {
    let mut bench = Bench::new("url").await;
    git(&bench.repository, &["checkout", "-q", "-b", "elsewhere"]);
    let url = format!("file://{}", bench.repository.display());
    let origin = Origin::Url(url);
    let mut entries = Vec::new();
    for session in [1, 2, 3] {
        let place = fugue_domain::link::Place { origin: origin.clone(), ..bench.place(session) };
        assert_eq!(bench.carried_out(Work::Prepare { place: place.clone(), setup: vec![] }).await, Outcome::Prepared(vec![]));
        std::fs::write(Path::new(&place.path).join(format!("new{session}")), "x\n").unwrap();
        let head = bench.checked(&place, vec![]).await.head;
        let (task, title) = (fugue_domain::id::TaskId::from_bits(session), "t".to_owned());
        entries.push(fugue_domain::job::Entry { task, title, branch: place.branch.unwrap(), head });
    }
    let merge = |entry: usize, push: Option<&str>| {
        let base = bench.merge(vec![entries[entry].clone()], vec![]);
        Merge { origin: origin.clone(), publish: push.map(|remote| Publish::Push { remote: remote.to_owned() }), ..base }
    };
    let merges = [merge(0, None), merge(1, Some("origin")), merge(2, Some("origin"))];
    let remote = |repository: &Path| git(repository, &["ls-tree", "--name-only", "main"]);
    let (_, first, _) = landed(&bench.merged(merges[0].clone()).await);
    assert!(!remote(&bench.repository).contains("new1"), "nobody wanted it pushed");
    let (from, second, _) = landed(&bench.merged(merges[1].clone()).await);
    assert_eq!((from, git(&bench.repository, &["rev-parse", "main"])), (first, second.clone()));
    // Somebody else pushes, and it is seen.
    git(&bench.repository, &["checkout", "-q", "main"]);
    git(&bench.repository, &["commit", "-q", "--allow-empty", "-m", "person"]);
    let person = git(&bench.repository, &["rev-parse", "main"]);
    // Checked out there, it takes no push, so nothing has landed.
    let why = match bench.carried_out(Work::Merge(merges[2].clone())).await {
        Outcome::Impossible(why) => why,
        other => panic!("{other:?}"),
    };
    assert!(why.contains("origin does not take the branch") && why.contains("refusing to update checked out branch"), "{why}");
    git(&bench.repository, &["checkout", "-q", "elsewhere"]);
    let (from, to, commits) = landed(&bench.merged(merges[2].clone()).await);
    assert_eq!((from, commits, git(&bench.repository, &["rev-parse", "main"])), (person, vec![1], to));
    bench.clean().await;
}

#[tokio::test]
async fn the_branch_of_what_has_landed_goes_with_its_worktree_and_no_other() {
    let mut bench = Bench::new("branches").await;
    let (one, two, three) = (bench.entry(1, "one", "1\n").await, bench.entry(2, "two", "2\n").await, bench.entry(3, "three", "3\n").await);
    landed(&bench.merged(bench.merge(vec![one.clone(), two.clone()], vec![])).await);
    // The second went on after it had landed.
    std::fs::write(Path::new(&bench.place(2).path).join("more"), "x\n").unwrap();
    bench.checked(&bench.place(2), vec![]).await;
    std::fs::write(Path::new(&bench.place(1).path).join("loose"), "not committed\n").unwrap();
    for (session, entry, landed, goes) in [(1, &one, true, true), (2, &two, true, false), (3, &three, false, false)] {
        let place = fugue_domain::link::Place { landed: landed.then(|| entry.head.clone()), ..bench.place(session) };
        for _ in 0..2 {
            bench.link.say(FromHub::Release(place.clone())).await;
            let (rescue, removed) = loop {
                if let FromNode::Released { rescue, branch_removed, .. } = bench.link.hear().await {
                    break (rescue, branch_removed);
                }
            };
            assert_eq!((rescue.is_some(), removed), (session == 1, goes), "{session}");
        }
        let there = git(&bench.repository, &["for-each-ref", &format!("refs/heads/{}", entry.branch)]);
        assert_eq!(there.is_empty(), goes, "{there}");
    }
    bench.clean().await;
}

//! Tearing a worktree down: what a command throws away was saved before, it runs once, and nothing that fails keeps the worktree.

use crate::hub::*;
use crate::jobs::{Bench, check, command, git};
use fugue_domain::check::{Command, Exit};
use fugue_domain::job::{Outcome, Work};
use fugue_domain::link::{FromHub, FromNode, Place};
use std::path::Path;

/// The worktree is given back; the ref that holds what was in no commit.
async fn released(bench: &mut Bench, place: &Place) -> Option<String> {
    bench.link.say(FromHub::Release(place.clone())).await;
    loop {
        if let FromNode::Released { rescue, .. } = bench.link.hear().await {
            return rescue;
        }
    }
}

#[tokio::test]
async fn a_worktree_is_torn_down_once_and_loses_nothing() {
    let mut bench = Bench::new("teardown").await;
    let place = bench.prepared(81).await;
    let path = Path::new(&place.path).to_owned();
    std::fs::write(path.join("work"), "the only copy\n").unwrap();
    let count = bench.folder.0.join("count");
    let teardown = vec![
        command("throws away", &format!("echo x >> {}; rm work; echo left > left; exit 3", count.display())),
        Command { timeout_s: 1, ..command("hangs", "sleep 600") },
        command("last", "pwd"),
    ];
    let work = Work::TearDown { place: place.clone(), teardown };
    for _ in 0..2 {
        let Outcome::TornDown(ran) = bench.carried_out(work.clone()).await else { panic!("not torn down") };
        let exits: Vec<_> = ran.iter().map(|ran| ran.exit.clone()).collect();
        assert_eq!(exits, [Exit::Code(3), Exit::TimedOut, Exit::Code(0)], "all are run, under their limits");
        assert_eq!(ran[2].tail.trim(), place.path);
    }
    assert_eq!(std::fs::read_to_string(&count).unwrap().lines().count(), 1, "it is run once");
    let rescue = released(&mut bench, &place).await.expect("there was work");
    assert!(!path.exists());
    assert_eq!(git(&bench.repository, &["show", &format!("{rescue}:left")]), "left", "what is there at the end is saved");
    let saved = git(&bench.repository, &["log", "--full-history", "--format=%H", &rescue, "--", "work"]);
    let before = saved.lines().last().expect("what was thrown away is saved as well");
    assert_eq!(git(&bench.repository, &["show", &format!("{before}:work")]), "the only copy");
    // Where nothing is left, nothing is run.
    assert_eq!(bench.carried_out(work).await, Outcome::TornDown(vec![]));
    assert_eq!(std::fs::read_to_string(&count).unwrap().lines().count(), 1);
    eventually("nothing runs any more", || processes(&place.session).is_empty()).await;
    bench.clean().await;
}

#[tokio::test]
async fn a_node_that_is_busy_tears_down_too_and_a_clean_tree_leaves_no_rescue() {
    let mut bench = Bench::new("busy").await;
    let (place, busy) = (bench.prepared(82).await, bench.prepared(83).await);
    let go = bench.folder.0.join("go");
    let waits = check("waits", &format!("while ! test -f {}; do sleep 0.05; done", go.display()));
    let waits =
        bench.ask(Work::Check { place: busy, target: "main".into(), message: "m".into(), checks: vec![waits], guarded: Vec::new() }).await;
    let work = Work::TearDown { place: place.clone(), teardown: vec![command("down", "true")] };
    let Outcome::TornDown(ran) = bench.carried_out(work).await else { panic!("not torn down") };
    assert!(ran[0].is_green(), "{ran:?}");
    assert_eq!(released(&mut bench, &place).await, None);
    std::fs::write(&go, "").unwrap();
    assert!(matches!(bench.outcome(&waits).await, Outcome::Checked(_)));
}

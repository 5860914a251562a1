//! Room for worktrees: what can be made again goes when there is too little, work never, and what has no room waits.

use crate::hub::*;
use crate::jobs::{Bench, check};
use fugue_domain::job::{Outcome, Work};
use fugue_domain::link::{FromHub, Report};
use fugue_domain::node::Room;
use fugue_domain::turn::{Ending, ParkedBy};
use fugue_node::Budget;
use std::path::Path;

const MIB: usize = 1024 * 1024;

/// Writes a file, an hour ago.
fn write(path: &Path, bytes: usize) {
    let folder = path.parent().unwrap();
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(path, vec![b'x'; bytes]).unwrap();
    assert!(std::process::Command::new("touch").args(["-d", "1 hour ago"]).args([path, folder]).status().unwrap().success());
}

/// What the node says of its room, as soon as it is as it should be.
async fn room(bench: &mut Bench, is_so: impl Fn(&Room) -> bool) -> Room {
    let heard = async {
        loop {
            if let Some(room) = bench.link.room().await.filter(&is_so) {
                return room;
            }
        }
    };
    tokio::time::timeout(2 * LIMIT, heard).await.expect("the node to say how much room there is")
}

#[tokio::test]
async fn caches_go_and_work_stays_and_what_has_no_room_waits() {
    let mut bench =
        Bench::with("room", |options| options.budget = Budget { limit: Some(6 * MIB as u64), caches: vec!["target".into()] }).await;
    let place = bench.prepared(91).await;
    let tree = Path::new(&place.path).to_owned();
    std::fs::write(tree.join(".gitignore"), "target/\n").unwrap();
    write(&tree.join("target/debug/a"), 4 * MIB);
    write(&tree.join("work"), 4 * MIB);
    let go = bench.folder.0.join("go");
    let waits = check("waits", &format!("while ! test -f {}; do sleep 0.05; done", go.display()));
    let waits = bench
        .ask(Work::Check { place: place.clone(), target: "main".into(), message: "m".into(), checks: vec![waits], guarded: Vec::new() })
        .await;
    // A job for the janitor to look after: what has changed is looked at soon.
    bench.checked_nothing().await;
    let full = room(&mut bench, |room| room.full).await;
    assert!(full.used > 8 * MIB as i64 && full.limit == Some(6 * MIB as i64), "{full:?}");
    assert!(tree.join("target/debug/a").exists(), "somebody works there");
    std::fs::write(&go, "").unwrap();
    assert!(matches!(bench.outcome(&waits).await, Outcome::Checked(_)));
    let roomy = room(&mut bench, |room| !room.full).await;
    assert!(roomy.used < 6 * MIB as i64 && !tree.join("target").exists(), "{roomy:?}");
    assert_eq!(std::fs::metadata(tree.join("work")).unwrap().len(), 4 * MIB as u64, "work stays");
    // Only work is left: a new worktree waits, and a turn that needs one comes back by itself.
    write(&tree.join("more"), 4 * MIB);
    bench.checked_nothing().await;
    room(&mut bench, |room| room.full).await;
    let other = bench.place(92);
    let prepare = bench.ask(Work::Prepare { place: other.clone(), setup: vec![] }).await;
    let turn = assignment(&bench.home, &bench.repository, 93, 1, "echo never");
    bench.link.say(FromHub::Assign(Box::new(turn.clone()))).await;
    let said = bench.link.reports_of(&turn.lease, |report| matches!(report, Report::Ended { .. })).await;
    let parked = |report: &Report| matches!(report, Report::Ended { ending: Ending::Parked { until: Some(_), by: ParkedBy::Room }, .. });
    assert!(said.iter().any(parked), "{said:?}");
    assert!(bench.link.jobs().await.contains(&prepare) && !Path::new(&other.path).exists() && !Path::new(&turn.place.path).exists());
    std::fs::remove_file(tree.join("more")).unwrap();
    assert_eq!(bench.outcome(&prepare).await, Outcome::Prepared(vec![]));
    assert!(Path::new(&other.path).join("file").exists() && tree.join("work").exists());
}

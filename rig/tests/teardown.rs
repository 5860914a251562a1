//! The kit cleans up after itself: an install that ends in the middle of its work leaves no process, no folder and no cgroup leaf.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Result, ensure};
use rig::fugue::{Fugue, program};
use rig::stage::Stage;
use rig::{leaf, orphans};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_install_that_is_ended_leaves_nothing() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let up = fugue.up().await?;
    let stage = Stage::on(fugue).await?;
    let session = stage.session("rehearse").await?;
    let turn = stage.turn(&session, "sleep 600000").await?;
    stage.client.turn_in(&turn, &["running"], Duration::from_secs(30)).await?;
    let root = stage.fugue.root().to_owned();
    let leaves = leaf::left(&stage.fugue.keepers());
    ensure!(!orphans::with(&root.to_string_lossy()).is_empty(), "nothing ran");
    // Without anybody who could end the agent in order.
    drop((up, stage));
    ensure!(orphans::with(&root.to_string_lossy()).is_empty() && !root.exists(), "processes or {} are left", root.display());
    let left: Vec<_> = leaves.iter().filter(|leaf| leaf.exists()).collect();
    ensure!(left.is_empty(), "{left:?} are left");
    match leaves.len() {
        0 => rig::skip("there are no cgroups that could be given away: only processes and folders were looked for"),
        count => println!("{count} leaves were there and are gone"),
    }
    Ok(())
}

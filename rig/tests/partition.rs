//! R6, short form: the link is cut for 20 s, in both directions and in each alone.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::Result;
use rig::chance::Chance;
use rig::fugue::program;
use rig::goal::partition::Partition;
use rig::proxy::Lane;
use std::time::Duration;

async fn cut(up: Lane, down: Lane) -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let partition = Partition { up, down, lasting: Duration::from_secs(20), sessions: 3 };
    if let Some(row) = partition.run(&program, &mut Chance::from_env()).await? {
        println!("{row}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_link_loses_nothing_and_runs_nothing_again() -> Result<()> {
    cut(Lane::Cut, Lane::Cut).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_not_heard_loses_nothing_and_runs_nothing_again() -> Result<()> {
    cut(Lane::Cut, Lane::Open).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_that_is_not_heard_loses_nothing_and_runs_nothing_again() -> Result<()> {
    cut(Lane::Open, Lane::Cut).await
}

//! R5, short form: a node stands still for three leases, once alone and once with its keepers and agents.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::Result;
use rig::fugue::program;
use rig::goal::pause::Pause;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_old_epoch_says_is_refused_and_its_agent_is_dead() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    if let Some(row) = (Pause { lease: Duration::from_secs(3), cycles: 2, sessions: 2 }).run(&program).await? {
        println!("{row}");
    }
    Ok(())
}

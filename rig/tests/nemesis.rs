//! R3, short form: kills, pauses, cuts, resets and slow spells, side by side for half a minute. The seed is printed.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::Result;
use rig::chance::Chance;
use rig::fugue::program;
use rig::goal::Store;
use rig::goal::everything::Everything;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_at_once_breaks_no_promise() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let everything = Everything { whole: Duration::from_secs(30), sessions: 4, store: Store::Sqlite };
    if let Some(row) = everything.run(&program, Chance::seed()).await? {
        println!("{row}");
    }
    Ok(())
}

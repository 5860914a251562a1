//! R4, short form: a killed hub takes writes again within three seconds, and fifty nodes are back within fifteen.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::Result;
use rig::chance::Chance;
use rig::fugue::program;
use rig::goal::Store;
use rig::goal::recovery::Recovery;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_hub_is_back_soon_and_so_are_its_nodes() -> Result<()> {
    recovers(Store::Sqlite).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_is_one_on_postgresql() -> Result<()> {
    recovers(Store::Postgres).await
}

async fn recovers(store: Store) -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let recovery = Recovery { nodes: 50, sessions: 4, texts: 100, kills: 5, store };
    if let Some(row) = recovery.run(&program, &mut Chance::from_env()).await? {
        println!("{row}");
    }
    Ok(())
}

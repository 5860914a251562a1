//! The kill loop, short form of R1 and R2: hub and node are killed in turn while eight sessions are busy. Afterwards the clients'
//! story, the product's records and the witness must agree.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::Result;
use rig::chance::Chance;
use rig::fugue::program;
use rig::goal::Store;
use rig::goal::kills::{Kills, Victim};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_is_done_twice() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let victims = &[Victim::Hub, Victim::Node];
    let kills = Kills { goal: "R1, R2", victims, kills: 40, sessions: 8, messages: 16, store: Store::Sqlite };
    if let Some(row) = kills.run(&program, &mut Chance::from_env()).await? {
        println!("{row}");
    }
    Ok(())
}

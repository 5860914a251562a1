//! R15: the wall clock of one side jumps ten days ahead and an hour back. Nothing ends early, nothing runs twice.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Result, ensure};
use rig::chance::Chance;
use rig::fugue::{Fugue, program};
use rig::skip;
use rig::stage::{Stage, witnessed};
use rig::wait::until;
use rig::workload::{Load, Workload};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

const LOAD: Load = Load { sessions: 3, in_line: 2, longest_ms: 3_000, asks_every: 0, policy: Some("ask") };
const TURN_MAX: Duration = Duration::from_secs(60);
/// What the clock is set to, one after the other; each stays while turns run and begin.
const ALL: &[&str] = &["+10d", "-1h", "+5m", "+0"];
/// All that is less than a lease.
const SMALL: &[&str] = &["-1h", "+5m", "+0"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_clock_jumps_ends_nothing() -> Result<()> {
    jump("node", ALL).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_whose_clock_jumps_a_little_ends_nothing() -> Result<()> {
    jump("hub", SMALL).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_whose_clock_jumps_ten_days_ends_nothing() -> Result<()> {
    jump("hub", ALL).await
}

async fn jump(side: &'static str, jumps: &[&str]) -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let Some(library) = library() else {
        skip("no libfaketime: install the Debian package of that name");
        return Ok(());
    };
    let fugue = witnessed(Fugue::new(&program)?);
    let clock = fugue.root().join("clock");
    set(&clock, "+0")?;
    let fugue = fugue.env_of(side, "LD_PRELOAD", library).env_of(side, "FAKETIME_TIMESTAMP_FILE", clock.clone());
    // Timers go on: it is the wall clock that people set. Older versions of the library know the shorter name only.
    let still = ["FAKETIME_NO_CACHE", "FAKETIME_DONT_FAKE_MONOTONIC", "DONT_FAKE_MONOTONIC"];
    let fugue = still.iter().fold(fugue, |fugue, name| fugue.env_of(side, name, "1"));
    let hub = fugue.hub().await?;
    let node = fugue.node().await?;
    let stage = Stage::on(fugue).await?;
    let work = Workload::begin(&stage, LOAD, &mut Chance::from_env()).await?;
    let faked = if side == "hub" { hub.pid() } else { node.pid() };
    let maps = std::fs::read_to_string(format!("/proc/{faked}/maps"))?;
    ensure!(maps.contains("faketime"), "the {side} has the real clock");
    until("every session to have a turn that runs", TURN_MAX, async || Ok((work.acked() > LOAD.sessions * 3).then_some(()))).await?;
    for jump in jumps {
        let before = work.acked();
        set(&clock, jump)?;
        let busy = async || Ok((work.acked() >= before + LOAD.sessions * 2).then_some(()));
        until(&format!("work to go on with the {side}'s clock at {jump}"), TURN_MAX, busy).await?;
    }
    let sessions = work.sessions().to_vec();
    let outcome = work.end(&stage, LOAD.sessions * 4).await?;
    for turn in outcome.histories.values().flat_map(|history| &history.turns) {
        ensure!(turn["attempts"] == 1 && turn["outcome"] == "succeeded", "a clock of the {side} that jumped did this to a turn: {turn}");
    }
    let back = outcome.histories.values().filter(|history| goes_back(&history.events)).count();
    // The node's own clock stamps nothing: its keepers, which have the real one here, say when something was printed.
    ensure!(side == "node" || back > 0, "no time of an event lies before the one before it: the clock of the {side} did not jump");
    println!("{} turns with a jumping clock of the {side}; the times of {back} sessions go back, their numbers do not", outcome.turns().0);
    stage.close(&sessions, &[hub.pid(), node.pid()]).await
}

/// Whether the times of events go back by more than minutes somewhere, as they do when a clock is set.
fn goes_back(events: &[Value]) -> bool {
    // As text, up to the hour: "2026-11-21T12".
    let hour = |event: &Value| event["at"].as_str().and_then(|at| at.get(..13)).map(str::to_owned);
    events.windows(2).any(|pair| hour(&pair[1]) < hour(&pair[0]))
}

/// Sets the clock. Replaced as a whole, since the other side reads it whenever it asks for the time.
fn set(clock: &Path, offset: &str) -> Result<()> {
    let beside = clock.with_extension("new");
    std::fs::write(&beside, format!("{offset}\n"))?;
    std::fs::rename(&beside, clock)?;
    Ok(())
}

fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1")).find(|path| path.is_file())
}

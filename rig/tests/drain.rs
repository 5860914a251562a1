//! R19: SIGTERM of the hub and of the node. The hub ends in order and its readers come back; the node leaves its agents at work.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Context, Result, ensure};
use rig::chance::Chance;
use rig::fugue::{Fugue, program};
use rig::stage::{Stage, witnessed};
use rig::wait::until;
use rig::workload::{Load, Workload};
use std::time::{Duration, Instant};

const STOP_MAX: Duration = Duration::from_secs(10);
const TURN_MAX: Duration = Duration::from_secs(60);
const READERS: usize = 20;
const DRAINS: usize = 3;
const LOAD: Load = Load { sessions: 4, in_line: 3, longest_ms: 500, asks_every: 0, policy: Some("ask") };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_that_is_asked_to_end_does_so_in_order() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = witnessed(Fugue::new(&program)?);
    let mut hub = fugue.hub().await?;
    let node = fugue.node().await?;
    let stage = Stage::on(fugue).await?;
    let work = Workload::begin(&stage, LOAD, &mut Chance::from_env()).await?;
    let mut slowest = Duration::ZERO;
    for drain in 1..=DRAINS {
        until("the clients to be busy", TURN_MAX, async || Ok((work.acked() > drain * LOAD.sessions * 2).then_some(()))).await?;
        let mut streams = Vec::new();
        for reader in 0..READERS {
            let path = format!("/api/v1/sessions/{}/events", work.sessions()[reader % LOAD.sessions]);
            streams.push(stage.client.sse(&path, Some(0)).await?);
        }
        let begun = Instant::now();
        ensure!(hub.stop(STOP_MAX).await?, "drain {drain}: the hub did not end with success:\n{}", hub.log());
        slowest = slowest.max(begun.elapsed());
        for stream in &mut streams {
            // What is in flight comes first; then the stream ends as a whole, not as a connection that broke.
            while let Some(message) = tokio::time::timeout(STOP_MAX, stream.next()).await?.context("a stream broke instead of ending")? {
                ensure!(!message.data.is_empty());
            }
            ensure!(stream.retry().is_some(), "a stream ended without saying when to come back");
        }
        hub = stage.fugue.hub().await?;
    }
    let sessions = work.sessions().to_vec();
    let outcome = work.end(&stage, LOAD.sessions * 3).await?;
    let (turns, doubtful) = outcome.turns();
    ensure!(doubtful == 0, "{doubtful} turns are in doubt because a hub ended in order");
    println!("{DRAINS} drains, the slowest took {} ms; {turns} turns, {} events complete", slowest.as_millis(), outcome.events);
    stage.close(&sessions, &[hub.pid(), node.pid()]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_asked_to_end_leaves_its_agents_at_work() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = witnessed(Fugue::new(&program)?);
    let hub = fugue.hub().await?;
    let mut node = fugue.node().await?;
    let stage = Stage::on(fugue).await?;
    let work = Workload::begin(&stage, LOAD, &mut Chance::from_env()).await?;
    for drain in 1..=DRAINS {
        until("the clients to be busy", TURN_MAX, async || Ok((work.acked() > drain * LOAD.sessions * 2).then_some(()))).await?;
        let agents = async || Ok(Some(stage.agents()).filter(|agents| agents.len() == LOAD.sessions));
        let agents = until("every session to have its agent", TURN_MAX, agents).await?;
        let begun = Instant::now();
        ensure!(node.stop(STOP_MAX).await?, "drain {drain}: the node did not end with success:\n{}", node.log());
        println!("the node ended after {} ms", begun.elapsed().as_millis());
        node = stage.fugue.node().await?;
        let dead: Vec<_> = agents.iter().filter(|agent| !agent.lives()).collect();
        ensure!(dead.is_empty(), "the end of the node took agents with it: {dead:?}");
    }
    let sessions = work.sessions().to_vec();
    let outcome = work.end(&stage, LOAD.sessions * 3).await?;
    for turn in outcome.histories.values().flat_map(|history| &history.turns) {
        ensure!(turn["attempts"] == 1 && turn["outcome"] == "succeeded", "a turn did not simply go on: {turn}");
    }
    stage.close(&sessions, &[hub.pid(), node.pid()]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_gets_nothing_new_stays_and_works_again_when_it_may() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = witnessed(Fugue::new(&program)?);
    // Hub and node in one process: whoever drains the node goes on talking to the hub.
    let up = fugue.up().await?;
    let stage = Stage::on(fugue).await?;
    let name = stage.client.all("/api/v1/nodes").await?[0]["name"].as_str().context("a name")?.to_owned();
    let turned = async |turn: &str, state: &str| {
        let path = format!("/api/v1/turns/{turn}");
        until(&format!("a turn to be {state}"), TURN_MAX, async || Ok((stage.client.get(&path).await?["state"] == state).then_some(())))
            .await
    };
    let session = stage.session("rehearse").await?;
    let before = stage.turn(&session, "sleep 1500\nsay done").await?;
    turned(&before, "running").await?;
    let drained = stage.fugue.run(&["node", "drain", &name])?;
    ensure!(drained.status.success(), "{}", String::from_utf8_lossy(&drained.stderr));
    // What it has comes to its end, what is new waits.
    turned(&before, "ended").await?;
    let after = stage.turn(&session, "say again").await?;
    let node = stage.client.get(&format!("/api/v1/nodes/{name}")).await?;
    ensure!(node["state"] == "draining" && node["busy"] == 0, "{node:#}");
    ensure!(stage.client.get(&format!("/api/v1/turns/{after}")).await?["state"] == "queued");
    let resumed = stage.fugue.run(&["node", "resume", &name])?;
    ensure!(resumed.status.success(), "{}", String::from_utf8_lossy(&resumed.stderr));
    turned(&after, "ended").await?;
    stage.close(&[session], &[up.pid()]).await
}

//! A reader that is cut off again and again misses nothing and sees nothing twice, on SSE and on WebSocket, also when the hub is
//! killed in between.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Context, Result};
use rig::chance::Chance;
use rig::fugue::{Fugue, program};
use rig::stage::Stage;
use serde_json::Value;
use std::time::Duration;

const DISCONNECTS: usize = 100;
const LINES: usize = 1_000;
const QUIET_MAX: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_goes_on_where_it_was_cut() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let mut chance = Chance::from_env();
    let fugue = Fugue::new(&program)?;
    let mut hub = fugue.hub().await?;
    let _node = fugue.node().await?;
    let stage = Stage::on(fugue).await?;
    let session = stage.session("rehearse").await?;
    let script: Vec<String> = (0..LINES).map(|line| format!("say line {line}\nsleep 3")).collect();
    let turn = stage.turn(&session, &script.join("\n")).await?;
    let path = format!("/api/v1/sessions/{session}/events");

    let mut seen: Vec<Value> = Vec::new();
    for cut in 0..DISCONNECTS {
        if cut == DISCONNECTS / 2 {
            hub.kill()?;
            hub = stage.fugue.hub().await?;
        }
        let mut stream = stage.client.sse(&path, Some(seen.len() as i64)).await?;
        for _ in 0..chance.between(1, 8) {
            let Ok(message) = tokio::time::timeout(QUIET_MAX, stream.next()).await else { break };
            let message = message?.context("the hub ended the stream")?;
            let Some(number) = message.id else { continue };
            let event: Value = serde_json::from_str(&message.data)?;
            assert_eq!(event["seq"].as_i64(), Some(number), "the id is the number");
            assert_eq!(number, seen.len() as i64 + 1, "after cut {cut}: nothing lost, nothing twice");
            seen.push(event);
            if seen.last().is_some_and(ended) {
                break;
            }
        }
        if seen.last().is_some_and(ended) {
            break;
        }
    }
    stage.client.turn_in(&turn, &["ended"], QUIET_MAX).await?;
    let stored = stage.client.events(&session).await?;
    assert_eq!(seen, stored[..seen.len()], "the stream showed what a query shows");
    let said = stored.iter().filter(|event| event["type"] == "agent.text").map(|event| event["text"].as_str().unwrap_or_default());
    assert!(said.eq((0..LINES).map(|line| format!("line {line}"))), "the stream equals the agent's output");

    let mut socket = stage.client.ws(&format!("{path}?after={}", stored.len() / 2)).await?;
    for wanted in &stored[stored.len() / 2..] {
        let text = tokio::time::timeout(QUIET_MAX, socket.next()).await??.context("the hub closed")?;
        assert_eq!(&serde_json::from_str::<Value>(&text)?, wanted);
    }
    Ok(())
}

fn ended(event: &Value) -> bool {
    event["type"] == "turn.ended"
}

//! Stop means everything: the agent and all that it started, also what left its group and its session and ignores SIGTERM.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Result, ensure};
use rig::fugue::{Fugue, program};
use rig::orphans;
use rig::stage::Stage;
use rig::wait::until;
use serde_json::json;
use std::time::{Duration, Instant};

const FORKS: usize = 5;
const GONE_MAX: Duration = Duration::from_secs(5);
const READY_MAX: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_five_seconds_after_stop() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let up = fugue.up().await?;
    let stage = Stage::on(fugue).await?;
    let session = stage.session("rehearse").await?;
    let turn = stage.turn(&session, &format!("fork {FORKS} setsid ignore-term\nsay forked\nsleep 600000")).await?;
    let forked = async || {
        let events = stage.client.events(&session).await?;
        Ok(events.iter().any(|event| event["type"] == "agent.text" && event["text"] == "forked").then_some(()))
    };
    until("the agent to have forked", READY_MAX, forked).await?;
    let before = orphans::with(&format!("FUGUE_SESSION={session}"));
    assert!(before.len() > FORKS, "the agent and its {FORKS} children, not {before:?}");

    let begun = Instant::now();
    stage.client.post(&format!("/api/v1/sessions/{session}/stop"), &json!({})).await?;
    let gone = async || {
        let left: Vec<_> = before.iter().filter(|process| process.lives()).collect();
        ensure!(left.is_empty(), "{left:?} are left");
        Ok(Some(()))
    };
    until("everything to be gone", GONE_MAX, gone).await?;
    println!("gone after {:.1} s", begun.elapsed().as_secs_f64());
    let ended = stage.client.turn_in(&turn, &["ended"], READY_MAX).await?;
    assert_eq!((&ended["outcome"], &ended["reason"]), (&json!("cancelled"), &json!("stop")), "{ended}");
    stage.close(&[session], &[up.pid()]).await
}

//! Poison: a message that ends its agent each time is given up after the third time, in the open and with what happened; what comes
//! after it, and other sessions, go on. So is one whose agent dies before it has even taken the message.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Result, ensure};
use rig::fugue::{Fugue, program};
use rig::stage::{Stage, id, witnessed};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

const ENDED_MAX: Duration = Duration::from_secs(20);
/// Times that a message may end its agent.
const ATTEMPTS: i64 = 3;

async fn events(stage: &Stage, session: &str, turn: &str, kind: &str) -> Result<Vec<Value>> {
    let events = stage.client.events(session).await?;
    Ok(events.into_iter().filter(|event| event["type"] == kind && event["turn"] == turn).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_kills_its_agent_is_given_up_after_three_times() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = witnessed(Fugue::new(&program)?);
    let up = fugue.up().await?;
    let stage = Stage::on(fugue).await?;
    let (poisoned, healthy) = (stage.session("rehearse").await?, stage.session("rehearse").await?);
    for policy in ["retry", "resume"] {
        let body = json!({"text": "say begins\ncrash", "on_interruption": policy});
        let message = stage.client.post(&format!("/api/v1/sessions/{poisoned}/messages"), &body).await?;
        let turn = id(&message["turn"])?;
        let (behind, beside) = (stage.turn(&poisoned, "say behind").await?, stage.turn(&healthy, "say beside").await?);
        let ended = stage.client.turn_in(&turn, &["ended"], ENDED_MAX).await?;
        assert_eq!(
            (&ended["outcome"], &ended["reason"], &ended["attempts"], &ended["maybe_executed"]),
            (&json!("interrupted"), &json!("attempts_used_up"), &json!(ATTEMPTS), &json!(true)),
            "{ended}"
        );
        let executions = stage.executions()?.into_iter().filter(|execution| execution.turn == turn).count();
        assert_eq!(executions as i64, ATTEMPTS, "the witness counts with us");
        let requeued = events(&stage, &poisoned, &turn, "turn.requeued").await?;
        // Each loss is told with its reason, and so is the end of the pause after it.
        let reasons: Vec<&Value> = requeued.iter().map(|event| &event["reason"]).collect();
        assert_eq!(reasons, [&json!("crashed"), &Value::Null, &json!("crashed"), &Value::Null], "{requeued:?}");
        for turn in [behind, beside] {
            let ended = stage.client.turn_in(&turn, &["ended"], ENDED_MAX).await?;
            assert_eq!(ended["outcome"], "succeeded", "other work goes on: {ended}");
        }
    }
    stage.close(&[poisoned, healthy], &[up.pid()]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_dies_before_it_takes_the_message_is_given_up_too() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let (broken, count) = (fugue.root().join("codex"), fugue.root().join("starts"));
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = --version ] && {{ echo codex-cli 0.1.0; exit 0; }}\necho start >> '{}'\nkill -9 $$\n",
        count.display()
    );
    std::fs::write(&broken, script)?;
    std::fs::set_permissions(&broken, std::fs::Permissions::from_mode(0o755))?;
    let fugue = fugue.env("FUGUE_CODEX", &broken);
    let up = fugue.up().await?;
    let stage = Stage::on(fugue).await?;
    let session = stage.session("codex").await?;
    let turn = stage.turn(&session, "hello").await?;
    let ended = stage.client.turn_in(&turn, &["ended"], ENDED_MAX).await?;
    assert_eq!((&ended["outcome"], &ended["reason"]), (&json!("failed"), &json!("crashed")), "{ended}");
    assert_eq!((&ended["attempts"], &ended["maybe_executed"]), (&json!(0), &json!(false)), "it never had the message: {ended}");
    ensure!(ended["detail"].as_str().is_some_and(|detail| detail.contains("3 times")), "{ended}");
    let starts = std::fs::read_to_string(&count)?.lines().count();
    assert_eq!(starts as i64, ATTEMPTS, "it was started {starts} times");
    stage.close(&[session], &[up.pid()]).await
}

//! The main path on PostgreSQL: messages in line, a `kill -9` of everything in between, and the same promises.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::Result;
use rig::checker::{Sent, assert_sound};
use rig::fugue::{Fugue, program};
use rig::stage::{Stage, id, witnessed};
use serde_json::json;
use std::time::Duration;

const TURN_MAX: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_main_path_holds_on_postgresql() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let Some(database) = rig::postgres::database("main path")? else { return Ok(()) };
    let fugue = witnessed(Fugue::new(&program)?.env("FUGUE_DATABASE", database.url()));
    let mut up = fugue.up().await?;
    let stage = Stage::on(fugue).await?;
    assert!(!std::fs::read_dir(stage.fugue.home())?.flatten().any(|entry| entry.file_name().to_string_lossy().ends_with(".db")));
    let session = stage.session("rehearse").await?;
    let (mut sent, mut turns) = (Vec::new(), Vec::new());
    for number in 0..4 {
        let (one, two) = (format!("one of {number}"), format!("two of {number}"));
        let text = format!("say {one}\nwrite {number}.txt written\nsleep 200\nsay {two}");
        let body = json!({"text": text, "on_interruption": "retry"});
        let message = stage.client.post(&format!("/api/v1/sessions/{session}/messages"), &body).await?;
        let turn = id(&message["turn"])?;
        sent.push(Sent { text, acked: Some((id(&message)?, turn.clone())), says: vec![one, two] });
        turns.push(turn);
    }
    stage.client.turn_in(&turns[0], &["running", "ended"], TURN_MAX).await?;
    up.kill()?;
    up = stage.fugue.up().await?;
    for turn in &turns {
        let turn = stage.client.turn_in(turn, &["ended"], TURN_MAX).await?;
        assert_eq!(turn["outcome"], "succeeded", "{turn}");
    }
    assert_sound(&[stage.history(&session, sent).await?], &stage.executions()?);
    stage.close(&[session], &[up.pid()]).await
}

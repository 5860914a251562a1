//! F3: from the request to the first byte that the agent's process writes, with the worktree already there.

use crate::Run;
use crate::bare::Bare;
use crate::load::{Connection, now_ns, post};
use crate::ours::Ours;
use crate::report::{Report, Rounds, Want, percentile};
use anyhow::{Context, Result, bail};
use rig::sse::Sse;
use serde_json::Value;

const TIMES: usize = 30;

/// F3.
pub async fn measure(run: &Run, report: &mut Report) -> Result<()> {
    let bare = Bare::start(run).await?;
    let ours = Ours::start(run, &[]).await?;
    let session = match &ours {
        Some(ours) => Some(warm(ours).await?),
        None => None,
    };
    let (mut mine, mut reference) = (Rounds::default(), Rounds::default());
    for _ in 0..run.rounds {
        let mut connection = Connection::open(bare.address()).await?;
        let mut times = Vec::new();
        for _ in 0..TIMES {
            let begun = now_ns();
            let line = connection.send(&post("/dispatch", "", "{\"text\":\"line\"}")).await?;
            times.push(milliseconds(begun, &String::from_utf8_lossy(&line))?);
        }
        reference.push(percentile(&times, 0.5).context("no times")?);
        if let (Some(ours), Some(session)) = (&ours, &session) {
            let mut events =
                ours.stage.client.sse(&format!("/api/v1/sessions/{session}/events?after={}", last(ours, session).await?), None).await?;
            let mut times = Vec::new();
            for _ in 0..TIMES {
                let begun = now_ns();
                ours.message(session, "line").await?;
                times.push(milliseconds(begun, &first_line(&mut events).await?)?);
            }
            mine.push(percentile(&times, 0.5).context("no times")?);
        }
    }
    report.row("F3 dispatch, p50", "ms", mine, reference, Want::RatioAtMost(1.3, 2.0));
    Ok(())
}

/// A session whose worktree is there.
async fn warm(ours: &Ours) -> Result<String> {
    let session = ours.session().await?;
    let turn = ours.message(&session, "line").await?;
    ours.finished(&turn).await?;
    Ok(session)
}

async fn last(ours: &Ours, session: &str) -> Result<i64> {
    let session = ours.stage.client.get(&format!("/api/v1/sessions/{session}")).await?;
    session["last_seq"].as_i64().context("a session without last_seq")
}

/// The line of this turn, once the turn has ended as well.
async fn first_line(events: &mut Sse) -> Result<String> {
    let mut line = None;
    while let Some(message) = events.next().await? {
        let event: Value = serde_json::from_str(&message.data).unwrap_or_default();
        match event["type"].as_str() {
            Some("output") => line = event["text"].as_str().map(str::to_owned),
            Some("turn.ended") => return line.with_context(|| format!("a turn without a line: {event}")),
            _ => {}
        }
    }
    bail!("the stream ended")
}

fn milliseconds(begun: u128, line: &str) -> Result<f64> {
    let wrote: u128 = line.trim().parse().with_context(|| format!("the child wrote {line:?}"))?;
    Ok(wrote.saturating_sub(begun) as f64 / 1e6)
}

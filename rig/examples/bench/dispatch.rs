//! F3: from the request to the first byte that the agent's process writes, with the worktree already there.

use crate::Run;
use crate::bare::Bare;
use crate::load::{Connection, now_ns, post};
use crate::ours::Ours;
use crate::report::{Report, Rounds, Want, percentile};
use anyhow::{Context, Result, bail};
use rig::sse::Sse;
use serde_json::Value;
use std::time::Duration;

const TIMES: usize = 30;

/// Between two requests of the paced figure: a person and a plan are slower than this, and a process that just ended is gone.
const PACE: Duration = Duration::from_millis(50);

/// F3, paced and back to back.
pub async fn measure(run: &Run, report: &mut Report) -> Result<()> {
    let bare = Bare::start(run).await?;
    let ours = Ours::start(run, &[]).await?;
    let session = match &ours {
        Some(ours) => Some(warm(ours).await?),
        None => None,
    };
    for (name, pace, want) in
        [("F3 dispatch, p50, 20 a second", PACE, Want::RatioAtMost(1.3, 2.0)), ("F3 the same back to back", Duration::ZERO, Want::Nothing)]
    {
        let (mut mine, mut reference) = (Rounds::default(), Rounds::default());
        for _ in 0..run.rounds {
            reference.push(percentile(&bare_times(&bare, pace).await?, 0.5).context("no times")?);
            if let (Some(ours), Some(session)) = (&ours, &session) {
                mine.push(percentile(&our_times(ours, session, pace).await?, 0.5).context("no times")?);
            }
        }
        report.row(name, "ms", mine, reference, want);
    }
    Ok(())
}

async fn bare_times(bare: &Bare, pace: Duration) -> Result<Vec<f64>> {
    let mut connection = Connection::open(bare.address()).await?;
    let mut times = Vec::new();
    for _ in 0..TIMES {
        tokio::time::sleep(pace).await;
        let begun = now_ns();
        let line = connection.send(&post("/dispatch", "", "{\"text\":\"line\"}")).await?;
        times.push(milliseconds(begun, &String::from_utf8_lossy(&line))?);
    }
    Ok(times)
}

/// Each message goes to a session whose turn before has ended, as each request of the reference has a process of its own.
async fn our_times(ours: &Ours, session: &str, pace: Duration) -> Result<Vec<f64>> {
    let after = last(ours, session).await?;
    let mut events = ours.stage.client.sse(&format!("/api/v1/sessions/{session}/events?after={after}"), None).await?;
    // The same client as for the reference.
    let mut connection = Connection::open(ours.address()?).await?;
    let request = post(&format!("/api/v1/sessions/{session}/messages"), &ours.credential(), "{\"text\":\"line\"}");
    let mut times = Vec::new();
    for _ in 0..TIMES {
        tokio::time::sleep(pace).await;
        let begun = now_ns();
        let message: Value = serde_json::from_slice(&connection.send(&request).await?)?;
        times.push(milliseconds(begun, &first_line(&mut events).await?)?);
        ours.finished(message["turn"]["id"].as_str().context("a turn")?).await?;
    }
    Ok(times)
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

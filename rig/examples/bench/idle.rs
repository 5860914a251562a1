//! F9 and F15: what a thousand open sessions and a thousand subscribers cost while nothing happens.

use crate::Run;
use crate::crowd::{Crowd, processor};
use crate::ours::memory;
use crate::report::{Report, Rounds, Want};
use crate::subscribers::Subscriber;
use anyhow::{Context, Result};
use std::time::{Duration, Instant};

const SESSIONS: usize = 1_000;
const NODES: usize = 10;
/// Twice the pings, heartbeats and slow rounds that come by.
const WATCHED: Duration = Duration::from_secs(20);

/// F9 and F15.
pub async fn measure(run: &Run, report: &mut Report) -> Result<()> {
    let (mut alone, mut opened, mut subscribed) = (Rounds::default(), Rounds::default(), Rounds::default());
    let (mut empty, mut open, mut watched) = (Rounds::default(), Rounds::default(), Rounds::default());
    for _ in 0..run.rounds {
        let Some(crowd) = Crowd::start(run, NODES).await? else { return Ok(()) };
        let pid = crowd.hub.pid();
        let begin = memory(pid).context("no figure of memory")?;
        alone.push(begin);
        empty.push(idle(pid).await?);
        let sessions = crowd.sessions(SESSIONS).await?;
        let with_sessions = memory(pid).unwrap_or_default();
        opened.push(with_sessions - begin);
        open.push(idle(pid).await?);
        let mut streams = Vec::new();
        for session in &sessions {
            let path = format!("/api/v1/sessions/{session}/events?after=1");
            streams.push(Subscriber::open(crowd.address(), &path, &crowd.credential()).await?);
        }
        subscribed.push(memory(pid).unwrap_or_default() - with_sessions);
        watched.push(idle(pid).await?);
        crowd.check()?;
        drop(streams);
    }
    let (nothing, want) = (Rounds::default, Want::AtMost(0.1, 1.0));
    report.row("F9 hub with 10 nodes", "MiB", alone, nothing(), Want::AtMost(16.0, 40.0));
    report.row("F9 added by opening 1000 sessions, idle", "MiB", opened, nothing(), Want::AtMost(5.0, 20.0));
    report.row("F9 added by a subscriber to each of them", "MiB", subscribed, nothing(), Want::AtMost(20.0, 40.0));
    report.row("F15 processor, 10 nodes and nothing else", "%", empty.clone(), nothing(), want);
    report.row("F15 processor with 1000 idle sessions, to without", "%", open, empty.clone(), want);
    report.row("F15 processor with 1000 subscribers too, to without", "%", watched, empty, want);
    Ok(())
}

/// Percent of one processor that a process uses while nobody asks anything of it.
async fn idle(pid: u32) -> Result<f64> {
    let (begun, before) = (Instant::now(), processor(pid).context("no figure of the processor")?);
    tokio::time::sleep(WATCHED).await;
    Ok((processor(pid).context("the hub has gone")? - before) / begun.elapsed().as_secs_f64() * 100.0)
}

//! F7: a session of 100 000 events from the beginning to its last byte, against a file of the same size; and from the middle to
//! the first byte.

use crate::Run;
use crate::bare::Bare;
use crate::flood::{Counter, open};
use crate::ours::Ours;
use crate::report::{Report, Rounds, Want, percentile};
use anyhow::{Context, Result};
use futures_util::StreamExt;
use std::time::Instant;

const EVENTS: usize = 100_000;
const BYTES: usize = 30_000_000;
const TIMES: usize = 20;

/// F7.
pub async fn measure(run: &Run, report: &mut Report) -> Result<()> {
    // Made once: a new client reads the machine's certificates, which takes longer than what is measured.
    let (http, bare) = (reqwest::Client::new(), Bare::start(run).await?);
    std::fs::write(bare.replay(), vec![b'x'; BYTES])?;
    let ours = Ours::start(run, &[]).await?;
    let session = match &ours {
        Some(ours) => Some(finished(ours).await?),
        None => None,
    };
    let (mut mine, mut reference, mut middle) = (Rounds::default(), Rounds::default(), Rounds::default());
    for _ in 0..run.rounds {
        let begun = Instant::now();
        let bytes = http.get(bare.url("/replay")).send().await?.bytes().await?;
        reference.push(begun.elapsed().as_secs_f64() * 1e3);
        anyhow::ensure!(bytes.len() == BYTES, "the file has {} bytes", bytes.len());
        let (Some(ours), Some((session, last))) = (&ours, &session) else { continue };
        let begun = Instant::now();
        read(open(&http, ours, session, 0).await?, *last).await?;
        mine.push(begun.elapsed().as_secs_f64() * 1e3);
        let mut times = Vec::new();
        for _ in 0..TIMES {
            let begun = Instant::now();
            read(open(&http, ours, session, *last as i64 / 2).await?, 1).await?;
            times.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        middle.push(percentile(&times, 0.5).context("no times")?);
    }
    report.row("F7 replay of 100 000 events", "ms", mine, reference, Want::RatioAtMost(2.0, 3.8));
    report.row("F7 from the middle to the first event, p50", "ms", middle, Rounds::default(), Want::AtMost(2.0, 20.0));
    Ok(())
}

/// A session with that many events, and the number of its last one.
async fn finished(ours: &Ours) -> Result<(String, usize)> {
    let session = ours.session().await?;
    let turn = ours.message(&session, &format!("count {EVENTS}")).await?;
    ours.finished(&turn).await?;
    let last = ours.stage.client.get(&format!("/api/v1/sessions/{session}")).await?["last_seq"].as_u64().unwrap_or_default() as usize;
    anyhow::ensure!(last >= EVENTS, "the session has only {last} events");
    Ok((session, last))
}

async fn read(reply: reqwest::Response, events: usize) -> Result<()> {
    let mut counter = Counter::new(b"\ndata:");
    let mut chunks = reply.bytes_stream();
    while counter.count < events {
        counter.feed(&chunks.next().await.with_context(|| format!("the stream ended after {} events", counter.count))??);
    }
    Ok(())
}

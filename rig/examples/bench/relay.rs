//! F4: from the child's write of a line to a subscriber's receive, hub and node in between.
//!
//! Facts are stored before they are shown, so the goal is one group commit and twice the bare relay: a relay that stores and one that
//! does not, one after the other, each with the same number of sessions that speak as often.

use crate::Run;
use crate::bare::Bare;
use crate::crowd::Crowd;
use crate::load::now_ns;
use crate::ours::Ours;
use crate::report::{Report, Rounds, Want, percentile};
use crate::subscribers::{self, Subscriber};
use anyhow::{Context, Result};
use rig::sse::Sse;
use serde_json::Value;
use std::time::Duration;

const SESSIONS: [usize; 2] = [1, 20];
/// With simulated nodes: no machine of a bench carries so many agents.
const CROWDS: [usize; 2] = [200, 1_000];
const CROWD_NODES: usize = 10;
const CROWD_PER_SECOND: usize = 5;
const CROWD_SECONDS: usize = 4;
/// The first lines come over this time, on both sides; from then on every session has its own rhythm.
const CROWD_OVER: Duration = Duration::from_secs(1);
const STREAM_MAX: Duration = Duration::from_secs(60);

/// F4.
pub async fn measure(run: &Run, report: &mut Report) -> Result<()> {
    let bare = Bare::start(run).await?;
    let ours = Ours::start(run, &[]).await?;
    for count in SESSIONS {
        let mut sessions = Vec::new();
        for _ in 0..if ours.is_some() { count } else { 0 } {
            let ours = ours.as_ref().context("no install")?;
            let session = ours.session().await?;
            let turn = ours.message(&session, "line").await?;
            ours.finished(&turn).await?;
            sessions.push(session);
        }
        let (mut mine, mut bare_two) = (Rounds::default(), Rounds::default());
        for _ in 0..run.rounds {
            bare_two.push(reference(&bare, count, "rate%2020%203", Duration::ZERO).await?);
            if let Some(ours) = &ours {
                mine.push(product(ours, &sessions).await?);
            }
        }
        let want = Want::RatioAtMost(1.0, 2.0);
        report.row(format!("F4 event path p50, {count} sessions, to commit + 2 x relay"), "ms", mine, bare_two, want);
    }
    crowded(run, &bare, report).await
}

/// The same with many sessions, whose lines come from simulated nodes; the reference has real children.
async fn crowded(run: &Run, bare: &Bare, report: &mut Report) -> Result<()> {
    for count in CROWDS {
        let (mut mine, mut slow, mut allowed) = (Rounds::default(), Rounds::default(), Rounds::default());
        for _ in 0..run.rounds {
            let words = format!("rate%20{CROWD_PER_SECOND}%20{CROWD_SECONDS}");
            allowed.push(reference(bare, count, &words, CROWD_OVER).await?);
            let Some(crowd) = Crowd::start(run, CROWD_NODES).await? else { continue };
            let sessions = crowd.sessions(count).await?;
            let mut streams = Vec::new();
            for session in &sessions {
                let path = format!("/api/v1/sessions/{session}/events?after=1");
                streams.push(Subscriber::open(crowd.address(), &path, &crowd.credential()).await?);
            }
            let text = format!("rate {CROWD_PER_SECOND} {CROWD_SECONDS}");
            let (told, read) = tokio::join!(
                crowd.tell_over(&sessions, &text, CROWD_OVER),
                subscribers::read(streams, b"\"text\":\"", CROWD_PER_SECOND * CROWD_SECONDS)
            );
            told?;
            let (_streams, got) = read?;
            mine.push(percentile(&got.latencies, 0.5).context("no lines came")?);
            slow.push(percentile(&got.latencies, 0.99).context("no lines came")?);
            crowd.check()?;
        }
        let name = format!("{count} sessions, {} lines/s", count * CROWD_PER_SECOND);
        report.row(format!("F4 event path p50, {name}, to commit + 2 x relay"), "ms", mine, allowed, Want::RatioAtMost(1.0, 2.0));
        report.row(format!("F4 event path p99, {name}"), "ms", slow, Rounds::default(), Want::Nothing);
    }
    Ok(())
}

/// The median of a relay that stores each line before it shows it, and that of one that stores nothing.
async fn reference(bare: &Bare, count: usize, words: &str, over: Duration) -> Result<f64> {
    Ok(relay(bare, count, words, over, true).await? + relay(bare, count, words, over, false).await?)
}

async fn relay(bare: &Bare, count: usize, words: &str, over: Duration, stored: bool) -> Result<f64> {
    let http = reqwest::Client::new();
    let mut streams = Vec::new();
    let begun = tokio::time::Instant::now();
    for number in 0..count as u32 {
        tokio::time::sleep_until(begun + over * number / count as u32).await;
        streams.push(Sse::new(http.get(bare.url(&format!("/relay?args={words}&stored={stored}"))).send().await?));
    }
    median(streams, |data| data.parse().ok()).await
}

async fn product(ours: &Ours, sessions: &[String]) -> Result<f64> {
    let mut streams = Vec::new();
    for session in sessions {
        let now = ours.stage.client.get(&format!("/api/v1/sessions/{session}")).await?;
        streams.push(ours.stage.client.sse(&format!("/api/v1/sessions/{session}/events"), now["last_seq"].as_i64()).await?);
    }
    for session in sessions {
        ours.message(session, "rate 20 3").await?;
    }
    let read = |data: &str| serde_json::from_str::<Value>(data).ok()?["text"].as_str()?.parse().ok();
    median(streams, read).await
}

/// The median of all lines of all streams, in milliseconds.
async fn median(streams: Vec<Sse>, read: fn(&str) -> Option<u128>) -> Result<f64> {
    let mut tasks = tokio::task::JoinSet::new();
    for mut stream in streams {
        tasks.spawn(async move {
            let mut times = Vec::new();
            while let Some(message) = tokio::time::timeout(STREAM_MAX, stream.next()).await.context("a stream is silent")?? {
                let received = now_ns();
                if let Some(wrote) = read(&message.data) {
                    times.push(received.saturating_sub(wrote) as f64 / 1e6);
                }
                if message.data.contains("\"turn.ended\"") {
                    break;
                }
            }
            anyhow::Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        times.extend(done??);
    }
    percentile(&times, 0.5).context("no lines came")
}

//! F5: one session and a thousand readers of its stream; and what a thousand readers cost in memory.
//!
//! One more reader on both sides never reads: it may delay nobody.

use crate::Run;
use crate::bare::Bare;
use crate::crowd::Crowd;
use crate::ours::memory;
use crate::report::{Report, Rounds, Want, percentile};
use crate::subscribers::{self, Got, Subscriber};
use anyhow::{Context, Result};
use std::net::SocketAddr;

const SUBSCRIBERS: usize = 1_000;
const BURST: usize = 1_000;
/// What one read of a node's pipe may well bring.
const PER_BATCH: usize = 50;
const PER_SECOND: usize = 50;
const SECONDS: usize = 4;

/// What one side did.
#[derive(Default)]
struct Side {
    rate: Rounds,
    p99: Rounds,
    p50: Rounds,
    opened: Rounds,
    after: Rounds,
}

/// F5.
pub async fn measure(run: &Run, report: &mut Report) -> Result<()> {
    let (mut mine, mut bare) = (Side::default(), Side::default());
    for _ in 0..run.rounds {
        reference(run, &mut bare).await.context("the reference")?;
        product(run, &mut mine).await?;
    }
    report.row("F5 fan-out to 1000, burst, deliveries", "1/s", mine.rate, bare.rate, Want::RatioAtLeast(0.8, 0.5));
    report.row("F5 fan-out to 1000, 50 events/s, p99", "ms", mine.p99, bare.p99, Want::Nothing);
    report.row("F5 the same, p50", "ms", mine.p50, bare.p50, Want::Nothing);
    report.row("F9 added by 1000 subscribers", "MiB", mine.opened, bare.opened, Want::AtMost(20.0, 40.0));
    report.row("F9 with 1000 subscribers after the burst, to idle", "x", mine.after, bare.after, Want::AtMost(1.5, 3.0));
    Ok(())
}

async fn open(address: SocketAddr, path: &str, headers: &str) -> Result<Vec<Subscriber>> {
    let mut open = Vec::new();
    for _ in 0..SUBSCRIBERS {
        open.push(Subscriber::open(address, path, headers).await?);
    }
    Ok(open)
}

impl Side {
    fn paced(&mut self, got: &Got) {
        self.p50.push(percentile(&got.latencies, 0.5).unwrap_or_default());
        self.p99.push(percentile(&got.latencies, 0.99).unwrap_or_default());
    }
}

async fn reference(run: &Run, side: &mut Side) -> Result<()> {
    const MARK: &[u8] = b"\ndata: ";
    let bare = Bare::start(run).await?;
    let idle = memory(bare.pid()).context("no figure of memory")?;
    let _deaf = Subscriber::open(bare.address(), "/subscribe", "").await?;
    let open = open(bare.address(), "/subscribe", "").await?;
    side.opened.push(memory(bare.pid()).unwrap_or_default() - idle);
    let http = reqwest::Client::new();
    let publish = |count: usize, gap_us: usize| http.post(bare.url(&format!("/publish?count={count}&gap_us={gap_us}"))).send();
    let (sent, paced) =
        tokio::join!(publish(PER_SECOND * SECONDS, 1_000_000 / PER_SECOND), subscribers::read(open, MARK, PER_SECOND * SECONDS));
    sent?.error_for_status()?;
    let (open, got) = paced?;
    side.paced(&got);
    let (sent, burst) = tokio::join!(publish(BURST, 0), subscribers::read(open, MARK, BURST));
    sent?.error_for_status()?;
    let (_open, got) = burst?;
    side.rate.push(got.rate()?);
    side.after.push(memory(bare.pid()).unwrap_or_default() / idle);
    Ok(())
}

async fn product(run: &Run, side: &mut Side) -> Result<()> {
    const MARK: &[u8] = b"\"text\":\"";
    let Some(crowd) = Crowd::start(run, 1).await? else { return Ok(()) };
    let sessions = crowd.sessions(1).await?;
    crowd.tell(&sessions, "end").await?;
    crowd.wait_for_ends(1).await?;
    let session = &sessions[0];
    let after = crowd.client.get(&format!("/api/v1/sessions/{session}")).await?["last_seq"].as_i64().context("no last_seq")?;
    let path = format!("/api/v1/sessions/{session}/events?after={after}");
    let idle = memory(crowd.hub.pid()).context("no figure of memory")?;
    let _deaf = Subscriber::open(crowd.address(), &path, &crowd.credential()).await?;
    let open = open(crowd.address(), &path, &crowd.credential()).await?;
    side.opened.push(memory(crowd.hub.pid()).unwrap_or_default() - idle);
    crowd.tell(&sessions, &format!("rate {PER_SECOND} {SECONDS}")).await?;
    let (open, got) = subscribers::read(open, MARK, PER_SECOND * SECONDS).await?;
    side.paced(&got);
    crowd.wait_for_ends(2).await?;
    crowd.tell(&sessions, &format!("say {BURST} {PER_BATCH}")).await?;
    let (_open, got) = subscribers::read(open, MARK, BURST).await?;
    side.rate.push(got.rate()?);
    crowd.wait_for_ends(3).await?;
    side.after.push(memory(crowd.hub.pid()).unwrap_or_default() / idle);
    crowd.check()
}

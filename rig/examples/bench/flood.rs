//! F6: a child that prints as fast as it can, losslessly, stored, to a subscriber; and what it costs in memory.

use crate::Run;
use crate::bare::Bare;
use crate::ours::{Ours, memory};
use crate::report::{Report, Rounds, Want};
use anyhow::{Context, Result, ensure};
use futures_util::StreamExt;
use std::time::Instant;

const MIB: usize = 32;
const LINE_BYTES: usize = 300;
const LINES: usize = MIB * 1024 * 1024 / LINE_BYTES;

/// F6.
pub async fn measure(run: &Run, report: &mut Report) -> Result<()> {
    let (http, bare) = (reqwest::Client::new(), Bare::start(run).await?);
    let ours = Ours::start(run, &[]).await?;
    let (mut mine, mut reference) = (Rounds::default(), Rounds::default());
    let (mut hub, mut node) = (Rounds::default(), Rounds::default());
    for _ in 0..run.rounds {
        let reply = http.get(bare.url(&format!("/relay?args=flood%20{MIB}&stored=true"))).send().await?;
        reference.push(rate(reply, LINES, || ()).await?);
        if let Some(ours) = &ours {
            let session = ours.session().await?;
            let turn = ours.message(&session, "line").await?;
            ours.finished(&turn).await?;
            let seq = ours.stage.client.get(&format!("/api/v1/sessions/{session}")).await?["last_seq"].as_i64().unwrap_or_default();
            let before = (memory(ours.hub.pid()).unwrap_or_default(), memory(ours.node.pid()).unwrap_or_default());
            let mut peak = before;
            let reply = open(&http, ours, &session, seq).await?;
            let turn = ours.message(&session, &format!("flood {MIB}")).await?;
            let look = || {
                peak.0 = peak.0.max(memory(ours.hub.pid()).unwrap_or_default());
                peak.1 = peak.1.max(memory(ours.node.pid()).unwrap_or_default());
            };
            mine.push(rate(reply, LINES, look).await?);
            ours.finished(&turn).await?;
            hub.push(peak.0 - before.0);
            node.push(peak.1 - before.1);
        }
    }
    report.row("F6 flood, stored", "MiB/s", mine, reference, Want::RatioAtLeast(0.4, 0.1));
    report.row("F6 the hub's growth meanwhile", "MiB", hub, Rounds::default(), Want::AtMost(32.0, 128.0));
    report.row("F6 the node's growth meanwhile", "MiB", node, Rounds::default(), Want::AtMost(32.0, 128.0));
    Ok(())
}

/// A raw event stream of a session.
pub async fn open(http: &reqwest::Client, ours: &Ours, session: &str, after: i64) -> Result<reqwest::Response> {
    let url = ours.stage.client.url(&format!("/api/v1/sessions/{session}/events?after={after}"));
    let request = http.get(url).bearer_auth(ours.stage.client.token()).header("Accept", "text/event-stream");
    Ok(request.send().await?.error_for_status()?)
}

/// Reads until this many of the child's lines came, and gives back MiB of lines per second since the first of them.
async fn rate(reply: reqwest::Response, lines: usize, mut look: impl FnMut()) -> Result<f64> {
    let mut counter = Counter::new(b"xxxxxxxx\"");
    let mut bare = Counter::new(b"xxxxxxxx\n");
    let (mut chunks, mut begun, mut looked) = (reply.bytes_stream(), None, Instant::now());
    while counter.count + bare.count < lines {
        let chunk = chunks.next().await.with_context(|| format!("the stream ended after {} lines", counter.count + bare.count))??;
        counter.feed(&chunk);
        bare.feed(&chunk);
        if begun.is_none() && counter.count + bare.count > 0 {
            begun = Some(Instant::now());
        }
        if looked.elapsed().as_millis() > 50 {
            look();
            looked = Instant::now();
        }
    }
    look();
    ensure!(counter.count + bare.count == lines, "{} lines came, {lines} were printed", counter.count + bare.count);
    Ok(MIB as f64 / begun.context("no line came")?.elapsed().as_secs_f64())
}

/// Counts how often a text stands in a stream of chunks, also across their borders.
pub struct Counter {
    needle: &'static [u8],
    rest: Vec<u8>,
    /// How often so far.
    pub count: usize,
}

impl Counter {
    /// Counts this text.
    pub fn new(needle: &'static [u8]) -> Self {
        Self { needle, rest: Vec::new(), count: 0 }
    }

    /// Takes in a chunk.
    pub fn feed(&mut self, chunk: &[u8]) {
        self.rest.extend_from_slice(&chunk[..chunk.len().min(self.needle.len() - 1)]);
        self.count += memchr::memmem::find_iter(&self.rest, self.needle).count() + memchr::memmem::find_iter(chunk, self.needle).count();
        // What is shorter than the needle was not long enough to be counted twice.
        let keep = self.needle.len() - 1;
        let from = if chunk.len() >= keep { chunk } else { &self.rest };
        self.rest = from[from.len().saturating_sub(keep)..].to_vec();
    }
}

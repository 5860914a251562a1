//! F1 and F2: how many messages are accepted in a second, durably, and how many of them share one fsync.

use crate::Run;
use crate::bare::Bare;
use crate::load::{self, Outcome};
use crate::ours::{Ours, memory};
use crate::report::{Report, Rounds, Want, percentile};
use anyhow::{Context, Result};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Messages of one sample.
const MESSAGES: usize = 4_000;
/// Messages that one session takes before the bench goes on to others; its queue has a limit.
const PER_SESSION: usize = 900;
/// Sessions that are written to at the same time.
const SIDE_BY_SIDE: usize = 32;
const CONNECTIONS: [usize; 3] = [8, 32, 128];
/// After the last message: a hub that nobody asks for anything has given back by then what it needs no more.
const REST: Duration = Duration::from_secs(15);

/// Sessions with room in their queues, and no node that would empty them.
struct Room {
    ours: Ours,
    sessions: Vec<String>,
    given: AtomicUsize,
}

impl Room {
    async fn open(run: &Run, messages: usize, tracer: &[&str]) -> Result<Option<Self>> {
        let Some(mut ours) = Ours::start(run, tracer).await? else { return Ok(None) };
        let mut sessions = Vec::new();
        for _ in 0..(messages.div_ceil(PER_SESSION * SIDE_BY_SIDE) * SIDE_BY_SIDE) {
            sessions.push(ours.session().await?);
        }
        ours.node.kill()?;
        Ok(Some(Self { ours, sessions, given: AtomicUsize::new(0) }))
    }

    fn requests(&self, connections: usize, keyed: bool) -> Vec<Vec<Vec<u8>>> {
        let request = || {
            let number = self.given.fetch_add(1, Ordering::Relaxed);
            let session = number / (PER_SESSION * SIDE_BY_SIDE) * SIDE_BY_SIDE + number % SIDE_BY_SIDE;
            let key = if keyed { format!("Idempotency-Key: key-{number}\r\n") } else { String::new() };
            let path = format!("/api/v1/sessions/{}/messages", self.sessions[session]);
            load::post(&path, &format!("{}{key}", self.ours.credential()), &body(number))
        };
        (0..connections).map(|_| (0..MESSAGES / connections).map(|_| request()).collect()).collect()
    }

    fn memory(&self) -> Option<f64> {
        memory(self.ours.hub.pid())
    }

    async fn sample(&self, connections: usize, keyed: bool) -> Result<Outcome> {
        load::drive(self.ours.address()?, self.requests(connections, keyed)).await
    }
}

fn body(number: usize) -> String {
    format!("{{\"text\":\"message {number}: {}\"}}", "please look at the failing test and mend it ".repeat(4))
}

/// F1.
pub async fn rates(run: &Run, report: &mut Report) -> Result<()> {
    let bare = Bare::start(run).await?;
    let room = Room::open(run, MESSAGES * CONNECTIONS.len() * 2 * run.rounds, &[]).await?;
    let idle = room.as_ref().and_then(Room::memory);
    for connections in CONNECTIONS {
        let (mut plain, mut keyed, mut reference) = (Rounds::default(), Rounds::default(), Rounds::default());
        let (mut p50, mut bare_p50) = (Rounds::default(), Rounds::default());
        for _ in 0..run.rounds {
            let requests = (0..connections).map(|_| (0..MESSAGES / connections).map(|n| load::post("/prompt", "", &body(n))).collect());
            let outcome = load::drive(bare.address(), requests.collect()).await?;
            reference.push(outcome.rate);
            bare_p50.push(percentile(&outcome.latencies, 0.5).unwrap_or_default());
            if let Some(room) = &room {
                let outcome = room.sample(connections, false).await?;
                plain.push(outcome.rate);
                p50.push(percentile(&outcome.latencies, 0.5).unwrap_or_default());
                keyed.push(room.sample(connections, true).await?.rate);
            }
        }
        let want = Want::RatioAtLeast(0.7, 0.4);
        report.row(format!("F1 accepts, {connections} connections"), "1/s", plain, reference.clone(), want);
        report.row(format!("F1 the same with Idempotency-Key, {connections}"), "1/s", keyed, reference, want);
        report.row(format!("F1 p50, {connections} connections"), "us", p50, bare_p50, Want::Nothing);
    }
    if let (Some(room), Some(idle)) = (&room, idle) {
        tokio::time::sleep(REST).await;
        let (mut after, mut ratio) = (Rounds::default(), Rounds::default());
        let now = room.memory().context("no figure of memory")?;
        after.push(now);
        ratio.push(now / idle);
        report.row("F9 hub after the messages of F1", "MiB", after, Rounds::default(), Want::Nothing);
        report.row("F9 the same, to what it was before them", "x", ratio, Rounds::default(), Want::AtMost(1.5, 3.0));
    }
    Ok(())
}

/// F2, by the hub's own count of commits, and counted from outside by strace, which takes its share of the processors from both sides.
pub async fn per_fsync(run: &Run, report: &mut Report) -> Result<()> {
    per_commit(run, report, false).await?;
    if std::process::Command::new("strace").arg("-V").output().is_ok() { per_commit(run, report, true).await } else { Ok(()) }
}

async fn per_commit(run: &Run, report: &mut Report, traced: bool) -> Result<()> {
    let traces = rig::scratch::Scratch::new()?;
    let file = traces.path().join("fsyncs");
    let words = ["strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=fdatasync,fsync", "-o", &file.to_string_lossy()].map(str::to_owned);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some(room) = Room::open(run, MESSAGES * run.rounds, if traced { &words } else { &[] }).await? else { return Ok(()) };
    let mut rounds = Rounds::default();
    for _ in 0..run.rounds {
        let before = fsyncs(&room, traced, &file).await?;
        room.sample(32, false).await?;
        let after = rig::wait::until("the count to be there", Duration::from_secs(10), async || {
            Ok(Some(fsyncs(&room, traced, &file).await?).filter(|after| *after > before))
        });
        rounds.push(MESSAGES as f64 / (after.await? - before));
    }
    let (name, by) = match traced {
        true => ("F2 accepts per fsync, 32 connections, under strace", "strace"),
        false => ("F2 accepts per fsync, 32 connections", "commits"),
    };
    report.row(name, by, rounds, Rounds::default(), Want::AtLeast(16.0, 8.0));
    Ok(())
}

async fn fsyncs(room: &Room, traced: bool, file: &std::path::Path) -> Result<f64> {
    if traced {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        return Ok(text.lines().filter(|line| line.contains("sync(") && !line.contains("resumed")).count() as f64);
    }
    let page = reqwest::Client::new()
        .get(room.ours.stage.client.url("/metrics"))
        .bearer_auth(room.ours.stage.client.token())
        .send()
        .await?
        .text()
        .await?;
    let count = page.lines().filter_map(|line| line.strip_prefix("fugue_group_commit_jobs_count")).next();
    count.and_then(|rest| rest.rsplit(' ').next()?.parse().ok()).context("the hub does not count its commits")
}

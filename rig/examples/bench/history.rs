//! What a long history costs: the same figures on an empty database and on one with a million events. Flat is 1.0.
//!
//! The history is made over the real link, so the pages are those that nodes make; no table is known here.

use crate::Run;
use crate::crowd::Crowd;
use crate::load::{self, Connection, post};
use crate::report::{Report, Rounds, Want, percentile};
use crate::start::first_reply;
use anyhow::{Context, Result};
use std::time::Instant;

const EVENTS: usize = 1_000_000;
/// With `--large`.
const EVENTS_LARGE: usize = 10_000_000;
/// One session has this share of all events.
const LONG_SHARE: usize = 10;
const SESSIONS: usize = 1_000;
/// Turns of each session, so that rows of turns come as well.
const TURNS: usize = 5;
/// Events that a node sends together.
const PER_BATCH: usize = 20;
const NODES: usize = 10;
/// Sessions of one page of the list; the empty database has as many and no more.
const LISTED: usize = 50;
const TIMES: usize = 100;
const MESSAGES: usize = 2_000;
const CONNECTIONS: usize = 8;

/// The figures of one database.
#[derive(Default)]
struct Side {
    start: Rounds,
    list: Rounds,
    page: Rounds,
    accepts: Rounds,
}

/// The figures that a history could change.
pub async fn measure(run: &Run, report: &mut Report) -> Result<()> {
    let Some(mut empty) = Crowd::start(run, 1).await? else { return Ok(()) };
    let mut full = Crowd::start(run, NODES).await?.context("no install")?;
    let events = if run.large { EVENTS_LARGE } else { EVENTS };
    let small = empty.sessions(LISTED).await?.remove(0);
    fill(&empty, std::slice::from_ref(&small), PER_BATCH * TURNS * 20).await?;
    let begun = Instant::now();
    let sessions = full.sessions(SESSIONS).await?;
    fill(&full, &sessions[1..], events - events / LONG_SHARE).await?;
    fill(&full, &sessions[..1], events / LONG_SHARE).await?;
    println!("made {events} events in {:.0} s", begun.elapsed().as_secs_f64());
    let (mut mine, mut reference) = (Side::default(), Side::default());
    for _ in 0..run.rounds {
        sample(&mut empty, &small, &mut reference).await?;
        sample(&mut full, &sessions[0], &mut mine).await?;
    }
    let name = format!("{events} events, to an empty database");
    report.row(format!("history cold start (F8), {name}"), "ms", mine.start, reference.start, Want::RatioAtMost(1.1, 3.0));
    report.row(format!("history list of sessions, {name}"), "ms", mine.list, reference.list, Want::Nothing);
    report.row(
        format!("history 50 events from the middle of a session, {name}"),
        "ms",
        mine.page,
        reference.page,
        Want::RatioAtMost(1.1, 2.0),
    );
    report.row(format!("history accepts, 8 connections, {name}"), "1/s", mine.accepts, reference.accepts, Want::RatioAtLeast(0.9, 0.5));
    Ok(())
}

/// Gives these sessions so many events together.
async fn fill(crowd: &Crowd, sessions: &[String], events: usize) -> Result<()> {
    for _ in 0..TURNS {
        let ended = crowd.ended();
        crowd.tell(sessions, &format!("say {} {PER_BATCH}", events / sessions.len() / TURNS)).await?;
        crowd.wait_for_ends(ended + sessions.len() as u64).await?;
    }
    crowd.check()
}

async fn sample(crowd: &mut Crowd, session: &str, side: &mut Side) -> Result<()> {
    crowd.hub.kill()?;
    let begun = Instant::now();
    crowd.hub = crowd.fugue.start("hub", "hub", &["hub"])?;
    first_reply(crowd.address()).await?;
    side.start.push(begun.elapsed().as_secs_f64() * 1e3);
    let last = crowd.client.get(&format!("/api/v1/sessions/{session}")).await?["last_seq"].as_i64().context("no last_seq")?;
    side.list.push(median(crowd, &format!("/api/v1/sessions?limit={LISTED}")).await?);
    side.page.push(median(crowd, &format!("/api/v1/sessions/{session}/events?limit=50&after={}", last / 2)).await?);
    // The nodes are cut off since the kill, so nothing but the accept happens.
    let path = format!("/api/v1/sessions/{session}/messages");
    let request = || post(&path, &crowd.credential(), "{\"text\":\"end\"}");
    let requests = (0..CONNECTIONS).map(|_| (0..MESSAGES / CONNECTIONS).map(|_| request()).collect()).collect();
    side.accepts.push(load::drive(crowd.address(), requests).await?.rate);
    Ok(())
}

/// The median time of a `GET`, in milliseconds.
pub async fn median(crowd: &Crowd, path: &str) -> Result<f64> {
    let mut connection = Connection::open(crowd.address()).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{}\r\n", crowd.credential());
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let begun = Instant::now();
        connection.send(request.as_bytes()).await?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    percentile(&times, 0.5).context("no times")
}

//! The load goal: prompts at a steady rate over a thousand sessions, from the request to the turn's stored end.
//!
//! Twenty people with a prompt every ten seconds are the smallest profile, 2 prompts a second. Fifty times that is held for a minute;
//! then the rate is doubled until something gives way, and the table says what.

use crate::Run;
use crate::bare::Bare;
use crate::crowd::{Crowd, processor};
use crate::load::{self, Connection, now_ns, post};
use crate::ours::memory;
use crate::report::{Report, Rounds, Want, percentile};
use anyhow::{Context, Result, ensure};
use std::fmt;
use std::time::{Duration, Instant};

const SESSIONS: usize = 1_000;
const NODES: usize = 10;
const CONNECTIONS: usize = 64;
/// Fifty times the smallest profile.
const GOAL: usize = 100;
const GOAL_TIME: Duration = Duration::from_secs(60);
const STEP_TIME: Duration = Duration::from_secs(10);
/// The last step, so that the bench ends on any machine.
const RATE_MAX: usize = 25_600;
/// What each turn says, in batches of two.
const TURN: &str = "say 4 2";
/// A rate has given way when less than this share of it was accepted or ended in its time.
const SHARE: f64 = 0.95;
/// Or when it takes this long from the request to the node for one message of a hundred.
const START_MAX_MS: f64 = 1_000.0;

/// What one rate did.
struct Level {
    rate: usize,
    accepted: f64,
    ended: f64,
    accept_p99: f64,
    start_p50: f64,
    start_p99: f64,
    memory: f64,
    processor: f64,
}

impl Level {
    /// What gave way, if anything did.
    fn broke(&self) -> Option<&'static str> {
        let wanted = self.rate as f64 * SHARE;
        match self {
            _ if self.accepted < wanted => Some("accepting"),
            _ if self.start_p99 > START_MAX_MS => Some("message to start"),
            _ if self.ended < wanted => Some("ending turns"),
            _ => None,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} prompts/s: accepted {:.0}/s (p99 {:.1} ms), turns {:.0}/s, message to start p50 {:.1} p99 {:.1} ms, hub {:.0} MiB, {:.0} % of a processor{}",
            self.rate,
            self.accepted,
            self.accept_p99,
            self.ended,
            self.start_p50,
            self.start_p99,
            self.memory,
            self.processor,
            self.broke().map(|what| format!("; {what} gave way")).unwrap_or_default()
        )
    }
}

/// The load goal.
pub async fn measure(run: &Run, report: &mut Report) -> Result<()> {
    let bare = Bare::start(run).await?;
    let Some(crowd) = Crowd::start(run, NODES).await? else { return Ok(()) };
    let sessions = crowd.sessions(SESSIONS).await?;
    let goal = level(&crowd, &sessions, GOAL, GOAL_TIME).await?;
    println!("{goal}");
    let (mut held, mut broke, mut rate) = (goal.ended, goal.broke(), GOAL * 2);
    let mut last = None;
    while broke.is_none() && rate <= RATE_MAX {
        let level = level(&crowd, &sessions, rate, STEP_TIME).await?;
        println!("{level}");
        broke = level.broke();
        held = held.max(level.ended);
        rate *= 2;
        last = Some(level);
    }
    let requests = (0..CONNECTIONS).map(|_| (0..100).map(|_| post("/prompt", "", "{\"text\":\"x\"}")).collect()).collect();
    let limit = load::drive(bare.address(), requests).await?.rate;
    let mut row = |figure: String, unit, value, reference: Option<f64>, want| {
        let (mut mine, mut bare) = (Rounds::default(), Rounds::default());
        mine.push(value);
        reference.into_iter().for_each(|value| bare.push(value));
        report.row(figure, unit, mine, bare, want);
    };
    let least = GOAL as f64 * SHARE;
    row(format!("load {GOAL} prompts/s for 60 s: accepted"), "1/s", goal.accepted, None, Want::AtLeast(least, least));
    row("load the same: turns ended".into(), "1/s", goal.ended, None, Want::AtLeast(least, least));
    row("load the same: message to start, p50".into(), "ms", goal.start_p50, None, Want::Nothing);
    row("load the same: message to start, p99".into(), "ms", goal.start_p99, None, Want::AtMost(50.0, START_MAX_MS));
    row("load the same: hub's memory".into(), "MiB", goal.memory, None, Want::Nothing);
    row("load the same: hub's share of one processor".into(), "%", goal.processor, None, Want::Nothing);
    let what = broke.unwrap_or("nothing");
    row(format!("load most turns per second ({what} gave way), to bare durable rows"), "1/s", held, Some(limit), Want::Nothing);
    if let Some(last) = last {
        row(format!("load hub's memory at {} prompts/s", last.rate), "MiB", last.memory, None, Want::Nothing);
    }
    Ok(())
}

async fn level(crowd: &Crowd, sessions: &[String], rate: usize, time: Duration) -> Result<Level> {
    let (ended, used) = (crowd.ended(), processor(crowd.hub.pid()).context("no figure of the processor")?);
    drop(crowd.starts());
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..CONNECTIONS {
        let some: Vec<String> = sessions.iter().skip(number).step_by(CONNECTIONS).cloned().collect();
        let connection = Connection::open(crowd.address()).await?;
        let pace = Duration::from_secs(1) * CONNECTIONS as u32 / rate as u32;
        tasks.spawn(send(connection, crowd.credential(), some, pace, pace * number as u32 / CONNECTIONS as u32, time));
    }
    let mut latencies = Vec::new();
    while let Some(done) = tasks.join_next().await {
        latencies.extend(done??);
    }
    let took = begun.elapsed().as_secs_f64();
    // Only what ended in the time counts for the rate.
    let ended_in_time = (crowd.ended() - ended) as f64;
    let used = processor(crowd.hub.pid()).unwrap_or_default() - used;
    let memory = memory(crowd.hub.pid()).unwrap_or_default();
    crowd.wait_for_ends(ended + latencies.len() as u64).await?;
    let starts = crowd.starts();
    ensure!(starts.len() == latencies.len(), "{} messages were accepted, {} turns began", latencies.len(), starts.len());
    let of = |values: &[f64], share| percentile(values, share).unwrap_or_default();
    Ok(Level {
        rate,
        accepted: latencies.len() as f64 / took,
        ended: ended_in_time / took,
        accept_p99: of(&latencies, 0.99),
        start_p50: of(&starts, 0.5),
        start_p99: of(&starts, 0.99),
        memory,
        processor: used / took * 100.0,
    })
}

/// Sends to these sessions in turn at a pace, as long as the time lasts; what is late is sent at once. Milliseconds to each reply.
async fn send(
    mut connection: Connection,
    credential: String,
    sessions: Vec<String>,
    pace: Duration,
    offset: Duration,
    time: Duration,
) -> Result<Vec<f64>> {
    let begun = tokio::time::Instant::now();
    let mut latencies = Vec::new();
    for (session, number) in sessions.iter().cycle().zip(0..) {
        let due = offset + pace * number;
        if due >= time || begun.elapsed() >= time {
            break;
        }
        tokio::time::sleep_until(begun + due).await;
        let path = format!("/api/v1/sessions/{session}/messages");
        let body = format!("{{\"text\":\"{TURN} {}\"}}", now_ns());
        let sent = Instant::now();
        connection.send(&post(&path, &credential, &body)).await?;
        latencies.push(sent.elapsed().as_secs_f64() * 1e3);
    }
    Ok(latencies)
}

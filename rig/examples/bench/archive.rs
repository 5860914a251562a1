//! What it costs when histories grow old: the same figures while the hub merges, archives and deletes, and while it does none of it.
//!
//! Ours is the busy hub, the reference the same hub on the same data at rest: 1.0 would be no cost at all. A sample during which the
//! work ran out is refused.

use crate::Run;
use crate::crowd::Crowd;
use crate::history;
use crate::load::{self, Connection, post};
use crate::report::{Report, Rounds, Want, percentile};
use crate::subscribers::{self, Subscriber};
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::time::{Duration, Instant};

const EVENTS: usize = 200_000;
/// With `--large`.
const EVENTS_LARGE: usize = 1_000_000;
/// Enough that no sample sees their end.
const SESSIONS: usize = 200;
const PER_BATCH: usize = 20;
const NODES: usize = 4;
/// Sessions with a reader each, for the event path.
const WATCHED: usize = 100;
const PER_SECOND: usize = 5;
const SECONDS: usize = 3;
const MESSAGES: usize = 4_000;
const CONNECTIONS: usize = 8;
/// How long all of it may take in the background.
const DONE_MAX: Duration = Duration::from_secs(1_800);
/// As long as this nothing was merged: then there is nothing left.
const STILL: Duration = Duration::from_secs(4);

const MERGED: &str = "fugue_event_pages_merged_total";
const ARCHIVED: &str = "fugue_histories_archived_total";
const EXPIRED: &str = "fugue_histories_expired_total";
const NEVER: [(&str, &str); 2] = [("FUGUE_ARCHIVE_AFTER_DAYS", "never"), ("FUGUE_EXPIRE_AFTER_DAYS", "never")];
const AT_ONCE: (&str, &str) = ("FUGUE_ARCHIVE_AFTER_DAYS", "0");

/// What one sample gives.
#[derive(Default)]
struct Side {
    accepts: Rounds,
    path: Rounds,
}

/// The sessions of the samples.
struct Cast {
    /// Its node is away, so accepting is all that happens.
    accepting: String,
    watched: Vec<String>,
    /// Closed, and full of events.
    old: Vec<String>,
}

/// The cost of growing old.
pub async fn measure(run: &Run, report: &mut Report) -> Result<()> {
    let Some(mut crowd) = Crowd::start(run, NODES).await? else { return Ok(()) };
    let events = if run.large { EVENTS_LARGE } else { EVENTS };
    let cast = cast(&mut crowd, events).await?;
    let mut merging = (Side::default(), Side::default());
    start(&mut crowd, &NEVER).await?;
    busy(&crowd, &cast, MERGED, &mut merging.0).await.context("merging")?;
    rest(&crowd).await?;
    sample(&crowd, &cast, &mut merging.1).await?;
    rows(report, "merges", merging);
    let (mut looked, mut stored) = (Rounds::default(), Rounds::default());
    let (mut archiving, mut expiring) = ((Side::default(), Side::default()), (Side::default(), Side::default()));
    for _ in 0..run.rounds {
        start(&mut crowd, &NEVER).await?;
        rest(&crowd).await?;
        sample(&crowd, &cast, &mut archiving.1).await?;
        // The last one is archived last.
        stored.push(middle(&crowd, cast.old.last().context("no sessions")?).await?);
        start(&mut crowd, &[AT_ONCE, NEVER[1]]).await?;
        busy(&crowd, &cast, ARCHIVED, &mut archiving.0).await.context("archiving")?;
        looked.push(middle(&crowd, &cast.old[0]).await?);
    }
    rows(report, "archives", archiving);
    report.row(
        format!("old histories: 50 events from the middle of {}, archived, to stored", events / SESSIONS),
        "ms",
        looked,
        stored,
        Want::Nothing,
    );
    let begun = (Instant::now(), counted(&crowd, ARCHIVED).await?);
    while histories(&crowd, "stored").await? > 0 {
        ensure!(begun.0.elapsed() < DONE_MAX, "the archive is not done after {} s", DONE_MAX.as_secs());
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let (mut rate, mut size) = (Rounds::default(), Rounds::default());
    rate.push((counted(&crowd, ARCHIVED).await? - begun.1) / begun.0.elapsed().as_secs_f64());
    size.push(bytes_below(&crowd.fugue.home().join("archive"))? as f64 / events as f64);
    report.row("old histories: archived per second, nothing else to do", "1/s", rate, Rounds::default(), Want::Nothing);
    report.row("old histories: bytes of an archived event", "B", size, Rounds::default(), Want::Nothing);
    for _ in 0..run.rounds {
        start(&mut crowd, &NEVER).await?;
        rest(&crowd).await?;
        sample(&crowd, &cast, &mut expiring.1).await?;
        start(&mut crowd, &[NEVER[0], ("FUGUE_EXPIRE_AFTER_DAYS", "0")]).await?;
        busy(&crowd, &cast, EXPIRED, &mut expiring.0).await.context("deleting")?;
    }
    rows(report, "deletes", expiring);
    Ok(())
}

fn rows(report: &mut Report, what: &str, (busy, still): (Side, Side)) {
    let name = |figure: &str| format!("old histories: {figure} while the hub {what} them, to at rest");
    report.row(name("accepts, 8 connections,"), "1/s", busy.accepts, still.accepts, Want::RatioAtLeast(0.9, 0.5));
    report.row(name("event path p50, 100 sessions,"), "ms", busy.path, still.path, Want::RatioAtMost(1.1, 2.0));
}

/// Fills sessions with events and closes them; opens the others.
async fn cast(crowd: &mut Crowd, events: usize) -> Result<Cast> {
    let begun = Instant::now();
    let accepting = crowd.sessions(1).await?.remove(0);
    crowd.nodes.remove(0);
    crowd.projects.remove(0);
    let (watched, old) = (crowd.sessions(WATCHED).await?, crowd.sessions(SESSIONS).await?);
    let ended = crowd.ended();
    crowd.tell(&old, &format!("say {} {PER_BATCH}", events / SESSIONS)).await?;
    crowd.wait_for_ends(ended + old.len() as u64).await?;
    for session in &old {
        crowd.client.post(&format!("/api/v1/sessions/{session}/close"), &serde_json::json!({})).await?;
    }
    let path = format!("/api/v1/sessions/{}/events?after={}", old[old.len() - 1], events / SESSIONS);
    let released = async || {
        let page = crowd.client.get(&path).await?;
        Ok(page["items"].as_array().is_some_and(|items| items.iter().any(|event| event["type"] == "session.released")).then_some(()))
    };
    rig::wait::until("the sessions to be released", DONE_MAX, released).await?;
    println!("made {events} old events in {:.0} s", begun.elapsed().as_secs_f64());
    Ok(Cast { accepting, watched, old })
}

/// Starts the hub again with these settings, and lets the nodes come back.
async fn start(crowd: &mut Crowd, env: &[(&str, &str)]) -> Result<()> {
    let env: Vec<_> = env.iter().map(|(name, value)| (*name, (*value).into())).collect();
    crowd.restart(&env).await
}

/// A sample while this count grows from its beginning to its end.
async fn busy(crowd: &Crowd, cast: &Cast, counter: &str, side: &mut Side) -> Result<()> {
    let more_than = async |before: f64| Ok((counted(crowd, counter).await? > before).then_some(()));
    rig::wait::until("the work to begin", DONE_MAX, async || more_than(0.0).await).await?;
    sample(crowd, cast, side).await?;
    let now = counted(crowd, counter).await?;
    rig::wait::until("the work to go on after the sample, or it ran out during it", Duration::from_secs(20), async || more_than(now).await)
        .await
}

/// Waits until the hub has nothing left to merge.
async fn rest(crowd: &Crowd) -> Result<()> {
    let begun = Instant::now();
    let (mut last, mut since) = (-1.0, Instant::now());
    while since.elapsed() < STILL {
        let now = counted(crowd, MERGED).await?;
        if now != last {
            (last, since) = (now, Instant::now());
        }
        ensure!(begun.elapsed() < DONE_MAX, "the hub still merges after {} s", DONE_MAX.as_secs());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

async fn sample(crowd: &Crowd, cast: &Cast, side: &mut Side) -> Result<()> {
    let path = format!("/api/v1/sessions/{}/messages", cast.accepting);
    let request = || post(&path, &crowd.credential(), "{\"text\":\"end\"}");
    let requests = (0..CONNECTIONS).map(|_| (0..MESSAGES / CONNECTIONS).map(|_| request()).collect()).collect();
    side.accepts.push(load::drive(crowd.address(), requests).await?.rate);
    let mut streams = Vec::new();
    for session in &cast.watched {
        let last = crowd.client.get(&format!("/api/v1/sessions/{session}")).await?["last_seq"].as_i64().context("no last_seq")?;
        let path = format!("/api/v1/sessions/{session}/events?after={last}");
        streams.push(Subscriber::open(crowd.address(), &path, &crowd.credential()).await?);
    }
    let ended = crowd.ended();
    let text = format!("rate {PER_SECOND} {SECONDS}");
    let read = subscribers::read(streams, b"\"text\":\"", PER_SECOND * SECONDS);
    let (told, read) = tokio::join!(crowd.tell(&cast.watched, &text), read);
    told?;
    side.path.push(percentile(&read?.1.latencies, 0.5).context("no lines came")?);
    crowd.wait_for_ends(ended + cast.watched.len() as u64).await?;
    crowd.check()
}

/// A figure of `/metrics`; 0 when it was never counted.
async fn counted(crowd: &Crowd, name: &str) -> Result<f64> {
    let mut connection = Connection::open(crowd.address()).await?;
    let request = format!("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n{}\r\n", crowd.credential());
    let page = String::from_utf8(connection.send(request.as_bytes()).await?)?;
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(Ok(0.0), |value| value.parse().context("a figure that is no number"))
}

/// Closed sessions whose history is this.
async fn histories(crowd: &Crowd, history: &str) -> Result<usize> {
    let closed = crowd.client.all("/api/v1/sessions?state=closed").await?;
    Ok(closed.iter().filter(|session| session["history"] == history).count())
}

/// The median time of 50 events from the middle of a session, in milliseconds.
async fn middle(crowd: &Crowd, session: &str) -> Result<f64> {
    let last = crowd.client.get(&format!("/api/v1/sessions/{session}")).await?["last_seq"].as_i64().context("no last_seq")?;
    history::median(crowd, &format!("/api/v1/sessions/{session}/events?limit=50&after={}", last / 2)).await
}

fn bytes_below(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.metadata()?;
        bytes += if kind.is_dir() { bytes_below(&entry.path())? } else { kind.len() };
    }
    Ok(bytes)
}

//! R16: readers that are cut off again and again, by SSE and by WebSocket, also when the hub is killed in between.
//!
//! Each sees every event of its session once, in order, and what a stream showed is what a query shows.

use super::{Ground, Row, Store, send};
use crate::chance::Chance;
use crate::client::Client;
use crate::history::digest;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Bytes of one text.
const TEXT_BYTES: usize = 100;
const QUIET_MAX: Duration = Duration::from_secs(60);
const TURN_MAX: Duration = Duration::from_secs(900);

/// The numbers.
#[derive(Debug, Clone, Copy)]
pub struct Resume {
    /// Sessions that are written to side by side, each with a reader by SSE and one by WebSocket.
    pub sessions: usize,
    /// Texts of each session.
    pub texts: usize,
    /// Times that each reader is cut off.
    pub cuts: usize,
    /// Kills of the hub meanwhile.
    pub kills: usize,
}

impl Resume {
    /// Does it.
    pub async fn run(self, program: &Path, chance: &mut Chance) -> Result<Option<Row>> {
        let begun = Instant::now();
        let Some(mut ground) = Ground::lay(program, Store::Sqlite, self.sessions, |fugue| fugue).await? else { return Ok(None) };
        let (mut readers, mut turns) = (JoinSet::new(), Vec::new());
        for _ in 0..self.sessions {
            let session = ground.stage.session("rehearse").await?;
            let text = format!("flood {} {TEXT_BYTES}", self.texts * TEXT_BYTES);
            turns.push((session.clone(), send(&ground.stage, &session, &text, "ask").await?.1));
            for socket in [false, true] {
                let (client, chance) = (ground.stage.client.clone(), Chance::new(chance.draw()));
                let reader =
                    Reader { client, session: session.clone(), socket, cuts: self.cuts, longest: self.texts / self.cuts.max(1), chance };
                readers.spawn(reader.run());
            }
        }
        for _ in 0..self.kills {
            tokio::time::sleep(Duration::from_millis(chance.between(200, 2_000))).await;
            ground.hub.kill()?;
            ground.hub = ground.stage.fugue.hub().await?;
        }
        let mut stored = std::collections::BTreeMap::new();
        for (session, turn) in &turns {
            let ended = ground.stage.client.turn_in(turn, &["ended"], TURN_MAX).await?;
            ensure!(ended["outcome"] == "succeeded", "a flood ended as {ended}");
            let events = ground.stage.client.events(session).await?;
            ensure!(events.len() > self.texts, "{} events of {} texts", events.len(), self.texts);
            stored.insert(session.clone(), events.iter().map(digest).collect::<Vec<u64>>());
        }
        let (mut cuts, mut events) = (0, 0);
        while let Some(done) = readers.join_next().await {
            let (session, seen, cut) = done??;
            ensure!(stored[&session] == seen, "a stream of {session} showed other events than are stored");
            cuts += cut;
            events += seen.len();
        }
        let all: usize = stored.values().map(Vec::len).sum();
        let done = format!(
            "{cuts} disconnects of {} readers (SSE and WebSocket), {} kills of the hub, {all} events written by {} sessions side by \
             side, {events} read: 0 lost, 0 twice, order kept",
            self.sessions * 2,
            self.kills,
            self.sessions,
        );
        Ok(Some(Row::new("R16", done, begun)))
    }
}

struct Reader {
    client: Client,
    session: String,
    socket: bool,
    cuts: usize,
    /// Events of one connection at most, on average half of it.
    longest: usize,
    chance: Chance,
}

impl Reader {
    /// Reads until the turn's end. Gives back the digests of what it saw, and how often it was cut off.
    async fn run(mut self) -> Result<(String, Vec<u64>, usize)> {
        let path = format!("/api/v1/sessions/{}/events", self.session);
        let (mut seen, mut cuts) = (Vec::new(), 0);
        loop {
            let left = if cuts < self.cuts { self.chance.between(1, self.longest.max(1) as u64 * 2) } else { u64::MAX };
            match self.read(&path, &mut seen, left).await {
                Ok(true) => return Ok((self.session, seen, cuts)),
                Ok(false) => cuts += 1,
                // The hub is down: come back.
                Err(error) if error.downcast_ref::<Broken>().is_none() => tokio::time::sleep(Duration::from_millis(50)).await,
                Err(error) => return Err(error),
            }
        }
    }

    /// One connection: true when the turn's end was seen.
    async fn read(&mut self, path: &str, seen: &mut Vec<u64>, left: u64) -> Result<bool> {
        let mut stream = match self.socket {
            true => Stream::Socket(Box::new(self.client.ws(&format!("{path}?after={}", seen.len())).await?)),
            false => Stream::Sse(self.client.sse(path, Some(seen.len() as i64)).await?),
        };
        let mut read = 0;
        while read < left {
            let event = tokio::time::timeout(QUIET_MAX, stream.next()).await.context("the stream is silent")??;
            let Some(number) = event["seq"].as_i64() else { continue };
            if number != seen.len() as i64 + 1 {
                return Err(Broken(format!("in {}, {number} came after {}", self.session, seen.len())).into());
            }
            seen.push(digest(&event));
            read += 1;
            if event["type"] == "turn.ended" {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The promise that was broken, which is no reason to come back.
#[derive(Debug)]
struct Broken(String);

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Broken {}

enum Stream {
    Sse(crate::sse::Sse),
    Socket(Box<crate::client::Socket>),
}

impl Stream {
    /// The next event or typing; an error when the stream ended.
    async fn next(&mut self) -> Result<Value> {
        let text = match self {
            Self::Sse(sse) => sse.next().await?.map(|message| message.data),
            Self::Socket(socket) => socket.next().await?,
        };
        Ok(serde_json::from_str(&text.context("the stream ended")?)?)
    }
}

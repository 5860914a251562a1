//! R27: questions outlive the deaths of hub and node, and a command runs exactly as often as it was allowed: once or never.
//!
//! Each round every session asks; somebody dies while they ask, while they wait and while they are answered. Two devices answer each
//! question at once, each of them twice; what they are not told they ask again. Afterwards everybody clicks once more, too late.

use super::kills::Victim;
use super::{Ground, Row, Store, send};
use crate::chance::Chance;
use crate::client::Client;
use crate::stage::id;
use crate::wait::until;
use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use reqwest::Method;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// For a question to come, a click to be answered, a turn to end.
const SOON: Duration = Duration::from_secs(60);
const RETRY: Duration = Duration::from_millis(20);
/// Answered, and settled before.
const TAKEN: u16 = 200;
const LATE: u16 = 409;

/// The numbers.
#[derive(Debug, Clone, Copy)]
pub struct Approvals {
    /// How often somebody is killed, hub and node in turn.
    pub kills: usize,
    /// Sessions that ask side by side.
    pub sessions: usize,
    /// The database.
    pub store: Store,
}

/// A question and what became of it.
struct Asked {
    turn: String,
    mark: String,
    question: Value,
}

/// One run.
struct Run<'a> {
    ground: Ground,
    chance: &'a mut Chance,
    devices: [Client; 2],
    sessions: Vec<String>,
    marks: PathBuf,
    kills: usize,
    approved: usize,
    denied: usize,
}

impl Approvals {
    /// Does it. `None` when it had to be skipped.
    pub async fn run(self, program: &Path, chance: &mut Chance) -> Result<Option<Row>> {
        let begun = Instant::now();
        let Some(ground) = Ground::lay(program, self.store, self.sessions, |fugue| fugue).await? else { return Ok(None) };
        let desk = ground.stage.client.clone();
        let made = desk.post("/api/v1/tokens", &json!({"name": "phone", "role": "approver"})).await?;
        let phone = Client::new(&ground.stage.fugue.base(), made["token"].as_str().context("a token")?);
        let mut sessions = Vec::new();
        for _ in 0..self.sessions {
            sessions.push(ground.stage.session("rehearse").await?);
        }
        let marks = ground.stage.fugue.root().join("marks");
        let mut run = Run { ground, chance, devices: [desk, phone], sessions, marks, kills: 0, approved: 0, denied: 0 };
        let mut round = 0;
        while run.kills < self.kills {
            run.round(round).await.with_context(|| format!("round {round}"))?;
            round += 1;
        }
        ensure!(run.approved > 0 && run.denied > 0, "{} were approved and {} denied: that proves nothing", run.approved, run.denied);
        let parts = [run.ground.hub.pid(), run.ground.node.pid()];
        run.ground.stage.close(&run.sessions, &parts).await?;
        let done = format!(
            "{}: {} kills of hub and node while {} questions were asked, open and answered by two devices, twice each: {} approved and run \
             once, {} denied and never run",
            self.store,
            run.kills,
            run.approved + run.denied,
            run.approved,
            run.denied,
        );
        Ok(Some(Row::new("R27", done, begun)))
    }
}

impl Run<'_> {
    async fn round(&mut self, round: usize) -> Result<()> {
        let mut turns = Vec::new();
        for (number, session) in self.sessions.iter().enumerate() {
            let mark = format!("a-{round}-{number}.");
            let text = format!("run echo {mark} >> {}\nsay after {mark}", self.marks.display());
            turns.push((send(&self.ground.stage, session, &text, "ask").await?.1, mark));
        }
        self.kill(0, 150).await?;
        let mut all = Vec::new();
        for (turn, mark) in turns {
            let question = self.question(&turn).await?;
            all.push(Asked { turn, mark, question });
        }
        self.kill(0, 30).await?;
        for asked in &all {
            let now = self.devices[0].get(&format!("/api/v1/approvals/{}", id(&asked.question)?)).await?;
            ensure!(now == asked.question, "a death changed a question from {} to {now}", asked.question);
        }
        let mut clicks = Vec::new();
        for asked in &all {
            let approval = id(&asked.question)?;
            for device in [0, 0, 1, 1] {
                let verb = if self.chance.between(0, 2) == 0 { "approve" } else { "deny" };
                clicks.push(click(self.devices[device].clone(), approval.clone(), verb));
            }
        }
        let answering = tokio::spawn(try_join_all(clicks));
        self.kill(0, 15).await?;
        let clicks = answering.await??;
        for (asked, clicks) in all.iter().zip(clicks.chunks(4)) {
            self.settled(asked, clicks).await?;
        }
        Ok(())
    }

    /// Kills one of the two within so many milliseconds, and starts it again.
    async fn kill(&mut self, low: u64, high: u64) -> Result<()> {
        tokio::time::sleep(Duration::from_millis(self.chance.between(low, high))).await;
        let victim = if self.kills.is_multiple_of(2) { Victim::Hub } else { Victim::Node };
        self.kills += 1;
        match victim {
            Victim::Hub => {
                self.ground.hub.kill()?;
                self.ground.hub = self.ground.stage.fugue.hub().await?;
            }
            Victim::Node => {
                self.ground.node.kill()?;
                self.ground.node = self.ground.stage.fugue.node().await?;
            }
        }
        Ok(())
    }

    /// The open question of a turn.
    async fn question(&self, turn: &str) -> Result<Value> {
        let pending = async || {
            let page = self.devices[0].get("/api/v1/approvals?state=pending&limit=200").await?;
            Ok(page["items"].as_array().context("a page")?.iter().find(|item| item["turn"] == turn).cloned())
        };
        until(&format!("{turn} to ask"), SOON, pending).await
    }

    /// One click counted, the command ran as it says, and a click that comes too late changes nothing.
    async fn settled(&mut self, asked: &Asked, clicks: &[(&'static str, u16)]) -> Result<()> {
        let approval = id(&asked.question)?;
        let taken: Vec<&str> = clicks.iter().filter(|(_, status)| *status == TAKEN).map(|(verb, _)| *verb).collect();
        let turn = self.devices[0].turn_in(&asked.turn, &["ended"], SOON).await?;
        ensure!(turn["outcome"] == "succeeded" && turn["attempts"] == 1, "a turn whose question was answered ended as {turn}");
        for device in &self.devices {
            let (_, status) = click(device.clone(), approval.clone(), "approve").await?;
            ensure!(status == LATE, "a click after the end was answered with {status}");
        }
        let state = self.devices[0].get(&format!("/api/v1/approvals/{approval}")).await?["state"].clone();
        let approved = state == "approved";
        ensure!(approved || state == "denied", "after four clicks the question is {state}");
        // The reply that said so may have been lost with the hub.
        let fits = |verb: &&str| *verb == if approved { "approve" } else { "deny" };
        ensure!(taken.len() <= 1 && taken.iter().all(fits), "it is {state}, and these clicks were taken: {taken:?}");
        let ran = std::fs::read_to_string(&self.marks).unwrap_or_default().lines().filter(|line| *line == asked.mark).count();
        ensure!(ran == usize::from(approved), "it was {state} and ran {ran} times");
        if approved {
            self.approved += 1
        } else {
            self.denied += 1
        }
        Ok(())
    }
}

/// A click, again until there is an answer.
async fn click(device: Client, approval: String, verb: &'static str) -> Result<(&'static str, u16)> {
    let path = format!("/api/v1/approvals/{approval}/{verb}");
    let begun = Instant::now();
    loop {
        match device.send(Method::POST, &path, None, Some(&json!({}))).await {
            Ok(reply) if reply.status < 500 => {
                ensure!([TAKEN, LATE].contains(&reply.status), "a click was answered with {}: {}", reply.status, reply.body);
                return Ok((verb, reply.status));
            }
            _ => ensure!(begun.elapsed() < SOON, "no answer to a click"),
        }
        tokio::time::sleep(RETRY).await;
    }
}

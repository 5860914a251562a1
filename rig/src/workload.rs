//! Clients that keep sessions of `rehearse` busy while a nemesis breaks things: they send, look, answer questions and follow streams.
//!
//! Invariant: everything they ask and are told is in the journal. A send is repeated with its key until there is an answer, so that
//! in the end every message has one. Used by the goals; the tests and `cargo xtask prove` differ only in the numbers.

use crate::chance::Chance;
use crate::checker::{History, Sent, assert_sound, check_story};
use crate::client::Client;
use crate::history::{Ask, End, Journal};
use crate::stage::{Stage, id};
use crate::wait::until;
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

mod reader;

/// How long it may take until every turn has ended and every stream has shown it.
const QUIET_MAX: Duration = Duration::from_secs(240);
/// Between two tries of a client.
const RETRY: Duration = Duration::from_millis(40);
/// Between two looks at the list of questions.
const ANSWERS: Duration = Duration::from_millis(150);

/// How much the clients do.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Sessions side by side, each with a sender and a reader.
    pub sessions: usize,
    /// Turns that a session has in line at most.
    pub in_line: usize,
    /// The longest that a message sleeps, in milliseconds.
    pub longest_ms: u64,
    /// One message in so many asks a person before it runs a command; 0 for none.
    pub asks_every: u64,
    /// What happens to a message that was interrupted; drawn for each message when absent.
    pub policy: Option<&'static str>,
}

/// The running clients.
pub struct Workload {
    journal: Arc<Journal>,
    over: Arc<AtomicBool>,
    senders: JoinSet<Result<(String, Vec<Sent>)>>,
    others: JoinSet<()>,
    sessions: Vec<String>,
    marks: PathBuf,
    acked: Arc<AtomicUsize>,
}

/// What came out of it.
pub struct Outcome {
    /// Each session, as all sides tell it.
    pub histories: BTreeMap<String, History>,
    /// Operations that went well.
    pub oks: usize,
    /// Messages that were acknowledged.
    pub acked: usize,
    /// Events that are stored.
    pub events: usize,
}

impl Workload {
    /// Opens the sessions and starts the clients.
    pub async fn begin(stage: &Stage, load: Load, chance: &mut Chance) -> Result<Self> {
        let (journal, over) = (Arc::new(Journal::default()), Arc::new(AtomicBool::new(false)));
        let (mut senders, mut others, mut sessions) = (JoinSet::new(), JoinSet::new(), Vec::new());
        let (marks, acked) = (stage.fugue.root().join("marks"), Arc::new(AtomicUsize::new(0)));
        for number in 0..load.sessions {
            let session = stage.session("rehearse").await?;
            let (client, chance) = (stage.client.clone(), Chance::new(chance.draw()));
            others.spawn(reader::follow(client.clone(), session.clone(), journal.clone()));
            let (journal, marks, acked) = (journal.clone(), marks.clone(), acked.clone());
            let sender = Sender { client, session: session.clone(), number, chance, load, journal, marks, acked, ended: vec![] };
            senders.spawn(sender.run(over.clone()));
            sessions.push(session);
        }
        if load.asks_every > 0 {
            for _ in 0..2 {
                others.spawn(answer(stage.client.clone(), Chance::new(chance.draw()), journal.clone()));
            }
        }
        Ok(Self { journal, over, senders, others, sessions, marks, acked })
    }

    /// The sessions.
    pub fn sessions(&self) -> &[String] {
        &self.sessions
    }

    /// Messages that were acknowledged so far.
    pub fn acked(&self) -> usize {
        self.acked.load(Ordering::Relaxed)
    }

    /// Ends the clients, waits until everything is quiet, and checks all promises. Fewer than `minimum` operations that went well fail.
    pub async fn end(self, stage: &Stage, minimum: usize) -> Result<Outcome> {
        self.end_beside(stage, minimum, &[]).await
    }

    /// The same when the install had other sessions as well.
    pub async fn end_beside(mut self, stage: &Stage, minimum: usize, others: &[History]) -> Result<Outcome> {
        self.over.store(true, Ordering::Relaxed);
        let mut sent = BTreeMap::new();
        while let Some(done) = self.senders.join_next().await {
            let (session, messages) = done??;
            sent.insert(session, messages);
        }
        let mut histories = BTreeMap::new();
        let ran = marks(&self.marks)?;
        let acked = sent.values().flatten().filter(|sent| sent.acked.is_some()).count();
        for (session, sent) in sent {
            for (_, turn) in sent.iter().filter_map(|sent| sent.acked.as_ref()) {
                stage.client.turn_in(turn, &["ended"], QUIET_MAX).await?;
            }
            let mut history = stage.history(&session, sent).await?;
            let of_session = |mark: &&String| history.sent.iter().any(|sent| sent.text.contains(mark.as_str()));
            history.ran = ran.iter().filter(of_session).cloned().collect();
            histories.insert(session, history);
        }
        let shown = async || {
            let story = self.journal.story();
            let missing = histories.iter().find(|(session, history)| story.seen.get(*session).map_or(0, Vec::len) < history.events.len());
            if let Some((session, history)) = missing {
                bail!(
                    "{session} has {} events, and its stream showed {}",
                    history.events.len(),
                    story.seen.get(session).map_or(0, Vec::len)
                );
            }
            Ok(Some(story))
        };
        let story = until("the streams to show everything", QUIET_MAX, shown).await?;
        self.others.shutdown().await;
        let found: Vec<String> = check_story(&story, &histories, minimum).iter().map(ToString::to_string).collect();
        ensure!(found.is_empty(), "{} promises to clients were broken:\n{}", found.len(), found.join("\n"));
        let all: Vec<History> = histories.values().chain(others).cloned().collect();
        assert_sound(&all, &stage.executions()?);
        let events = histories.values().map(|history| history.events.len()).sum();
        Ok(Outcome { histories, oks: self.journal.oks(), acked, events })
    }
}

impl Outcome {
    /// How many turns there were, and of how many it is not known whether an attempt that was lost did something.
    pub fn turns(&self) -> (usize, usize) {
        let turns = || self.histories.values().flat_map(|history| &history.turns);
        (turns().count(), turns().filter(|turn| turn["maybe_executed"] == true).count())
    }
}

/// The marks that approved commands left, one for each run.
fn marks(path: &Path) -> Result<Vec<String>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// Keeps one session busy.
struct Sender {
    client: Client,
    session: String,
    number: usize,
    chance: Chance,
    load: Load,
    journal: Arc<Journal>,
    marks: PathBuf,
    acked: Arc<AtomicUsize>,
    ended: Vec<String>,
}

impl Sender {
    async fn run(mut self, over: Arc<AtomicBool>) -> Result<(String, Vec<Sent>)> {
        let mut sent: Vec<Sent> = Vec::new();
        while !over.load(Ordering::Relaxed) {
            let one = self.send(sent.len()).await?;
            sent.push(one);
            if let Some(earlier) = sent.len().checked_sub(self.load.in_line) {
                let (_, turn) = sent[earlier].acked.as_ref().context("a message without a reply")?;
                self.wait_for(turn, &over).await;
            }
        }
        Ok((self.session, sent))
    }

    /// A message whose words nobody else says.
    fn compose(&mut self, index: usize) -> (String, Sent) {
        let mark = format!("m-{}-{index}.", self.number);
        let (begins, ends) = (format!("{mark} begins"), format!("{mark} ends"));
        let sleep = self.chance.between(0, self.load.longest_ms + 1);
        let asks = self.load.asks_every > 0 && self.chance.between(0, self.load.asks_every) == 0;
        let (step, says) = match asks {
            true => (format!("run echo {mark} >> {}", self.marks.display()), Vec::new()),
            false => (format!("write {mark}txt done"), vec![begins.clone(), ends.clone()]),
        };
        (mark, Sent { text: format!("say {begins}\nsleep {sleep}\n{step}\nsay {ends}"), acked: None, says })
    }

    /// Sends a message, again with the same key until a reply comes: what was stored before the cut is not stored again.
    async fn send(&mut self, index: usize) -> Result<Sent> {
        let (key, mut sent) = self.compose(index);
        let policy = self.load.policy.unwrap_or(["ask", "retry", "resume"][self.chance.between(0, 3) as usize]);
        let body = json!({"text": sent.text, "on_interruption": policy});
        let path = format!("/api/v1/sessions/{}/messages", self.session);
        loop {
            let call = self.journal.invoke(Ask::Send { key: key.clone(), text: sent.text.clone() });
            match self.client.post_keyed(&path, &key, &body).await {
                Ok(reply) if reply.status == 201 => {
                    sent.acked = Some((id(&reply.body)?, id(&reply.body["turn"])?));
                    self.journal.end(call, End::Ok(json!({"id": reply.body["id"]})));
                    self.acked.fetch_add(1, Ordering::Relaxed);
                    return Ok(sent);
                }
                Ok(reply) if reply.status < 500 && reply.status != 409 => {
                    self.journal.end(call, End::Fail(reply.status));
                    bail!("{}: {}", reply.status, reply.body);
                }
                _ => {
                    self.journal.end(call, End::Unknown);
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    /// Waits for a turn's end, and looks again at an older one: what was final then must be final now.
    async fn wait_for(&mut self, turn: &str, over: &AtomicBool) {
        while !over.load(Ordering::Relaxed) && !self.look(turn).await {
            tokio::time::sleep(RETRY).await;
        }
        if !self.ended.is_empty() {
            let older = self.ended[self.chance.between(0, self.ended.len() as u64) as usize].clone();
            self.look(&older).await;
        }
        self.ended.push(turn.to_owned());
    }

    /// Whether a turn has ended.
    async fn look(&self, turn: &str) -> bool {
        let began = self.journal.now();
        let Ok(view) = self.client.get(&format!("/api/v1/turns/{turn}")).await else { return false };
        let ended = view["state"] == "ended";
        if ended || self.ended.iter().any(|known| known == turn) {
            self.journal.looked(turn, began, view);
        }
        ended
    }
}

/// Answers questions as they come. Two of these race for each.
async fn answer(client: Client, mut chance: Chance, journal: Arc<Journal>) {
    loop {
        let pending = client.get("/api/v1/approvals?state=pending&limit=100").await.unwrap_or_default();
        for approval in pending["items"].as_array().into_iter().flatten().filter_map(|approval| approval["id"].as_str()) {
            let approve = chance.between(0, 4) > 0;
            let path = format!("/api/v1/approvals/{approval}/{}", if approve { "approve" } else { "deny" });
            let call = journal.invoke(Ask::Answer { approval: approval.to_owned(), approve });
            let end = match client.send(reqwest::Method::POST, &path, None, Some(&json!({}))).await {
                Ok(reply) if reply.status < 300 => End::Ok(Value::Null),
                Ok(reply) if reply.status < 500 => End::Fail(reply.status),
                _ => End::Unknown,
            };
            journal.end(call, end);
        }
        tokio::time::sleep(ANSWERS).await;
    }
}

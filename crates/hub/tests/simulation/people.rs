//! People: they open sessions, send messages and send them again until they are answered, interrupt, approve, close, and read along.

use crate::agent::Around;
use crate::net;
use crate::node::Machine;
use crate::stage::{Phase, Stage};
use crate::witness::Witness;
use anyhow::{Context, Result, bail};
use fugue_domain::id::{SessionId, TurnId};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::sleep;

/// Messages of one session.
const MESSAGES: u64 = 5;
/// How long everything may take to come to its end when nothing fails any more.
const REST_MS: i64 = 90_000;

/// A message that the hub said it has.
#[derive(Debug, Clone)]
pub struct Accepted {
    pub turn: TurnId,
    pub text: String,
}

/// A session, as people know it.
pub struct Talk {
    pub id: SessionId,
    pub accepted: RefCell<Vec<Accepted>>,
    /// What was read along, by number.
    pub read: RefCell<BTreeMap<i64, String>>,
    /// Endings that were seen.
    pub seen: RefCell<BTreeMap<String, Value>>,
    /// At the end: events and turns.
    pub events: RefCell<Vec<Value>>,
    pub turns: RefCell<Vec<Value>>,
}

/// Everybody, with what they need.
pub struct People {
    pub stage: Rc<Stage>,
    pub witness: Rc<Witness>,
    pub machines: Vec<Rc<Machine>>,
    pub home: PathBuf,
    pub talks: RefCell<Vec<Rc<Talk>>>,
    pub token: RefCell<String>,
    working: Cell<usize>,
}

impl People {
    /// Nobody has done anything.
    pub fn new(stage: Rc<Stage>, witness: Rc<Witness>, machines: Vec<Rc<Machine>>, home: PathBuf) -> Rc<Self> {
        let (talks, token) = (RefCell::default(), RefCell::default());
        Rc::new(Self { stage, witness, machines, home, talks, token, working: Cell::new(0) })
    }

    /// Their whole day.
    pub async fn live(self: Rc<Self>) -> turmoil::Result {
        self.open().await.map_err(|error| format!("opening: {error:#}"))?;
        self.stage.phase.set(Phase::Faults);
        self.stage.note(format_args!("opened"));
        for talk in self.talks.borrow().iter().cloned() {
            self.working.set(self.working.get() + 1);
            tokio::task::spawn_local(self.clone().talk(talk.clone()));
            tokio::task::spawn_local(self.clone().read_along(talk));
        }
        tokio::task::spawn_local(self.clone().decide());
        let (mut calm, mut missing) = (0, String::new());
        while calm < REST_MS {
            sleep(Duration::from_millis(500)).await;
            if self.stage.phase.get() == Phase::Healed {
                calm += 500;
                match self.working.get() {
                    0 => match self.collect().await {
                        Ok(()) => {
                            self.stage.note(format_args!("all is done after {calm} ms of calm"));
                            return Ok(());
                        }
                        Err(error) => missing = format!("{error:#}"),
                    },
                    working => missing = format!("{working} people still send"),
                }
            }
        }
        self.stage.broken(format!("not everything came to its end within {REST_MS} ms after the last fault: {missing}"));
        Ok(())
    }

    /// Asks until the hub answers; gives up only for a reply that will not change.
    async fn insist(&self, method: &str, path: &str, key: Option<&str>, body: Option<&Value>) -> (u16, Value) {
        loop {
            let token = self.token.borrow().clone();
            match net::ask(&token, method, path, key, body).await {
                Ok((status, reply)) if status < 500 && status != 429 => return (status, reply),
                Ok((status, reply)) => {
                    self.stage.count("answered with a 5xx");
                    self.stage.note(format_args!("{method} {path}: {status} {reply}"));
                }
                Err(_) => self.stage.count("asked again"),
            }
            sleep(Duration::from_millis(self.stage.between(50, 500))).await;
        }
    }

    async fn must(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let (status, reply) = self.insist(method, path, None, body).await;
        if status >= 300 {
            bail!("{method} {path}: {status} {reply}");
        }
        Ok(reply)
    }

    async fn open(&self) -> Result<()> {
        let file = self.home.join("token");
        while !file.exists() {
            sleep(Duration::from_millis(50)).await;
        }
        *self.token.borrow_mut() = std::fs::read_to_string(file)?.trim().to_owned();
        for machine in &self.machines {
            let code = self.must("POST", "/api/v1/nodes/join-codes", Some(&json!({}))).await?;
            let joined = self.must("POST", "/api/v1/nodes/join", Some(&json!({"code": code["code"], "name": machine.name}))).await?;
            let node = joined["node"].as_str().context("a node")?.parse()?;
            let around = Around { node, stage: self.stage.clone(), witness: self.witness.clone() };
            *machine.joined.borrow_mut() = Some((around, joined["token"].as_str().context("a token")?.to_owned()));
            let project = self.project(&machine.name).await?;
            for _ in 0..self.stage.between(1, 3) {
                let new = json!({"project": project, "agent": "rehearse", "title": "Fix login"});
                let opened = self.must("POST", "/api/v1/sessions", Some(&new)).await?;
                let id = opened["id"].as_str().context("an id")?.parse()?;
                let talk = Talk {
                    id,
                    accepted: RefCell::default(),
                    read: RefCell::default(),
                    seen: RefCell::default(),
                    events: RefCell::default(),
                    turns: RefCell::default(),
                };
                self.talks.borrow_mut().push(Rc::new(talk));
            }
        }
        Ok(())
    }

    /// Adds a node's project, as soon as the node is there to be asked.
    async fn project(&self, node: &str) -> Result<Value> {
        for _ in 0..100 {
            let new = json!({"path": "/srv/shop", "node": node, "name": format!("shop-{node}")});
            let (status, reply) = self.insist("POST", "/api/v1/projects", None, Some(&new)).await;
            if status == 201 {
                return Ok(reply["id"].clone());
            }
            sleep(Duration::from_millis(100)).await;
        }
        bail!("{node} did not connect")
    }

    async fn talk(self: Rc<Self>, talk: Rc<Talk>) {
        let stage = self.stage.clone();
        for number in 0..MESSAGES {
            sleep(Duration::from_millis(stage.between(0, 3_000))).await;
            let policy = ["ask", "retry", "resume"][stage.between(0, 3) as usize];
            let text = format!("{} {number}", talk.id);
            let new = json!({"text": text, "on_interruption": policy});
            let path = format!("/api/v1/sessions/{}/messages", talk.id);
            let (status, reply) = self.insist("POST", &path, Some(&text), Some(&new)).await;
            stage.note(format_args!("sent {text}: {status}"));
            let Some(turn) = reply["turn"]["id"].as_str().and_then(|id| id.parse::<TurnId>().ok()).filter(|_| status == 201) else {
                if status != 409 {
                    stage.broken(format!("message {text} was answered with {status} {reply}"));
                }
                break;
            };
            stage.count("message");
            talk.accepted.borrow_mut().push(Accepted { turn: turn.clone(), text });
            if stage.percent(15) {
                sleep(Duration::from_millis(stage.between(0, 1_500))).await;
                let (status, _) = self.insist("POST", &format!("/api/v1/turns/{turn}/interrupt"), None, None).await;
                stage.note(format_args!("interrupt {}: {status}", turn.short()));
                stage.count("interrupt");
            }
            let token = self.token.borrow().clone();
            let asked = net::ask(&token, "GET", &format!("/api/v1/turns/{turn}"), None, None).await;
            if let Ok((200, seen)) = asked
                && seen["state"] == "ended"
            {
                talk.seen.borrow_mut().insert(turn.to_string(), json!([seen["outcome"], seen["reason"], seen["ended_at"]]));
            }
        }
        if stage.percent(20) {
            let (status, _) = self.insist("POST", &format!("/api/v1/sessions/{}/close", talk.id), None, None).await;
            stage.note(format_args!("close {}: {status}", talk.id.short()));
            stage.count("close");
        }
        self.working.set(self.working.get() - 1);
    }

    /// Answers questions, mostly with yes.
    async fn decide(self: Rc<Self>) {
        loop {
            sleep(Duration::from_millis(self.stage.between(200, 1_200))).await;
            let token = self.token.borrow().clone();
            let Ok((200, page)) = net::ask(&token, "GET", "/api/v1/approvals?state=pending", None, None).await else { continue };
            for asked in page["items"].as_array().into_iter().flatten() {
                let word = if self.stage.percent(80) { "approve" } else { "deny" };
                let path = format!("/api/v1/approvals/{}/{word}", asked["id"].as_str().unwrap_or_default());
                let _ = net::ask(&token, "POST", &path, None, Some(&json!({"hash": asked["hash"]}))).await;
            }
        }
    }

    /// Follows a session, and comes back with its cursor whenever it is cut off.
    async fn read_along(self: Rc<Self>, talk: Rc<Talk>) {
        let path = format!("/api/v1/sessions/{}/events", talk.id);
        loop {
            let after = talk.read.borrow().last_key_value().map_or(0, |(seq, _)| *seq);
            let token = self.token.borrow().clone();
            let heard = |seq: i64, event: &str| {
                let next = talk.read.borrow().last_key_value().map_or(0, |(seq, _)| *seq) + 1;
                if seq != next {
                    self.stage.broken(format!("a reader of {} got event {seq} where {next} was to come", talk.id));
                }
                talk.read.borrow_mut().insert(seq, event.to_owned());
                self.stage.count("event read along");
            };
            let _ = net::follow(&token, &path, after, heard).await;
            sleep(Duration::from_millis(self.stage.between(100, 1_000))).await;
        }
    }

    /// Reads everything that the hub knows; an error says what is not over.
    async fn collect(&self) -> Result<()> {
        let talks = self.talks.borrow().clone();
        let token = self.token.borrow().clone();
        for talk in &talks {
            let (status, turns) = net::ask(&token, "GET", &format!("/api/v1/sessions/{}/turns?limit=200", talk.id), None, None).await?;
            let turns = turns["items"].as_array().with_context(|| format!("turns: {status} {turns}"))?.clone();
            if let Some(open) = turns.iter().find(|turn| turn["state"] != "ended") {
                bail!("turn {open}");
            }
            *talk.turns.borrow_mut() = turns;
        }
        for talk in &talks {
            let mut events = Vec::new();
            loop {
                let path = format!("/api/v1/sessions/{}/events?after={}&limit=200", talk.id, events.len());
                let (_, page) = net::ask(&token, "GET", &path, None, None).await?;
                let items = page["items"].as_array().context("events")?;
                events.extend(items.iter().cloned());
                if items.is_empty() || page["next_cursor"].is_null() {
                    break;
                }
            }
            *talk.events.borrow_mut() = events;
        }
        Ok(())
    }
}

//! A member of a fleet, which is only its side of the link and comes back by itself: it joins with a code, dials, and plays turns without any agent.
//!
//! Invariant: it dials again as the product's node does (full jitter over a pause that doubles from 200 ms to 10 s), and notes each
//! welcome with its time. Many of them fill a hub with sessions and events by the way that real ones take. Knows the link's JSON only.

use crate::chance::Chance;
use crate::client::Client;
use crate::wait::until;
use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// The shortest and the longest pause before dialling again.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));
const HEARTBEAT: Duration = Duration::from_secs(5);
const WELCOME_MAX: Duration = Duration::from_secs(15);

/// A node of a fleet. Dropping it cuts its connection.
pub struct Member {
    /// Its id.
    pub id: String,
    notes: Arc<Notes>,
    task: JoinHandle<()>,
}

/// What happened to it.
#[derive(Default)]
struct Notes {
    welcomes: Mutex<Vec<Instant>>,
    ended: AtomicUsize,
}

impl Member {
    /// Joins, and waits until it is welcome. In every turn it says so many texts.
    pub async fn join(client: &Client, name: &str, says: usize, mut chance: Chance) -> Result<Self> {
        let code = client.post("/api/v1/nodes/join-codes", &json!({})).await?;
        let joined = client.post("/api/v1/nodes/join", &json!({"code": code["code"], "name": name})).await?;
        let text = |field: &str| joined[field].as_str().map(str::to_owned).with_context(|| format!("a node without its {field}"));
        let (id, token, notes) = (text("node")?, text("token")?, Arc::new(Notes::default()));
        let node = Talker { url: client.url("/api/v1/link").replacen("http", "ws", 1), token, name: name.to_owned(), says, notes };
        let (notes, begun) = (node.notes.clone(), Instant::now());
        let task = tokio::spawn(async move {
            let mut pause = BACK_OFF.0;
            loop {
                if let Ok(socket) = node.dial().await {
                    pause = BACK_OFF.0;
                    let _ = node.talk(socket).await;
                }
                tokio::time::sleep(pause * chance.between(0, 1_000) as u32 / 1_000).await;
                pause = (pause * 2).min(BACK_OFF.1);
            }
        });
        let node = Self { id, notes, task };
        until("a node to be welcome", WELCOME_MAX, async || Ok(node.welcomed_after(begun).map(drop))).await?;
        Ok(node)
    }

    /// When it was welcomed for the first time after a moment.
    pub fn welcomed_after(&self, moment: Instant) -> Option<Instant> {
        self.notes.welcomes.lock().unwrap_or_else(PoisonError::into_inner).iter().find(|at| **at > moment).copied()
    }

    /// Turns whose end the hub has acknowledged.
    pub fn ended(&self) -> usize {
        self.notes.ended.load(Ordering::Relaxed)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Its side of one connection after the other.
struct Talker {
    url: String,
    token: String,
    name: String,
    says: usize,
    notes: Arc<Notes>,
}

impl Talker {
    async fn dial(&self) -> Result<Socket> {
        let mut request = self.url.as_str().into_client_request()?;
        request.headers_mut().insert("Authorization", format!("Bearer {}", self.token).parse()?);
        Ok(tokio_tungstenite::connect_async(request).await?.0)
    }

    async fn talk(&self, mut socket: Socket) -> Result<()> {
        say(&mut socket, &json!({"hello": {"protocol": 1, "facts": facts(&self.name), "leases": []}})).await?;
        let (mut beat, mut held) = (0_u64, Vec::<Value>::new());
        let mut clock = tokio::time::interval(HEARTBEAT);
        loop {
            let message = tokio::select! {
                message = socket.next() => message.context("cut off")??,
                _ = clock.tick() => {
                    beat += 1;
                    let load = json!({"load1": 0.0, "memory_free": 0, "disk_free": 0, "agents": held.len()});
                    say(&mut socket, &json!({"heartbeat": {"beat": beat, "load": load, "leases": held}})).await?;
                    continue;
                }
            };
            let text = match message {
                Message::Text(text) => text,
                Message::Close(_) => bail!("closed"),
                _ => continue,
            };
            let said: Value = serde_json::from_str(&text)?;
            if said.get("welcome").is_some() {
                self.notes.welcomes.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
            } else if let Some(call) = said.get("call") {
                say(&mut socket, &json!({"reply": {"call": call["call"], "result": {"Ok": answer(&call["ask"])}}})).await?;
            } else if let Some(assignment) = said.get("assign").filter(|assignment| !held.contains(&assignment["lease"])) {
                held.push(assignment["lease"].clone());
                say(&mut socket, &self.turn(&assignment["lease"])).await?;
            } else if let Some(ack) = said.get("ack")
                && let Some(at) = held.iter().position(|lease| *lease == ack["lease"])
                && ack["through"].as_u64() >= Some(self.says as u64 + 2)
            {
                held.swap_remove(at);
                self.notes.ended.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// A whole turn in one batch: delivered, said, ended.
    fn turn(&self, lease: &Value) -> Value {
        let event = |number| json!({"at": "2026-11-21T00:00:00.000Z", "turn": lease["turn"], "type": "agent.text", "text": format!("line {number} of a turn that a simulated node has played")});
        let mut reports = vec![json!("delivered")];
        reports.extend((0..self.says).map(|number| json!({"event": event(number)})));
        reports.push(json!({"ended": {"ending": "succeeded", "detail": null}}));
        json!({"batch": {"lease": lease, "first": 1, "reports": reports}})
    }
}

async fn say(socket: &mut Socket, message: &Value) -> Result<()> {
    Ok(socket.send(Message::Text(message.to_string().into())).await?)
}

fn facts(name: &str) -> Value {
    let rehearse = json!({"driver": "rehearse", "path": "/x", "version": null, "logged_in": null, "problem": null});
    json!({"name": name, "version": "0", "platform": "linux x86_64", "boot": "1", "cpus": 2, "ownership": "subreaper", "slots": 64,
        "worktrees": "/srv/worktrees", "git": "2.40", "programs": [rehearse]})
}

fn answer(ask: &Value) -> Value {
    match ask.get("inspect") {
        Some(origin) => {
            let root = origin["path"].as_str().unwrap_or("/srv/x");
            let name = root.rsplit('/').next();
            json!({"repository": {"root": root, "name": name, "default_branch": "main", "head": "c0ffee"}})
        }
        None => json!({"commit": "c0ffee"}),
    }
}

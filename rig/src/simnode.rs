//! A simulated node: only its end of the link. It joins with a code, dials, and plays turns as their texts say, without any agent.
//!
//! `say EVENTS PER_BATCH` says that many things · `rate PER_SECOND SECONDS` a steady stream · `hold` begins and never ends; any
//! other text just ends. What is said is the time, in nanoseconds since 1970, and sixty letters. One process plays a thousand
//! sessions, which real agents could not. It speaks JSON and knows no type of ours.

use crate::client::Client;
use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// How long the hub may take to call it online.
const ONLINE_MAX: Duration = Duration::from_secs(30);
/// Between two heartbeats, unless the hub's leases are so short that a sixth of one is less.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Batches of one lease that it sends before it waits for the hub to have stored the first of them.
const IN_FLIGHT_MAX: usize = 4;
/// Small things go out at once, as a node's do.
const NO_DELAY: bool = true;
/// Zeroed for each read, so not much more than what comes.
const READ_BYTES: usize = 16 * 1024;
/// What may wait for its socket.
const WORDS_MAX: usize = 4_096;

/// A node that is connected. Dropping it cuts the connection.
pub struct SimNode {
    /// Its id.
    pub id: String,
    /// Its credential, with which [`SimNode::dial`] connects again.
    pub token: String,
    /// What came to it.
    pub heard: Arc<Heard>,
    task: JoinHandle<Result<()>>,
}

/// What came to a node, for whoever looks on.
#[derive(Debug, Default)]
pub struct Heard {
    begun: Mutex<Vec<(u128, String)>>,
    ended: AtomicU64,
    refused: AtomicU64,
}

impl Heard {
    /// The texts of turns that came since the last call, and when, in nanoseconds since 1970.
    pub fn take_begun(&self) -> Vec<(u128, String)> {
        std::mem::take(&mut self.begun.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Turns whose end the hub has stored.
    pub fn ended(&self) -> u64 {
        self.ended.load(Ordering::Relaxed)
    }

    /// Leases that the hub took away.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

/// What the hub says, as far as a node without agents cares: each message has one of these keys.
#[derive(Deserialize)]
struct Word {
    assign: Option<Assignment>,
    ack: Option<Ack>,
    refused: Option<Refused>,
    call: Option<Call>,
    release: Option<Place>,
    welcome: Option<Welcome>,
}

#[derive(Deserialize)]
struct Welcome {
    lease_ms: u64,
}

#[derive(Deserialize)]
struct Assignment {
    lease: Lease,
    text: String,
}

#[derive(Deserialize, serde::Serialize, Clone, PartialEq, Eq, Hash)]
struct Lease {
    session: String,
    turn: String,
    epoch: i64,
}

#[derive(Deserialize)]
struct Ack {
    lease: Lease,
    through: i64,
}

#[derive(Deserialize)]
struct Refused {
    lease: Lease,
}

#[derive(Deserialize)]
struct Place {
    session: String,
}

#[derive(Deserialize)]
struct Call {
    call: u64,
    ask: Value,
}

impl SimNode {
    /// Joins the org of this caller under a name, connects, and waits until the hub calls it online.
    pub async fn join(caller: &Client, name: &str, slots: usize) -> Result<Self> {
        let code = caller.post("/api/v1/nodes/join-codes", &json!({})).await?;
        let joined = caller.post("/api/v1/nodes/join", &json!({"code": code["code"], "name": name})).await?;
        let text = |field: &str| joined[field].as_str().map(str::to_owned).with_context(|| format!("no {field} after a join"));
        let (id, token) = (text("node")?, text("token")?);
        let node = Self::dial(&caller.url(""), &id, &token, name, slots).await?;
        let online = async || Ok((caller.get(&format!("/api/v1/nodes/{id}")).await?["state"] == "online").then_some(()));
        crate::wait::until("a simulated node to be online", ONLINE_MAX, online).await?;
        Ok(node)
    }

    /// Connects with a credential that it has already.
    pub async fn dial(base: &str, id: &str, token: &str, name: &str, slots: usize) -> Result<Self> {
        let mut request = format!("{}/api/v1/link", base.replacen("http", "ws", 1)).into_client_request()?;
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse()?);
        let buffers = WebSocketConfig::default().read_buffer_size(READ_BYTES);
        let connected = tokio_tungstenite::connect_async_with_config(request, Some(buffers), NO_DELAY).await;
        let (socket, _) = connected.context("a simulated node cannot connect")?;
        let heard = Arc::new(Heard::default());
        let hello = json!({"hello": {"protocol": 1, "facts": facts(name, slots), "leases": []}});
        let task = tokio::spawn(run(socket, hello.to_string(), heard.clone()));
        Ok(Self { id: id.to_owned(), token: token.to_owned(), heard, task })
    }

    /// Whether its connection still stands.
    pub fn is_connected(&self) -> bool {
        !self.task.is_finished()
    }

    /// A project in a folder of this node; every folder is a repository to it.
    pub async fn project(&self, caller: &Client) -> Result<String> {
        let project = caller.post("/api/v1/projects", &json!({"path": format!("/srv/{}", self.id), "node": self.id})).await?;
        crate::stage::id(&project)
    }
}

impl Drop for SimNode {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn facts(name: &str, slots: usize) -> Value {
    json!({
        "name": name, "version": "0.1.0", "platform": "simulated", "boot": "1", "cpus": 1, "ownership": "subreaper", "slots": slots,
        "worktrees": "/srv/worktrees", "git": "2.40",
        "programs": [{"driver": "rehearse", "path": "/x", "version": null, "logged_in": null, "problem": null}],
    })
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// The loop of one connection: what is held, and by which number the hub has stored it.
struct Loop {
    held: HashMap<Lease, watch::Sender<i64>>,
    turns: JoinSet<Option<Lease>>,
    say: mpsc::Sender<String>,
    heard: Arc<Heard>,
    beat: u64,
    every: Duration,
}

async fn run(socket: Socket, hello: String, heard: Arc<Heard>) -> Result<()> {
    let (mut sink, mut stream) = socket.split();
    let (say, mut words) = mpsc::channel::<String>(WORDS_MAX);
    let mut node = Loop { held: HashMap::new(), turns: JoinSet::new(), say, heard, beat: 0, every: HEARTBEAT };
    let mut next = tokio::time::Instant::now();
    sink.send(Message::Text(hello.into())).await?;
    loop {
        tokio::select! {
            message = stream.next() => match message.context("the hub cut the link")?? {
                Message::Text(text) => if let Some(answer) = node.hear(&text) {
                    sink.send(Message::Text(answer.into())).await?;
                },
                Message::Close(frame) => bail!("the hub closed the link: {frame:?}"),
                _ => {}
            },
            Some(word) = words.recv() => {
                let mut next = Some(word);
                while let Some(word) = next {
                    sink.feed(Message::Text(word.into())).await?;
                    next = words.try_recv().ok();
                }
                sink.flush().await?;
            }
            Some(done) = node.turns.join_next() => if let Some(lease) = done? {
                node.held.remove(&lease);
                node.heard.ended.fetch_add(1, Ordering::Relaxed);
            },
            () = tokio::time::sleep_until(next) => {
                sink.send(Message::Text(node.heartbeat().into())).await?;
                next = tokio::time::Instant::now() + node.every;
            }
        }
    }
}

impl Loop {
    /// Takes in a word; what is to be answered at once.
    fn hear(&mut self, text: &str) -> Option<String> {
        // `"drain"` is no object and of no interest.
        let word: Word = serde_json::from_str(text).ok()?;
        if let Some(Assignment { lease, text }) = word.assign
            && !self.held.contains_key(&lease)
        {
            self.heard.begun.lock().unwrap_or_else(PoisonError::into_inner).push((now_ns(), text.clone()));
            let (stored, acked) = watch::channel(0);
            self.held.insert(lease.clone(), stored);
            self.turns.spawn(Turn { lease, next: 1, say: self.say.clone(), acked }.play(text));
        }
        if let Some(Ack { lease, through }) = word.ack
            && let Some(stored) = self.held.get(&lease)
        {
            stored.send_replace(through);
        }
        if let Some(Refused { lease }) = word.refused
            && self.held.remove(&lease).is_some()
        {
            self.heard.refused.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(Welcome { lease_ms }) = word.welcome {
            self.every = HEARTBEAT.min(Duration::from_millis(lease_ms / 6));
            return Some(self.heartbeat());
        }
        if let Some(Place { session }) = word.release {
            return Some(json!({"released": {"session": session, "rescue": null}}).to_string());
        }
        word.call.map(|Call { call, ask }| json!({"reply": {"call": call, "result": {"Ok": answer(&ask)}}}).to_string())
    }

    fn heartbeat(&mut self) -> String {
        self.beat += 1;
        let leases: Vec<&Lease> = self.held.keys().collect();
        let load = json!({"load1": 0.0, "memory_free": 1_i64 << 33, "disk_free": 1_i64 << 40, "agents": leases.len()});
        json!({"heartbeat": {"beat": self.beat, "load": load, "leases": leases}}).to_string()
    }
}

/// Every folder is a repository without agents of its own, and every name a commit.
fn answer(ask: &Value) -> Value {
    match ask["inspect"]["path"].as_str() {
        Some(path) => {
            let name = path.rsplit('/').next().unwrap_or(path);
            json!({"repository": {"root": path, "name": name, "default_branch": "main", "head": "c0ffee"}})
        }
        None if ask.get("agent").is_some() => json!({"agent": null}),
        None => json!({"commit": "c0ffee"}),
    }
}

/// The last reports of each turn.
const END: [&str; 2] = [
    r#"{"used":{"usage":{"cost_usd":0.0025,"tokens":{"input":100,"output":10,"cache_read":0,"cache_write":0}},"model":"m"}}"#,
    r#"{"ended":{"ending":"succeeded","detail":null}}"#,
];

/// A turn that is being played.
struct Turn {
    lease: Lease,
    /// The number of the next report.
    next: i64,
    say: mpsc::Sender<String>,
    acked: watch::Receiver<i64>,
}

impl Turn {
    /// Plays it to its stored end; `None` when the lease or the link was lost before.
    async fn play(mut self, text: String) -> Option<Lease> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let number = |at: usize| words.get(at).and_then(|word| word.parse::<usize>().ok()).unwrap_or(1).max(1);
        self.report(&["\"delivered\""]).await?;
        match words.first() {
            Some(&"say") => self.say(number(1), number(2)).await?,
            Some(&"rate") => self.rate(number(1), number(2)).await?,
            Some(&"hold") => self.stored(i64::MAX).await?,
            _ => {}
        }
        self.report(&END).await?;
        self.stored(self.next - 1).await?;
        Some(self.lease)
    }

    async fn say(&mut self, events: usize, per_batch: usize) -> Option<()> {
        let mut left = events;
        while left > 0 {
            let some = per_batch.min(left);
            left -= some;
            self.report(&(0..some).map(|_| self.event()).collect::<Vec<_>>()).await?;
            self.stored(self.next - 1 - (some * IN_FLIGHT_MAX) as i64).await?;
        }
        Some(())
    }

    async fn rate(&mut self, per_second: usize, seconds: usize) -> Option<()> {
        let mut ticks = ticks(per_second, per_second * seconds);
        while ticks.recv().await.is_some() {
            self.report(&[self.event()]).await?;
            self.stored(self.next - 1 - IN_FLIGHT_MAX as i64).await?;
        }
        Some(())
    }

    fn event(&self) -> String {
        let (now, turn, letters) = (now_ns(), &self.lease.turn, "x".repeat(60));
        format!(r#"{{"event":{{"at":"2026-11-21T00:00:00.000Z","turn":"{turn}","type":"agent.text","text":"{now} {letters}"}}}}"#)
    }

    async fn report(&mut self, reports: &[impl AsRef<str>]) -> Option<()> {
        let Lease { session, turn, epoch } = &self.lease;
        let texts: Vec<&str> = reports.iter().map(AsRef::as_ref).collect();
        let (first, all) = (self.next, texts.join(","));
        self.next += texts.len() as i64;
        let lease = format!(r#"{{"session":"{session}","turn":"{turn}","epoch":{epoch}}}"#);
        self.say.send(format!(r#"{{"batch":{{"lease":{lease},"first":{first},"reports":[{all}]}}}}"#)).await.ok()
    }

    /// Waits until the hub has stored this report.
    async fn stored(&mut self, number: i64) -> Option<()> {
        self.acked.wait_for(|through| *through >= number).await.ok().map(|_| ())
    }
}

/// Ticks, each somewhere in its part of the second: no agent speaks by the clock, and turns that a busy hub hands out in one go would
/// speak in the same moment for as long as they last. They are those of a thread that sleeps, as the process of a real agent would; the
/// runtime's own timers go by whole milliseconds.
fn ticks(per_second: usize, count: usize) -> mpsc::UnboundedReceiver<()> {
    let (tick, ticks) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let (begun, chance) = (Instant::now(), RandomState::new());
        for index in 0..count {
            let within = chance.hash_one(index) as f64 / u64::MAX as f64;
            let due = Duration::from_secs_f64((index as f64 + within) / per_second as f64);
            std::thread::sleep(due.saturating_sub(begun.elapsed()));
            if tick.send(()).is_err() {
                return;
            }
        }
    });
    ticks
}

fn now_ns() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos())
}

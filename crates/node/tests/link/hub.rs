//! A hub as far as a node can tell: takes its connection, and says what a test wants.

use fugue_domain::agent::{Agent, Driver};
use fugue_domain::id::{JobId, NodeId, SessionId, TurnId};
use fugue_domain::lease::LeaseKey;
use fugue_domain::link::{Assignment, FromHub, FromNode, Hello, Place, Report};
use fugue_domain::node::Room;
use fugue_domain::project::Origin;
use fugue_domain::session::PlaceKind;
use fugue_domain::turn::Opening;
use fugue_domain::world::World;
use futures_util::{SinkExt, StreamExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

/// What a test may wait for anything.
pub const LIMIT: Duration = Duration::from_secs(20);

/// A folder that goes with the test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let unique = crate::world::RealWorld.random() as u32;
        let path = std::env::temp_dir().join(format!("fugue-node-{name}-{unique:08x}"));
        std::fs::create_dir_all(&path).unwrap();
        Self(path.canonicalize().unwrap())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn example(name: &str) -> PathBuf {
    let path = std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().join("examples").join(name);
    assert!(path.is_file(), "{} is not built: run `cargo build -p fugue-node --examples`", path.display());
    path
}

pub fn repository(folder: &Path) -> PathBuf {
    let path = folder.join("repository");
    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("file"), "one\n").unwrap();
    for args in [&["init", "-q", "-b", "main"][..], &["add", "."], &["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "one"]] {
        assert!(std::process::Command::new("git").args(args).current_dir(&path).status().unwrap().success());
    }
    path
}

/// A node that runs in this process.
pub struct Node {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), fugue_node::NodeError>>,
}

impl Node {
    pub fn start(home: &Path, hub: &Hub) -> Self {
        Self::start_with(home, hub, |_| {})
    }

    /// The same, with other settings.
    pub fn start_with(home: &Path, hub: &Hub, change: impl FnOnce(&mut fugue_node::Options)) -> Self {
        let stop = CancellationToken::new();
        let mut options = fugue_node::Options {
            home: home.to_owned(),
            hub: format!("http://{}", hub.listener.local_addr().unwrap()),
            token: "fgt_test".into(),
            name: "test".into(),
            slots: 4,
            keeper: vec![example("keeper").into()],
            programs: [(Driver::Rehearse, example("rehearse"))].into(),
            pass_env: vec![],
            project_commands: true,
            check_seconds_max: 60,
            budget: fugue_node::Budget::default(),
            world: Arc::new(crate::world::RealWorld),
        };
        change(&mut options);
        Self { task: tokio::spawn(fugue_node::run(options, stop.clone())), stop }
    }

    pub async fn stop(self) {
        self.stop.cancel();
        tokio::time::timeout(Duration::from_secs(3), self.task).await.expect("a node ends quickly").unwrap().unwrap();
    }
}

pub struct Hub {
    pub listener: TcpListener,
}

pub struct Connection {
    socket: WebSocketStream<TcpStream>,
    pub hello: Hello,
}

impl Hub {
    pub async fn new() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub async fn accept(&self) -> Connection {
        let (stream, _) = tokio::time::timeout(LIMIT, self.listener.accept()).await.expect("the node dials").unwrap();
        let socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        let hello = Hello { protocol: 0, facts: serde_json::from_value(facts()).unwrap(), leases: vec![], jobs: vec![] };
        let mut connection = Connection { socket, hello };
        let FromNode::Hello(hello) = connection.hear().await else { panic!("hello comes first") };
        connection.hello = hello;
        connection.say(FromHub::Welcome { node: NodeId::from_bits(1), lease_ms: 60_000 }).await;
        connection
    }
}

fn facts() -> serde_json::Value {
    serde_json::json!({"name": "", "version": "", "platform": "", "boot": "", "cpus": 0, "ownership": "sweep", "slots": 0, "worktrees": "",
        "git": "", "programs": []})
}

impl Connection {
    pub async fn say(&mut self, message: FromHub) {
        self.socket.send(Message::text(serde_json::to_string(&message).unwrap())).await.unwrap();
    }

    /// Breaks it off; the node dials again.
    pub async fn cut(&mut self) {
        self.socket.close(None).await.unwrap();
    }

    /// The next message that is not a heartbeat; those are answered.
    pub async fn hear(&mut self) -> FromNode {
        loop {
            match self.hear_any().await {
                FromNode::Heartbeat { beat, leases, .. } => self.say(FromHub::Renewed { beat, leases, refused: vec![] }).await,
                FromNode::Delta { .. } => {}
                other => return other,
            }
        }
    }

    async fn hear_any(&mut self) -> FromNode {
        let message = tokio::time::timeout(LIMIT, self.socket.next()).await.expect("the node speaks").unwrap().unwrap();
        serde_json::from_str(message.to_text().unwrap()).unwrap()
    }

    /// The leases of the next heartbeat.
    pub async fn leases(&mut self) -> Vec<LeaseKey> {
        loop {
            if let FromNode::Heartbeat { leases, .. } = self.hear_any().await {
                return leases;
            }
        }
    }

    /// The jobs of the next heartbeat.
    pub async fn jobs(&mut self) -> Vec<JobId> {
        loop {
            if let FromNode::Heartbeat { jobs, .. } = self.hear_any().await {
                return jobs;
            }
        }
    }

    /// What the next heartbeat says that worktrees take.
    pub async fn room(&mut self) -> Option<Room> {
        loop {
            if let FromNode::Heartbeat { load, .. } = self.hear_any().await {
                return load.room;
            }
        }
    }

    /// Collects reports from number 1 until one fits, checking that the numbers are contiguous.
    pub async fn reports(&mut self, until: impl Fn(&Report) -> bool, ack: bool) -> Vec<Report> {
        self.collect(None, until, ack).await
    }

    /// The same for one lease, when those of another may still come. Acknowledges nothing.
    pub async fn reports_of(&mut self, lease: &LeaseKey, until: impl Fn(&Report) -> bool) -> Vec<Report> {
        self.collect(Some(lease), until, false).await
    }

    /// Heartbeats go on for ever, so the limit holds for all reports together.
    async fn collect(&mut self, lease: Option<&LeaseKey>, until: impl Fn(&Report) -> bool, ack: bool) -> Vec<Report> {
        tokio::time::timeout(LIMIT, self.collecting(lease, until, ack)).await.expect("the awaited report comes")
    }

    async fn collecting(&mut self, lease: Option<&LeaseKey>, until: impl Fn(&Report) -> bool, ack: bool) -> Vec<Report> {
        let mut all: Vec<Report> = Vec::new();
        while !all.last().is_some_and(&until) {
            let FromNode::Batch(batch) = self.hear().await else { continue };
            if lease.is_some_and(|lease| *lease != batch.lease) {
                continue;
            }
            let have = all.len() as i64;
            assert!(batch.first <= have + 1, "a gap: {} after {have}", batch.first);
            let through = batch.first + batch.reports.len() as i64 - 1;
            all.extend(batch.reports.into_iter().skip((have + 1 - batch.first).max(0) as usize));
            if ack {
                self.say(FromHub::Ack { lease: batch.lease, through }).await;
            }
        }
        all
    }
}

/// An assignment of a command agent.
pub fn assignment(home: &Path, repository: &Path, session: u128, epoch: i64, script: &str) -> Assignment {
    let session = SessionId::from_bits(session);
    let mut agent = Agent::plain("sh", Driver::Command, "");
    agent.program = vec!["/bin/sh".into(), "-c".into(), script.into()];
    let path = home.join("worktrees").join(session.as_str()).to_string_lossy().into_owned();
    let branch = Some(fugue_domain::session::branch_name("test", &session));
    let origin = Origin::Path(repository.to_string_lossy().into_owned());
    let place = Place { session: session.clone(), origin, kind: PlaceKind::Worktree, path, branch, base: None, landed: None };
    let lease = LeaseKey { session, turn: TurnId::from_bits(epoch as u128), epoch };
    Assignment { lease, place, agent, opening: Opening::Message, text: "hello".into(), memory: None, budget_left: None }
}

/// An assignment of the rehearsal program, which lives on after its turn.
pub fn rehearsal(home: &Path, repository: &Path, session: u128, epoch: i64, text: &str) -> Assignment {
    let mut assignment = assignment(home, repository, session, epoch, "");
    assignment.agent = Agent::plain("rehearse", Driver::Rehearse, "");
    // What it remembers belongs to the test's folder.
    assignment.agent.isolated = true;
    assignment.text = text.into();
    assignment
}

/// Reports as text, so that two runs can be compared.
pub fn texts(reports: &[Report]) -> Vec<String> {
    reports.iter().map(|report| serde_json::to_string(report).unwrap()).collect()
}

/// The processes of a session, by the marker in their environment.
pub fn processes(session: &SessionId) -> Vec<String> {
    let marker = format!("FUGUE_SESSION={session}");
    let pids = std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    pids.filter(|pid| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|entry| entry == marker.as_bytes())
    })
    .collect()
}

/// Waits until something is so.
pub async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = tokio::time::Instant::now() + LIMIT;
    while !is_so() {
        assert!(tokio::time::Instant::now() < until, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

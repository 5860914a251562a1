//! A simulated node: it speaks the real link over the simulated network, and keeps what a real node keeps on its disk.
//!
//! Invariant: what [`Machine`] holds outlives the node's program, and what of it outlives the machine is decided in
//! [`Machine::power_lost`]; everything else is on the stack of [`run`] and dies with it.

use crate::agent::{Agent, Around};
use crate::net::HUB;
use crate::stage::Stage;
use crate::witness::End;
use crate::world::{SimWorld, elapsed};
use anyhow::{Result, bail};
use fugue_domain::agent::Driver;
use fugue_domain::id::SessionId;
use fugue_domain::lease::{LeaseKey, fence_after_ms, heartbeat_every_ms};
use fugue_domain::limits::BATCHES_IN_FLIGHT_MAX;
use fugue_domain::link::{Answered, Ask, Assignment, Batch, CallFailed, FromHub, FromNode, Hello, Order, PATH, PROTOCOL};
use fugue_domain::node::{Load, NodeFacts, Ownership, Program};
use fugue_domain::project::Repository;
use fugue_domain::reason::Reason;
use fugue_domain::turn::{Ending, Wish};
use fugue_domain::world::World;
use futures_util::{SinkExt, StreamExt};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use turmoil::net::TcpStream;

/// A connection on which nothing came for this long is dead; shorter than a real node's, as everything here is.
const SILENCE_MS: i64 = 7_000;
/// How long dialling may take.
const DIAL: Duration = Duration::from_secs(2);

type Socket = WebSocketStream<TcpStream>;

/// What a node's machine holds.
pub struct Machine {
    pub name: String,
    pub world: Arc<SimWorld>,
    pub stage: Rc<Stage>,
    /// Who it is, and its credential, once it has joined.
    pub joined: RefCell<Option<(Around, String)>>,
    pub asleep_until: Cell<i64>,
    lease_ms: i64,
    boot: Cell<u64>,
    skew: Cell<i64>,
    held: RefCell<BTreeMap<SessionId, Agent>>,
    epochs: RefCell<BTreeMap<SessionId, i64>>,
}

impl Machine {
    /// A machine that has not joined.
    pub fn new(name: String, seed: u64, stage: Rc<Stage>, lease_ms: i64) -> Rc<Self> {
        Rc::new(Self {
            name,
            world: SimWorld::new(seed),
            stage,
            joined: RefCell::default(),
            asleep_until: Cell::new(0),
            lease_ms,
            boot: Cell::new(1),
            skew: Cell::new(0),
            held: RefCell::default(),
            epochs: RefCell::default(),
        })
    }

    /// Brings every agent up to the present.
    pub fn advance(&self, now: i64) {
        self.held.borrow_mut().values_mut().for_each(|agent| agent.advance(now, self.skew.get()));
    }

    /// The power is gone: agents die without a word. Some disks have the node's notes, some had not written them yet.
    pub fn power_lost(&self, now: i64) {
        self.advance(now);
        self.boot.set(self.boot.get() + 1);
        let written = self.stage.percent(50);
        let mut held = self.held.borrow_mut();
        held.values_mut().filter(|agent| !agent.over).for_each(|agent| {
            let delivered = !agent.reports.is_empty();
            if written {
                agent.end(now, Ending::Interrupted { reason: Reason::MachineRestarted, delivered }, End::Killed("power"));
            } else {
                agent.kill(now, "power");
            }
        });
        if !written {
            held.clear();
        }
    }

    /// The machine sleeps: nothing is done, and its leases go on to run out.
    pub fn sleep(&self, now: i64, until: i64) {
        self.advance(now);
        self.asleep_until.set(until);
        self.held.borrow_mut().values_mut().for_each(|agent| agent.sleep(until));
    }

    /// The wall clock is set; what is measured from the machine's start is not.
    pub fn jump(&self, ms: i64) {
        self.world.jump(ms);
        self.skew.set(self.skew.get() + ms);
    }

    fn leases(&self) -> Vec<LeaseKey> {
        self.held.borrow().values().map(|agent| agent.lease.clone()).collect()
    }

    fn due(&self) -> i64 {
        self.held.borrow().values().map(Agent::due).min().unwrap_or(i64::MAX)
    }

    /// `answered` is when the last word was sent that the hub answered.
    fn assign(&self, assignment: &Assignment, answered: i64) {
        let (lease, now, deadline) = (&assignment.lease, elapsed(), answered + fence_after_ms(self.lease_ms));
        if deadline <= now {
            return self.stage.count("assignment came too late");
        }
        let mut epochs = self.epochs.borrow_mut();
        let known = epochs.entry(lease.session.clone()).or_default();
        if lease.epoch <= *known {
            return self.stage.count("assignment said again");
        }
        *known = lease.epoch;
        let Some((around, _)) = self.joined.borrow().clone() else { return };
        let agent = Agent::new(around, assignment, now, deadline);
        if let Some(mut older) = self.held.borrow_mut().insert(lease.session.clone(), agent) {
            older.kill(now, "newer lease");
        }
    }

    fn order(&self, order: &Order) {
        let now = elapsed();
        let mut held = self.held.borrow_mut();
        let Some(agent) = held.get_mut(&order.lease.session).filter(|agent| agent.lease == order.lease && !agent.over) else { return };
        order.answers.iter().for_each(|answer| agent.answer(answer, now));
        if let Some(wish) = order.wish {
            let reason = if wish == Wish::Stop { Reason::Stop } else { Reason::Interrupt };
            self.stage.count("wish carried out");
            agent.end(now, Ending::Cancelled { reason }, End::Killed("wish"));
        }
    }

    fn refused(&self, lease: &LeaseKey) {
        let mut held = self.held.borrow_mut();
        if held.get(&lease.session).is_some_and(|agent| agent.lease == *lease) {
            let mut agent = held.remove(&lease.session).expect("it is there");
            self.stage.count("lease refused");
            agent.kill(elapsed(), "refused");
        }
    }

    fn acked(&self, lease: &LeaseKey, through: i64) {
        let mut held = self.held.borrow_mut();
        let Some(agent) = held.get_mut(&lease.session).filter(|agent| agent.lease == *lease) else { return };
        agent.acked = agent.acked.max(through);
        if agent.over && agent.acked >= agent.reports.len() as i64 {
            held.remove(&lease.session);
        }
    }

    fn renewed(&self, lease: &LeaseKey, sent: i64) {
        let mut held = self.held.borrow_mut();
        let Some(agent) = held.get_mut(&lease.session).filter(|agent| agent.lease == *lease) else { return };
        agent.deadline = sent + fence_after_ms(self.lease_ms);
    }

    fn facts(&self) -> NodeFacts {
        let rehearse = Program { path: Some("/x".into()), ..Program::of(Driver::Rehearse) };
        NodeFacts {
            name: self.name.clone(),
            version: "0.1.0".into(),
            platform: "linux x86_64".into(),
            boot: self.boot.get().to_string(),
            cpus: 2,
            ownership: Ownership::Subreaper,
            slots: 2,
            worktrees: "/srv/worktrees".into(),
            git: "2.40".into(),
            programs: vec![rehearse],
        }
    }
}

/// The node's program: stays connected for as long as it runs.
pub async fn run(machine: Rc<Machine>) -> turmoil::Result {
    let mut pause = 200;
    loop {
        let token = machine.joined.borrow().as_ref().map(|(_, token)| token.clone());
        let Some(token) = token else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        if let Ok(Ok(socket)) = tokio::time::timeout(DIAL, dial(&token)).await {
            pause = 200;
            machine.stage.note(format_args!("{} is connected", machine.name));
            let connection = Connection::new(machine.clone(), socket);
            let why = connection.converse().await.err().map(|error| error.to_string()).unwrap_or_default();
            machine.stage.note(format_args!("{} is cut off: {why}", machine.name));
        }
        machine.advance(elapsed());
        let share = (machine.world.random() % 1_000) as u64;
        tokio::time::sleep(Duration::from_millis(pause * share / 1_000)).await;
        pause = (pause * 2).min(2_000);
    }
}

async fn dial(token: &str) -> Result<Socket> {
    let mut request = format!("ws://{}{PATH}", HUB.0).into_client_request()?;
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse()?);
    let stream = TcpStream::connect(HUB).await?;
    Ok(tokio_tungstenite::client_async(request, stream).await?.0)
}

/// One connection.
struct Connection {
    machine: Rc<Machine>,
    socket: Socket,
    beat: u64,
    beats: VecDeque<(u64, i64)>,
    answered: i64,
    /// Batches without an acknowledgement, by session: the number of the last report of each.
    flying: BTreeMap<SessionId, VecDeque<i64>>,
}

impl Connection {
    fn new(machine: Rc<Machine>, socket: Socket) -> Self {
        Self { machine, socket, beat: 0, beats: VecDeque::new(), answered: elapsed(), flying: BTreeMap::new() }
    }

    async fn converse(mut self) -> Result<()> {
        self.machine.held.borrow_mut().values_mut().for_each(|agent| agent.sent = agent.acked);
        let hello = Hello { protocol: PROTOCOL, facts: self.machine.facts(), leases: self.machine.leases(), jobs: Vec::new() };
        self.say(&FromNode::Hello(hello)).await?;
        let (mut heard, mut beat) = (elapsed(), elapsed());
        loop {
            let now = elapsed();
            if self.machine.asleep_until.get() > now {
                tokio::time::sleep(Duration::from_millis((self.machine.asleep_until.get() - now) as u64)).await;
                continue;
            }
            self.machine.advance(now);
            self.report().await?;
            if now >= beat {
                self.heartbeat().await?;
                beat = now + heartbeat_every_ms(self.machine.lease_ms);
            }
            if now >= heard + SILENCE_MS {
                bail!("silence");
            }
            let wake = beat.min(heard + SILENCE_MS).min(self.machine.due().max(now + 1));
            let wait = tokio::time::sleep(Duration::from_millis((wake - now) as u64));
            let message = tokio::select! {
                biased;
                message = self.socket.next() => message,
                () = wait => continue,
            };
            match message {
                Some(Ok(Message::Text(text))) => {
                    heard = elapsed();
                    self.machine.advance(heard);
                    self.heard(serde_json::from_str(&text)?).await?;
                }
                Some(Ok(Message::Close(frame))) => bail!("closed: {:?}", frame.map(|frame| frame.reason)),
                Some(Ok(_)) => {}
                Some(Err(error)) => bail!(error),
                None => bail!("the end"),
            }
        }
    }

    async fn say(&mut self, message: &FromNode) -> Result<()> {
        let text = serde_json::to_string(message)?;
        let sent = self.socket.send(Message::Text(text.into()));
        Ok(tokio::time::timeout(Duration::from_millis(SILENCE_MS as u64), sent).await??)
    }

    async fn heartbeat(&mut self) -> Result<()> {
        self.beat += 1;
        self.beats.push_back((self.beat, elapsed()));
        let leases = self.machine.leases();
        self.say(&FromNode::Heartbeat { beat: self.beat, load: Load::default(), leases, jobs: Vec::new() }).await
    }

    /// Says what the hub has not been told on this connection.
    async fn report(&mut self) -> Result<()> {
        let mut batches = Vec::new();
        for agent in self.machine.held.borrow_mut().values_mut() {
            let flying = self.flying.entry(agent.lease.session.clone()).or_default();
            let through = agent.reports.len() as i64;
            if agent.sent < through && flying.len() < BATCHES_IN_FLIGHT_MAX {
                let reports = agent.reports[agent.sent as usize..].to_vec();
                let batch = Batch { lease: agent.lease.clone(), first: agent.sent + 1, reports };
                agent.sent = through;
                flying.push_back(through);
                batches.push(FromNode::Batch(batch));
            }
        }
        for batch in batches {
            self.say(&batch).await?;
            if self.machine.stage.percent(2) {
                self.machine.stage.count("batch said twice");
                self.say(&batch).await?;
            }
        }
        Ok(())
    }

    async fn heard(&mut self, said: FromHub) -> Result<()> {
        let machine = self.machine.clone();
        match said {
            FromHub::Assign(assignment) => {
                machine.stage.note(format_args!(
                    "{} hears assign {}/{}",
                    machine.name,
                    assignment.lease.turn.short(),
                    assignment.lease.epoch
                ));
                self.flying.remove(&assignment.lease.session);
                machine.assign(&assignment, self.answered);
            }
            FromHub::Order(order) => machine.order(&order),
            FromHub::Ack { lease, through } => {
                if let Some(flying) = self.flying.get_mut(&lease.session) {
                    flying.retain(|last| *last > through);
                }
                machine.acked(&lease, through);
            }
            FromHub::Refused { lease } => machine.refused(&lease),
            FromHub::Renewed { beat, leases, refused } => {
                let sent = self.beats.iter().find(|(known, _)| *known == beat).map(|(_, sent)| *sent);
                self.beats.retain(|(known, _)| *known > beat);
                if let Some(sent) = sent {
                    self.answered = sent;
                    leases.iter().for_each(|lease| machine.renewed(lease, sent));
                }
                refused.iter().for_each(|lease| machine.refused(lease));
            }
            FromHub::Release(place) => {
                if let Some(mut agent) = machine.held.borrow_mut().remove(&place.session) {
                    agent.kill(elapsed(), "released");
                }
                machine.stage.count("session released");
                self.say(&FromNode::Released { session: place.session, rescue: None, branch_removed: false }).await?;
            }
            FromHub::Call { call, ask } => {
                let result = answer(ask);
                self.say(&FromNode::Reply { call, result }).await?;
            }
            FromHub::Welcome { .. } | FromHub::Prepare(_) | FromHub::End { .. } => {}
            // No story of the simulation asks for jobs.
            FromHub::Job { .. } | FromHub::JobStored { .. } | FromHub::JobDropped { .. } => {}
        }
        Ok(())
    }
}

fn answer(ask: Ask) -> Result<Answered, CallFailed> {
    match ask {
        Ask::Inspect(_) => {
            let (root, name) = ("/srv/shop".into(), "shop".into());
            Ok(Answered::Repository(Repository { root, name, default_branch: "main".into(), head: Some("c0ffee".into()) }))
        }
        Ask::Resolve { .. } => Ok(Answered::Commit("c0ffee".into())),
        Ask::File { .. } => Ok(Answered::File(None)),
        Ask::History { .. } => Ok(Answered::History(Vec::new())),
        Ask::Diff { .. } => Ok(Answered::Diff { text: String::new(), cut: false }),
        Ask::Output { .. } => Ok(Answered::Output(None)),
        Ask::Raw { .. } => Ok(Answered::Raw(None)),
        Ask::Changes(_) => Ok(Answered::Changes(None)),
    }
}

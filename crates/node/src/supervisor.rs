//! The supervisor: one loop that knows which sessions there are, and tells each what concerns it.
//!
//! Invariant: it decides nothing about a turn. It lists to the hub the leases that its sessions hold, from before a restart as well,
//! and hands on what the hub says. All its inputs are one closed enum.

use crate::changes::Changes;
use crate::disk::{Cache, Survey};
use crate::janitor::Janitor;
use crate::job::output::piece;
use crate::job::record::Record as JobRecord;
use crate::job::{self, Jobs};
use crate::link::{Event, Link, Outgoing};
use crate::machine;
use crate::session::record::Record;
use crate::session::shared::Shared;
use crate::session::{self, Input, Said, Session};
use crate::worktree::session_folder;
use crate::{NodeError, diff, git, raw};
use fugue_domain::id::{JobId, SessionId};
use fugue_domain::lease::{LeaseKey, heartbeat_every_ms};
use fugue_domain::limits::{BACK_OFF_MAX_MS, BACK_OFF_MS, LEASE_MS};
use fugue_domain::link::{Answered, Ask, CallFailed, FromHub, FromNode, Hello, PROTOCOL};
use fugue_domain::node::{Load, NodeFacts};
use fugue_domain::world::Millis;
use futures_util::FutureExt;
use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Heartbeats whose time of sending is remembered; older answers renew nothing.
const BEATS: usize = 16;
/// What the link may be ahead of the loop.
const EVENTS: usize = 256;

/// Everything that can happen to a supervisor.
enum Happened {
    Link(Event),
    Said(Said),
    Job(job::News),
    Surveyed(Survey),
    Beat,
    Shutdown,
}

struct Known {
    tell: UnboundedSender<Input>,
    lease: Option<LeaseKey>,
    /// Times that its task panicked.
    broken: u32,
}

/// The supervisor of one node.
pub struct Supervisor {
    shared: Arc<Shared>,
    changes: Arc<Changes>,
    facts: NodeFacts,
    sessions: HashMap<SessionId, Known>,
    jobs: Jobs,
    janitor: Janitor,
    tasks: JoinSet<()>,
    said: UnboundedSender<Said>,
    hears: UnboundedReceiver<Said>,
    link: Option<Outgoing>,
    lease_ms: Millis,
    beat: u64,
    beats: VecDeque<(u64, u64)>,
    /// When the last word was sent that the hub answered on this connection: whatever it says now it said after that.
    answered: u64,
}

impl Supervisor {
    /// A supervisor with the sessions that the node's folder remembers, each of which goes on at once.
    pub fn new(
        shared: Arc<Shared>,
        facts: NodeFacts,
        janitor: Janitor,
        remembered: Vec<(SessionId, Record)>,
        jobs: Vec<(JobId, JobRecord)>,
    ) -> Self {
        let (said, hears) = mpsc::unbounded_channel();
        let (sessions, tasks) = (HashMap::new(), JoinSet::new());
        let beats = VecDeque::new();
        let jobs = Jobs::new(shared.clone(), jobs);
        let changes = Arc::new(Changes::new(shared.home.clone(), shared.world.clone()));
        let mut supervisor = Self {
            shared,
            changes,
            facts,
            sessions,
            jobs,
            janitor,
            tasks,
            said,
            hears,
            link: None,
            lease_ms: LEASE_MS,
            beat: 0,
            beats,
            answered: 0,
        };
        for (id, record) in remembered {
            supervisor.open(id, record, 0);
        }
        supervisor
    }

    /// Works until shutdown, or until the hub refuses this node.
    pub async fn run(mut self, link: Link, shutdown: CancellationToken) -> Result<(), NodeError> {
        let (events, incoming) = mpsc::channel(EVENTS);
        // Tasks of their own: whoever waits for the link must not be the one who moves it.
        self.tasks.spawn(link.run(events));
        let shared = self.shared.clone();
        self.tasks.spawn(async move { shared.spares.refill().await });
        let ended = self.work(incoming, shutdown).await;
        // Keepers and agents live on; the sessions are found again by what their folders hold.
        self.jobs.end().await;
        self.tasks.shutdown().await;
        ended
    }

    async fn work(&mut self, mut link: mpsc::Receiver<Event>, shutdown: CancellationToken) -> Result<(), NodeError> {
        let mut beat = Instant::now();
        loop {
            // The hub may have said meanwhile that its leases are shorter.
            beat = beat.min(self.next_beat());
            let happened = tokio::select! {
                biased;
                () = shutdown.cancelled() => Happened::Shutdown,
                Some(event) = link.recv() => Happened::Link(event),
                Some(said) = self.hears.recv() => Happened::Said(said),
                news = self.jobs.next() => Happened::Job(news),
                survey = self.janitor.survey() => Happened::Surveyed(survey),
                () = tokio::time::sleep_until(beat) => Happened::Beat,
                Some(_) = self.tasks.join_next() => continue,
            };
            match happened {
                Happened::Link(Event::Up(link)) => self.up(link).await,
                Happened::Link(Event::Down) => {
                    self.link = None;
                    self.jobs.connect(None).await;
                }
                Happened::Link(Event::Said(said)) => self.heard(*said).await,
                Happened::Link(Event::Refused(refused)) => return Err(refused.into()),
                Happened::Said(Said::Over(lease)) => {
                    let known = self.sessions.get_mut(&lease.session).filter(|known| known.lease.as_ref() == Some(&lease));
                    known.into_iter().for_each(|known| known.lease = None);
                }
                Happened::Said(Said::Gone(session)) => {
                    self.sessions.remove(&session);
                    self.janitor.look_soon();
                }
                Happened::Said(Said::Broken(session)) => {
                    let broken = self.sessions.remove(&session).map_or(1, |known| known.broken + 1);
                    self.reopen(&session, broken);
                }
                Happened::Job(news) => {
                    if self.jobs.take_in(news).await {
                        self.janitor.look_soon();
                    }
                }
                Happened::Surveyed(survey) => self.make_room(survey),
                Happened::Beat => {
                    self.changes.tend(machine::boot_ms());
                    self.heartbeat().await;
                    beat = self.next_beat();
                }
                Happened::Shutdown => return Ok(()),
            }
        }
    }

    /// Lets caches go that nobody uses, if there are too many, and what waited for room begin.
    fn make_room(&mut self, survey: Survey) {
        let (sessions, jobs, home) = (&self.sessions, &self.jobs, &self.shared.home);
        let in_use = |cache: &Cache| match &cache.session {
            Some(session) => {
                let leased = sessions.get(session).is_some_and(|known| known.lease.is_some());
                let has_process =
                    || Record::read(&session_folder(home, session)).map_or(true, |kept| kept.is_some_and(|kept| kept.process.is_some()));
                leased || jobs.works_in(session) || has_process()
            }
            None => cache.path.parent().is_some_and(|folder| jobs.keeps(folder)),
        };
        let full = self.janitor.take(survey, self.shared.world.now(), in_use);
        self.shared.set_full(full);
        self.jobs.go_on();
    }

    fn leases(&self) -> Vec<LeaseKey> {
        self.sessions.values().filter_map(|known| known.lease.clone()).collect()
    }

    /// Opens a session that panicked so many times. A panic of one must neither end the others nor be repeated without a pause.
    fn open(&mut self, id: SessionId, record: Record, broken: u32) {
        let (tell, inbox) = mpsc::unbounded_channel();
        let lease = record.turn.as_ref().map(|held| held.assignment.lease.clone());
        if let Some(link) = &self.link {
            let _ = tell.send(Input::Up(link.clone()));
        }
        let session = Session::new(self.shared.clone(), id.clone(), record, self.said.clone());
        let (said, session_id) = (self.said.clone(), id.clone());
        let pause = BACK_OFF_MS.saturating_mul(5_i64.saturating_pow(broken)).min(BACK_OFF_MAX_MS);
        self.tasks.spawn(async move {
            if AssertUnwindSafe(session.run(inbox)).catch_unwind().await.is_err() {
                tracing::error!(session.id = %session_id, "a session's task panicked; it goes on in a moment from what its folder holds");
                tokio::time::sleep(Duration::from_millis(pause as u64)).await;
                let _ = said.send(Said::Broken(session_id));
            }
        });
        self.sessions.insert(id, Known { tell, lease, broken });
    }

    /// Opens a session that is in its folder, or new here.
    fn reopen(&mut self, id: &SessionId, broken: u32) {
        match Record::read(&session_folder(&self.shared.home, id)) {
            Ok(record) => self.open(id.clone(), record.unwrap_or_default(), broken),
            Err(error) => tracing::error!(session.id = %id, "the session's folder cannot be read: {error}"),
        }
    }

    /// Tells a session something, opening it when it is new here.
    fn tell(&mut self, id: &SessionId, input: Input) {
        if !self.sessions.contains_key(id) {
            self.reopen(id, 0);
        }
        self.tell_known(id, input);
    }

    async fn up(&mut self, link: Outgoing) {
        self.answered = machine::boot_ms();
        let hello = Hello { protocol: PROTOCOL, facts: self.facts.clone(), leases: self.leases(), jobs: self.jobs.listed() };
        link.say(&FromNode::Hello(hello)).await;
        for known in self.sessions.values() {
            let _ = known.tell.send(Input::Up(link.clone()));
        }
        self.beats.clear();
        self.jobs.connect(Some(link.clone())).await;
        self.link = Some(link);
        tracing::info!("connected to the hub");
    }

    fn next_beat(&self) -> Instant {
        Instant::now() + Duration::from_millis(heartbeat_every_ms(self.lease_ms) as u64)
    }

    async fn heartbeat(&mut self) {
        let Some(link) = &self.link else { return };
        self.beat += 1;
        self.beats.push_back((self.beat, machine::boot_ms()));
        if self.beats.len() > BEATS {
            self.beats.pop_front();
        }
        let load = Load { room: self.janitor.room(), ..machine::load(&self.shared.home, self.shared.agents()) };
        link.say(&FromNode::Heartbeat { beat: self.beat, load, leases: self.leases(), jobs: self.jobs.listed() }).await;
        self.jobs.say().await;
    }

    async fn heard(&mut self, said: FromHub) {
        match said {
            FromHub::Welcome { node, lease_ms } => {
                tracing::debug!(node.id = %node, "welcome");
                self.lease_ms = lease_ms;
            }
            FromHub::Renewed { beat, leases, refused } => self.renewed(beat, leases, refused),
            FromHub::Assign(assignment) => {
                let (id, lease) = (assignment.lease.session.clone(), assignment.lease.clone());
                let is_new = self.sessions.get(&id).and_then(|known| known.lease.as_ref()).is_none_or(|held| held.epoch < lease.epoch);
                // Not from its arrival: it may have been on the way for longer than the lease lasts.
                let deadline = session::deadline(self.answered, self.lease_ms);
                if is_new && deadline <= machine::boot_ms() {
                    return tracing::warn!(session.id = %id, turn.id = %lease.turn, "an assignment came too late to be begun");
                }
                self.tell(&id, Input::Assign(assignment));
                if is_new {
                    self.tell(&id, Input::Renewed(deadline));
                    self.sessions.get_mut(&id).into_iter().for_each(|known| known.lease = Some(lease.clone()));
                }
            }
            FromHub::Order(order) => self.tell_known(&order.lease.session.clone(), Input::Order(order)),
            FromHub::Ack { lease, through } => self.tell_known(&lease.session.clone(), Input::Ack(lease, through)),
            FromHub::Refused { lease } => self.tell_known(&lease.session.clone(), Input::Refused(lease)),
            FromHub::Prepare(place) => self.tell(&place.session.clone(), Input::Prepare(place)),
            // What works in the worktree is ended first, and the hub asks again.
            FromHub::Release(place) if !self.jobs.let_go(&place.session) => {}
            FromHub::Release(place) => self.tell(&place.session.clone(), Input::Release(place)),
            FromHub::End { session } => self.tell_known(&session, Input::End),
            FromHub::Job { id, work } => self.jobs.take(id, *work),
            FromHub::JobStored { id } => self.jobs.stored(&id).await,
            FromHub::JobDropped { id } => self.jobs.drop_(&id).await,
            FromHub::Call { call, ask } => self.call(call, ask),
        }
    }

    fn tell_known(&mut self, id: &SessionId, input: Input) {
        if let Some(known) = self.sessions.get(id) {
            let _ = known.tell.send(input);
        }
    }

    fn renewed(&mut self, beat: u64, leases: Vec<LeaseKey>, refused: Vec<LeaseKey>) {
        let sent = self.beats.iter().find(|(known, _)| *known == beat).map(|(_, sent)| *sent);
        if let Some(sent) = sent {
            self.answered = sent;
            for lease in leases {
                self.tell_known(&lease.session, Input::Renewed(session::deadline(sent, self.lease_ms)));
            }
        }
        for lease in refused {
            self.tell_known(&lease.session.clone(), Input::Refused(lease));
        }
    }

    fn call(&mut self, call: u64, ask: Ask) {
        let Some(link) = self.link.clone() else { return };
        let (home, changes) = (self.shared.home.clone(), self.changes.clone());
        self.tasks.spawn(async move {
            let result = match ask {
                // It knows by itself when there is something to wait for.
                Ask::Changes(place) => changes.ask(&place).await,
                ask => {
                    let answered = tokio::task::spawn_blocking(move || answer(&home, ask)).await;
                    answered.unwrap_or_else(|error| Err(CallFailed::Other(format!("the node could not look: {error}"))))
                }
            };
            link.say(&FromNode::Reply { call, result }).await;
        });
    }
}

/// Answers what is looked up anew each time. Blocks.
fn answer(home: &Path, ask: Ask) -> Result<Answered, CallFailed> {
    match ask {
        Ask::Inspect(origin) => git::inspect(home, &origin),
        Ask::Resolve { origin, base } => git::find_commit(home, &origin, &base),
        Ask::File { origin, commit, path } => git::history::file(home, &origin, &commit, &path),
        Ask::History { origin, commit } => git::history::history(home, &origin, &commit),
        Ask::Diff { origin, worktree, base, head } => diff::diff(home, &origin, worktree.as_ref(), &base, head.as_deref()),
        Ask::Output { job, name, from } => piece(home, &job, &name, from),
        Ask::Raw { session, from } => raw::raw(home, &session, &from),
        Ask::Changes(place) => Err(CallFailed::Other(format!("the changes of {} are not looked up anew", place.session))),
    }
}

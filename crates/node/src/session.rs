//! A session on the node: one task that owns its worktree, its agent process and its turn.
//!
//! Invariant: what would be needed after a crash is in the session's folder before the agent can act on it. Everything that
//! comes in (from the hub, from the keeper, from the clock) goes through one loop, so nothing here is ever done twice at once.

mod opening;
pub mod process;
pub mod record;
mod refusal;
pub mod shared;

use crate::keeper::handle::Gone;
use crate::keeper::line::{Request, Why};
use crate::link::Outgoing;
use crate::machine::boot_ms;
use crate::turn::{Act, INTERRUPT_MS, Told, Turn, What};
use crate::worktree::{self, session_folder};
use fugue_domain::durable;
use fugue_domain::id::SessionId;
use fugue_domain::lease::LeaseKey;
use fugue_domain::limits::AGENT_IDLE_MS;
use fugue_domain::link::{Answer, Assignment, FromNode, Order, Place};
use fugue_domain::reason::Reason;
use fugue_domain::turn::{Ending, Wish};
use process::Process;
use record::Record;
use shared::Shared;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::Instant;

/// Frames folded before the loop looks at its other inputs.
const FRAMES_AT_ONCE: usize = 32;
/// How long a full disk may last before the agent is stopped.
const TROUBLE: Duration = Duration::from_secs(60);

/// Everything that can be said to a session.
pub enum Input {
    /// A turn to be carried out.
    Assign(Box<Assignment>),
    /// What a person wants of it.
    Order(Order),
    /// The hub has stored reports up to this one.
    Ack(LeaseKey, i64),
    /// The lease is over.
    Refused(LeaseKey),
    /// The lease goes on until this moment of the boot clock.
    Renewed(u64),
    /// There is a connection to the hub.
    Up(Outgoing),
    /// End the agent if it has no turn.
    End,
    /// Make the worktree.
    Prepare(Place),
    /// Give the worktree back.
    Release(Place),
}

/// What a session says to the supervisor.
pub enum Said {
    /// It no longer holds this lease.
    Over(LeaseKey),
    /// Its worktree is given back, and nothing is left of it.
    Gone(SessionId),
    /// Its task panicked, and may begin again from what its folder holds.
    Broken(SessionId),
}

/// A session on the node.
pub struct Session {
    shared: Arc<Shared>,
    id: SessionId,
    folder: PathBuf,
    record: Record,
    process: Option<Process>,
    turn: Option<Turn>,
    idle_since: Instant,
    /// When it was first seen that the agent was asked to break off.
    interrupted: Option<Instant>,
    deadline: Option<u64>,
    link: Option<Outgoing>,
    said: UnboundedSender<Said>,
}

impl Session {
    /// A session as its folder remembers it.
    pub fn new(shared: Arc<Shared>, id: SessionId, record: Record, said: UnboundedSender<Said>) -> Self {
        let folder = session_folder(&shared.home, &id);
        let idle_since = Instant::now();
        Self { shared, id, folder, record, process: None, turn: None, idle_since, interrupted: None, deadline: None, link: None, said }
    }

    /// Lives until the session is released or the node ends.
    pub async fn run(mut self, mut inbox: UnboundedReceiver<Input>) {
        self.resume().await;
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let more = self.fold().await;
            self.flush().await;
            tokio::select! {
                biased;
                input = inbox.recv() => match input {
                    Some(Input::Release(place)) => {
                        if self.release(place).await {
                            let _ = self.said.send(Said::Gone(self.id));
                            return;
                        }
                    }
                    Some(input) => self.take(input).await,
                    None => return,
                },
                gone = hear(&mut self.process) => if gone && let Some(process) = &mut self.process {
                    process.bury().await;
                },
                _ = tick.tick(), if self.process.is_some() => self.watch().await,
                () = std::future::ready(()), if more => tokio::task::yield_now().await,
            }
        }
    }

    async fn take(&mut self, input: Input) {
        match input {
            Input::Assign(assignment) => self.assign(*assignment).await,
            Input::Order(order) => self.order(order).await,
            Input::Ack(lease, through) => self.ack(&lease, through).await,
            Input::Refused(lease) => {
                if self.turn.as_ref().is_some_and(|turn| *turn.ledger.lease() == lease) {
                    self.let_go(&lease).await;
                } else {
                    let _ = self.said.send(Said::Over(lease));
                }
            }
            Input::Renewed(deadline) => {
                self.deadline = Some(deadline);
                self.renew().await;
            }
            Input::Up(link) => {
                self.link = Some(link);
                self.turn.iter_mut().for_each(|turn| turn.ledger.send_again());
            }
            Input::End => {
                if let (None, Some(process)) = (&self.turn, &mut self.process) {
                    process.stop(Why::Stop).await;
                }
            }
            // Only a hint, and there is no room to follow it.
            Input::Prepare(_) if self.shared.is_full() => {}
            Input::Prepare(place) => {
                if let Err(error) = self.prepare(&place).await {
                    tracing::warn!(session.id = %self.id, "the worktree could not be prepared: {error}");
                }
            }
            Input::Release(_) => {}
        }
    }

    async fn order(&mut self, order: Order) {
        let (Some(turn), Some(process)) = (&self.turn, &mut self.process) else { return };
        if *turn.ledger.lease() != order.lease || turn.ended {
            return;
        }
        let epoch = order.lease.epoch;
        let mut told = Vec::new();
        match order.wish {
            Some(Wish::Stop) => process.stop(Why::Stop).await,
            Some(Wish::Interrupt) => told.push((format!("interrupt:{epoch}"), What::Interrupt)),
            None => {}
        }
        for Answer { key, hash, approved, reason } in order.answers {
            match turn.asked.get(&key) {
                Some(request) if request.is_meant(&hash, &self.id, epoch) => {
                    told.push((format!("answer:{epoch}:{key}"), What::Answer { key, approved, reason }));
                }
                Some(_) => tracing::error!(session.id = %self.id, "an answer is for other bytes than were asked about; it is not used"),
                None => {}
            }
        }
        for steer in order.steer {
            told.push((format!("steer:{epoch}:{}", steer.message), What::Steer { message: steer.message, text: steer.text }));
        }
        for (key, what) in told {
            let payload = serde_json::to_vec(&Told { epoch, what }).unwrap_or_default();
            process.ask(&Request::Tell { key }, &payload).await;
        }
    }

    async fn ack(&mut self, lease: &LeaseKey, through: i64) {
        let Some(turn) = self.turn.as_mut().filter(|turn| turn.ledger.lease() == lease) else { return };
        let offset = turn.ledger.ack(through);
        let keep = self.record.process.as_ref().map_or(0, |kept| kept.offset);
        if let (Some(acked), Some(process)) = (offset, &mut self.process) {
            process.trim(acked, keep).await;
        }
        if turn.ended && turn.ledger.is_settled() {
            self.settle().await;
        }
    }

    /// The hub knows how the turn ended: it is forgotten here, and the process waits for the next one or goes.
    async fn settle(&mut self) {
        self.forget_turn();
        if let Some(mut process) = self.process.take() {
            if process.exited || process.keeper.is_err() {
                process.forget(&self.folder).await;
            } else {
                self.idle_since = Instant::now();
                process.rest().await;
                if process.talk.driver.ends_with_turn() {
                    process.stop(Why::Idle).await;
                }
                self.process = Some(process);
            }
        }
        self.remember_idle();
    }

    /// Ends the turn without another word to the hub.
    async fn drop_turn(&mut self, why: Why) {
        self.forget_turn();
        if let Some(process) = self.process.take() {
            process.retire(why, &self.folder).await;
        }
        self.remember_idle();
    }

    fn forget_turn(&mut self) {
        if let Some(turn) = self.turn.take() {
            let times = turn.stillborn();
            self.record.stillborn = (times > 0).then(|| (turn.ledger.lease().turn.clone(), times));
            let _ = self.said.send(Said::Over(turn.ledger.lease().clone()));
        }
        self.record.turn = None;
        self.interrupted = None;
        self.deadline = None;
    }

    fn remember_idle(&mut self) {
        self.record.process = self.process.as_ref().map(|process| process.kept(false));
        if let Err(error) = durable!("record.idle", self.record.write(&self.folder)) {
            tracing::error!(session.id = %self.id, "the session's folder cannot be written: {error}");
        }
    }

    async fn renew(&mut self) {
        if let (Some(turn), Some(process), Some(deadline)) = (&self.turn, &mut self.process, self.deadline)
            && !turn.ended
        {
            process.ask(&Request::Renew { deadline: Some(deadline) }, &[]).await;
        }
    }

    /// Folds what the spool holds, as long as the hub keeps up. True when there is more.
    async fn fold(&mut self) -> bool {
        let mut acts = Vec::new();
        for _ in 0..FRAMES_AT_ONCE {
            let (Some(process), turn) = (&mut self.process, &mut self.turn) else { return false };
            if process.exited || turn.as_ref().is_some_and(|turn| turn.ledger.is_full()) {
                return false;
            }
            let folded = match process.reader.read(process.limit) {
                Ok(Some(frame)) => Some(process.talk.fold(&frame, turn.as_mut(), &mut acts)),
                Ok(None) => None,
                Err(error) => {
                    tracing::error!(session.id = %self.id, "the spool cannot be read: {error}");
                    None
                }
            };
            match folded {
                Some(exited) => {
                    process.exited = exited;
                    process.heard = Instant::now();
                    self.act(&mut acts).await;
                    if exited {
                        self.process_ended().await;
                        return false;
                    }
                }
                None => {
                    self.spool_ended(&mut acts).await;
                    return false;
                }
            }
        }
        true
    }

    async fn act(&mut self, acts: &mut Vec<Act>) {
        let Some(process) = &mut self.process else { return };
        for act in acts.drain(..) {
            match act {
                Act::Write(write) => process.write(vec![write]).await,
                Act::Stop(why) => process.stop(why).await,
                Act::Delta(delta) => {
                    if let (true, Some(link), Some(turn)) = (process.is_live(), &self.link, &self.turn) {
                        link.try_say(&FromNode::Delta { lease: turn.ledger.lease().clone(), delta });
                    }
                }
            }
        }
    }

    /// The process ended and its end was folded. With a turn, its spool is kept until the hub has the ending.
    async fn process_ended(&mut self) {
        if self.turn.is_none()
            && let Some(process) = self.process.take()
        {
            process.forget(&self.folder).await;
            self.remember_idle();
        }
    }

    /// There is no whole frame where one was expected: the end of a dead keeper's spool, or a damaged one.
    async fn spool_ended(&mut self, acts: &mut Vec<Act>) {
        let Some(process) = &mut self.process else { return };
        let now = self.shared.world.now();
        match process.keeper {
            Ok(_) if process.is_read() => return,
            Ok(_) => {
                tracing::error!(session.id = %self.id, "the spool is damaged; its agent is stopped");
                process.stop(Why::Spool).await;
                process.keeper = Err(Gone::Died);
                let ending = Ending::Interrupted { reason: Reason::SpoolFailed, delivered: true };
                self.turn.iter_mut().for_each(|turn| turn.end(now, ending.clone(), None));
            }
            Err(gone) => {
                process.talk.finish(now, self.turn.as_mut(), acts);
                acts.clear();
                self.turn.iter_mut().for_each(|turn| turn.lose(gone, now));
            }
        }
        process.exited = true;
        self.process_ended().await;
    }

    /// Sends what the hub does not have yet.
    async fn flush(&mut self) {
        let (Some(turn), Some(link)) = (&mut self.turn, &self.link) else { return };
        let offset = self.process.as_ref().map_or(0, |process| process.reader.offset());
        while let Some(batch) = turn.ledger.send(offset) {
            if !durable!("reports.send", link.send(batch).await) {
                self.link = None;
                turn.ledger.send_again();
                return;
            }
        }
    }

    /// Looks at the clock.
    async fn watch(&mut self) {
        let Some(process) = &mut self.process else { return };
        let (Some(turn), Some(held)) = (&self.turn, &self.record.turn) else {
            if self.idle_since.elapsed().as_millis() as i64 > AGENT_IDLE_MS {
                self.idle_since = Instant::now();
                process.stop(Why::Idle).await;
            }
            return;
        };
        if turn.ended || turn.is_stopping() || process.exited {
            return;
        }
        let agent = &held.assignment.agent;
        let lasted = boot_ms().saturating_sub(held.since_boot);
        // Seen at most one tick late; the time in the spool is that of the wall clock, which may be set meanwhile.
        self.interrupted = turn.interrupted_at.map(|_| self.interrupted.unwrap_or_else(Instant::now));
        let silent = turn.asked.is_empty() && process.is_read() && process.heard.elapsed().as_millis() as i64 > agent.silence_ms();
        if lasted > agent.turn_ms() as u64 {
            process.stop(Why::Timeout).await;
        } else if self.interrupted.is_some_and(|since| since.elapsed().as_millis() as i64 > INTERRUPT_MS) {
            process.stop(Why::Interrupt).await;
        } else if silent {
            process.stop(Why::Hung).await;
        } else if process.in_trouble().is_some_and(|lasting| lasting > TROUBLE) {
            process.stop(Why::Spool).await;
        }
    }

    /// Ends the agent, saves what is in no commit, removes the worktree and the session's folder. False when that failed.
    async fn release(&mut self, place: Place) -> bool {
        if self.turn.is_some() || self.process.is_some() {
            self.drop_turn(Why::Stop).await;
        }
        let home = self.shared.home.clone();
        let released = tokio::task::spawn_blocking(move || worktree::release(&home, &place)).await;
        match released {
            Ok(Ok(worktree::Left { rescue, branch_removed })) => {
                // First forgotten, then said: the hub repeats its wish until it hears, but a folder that it believes gone is for nobody.
                let folder = self.folder.clone();
                let forget = move || durable!("session.forget", std::fs::remove_dir_all(folder));
                let _ = tokio::task::spawn_blocking(forget).await;
                if let Some(link) = &self.link {
                    let released = FromNode::Released { session: self.id.clone(), rescue, branch_removed };
                    durable!("session.released", link.say(&released).await);
                }
                true
            }
            Ok(Err(error)) => {
                tracing::error!(session.id = %self.id, "the worktree is kept, because its work could not be saved: {error}");
                false
            }
            Err(error) => {
                tracing::error!(session.id = %self.id, "the worktree could not be given back: {error}");
                false
            }
        }
    }
}

async fn hear(process: &mut Option<Process>) -> bool {
    match process {
        Some(process) if !process.exited => process.hear().await,
        _ => std::future::pending().await,
    }
}

/// The deadline of leases that were renewed by a heartbeat sent at this moment of the boot clock.
pub fn deadline(sent: u64, lease_ms: i64) -> u64 {
    sent + fugue_domain::lease::fence_after_ms(lease_ms).max(0) as u64
}

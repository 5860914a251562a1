//! From an assignment to the message in the agent's stdin, and the same again after a restart of the node.
//!
//! Invariant: the record is in the session's folder before the program starts, so whatever an agent may have read, the next start
//! of the node knows of. It need not be on the disk by then: after a restart of the machine the hub itself takes every leased turn
//! that the node does not list for one that was perhaps carried out, so a lost record makes nothing run twice.

use super::process::Process;
use super::record::{self, Held};
use super::{Said, Session};
use crate::driver::{Context, Driver};
use crate::keeper::line::Why;
use crate::machine::boot_ms;
use crate::turn::{self, Talk, Turn};
use crate::worktree;
use fugue_domain::durable;
use fugue_domain::limits::ROOM_AGAIN_MS;
use fugue_domain::link::{Assignment, Place};
use fugue_domain::reason::Reason;
use fugue_domain::turn::{Ending, Opening, ParkedBy};
use std::path::PathBuf;
use tokio::time::Instant;

impl Session {
    /// Goes on where the node was when it ended.
    pub(super) async fn resume(&mut self) {
        let kept = self.record.process.clone();
        let Some(held) = self.record.turn.clone() else {
            if let Some(kept) = kept {
                let process = Process::again(&self.shared, &kept).await;
                self.process = Some(process);
            }
            return;
        };
        let mut turn = self.begun(&held.assignment);
        if let Some((ending, detail)) = held.ended {
            turn.end(held.since, ending, Some(detail));
            self.turn = Some(turn);
            return;
        }
        self.turn = Some(turn);
        match kept {
            Some(kept) if kept.opens => {
                let mut process = Process::again(&self.shared, &kept).await;
                let cwd = PathBuf::from(&held.assignment.place.path);
                let launch = process.launch(&self.id, &cwd, &self.folder);
                let writes = process.talk.driver.open(&turn::say(&held.assignment));
                match launch {
                    Ok(launch) => process.open(launch, writes).await,
                    Err(_) => process.write(writes).await,
                }
                self.process = Some(process);
            }
            kept => {
                if let Some(kept) = kept {
                    self.process = Some(Process::again(&self.shared, &kept).await);
                }
                let ready = worktree::is_ready(&self.shared.home, &held.assignment.place);
                self.begin(held.assignment, ready).await;
            }
        }
    }

    pub(super) async fn assign(&mut self, assignment: Assignment) {
        if self.record.turn.as_ref().is_some_and(|held| held.assignment.lease == assignment.lease) {
            return;
        }
        if assignment.lease.epoch <= self.record.epoch {
            // An echo: it runs nothing, and the lease is not held.
            let _ = self.said.send(Said::Over(assignment.lease));
            return;
        }
        if let Some(turn) = &self.turn {
            let lease = turn.ledger.lease().clone();
            self.let_go(&lease).await;
        }
        self.record.epoch = assignment.lease.epoch;
        self.record.place = Some(assignment.place.clone());
        let (since, since_boot) = (self.shared.world.now(), boot_ms());
        self.record.turn = Some(Held { assignment: assignment.clone(), since, since_boot, ended: None });
        self.turn = Some(self.begun(&assignment));
        // With the worktree there, the record is written once, with the process that will have the turn.
        let ready = worktree::is_ready(&self.shared.home, &assignment.place);
        if !ready && let Err(error) = durable!("record.assigned", self.record.write(&self.folder)) {
            return self.fail(Ending::Interrupted { reason: Reason::SpoolFailed, delivered: false }, error.to_string());
        }
        self.begin(assignment, ready).await;
    }

    fn begun(&self, assignment: &Assignment) -> Turn {
        Turn::new(assignment).after(self.record.stillborn(&assignment.lease.turn))
    }

    /// From the worktree, which is `ready` or has to be made, to the message in the agent's stdin.
    async fn begin(&mut self, assignment: Assignment, ready: bool) {
        if self.shared.is_full() && !ready {
            let again = self.shared.world.now() + ROOM_AGAIN_MS;
            let words = "The worktrees of this node take all the room they may have, and nothing of it can be made again.".to_owned();
            return self.fail(Ending::Parked { until: Some(again), by: ParkedBy::Room }, words);
        }
        if !ready && let Err(error) = self.prepare(&assignment.place).await {
            return self.fail(Ending::Failed { reason: Reason::WorktreeFailed }, error.to_string());
        }
        if let Err((ending, detail)) = self.open(&assignment).await {
            self.fail(ending, detail);
        }
    }

    async fn open(&mut self, assignment: &Assignment) -> Result<(), (Ending, String)> {
        let missing = |detail: String| (Ending::Interrupted { reason: Reason::ProgramMissing, delivered: false }, detail);
        let unstored = |error: std::io::Error| {
            (
                Ending::Interrupted { reason: Reason::SpoolFailed, delivered: false },
                format!("the session's folder cannot be written: {error}"),
            )
        };
        if let Some(process) = self.process.take() {
            let serves = process.keeper.is_ok() && !process.exited && process.agent == assignment.agent;
            if serves && assignment.opening == Opening::Message {
                self.process = Some(process);
            } else {
                process.retire(Why::Idle, &self.folder).await;
            }
        }
        let cwd = PathBuf::from(&assignment.place.path);
        if self.process.is_none() {
            let talk = Talk::new(Driver::new(self.context(assignment)));
            let keeper = self.shared.spares.take().await.map_err(|error| missing(format!("no keeper can be started: {error}")))?;
            self.process = Some(Process::on(&self.shared, keeper, talk, assignment.agent.clone()));
        }
        let Some(process) = &mut self.process else { return Ok(()) };
        let launch = process.launch(&self.id, &cwd, &self.folder).map_err(missing)?;
        // Remembered before the program starts; the disk may have it later.
        self.record.process = Some(process.kept(true));
        let file = durable!("record.opened", self.record.write(&self.folder)).map_err(unstored)?;
        process.heard = Instant::now();
        let writes = process.talk.driver.open(&turn::say(assignment));
        process.open(launch, writes).await;
        self.renew().await;
        let (id, folder) = (self.id.clone(), self.folder.clone());
        drop(tokio::task::spawn_blocking(move || {
            if let Err(error) = durable!("record.settled", record::settle(&file, &folder)) {
                tracing::error!(session.id = %id, "the session's folder cannot be brought to the disk: {error}");
            }
        }));
        Ok(())
    }

    fn context(&self, assignment: &Assignment) -> Context {
        Context {
            session: self.id.clone(),
            agent: assignment.agent.clone(),
            cwd: PathBuf::from(&assignment.place.path),
            memory: assignment.memory.as_ref().and_then(|memory| serde_json::from_str(memory.get()).ok()),
            budget_left: assignment.budget_left,
            program: self.shared.programs.get(&assignment.agent.driver).cloned(),
        }
    }

    /// The turn ended before an agent had it.
    fn fail(&mut self, ending: Ending, detail: String) {
        tracing::warn!(session.id = %self.id, "a turn could not be begun: {detail}");
        let (Some(turn), Some(held)) = (&mut self.turn, &mut self.record.turn) else { return };
        turn.end(held.since, ending.clone(), Some(detail.clone()));
        held.ended = Some((ending, detail));
        if let Err(error) = durable!("record.failed", self.record.write(&self.folder)) {
            tracing::error!(session.id = %self.id, "the session's folder cannot be written: {error}");
        }
    }

    pub(super) async fn prepare(&mut self, place: &Place) -> Result<(), worktree::WorktreeFailed> {
        if worktree::is_ready(&self.shared.home, place) {
            return Ok(());
        }
        let (home, place) = (self.shared.home.clone(), place.clone());
        tokio::task::spawn_blocking(move || worktree::prepare(&home, &place)).await.map_err(std::io::Error::other)?
    }
}

//! The link: what a hub and a node say to each other, as JSON text over one WebSocket that the node dials.
//!
//! Invariant: every message may be lost, doubled or late without harm. Reports are counted per lease (`n` from 1) and sent again
//! until the hub acknowledges them after its commit. What the hub wants is repeated with every heartbeat until the node
//! shows that it knows. A lease with an old epoch is refused, and its holder stops.

use crate::agent::Agent;
use crate::approval::Request;
use crate::changes::Changes;
use crate::check::Progress;
use crate::id::{JobId, MessageId, NodeId, SessionId};
use crate::job::{Outcome, Work};
use crate::lease::LeaseKey;
use crate::money::{MicroUsd, Usage};
use crate::node::{Load, NodeFacts};
use crate::project::{Origin, Repository};
use crate::raw::{RawFrom, RawPage};
use crate::session::PlaceKind;
use crate::turn::{Ending, Opening, Wish};
use crate::world::Millis;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The version of this protocol. A hub accepts the versions it knows and says so otherwise.
pub const PROTOCOL: u32 = 1;
/// Where a node dials.
pub const PATH: &str = "/api/v1/link";

/// What a node says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromNode {
    /// First of all.
    Hello(Hello),
    /// Every few seconds: alive, and these are the leases that I work on.
    Heartbeat {
        /// Counted by the node; the answer repeats it.
        beat: u64,
        /// How busy it is.
        load: Load,
        /// What it holds.
        leases: Vec<LeaseKey>,
        /// The jobs it knows of, those included whose outcome it says until it is stored.
        #[serde(default)]
        jobs: Vec<JobId>,
    },
    /// Numbered facts of one lease.
    Batch(Batch),
    /// Typing, shown at once and kept nowhere.
    Delta {
        /// Of which lease.
        lease: LeaseKey,
        /// What.
        delta: crate::event::Delta,
    },
    /// The worktree of a closed session is gone and its work is safe.
    Released {
        /// The session.
        session: SessionId,
        /// The ref that holds what was not committed.
        rescue: Option<String>,
        /// Whether its branch went as well, because everything on it had landed.
        #[serde(default)]
        branch_removed: bool,
    },
    /// How far a job's commands have come. Said when one begins, and on a new connection; the next one tells of what was lost.
    JobAt {
        /// Which.
        id: JobId,
        /// How far.
        progress: Progress,
    },
    /// What came of a job. Said until the hub answers that it is stored, or dropped.
    JobEnded {
        /// Which.
        id: JobId,
        /// What came of it.
        outcome: Box<Outcome>,
    },
    /// The answer to a call.
    Reply {
        /// Which call.
        call: u64,
        /// What came out.
        result: Result<Answered, CallFailed>,
    },
}

/// How a node introduces itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// The machine.
    pub facts: NodeFacts,
    /// What it holds, perhaps from before a restart.
    pub leases: Vec<LeaseKey>,
    /// The jobs it knows of.
    #[serde(default)]
    pub jobs: Vec<JobId>,
}

/// Numbered facts of one lease.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Batch {
    /// The lease.
    pub lease: LeaseKey,
    /// The number of the first report.
    pub first: i64,
    /// The reports, in order.
    pub reports: Vec<Report>,
}

/// One fact about a lease.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// Something for the session's history: an [`crate::event::Stamped`] that the hub stores as it came.
    Event(Box<RawValue>),
    /// The message has been written to the agent.
    Delivered,
    /// The agent asks a person.
    Asked(Request),
    /// The agent no longer asks.
    Withdrawn {
        /// The request's key.
        key: String,
    },
    /// More was used since the last report of this kind.
    Used {
        /// How much more.
        usage: Usage,
        /// By which model, if known.
        model: Option<String>,
    },
    /// What the driver wants to be given back when the session is opened again, in place of what it said before.
    Memory(Box<RawValue>),
    /// A steering message was handed over; `false` when the agent could not take it.
    Steered {
        /// The message.
        message: MessageId,
        /// Whether the agent got it.
        taken: bool,
    },
    /// The attempt is over. Always the last report of a lease.
    Ended {
        /// How.
        #[serde(flatten)]
        ending: Ending,
        /// What a person should read about it.
        detail: Option<String>,
    },
}

impl Report {
    /// The event, if it is nothing but one.
    pub fn event(&self) -> Option<&RawValue> {
        if let Report::Event(event) = self { Some(event) } else { None }
    }
}

/// What a hub says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromHub {
    /// The answer to `hello`.
    Welcome {
        /// Who the node is, from the hub's records.
        node: NodeId,
        /// How long leases last from each renewal.
        lease_ms: Millis,
    },
    /// The answer to a heartbeat. Every lease that the node listed is either renewed by it or refused.
    Renewed {
        /// Which heartbeat.
        beat: u64,
        /// The leases that go on.
        leases: Vec<LeaseKey>,
        /// The leases that are over: stop, say nothing more about them.
        refused: Vec<LeaseKey>,
    },
    /// Carry out a turn. Repeated until the node lists the lease; doing it twice is doing it once.
    Assign(Box<Assignment>),
    /// What a person wants of a turn. Repeated until it shows.
    Order(Order),
    /// Reports are stored up to this one.
    Ack {
        /// Of which lease.
        lease: LeaseKey,
        /// The last number stored.
        through: i64,
    },
    /// The lease is over: stop the agent, throw the reports away.
    Refused {
        /// Which.
        lease: LeaseKey,
    },
    /// Make the worktree now, so that it is there when the first message comes. Only a hint.
    Prepare(Place),
    /// The session is closed: end its agent, save what is not committed, remove the worktree. Repeated until `released`.
    Release(Place),
    /// End the session's agent process if it has no turn; the person pressed stop. Only a hint: idle agents end by themselves.
    End {
        /// The session.
        session: SessionId,
    },
    /// Do this. Repeated until the node lists the job or says its outcome; doing it twice is doing it once.
    Job {
        /// Which.
        id: JobId,
        /// What is to be done.
        work: Box<Work>,
    },
    /// The outcome is stored: forget the job.
    JobStored {
        /// Which.
        id: JobId,
    },
    /// Nobody wants the job any more: end it with everything that it started, and forget it.
    JobDropped {
        /// Which.
        id: JobId,
    },
    /// A question to be answered soon.
    Call {
        /// Counted by the hub.
        call: u64,
        /// The question.
        ask: Ask,
    },
}

/// Where a session works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The session.
    pub session: SessionId,
    /// Its project's repository.
    pub origin: Origin,
    /// A worktree of its own, or the people's checkout.
    pub kind: PlaceKind,
    /// The folder.
    pub path: String,
    /// The branch of the worktree.
    pub branch: Option<String>,
    /// The commit it begins at; the repository's head when absent.
    pub base: Option<String>,
    /// The last commit of the branch that was brought onto its target. If nothing came after it, the branch goes with the worktree.
    #[serde(default)]
    pub landed: Option<String>,
}

/// A turn to be carried out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Assignment {
    /// The right to do it.
    pub lease: LeaseKey,
    /// Where.
    pub place: Place,
    /// By whom.
    pub agent: Agent,
    /// Whether the agent is given the text or told to go on.
    pub opening: Opening,
    /// The message.
    pub text: String,
    /// What the driver said last in [`Report::Memory`].
    pub memory: Option<Box<RawValue>>,
    /// What may still be spent, for programs with a cap of their own.
    pub budget_left: Option<MicroUsd>,
}

/// What a person wants of a turn that a node holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Which.
    pub lease: LeaseKey,
    /// That it end.
    pub wish: Option<Wish>,
    /// Answers to its questions.
    pub answers: Vec<Answer>,
    /// Messages to be handed to the running agent.
    pub steer: Vec<Steer>,
}

/// A person's answer, bound to the bytes that were shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The request's key.
    pub key: String,
    /// The hash of the request that was shown. The node compares it with its own before anything runs.
    pub hash: String,
    /// Yes or no.
    pub approved: bool,
    /// What the person said; for the agent to read when it is a no.
    pub reason: Option<String>,
}

/// A message for the running agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Steer {
    /// The message.
    pub message: MessageId,
    /// Its text.
    pub text: String,
}

/// A question to a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// What is at this origin?
    Inspect(Origin),
    /// Which commit does this name mean?
    Resolve {
        /// In which repository.
        origin: Origin,
        /// A branch, tag or commit.
        base: String,
    },
    /// What does a file of the repository say, as it is at a commit? Never what lies in somebody's working copy.
    File {
        /// In which repository.
        origin: Origin,
        /// At which commit.
        commit: String,
        /// The file's path from the top of the repository.
        path: String,
    },
    /// Which files did the last commits change, each?
    History {
        /// In which repository.
        origin: Origin,
        /// From which commit back.
        commit: String,
    },
    /// What has changed since a commit, as text?
    Diff {
        /// In which repository.
        origin: Origin,
        /// In the worktree of this session as it is; absent for commits of the repository.
        worktree: Option<SessionId>,
        /// Since this commit.
        base: String,
        /// Up to this one; absent for a worktree as it is.
        head: Option<String>,
    },
    /// What did a command of a job print?
    Output {
        /// Which job.
        job: JobId,
        /// The command's name.
        name: String,
        /// From which byte on.
        from: i64,
    },
    /// What went into a session's agents and came out of them?
    Raw {
        /// Which session.
        session: SessionId,
        /// Which page of it.
        from: RawFrom,
    },
    /// What has changed in a session's place since it began?
    Changes(Place),
}

/// A node's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answered {
    /// To [`Ask::Inspect`].
    Repository(Repository),
    /// To [`Ask::Resolve`].
    Commit(String),
    /// To [`Ask::File`]: the file's text, if there is one.
    File(Option<String>),
    /// To [`Ask::History`]: the files of each commit that changed a few, newest first.
    History(Vec<Vec<String>>),
    /// To [`Ask::Diff`].
    Diff {
        /// As git writes it, at most [`crate::limits::DIFF_BYTES_MAX`] bytes.
        text: String,
        /// Whether its end is missing.
        cut: bool,
    },
    /// To [`Ask::Output`]: a piece of it, if the node has it still.
    Output(Option<Piece>),
    /// To [`Ask::Raw`]: a page of it, if the node keeps any.
    Raw(Option<RawPage>),
    /// To [`Ask::Changes`]; absent when the place is not there, not yet or not any more.
    Changes(Option<Changes>),
}

/// A piece of a command's output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The text, at most [`crate::limits::CHECK_PIECE_BYTES`] bytes of it.
    pub text: String,
    /// The byte at which the next piece begins; absent for the last.
    pub next: Option<i64>,
}

/// Why a node could not answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum CallFailed {
    /// There is no git repository.
    #[error("{0}")]
    NotARepository(String),
    /// There is no such commit.
    #[error("{0}")]
    UnknownBase(String),
    /// Something else, in words for people.
    #[error("{0}")]
    Other(String),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::TurnId;

    #[test]
    fn a_batch_keeps_the_bytes_of_its_events() {
        let event = r#"{"at":"2026-11-21T00:00:00.000Z","type":"agent.text","text":"a\u0062"}"#;
        let lease = LeaseKey { session: SessionId::from_bits(1), turn: TurnId::from_bits(2), epoch: 3 };
        let reports = vec![
            Report::Delivered,
            Report::Event(RawValue::from_string(event.to_owned()).unwrap()),
            Report::Ended { ending: Ending::Failed { reason: crate::reason::Reason::Auth }, detail: None },
        ];
        let text = serde_json::to_string(&FromNode::Batch(Batch { lease, first: 1, reports })).unwrap();
        let FromNode::Batch(batch) = serde_json::from_str(&text).unwrap() else { panic!("another message") };
        assert!(matches!(&batch.reports[1], Report::Event(raw) if raw.get() == event));
        assert!(matches!(batch.reports[2], Report::Ended { ending: Ending::Failed { reason: crate::reason::Reason::Auth }, .. }));
    }
}

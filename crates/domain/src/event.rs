//! Events: the numbered facts of a session, stored before anyone sees them.
//!
//! On the wire an event is one flat JSON object: `{"seq":12,"at":"…","turn":"trn_…","type":"agent.text","text":"…"}`. Facts of the hub
//! (`session.`, `message.`, `turn.`, `approval.`, `budget.`) and facts of the agent (`agent.`, `tool.`, `output`, `gap`) share one
//! sequence. A [`Delta`] is no fact: it shows the typing of a text that will be an event, has no number and is never stored.

use crate::approval::ApprovalState;
use crate::id::{ApprovalId, MessageId, NodeId, TurnId};
use crate::money::Usage;
use crate::reason::Reason;
use crate::remark::Remark;
use crate::rule::Verdict;
use crate::time::Time;
use crate::turn::{OnInterruption, Outcome, Wish};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An event with its time and turn; its number is given when it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stamped {
    /// When it happened, by the clock of the machine where it happened.
    pub at: Time,
    /// The turn it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<TurnId>,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What can happen in a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type")]
pub enum Event {
    /// The session was opened.
    #[serde(rename = "session.opened")]
    SessionOpened {
        /// Its title.
        title: String,
        /// Its agent.
        agent: String,
        /// Its branch, if it has one of its own.
        branch: Option<String>,
    },
    /// The session was closed.
    #[serde(rename = "session.closed")]
    SessionClosed {},
    /// The node has removed the worktree; work that was in no commit is under the rescue ref.
    #[serde(rename = "session.released")]
    SessionReleased {
        /// The branch that holds the session's commits.
        branch: Option<String>,
        /// The ref that holds what was not committed, if there was anything.
        rescue: Option<String>,
    },
    /// A message was accepted and stands in line.
    #[serde(rename = "message.queued")]
    MessageQueued {
        /// The message.
        message: MessageId,
        /// Its text.
        text: String,
        /// Not to be carried out before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        not_before: Option<Time>,
    },
    /// A queued message has another text.
    #[serde(rename = "message.edited")]
    MessageEdited {
        /// The message.
        message: MessageId,
        /// Its new text.
        text: String,
    },
    /// A queued message has another place in line.
    #[serde(rename = "message.moved")]
    MessageMoved {
        /// The message.
        message: MessageId,
        /// Its place, 1 being next.
        position: i64,
    },
    /// A message was handed to the agent in the middle of its turn.
    #[serde(rename = "message.steered")]
    MessageSteered {
        /// The message.
        message: MessageId,
        /// Its text.
        text: String,
    },
    /// The turn was given to a node.
    #[serde(rename = "turn.assigned")]
    TurnAssigned {
        /// The node.
        node: NodeId,
        /// The epoch of the lease.
        epoch: i64,
    },
    /// The agent has the message.
    #[serde(rename = "turn.started")]
    TurnStarted {
        /// Which attempt this is.
        attempt: i64,
    },
    /// A person wants the turn to end.
    #[serde(rename = "turn.wished")]
    TurnWished {
        /// What was wished.
        wish: Wish,
    },
    /// The turn waits outside the line.
    #[serde(rename = "turn.parked")]
    TurnParked {
        /// Why.
        reason: Reason,
        /// Until when, if known.
        until: Option<Time>,
    },
    /// The turn is back in line.
    #[serde(rename = "turn.requeued")]
    TurnRequeued {
        /// Why; absent when its waiting time was over.
        reason: Option<Reason>,
        /// Whether an earlier attempt may have done something.
        maybe_executed: bool,
    },
    /// The turn is over.
    #[serde(rename = "turn.ended")]
    TurnEnded {
        /// How.
        outcome: Outcome,
        /// Why, unless it succeeded.
        reason: Option<Reason>,
        /// Whether an attempt was lost that may have done something.
        maybe_executed: bool,
        /// Times it was given to an agent.
        attempts: i64,
        /// What it cost.
        #[serde(flatten)]
        usage: Usage,
        /// What the session's policy was.
        on_interruption: OnInterruption,
    },
    /// The agent asks a person.
    #[serde(rename = "approval.asked")]
    ApprovalAsked {
        /// The question.
        approval: ApprovalId,
        /// The tool.
        tool: String,
        /// The exact input.
        input: String,
        /// The hash of everything that is approved.
        hash: String,
    },
    /// The question is settled.
    #[serde(rename = "approval.answered")]
    ApprovalAnswered {
        /// The question.
        approval: ApprovalId,
        /// How.
        state: ApprovalState,
        /// What the person said.
        reason: Option<String>,
    },
    /// The agent's process is there.
    #[serde(rename = "agent.started")]
    AgentStarted {
        /// The program.
        program: String,
        /// Its version, if it says so.
        version: Option<String>,
        /// The model it uses, if it says so.
        model: Option<String>,
        /// Whether it was brought back with its own resume.
        resumed: bool,
    },
    /// The agent said something.
    #[serde(rename = "agent.text")]
    AgentText {
        /// What.
        text: String,
    },
    /// The agent thought something.
    #[serde(rename = "agent.thought")]
    AgentThought {
        /// What, as far as the provider shows it.
        text: String,
    },
    /// The program tells something about itself: a retry, a warning, a missing setting.
    #[serde(rename = "agent.notice")]
    AgentNotice {
        /// How serious: `info`, `warning` or `error`.
        level: Level,
        /// What.
        text: String,
        /// The same as data, where these are Fugue's words and not the program's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remark: Option<Remark>,
    },
    /// The program sent an event that this version does not know. Passed through.
    #[serde(rename = "agent.raw")]
    AgentRaw {
        /// As it came.
        body: Value,
    },
    /// The agent uses a tool.
    #[serde(rename = "tool.called")]
    ToolCalled {
        /// The program's name for this call.
        call: String,
        /// The tool.
        tool: String,
        /// Its input.
        input: Value,
    },
    /// The policy decided about a tool without asking a person.
    #[serde(rename = "tool.judged")]
    ToolJudged {
        /// The program's name for the request.
        call: String,
        /// The tool.
        tool: String,
        /// What was decided.
        verdict: Verdict,
        /// By which rule.
        rule: Option<String>,
    },
    /// The tool is done.
    #[serde(rename = "tool.ended")]
    ToolEnded {
        /// The program's name for this call.
        call: String,
        /// Whether it went well.
        ok: bool,
        /// What it gave back, as far as it was kept.
        output: String,
        /// Its exit code, if it had one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exit_code: Option<i64>,
    },
    /// A line of plain output.
    #[serde(rename = "output")]
    Output {
        /// Where it was printed.
        stream: Stream,
        /// The line, without its end.
        text: String,
    },
    /// Output that was not kept: how much and why. Never silent.
    #[serde(rename = "gap")]
    Gap {
        /// How many bytes are missing here.
        bytes: i64,
        /// Which limit was reached.
        why: String,
        /// The same as data.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remark: Option<Remark>,
    },
}

/// How serious something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Good to know.
    Info,
    /// Look at it some time.
    Warning,
    /// Something failed.
    Error,
}

/// Where a line was printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Level {
    /// Every word, as it is asked for.
    pub const WORDS: &'static [&'static str] = &["info", "warning", "error"];

    /// Reads a word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Info, Self::Warning, Self::Error].into_iter().zip(Self::WORDS).find(|(_, known)| **known == word).map(|(level, _)| level)
    }
}

impl Event {
    /// A notice in Fugue's words.
    pub fn notice(level: Level, remark: Remark) -> Self {
        Self::AgentNotice { level, text: remark.to_string(), remark: Some(remark) }
    }

    /// So many bytes that were not kept.
    pub fn gap(bytes: usize, remark: Remark) -> Self {
        Self::Gap { bytes: bytes as i64, why: remark.to_string(), remark: Some(remark) }
    }

    /// How serious it is to somebody who watches many sessions at once.
    pub fn level(&self) -> Level {
        match self {
            Event::TurnEnded { outcome: Outcome::Failed | Outcome::Interrupted, .. } => Level::Error,
            Event::AgentNotice { level, .. } => *level,
            Event::TurnParked { .. }
            | Event::TurnRequeued { reason: Some(_), .. }
            | Event::ApprovalAnswered { state: ApprovalState::Expired, .. }
            | Event::ToolJudged { verdict: Verdict::Deny, .. }
            | Event::ToolEnded { ok: false, .. }
            | Event::Gap { .. } => Level::Warning,
            _ => Level::Info,
        }
    }
}

/// What an event's type may begin with, up to its first dot.
pub const FAMILIES: &[&str] = &["session", "message", "turn", "approval", "agent", "tool", "output", "gap"];

/// The typing of a text that will be an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Delta {
    /// Part of an `agent.text`.
    Text {
        /// The new letters.
        text: String,
    },
    /// Part of an `agent.thought`.
    Thought {
        /// The new letters.
        text: String,
    },
}

/// Whether a node may report an event of this type. The others are the hub's own to say.
pub fn is_agents(kind: &str) -> bool {
    kind.starts_with("agent.") || kind.starts_with("tool.") || kind == "output" || kind == "gap"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_serious_and_what_worked_is_not() {
        let level = |json: &str| serde_json::from_str::<Event>(json).unwrap().level();
        let ended = |outcome| {
            level(&format!(
                r#"{{"type":"turn.ended","outcome":"{outcome}","reason":null,"maybe_executed":false,"attempts":1,"cost_usd":0,
                    "tokens":{{"input":0,"output":0,"cache_read":0,"cache_write":0}},"on_interruption":"ask"}}"#
            ))
        };
        assert_eq!(["succeeded", "cancelled", "failed", "interrupted"].map(ended), [Level::Info, Level::Info, Level::Error, Level::Error]);
        assert_eq!(level(r#"{"type":"agent.notice","level":"error","text":"x"}"#), Level::Error);
        assert_eq!(level(r#"{"type":"tool.ended","call":"1","ok":false,"output":""}"#), Level::Warning);
        assert_eq!(level(r#"{"type":"tool.ended","call":"1","ok":true,"output":""}"#), Level::Info);
        assert_eq!(level(r#"{"type":"turn.requeued","reason":null,"maybe_executed":false}"#), Level::Info);
        assert!(Level::Info < Level::Warning && Level::Warning < Level::Error);
        assert_eq!(["info", "error", "fatal"].map(Level::from_word), [Some(Level::Info), Some(Level::Error), None]);
    }
}

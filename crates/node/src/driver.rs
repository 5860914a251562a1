//! Drivers: each speaks one agent program's protocol, and does nothing else.
//!
//! Invariant: a driver is pure. It says how to start the program, turns wishes into bytes, and folds what the spool
//! holds into outputs; the same spool always gives the same outputs, so a node that was restarted reads the spool of the
//! running turn again and arrives at the same reports with the same numbers. Processes, files and clocks belong to others.
//!
//! Every write to the agent has a key. The keeper records the key before it writes the bytes and never writes a key twice,
//! so that asking for a write again, after a crash or in a replay, does no harm.

use fugue_domain::agent::Agent;
use fugue_domain::event::{Delta, Event};
use fugue_domain::id::{MessageId, SessionId, TurnId};
use fugue_domain::money::{MicroUsd, Usage};
use fugue_domain::turn::{Ending, Opening};
use fugue_domain::world::Millis;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::PathBuf;

/// What a driver is told when an agent is started or a turn begins.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Context {
    /// The session.
    pub session: SessionId,
    /// The agent.
    pub agent: Agent,
    /// The folder it works in.
    pub cwd: PathBuf,
    /// What the driver said last in [`Output::Memory`], in this or an earlier process; `None` for a new session.
    pub memory: Option<Value>,
    /// What may still be spent, for programs with a cap of their own.
    pub budget_left: Option<MicroUsd>,
    /// Where the program is, as found by the node; not for the `command` driver.
    pub program: Option<PathBuf>,
}

/// How to start the program. No shell is involved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// Its arguments. Never a prompt, never a key.
    pub args: Vec<String>,
    /// Settings for its environment, besides what passes through by name.
    pub env: Vec<(String, String)>,
    /// Names of the node's environment variables that pass through, besides the basic ones and the agent's own list. A `*` at
    /// the end of a name stands for any ending.
    pub pass: Vec<&'static str>,
}

/// A message to be given to the agent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Say {
    /// The turn.
    pub turn: TurnId,
    /// The epoch of its lease; makes the key of the write unique for each attempt.
    pub epoch: i64,
    /// The message.
    pub text: String,
    /// Whether the agent is given the text or told to go on where it broke off.
    pub opening: Opening,
}

/// Begins what an agent is told that lost its process in the middle of a message. The message follows: programs store what they
/// were told with a delay, so a process that was lost early has never heard of it.
pub const CONTINUE: &str = "Your process was interrupted while you were working on the message below. Some of your last steps may or may \
not have taken effect: check what is there before you repeat anything, then go on until it is done. The message was:\n\n";

impl Say {
    /// The words that an agent with a memory is given.
    pub fn words(&self) -> String {
        match self.opening {
            Opening::Message => self.text.clone(),
            Opening::Continue => format!("{CONTINUE}{}", self.text),
        }
    }

    /// The key of the write that delivers the message. Its appearance in the spool is what "delivered" means.
    pub fn key(&self) -> String {
        format!("say:{}:{}", self.turn, self.epoch)
    }
}

/// Bytes for the agent's stdin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The name of this write, unique in the life of the process.
    pub key: String,
    /// The bytes, the line end included.
    pub bytes: Vec<u8>,
    /// Whether stdin is closed afterwards.
    pub close: bool,
}

/// One thing that the spool holds, in order.
#[derive(Debug, Clone, Copy)]
pub enum Seen<'a> {
    /// A whole line of stdout, without its end.
    Line(&'a [u8]),
    /// A whole line of stderr, without its end.
    ErrorLine(&'a [u8]),
    /// This many bytes of one line of stdout were longer than a line may be and are not shown to the driver.
    TooLong(u64),
    /// The write with this key was made.
    Written(&'a str),
    /// The process has ended: an exit code, or the number of a signal.
    Exited(Result<i32, i32>),
}

/// What follows from it.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// A fact for the session's history.
    Event(Event),
    /// Typing.
    Delta(Delta),
    /// The protocol wants this to be written now.
    Write(Write),
    /// The agent asks whether it may use a tool.
    Ask(Ask),
    /// It no longer asks.
    Withdrawn {
        /// The key of the question.
        key: String,
    },
    /// More was used.
    Used {
        /// How much more since the last time.
        usage: Usage,
        /// By which model.
        model: Option<String>,
    },
    /// To be given back at the next start.
    Memory(Value),
    /// The terminal event of the turn. The process may live on.
    Ended {
        /// How it ended.
        ending: Ending,
        /// What a person should read about it.
        detail: Option<String>,
    },
}

/// A tool request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The program's name for the request.
    pub key: String,
    /// The tool, in the words of the rules: `Bash`, `Edit`, `Write`, `mcp__server__tool`.
    pub tool: String,
    /// Its input: the exact text that the program printed.
    pub input: String,
    /// What the agent says it is for.
    pub purpose: Option<String>,
}

/// The answer to a tool request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The key of the question.
    pub key: String,
    /// Yes or no.
    pub approved: bool,
    /// For the agent to read when it is a no.
    pub reason: Option<String>,
}

/// A running driver: one per agent process. Its state is saved at the start of each turn.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Driver {
    /// Claude Code, and our own rehearsal program, which speaks the same protocol.
    Claude(claude::Claude),
    /// Codex.
    Codex(codex::Codex),
    /// Any program.
    Command(command::Command),
}

impl Driver {
    /// The driver of an agent, before its process is started.
    pub fn new(context: Context) -> Self {
        use fugue_domain::agent::Driver as Kind;
        match context.agent.driver {
            Kind::Claude | Kind::Rehearse => Self::Claude(claude::Claude::new(context)),
            Kind::Codex => Self::Codex(codex::Codex::new(context)),
            Kind::Command => Self::Command(command::Command::new(context)),
        }
    }

    /// Whether the process ends with each turn by design.
    pub fn ends_with_turn(&self) -> bool {
        matches!(self, Self::Command(_))
    }

    /// How to start the process, or why it cannot be started.
    pub fn launch(&self) -> Result<Launch, String> {
        match self {
            Self::Claude(driver) => driver.launch(),
            Self::Codex(driver) => driver.launch(),
            Self::Command(driver) => driver.launch(),
        }
    }

    /// Begins a turn: what can be written at once. What must wait for the program comes later from `fold`.
    pub fn open(&mut self, say: &Say) -> Vec<Write> {
        match self {
            Self::Claude(driver) => driver.open(say),
            Self::Codex(driver) => driver.open(say),
            Self::Command(driver) => driver.open(say),
        }
    }

    /// Folds one thing that the spool holds. `at` is when the keeper recorded it.
    pub fn fold(&mut self, seen: Seen<'_>, at: Millis) -> Vec<Output> {
        match self {
            Self::Claude(driver) => driver.fold(seen, at),
            Self::Codex(driver) => driver.fold(seen, at),
            Self::Command(driver) => driver.fold(seen),
        }
    }

    /// Answers a tool request with the very bytes that were asked about.
    pub fn answer(&mut self, verdict: &Verdict) -> Vec<Write> {
        match self {
            Self::Claude(driver) => driver.answer(verdict),
            Self::Codex(driver) => driver.answer(verdict),
            Self::Command(_) => Vec::new(),
        }
    }

    /// Breaks off the running turn, if the program can; empty when only ending the process helps.
    pub fn interrupt(&mut self) -> Vec<Write> {
        match self {
            Self::Claude(driver) => driver.interrupt(),
            Self::Codex(driver) => driver.interrupt(),
            Self::Command(_) => Vec::new(),
        }
    }

    /// Hands a message to the running turn; empty when the program cannot take it.
    pub fn steer(&mut self, message: &MessageId, text: &str) -> Vec<Write> {
        match self {
            Self::Claude(driver) => driver.steer(message, text),
            Self::Codex(driver) => driver.steer(message, text),
            Self::Command(_) => Vec::new(),
        }
    }
}

pub mod claude;
pub mod codex;
pub mod command;

pub mod bound;
mod nonsense;
mod price;
mod reset;

#[cfg(test)]
mod tests;

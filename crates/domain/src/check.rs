//! Checks: commands whose exit code proves something about a worktree, and what they left behind as evidence.

use crate::world::Millis;
use serde::{Deserialize, Serialize};

/// A command of a project: its text is given to `sh -c` in the worktree. It comes from `fugue.toml` as it is on the target branch, never
/// from the tree that an agent can change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Command {
    /// What people call it.
    pub name: String,
    /// The text.
    pub command: String,
    /// Seconds after which it is ended, with everything that it started.
    pub timeout_s: i64,
}

/// A command whose exit code proves something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Check {
    /// What is run.
    #[serde(flatten)]
    pub command: Command,
    /// Whether a task must not pass without it.
    pub required: bool,
}

/// A command was run: the evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Ran {
    /// Its name.
    pub name: String,
    /// Its text.
    pub command: String,
    /// Whether a task must not pass without it.
    pub required: bool,
    /// How it ended.
    pub exit: Exit,
    /// How long it took, in milliseconds.
    pub ms: Millis,
    /// The end of its output, both streams as they came, at most [`crate::limits::CHECK_TAIL_BYTES_MAX`] bytes.
    pub tail: String,
    /// Bytes of its whole output, which its node keeps in a file.
    pub bytes: i64,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// It took too long and was ended.
    TimedOut,
    /// It was not run, and why.
    NotRun(String),
}

impl Ran {
    /// Whether it proves what it should.
    pub fn is_green(&self) -> bool {
        self.exit == Exit::Code(0)
    }
}

//! Checks: commands whose exit code proves something about a worktree, and what they left behind as evidence.

use crate::limits::JOB_COMMANDS_MAX;
use crate::world::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// In a value of a command's environment: a folder of the node that outlives worktrees, the same for all commands of a project.
pub const CACHE: &str = "{cache}";
/// In a value of a command's environment: the number of the place that the work has on its node, so that what is in it is used by one at a time.
pub const SLOT: &str = "{slot}";
/// Characters of a command's name that are told while it runs.
const TOLD_NAME_CHARS: usize = 200;

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
    /// Variables that it gets besides the node's own; their values may hold [`CACHE`] and [`SLOT`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
}

impl Command {
    /// Its variables, as they are on a node.
    pub fn environment(&self, cache: &str, slot: usize) -> impl Iterator<Item = (&str, String)> {
        self.env.iter().map(move |(name, value)| (name.as_str(), value.replace(CACHE, cache).replace(SLOT, &slot.to_string())))
    }
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

/// How far commands have come that run one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Progress {
    /// How many there are.
    pub total: i64,
    /// How many have ended.
    pub ended: i64,
    /// How many of those did not end well.
    pub failed: i64,
    /// The name of the one that runs.
    pub command: String,
}

impl Progress {
    /// Nothing has begun of so many.
    pub fn of(total: usize) -> Self {
        Self { total: total as i64, ended: 0, failed: 0, command: String::new() }
    }

    /// The same with counts and a name that can be: another machine said it.
    pub fn sound(self) -> Self {
        let total = self.total.clamp(0, JOB_COMMANDS_MAX as i64);
        let ended = self.ended.clamp(0, total);
        let command = self.command.chars().take(TOLD_NAME_CHARS).collect();
        Self { total, ended, failed: self.failed.clamp(0, ended), command }
    }
}

impl Ran {
    /// Whether it proves what it should.
    pub fn is_green(&self) -> bool {
        self.exit == Exit::Code(0)
    }
}

//! A node: one machine that runs agents, as it describes itself and as the hub sees it.

use crate::agent::Driver;
use crate::limits;
use crate::world::Millis;
use serde::{Deserialize, Serialize};
use std::fmt::{self, Display, Formatter};

/// How well a node can end everything that an agent started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ownership {
    /// A cgroup of its own per agent: nothing can leave it, and one write ends everything in it.
    Cgroup,
    /// Process group, subreaper and a sweep by the session's marker: complete unless a process hides its environment.
    Subreaper,
    /// Process group and sweep only (macOS): orphans are found at the next sweep.
    Sweep,
}

impl Ownership {
    /// What it means, in one sentence for people.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Cgroup => "every agent has a cgroup of its own: stop ends everything in it at once",
            Self::Subreaper => {
                "agents are owned by process group, subreaper and session marker: stop ends all but a process that clears its environment and changes its parent"
            }
            Self::Sweep => "agents are owned by process group and session marker: a process that escapes is ended at the next sweep",
        }
    }
}

/// An agent program as a node found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Program {
    /// Which driver runs it.
    pub driver: Driver,
    /// Where it is; absent when it was not found.
    pub path: Option<String>,
    /// What it says its version is.
    pub version: Option<String>,
    /// Whether it looks logged in; absent when that cannot be told without asking the provider.
    pub logged_in: Option<bool>,
    /// What is wrong and what to do about it.
    pub problem: Option<String>,
    /// The same as data, for other languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
}

impl Program {
    /// A program of which nothing is known yet.
    pub fn of(driver: Driver) -> Self {
        Self { driver, path: None, version: None, logged_in: None, problem: None, trouble: None }
    }

    /// The same with what is wrong.
    pub fn with(self, trouble: Option<Trouble>) -> Self {
        Self { problem: trouble.as_ref().map(Trouble::to_string), trouble, ..self }
    }
}

/// What is wrong with an agent program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
#[schema(as = ProgramTrouble)]
pub enum Trouble {
    /// It is not on this machine.
    Missing {
        /// Its name.
        name: String,
        /// The command that installs it.
        install: String,
    },
    /// It is not where the node's settings say.
    Misplaced {
        /// Its name.
        name: String,
        /// Where it should be.
        path: String,
    },
    /// It cannot say its version.
    Broken {
        /// Where it is.
        path: String,
        /// What came of it.
        why: String,
        /// The command that installs it.
        install: String,
    },
    /// Nobody is logged in.
    NoLogin {
        /// The command that logs in.
        login: String,
    },
}

impl Display for Trouble {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { name, install } => write!(to, "`{name}` was not found in PATH: install it with `{install}`"),
            Self::Misplaced { name, path } => write!(to, "{path} is no program: correct the path of `{name}` in the node's settings"),
            Self::Broken { path, why, install } => write!(to, "`{path} --version` failed: {why}; install it again with `{install}`"),
            Self::NoLogin { login } => write!(to, "no login was found: run `{login}` on this machine, or give the node a key"),
        }
    }
}

/// What a node says of itself when it connects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NodeFacts {
    /// The machine's name.
    pub name: String,
    /// The version of Fugue it runs.
    pub version: String,
    /// Operating system and processor.
    pub platform: String,
    /// Changes with every start of the machine.
    pub boot: String,
    /// Processors.
    pub cpus: i64,
    /// How it owns processes.
    pub ownership: Ownership,
    /// Turns that it carries out side by side.
    pub slots: i64,
    /// The folder below which its worktrees are.
    pub worktrees: String,
    /// The version of git.
    pub git: String,
    /// The agent programs it found.
    pub programs: Vec<Program>,
}

/// How busy a node is.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Load {
    /// The one-minute load average.
    pub load1: f64,
    /// Bytes of memory that can be had without swapping.
    pub memory_free: i64,
    /// Bytes free where the worktrees are.
    pub disk_free: i64,
    /// Live agent processes.
    pub agents: i64,
    /// What worktrees take; absent until it was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<Room>,
}

/// What worktrees take on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Room {
    /// Bytes of its worktrees, and of what the commands of projects keep beside them.
    pub used: i64,
    /// Bytes that they may take; absent without a limit.
    pub limit: Option<i64>,
    /// Whether they take more, and nothing of it can be made again: no new worktree is made before there is room.
    pub full: bool,
}

/// What the hub thinks of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    /// It gave a sign of life just now.
    Online,
    /// It missed a few heartbeats.
    Suspect,
    /// It is away. What it held goes on until its leases end.
    Lost,
    /// It works off what it has and gets nothing new.
    Draining,
}

impl NodeState {
    /// Derives the state from the last sign of life.
    pub fn derive(draining: bool, seen_at: Millis, now: Millis) -> Self {
        match now - seen_at {
            silent if silent >= limits::NODE_LOST_MS => Self::Lost,
            silent if silent >= limits::NODE_SUSPECT_MS => Self::Suspect,
            _ if draining => Self::Draining,
            _ => Self::Online,
        }
    }
}

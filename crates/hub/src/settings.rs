//! What a project wants of its tasks.
// H3: this file is a stand-in for the settings that come from fugue.toml; the names are those of `fugue_domain::settings`.

use crate::db::Conn;
use crate::fault::Done;
use fugue_domain::check::{Check, Command};
use fugue_domain::id::ProjectId;
use fugue_domain::job::Strategy;
use fugue_domain::limits::TASK_ATTEMPTS;

/// When a check is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// On a task's own branch.
    Task,
    /// On the merged tree.
    Merge,
}

/// The settings of a project.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The branch that work is for; the project's default branch when absent.
    pub target: Option<String>,
    /// What proves that a tree is good.
    pub checks: Vec<Check>,
    /// Run once in each new worktree.
    pub setup: Vec<Command>,
    /// How work comes onto the target branch.
    pub merge: Merging,
    /// How much.
    pub limits: Limits,
    /// By whom.
    pub agents: Agents,
}

/// How work comes onto the target branch.
#[derive(Debug, Clone)]
pub struct Merging {
    /// How.
    pub strategy: Strategy,
    /// Changes that are tested together at most.
    pub batch: i64,
    /// The remote that the branch is pushed to afterwards.
    pub push: Option<String>,
}

impl Default for Merging {
    fn default() -> Self {
        Self { strategy: Strategy::default(), batch: 4, push: None }
    }
}

/// How much.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Tasks worked on side by side.
    pub parallel: i64,
    /// Times that a task is given to its agent.
    pub attempts: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { parallel: 4, attempts: TASK_ATTEMPTS }
    }
}

/// Which agent does what.
#[derive(Debug, Clone)]
pub struct Agents {
    /// Works on tasks.
    pub work: String,
    /// Looks at changes.
    pub review: String,
}

impl Default for Agents {
    fn default() -> Self {
        Self { work: "coder".to_owned(), review: "reviewer".to_owned() }
    }
}

impl Settings {
    /// The checks that are run at a time.
    pub fn checks(&self, _when: When) -> Vec<Check> {
        self.checks.clone()
    }

    /// Whether nothing is merged before a person has approved it.
    pub fn needs_person(&self) -> bool {
        !self.checks.iter().any(|check| check.required)
    }

    /// Whether the agent for reviews looks at every change.
    pub fn needs_agent(&self) -> bool {
        false
    }

    /// Whether a change may touch the checks that prove it.
    pub fn may_edit_checks(&self) -> bool {
        false
    }
}

/// The settings of a project, as they are now.
pub async fn of(_conn: &mut Conn, _project: &ProjectId) -> Done<Settings> {
    Ok(Settings::default())
}

//! The settings of a project: what its `fugue.toml` says of checks, set-up, merging, limits and agents.
//!
//! Invariant: the file is read as it is on the target branch, never from a tree that an agent can change, and it can only narrow what the
//! org, the hub and the node allow ([`Settings::narrowed`]). The hub stores settings with the commit that they come from.

use crate::check::{Check, Command};
use crate::job::Strategy;
use crate::limits::*;
use crate::money::MicroUsd;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub mod file;
#[cfg(test)]
mod tests;

/// The file's path in a repository.
pub const FILE: &str = "fugue.toml";

/// When a check is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// On a task's own branch, after its agent says that it is done.
    Task,
    /// On the merged tree, before the target branch moves.
    Merge,
}

/// Who must have looked at a change before it is merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reviewer {
    /// The agent for reviews.
    Agent,
    /// A person.
    Person,
}

/// A check, and when it is run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Proof {
    /// What is run.
    #[serde(flatten)]
    pub check: Check,
    /// When; both when nothing is said.
    pub when: Vec<When>,
}

/// How finished work comes onto the target branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Merging {
    /// How.
    pub strategy: Strategy,
    /// Changes that are tested together at most.
    pub batch: i64,
    /// The remote that must have what is merged; none when absent.
    pub push: Option<String>,
    /// Who looks at each change.
    pub review: Vec<Reviewer>,
    /// Whether a change may touch the files of the checks that prove it.
    #[serde(default)]
    pub may_edit_checks: bool,
}

/// How much at once, and how much at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Limits {
    /// Tasks worked on side by side.
    pub parallel: i64,
    /// Times that a task is given to its agent.
    pub attempts: i64,
    /// What one task may cost, in US dollars, unless the task says otherwise.
    pub budget_usd: Option<MicroUsd>,
    /// What all tasks of one plan may cost together, in US dollars.
    pub plan_budget_usd: Option<MicroUsd>,
}

/// Which agent does what, unless a task names one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Agents {
    /// Works on tasks.
    pub work: String,
    /// Makes tasks of goals.
    pub plan: String,
    /// Looks at changes.
    pub review: String,
    /// Brings together what does not fit.
    pub resolve: String,
}

/// The settings of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Settings {
    /// The branch that work is for; the project's default branch when absent.
    pub target: Option<String>,
    /// What proves that a tree is good.
    pub checks: Vec<Proof>,
    /// Run once in each new worktree.
    pub setup: Vec<Command>,
    /// Run once in each worktree before it goes.
    pub teardown: Vec<Command>,
    /// How work comes onto the target branch.
    pub merge: Merging,
    /// How much.
    pub limits: Limits,
    /// By whom.
    pub agents: Agents,
}

impl Default for Settings {
    /// What holds without a file: no checks, so that a person looks at everything.
    fn default() -> Self {
        let named = |name: &str| name.to_owned();
        Self {
            target: None,
            checks: Vec::new(),
            setup: Vec::new(),
            teardown: Vec::new(),
            merge: Merging {
                strategy: Strategy::default(),
                batch: MERGE_BATCH,
                push: None,
                review: vec![Reviewer::Agent],
                may_edit_checks: false,
            },
            limits: Limits { parallel: TASKS_PARALLEL, attempts: TASK_ATTEMPTS, budget_usd: None, plan_budget_usd: None },
            agents: Agents {
                work: named("coder"),
                plan: named("coordinator"),
                review: named("reviewer"),
                resolve: named("conflict-resolver"),
            },
        }
    }
}

impl Settings {
    /// The checks that are run at a time.
    pub fn checks(&self, when: When) -> Vec<Check> {
        self.checks.iter().filter(|proof| proof.when.contains(&when)).map(|proof| proof.check.clone()).collect()
    }

    /// Whether nothing is merged before a person has approved it: because the project wants that, or because no check that is required
    /// before a merge proves anything.
    pub fn needs_person(&self) -> bool {
        self.merge.review.contains(&Reviewer::Person) || !self.checks(When::Merge).iter().any(|check| check.required)
    }

    /// Whether the agent for reviews looks at every change.
    pub fn needs_agent(&self) -> bool {
        self.merge.review.contains(&Reviewer::Agent)
    }

    /// Whether a change may touch the files of the checks that prove it, without a person being asked.
    pub fn may_edit_checks(&self) -> bool {
        self.merge.may_edit_checks
    }

    /// What is left of them where somebody allows less, and what was cut.
    pub fn narrowed(&self, allowed: &Allowed) -> (Self, Vec<Cut>) {
        let (mut settings, mut cuts) = (self.clone(), Vec::new());
        for bound in &allowed.bounds {
            for (key, value) in settings.bounded(bound.what) {
                if *value > bound.most {
                    let shown = |value| bound.what.shown(value);
                    cuts.push(Cut { key, wanted: shown(*value), holds: shown(bound.most), by: bound.by.clone() });
                    *value = bound.most;
                }
            }
        }
        if let Some(by) = &allowed.no_push
            && let Some(remote) = settings.merge.push.take()
        {
            cuts.push(Cut { key: "merge.push".to_owned(), wanted: remote, holds: "no push".to_owned(), by: by.clone() });
        }
        (settings, cuts)
    }

    /// Where a bound applies, with the key for people.
    fn bounded(&mut self, what: Bounded) -> Vec<(String, &mut i64)> {
        let one = |key: &str, value| vec![(key.to_owned(), value)];
        match what {
            Bounded::Parallel => one("limits.parallel", &mut self.limits.parallel),
            Bounded::Attempts => one("limits.attempts", &mut self.limits.attempts),
            Bounded::Batch => one("merge.batch", &mut self.merge.batch),
            Bounded::TaskBudget => self.limits.budget_usd.iter_mut().map(|usd| ("limits.budget_usd".to_owned(), &mut usd.0)).collect(),
            Bounded::PlanBudget => {
                self.limits.plan_budget_usd.iter_mut().map(|usd| ("limits.plan_budget_usd".to_owned(), &mut usd.0)).collect()
            }
            Bounded::Seconds => {
                let proofs = self.checks.iter_mut().map(|proof| ("checks", &mut proof.check.command));
                let setup = self.setup.iter_mut().map(|command| ("setup", command));
                let teardown = self.teardown.iter_mut().map(|command| ("teardown", command));
                let all = proofs.chain(setup).chain(teardown);
                all.map(|(list, command)| (format!("{list}.{}.timeout", command.name), &mut command.timeout_s)).collect()
            }
        }
    }
}

/// What somebody with more to say than a file of a repository allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed {
    bounds: Vec<Bound>,
    no_push: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Bound {
    what: Bounded,
    most: i64,
    by: String,
}

/// What may be bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounded {
    /// Tasks side by side.
    Parallel,
    /// Times that a task is given to its agent.
    Attempts,
    /// Changes tested together.
    Batch,
    /// Seconds of a command.
    Seconds,
    /// What a task may cost, in millionths of a dollar.
    TaskBudget,
    /// What a plan may cost, in millionths of a dollar.
    PlanBudget,
}

impl Bounded {
    fn shown(self, value: i64) -> String {
        match self {
            Bounded::TaskBudget | Bounded::PlanBudget => MicroUsd(value).to_string(),
            Bounded::Seconds => format!("{value} s"),
            Bounded::Parallel | Bounded::Attempts | Bounded::Batch => value.to_string(),
        }
    }
}

impl Allowed {
    /// What the product itself allows, and nobody can widen.
    pub fn by_product() -> Self {
        let by = "the limits of Fugue (docs/LIMITS.md)";
        Self::default()
            .at_most(Bounded::Parallel, TASKS_PARALLEL_MAX, by)
            .at_most(Bounded::Attempts, TASK_ATTEMPTS_MAX, by)
            .at_most(Bounded::Batch, MERGE_BATCH_MAX, by)
            .at_most(Bounded::Seconds, CHECK_SECONDS_MAX, by)
    }

    /// The same, and no more of this; `by` says who wants it so.
    pub fn at_most(mut self, what: Bounded, most: i64, by: &str) -> Self {
        self.bounds.push(Bound { what, most, by: by.to_owned() });
        self
    }

    /// The same, and nothing is pushed.
    pub fn without_push(mut self, by: &str) -> Self {
        self.no_push = Some(by.to_owned());
        self
    }
}

/// A setting that does not hold as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Cut {
    /// Its key.
    pub key: String,
    /// What the file says.
    pub wanted: String,
    /// What holds.
    pub holds: String,
    /// Because of what.
    pub by: String,
}

//! Plans and the settings of projects on the wire.

use crate::agent::Driver;
use crate::api::NewTask;
use crate::id::{PlanId, ProjectId, RunId, SessionId, TaskId};
use crate::money::MicroUsd;
use crate::plan::Card;
use crate::plan::forecast::Clash;
use crate::saying::Saying;
use crate::settings::{Cut, Settings};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /api/v1/plans`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPlan {
    /// The project's id or name.
    pub project: String,
    /// What shall be reached.
    #[schema(min_length = 1)]
    pub goal: String,
    /// The agent that makes the plan; the project's own choice when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The program that plays it; the agent's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<Driver>,
    /// What making the plan may cost, in US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_usd: Option<MicroUsd>,
}

impl From<Card> for NewTask {
    fn from(card: Card) -> Self {
        let acceptance = card.acceptance_text();
        let Card { key, title, description, checks, needs, priority, labels, agent, budget_usd, paths, .. } = card;
        let (driver, links) = (None, Vec::new());
        Self { key: Some(key), title, description, acceptance, checks, needs, priority, labels, agent, driver, budget_usd, links, paths }
    }
}

impl From<NewTask> for Card {
    fn from(task: NewTask) -> Self {
        let acceptance = Card::acceptance_items(&task.acceptance);
        let NewTask { key, title, description, checks, needs, priority, labels, agent, budget_usd, paths, .. } = task;
        let key = key.unwrap_or_default();
        Self { key, title, description, acceptance, checks, needs, priority, labels, agent, budget_usd, paths, done: false }
    }
}

/// `PUT /api/v1/plans/{id}/tasks`: other tasks instead of those that are proposed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanTasks {
    /// All of them.
    pub tasks: Vec<NewTask>,
}

/// A plan: tasks proposed for one goal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Plan {
    /// Its id.
    pub id: PlanId,
    /// Its project.
    pub project: ProjectId,
    /// What shall be reached.
    pub goal: String,
    /// `planning`, `proposed`, `accepted`, `rejected`, `failed`, or `over` when nothing of an accepted one is left to do.
    pub state: String,
    /// The plan in a few sentences.
    pub summary: Option<String>,
    /// What only a person can decide.
    pub questions: Vec<String>,
    /// Why it failed.
    pub why: Option<String>,
    /// The same as data, if it is more than words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saying: Option<Saying>,
    /// The run that makes it, or made it.
    pub run: RunId,
    /// The session of that run.
    pub session: SessionId,
    /// How many tasks it has.
    pub tasks_total: i64,
    /// How many of them are done.
    pub tasks_done: i64,
    /// What it has cost, its making included, in US dollars.
    pub cost_usd: MicroUsd,
    /// When the goal was stated.
    pub created_at: Time,
    /// When a person accepted or rejected it.
    pub decided_at: Option<Time>,
}

/// A task as a part of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanTask {
    /// Its id.
    pub id: TaskId,
    /// Where it stands.
    pub state: String,
    /// Why it does not go on, or does not begin.
    pub why: Option<String>,
    /// The same as data, if it is more than words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saying: Option<Saying>,
    /// Tasks that must be done before.
    pub needs: Vec<TaskId>,
    /// What it is; `needs` in here are ids.
    pub task: NewTask,
}

/// A plan with its graph: `GET /api/v1/plans/{id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanDetail {
    /// The plan.
    #[serde(flatten)]
    pub plan: Plan,
    /// Its tasks, each after what it needs.
    pub tasks: Vec<PlanTask>,
    /// The tasks by depth: those of one layer need only what stands in layers before.
    pub layers: Vec<Vec<TaskId>>,
    /// The longest chain: what decides how long it takes.
    pub critical: Vec<TaskId>,
    /// Tasks that will probably touch the same files, by their ids.
    pub clashes: Vec<Clash>,
}

/// What holds for a project: `GET /api/v1/projects/{id}/settings`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProjectSettings {
    /// The project.
    pub project: ProjectId,
    /// The commit at which `fugue.toml` was looked for; absent if nobody could look yet.
    pub commit: Option<String>,
    /// When.
    pub read_at: Option<Time>,
    /// Whether there is a file that could be read.
    pub found: bool,
    /// What is wrong with the file. Then what was read before holds, and nothing new begins.
    pub wrong: Option<String>,
    /// What holds.
    pub settings: Settings,
    /// What the file says and does not hold, because somebody allows less.
    pub cuts: Vec<Cut>,
    /// Whether a person must approve every change.
    pub needs_person: bool,
}

//! The shapes of the API: what goes over the wire, in the words of the contract (v1: add, never change).

use crate::agent::{Agent, Driver};
use crate::approval::{ApprovalKind, ApprovalState};
use crate::caller::Role;
use crate::id::{ApprovalId, MessageId, NodeId, OrgId, ProjectId, SessionId, TaskId, TokenId, TurnId};
use crate::money::{MicroUsd, Tokens};
use crate::reason::Reason;
use crate::session::{History, PlaceKind, SessionState};
use crate::time::Time;
use crate::turn::{OnInterruption, Outcome};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

mod cost;
mod device;
mod find;
mod hook;
mod job;
mod merge;
mod node;
mod plan;
mod push;
mod review;
mod run;
mod task;

pub use crate::changes::{ChangedFile, Changes, FileState};
pub use crate::raw::{RawFrame, RawKind, RawPage};
pub use cost::{Budgets, Cost, CostBy, Costs, DayBudget, ParkedTurn, SessionBudget};
pub use device::{Device, DeviceCode, NewDevice};
pub use find::{EventHit, EventHits, EventList, Found, FoundKind};
pub use hook::{Hook, NewHook};
pub use job::Job;
pub use merge::{MergeEntry, MergeQueue, NewTrial, Trial};
pub use node::{Join, JoinCode, Joined, Node};
pub use plan::{NewPlan, Plan, PlanDetail, PlanTask, PlanTasks, ProjectSettings};
pub use push::{NewPush, PushAnswer, PushState, PushVerdict, PushWish, QuietHours};
pub use review::{NewReview, Review};
pub use run::{NewRun, Run};
pub use task::{
    Diff, Entry, Evidence, MadeTasks, NewTask, NewTasks, Remark, Shown, Task, TaskBrief, TaskChange, TaskDetail, TaskSession, Verdict,
};

/// `POST /api/v1/projects`: exactly one of `path` and `url`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProject {
    /// A folder in a git repository on a node.
    #[schema(min_length = 1, max_length = 4096)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// A URL that git can clone.
    #[schema(min_length = 1, max_length = 4096)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its name; the last part of the path or URL when absent.
    #[schema(min_length = 1, max_length = 60, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The node that has the path: its id or name. The first connected node that has it when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
}

/// A project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Its name, unique in the org.
    pub name: String,
    /// Its folder, if it is one on a node.
    pub path: Option<String>,
    /// Its URL, if it is cloned by each node.
    pub url: Option<String>,
    /// The node that has the folder.
    pub node: Option<NodeId>,
    /// The branch that sessions begin at.
    pub default_branch: String,
    /// When it was added.
    pub created_at: Time,
}

/// `POST /api/v1/sessions`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSession {
    /// The project's id or name.
    pub project: String,
    /// The agent's name.
    pub agent: String,
    /// What it is about; becomes part of the branch's name.
    #[schema(min_length = 1, max_length = 200)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The node's id or name; chosen by Fugue when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The branch, tag or commit to begin at; the project's default branch when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// A worktree of its own (the default), or the people's checkout.
    #[serde(default)]
    pub place: PlaceKind,
    /// What it may cost, in US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_usd: Option<MicroUsd>,
}

/// Where a session works.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Place {
    /// The node.
    pub node: NodeId,
    /// A worktree or the people's checkout.
    pub kind: PlaceKind,
    /// The folder on the node.
    pub path: String,
    /// The worktree's branch.
    pub branch: Option<String>,
    /// The commit it began at.
    pub base: Option<String>,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// What it is doing, derived from its turns.
    pub state: SessionState,
    /// What it is about.
    pub title: String,
    /// Its project.
    pub project: ProjectId,
    /// Its agent's name.
    pub agent: String,
    /// Its driver.
    pub driver: Driver,
    /// Where it works.
    pub place: Place,
    /// The task that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
    /// The turn that is leased, running or waiting.
    pub turn: Option<TurnId>,
    /// Messages in line.
    pub queued: i64,
    /// The number of its last event.
    pub last_seq: i64,
    /// What it has cost, in US dollars.
    pub cost_usd: MicroUsd,
    /// What it may cost.
    pub budget_usd: Option<MicroUsd>,
    /// The tokens it has used.
    pub tokens: Tokens,
    /// When it was opened.
    pub created_at: Time,
    /// When something happened last.
    pub updated_at: Time,
    /// When it was closed.
    pub closed_at: Option<Time>,
    /// What is left of its events, and where.
    #[serde(default)]
    pub history: History,
}

/// `POST /api/v1/sessions/{id}/messages`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    /// What to do.
    #[schema(min_length = 1, max_length = 262144)]
    pub text: String,
    /// Not to be carried out before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Time>,
    /// What happens if the agent is lost in the middle; the agent's own setting when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_interruption: Option<OnInterruption>,
}

/// `PATCH /api/v1/messages/{id}`, while it is queued.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageChange {
    /// Another text.
    #[schema(min_length = 1, max_length = 262144)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Another place in line; 1 is next.
    #[schema(minimum = 1)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
    /// Another earliest time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Time>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Its session.
    pub session: SessionId,
    /// What was said.
    pub text: String,
    /// Not before.
    pub not_before: Option<Time>,
    /// When it was accepted.
    pub created_at: Time,
    /// Its turn.
    pub turn: TurnBrief,
}

/// A turn, in short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TurnBrief {
    /// Its id.
    pub id: TurnId,
    /// `queued`, `parked`, `leased`, `running`, `waiting` or `ended`.
    pub state: String,
    /// Its place in line, 1 being next; 0 when it is not in line.
    pub position: i64,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// A turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Turn {
    /// Its id.
    pub id: TurnId,
    /// Its session.
    pub session: SessionId,
    /// Its message.
    pub message: MessageId,
    /// `queued`, `parked`, `leased`, `running`, `waiting` or `ended`.
    pub state: String,
    /// Its place in line, 1 being next; 0 when it is not in line.
    pub position: i64,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Why it failed, broke off or waits.
    pub reason: Option<Reason>,
    /// What a person should read about it.
    pub detail: Option<String>,
    /// Back in line at this time.
    pub parked_until: Option<Time>,
    /// Times it was given to an agent.
    pub attempts: i64,
    /// Whether an attempt was lost that may have done something.
    pub maybe_executed: bool,
    /// What happens if the agent is lost.
    pub on_interruption: OnInterruption,
    /// The node that has it.
    pub node: Option<NodeId>,
    /// Which assignment of the session it is.
    pub epoch: Option<i64>,
    /// What it cost.
    pub cost_usd: MicroUsd,
    /// The tokens it used.
    pub tokens: Tokens,
    /// When its message was accepted.
    pub created_at: Time,
    /// When an agent first had it.
    pub started_at: Option<Time>,
    /// When it ended.
    pub ended_at: Option<Time>,
}

/// An approval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Approval {
    /// Its id.
    pub id: ApprovalId,
    /// What is asked.
    pub kind: ApprovalKind,
    /// Where it stands.
    pub state: ApprovalState,
    /// Whose session.
    pub session: SessionId,
    /// Which turn.
    pub turn: TurnId,
    /// The session's title.
    pub title: String,
    /// The agent that asks.
    pub agent: String,
    /// The tool.
    pub tool: String,
    /// The exact input: these bytes are run, and no others.
    pub input: String,
    /// The same with every character that cannot be seen spelled out.
    pub shown: String,
    /// The hash over session, epoch, tool, folder and input.
    pub hash: String,
    /// Where it would run.
    pub cwd: String,
    /// The node.
    pub node: Option<NodeId>,
    /// What the agent says it is for.
    pub purpose: Option<String>,
    /// The rule that made it a question; absent when no rule named it.
    pub rule: Option<String>,
    /// What the person said.
    pub reason: Option<String>,
    /// When it was asked.
    pub created_at: Time,
    /// When it becomes a no by itself.
    pub expires_at: Time,
    /// When it was settled.
    pub decided_at: Option<Time>,
}

/// `POST /api/v1/approvals/{id}/approve` and `/deny`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Decision {
    /// Why; the agent reads it when it is a no.
    #[schema(max_length = 2000)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The hash that the person was shown. When given and different, nothing is decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

/// `POST /api/v1/tokens`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// What its bearer may do; not more than the caller may.
    pub role: Role,
    /// When it stops working; never by itself when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
    /// Another org, by name, which is made if it is not there; only the owner may say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org: Option<String>,
}

/// A credential's record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// What its bearer may do.
    pub role: Role,
    /// Whose rows it sees.
    pub org: OrgId,
    /// When it was made.
    pub created_at: Time,
    /// When it stops working.
    pub expires_at: Option<Time>,
    /// Whether it is a device's: a browser's cookie, which its person finds among their devices.
    #[serde(default)]
    pub device: bool,
    /// The credential itself, only in the reply that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// `GET /api/v1/sessions/{id}/events`. Each item is one flat event object with its `seq`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventPage {
    /// The events, oldest first.
    #[schema(value_type = Vec<Object>)]
    pub items: Vec<serde_json::Value>,
    /// Give this as `after` to go on; absent when there is nothing more yet.
    pub next_cursor: Option<String>,
    /// The number of the session's last event.
    pub last_seq: i64,
}

/// `PATCH /api/v1/sessions/{id}`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionChange {
    /// Another title. The branch keeps its name.
    #[schema(min_length = 1, max_length = 200)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Another budget; raising it lets turns go on that it stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_usd: Option<MicroUsd>,
}

/// The org's own settings: `GET` and `PATCH /api/v1/org`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OrgSettings {
    /// What may be spent in one day (UTC); no limit when absent.
    pub daily_budget_usd: Option<MicroUsd>,
}

/// Who the caller is: `GET /api/v1/me`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// The org.
    pub org: OrgId,
    /// The org's name.
    pub org_name: String,
    /// The role.
    pub role: Role,
    /// The credential.
    pub token: TokenId,
}

/// How the hub is: `GET /api/v1/health`. When its database takes no writes, the answer is a problem instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// The version of the hub.
    pub version: String,
    /// How long its database took for a write, in milliseconds.
    pub write_ms: i64,
}

/// A single-use ticket for `/api/v1/ws`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Ticket {
    /// Sent as the WebSocket's second subprotocol, after `fugue.v1`; never in a URL.
    pub ticket: String,
    /// When it stops working.
    pub expires_at: Time,
}

/// An agent, as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AgentView {
    /// The agent.
    #[serde(flatten)]
    pub agent: Agent,
    /// Whether it comes with Fugue and was not changed.
    pub built_in: bool,
}

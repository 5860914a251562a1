//! Tasks on the wire.

use crate::agent::Driver;
use crate::check::{Progress, Ran};
use crate::id::{JobId, NodeId, PlanId, ProjectId, RunId, SessionId, TaskId, TurnId};
use crate::job::{Change, Commit};
use crate::money::MicroUsd;
use crate::saying::Saying;
use crate::session::SessionState;
use crate::task::Need;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /api/v1/tasks`: one or many, all or none.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTasks {
    /// The project's id or name.
    pub project: String,
    /// Only write them down: each is started by a person.
    #[serde(default)]
    pub draft: bool,
    /// What is wanted.
    #[schema(min_items = 1, max_items = 1000)]
    pub tasks: Vec<NewTask>,
}

/// A task to be made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTask {
    /// What the other tasks of this request call it in `needs`.
    #[schema(min_length = 1, max_length = 500)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What is wanted, in a line.
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// What is wanted, in full.
    #[schema(max_length = 65536)]
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What must be true at the end.
    #[schema(max_length = 65536)]
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub acceptance: String,
    /// The names of the checks that prove it; the project's when empty.
    #[schema(max_items = 100)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<String>,
    /// What must be done before: ids of tasks, or keys of this request.
    #[schema(max_items = 200)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Higher is earlier; 0 is usual.
    #[schema(minimum = -100, maximum = 100)]
    #[serde(default)]
    pub priority: i64,
    /// Words to find it by.
    #[schema(max_items = 100)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The agent's name; the project's own choice when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The program that plays the agent; the agent's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<Driver>,
    /// What it may cost, in US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_usd: Option<MicroUsd>,
    /// Where more is written.
    #[schema(max_items = 100)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
    /// Files and folders that it will probably touch.
    #[schema(max_items = 100)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
}

/// What a request has made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MadeTasks {
    /// In the order of the request.
    pub items: Vec<Task>,
}

/// `PATCH /api/v1/tasks/{id}`. What is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TaskChange {
    /// Another title.
    #[schema(min_length = 1, max_length = 200)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Another description. An agent that has begun is not told.
    #[schema(max_length = 65536)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What must be true at the end.
    #[schema(max_length = 65536)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acceptance: Option<String>,
    /// The checks that prove it, from the next time they run.
    #[schema(max_items = 100)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checks: Option<Vec<String>>,
    /// What must be done before; only while it has not begun.
    #[schema(max_items = 200)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<Vec<String>>,
    /// Higher is earlier.
    #[schema(minimum = -100, maximum = 100)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i64>,
    /// Words to find it by.
    #[schema(max_items = 100)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    /// Another agent; only while it has no session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Another program that plays the agent; only while it has no session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<Driver>,
    /// Another budget, in US dollars; its session gets it too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_usd: Option<MicroUsd>,
    /// Where more is written.
    #[schema(max_items = 100)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<String>>,
    /// Files and folders that it will probably touch.
    #[schema(max_items = 100)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paths: Option<Vec<String>>,
}

/// `POST /api/v1/tasks/{id}/retry`, `/approve` and the other verbs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Remark {
    /// What the person says about it: to the agent when it tries again, otherwise for the record.
    #[schema(min_length = 1, max_length = 131072)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A task, in a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskBrief {
    /// Its id.
    pub id: TaskId,
    /// What is wanted.
    pub title: String,
    /// Where it stands.
    pub state: String,
}

/// A task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// Its project.
    pub project: ProjectId,
    /// The plan that it is part of.
    pub plan: Option<PlanId>,
    /// What is wanted, in a line.
    pub title: String,
    /// `draft`, `blocked`, `ready`, `working`, `checking`, `review`, `merging`, `needs_human`, `done` or `cancelled`.
    pub state: String,
    /// What a person is needed for.
    pub need: Option<Need>,
    /// Why it needs a person, or why it waits.
    pub why: Option<String>,
    /// The same as data, if it is more than words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saying: Option<Saying>,
    /// Higher is earlier.
    pub priority: i64,
    /// Words to find it by.
    pub labels: Vec<String>,
    /// What must be done before.
    pub needs: Vec<TaskId>,
    /// What of that is not done.
    pub blocked_by: Vec<TaskBrief>,
    /// The agent's name; the project's own choice when absent.
    pub agent: Option<String>,
    /// The program that plays the agent; the agent's own when absent.
    pub driver: Option<Driver>,
    /// Which try at the proof this is.
    pub attempt: i64,
    /// Tries before a person is asked.
    pub attempts_max: i64,
    /// The commit that was checked last.
    pub head: Option<String>,
    /// Its session, while it has one.
    pub session: Option<SessionId>,
    /// What the session is doing: a question, a budget or a usage limit shows here.
    pub session_state: Option<SessionState>,
    /// The node that has its worktree.
    pub node: Option<NodeId>,
    /// The branch of its worktree.
    pub branch: Option<String>,
    /// How far the commands have come that run for it without an agent: its set-up, its checks, or those of the merged tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// What all its sessions have cost, in US dollars.
    pub cost_usd: MicroUsd,
    /// What it may cost.
    pub budget_usd: Option<MicroUsd>,
    /// When it was written down.
    pub created_at: Time,
    /// When something happened last.
    pub updated_at: Time,
    /// When its first session was opened.
    pub started_at: Option<Time>,
    /// When it was done or cancelled.
    pub ended_at: Option<Time>,
}

/// A task with everything that is known of it: `GET /api/v1/tasks/{id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskDetail {
    /// The task.
    #[serde(flatten)]
    pub task: Task,
    /// What is wanted, in full.
    pub description: String,
    /// What must be true at the end.
    pub acceptance: String,
    /// The names of the checks that prove it; the project's when empty.
    pub checks: Vec<String>,
    /// Where more is written.
    pub links: Vec<String>,
    /// Files and folders that it will probably touch.
    pub paths: Vec<String>,
    /// What waits for it.
    pub blocks: Vec<TaskBrief>,
    /// What to do, if a person is needed.
    pub hint: Option<String>,
    /// The last proof.
    pub evidence: Evidence,
    /// Its sessions, oldest first.
    pub sessions: Vec<TaskSession>,
    /// What happened, oldest first.
    pub story: Vec<Entry>,
}

/// The last proof of a task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    /// The change, as it was checked last.
    pub change: Option<Change>,
    /// The checks of the worktree.
    pub ran: Vec<Ran>,
    /// The job that ran them; its node keeps their whole output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// What was judged, by whom.
    pub verdicts: Vec<Verdict>,
    /// The checks of the merged tree.
    pub merge_ran: Vec<Ran>,
    /// The job that ran those.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_job: Option<JobId>,
    /// The commits on the target branch, once it is merged.
    pub landed: Vec<Commit>,
    /// The tear-down of its last worktree that went.
    #[serde(default)]
    pub torn_down: Vec<Ran>,
}

/// A judgement about one commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Verdict {
    /// The commit.
    pub head: String,
    /// Whether it may be merged.
    pub approved: bool,
    /// By whom: a person's name, or an agent's.
    pub by: String,
    /// In words.
    pub words: Option<String>,
    /// The run that judged.
    pub run: Option<RunId>,
    /// When.
    pub at: Time,
    /// Whether the task has another commit by now.
    pub stale: bool,
}

/// A session of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskSession {
    /// Its id.
    pub id: SessionId,
    /// Its agent.
    pub agent: String,
    /// What it has cost.
    pub cost_usd: MicroUsd,
    /// When it was opened.
    pub created_at: Time,
    /// When it was closed.
    pub closed_at: Option<Time>,
}

/// Something that happened to a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// Counted from 1.
    pub n: i64,
    /// When.
    pub at: Time,
    /// The state afterwards.
    pub state: String,
    /// What happened, in words.
    pub words: String,
    /// The same as data, if it is more than words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saying: Option<Saying>,
    /// Which person did it; absent when it happened by itself.
    pub by: Option<String>,
    /// What there is to see of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Shown>,
}

/// What there is to see of something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Shown {
    /// The set-up of a worktree.
    Prepared {
        /// The commands.
        ran: Vec<Ran>,
        /// The job that ran them; its node keeps their whole output.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job: Option<JobId>,
    },
    /// The tear-down of a worktree that goes.
    TornDown {
        /// The commands.
        ran: Vec<Ran>,
        /// The job that ran them; its node keeps their whole output.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job: Option<JobId>,
    },
    /// The agent was told something, or has carried it out.
    Turn {
        /// The turn.
        turn: TurnId,
    },
    /// The checks of the worktree.
    Checked {
        /// The commit.
        head: String,
        /// Where it left the target branch.
        base: String,
        /// The change.
        change: Change,
        /// The checks.
        ran: Vec<Ran>,
        /// Files of the checks that the change itself touches.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        edited: Vec<String>,
        /// The job that ran them; its node keeps their whole output.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job: Option<JobId>,
    },
    /// A judgement.
    Judged {
        /// The commit.
        head: String,
        /// Whether it may be merged.
        approved: bool,
        /// By whom.
        by: String,
        /// In words.
        words: Option<String>,
        /// The run that judged.
        run: Option<RunId>,
    },
    /// It is on the target branch.
    Landed {
        /// The branch was there.
        from: String,
        /// And is here now.
        to: String,
        /// What it became.
        commits: Vec<Commit>,
        /// The checks of the merged tree.
        ran: Vec<Ran>,
        /// The remote that has it too, by its name; absent when none must.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        published: Option<String>,
        /// Why the branch on the node did not come along, although the remote has it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        behind: Option<String>,
        /// The job that ran them; its node keeps their whole output.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job: Option<JobId>,
    },
    /// The checks failed on the merged tree.
    RedMerge {
        /// The branch as it was.
        onto: String,
        /// The checks.
        ran: Vec<Ran>,
        /// The job that ran them; its node keeps their whole output.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job: Option<JobId>,
    },
    /// It does not fit onto the target branch.
    Conflict {
        /// The branch as it was.
        onto: String,
        /// Files in conflict.
        files: Vec<String>,
        /// Both sides.
        detail: String,
    },
}

/// A change as text: `GET /api/v1/tasks/{id}/diff`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Diff {
    /// Where it left the target branch.
    pub base: String,
    /// The commit, or what the worktree holds.
    pub head: String,
    /// As `git diff` writes it.
    pub text: String,
    /// Whether it was too long, and its end is missing.
    pub cut: bool,
}

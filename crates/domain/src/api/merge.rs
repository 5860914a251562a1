//! Merge queues on the wire.

use crate::check::Progress;
use crate::id::{JobId, ProjectId, TaskId};
use crate::merge_queue::Standing;
use crate::saying::Saying;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The merge queue of one branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MergeQueue {
    /// The project.
    pub project: ProjectId,
    /// The branch.
    pub target: String,
    /// The job that tries the first entries, if one does.
    pub job: Option<JobId>,
    /// How far the checks of that job have come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// Why the branch could not be moved when that was tried last, in words.
    pub why: Option<String>,
    /// The same as data, for other languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saying: Option<Saying>,
    /// When it is tried again.
    pub again_at: Option<Time>,
    /// In the order in which they are tried.
    pub entries: Vec<MergeEntry>,
}

/// A change in a merge queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MergeEntry {
    /// Whose.
    pub task: TaskId,
    /// The task's title.
    pub title: String,
    /// The branch of its worktree.
    pub branch: String,
    /// The commit that was checked and reviewed.
    pub head: String,
    /// The larger, the earlier.
    pub priority: i64,
    /// Its place in the queue; the next has 1.
    pub place: i64,
    /// In line, being tried, or being tried although its task does not want it any more.
    pub standing: Standing,
    /// When it came.
    pub entered_at: Time,
}

/// `POST /api/v1/merge-queue/dry-run`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTrial {
    /// The project's id or name.
    pub project: String,
    /// The tasks whose entries are tried, in this order; all that are in the queue when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TaskId>,
}

/// A merge that is only tried: nothing moves. What would have happened is the outcome of its job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Trial {
    /// Its job.
    pub job: JobId,
    /// The project.
    pub project: ProjectId,
    /// The branch.
    pub target: String,
    /// What is tried together.
    pub entries: Vec<MergeEntry>,
}

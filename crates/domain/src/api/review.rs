//! Reviews on the wire.

use crate::id::{ReviewId, RunId, TaskId, UserId};
use crate::review::{Decision, Finding};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /api/v1/tasks/{id}/review`: a person's verdict.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReview {
    /// `approve` or `request_changes`.
    pub verdict: Decision,
    /// The commit that was read, whole. A verdict about another one than the task's present one is refused.
    pub commit: String,
    /// In a sentence or two.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// About single lines, files, or the whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comments: Vec<Finding>,
}

/// A review: what somebody says about one commit of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Review {
    /// Its id.
    pub id: ReviewId,
    /// The task.
    pub task: TaskId,
    /// The commit that is judged.
    pub commit: String,
    /// Whether the change has another commit by now, so that this counts no more.
    pub stale: bool,
    /// `wanted`, `running`, `ended`, or `dropped` when nobody wanted it any more.
    pub state: String,
    /// The verdict, once there is one.
    pub verdict: Option<Decision>,
    /// In a sentence or two; for one that could not be had, why.
    pub summary: Option<String>,
    /// In detail.
    pub findings: Vec<Finding>,
    /// The agent's run, if an agent judges.
    pub run: Option<RunId>,
    /// The person, if a person judged.
    pub person: Option<UserId>,
    /// When it was wanted.
    pub created_at: Time,
    /// When it ended.
    pub ended_at: Option<Time>,
}

//! What is found across the sessions, tasks and plans of an org: by words, and by what happened.

use crate::id::ProjectId;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /api/v1/events`: events of all sessions, newest first. Each item is one flat event object with its `session`, the
/// `session_title`, its `seq` and its `level`; long texts in it are cut, and then it says `"cut": true`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventList {
    /// The events.
    #[schema(value_type = Vec<Object>)]
    pub items: Vec<serde_json::Value>,
    /// Give this as `cursor` to look further back; absent at the end. A page may have fewer items than were asked for, or none: then
    /// nothing of what was looked through fits, and there is more behind it.
    pub next_cursor: Option<String>,
    /// Up to when was looked back; absent when nothing is there.
    pub looked_back_to: Option<Time>,
}

/// `GET /api/v1/sessions/{id}/find`: what fits of one session's history, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventHits {
    /// The events that fit.
    pub items: Vec<EventHit>,
    /// Give this as `after` to look further; absent at the end. What a request looks through is bounded, so there may be more behind a page
    /// without items.
    pub next_cursor: Option<String>,
    /// The number of the session's last event.
    pub last_seq: i64,
}

/// An event that fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventHit {
    /// Its number.
    pub seq: i64,
    /// When it happened.
    pub at: Time,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The words that fit, with what stands around them; otherwise the beginning of what it says.
    pub excerpt: String,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FoundKind {
    /// A session.
    Session,
    /// A task.
    Task,
    /// A plan.
    Plan,
}

/// `GET /api/v1/search`: one thing that has the words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Found {
    /// What it is.
    pub kind: FoundKind,
    /// Its id.
    pub id: String,
    /// Its title; of a plan its goal.
    pub title: String,
    /// Where it stands: a state of its kind.
    pub state: String,
    /// Its project.
    pub project: ProjectId,
    /// Who works on it, or its branch; what tells it from others of the same title.
    pub detail: Option<String>,
    /// When something happened to it last.
    pub updated_at: Time,
}

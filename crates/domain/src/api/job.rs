//! Jobs on the wire.

use crate::check::Progress;
use crate::id::{JobId, NodeId, SessionId};
use crate::job::{Kind, Outcome, State};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A job: what a node does without an agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// What kind of work it is.
    pub kind: Kind,
    /// Where it stands.
    pub state: State,
    /// The node that does it.
    pub node: NodeId,
    /// The session in whose worktree it is done; absent for a merge.
    pub session: Option<SessionId>,
    /// How far its commands have come, while it runs and its node has told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// What came of it, once it has ended.
    pub outcome: Option<Outcome>,
    /// When it was asked for.
    pub created_at: Time,
    /// When its node was first seen to know of it.
    pub begun_at: Option<Time>,
    /// When it ended, or was dropped.
    pub ended_at: Option<Time>,
}

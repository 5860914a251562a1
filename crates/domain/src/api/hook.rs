//! Hooks on the wire. Neither shape has a `Debug`: a secret may be in it.

use crate::hook::HookKind;
use crate::id::{HookId, ProjectId, SessionId};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /api/v1/hooks`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHook {
    /// What it is called; the agent is told this name.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Who delivers.
    pub kind: HookKind,
    /// The project's id or name.
    pub project: String,
    /// The agent's name.
    pub agent: String,
    /// The title of its sessions; its name when absent.
    #[schema(min_length = 1, max_length = 200)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The secret, where the other side has made it: LINE's channel secret, Slack's signing secret. Made by the hub when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// A hook.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Hook {
    /// Its id.
    pub id: HookId,
    /// What it is called.
    pub name: String,
    /// Who delivers.
    pub kind: HookKind,
    /// The project of its sessions.
    pub project: ProjectId,
    /// The agent of its sessions.
    pub agent: String,
    /// The title of its sessions.
    pub title: String,
    /// Where to deliver.
    pub address: String,
    /// The session that got the last delivery.
    pub session: Option<SessionId>,
    /// When something was last taken.
    pub delivered_at: Option<Time>,
    /// When it was made.
    pub created_at: Time,
    /// The secret, only in the answer to its making.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

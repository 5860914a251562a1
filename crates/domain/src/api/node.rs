//! Nodes on the wire, and how one joins.

use crate::id::NodeId;
use crate::node::{Load, NodeState, Ownership, Program};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Node {
    /// Its id.
    pub id: NodeId,
    /// Its name.
    pub name: String,
    /// What the hub thinks of it.
    pub state: NodeState,
    /// When it was heard last.
    pub seen_at: Time,
    /// The version of Fugue it runs.
    pub version: String,
    /// Operating system and processor.
    pub platform: String,
    /// How it owns processes.
    pub ownership: Ownership,
    /// Turns it carries out side by side.
    pub slots: i64,
    /// Turns it carries out now.
    pub busy: i64,
    /// How busy the machine is.
    pub load: Load,
    /// The agent programs it found.
    pub programs: Vec<Program>,
    /// When it joined.
    pub created_at: Time,
}

/// A node's join code, shown once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JoinCode {
    /// The code for `fugue node join`.
    pub code: String,
    /// The line to paste on the other machine.
    pub command: String,
    /// When it stops working.
    pub expires_at: Time,
}

/// `POST /api/v1/nodes/join`: the only request of a node that has no credential yet.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// The code.
    #[schema(min_length = 1)]
    pub code: String,
    /// The machine's name.
    #[schema(min_length = 1)]
    pub name: String,
}

/// What a node gets for its code.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Joined {
    /// Who it is.
    pub node: NodeId,
    /// Its credential, shown once.
    pub token: String,
}

//! Who is asking, and what they may do. Both come from our own records, never from the request.

use crate::id::{NodeId, OrgId, TokenId, UserId};
use serde::{Deserialize, Serialize};

/// A right to do one kind of thing. Every route declares exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// See sessions, events, nodes, costs: everything but credentials.
    Read,
    /// Open sessions, send, edit and take back messages, interrupt, stop, close.
    Operate,
    /// Answer approvals.
    Approve,
    /// Change projects, agents and nodes.
    Configure,
    /// Make and revoke credentials, manage orgs.
    Administer,
    /// Speak as a node over the link.
    Link,
}

/// A named set of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Looks and works.
    Operator,
    /// Looks, works and approves.
    Approver,
    /// Everything in the org.
    Admin,
    /// Everything, other orgs' existence included. The owner of the install.
    Owner,
    /// A machine.
    Node,
}

impl Role {
    /// Every role.
    pub const ALL: &'static [Role] = &[Role::Viewer, Role::Operator, Role::Approver, Role::Admin, Role::Owner, Role::Node];

    /// What the role may do.
    pub fn permissions(self) -> &'static [Permission] {
        use Permission::{Administer, Approve, Configure, Link, Operate, Read};
        match self {
            Role::Viewer => &[Read],
            Role::Operator => &[Read, Operate],
            Role::Approver => &[Read, Operate, Approve],
            Role::Admin | Role::Owner => &[Read, Operate, Approve, Configure, Administer],
            Role::Node => &[Link],
        }
    }

    /// Whether the role may do this.
    pub fn permits(self, permission: Permission) -> bool {
        self.permissions().contains(&permission)
    }

    /// The word used in the API and in the database.
    pub fn word(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
            Role::Approver => "approver",
            Role::Admin => "admin",
            Role::Owner => "owner",
            Role::Node => "node",
        }
    }

    /// Reads the word back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.word() == word)
    }
}

/// Who is behind a credential.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Who {
    /// A person.
    User(UserId),
    /// A machine.
    Node(NodeId),
}

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Whose rows they may see.
    pub org: OrgId,
    /// Who they are.
    pub who: Who,
    /// By which credential.
    pub token: TokenId,
    /// What they may do.
    pub role: Role,
}

impl Caller {
    /// Whether the caller may do this.
    pub fn may(&self, permission: Permission) -> bool {
        self.role.permits(permission)
    }
}

//! A project: one git repository. What the hub needs to know of it comes from a node that looked.

use serde::{Deserialize, Serialize};

/// Where a project's repository is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A folder on one node.
    Path(String),
    /// A URL that each node clones for itself.
    Url(String),
}

/// What a node found at an origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    /// The top folder of the repository, or the URL.
    pub root: String,
    /// The last part of the path or URL, for a name.
    pub name: String,
    /// The branch that is checked out, or that the remote calls its head.
    pub default_branch: String,
    /// The commit it points at; absent in a repository without commits.
    pub head: Option<String>,
}

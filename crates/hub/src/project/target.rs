//! Where the target branch of a project is that is given by a URL.
//!
//! Invariant: it is at the remote if everything that is merged is pushed there, and then every node can work on it. Otherwise it is in the
//! clone of one node, the first on which a task began, and all tasks go there: clones that merged side by side would each have a branch of
//! their own. What that node pushes later sets the project free. Called where a task begins, where a merge ends, and where a node goes.

use crate::column;
use crate::db::{Conn, Tx, query};
use crate::fault::Done;
use fugue_domain::id::{NodeId, ProjectId};

/// The node that alone has the branch.
pub async fn node(conn: &mut Conn, project: &ProjectId) -> Done<Option<NodeId>> {
    let row = query("SELECT target_node_id FROM projects WHERE id = $1").bind(project.as_str()).fetch_optional(conn).await?;
    row.as_ref().map(|row| column::maybe_id(row, 0)).transpose().map(Option::flatten)
}

/// Lets a task begin on a node. `false`: the branch is on another one by now.
pub async fn settle(tx: &mut Tx<'_>, project: &ProjectId, begins: &NodeId, publishes: bool) -> Done<bool> {
    if !publishes {
        let settled = query("UPDATE projects SET target_node_id = $2 WHERE id = $1 AND url IS NOT NULL AND target_node_id IS NULL");
        settled.bind(project.as_str()).bind(begins.as_str()).execute(tx.conn).await?;
    }
    Ok(node(tx.conn, project).await?.is_none_or(|node| node == *begins))
}

/// A remote has what was merged: any node can go on with it.
pub async fn publish(tx: &mut Tx<'_>, project: &ProjectId) -> Done<()> {
    query("UPDATE projects SET target_node_id = NULL WHERE id = $1 AND target_node_id IS NOT NULL")
        .bind(project.as_str())
        .execute(tx.conn)
        .await?;
    Ok(())
}

/// The node is gone for good, and with it what was merged there and is nowhere else: tasks begin at what the remote has.
pub async fn uproot(tx: &mut Tx<'_>, node: &NodeId) -> Done<()> {
    let lost = query("UPDATE projects SET target_node_id = NULL WHERE target_node_id = $1 RETURNING name");
    for row in &lost.bind(node.as_str()).fetch_all(tx.conn).await? {
        let name: String = row.get(0)?;
        tracing::warn!(node.id = %node, "what was merged for the project {name:?} and not pushed went with its node");
    }
    Ok(())
}

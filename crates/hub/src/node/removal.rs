//! Removing a node, and what becomes of what was on it.
//!
//! Invariant: nothing waits for a node that is not there. What is bound to one ends in the transaction of its removal ([`uproot`]); what was
//! asked of it at that very moment, in another, ends with the reaper's next round ([`look_again`]). Its tasks begin anew on another node or
//! say why they cannot; what the machine holds is left alone.

use super::get;
use crate::column;
use crate::db::{Tx, composed, query};
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use crate::{job, project, session, task, turn};
use fugue_domain::caller::Caller;
use fugue_domain::id::{NodeId, OrgId, SessionId, TaskId};
use fugue_domain::node::NodeState;
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::saying::Saying;
use fugue_domain::turn::Input;

/// Removed nodes of one look that something is still bound to; the rest comes a second later.
const UPROOTED_MAX: i64 = 20;

/// Removes a node and its credential. One that has work must be drained first, unless it is `gone` for good: then its work ends with it.
pub async fn remove(hub: &Hub, caller: &Caller, name_or_id: &str, gone: bool) -> Done<()> {
    let node = get(hub, caller, name_or_id).await?;
    if gone && node.state != NodeState::Lost {
        let detail = format!("The node {:?} gives signs of life, so it is not gone.", node.name);
        let hint = "Drain it, close its sessions and remove it without `gone`; or end it, and say so when it counts as lost.";
        return Err(Problem::new(Kind::WrongState, detail).hint(hint).into());
    }
    let id = node.id.clone();
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let removed = query(
                    "UPDATE nodes SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL \
                     AND ($3 = 1 OR NOT EXISTS (SELECT 1 FROM turns WHERE node_id = $1 AND renewed_at IS NOT NULL) \
                     AND NOT EXISTS (SELECT 1 FROM sessions WHERE node_id = $1 AND closed_at IS NULL))",
                )
                .bind(node.id.as_str())
                .bind(tx.now)
                .bind(i64::from(gone))
                .execute(tx.conn)
                .await?;
                if removed == 0 {
                    let detail = format!("The node {:?} still has open sessions.", node.name);
                    let hint =
                        "Close its sessions first: their branches are kept. If the machine is gone for good: `fugue node remove --gone`.";
                    return Err(Fault::from(Problem::new(Kind::WrongState, detail).hint(hint)));
                }
                query("UPDATE tokens SET revoked_at = $2 WHERE node_id = $1").bind(node.id.as_str()).bind(tx.now).execute(tx.conn).await?;
                uproot(tx, &node.id).await
            })
        })
        .await?;
    hub.known.forget();
    hub.nodes.disconnect(&id);
    Ok(())
}

/// What came to a removed node while it was removed ends too. Called by the reaper.
pub async fn look_again(hub: &Hub) -> Done<()> {
    let mut conn = hub.db.read().await?;
    let found = query(
        "SELECT n.id FROM nodes n WHERE n.removed_at IS NOT NULL AND (\
         EXISTS (SELECT 1 FROM jobs j WHERE j.node_id = n.id AND j.ended_at IS NULL) \
         OR EXISTS (SELECT 1 FROM sessions s WHERE s.node_id = n.id AND s.closed_at IS NULL) \
         OR EXISTS (SELECT 1 FROM sessions s WHERE s.node_id = n.id AND s.closed_at IS NOT NULL AND s.released_at IS NULL) \
         OR EXISTS (SELECT 1 FROM projects p JOIN tasks t ON t.project_id = p.id WHERE p.node_id = n.id AND t.state = 'ready')) LIMIT $1",
    )
    .bind(UPROOTED_MAX)
    .fetch_all(&mut conn)
    .await?;
    drop(conn);
    for row in &found {
        let node: NodeId = column::id(row, 0)?;
        tracing::warn!(node.id = %node, "something was asked of a node that was removed meanwhile; it ends");
        hub.db.write(move |tx| Box::pin(async move { uproot(tx, &node).await })).await?;
    }
    Ok(())
}

/// Ends everything that is bound to a removed node. Its tasks come first, so that what follows is not taken for their failure.
async fn uproot(tx: &mut Tx<'_>, node: &NodeId) -> Done<()> {
    let row = query("SELECT name FROM nodes WHERE id = $1").bind(node.as_str()).fetch_one(tx.conn).await?;
    let name: String = row.get(0)?;
    let under_way =
        query("SELECT t.id FROM sessions s JOIN tasks t ON t.session_id = s.id WHERE s.node_id = $1 AND t.ended_at IS NULL ORDER BY t.id")
            .bind(node.as_str())
            .fetch_all(tx.conn)
            .await?;
    for row in &under_way {
        task::uprooted(tx, &column::id::<TaskId>(row, 0)?, &name).await?;
    }
    let bound =
        query("SELECT t.id FROM projects p JOIN tasks t ON t.project_id = p.id WHERE p.node_id = $1 AND t.state = 'ready' ORDER BY t.id")
            .bind(node.as_str())
            .fetch_all(tx.conn)
            .await?;
    for row in &bound {
        let why = Saying::ProjectGone { node: name.clone() };
        task::impossible(tx, &column::id::<TaskId>(row, 0)?, why).await?;
    }
    let open =
        query("SELECT id, org_id FROM sessions WHERE node_id = $1 AND closed_at IS NULL").bind(node.as_str()).fetch_all(tx.conn).await?;
    for row in &open {
        session::end(tx, &column::id::<OrgId>(row, 1)?, &column::id::<SessionId>(row, 0)?).await?;
    }
    let sql = format!("SELECT {} FROM turns WHERE node_id = $1 AND renewed_at IS NOT NULL", turn::COLUMNS);
    let held = composed(sql).bind(node.as_str()).fetch_all(tx.conn).await?;
    for row in &held {
        let mut row = turn::Row::read(row)?;
        let epoch = row.epoch;
        // Its credential is worth nothing any more, so nobody renews this lease.
        let _ = turn::take(tx, &mut row, Input::LeaseExpired { epoch }).await?;
    }
    job::end_all(tx, node).await?;
    project::target::uproot(tx, node).await?;
    // Nobody will say that their worktrees are gone, and their histories shall grow old like all others.
    query("UPDATE sessions SET released_at = $2 WHERE node_id = $1 AND closed_at IS NOT NULL AND released_at IS NULL")
        .bind(node.as_str())
        .bind(tx.now)
        .execute(tx.conn)
        .await?;
    Ok(())
}

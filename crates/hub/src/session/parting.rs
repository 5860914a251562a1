//! Parting with a worktree: its session is closed and its agent has ended, so the node tears it down, if the project wants that, saves what
//! is in no commit, and removes it.
//!
//! Invariant: a worktree is asked back only when nothing works in it any more. Tearing down is a job of its own, asked for in the transaction
//! that ends the rest, once; whatever comes of it, the worktree goes afterwards.

use super::{BESIDES, COLUMNS, find, place, view};
use crate::column;
use crate::db::{Conn, Tx, composed, query};
use crate::effect::Effect;
use crate::fault::Done;
use crate::{job, settings, task};
use fugue_domain::api;
use fugue_domain::check::Command;
use fugue_domain::id::{JobId, NodeId, OrgId, SessionId};
use fugue_domain::job::{Outcome, Work};
use fugue_domain::link::{FromHub, Place};
use fugue_domain::session::PlaceKind;

/// Closed sessions that a node is told of at once; the rest comes with the next heartbeats.
const TOLD_MAX: i64 = 100;

/// Where a closed session worked, with what of its branch has landed, so that the branch may go too.
async fn leaving(conn: &mut Conn, org: &OrgId, session: &api::Session) -> Done<Place> {
    let row = query("SELECT landed FROM sessions WHERE id = $1").bind(session.id.as_str()).fetch_one(conn).await?;
    Ok(Place { landed: row.get(0)?, ..place(conn, org, session).await? })
}

/// Lets the node part with the worktree of a closed session in which no turn is held.
pub async fn give_back(tx: &mut Tx<'_>, org: &OrgId, session: &api::Session) -> Done<()> {
    let node = session.place.node.clone();
    let teardown = teardown(tx, session).await?;
    if teardown.is_empty() {
        let place = leaving(tx.conn, org, session).await?;
        tx.after_commit(Effect::Say(node, Box::new(FromHub::Release(place))));
        return Ok(());
    }
    // An agent without a turn would still sit in the tree.
    tx.after_commit(Effect::Say(node.clone(), Box::new(FromHub::End { session: session.id.clone() })));
    let place = place(tx.conn, org, session).await?;
    job::ask(tx, org, &node, &Work::TearDown { place, teardown }).await?;
    Ok(())
}

/// What is to be run in the worktree of a task before it goes; nothing when that was asked for before, or nobody would do it.
async fn teardown(tx: &mut Tx<'_>, session: &api::Session) -> Done<Vec<Command>> {
    if session.place.kind != PlaceKind::Worktree {
        return Ok(Vec::new());
    }
    let wanted = query(
        "SELECT 1 FROM task_sessions x JOIN sessions s ON s.id = x.session_id JOIN nodes n ON n.id = s.node_id \
         WHERE x.session_id = $1 AND n.removed_at IS NULL \
         AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.session_id = x.session_id AND j.kind = 'tear_down')",
    );
    match wanted.bind(session.id.as_str()).fetch_optional(tx.conn).await? {
        Some(_) => Ok(settings::of(tx.conn, &session.project).await?.teardown),
        None => Ok(Vec::new()),
    }
}

/// The worktree was torn down, or could not be: now it goes.
pub async fn torn_down(tx: &mut Tx<'_>, job: &JobId, outcome: &Outcome) -> Done<()> {
    let row = query("SELECT org_id, session_id FROM jobs WHERE id = $1").bind(job.as_str()).fetch_one(tx.conn).await?;
    let (org, id): (OrgId, SessionId) = (column::id(&row, 0)?, column::id(&row, 1)?);
    task::torn_down(tx, job, &id, outcome).await?;
    let session = find(tx.conn, &org, &id).await?;
    let place = leaving(tx.conn, &org, &session).await?;
    tx.after_commit(Effect::Say(session.place.node, Box::new(FromHub::Release(place))));
    Ok(())
}

/// Closed sessions of a node whose worktree is still there; each is told to the node until it says that it is gone.
pub async fn to_release(conn: &mut Conn, node: &NodeId) -> Done<Vec<Place>> {
    let sql = format!(
        "SELECT {COLUMNS}, s.org_id FROM sessions s WHERE s.node_id = $1 AND s.closed_at IS NOT NULL AND s.released_at IS NULL \
         AND NOT EXISTS (SELECT 1 FROM turns t WHERE t.session_id = s.id AND t.renewed_at IS NOT NULL) \
         AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.session_id = s.id AND j.kind = 'tear_down' AND j.ended_at IS NULL) LIMIT $2"
    );
    let found = composed(sql).bind(node.as_str()).bind(TOLD_MAX).fetch_all(&mut *conn).await?;
    let mut places = Vec::with_capacity(found.len());
    for row in &found {
        let org: OrgId = column::id(row, BESIDES)?;
        places.push(leaving(conn, &org, &view(row)?).await?);
    }
    Ok(places)
}

//! What nodes say, made durable: each word of a node becomes one transaction, and only then an answer.
//!
//! Invariant: a report counts once. The session knows how many reports of its latest lease are stored; what comes again is
//! skipped, a hole is refused, and a lease with another node or epoch changes nothing.

use crate::column;
use crate::db::{Conn, Tx, composed, durable, query};
use crate::effect::Effect;
use crate::fault::{Done, Fault};
use crate::feed::Hint;
use crate::hub::Hub;
use crate::{job, node, review, scheduler, session, turn};
use fugue_domain::event::{Delta, Event};
use fugue_domain::id::{JobId, NodeId, OrgId, SessionId};
use fugue_domain::lease::LeaseKey;
use fugue_domain::link::{Batch, FromHub, Hello};
use fugue_domain::node::Load;
use fugue_domain::reason::Reason;
use fugue_domain::turn::{Ending, Input, State};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

mod facts;
mod report;

use facts::Facts;
pub use facts::Gather;

/// A lease is written as renewed when this share of it has passed since the last time: disks are not for heartbeats.
const RENEWAL_SHARE: i64 = 10;

/// Which node speaks for which session: typing is shown only from the holder of the lease.
#[derive(Clone, Default)]
pub struct Holders(Arc<Mutex<HashMap<SessionId, (NodeId, i64)>>>);

impl Holders {
    /// The node holds the session's lease of this epoch.
    pub fn holds(&self, session: &SessionId, node: &NodeId, epoch: i64) {
        self.0.lock().expect("nobody panics while holding it").insert(session.clone(), (node.clone(), epoch));
    }

    fn lets_go(&self, session: &SessionId) {
        self.0.lock().expect("nobody panics while holding it").remove(session);
    }

    fn is(&self, lease: &LeaseKey, node: &NodeId) -> bool {
        let holders = self.0.lock().expect("nobody panics while holding it");
        holders.get(&lease.session).is_some_and(|(holder, epoch)| holder == node && *epoch == lease.epoch)
    }
}

/// What a node lists.
#[derive(Debug, Clone)]
pub struct Held {
    /// The leases that it works on.
    pub leases: Vec<LeaseKey>,
    /// The jobs that it knows of.
    pub jobs: Vec<JobId>,
}

/// A node introduces itself. The answer is who it is, and what becomes of the leases that it holds.
pub async fn hello(hub: &Hub, node: &NodeId, hello: Hello) -> Done<Vec<FromHub>> {
    let (id, listed) = (node.clone(), Held { leases: hello.leases.clone(), jobs: hello.jobs.clone() });
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let facts = serde_json::to_string(&hello.facts).map_err(Fault::internal)?;
                let before = node::facts(tx.conn, &id).await?;
                let restarted = before.is_some_and(|before| before.boot != hello.facts.boot);
                let row = query("UPDATE nodes SET facts = $2, slots = $3, seen_at = $4 WHERE id = $1 RETURNING org_id")
                    .bind(id.as_str())
                    .bind(facts)
                    .bind(hello.facts.slots.max(0))
                    .bind(tx.now)
                    .fetch_one(tx.conn)
                    .await?;
                tx.after_commit(Effect::Hint(column::id::<OrgId>(&row, 0)?, Hint::Node { node: id.clone() }));
                durable!(tx, "hub.greeted");
                forgotten(tx, &id, &hello.leases, restarted).await?;
                job::known(tx, &id, &hello.jobs).await?;
                review::node_is_back(tx, &id).await?;
                let now = tx.now;
                renew(tx, &id, &hello.leases, now).await
            })
        })
        .await?;
    let mut words = vec![FromHub::Welcome { node: node.clone(), lease_ms: hub.settings.lease_ms }];
    words.extend(wanted(hub, node, 0, &listed).await?);
    for waiting in waiting_sessions(hub, node).await? {
        hub.wake.session(waiting);
    }
    // Tasks that could not begin with this node away can now.
    hub.wake.foreman();
    Ok(words)
}

/// Turns whose agent had the message, and of which a node that has just started knows nothing any more.
///
/// After a restart of the machine that is every turn it does not list: its last notes may not have reached the disk.
async fn forgotten(tx: &mut Tx<'_>, node: &NodeId, listed: &[LeaseKey], restarted: bool) -> Done<()> {
    for mut row in held(tx.conn, node).await? {
        let begun = restarted || !matches!(row.rules.state, State::Leased { .. });
        if begun && !listed.contains(&row.lease()) {
            let reason = if restarted { Reason::MachineRestarted } else { Reason::KeeperDied };
            let ending = Ending::Interrupted { reason, delivered: true };
            row.detail = Some("The node came back without any trace of this turn.".to_owned());
            let epoch = row.epoch;
            let _ = turn::take(tx, &mut row, Input::Ended { epoch, ending }).await?;
        }
    }
    Ok(())
}

async fn held(conn: &mut Conn, node: &NodeId) -> Done<Vec<turn::Row>> {
    let sql = format!("SELECT {} FROM turns WHERE node_id = $1 AND renewed_at IS NOT NULL", turn::COLUMNS);
    let found = composed(sql).bind(node.as_str()).fetch_all(conn).await?;
    found.iter().map(turn::Row::read).collect()
}

async fn waiting_sessions(hub: &Hub, node: &NodeId) -> Done<Vec<SessionId>> {
    let mut conn = hub.db.read().await?;
    let found = query("SELECT s.id FROM sessions s WHERE s.node_id = $1 AND s.closed_at IS NULL AND s.in_line > 0 LIMIT 1000")
        .bind(node.as_str())
        .fetch_all(&mut conn)
        .await?;
    found.iter().map(|row| column::id(row, 0)).collect()
}

/// A sign of life. The answer renews or refuses every lease that the node listed, and repeats what is wanted of it.
pub async fn heartbeat(hub: &Hub, node: &NodeId, beat: u64, load: Load, held: Held) -> Done<Vec<FromHub>> {
    let (id, listed) = (node.clone(), held.clone());
    let renew_before = hub.world.now() - hub.settings.lease_ms / RENEWAL_SHARE;
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let load = serde_json::to_string(&load).map_err(Fault::internal)?;
                query("UPDATE nodes SET seen_at = $2, load = $3 WHERE id = $1")
                    .bind(id.as_str())
                    .bind(tx.now)
                    .bind(load)
                    .execute(tx.conn)
                    .await?;
                job::known(tx, &id, &listed.jobs).await?;
                renew(tx, &id, &listed.leases, renew_before).await
            })
        })
        .await?;
    wanted(hub, node, beat, &held).await
}

/// Lets the leases that a node lists last from now on, and those that it does not know of and is about to be told of once more: it
/// counts them from the word that we answer, so here they must not be older than that.
async fn renew(tx: &mut Tx<'_>, node: &NodeId, listed: &[LeaseKey], before: i64) -> Done<()> {
    for row in held(tx.conn, node).await? {
        let anew = matches!(row.rules.state, State::Leased { .. }) && row.rules.wish.is_none();
        if row.renewed_at <= Some(before) && (anew || listed.contains(&row.lease())) {
            query("UPDATE turns SET renewed_at = $3 WHERE id = $1 AND epoch = $2 AND renewed_at IS NOT NULL")
                .bind(row.id.as_str())
                .bind(row.epoch)
                .bind(tx.now)
                .execute(tx.conn)
                .await?;
        }
    }
    Ok(())
}

/// Everything that a node should know: which leases go on, and what is wanted of them.
async fn wanted(hub: &Hub, node: &NodeId, beat: u64, listed: &Held) -> Done<Vec<FromHub>> {
    let mut conn = hub.db.read().await?;
    let rows = held(&mut conn, node).await?;
    let alive: HashSet<LeaseKey> = rows.iter().map(turn::Row::lease).collect();
    let (leases, refused) = listed.leases.iter().cloned().partition(|lease| alive.contains(lease));
    let mut words = vec![FromHub::Renewed { beat, leases, refused }];
    for row in rows {
        hub.holders.holds(&row.session, node, row.epoch);
        let known = listed.leases.contains(&row.lease());
        match scheduler::words(&mut conn, &row, hub.world.now()).await? {
            // A lease that is listed needs no second assignment.
            Some(FromHub::Assign(_)) if known => {}
            Some(word) => words.push(word),
            None => {}
        }
    }
    words.extend(job::words(&mut conn, node, &listed.jobs).await?);
    words.extend(session::to_release(&mut conn, node).await?.into_iter().map(FromHub::Release));
    Ok(words)
}

/// Numbered reports of one lease, stored in one transaction.
pub async fn batch(hub: &Hub, node: &NodeId, batch: Batch) -> Done<FromHub> {
    let (id, lease) = (node.clone(), batch.lease.clone());
    if let Some(facts) = Facts::of(node, &batch)
        && let Some(through) = hub.facts.store(facts).await?
    {
        return Ok(FromHub::Ack { lease, through });
    }
    let stored = hub.db.write(move |tx| Box::pin(async move { report::store(tx, &id, batch).await })).await?;
    match stored {
        Some((through, ended)) => {
            if ended {
                hub.holders.lets_go(&lease.session);
            }
            Ok(FromHub::Ack { lease, through })
        }
        None => Ok(FromHub::Refused { lease }),
    }
}

/// Typing. Shown when it comes from the holder of the lease, otherwise dropped.
pub fn delta(hub: &Hub, node: &NodeId, lease: &LeaseKey, delta: &Delta) {
    if !hub.holders.is(lease, node) {
        return;
    }
    if let Ok(json) = serde_json::to_string(&serde_json::json!({ "turn": lease.turn, "delta": delta })) {
        hub.feed.delta(&lease.session, json.into());
    }
}

/// The worktree of a closed session is gone, its work is safe.
pub async fn released(hub: &Hub, node: &NodeId, session: SessionId, rescue: Option<String>, branch_removed: bool) -> Done<()> {
    let node = node.clone();
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let done = query("UPDATE sessions SET released_at = $3 WHERE id = $1 AND node_id = $2 AND closed_at IS NOT NULL AND released_at IS NULL RETURNING org_id, branch")
                    .bind(session.as_str())
                    .bind(node.as_str())
                    .bind(tx.now)
                    .fetch_optional(tx.conn)
                    .await?;
                durable!(tx, "hub.released");
                if let Some(row) = done {
                    let rescue = rescue.filter(|name| name.len() <= 255 && !name.chars().any(char::is_control));
                    let branch = row.get::<Option<String>>(1)?.filter(|_| !branch_removed);
                    tx.event(&column::id::<OrgId>(&row, 0)?, &session, None, Event::SessionReleased { branch, rescue });
                }
                Ok(())
            })
        })
        .await
}

/// The node's connection is gone. It stays in charge of its leases; lists show it as soon as its silence is long enough.
pub fn gone(hub: &Hub, node: &NodeId) {
    tracing::info!(node.id = %node, connected = hub.nodes.is_connected(node), "a node's connection ended");
}

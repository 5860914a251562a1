//! The scheduler: gives turns to nodes, and tells nodes what is wanted of the turns they hold.
//!
//! It keeps no state. Woken by the doorbell or by the clock it reads, plans purely ([`plan`]), and takes each step by compare-and-set;
//! what fails is simply looked at again. A doorbell says where to look, the clock looks everywhere.

use crate::column;
use crate::db::{Column, Conn, Row, Table, Tx, Update, composed, durable, query};
use crate::effect::Effect;
use crate::fault::{Done, Fault, caught};
use crate::hub::Hub;
use crate::link::NodeLinks;
use crate::{agent, approval, budget, event, message, project, turn};
use fugue_domain::agent::Agent;
use fugue_domain::id::{NodeId, SessionId, TurnId};
use fugue_domain::lease::{self, Lease};
use fugue_domain::link::{Assignment, FromHub, Order, Place, Steer};
use fugue_domain::money::MicroUsd;
use fugue_domain::turn::{Input, State};
use fugue_domain::world::Millis;
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

mod plan;

/// How often it looks everywhere without being asked: the longest that a lost ring can delay a turn.
const PERIOD: Duration = Duration::from_millis(1_000);
/// How many times as long as a look itself took, the next one begins at the earliest.
const IDLE_SHARE: u32 = 5;
/// Turns that one look considers, oldest first.
const CANDIDATES_MAX: i64 = 512;
/// Sessions that one look is asked about; more than that and it looks everywhere.
const SESSIONS_MAX: usize = 64;

/// Works until the hub ends.
pub async fn run(hub: Hub, shutdown: CancellationToken) {
    let mut period = tokio::time::interval(PERIOD);
    period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let (sessions, turns) = tokio::select! {
            () = shutdown.cancelled() => return,
            rung = hub.wake.wait() => (Some(rung.sessions), rung.turns),
            _ = period.tick() => (None, BTreeSet::new()),
        };
        for turn in turns {
            if let Err(fault) = caught("the word", tell(&hub, &turn)).await {
                tracing::warn!(turn.id = %turn, error = %fault, "a node could not be told; its next heartbeat will");
            }
        }
        let begun = tokio::time::Instant::now();
        let look = look(&hub, sessions.filter(|sessions| sessions.len() <= SESSIONS_MAX));
        if let Err(fault) = caught("the look", look).await {
            tracing::warn!(error = %fault, "the scheduler could not look; it looks again in a moment");
        }
        // A busy hub rings all the time: looking takes a fifth of the time at most, and rings gather meanwhile.
        let _ = shutdown.run_until_cancelled(tokio::time::sleep_until(begun + begun.elapsed() * IDLE_SHARE)).await;
    }
}

/// Gives the turns of these sessions that can start to their nodes, in the transaction that has put them in line: one write to the disk
/// instead of two for a message to an agent that waits for it. Whatever cannot start now is found by the look that was rung for.
pub async fn at_once(tx: &mut Tx<'_>, nodes: &NodeLinks, lease_ms: Millis, sessions: BTreeSet<SessionId>) -> Done<()> {
    if nodes.count() == 0 {
        return Ok(());
    }
    // The lengths of the lines are among what is written last.
    event::flush(tx).await?;
    let mut room = room(tx.conn, tx.now - lease::silent_at_most_ms(lease_ms)).await?;
    room.retain(|node, room| room.free > 0 && nodes.is_connected(node));
    if room.is_empty() {
        return Ok(());
    }
    let candidates = candidates(tx.conn, Some(&sessions), room.keys(), tx.now).await?;
    for chosen in plan::choose(candidates, room) {
        let session = chosen.session.clone();
        give(tx, chosen).await?;
        tx.effects.retain(|effect| !matches!(effect, Effect::Schedule(rung) if *rung == session));
    }
    Ok(())
}

/// Gives every turn that can start to its node, among these sessions or everywhere.
async fn look(hub: &Hub, sessions: Option<BTreeSet<SessionId>>) -> Done<()> {
    if sessions.as_ref().is_some_and(BTreeSet::is_empty) || hub.nodes.count() == 0 {
        return Ok(());
    }
    let mut conn = hub.db.read().await?;
    let heard_since = hub.world.now() - lease::silent_at_most_ms(hub.settings.lease_ms);
    let mut room = room(&mut conn, heard_since).await?;
    room.retain(|node, room| room.free > 0 && hub.nodes.is_connected(node));
    if room.is_empty() {
        return Ok(());
    }
    let candidates = candidates(&mut conn, sessions.as_ref(), room.keys(), hub.world.now()).await?;
    drop(conn);
    let chosen = plan::choose(candidates, room);
    // Asked for at the same time, they share commits.
    futures_util::future::try_join_all(chosen.into_iter().map(|chosen| assign(hub, chosen))).await?;
    Ok(())
}

/// The first due turn of each session that no node works on. A parked turn keeps those behind it waiting.
///
/// Of every node that has room the oldest are looked at: those of a node that is away or full would keep all others waiting.
async fn candidates(
    conn: &mut Conn,
    sessions: Option<&BTreeSet<SessionId>>,
    nodes: impl Iterator<Item = &NodeId>,
    now: i64,
) -> Done<Vec<plan::Candidate>> {
    let select = |source: &str, now: &str, scope: &str| {
        format!(
            "SELECT t.id, t.session_id, s.node_id, s.agent, COALESCE(s.spec, a.spec), t.created_at FROM {source} \
             JOIN turns t ON t.id = (SELECT l.id FROM turns l WHERE l.session_id = s.id AND l.state IN ('queued', 'parked') \
             AND (l.state = 'parked' OR l.not_before IS NULL OR l.not_before <= {now}) ORDER BY l.position, l.id LIMIT 1) \
             LEFT JOIN agents a ON a.org_id = s.org_id AND a.name = s.agent \
             WHERE s.closed_at IS NULL AND s.in_line > 0 AND t.state = 'queued' {scope} \
             AND NOT EXISTS (SELECT 1 FROM turns h WHERE h.session_id = s.id AND h.renewed_at IS NOT NULL) \
             ORDER BY t.created_at, t.id"
        )
    };
    let mut found = match sessions {
        Some(sessions) => {
            let mut rows = Table::new(&[Column::Text, Column::Int]);
            for session in sessions {
                rows = rows.bind(session.as_str()).bind(now);
            }
            let text = |rows: &str| select(&format!("(VALUES {rows}) AS v JOIN sessions s ON s.id = v.column1"), "v.column2", "");
            rows.fetch_all(conn, text).await?
        }
        None => {
            let mut found = Vec::new();
            for node in nodes {
                let sql = format!("{} LIMIT $3", select("sessions s", "$1", "AND s.node_id = $2"));
                let node = composed(sql).bind(now).bind(node.as_str()).bind(CANDIDATES_MAX);
                found.extend(node.fetch_all(conn).await?);
            }
            found
        }
    };
    let age = |row: &Row| Ok::<_, crate::db::Error>((row.get::<i64>(5)?, row.get::<String>(0)?));
    found.sort_by_cached_key(|row| age(row).ok());
    let read = |row: &Row| {
        let spec = row.get::<Option<String>>(4)?.map(|spec| column::json::<Agent>(&spec)).transpose()?;
        Ok(plan::Candidate {
            turn: column::id(row, 0)?,
            session: column::id(row, 1)?,
            node: column::id(row, 2)?,
            agent: row.get(3)?,
            concurrent: spec.and_then(|agent: Agent| agent.concurrent),
        })
    };
    found.iter().map(read).collect()
}

/// What each node could still take on.
async fn room(conn: &mut Conn, heard_since: i64) -> Done<plan::Rooms> {
    let mut rooms = plan::Rooms::new();
    let nodes = query("SELECT id, slots FROM nodes WHERE removed_at IS NULL AND draining = 0 AND seen_at >= $1")
        .bind(heard_since)
        .fetch_all(&mut *conn)
        .await?;
    for row in &nodes {
        rooms.insert(column::id(row, 0)?, plan::Room { free: row.get(1)?, held: Default::default() });
    }
    let held = query(
        "SELECT t.node_id, s.agent, COUNT(*) FROM turns t JOIN sessions s ON s.id = t.session_id \
         WHERE t.renewed_at IS NOT NULL GROUP BY t.node_id, s.agent",
    )
    .fetch_all(conn)
    .await?;
    for row in &held {
        if let Some(room) = rooms.get_mut(&column::id::<NodeId>(row, 0)?) {
            let count: i64 = row.get(2)?;
            room.free -= count;
            room.held.insert(row.get(1)?, count);
        }
    }
    Ok(rooms)
}

/// Gives a turn to its node, unless a budget is used up or somebody was faster.
async fn assign(hub: &Hub, chosen: plan::Candidate) -> Done<()> {
    match hub.db.write(move |tx| Box::pin(give(tx, chosen))).await {
        // Another hub was faster: the index that allows one lease per session said no.
        Err(fault) if fault.is_duplicate() => Ok(()),
        given => given,
    }
}

/// The same inside a transaction, after which the node is told.
async fn give(tx: &mut Tx<'_>, chosen: plan::Candidate) -> Done<()> {
    let Some(mut row) = turn::load(tx.conn, &chosen.turn).await? else { return Ok(()) };
    let limits = budget::limits(tx.conn, &row.session, tx.now).await?;
    if budget::exceeded(&limits).is_some() {
        let _ = turn::take(tx, &mut row, Input::OverBudget).await?;
        return Ok(());
    }
    if !matches!(row.rules.state, State::Queued { .. }) {
        return Ok(());
    }
    let next = Update { table: "sessions", set: "epoch = epoch + 1, reports = 0", key: "id = $1", found: "TRUE", back: "epoch" };
    let epoch = Table::new(&[Column::Text]).bind(chosen.session.as_str()).update(tx.conn, next).await?;
    durable!(tx, "hub.assigned");
    let epoch = epoch.first().ok_or_else(|| Fault::internal("a turn belongs to no session"))?.get(0)?;
    let lease = Lease { node: chosen.node.clone(), epoch };
    if turn::take(tx, &mut row, Input::Assign { lease }).await?.is_ok() {
        let assignment = assignment(tx.conn, &row, budget::left(&limits)).await?;
        tx.after_commit(Effect::Assign(chosen.node, Box::new(assignment)));
    }
    Ok(())
}

/// Tells a turn's node what is wanted of it, if the node is connected here.
async fn tell(hub: &Hub, id: &TurnId) -> Done<()> {
    let mut conn = hub.db.read().await?;
    let Some(row) = turn::load(&mut conn, id).await? else { return Ok(()) };
    let Some(lease) = row.rules.state.lease() else { return Ok(()) };
    let node = lease.node.clone();
    if let Some(words) = words(&mut conn, &row, hub.world.now()).await? {
        hub.holders.holds(&row.session, &node, row.epoch);
        hub.nodes.send(&node, words);
    }
    Ok(())
}

/// What a node should hear about a turn that it holds: the assignment until it has begun, then wishes and answers.
pub async fn words(conn: &mut Conn, row: &turn::Row, now: i64) -> Done<Option<FromHub>> {
    match &row.rules.state {
        State::Leased { .. } if row.rules.wish.is_none() => {
            let left = budget::left(&budget::limits(conn, &row.session, now).await?);
            Ok(Some(FromHub::Assign(Box::new(assignment(conn, row, left).await?))))
        }
        State::Leased { .. } | State::Running { .. } | State::Waiting { .. } => Ok(order(conn, row).await?.map(FromHub::Order)),
        State::Queued { .. } | State::Parked { .. } | State::Ended { .. } => Ok(None),
    }
}

/// What a node needs for a turn that was leased to it.
async fn assignment(conn: &mut Conn, row: &turn::Row, budget_left: Option<MicroUsd>) -> Done<Assignment> {
    let State::Leased { opening, .. } = row.rules.state else { return Err(Fault::internal("only a leased turn is assigned")) };
    let found = query(
        "SELECT COALESCE(t.spec, s.spec, a.spec), CASE WHEN t.spec IS NULL THEN s.memory ELSE t.memory END, s.agent, s.driver, \
         p.path, p.url, s.place_kind, s.path, s.branch, s.base FROM turns t JOIN sessions s ON s.id = t.session_id \
         JOIN projects p ON p.id = s.project_id LEFT JOIN agents a ON a.org_id = s.org_id AND a.name = s.agent WHERE t.id = $1",
    );
    let found = found.bind(row.id.as_str()).fetch_one(conn).await?;
    let agent = match column::maybe_json(&found, 0)? {
        Some(agent) => agent,
        None => agent::of_name(&found.get::<String>(2)?, column::word(&found, 3)?),
    };
    let place = Place {
        session: row.session.clone(),
        origin: project::origin_of(found.get(4)?, found.get(5)?)?,
        kind: column::word(&found, 6)?,
        path: found.get(7)?,
        branch: found.get(8)?,
        base: found.get(9)?,
        landed: None,
    };
    let memory = found.get::<Option<String>>(1)?.map(RawValue::from_string).transpose().map_err(Fault::internal)?;
    Ok(Assignment { lease: row.lease(), place, agent, opening, text: row.text.clone(), memory, budget_left })
}

async fn order(conn: &mut Conn, row: &turn::Row) -> Done<Option<Order>> {
    let answers = approval::answers(conn, &row.id, row.epoch).await?;
    let pending = message::pending_steers(conn, &row.id).await?;
    let steer: Vec<Steer> = pending.into_iter().map(|(message, text)| Steer { message, text }).collect();
    let nothing = row.rules.wish.is_none() && answers.is_empty() && steer.is_empty();
    Ok((!nothing).then(|| Order { lease: row.lease(), wish: row.rules.wish, answers, steer }))
}

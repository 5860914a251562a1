//! Jobs: what a node does without an agent. The hub asks, the node says what came of it.
//!
//! Invariant: a job has one outcome, the first. It is stored in the transaction in which everything follows from it, and only then is the
//! node told that it may forget. What is wanted is a row, repeated with every heartbeat until the node lists the job: a node that is away
//! keeps its jobs until it is back. Called by whoever needs a worktree prepared, a change checked, or changes merged.

use crate::column;
use crate::db::{Conn, Row, Tx, durable, query};
use crate::effect::Effect;
use crate::fault::{Done, Fault};
use crate::feed::Hint;
use crate::hub::Hub;
use crate::{merge_queue, session, task};
use fugue_domain::api::Job;
use fugue_domain::caller::Caller;
use fugue_domain::check::Progress;
use fugue_domain::id::{JobId, NodeId, OrgId, SessionId};
use fugue_domain::job::{Kind, Merged, Outcome, State, Work};
use fugue_domain::link::FromHub;
use fugue_domain::problem::Problem;
use fugue_domain::time::Time;
use fugue_domain::world::Mint;

mod output;
pub mod routes;

pub use output::output;

/// Jobs that a node is told of at once; the rest comes when those are done.
const TOLD_MAX: i64 = 100;

fn view(row: &Row) -> Done<Job> {
    Ok(Job {
        id: column::id(row, 0)?,
        kind: column::word(row, 1)?,
        state: column::word(row, 2)?,
        node: column::id(row, 3)?,
        session: column::maybe_id(row, 4)?,
        outcome: column::maybe_json(row, 5)?,
        created_at: Time(row.get(6)?),
        begun_at: row.get::<Option<i64>>(7)?.map(Time),
        ended_at: row.get::<Option<i64>>(8)?.map(Time),
        progress: column::maybe_json(row, 9)?,
    })
}

/// One job.
pub async fn get(hub: &Hub, caller: &Caller, id: &JobId) -> Done<Job> {
    let mut conn = hub.db.read().await?;
    let row = query(
        "SELECT id, kind, state, node_id, session_id, outcome, created_at, begun_at, ended_at, \
         CASE WHEN ended_at IS NULL THEN progress END FROM jobs WHERE org_id = $1 AND id = $2",
    )
    .bind(caller.org.as_str())
    .bind(id.as_str())
    .fetch_optional(&mut conn)
    .await?;
    row.as_ref().map(view).transpose()?.ok_or_else(|| Problem::not_found("job", id.as_str()).into())
}

/// Asks a node for something. It is told after the commit, and again until it shows that it knows.
pub async fn ask(tx: &mut Tx<'_>, org: &OrgId, node: &NodeId, work: &Work) -> Done<JobId> {
    let id = JobId::mint(&*tx.world);
    query("INSERT INTO jobs (id, org_id, node_id, session_id, kind, work, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(id.as_str())
        .bind(org.as_str())
        .bind(node.as_str())
        .bind(work.session().map(SessionId::as_str))
        .bind(column::stored(&work.kind()))
        .bind(serde_json::to_string(work).map_err(Fault::internal)?)
        .bind(tx.now)
        .execute(tx.conn)
        .await?;
    durable!(tx, "hub.job_asked");
    tx.after_commit(Effect::Say(node.clone(), Box::new(FromHub::Job { id: id.clone(), work: Box::new(work.clone()) })));
    Ok(id)
}

/// Takes a job back. `false` means that it has an outcome already, or was taken back before.
pub async fn drop_(tx: &mut Tx<'_>, id: &JobId) -> Done<bool> {
    let dropped = query("UPDATE jobs SET state = 'dropped', ended_at = $2 WHERE id = $1 AND ended_at IS NULL RETURNING node_id")
        .bind(id.as_str())
        .bind(tx.now)
        .fetch_optional(tx.conn)
        .await?;
    let Some(row) = dropped else { return Ok(false) };
    durable!(tx, "hub.job_dropped");
    tx.after_commit(Effect::Say(column::id(&row, 0)?, Box::new(FromHub::JobDropped { id: id.clone() })));
    Ok(true)
}

/// Writes down that a node knows of jobs.
pub async fn known(tx: &mut Tx<'_>, node: &NodeId, listed: &[JobId]) -> Done<()> {
    if listed.is_empty() {
        return Ok(());
    }
    let waiting = query("SELECT id FROM jobs WHERE node_id = $1 AND ended_at IS NULL AND begun_at IS NULL");
    for row in waiting.bind(node.as_str()).fetch_all(tx.conn).await? {
        let id: JobId = column::id(&row, 0)?;
        if listed.contains(&id) {
            query("UPDATE jobs SET state = 'running', begun_at = $2 WHERE id = $1 AND state = 'waiting'")
                .bind(id.as_str())
                .bind(tx.now)
                .execute(tx.conn)
                .await?;
        }
    }
    Ok(())
}

/// What a node should hear of jobs: those that it does not list are to be done, those that it lists for nothing are to be forgotten.
pub async fn words(conn: &mut Conn, node: &NodeId, listed: &[JobId]) -> Done<Vec<FromHub>> {
    let found = query("SELECT id, work FROM jobs WHERE node_id = $1 AND ended_at IS NULL ORDER BY id LIMIT $2")
        .bind(node.as_str())
        .bind(TOLD_MAX)
        .fetch_all(&mut *conn)
        .await?;
    let mut words = Vec::new();
    let mut wanted = Vec::with_capacity(found.len());
    for row in &found {
        let id: JobId = column::id(row, 0)?;
        if !listed.contains(&id) {
            words.push(FromHub::Job { id: id.clone(), work: Box::new(column::json(&row.get::<String>(1)?)?) });
        }
        wanted.push(id);
    }
    for id in listed.iter().filter(|id| !wanted.contains(id)) {
        words.extend(fate(conn, node, id).await?);
    }
    Ok(words)
}

/// What a node is told of a job that it lists: nothing while it is wanted.
async fn fate(conn: &mut Conn, node: &NodeId, id: &JobId) -> Done<Option<FromHub>> {
    let row =
        query("SELECT state FROM jobs WHERE id = $1 AND node_id = $2").bind(id.as_str()).bind(node.as_str()).fetch_optional(conn).await?;
    let state: Option<State> = row.as_ref().map(|row| column::word(row, 0)).transpose()?;
    Ok(match state {
        Some(State::Waiting | State::Running) => None,
        Some(State::Ended) => Some(FromHub::JobStored { id: id.clone() }),
        Some(State::Dropped) | None => Some(FromHub::JobDropped { id: id.clone() }),
    })
}

/// A node says how far a job has come.
pub async fn at(hub: &Hub, node: &NodeId, id: JobId, progress: Progress) -> Done<()> {
    let (node, progress) = (node.clone(), serde_json::to_string(&progress.sound()).map_err(Fault::internal)?);
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let found = query("UPDATE jobs SET progress = $3 WHERE id = $1 AND node_id = $2 AND ended_at IS NULL RETURNING org_id")
                    .bind(id.as_str())
                    .bind(node.as_str())
                    .bind(progress)
                    .fetch_optional(tx.conn)
                    .await?;
                let Some(row) = found else { return Ok(()) };
                let org: OrgId = column::id(&row, 0)?;
                for task in task::with_job(tx.conn, &id).await? {
                    tx.after_commit(Effect::Hint(org.clone(), Hint::Task { task }));
                }
                Ok(())
            })
        })
        .await
}

/// A node says what came of a job: stored once, with everything that follows. The answer is whether it may forget it.
pub async fn ended(hub: &Hub, node: &NodeId, id: JobId, outcome: Outcome) -> Done<Vec<FromHub>> {
    let node = node.clone();
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                end(tx, &node, &id, outcome).await?;
                Ok(fate(tx.conn, &node, &id).await?.into_iter().collect())
            })
        })
        .await
}

/// The jobs of a node that is removed end: nobody will ever say more of them.
pub async fn end_all(tx: &mut Tx<'_>, node: &NodeId) -> Done<()> {
    let found = query("SELECT id FROM jobs WHERE node_id = $1 AND ended_at IS NULL").bind(node.as_str()).fetch_all(tx.conn).await?;
    for row in &found {
        end(tx, node, &column::id(row, 0)?, Outcome::Impossible("Its node was removed.".to_owned())).await?;
    }
    Ok(())
}

/// The one place where a job ends.
async fn end(tx: &mut Tx<'_>, node: &NodeId, id: &JobId, outcome: Outcome) -> Done<()> {
    let row = query("SELECT kind, org_id FROM jobs WHERE id = $1 AND node_id = $2 AND ended_at IS NULL")
        .bind(id.as_str())
        .bind(node.as_str())
        .fetch_optional(tx.conn)
        .await?;
    let Some(row) = row else { return Ok(()) };
    let (kind, org): (Kind, OrgId) = (column::word(&row, 0)?, column::id(&row, 1)?);
    let outcome = match outcome.fits(kind) {
        true => outcome,
        false => Outcome::Impossible("Its node answered something that was not asked.".to_owned()),
    };
    let first = query("UPDATE jobs SET state = 'ended', outcome = $2, ended_at = $3, begun_at = COALESCE(begun_at, $3) WHERE id = $1 AND ended_at IS NULL")
        .bind(id.as_str())
        .bind(serde_json::to_string(&outcome).map_err(Fault::internal)?)
        .bind(tx.now)
        .execute(tx.conn)
        .await?;
    if first == 0 {
        // Another hub was faster.
        return Ok(());
    }
    durable!(tx, "hub.job_ended");
    if let Outcome::Merged(Merged::Landed { .. }) = &outcome {
        landed(tx, &org, node, id).await?;
    }
    job_ended(tx, id, kind, &outcome).await
}

/// The sessions whose branches were merged remember up to which commit: the branch goes with the worktree if nothing came after it.
async fn landed(tx: &mut Tx<'_>, org: &OrgId, node: &NodeId, id: &JobId) -> Done<()> {
    let row = query("SELECT work FROM jobs WHERE id = $1").bind(id.as_str()).fetch_one(tx.conn).await?;
    let Work::Merge(merge) = column::json(&row.get::<String>(0)?)? else { return Ok(()) };
    for entry in merge.entries.iter().filter(|_| !merge.dry_run) {
        query("UPDATE sessions SET landed = $4 WHERE org_id = $1 AND node_id = $2 AND branch = $3 AND released_at IS NULL")
            .bind(org.as_str())
            .bind(node.as_str())
            .bind(&entry.branch)
            .bind(&entry.head)
            .execute(tx.conn)
            .await?;
    }
    Ok(())
}

/// What follows from a job's end, in its transaction.
async fn job_ended(tx: &mut Tx<'_>, id: &JobId, kind: Kind, outcome: &Outcome) -> Done<()> {
    if kind == Kind::TearDown {
        return session::torn_down(tx, id, outcome).await;
    }
    if !merge_queue::job_ended(tx, id, outcome).await? {
        task::job_ended(tx, id, outcome).await?;
    }
    Ok(())
}

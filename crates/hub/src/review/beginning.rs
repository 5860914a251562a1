//! Beginning the reviews that are wanted: each becomes a run of its agent, in a session of its own at the commit that is judged.

use super::{Wish, end, unable};
use crate::column;
use crate::db::{Tx, durable, query};
use crate::effect::Effect;
use crate::fault::{Done, Fault, caught};
use crate::hub::Hub;
use crate::run;
use fugue_domain::api::NewRun;
use fugue_domain::caller::{Caller, Who};
use fugue_domain::id::{NodeId, ReviewId, TaskId, UserId};
use fugue_domain::limits::{REVIEW_AGAIN_MS, REVIEW_TRIES_MAX};
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::review::By;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it looks without being called.
const PERIOD: Duration = Duration::from_secs(1);
/// Reviews of one look; the rest comes a moment later.
const WANTED_MAX: i64 = 20;

/// A review that is wanted.
struct Wanted {
    id: ReviewId,
    task: TaskId,
    wish: Wish,
}

/// Works until the hub ends.
pub async fn begin_wanted(hub: Hub, shutdown: CancellationToken) {
    let mut period = tokio::time::interval(PERIOD);
    period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = hub.wake.wait_for_reviews() => {}
            _ = period.tick() => {}
        }
        if let Err(fault) = caught("the beginning of reviews", look(&hub)).await {
            tracing::warn!(error = %fault, "reviews could not be begun");
        }
    }
}

async fn look(hub: &Hub) -> Done<()> {
    let mut conn = hub.db.read().await?;
    let due = query("SELECT id, task_id, wish FROM reviews WHERE state = 'wanted' AND not_before <= $1 ORDER BY not_before, id LIMIT $2")
        .bind(hub.world.now())
        .bind(WANTED_MAX)
        .fetch_all(&mut conn)
        .await?;
    drop(conn);
    for row in &due {
        let wanted = Wanted { id: column::id(row, 0)?, task: column::id(row, 1)?, wish: column::json(row.text(2)?)? };
        match ready(hub, &wanted).await {
            Ok(ready) => hub.db.write(move |tx| Box::pin(async move { begin(tx, &wanted, &ready).await })).await?,
            Err(Fault::Problem(problem)) => put_off(hub, wanted, problem).await?,
            Err(fault) => return Err(fault),
        }
    }
    Ok(())
}

/// A node has dialled in: reviews of changes that it has, and that were put off because it was away, are begun at once.
pub async fn node_is_back(tx: &mut Tx<'_>, node: &NodeId) -> Done<()> {
    let due = query(
        "UPDATE reviews SET not_before = $2 WHERE state = 'wanted' AND not_before > $2 \
         AND task_id IN (SELECT t.id FROM sessions s JOIN tasks t ON t.session_id = s.id WHERE s.node_id = $1 AND s.closed_at IS NULL)",
    )
    .bind(node.as_str())
    .bind(tx.now)
    .execute(tx.conn)
    .await?;
    if due > 0 {
        tx.after_commit(Effect::Review);
    }
    Ok(())
}

/// Asks the node what must be known before.
async fn ready(hub: &Hub, wanted: &Wanted) -> Done<run::Ready> {
    let Wanted { task, wish, .. } = wanted;
    let caller = caller(hub, task).await?;
    let new = NewRun {
        project: wish.project.to_string(),
        text: wish.text.clone(),
        driver: wish.driver,
        title: Some(wish.title.clone()),
        node: Some(wish.node.to_string()),
        base: Some(wish.head.clone()),
        ..NewRun::default()
    };
    run::ready(hub, &caller, &wish.agent, new).await
}

/// Like every session of a task, that of its review is opened in the name of whoever wanted the task last.
async fn caller(hub: &Hub, task: &TaskId) -> Done<Caller> {
    let mut conn = hub.db.read().await?;
    let row = query("SELECT t.org_id, k.id, k.role, k.user_id FROM tasks t JOIN tokens k ON k.id = t.token_id WHERE t.id = $1")
        .bind(task.as_str())
        .fetch_one(&mut conn)
        .await?;
    let user: UserId = column::maybe_id(&row, 3)?.ok_or_else(|| Fault::internal("a machine wanted a task"))?;
    Ok(Caller { org: column::id(&row, 0)?, who: Who::User(user), token: column::id(&row, 1)?, role: column::word(&row, 2)? })
}

/// The review becomes a run, unless it has become one already, or is not wanted any more.
async fn begin(tx: &mut Tx<'_>, wanted: &Wanted, ready: &run::Ready) -> Done<()> {
    let still = query("SELECT 1 FROM reviews WHERE id = $1 AND state = 'wanted'").bind(wanted.id.as_str()).fetch_optional(tx.conn).await?;
    if still.is_none() {
        return Ok(());
    }
    let run = run::begin(tx, ready).await?;
    let done = query("UPDATE reviews SET state = 'running', run_id = $2 WHERE id = $1 AND state = 'wanted'")
        .bind(wanted.id.as_str())
        .bind(run.as_str())
        .execute(tx.conn)
        .await?;
    if done == 0 {
        // Nothing of this stays.
        return Err(Fault::internal(format!("{} was begun by somebody else", wanted.id)));
    }
    // A reviewer writes nothing: its branch is one of the change's commits and goes with the worktree.
    query("UPDATE sessions SET landed = $2 WHERE id = (SELECT session_id FROM runs WHERE id = $1)")
        .bind(run.as_str())
        .bind(&wanted.wish.head)
        .execute(tx.conn)
        .await?;
    durable!(tx, "hub.review_begun");
    tracing::info!(review.id = %wanted.id, task.id = %wanted.task, run.id = %run, "review begun");
    Ok(())
}

/// It could not be begun: tried again later, and given up when that does not help. A node that is away is waited for.
async fn put_off(hub: &Hub, wanted: Wanted, problem: Problem) -> Done<()> {
    let counts = i64::from(problem.kind != Kind::NoNode);
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let row =
                    query("UPDATE reviews SET tries = tries + $2, not_before = $3 WHERE id = $1 AND state = 'wanted' RETURNING tries")
                        .bind(wanted.id.as_str())
                        .bind(counts)
                        .bind(tx.now + REVIEW_AGAIN_MS)
                        .fetch_optional(tx.conn)
                        .await?;
                let Some(row) = row else { return Ok(()) };
                if row.get::<i64>(0)? < REVIEW_TRIES_MAX {
                    return Ok(());
                }
                let why = format!("The review by {} could not be begun. {}", wanted.wish.agent, problem.detail);
                end(tx, &wanted.id, &wanted.task, unable(wanted.wish.head.clone(), why, By::Nobody)).await
            })
        })
        .await
}

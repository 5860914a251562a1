//! The reaper: brings about what time alone decides. Leases end, questions expire, parked turns come back, merges are
//! tried again, old keys are forgotten.
//!
//! It keeps no state; each round reads what is due and takes the steps, and a round that fails is made up for by the next.

use crate::column;
use crate::db::query;
use crate::fault::{Done, caught};
use crate::hub::Hub;
use crate::{approval, budget, hook, idempotency, merge_queue, metrics, node, push, turn};
use fugue_domain::id::TurnId;
use fugue_domain::lease;
use fugue_domain::turn::Input;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub mod caution;

use caution::Caution;

/// How often it looks at what is due.
const PERIOD: Duration = Duration::from_secs(1);
/// Rounds between two looks at what is in no hurry.
const SLOW_ROUNDS: u64 = 60;
/// Turns of one round; the rest comes a second later.
const TURNS_MAX: i64 = 200;

/// Works until the hub ends.
pub async fn run(hub: Hub, shutdown: CancellationToken) {
    let mut period = tokio::time::interval(PERIOD);
    period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut caution = Caution::default();
    for round in 0_u64.. {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = period.tick() => {}
        }
        let trusted = caution.trusts_clock(hub.world.now(), hub.world.steady(), hub.settings.lease_ms);
        let due = async {
            unpark(&hub).await?;
            if trusted {
                end_leases(&hub, &mut caution).await?;
            }
            if due_approvals(&hub).await? {
                approval::expire_due(&hub).await?;
            }
            merge_queue::look_again(&hub).await?;
            node::look_again(&hub).await?;
            if round % SLOW_ROUNDS == 0 {
                budget::look_everywhere(&hub).await?;
                // A key that is forgotten too early lets a message be carried out twice.
                if trusted {
                    forget(&hub).await?;
                }
            }
            Done::Ok(())
        };
        if let Err(fault) = caught("the round", due).await {
            tracing::warn!(error = %fault, "the reaper could not finish its round");
        }
    }
}

/// Parked turns whose time has come go back into line.
async fn unpark(hub: &Hub) -> Done<()> {
    let mut conn = hub.db.read().await?;
    let due = query("SELECT id FROM turns WHERE state = 'parked' AND parked_until <= $1 ORDER BY parked_until LIMIT $2")
        .bind(hub.world.now())
        .bind(TURNS_MAX)
        .fetch_all(&mut conn)
        .await?;
    drop(conn);
    for row in &due {
        step(hub, column::id(row, 0)?, |_| Some(Input::Unpark)).await?;
    }
    Ok(())
}

/// Leases that nobody renewed in time are over, unless there is a reason to doubt it.
async fn end_leases(hub: &Hub, caution: &mut Caution) -> Done<()> {
    let renewed_before = hub.world.now() - lease::expires_at(0, hub.settings.lease_ms);
    let mut conn = hub.db.read().await?;
    let due = query("SELECT id, node_id FROM turns WHERE renewed_at IS NOT NULL AND renewed_at <= $1 LIMIT $2")
        .bind(renewed_before)
        .bind(TURNS_MAX)
        .fetch_all(&mut conn)
        .await?;
    let mut lost = due.iter().map(|row| row.get(1)).collect::<Result<BTreeSet<String>, _>>()?;
    let mut all = 0;
    if !lost.is_empty() {
        // Leases were renewed at other times, so they do not end together when many nodes fall silent at once: silence is what counts.
        let heard_since = hub.world.now() - lease::looks_lost_after_ms(hub.settings.lease_ms);
        let holders = query(
            "SELECT DISTINCT t.node_id, CASE WHEN n.seen_at <= $1 THEN 1 ELSE 0 END FROM turns t JOIN nodes n ON n.id = t.node_id \
             WHERE t.renewed_at IS NOT NULL",
        );
        let holders = holders.bind(heard_since).fetch_all(&mut conn).await?;
        all = holders.len();
        for holder in &holders {
            if holder.get::<i64>(1)? == 1 {
                lost.insert(holder.get(0)?);
            }
        }
    }
    drop(conn);
    let lets_go = caution.lets_go(&lost, all, hub.world.steady());
    ::metrics::gauge!(metrics::LEASES_HELD_BACK).set(f64::from(caution.holds_back()));
    if !lets_go {
        return Ok(());
    }
    for row in &due {
        let (turn, node): (TurnId, String) = (column::id(row, 0)?, row.get(1)?);
        tracing::warn!(turn.id = %turn, node.id = %node, "a lease ended with its node away");
        step(hub, turn, move |row| (row.renewed_at <= Some(renewed_before)).then_some(Input::LeaseExpired { epoch: row.epoch })).await?;
    }
    Ok(())
}

/// Whether a question has waited too long; asked without the writer, because mostly the answer is no.
async fn due_approvals(hub: &Hub) -> Done<bool> {
    let mut conn = hub.db.read().await?;
    let due = query("SELECT 1 FROM approvals WHERE state = 'pending' AND kind = 'tool' AND expires_at <= $1 LIMIT 1").bind(hub.world.now());
    Ok(due.fetch_optional(&mut conn).await?.is_some())
}

/// Takes a step of a turn that is still due when the writer comes to it.
async fn step(hub: &Hub, turn: TurnId, input: impl FnOnce(&turn::Row) -> Option<Input> + Send + 'static) -> Done<()> {
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let Some(mut row) = turn::load(tx.conn, &turn).await? else { return Ok(()) };
                if let Some(input) = input(&row) {
                    // Refused means that it went on by itself a moment ago.
                    let _ = turn::take(tx, &mut row, input).await?;
                }
                Ok(())
            })
        })
        .await
}

/// Old idempotency keys, join codes, pushes, rights and what is known of deliveries go.
async fn forget(hub: &Hub) -> Done<()> {
    hub.db
        .write(|tx| {
            Box::pin(async move {
                idempotency::forget_old(tx).await?;
                push::forget_old(tx).await?;
                hook::forget_old(tx).await?;
                query("DELETE FROM join_codes WHERE expires_at <= $1").bind(tx.now).execute(tx.conn).await?;
                Ok(())
            })
        })
        .await
}

//! Batches of nothing but events, the most that a node ever says: those that arrive at the same time are stored together, in a few
//! statements, where each alone would pay for a transaction's beginning and end.
//!
//! Invariant: only the next events of a lease that its node still holds are stored; about every other batch nothing is decided here.

use crate::column;
use crate::db::{Column, Db, Table, Tx, durable};
use crate::fault::{Done, Fault};
use fugue_domain::event::is_agents;
use fugue_domain::id::{NodeId, OrgId, TurnId};
use fugue_domain::lease::LeaseKey;
use fugue_domain::limits::EVENT_BYTES_MAX;
use fugue_domain::link::Batch;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// A batch of nothing but events.
pub struct Facts {
    node: NodeId,
    lease: LeaseKey,
    first: i64,
    count: i64,
    lines: String,
}

impl Facts {
    /// Reads a batch; `None` when something else is in it.
    pub fn of(node: &NodeId, batch: &Batch) -> Option<Self> {
        let mut lines = String::new();
        for report in &batch.reports {
            let line = sound(report.event()?, &batch.lease)?;
            if !lines.is_empty() {
                lines.push('\n');
            }
            lines.push_str(line);
        }
        let count = batch.reports.len() as i64;
        (count > 0).then(|| Self { node: node.clone(), lease: batch.lease.clone(), first: batch.first, count, lines })
    }

    fn through(&self) -> i64 {
        self.first + self.count - 1
    }
}

/// The event's line, if it is one that a node may report: an agent's, of the turn of this lease, and without a number, which
/// only the hub gives.
pub fn sound<'e>(event: &'e RawValue, lease: &LeaseKey) -> Option<&'e str> {
    #[derive(Deserialize)]
    struct Head<'a> {
        #[serde(rename = "type", borrow)]
        kind: Cow<'a, str>,
        #[serde(borrow)]
        turn: Cow<'a, str>,
        seq: Option<IgnoredAny>,
    }
    let line = event.get();
    let head: Head<'_> = serde_json::from_str(line).ok()?;
    let fits = line.len() <= 2 * EVENT_BYTES_MAX && line.starts_with('{') && !line.contains(['\n', '\r']);
    (fits && is_agents(&head.kind) && head.seq.is_none() && head.turn == lease.turn.as_str()).then_some(line)
}

/// The number of the last event that is stored; `None` when it is not the next batch of a lease that its node holds.
type Stored = Option<i64>;
type Waiting = (Facts, oneshot::Sender<Done<Stored>>);

/// Where they gather, cheap to clone.
#[derive(Clone)]
pub struct Gather {
    db: Db,
    line: Arc<Mutex<Vec<Waiting>>>,
}

impl Gather {
    /// Nobody waits.
    pub fn new(db: Db) -> Self {
        Self { db, line: Arc::default() }
    }

    /// Stores the events, together with those that wait for the writer as well.
    pub async fn store(&self, facts: Facts) -> Done<Stored> {
        let (reply, answer) = oneshot::channel();
        let first = {
            let mut line = self.lock();
            line.push((facts, reply));
            line.len() == 1
        };
        if first {
            self.ask();
        }
        answer.await.map_err(|_| Fault::NotWritten)?
    }

    /// Asks the writer to store all who stand in line when it gets to them; there is no pause before that at which a caller could go
    /// away and leave the others unasked for.
    fn ask(&self) {
        let (asked, callers) = (Asked(Some(self.clone())), Callers::default());
        let taken = callers.clone();
        self.db.write_then(
            move |tx| Box::pin(store(tx, asked, taken)),
            move |stored| {
                let callers = std::mem::take(&mut *callers.lock().unwrap_or_else(PoisonError::into_inner));
                // A connection that is gone needs no answer: its node says it again on the next one.
                match stored {
                    Ok(stored) => callers.into_iter().zip(stored).for_each(|(reply, stored)| drop(reply.send(Ok(stored)))),
                    Err(fault) => callers.into_iter().for_each(|reply| drop(reply.send(Err(fault.again())))),
                }
            },
        );
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Those whom the writer has got to.
type Callers = Arc<Mutex<Vec<oneshot::Sender<Done<Stored>>>>>;

/// The writer was asked. If it never gets to it, those who stand in line hear that nothing was written.
struct Asked(Option<Gather>);

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.iter().for_each(|gather| gather.lock().clear());
    }
}

async fn store(tx: &mut Tx<'_>, mut asked: Asked, callers: Callers) -> Done<Vec<Stored>> {
    let Some(gather) = asked.0.take() else { return Ok(Vec::new()) };
    // Who comes from here on asks for the next job.
    let (facts, waiting): (Vec<Facts>, Vec<_>) = std::mem::take(&mut *gather.lock()).into_iter().unzip();
    *callers.lock().unwrap_or_else(PoisonError::into_inner) = waiting;
    durable!(tx, "hub.reported");
    let mut held = held(tx, &facts).await?;
    let mut stored = Vec::with_capacity(facts.len());
    for facts in facts {
        let Some((org, reports)) = held.get_mut(&facts.lease.turn).filter(|(_, reports)| *reports + 1 == facts.first) else {
            stored.push(None);
            continue;
        };
        *reports = facts.through();
        tx.events.add(org, &facts.lease.session, &facts.lines, facts.count);
        tx.events.reported(org, &facts.lease.session, *reports);
        stored.push(Some(*reports));
    }
    Ok(stored)
}

/// The leases that their nodes hold: whose, and how many reports of each are stored.
async fn held(tx: &mut Tx<'_>, facts: &[Facts]) -> Done<HashMap<TurnId, (OrgId, i64)>> {
    const KINDS: &[Column] = &[Column::Text, Column::Text, Column::Int, Column::Text];
    let mut rows = Table::new(KINDS);
    for facts in facts {
        let lease = &facts.lease;
        rows = rows.bind(lease.turn.as_str()).bind(lease.session.as_str()).bind(lease.epoch).bind(facts.node.as_str());
    }
    let key = "t.id = $1 AND t.session_id = $2 AND t.epoch = $3 AND t.node_id = $4 AND t.renewed_at IS NOT NULL \
         AND s.id = t.session_id AND s.epoch = t.epoch";
    let found = rows.find(tx.conn, "t.id, t.org_id, s.reports", "turns t, sessions s", key).await?;
    found.iter().map(|row| Ok((column::id(row, 0)?, (column::id(row, 1)?, row.get(2)?)))).collect()
}

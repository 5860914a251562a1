//! Batches of nothing but events, the most that a node ever says: those that arrive at the same time are stored together, in a few
//! statements, where each alone would pay for a transaction's beginning and end.
//!
//! Invariant: only the next events of a lease that its node still holds are stored; about every other batch nothing is decided here.

use crate::column;
use crate::db::{Column, Db, Table, Tx, Update, durable};
use crate::event::{self, Page};
use crate::fault::{Done, Fault};
use fugue_domain::event::is_agents;
use fugue_domain::id::{NodeId, OrgId, SessionId};
use fugue_domain::lease::LeaseKey;
use fugue_domain::limits::EVENT_BYTES_MAX;
use fugue_domain::link::Batch;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
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
    let mut taken = take(tx, &facts).await?;
    let (mut stored, mut pages) = (Vec::with_capacity(facts.len()), Vec::with_capacity(facts.len()));
    for facts in facts {
        let next = taken.remove(&facts.lease.session);
        stored.push(next.as_ref().map(|_| facts.through()));
        if let Some((org, last)) = next {
            pages.push((org, Page { session: facts.lease.session, first: last - facts.count + 1, last, body: facts.lines }));
        }
    }
    event::append(tx, pages).await?;
    Ok(stored)
}

/// Numbers the events of the leases that their nodes hold, if they are the next ones: whose session it is, and its new last number.
///
/// A session of which two batches came is left out: only one can be the next, and not both may come from the holder.
async fn take(tx: &mut Tx<'_>, facts: &[Facts]) -> Done<HashMap<SessionId, (OrgId, i64)>> {
    let mut batches: BTreeMap<&SessionId, Vec<&Facts>> = BTreeMap::new();
    facts.iter().for_each(|facts| batches.entry(&facts.lease.session).or_default().push(facts));
    const KINDS: &[Column] = &[Column::Text, Column::Text, Column::Int, Column::Text, Column::Int, Column::Int, Column::Int];
    let mut rows = Table::new(KINDS);
    for batch in batches.values() {
        let [Facts { node, lease, first, count, .. }] = batch[..] else { continue };
        rows = rows.bind(lease.session.as_str()).bind(lease.turn.as_str()).bind(lease.epoch).bind(node.as_str());
        rows = rows.bind(first - 1).bind(*count).bind(tx.now);
    }
    let update = Update {
        table: "sessions",
        set: "last_seq = last_seq + $6, reports = reports + $6, updated_at = $7",
        key: "id = $1",
        found: "epoch = $3 AND reports = $5 AND EXISTS (SELECT 1 FROM turns t WHERE t.id = $2 AND t.session_id = $1 \
             AND t.epoch = $3 AND t.node_id = $4 AND t.renewed_at IS NOT NULL)",
        back: "id, org_id, last_seq",
    };
    let found = rows.update(tx.conn, update).await?;
    found.iter().map(|row| Ok((column::id(row, 0)?, (column::id(row, 1)?, row.get(2)?)))).collect()
}

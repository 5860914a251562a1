//! One batch of a lease's reports, folded into the turn's row, the session's events and the bill.

use super::facts::sound;
use crate::cost::{self, Used};
use crate::db::{Tx, durable, query};
use crate::fault::Done;
use crate::{agent, approval, budget, message, metrics, session, turn};
use fugue_domain::approval::Request;
use fugue_domain::id::NodeId;
use fugue_domain::limits::{APPROVAL_BYTES_MAX, APPROVAL_NAME_BYTES_MAX};
use fugue_domain::link::{Batch, Report};
use fugue_domain::money::Usage;
use fugue_domain::turn::{Ending, Input, ParkedBy};
use serde_json::value::RawValue;

/// How long a turn is parked when its program says that a usage limit is reached, but not until when.
const QUOTA_UNKNOWN_MS: i64 = 30 * 60 * 1_000;
/// Bytes of what the driver may want to be given back.
const MEMORY_BYTES_MAX: usize = 64 * 1024;
/// Characters of an ending's detail that are kept.
const DETAIL_CHARS_MAX: usize = 2_000;

/// Stores a batch. The number of the last report that is stored and whether the turn left its node; `None` for a lease that is over.
pub async fn store(tx: &mut Tx<'_>, node: &NodeId, batch: Batch) -> Done<Option<(i64, bool)>> {
    durable!(tx, "hub.reported");
    let Some(mut row) = turn::load(tx.conn, &batch.lease.turn).await? else { return Ok(None) };
    let mine = row.lease() == batch.lease && row.node.as_ref() == Some(node);
    if !mine {
        return Ok(None);
    }
    let mut reports = stored(tx, &batch).await?;
    if row.rules.state.lease().is_none() {
        // Its last report is stored already; the acknowledgement was lost.
        return Ok(Some((reports, true)));
    }
    let known = reports + 1 - batch.first;
    if known < 0 {
        return Ok(Some((reports, false)));
    }
    let mut used = Used::new();
    for report in batch.reports.into_iter().skip(known as usize) {
        reports += 1;
        fold(tx, &mut row, report, &mut used).await?;
        if row.rules.state.lease().is_none() {
            break;
        }
    }
    tx.events.reported(&row.org, &row.session, reports);
    keep(tx, &row, &used).await?;
    let ended = row.rules.state.lease().is_none();
    if ended {
        release(tx, &row).await?;
    }
    Ok(Some((reports, ended)))
}

/// How many reports of the batch's lease are stored. The session counts those of its latest lease; of an earlier one nothing more is
/// taken, and what comes again counts as stored.
async fn stored(tx: &mut Tx<'_>, batch: &Batch) -> Done<i64> {
    let last = batch.first.saturating_add(batch.reports.len() as i64 - 1);
    let found = query("SELECT CASE WHEN epoch = $2 THEN reports ELSE $3 END FROM sessions WHERE id = $1")
        .bind(batch.lease.session.as_str())
        .bind(batch.lease.epoch)
        .bind(last)
        .fetch_one(tx.conn)
        .await?;
    Ok(found.get(0)?)
}

/// Writes down the bill, if there is one.
async fn keep(tx: &mut Tx<'_>, row: &turn::Row, used: &Used) -> Done<()> {
    let mut whole = Usage::default();
    used.values().for_each(|usage| whole += *usage);
    if whole == Usage::default() {
        return Ok(());
    }
    query(
        "UPDATE turns SET cost = $3, tokens_input = $4, tokens_output = $5, tokens_cache_read = $6, tokens_cache_write = $7 \
         WHERE id = $1 AND epoch = $2",
    )
    .bind(row.id.as_str())
    .bind(row.epoch)
    .bind(row.usage.cost_usd.0)
    .bind(row.usage.tokens.input)
    .bind(row.usage.tokens.output)
    .bind(row.usage.tokens.cache_read)
    .bind(row.usage.tokens.cache_write)
    .execute(tx.conn)
    .await?;
    budget::spend(tx, row, whole).await?;
    cost::add(tx, row, used).await?;
    Ok(())
}

/// A session that was closed while its turn ran can be released now.
async fn release(tx: &mut Tx<'_>, row: &turn::Row) -> Done<()> {
    let found = session::find(tx.conn, &row.org, &row.session).await?;
    if found.closed_at.is_some() {
        session::give_back(tx, &row.org, &found).await?;
    }
    Ok(())
}

async fn fold(tx: &mut Tx<'_>, row: &mut turn::Row, report: Report, used: &mut Used) -> Done<()> {
    let epoch = row.epoch;
    match report {
        Report::Event(event) => {
            if let Some(line) = sound(&event, &row.lease()) {
                tx.events.add(&row.org, &row.session, line, 1);
            } else {
                tracing::warn!(turn.id = %row.id, "a node reported an event that is not its own to report; it was dropped");
            }
        }
        Report::Delivered => {
            let _ = turn::take(tx, row, Input::Delivered { epoch }).await?;
        }
        Report::Asked(request) => asked(tx, row, request).await?,
        Report::Withdrawn { key } => approval::closed(tx, row, &key).await?,
        Report::Used { usage, model } => {
            let usage = counted(usage);
            let model = cost::model(model.as_deref());
            row.usage += usage;
            bill(tx, row, usage, &model).await?;
            *used.entry(model).or_default() += usage;
        }
        Report::Memory(memory) => remember(tx, row, &memory).await?,
        Report::Steered { message, taken } => {
            message::steered(tx, row, &message, taken).await?;
        }
        Report::Ended { ending, detail } => {
            row.detail = detail.map(|text| text.chars().take(DETAIL_CHARS_MAX).collect());
            let ending = until(tx, row, ending).await?;
            let _ = turn::take(tx, row, Input::Ended { epoch, ending }).await?;
            unanswered_steers(tx, row).await?;
        }
    }
    Ok(())
}

async fn asked(tx: &mut Tx<'_>, row: &mut turn::Row, request: Request) -> Done<()> {
    // A node denies these by itself. As a fault they would come again and again, and nothing else of this node would come through.
    if request.input.len() > APPROVAL_BYTES_MAX || [&request.key, &request.tool].iter().any(|name| name.len() > APPROVAL_NAME_BYTES_MAX) {
        tracing::warn!(turn.id = %row.id, "a node asked about more than a person can read; nobody is asked, and nothing is allowed");
        return Ok(());
    }
    let world = tx.world.clone();
    approval::ask(tx, &*world, row, &request).await
}

/// Use never shrinks, whatever a node says.
fn counted(mut usage: Usage) -> Usage {
    let tokens = &mut usage.tokens;
    for count in [&mut usage.cost_usd.0, &mut tokens.input, &mut tokens.output, &mut tokens.cache_read, &mut tokens.cache_write] {
        *count = (*count).clamp(0, i64::MAX / 1_000_000);
    }
    usage
}

async fn bill(tx: &mut Tx<'_>, row: &turn::Row, usage: Usage, model: &str) -> Done<()> {
    let driver = session::find(tx.conn, &row.org, &row.session).await?.driver.word();
    ::metrics::gauge!(metrics::COST, "driver" => driver, "model" => model.to_owned()).increment(usage.cost_usd.usd());
    let tokens = usage.tokens;
    for (kind, count) in
        [("input", tokens.input), ("output", tokens.output), ("cache_read", tokens.cache_read), ("cache_write", tokens.cache_write)]
    {
        ::metrics::counter!(metrics::TOKENS, "driver" => driver, "model" => model.to_owned(), "kind" => kind).increment(count as u64);
    }
    Ok(())
}

async fn remember(tx: &mut Tx<'_>, row: &turn::Row, memory: &RawValue) -> Done<()> {
    if memory.get().len() > MEMORY_BYTES_MAX {
        tracing::warn!(turn.id = %row.id, bytes = memory.get().len(), "a driver wants more kept than is allowed; the conversation begins anew after a loss");
        return Ok(());
    }
    // An agent that has only this turn has a conversation of its own.
    let turn = query("UPDATE turns SET memory = $2 WHERE id = $1 AND spec IS NOT NULL");
    if turn.bind(row.id.as_str()).bind(memory.get()).execute(tx.conn).await? == 0 {
        query("UPDATE sessions SET memory = $2 WHERE id = $1").bind(row.session.as_str()).bind(memory.get()).execute(tx.conn).await?;
    }
    Ok(())
}

/// When a turn that met a usage limit comes back: when the program says, or after a while, or only when a person says so.
async fn until(tx: &mut Tx<'_>, row: &turn::Row, ending: Ending) -> Done<Ending> {
    let Ending::Parked { until, by: ParkedBy::Quota } = ending else { return Ok(ending) };
    let session = session::find(tx.conn, &row.org, &row.session).await?;
    let agent = agent::of_session(tx.conn, &row.org, &session).await?;
    let until = match agent {
        Some(agent) if !agent.resume_after_quota => None,
        _ => Some(until.unwrap_or(tx.now + QUOTA_UNKNOWN_MS).max(tx.now)),
    };
    Ok(Ending::Parked { until, by: ParkedBy::Quota })
}

/// Steering messages that the turn's end overtook become the next messages in line.
async fn unanswered_steers(tx: &mut Tx<'_>, row: &turn::Row) -> Done<()> {
    for (message, _) in message::pending_steers(tx.conn, &row.id).await?.into_iter().rev() {
        message::steered(tx, row, &message, false).await?;
    }
    Ok(())
}

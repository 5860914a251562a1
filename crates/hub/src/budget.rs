//! Budgets: what a session and a day may cost. Reaching one parks the next turn and asks; nothing is killed.

use crate::approval::{self, New};
use crate::column;
use crate::db::{Conn, Tx, composed, query};
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use crate::turn;
use fugue_domain::approval::{ApprovalKind, Request};
use fugue_domain::id::{OrgId, SessionId};
use fugue_domain::money::{MicroUsd, Usage};
use fugue_domain::time::Day;
use fugue_domain::turn::Input;
use fugue_domain::world::Millis;
use serde::{Deserialize, Serialize};

pub mod routes;
mod standing;

pub use standing::show;

/// A budget question has no end: the turn stays parked until somebody answers.
const NEVER: Millis = 253_402_300_799_000;

/// Which budget is used up, and how far. The text of the question to a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exceeded {
    /// `session` or `day`.
    pub budget: String,
    /// What has been spent.
    pub spent_usd: MicroUsd,
    /// What may be spent.
    pub limit_usd: MicroUsd,
    /// What may be spent more after a yes.
    pub more_usd: MicroUsd,
}

/// What a session may still spend; absent when nothing limits it.
pub fn left(limits: &[Exceeded]) -> Option<MicroUsd> {
    limits.iter().map(|limit| MicroUsd((limit.limit_usd.0 - limit.spent_usd.0).max(0))).min()
}

/// The budget that is used up, if one is.
pub fn exceeded(limits: &[Exceeded]) -> Option<&Exceeded> {
    limits.iter().find(|limit| limit.spent_usd >= limit.limit_usd)
}

/// The budgets of a session as they are now.
pub async fn limits(conn: &mut Conn, session: &SessionId, now: Millis) -> Done<Vec<Exceeded>> {
    let row = query(
        "SELECT s.cost, s.budget, o.daily_budget, COALESCE(d.cost, 0), COALESCE(d.allowed, 0) FROM sessions s JOIN orgs o ON o.id = s.org_id \
         LEFT JOIN spending d ON d.org_id = s.org_id AND d.day = $2 WHERE s.id = $1",
    )
    .bind(session.as_str())
    .bind(Day::of(now).0)
    .fetch_one(conn)
    .await?;
    let limit = |budget: &str, spent: i64, limit: i64, more: i64| Exceeded {
        budget: budget.to_owned(),
        spent_usd: MicroUsd(spent),
        limit_usd: MicroUsd(limit),
        more_usd: MicroUsd(more),
    };
    let mut limits = Vec::new();
    if let Some(budget) = row.get::<Option<i64>>(1)? {
        limits.push(limit("session", row.get(0)?, budget, budget));
    }
    if let Some(budget) = row.get::<Option<i64>>(2)? {
        limits.push(limit("day", row.get(3)?, budget + row.get::<i64>(4)?, budget));
    }
    Ok(limits)
}

/// Adds what a turn used to its session and its day. The turn's own sum is written with its row.
pub async fn spend(tx: &mut Tx<'_>, row: &turn::Row, usage: Usage) -> Done<()> {
    query(
        "UPDATE sessions SET cost = cost + $2, tokens_input = tokens_input + $3, tokens_output = tokens_output + $4, \
         tokens_cache_read = tokens_cache_read + $5, tokens_cache_write = tokens_cache_write + $6 WHERE id = $1",
    )
    .bind(row.session.as_str())
    .bind(usage.cost_usd.0)
    .bind(usage.tokens.input)
    .bind(usage.tokens.output)
    .bind(usage.tokens.cache_read)
    .bind(usage.tokens.cache_write)
    .execute(tx.conn)
    .await?;
    add_to_day(tx, &row.org, usage.cost_usd, MicroUsd(0)).await
}

async fn add_to_day(tx: &mut Tx<'_>, org: &OrgId, cost: MicroUsd, allowed: MicroUsd) -> Done<()> {
    query(
        "INSERT INTO spending (org_id, day, cost, allowed) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (org_id, day) DO UPDATE SET cost = spending.cost + $3, allowed = spending.allowed + $4",
    )
    .bind(org.as_str())
    .bind(Day::of(tx.now).0)
    .bind(cost.0)
    .bind(allowed.0)
    .execute(tx.conn)
    .await?;
    Ok(())
}

/// Asks a person whether a turn may go on beyond its budget, unless that is being asked.
pub async fn ask(tx: &mut Tx<'_>, row: &turn::Row) -> Done<()> {
    if approval::is_open(tx.conn, &row.id, ApprovalKind::Budget).await? {
        return Ok(());
    }
    let limits = limits(tx.conn, &row.session, tx.now).await?;
    // If none is, the program counted more than we did and stopped by itself.
    let met = exceeded(&limits).or(limits.first()).ok_or_else(|| Fault::internal("a turn met a budget that nobody set"))?;
    let id = fugue_domain::digest::sha256_fields(&[row.id.as_str().as_bytes(), &tx.now.to_be_bytes()]);
    let request = Request {
        key: format!("budget:{id}"),
        tool: "budget".to_owned(),
        input: serde_json::to_string(met).map_err(Fault::internal)?,
        cwd: String::new(),
        purpose: Some("Go on and spend as much again?".to_owned()),
        rule: None,
    };
    let world = tx.world.clone();
    approval::insert(tx, &*world, New { kind: ApprovalKind::Budget, row, request: &request, expires_at: NEVER }).await?;
    Ok(())
}

/// A person said yes: as much again, and the turn is back in line.
pub async fn allow(tx: &mut Tx<'_>, row: &mut turn::Row, question: &str) -> Done<()> {
    let exceeded: Exceeded = column::json(question)?;
    if exceeded.budget == "day" {
        add_to_day(tx, &row.org.clone(), MicroUsd(0), exceeded.more_usd).await?;
    } else {
        query("UPDATE sessions SET budget = cost + $2 WHERE id = $1")
            .bind(row.session.as_str())
            .bind(exceeded.more_usd.0)
            .execute(tx.conn)
            .await?;
    }
    let _ = turn::take(tx, row, Input::Unpark).await?;
    Ok(())
}

/// Puts turns back in line whose budget is no longer used up: it was raised, or a new day has begun.
pub async fn look_again(tx: &mut Tx<'_>, org: &OrgId, session: Option<&SessionId>) -> Done<()> {
    let sql = format!(
        "SELECT {} FROM turns WHERE org_id = $1 AND ($2 IS NULL OR session_id = $2) AND state = 'parked' AND parked_by = 'budget' LIMIT 1000",
        turn::COLUMNS
    );
    let parked = composed(sql).bind(org.as_str()).bind(session.map(SessionId::as_str)).fetch_all(tx.conn).await?;
    for row in &parked {
        let mut row = turn::Row::read(row)?;
        if exceeded(&limits(tx.conn, &row.session, tx.now).await?).is_none() && turn::take(tx, &mut row, Input::Unpark).await?.is_ok() {
            approval::withdraw_budget(tx, &row, &row.session.clone()).await?;
        }
    }
    Ok(())
}

/// Looks at every org's parked turns, for the change of the day.
pub async fn look_everywhere(hub: &Hub) -> Done<()> {
    let mut conn = hub.db.read().await?;
    let orgs = query("SELECT DISTINCT org_id FROM turns WHERE state = 'parked' AND parked_by = 'budget'").fetch_all(&mut conn).await?;
    drop(conn);
    for org in &orgs {
        let org: OrgId = column::id(org, 0)?;
        hub.db.write(move |tx| Box::pin(async move { look_again(tx, &org, None).await })).await?;
    }
    Ok(())
}

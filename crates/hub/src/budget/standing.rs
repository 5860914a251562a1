//! Where all budgets of an org stand, and what waits because of a limit.

use crate::column;
use crate::db::{Conn, Row, query};
use crate::fault::Done;
use crate::hub::Hub;
use fugue_domain::api::{Budgets, DayBudget, ParkedTurn, SessionBudget};
use fugue_domain::caller::Caller;
use fugue_domain::id::OrgId;
use fugue_domain::limits::COST_ITEMS_MAX;
use fugue_domain::money::MicroUsd;
use fugue_domain::time::{Day, Time};
use fugue_domain::turn::ParkedBy;

/// What may still be spent.
pub async fn show(hub: &Hub, caller: &Caller) -> Done<Budgets> {
    let mut conn = hub.db.read().await?;
    let today = Day::of(hub.world.now());
    Ok(Budgets {
        day: day(&mut conn, &caller.org, today).await?,
        sessions: sessions(&mut conn, &caller.org).await?,
        parked: parked(&mut conn, &caller.org).await?,
    })
}

async fn day(conn: &mut Conn, org: &OrgId, today: Day) -> Done<DayBudget> {
    let row = query(
        "SELECT o.daily_budget, COALESCE(d.cost, 0), COALESCE(d.allowed, 0) FROM orgs o \
         LEFT JOIN spending d ON d.org_id = o.id AND d.day = $2 WHERE o.id = $1",
    )
    .bind(org.as_str())
    .bind(today.0)
    .fetch_one(conn)
    .await?;
    let (budget, spent, allowed): (Option<i64>, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(DayBudget {
        day: today,
        spent_usd: MicroUsd(spent),
        budget_usd: budget.map(MicroUsd),
        allowed_usd: MicroUsd(allowed),
        left_usd: budget.map(|budget| MicroUsd((budget + allowed - spent).max(0))),
        resets_at: Day(today.0 + 1).begins(),
    })
}

async fn sessions(conn: &mut Conn, org: &OrgId) -> Done<Vec<SessionBudget>> {
    // By the part that is left: a session that has used nine tenths of much needs a person before one that may spend little.
    let found = query(
        "SELECT s.id, s.title, s.agent, (SELECT MIN(x.task_id) FROM task_sessions x WHERE x.session_id = s.id), s.cost, s.budget FROM sessions s \
         WHERE s.org_id = $1 AND s.closed_at IS NULL AND s.budget IS NOT NULL \
         ORDER BY (s.budget - s.cost) * 1000 / (s.budget + 1), s.id DESC LIMIT $2",
    )
    .bind(org.as_str())
    .bind(COST_ITEMS_MAX)
    .fetch_all(conn)
    .await?;
    let view = |row: &Row| {
        let (spent, budget): (i64, i64) = (row.get(4)?, row.get(5)?);
        Ok(SessionBudget {
            session: column::id(row, 0)?,
            title: row.get(1)?,
            agent: row.get(2)?,
            task: column::maybe_id(row, 3)?,
            spent_usd: MicroUsd(spent),
            budget_usd: MicroUsd(budget),
            left_usd: MicroUsd((budget - spent).max(0)),
        })
    };
    found.iter().map(view).collect()
}

async fn parked(conn: &mut Conn, org: &OrgId) -> Done<Vec<ParkedTurn>> {
    let found = query(
        "SELECT t.id, t.session_id, s.title, s.agent, s.driver, t.parked_by, t.parked_until FROM turns t JOIN sessions s ON s.id = t.session_id \
         WHERE t.org_id = $1 AND t.state = 'parked' ORDER BY COALESCE(t.parked_until, 9223372036854775807), t.id LIMIT $2",
    )
    .bind(org.as_str())
    .bind(COST_ITEMS_MAX)
    .fetch_all(conn)
    .await?;
    let view = |row: &Row| {
        Ok(ParkedTurn {
            turn: column::id(row, 0)?,
            session: column::id(row, 1)?,
            title: row.get(2)?,
            agent: row.get(3)?,
            driver: column::word(row, 4)?,
            reason: column::word::<ParkedBy>(row, 5)?.reason(),
            until: row.get::<Option<i64>>(6)?.map(Time),
        })
    };
    found.iter().map(view).collect()
}

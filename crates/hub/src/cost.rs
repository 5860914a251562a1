//! Costs: what was used, by day, session and model.
//!
//! Invariant: [`add`] is called in the transaction that bills a turn, so the rows of a session add up to what it has cost. There is one
//! row a day for each session and model, so adding up does not grow with the number of events.

use crate::column;
use crate::db::{Row, Tx, composed, query};
use crate::fault::Done;
use crate::hub::Hub;
use crate::turn;
use fugue_domain::api::{Cost, CostBy, Costs};
use fugue_domain::caller::Caller;
use fugue_domain::limits::{COST_DAYS, COST_DAYS_MAX, COST_ITEMS_MAX};
use fugue_domain::money::{MicroUsd, Tokens, Usage};
use fugue_domain::problem::Problem;
use fugue_domain::time::Day;
use std::collections::BTreeMap;

pub mod routes;

/// What a program is called that did not say which model it uses.
pub const UNKNOWN_MODEL: &str = "unknown";
/// Characters of a model's name that are kept.
const MODEL_CHARS_MAX: usize = 80;

/// What was used, by model.
pub type Used = BTreeMap<String, Usage>;

/// The name under which a model is counted.
pub fn model(name: Option<&str>) -> String {
    let name: String = name.unwrap_or_default().trim().chars().filter(|letter| !letter.is_control()).take(MODEL_CHARS_MAX).collect();
    if name.is_empty() { UNKNOWN_MODEL.to_owned() } else { name }
}

/// Adds what a turn used to its day.
pub async fn add(tx: &mut Tx<'_>, row: &turn::Row, used: &Used) -> Done<()> {
    for (model, usage) in used {
        query(
            "INSERT INTO costs (org_id, day, session_id, model, cost, tokens_input, tokens_output, tokens_cache_read, tokens_cache_write) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (org_id, day, session_id, model) DO UPDATE SET \
             cost = costs.cost + $5, tokens_input = costs.tokens_input + $6, tokens_output = costs.tokens_output + $7, \
             tokens_cache_read = costs.tokens_cache_read + $8, tokens_cache_write = costs.tokens_cache_write + $9",
        )
        .bind(row.org.as_str())
        .bind(Day::of(tx.now).0)
        .bind(row.session.as_str())
        .bind(model)
        .bind(usage.cost_usd.0)
        .bind(usage.tokens.input)
        .bind(usage.tokens.output)
        .bind(usage.tokens.cache_read)
        .bind(usage.tokens.cache_write)
        .execute(tx.conn)
        .await?;
    }
    Ok(())
}

/// From when until when.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// The first day.
    pub from: Option<Day>,
    /// The last day.
    pub to: Option<Day>,
}

impl Span {
    /// Both days: up to today, and as far back as is usual, unless somebody says otherwise.
    fn days(self, today: Day) -> Done<(Day, Day)> {
        let to = self.to.unwrap_or(today);
        let from = self.from.unwrap_or(Day(to.0 - COST_DAYS + 1));
        match to.0 - from.0 {
            0..COST_DAYS_MAX => Ok((from, to)),
            _ => {
                Err(Problem::invalid("from", format!("give a day that is not after {to}, and less than {COST_DAYS_MAX} days before it"))
                    .into())
            }
        }
    }
}

/// Which columns a sum goes by, and what they come from.
fn grouping(by: CostBy) -> (&'static str, &'static str, &'static str) {
    const SESSION: &str = "JOIN sessions s ON s.id = c.session_id";
    match by {
        CostBy::Day => ("CAST(c.day AS TEXT)", "CAST(NULL AS TEXT)", ""),
        CostBy::Model => ("c.model", "CAST(NULL AS TEXT)", ""),
        CostBy::Session => ("c.session_id", "s.title", SESSION),
        CostBy::Agent => ("s.agent", "CAST(NULL AS TEXT)", SESSION),
        CostBy::Project => ("s.project_id", "p.name", "JOIN sessions s ON s.id = c.session_id JOIN projects p ON p.id = s.project_id"),
        CostBy::Task => {
            ("t.id", "t.title", "LEFT JOIN task_sessions x ON x.session_id = c.session_id LEFT JOIN tasks t ON t.id = x.task_id")
        }
    }
}

const SUMS: &str = "COUNT(DISTINCT c.session_id), CAST(COALESCE(SUM(c.cost), 0) AS BIGINT), CAST(COALESCE(SUM(c.tokens_input), 0) AS BIGINT), \
     CAST(COALESCE(SUM(c.tokens_output), 0) AS BIGINT), CAST(COALESCE(SUM(c.tokens_cache_read), 0) AS BIGINT), \
     CAST(COALESCE(SUM(c.tokens_cache_write), 0) AS BIGINT)";

fn view(row: &Row) -> Done<Cost> {
    let tokens = Tokens { input: row.get(4)?, output: row.get(5)?, cache_read: row.get(6)?, cache_write: row.get(7)? };
    let usage = Usage { cost_usd: MicroUsd(row.get(3)?), tokens };
    Ok(Cost { key: row.get(0)?, name: row.get(1)?, sessions: row.get(2)?, usage })
}

/// What the org spent, added up.
pub async fn list(hub: &Hub, caller: &Caller, by: CostBy, span: Span) -> Done<Costs> {
    let (from, to) = span.days(Day::of(hub.world.now()))?;
    let (key, name, joins) = grouping(by);
    let order = if by == CostBy::Day { "1 DESC" } else { "4 DESC, 1" };
    let sums = format!(
        "SELECT {key}, {name}, {SUMS} FROM costs c {joins} WHERE c.org_id = $1 AND c.day BETWEEN $2 AND $3 GROUP BY 1, 2 ORDER BY {order} LIMIT $4"
    );
    let total =
        format!("SELECT CAST(NULL AS TEXT), CAST(NULL AS TEXT), {SUMS} FROM costs c WHERE c.org_id = $1 AND c.day BETWEEN $2 AND $3");
    // Days are few, and their chart has no room for a rest.
    let limit = if by == CostBy::Day { COST_DAYS_MAX } else { COST_ITEMS_MAX };
    let mut conn = hub.db.read().await?;
    let sums = composed(sums).bind(caller.org.as_str()).bind(from.0).bind(to.0).bind(limit + 1).fetch_all(&mut conn).await?;
    let total = composed(total).bind(caller.org.as_str()).bind(from.0).bind(to.0).fetch_one(&mut conn).await?;
    let (mut items, total) = (sums.iter().map(view).collect::<Done<Vec<_>>>()?, view(&total)?);
    let more = items.len() as i64 > limit;
    items.truncate(limit as usize);
    let rest = more.then(|| rest(&items, total.usage));
    if by == CostBy::Day {
        for item in &mut items {
            let day: i64 = column::json(item.key.as_deref().unwrap_or_default())?;
            item.key = Some(Day(day).to_string());
        }
    }
    Ok(Costs { by, from, to, items, rest, total })
}

/// What is left of a whole.
fn rest(items: &[Cost], whole: Usage) -> Usage {
    let mut shown = Usage::default();
    items.iter().for_each(|item| shown += item.usage);
    let (all, some) = (whole.tokens, shown.tokens);
    let tokens = Tokens {
        input: all.input - some.input,
        output: all.output - some.output,
        cache_read: all.cache_read - some.cache_read,
        cache_write: all.cache_write - some.cache_write,
    };
    Usage { cost_usd: MicroUsd(whole.cost_usd.0 - shown.cost_usd.0), tokens }
}

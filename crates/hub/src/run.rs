//! Runs: an agent's work on one question, up to an answer that fits its schema.
//!
//! Invariant: [`follow`] is the only code that changes where a run stands. It is called in the transaction in which the awaited turn ends,
//! so no end is missed, and repeats the old state in its `UPDATE`, so none counts twice.

use crate::column;
use crate::db::{Conn, Row, Tx, composed, query};
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use crate::page::{PageQuery, containing};
use crate::{plan, review, session, turn};
use fugue_domain::agent::Agent;
use fugue_domain::api::Run;
use fugue_domain::caller::Caller;
use fugue_domain::id::{OrgId, RunId, SessionId, TurnId};
use fugue_domain::money::MicroUsd;
use fugue_domain::page::Page;
use fugue_domain::problem::Problem;
use fugue_domain::reason::Reason;
use fugue_domain::run::{self as rules, Effect as Follows, Input, State};
use fugue_domain::saying::Saying;
use fugue_domain::time::Time;
use fugue_domain::turn::Outcome;
use fugue_domain::world::Mint;
use futures_util::future::BoxFuture;

mod answer;
pub mod routes;
mod starting;

pub use answer::{last_words, was_denied};
pub use starting::{Ready, ready, role, start, store as begin};

/// What [`view`] reads, up to the result, which a list leaves out.
const COLUMNS: &str = "r.id, r.agent, r.status, r.text, r.summary, r.reasons, s.driver, r.project_id, COALESCE(p.path, p.url), r.issue, \
     r.session_id, r.turn_id, s.cost, r.created_at, \
     (SELECT MIN(t.started_at) FROM turns t WHERE t.session_id = r.session_id), r.ended_at, r.saying";
const FROM: &str = "FROM runs r JOIN sessions s ON s.id = r.session_id JOIN projects p ON p.id = r.project_id";

fn view(row: &Row) -> Done<Run> {
    Ok(Run {
        id: column::id(row, 0)?,
        agent: row.get(1)?,
        status: column::word(row, 2)?,
        text: row.get(3)?,
        summary: row.get(4)?,
        reasons: column::json(&row.get::<String>(5)?)?,
        driver: column::word(row, 6)?,
        project: column::id(row, 7)?,
        repository: row.get(8)?,
        issue: row.get(9)?,
        session: column::id(row, 10)?,
        turn: column::id(row, 11)?,
        cost_usd: MicroUsd(row.get(12)?),
        created_at: Time(row.get(13)?),
        started_at: row.get::<Option<i64>>(14)?.map(Time),
        ended_at: row.get::<Option<i64>>(15)?.map(Time),
        saying: Saying::parsed(row.get::<Option<String>>(16)?.as_deref()),
        result: column::maybe_json(row, 17)?,
    })
}

/// Which runs a list shows.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// The agent's name.
    pub agent: Option<String>,
    /// A status.
    pub status: Option<String>,
    /// Words of what was asked, of the summary or of the result.
    pub q: Option<String>,
}

/// The org's runs, newest first.
pub async fn list(hub: &Hub, caller: &Caller, filter: RunFilter, page: PageQuery) -> Done<Page<Run>> {
    let mut conn = hub.db.read().await?;
    let sql = format!(
        "SELECT {COLUMNS}, CAST(NULL AS TEXT) {FROM} WHERE r.org_id = $1 AND ($2 IS NULL OR r.id < $2) AND ($3 IS NULL OR r.agent = $3) \
         AND ($4 IS NULL OR r.status = $4) AND ($5 IS NULL OR LOWER(r.text) LIKE $5 ESCAPE '\\' \
         OR LOWER(COALESCE(r.summary, '')) LIKE $5 ESCAPE '\\' OR LOWER(COALESCE(r.result, '')) LIKE $5 ESCAPE '\\') \
         ORDER BY r.id DESC LIMIT $6"
    );
    let found = composed(sql)
        .bind(caller.org.as_str())
        .bind(page.cursor.as_deref())
        .bind(filter.agent)
        .bind(filter.status)
        .bind(filter.q.as_deref().map(containing))
        .bind(page.limit + 1)
        .fetch_all(&mut conn)
        .await?;
    let items = found.iter().map(view).collect::<Done<Vec<_>>>()?;
    Ok(Page::of(items, page.limit, |run| run.id.to_string()))
}

/// One run.
pub async fn get(hub: &Hub, caller: &Caller, id: &RunId) -> Done<Run> {
    let mut conn = hub.db.read().await?;
    find(&mut conn, &caller.org, id).await
}

/// A run of an org, inside or outside a transaction.
async fn find(conn: &mut Conn, org: &OrgId, id: &RunId) -> Done<Run> {
    let sql = format!("SELECT {COLUMNS}, r.result {FROM} WHERE r.org_id = $1 AND r.id = $2");
    let row = composed(sql).bind(org.as_str()).bind(id.as_str()).fetch_optional(conn).await?;
    row.as_ref().map(view).transpose()?.ok_or_else(|| Problem::not_found("run", id.as_str()).into())
}

/// A turn has ended: the run that awaited it goes on, or is over.
pub async fn follow(tx: &mut Tx<'_>, ended: &turn::Row, outcome: Outcome, reason: Option<Reason>) -> Done<()> {
    let found = query(
        "SELECT r.id, r.asked, r.reasons, s.spec, s.closed_at FROM runs r JOIN sessions s ON s.id = r.session_id \
         WHERE r.turn_id = $1 AND r.status = 'running'",
    )
    .bind(ended.id.as_str())
    .fetch_optional(tx.conn)
    .await?;
    let Some(found) = found else { return Ok(()) };
    let (id, asked): (RunId, i64) = (column::id(&found, 0)?, found.get(1)?);
    let before = State::Running { asked, reasons: column::json(&found.get::<String>(2)?)? };
    let agent: Agent = column::json(&found.get::<String>(3)?)?;
    let input = match outcome {
        Outcome::Succeeded => {
            let said = answer::last_words(tx, &ended.session, &ended.id).await?;
            let mut answer = rules::judge(agent.output.as_ref(), said.as_deref());
            if let Ok(fits) = &answer {
                // What no schema can say: a plan has no circle, and what its tasks need is there.
                answer = plan::judge(tx, &id, fits).await?.map_or(answer, Err);
            }
            Input::Answered { answer, open: found.get::<Option<i64>>(4)?.is_none() }
        }
        _ => Input::Ended { outcome, why: why(ended, reason) },
    };
    let Ok((state, effect)) = rules::step(&before, input, tx.now) else { return Ok(()) };
    let turn = effect.is_some().then(|| TurnId::mint(&*tx.world));
    if !store(tx, &id, asked, &state, turn.as_ref()).await? {
        return Ok(());
    }
    review::run_ended(tx, &id, &state).await?;
    plan::run_ended(tx, &id, &state).await?;
    if let (Some(Follows::Ask(reasons)), Some(turn)) = (effect, turn) {
        turn::say(tx, &ended.org, &ended.session, &turn, &rules::correction(&reasons), agent.on_interruption).await?;
    }
    Ok(())
}

/// Closes the session of a run that is part of something larger. Its branch goes too, if nothing was committed there. Boxed, because it
/// may have to end the very turn whose end has led here.
pub fn close<'a>(tx: &'a mut Tx<'_>, org: &'a OrgId, run: &'a RunId) -> BoxFuture<'a, Done<()>> {
    Box::pin(async move {
        let row = query("SELECT session_id FROM runs WHERE id = $1").bind(run.as_str()).fetch_one(tx.conn).await?;
        let session: SessionId = column::id(&row, 0)?;
        let bare = query("UPDATE sessions SET landed = base WHERE id = $1 AND landed IS NULL");
        bare.bind(session.as_str()).execute(tx.conn).await?;
        session::end(tx, org, &session).await
    })
}

/// Why a turn did not succeed, in a line for people.
pub fn why(ended: &turn::Row, reason: Option<Reason>) -> Saying {
    Saying::AgentFailed { reason, maybe_executed: ended.rules.maybe_executed, detail: ended.detail.clone() }
}

/// Stores where a run stands now, if it still stands where it was. `false` means that somebody was faster.
async fn store(tx: &mut Tx<'_>, id: &RunId, asked_before: i64, state: &State, turn: Option<&TurnId>) -> Done<bool> {
    let list = |reasons: &[String]| serde_json::to_string(reasons).map_err(Fault::internal);
    let (mut asked, mut reasons, mut result, mut summary, mut saying, mut ended_at) = (asked_before, None, None, None, None, None);
    match state {
        State::Running { asked: times, reasons: wrong } => (asked, reasons) = (*times, Some(list(wrong)?)),
        State::Succeeded { result: answer, at } => {
            (result, summary, ended_at) = (Some(answer.to_string()), Some(rules::summary(answer)), Some(*at));
        }
        State::Over { reasons: why, at, .. } => {
            let words: Vec<String> = why.iter().map(Saying::to_string).collect();
            (reasons, summary, ended_at) = (Some(list(&words)?), words.first().cloned(), Some(*at));
            saying = why.first().and_then(Saying::stored);
        }
    }
    let done = query(
        "UPDATE runs SET status = $3, asked = $4, reasons = COALESCE($5, reasons), result = $6, summary = $7, ended_at = $8, \
         turn_id = COALESCE($9, turn_id), saying = $10 WHERE id = $1 AND status = 'running' AND asked = $2",
    )
    .bind(id.as_str())
    .bind(asked_before)
    .bind(column::stored(&state.status()))
    .bind(asked)
    .bind(reasons)
    .bind(result)
    .bind(summary)
    .bind(ended_at)
    .bind(turn.map(TurnId::as_str))
    .bind(saying)
    .execute(tx.conn)
    .await?;
    Ok(done == 1)
}

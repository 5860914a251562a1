//! Turns in the database: loading one, and the only way to change its state.
//!
//! Invariant: [`take`] is the only code that writes a turn's state. It asks the domain's `step`, repeats the old state and epoch in
//! the `UPDATE`, and tells the session's history what happened.

use crate::column;
use crate::db::{Column, Conn, Table, Tx, composed, query};
use crate::effect::Effect;
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use crate::page::PageQuery;
use crate::{approval, budget, metrics, push, run, task};
use fugue_domain::agent::Agent;
use fugue_domain::api;
use fugue_domain::caller::Caller;
use fugue_domain::event::Event;
use fugue_domain::id::{OrgId, SessionId, TurnId};
use fugue_domain::page::Page;
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::reason::Reason;
use fugue_domain::time::Time;
use fugue_domain::turn::{self as rules, Effect as Follows, Input, Outcome, ParkedBy, Refused, State, Wish};

pub mod routes;
mod row;

pub use row::{COLUMNS, Row};

/// Loads a turn, inside or outside a transaction.
pub async fn load(conn: &mut Conn, id: &TurnId) -> Done<Option<Row>> {
    let sql = format!("SELECT {COLUMNS} FROM turns WHERE id = $1");
    let row = composed(sql).bind(id.as_str()).fetch_optional(conn).await?;
    row.as_ref().map(Row::read).transpose()
}

/// The session's turn that a node holds.
pub async fn held(conn: &mut Conn, session: &SessionId) -> Done<Option<Row>> {
    let sql = format!("SELECT {COLUMNS} FROM turns WHERE session_id = $1 AND renewed_at IS NOT NULL");
    let row = composed(sql).bind(session.as_str()).fetch_optional(conn).await?;
    row.as_ref().map(Row::read).transpose()
}

/// The session's turns that are in line, next first.
pub async fn in_line(conn: &mut Conn, session: &SessionId) -> Done<Vec<Row>> {
    let sql = format!("SELECT {COLUMNS} FROM turns WHERE session_id = $1 AND state IN ('queued', 'parked') ORDER BY position, id");
    let found = composed(sql).bind(session.as_str()).fetch_all(conn).await?;
    found.iter().map(Row::read).collect()
}

/// Takes a step of a turn: stores its new state, its events and what follows. `Err` inside means that nothing was changed.
pub async fn take(tx: &mut Tx<'_>, row: &mut Row, input: Input) -> Done<Result<(), Refused>> {
    let step = match rules::step(&row.rules, input.clone(), tx.now) {
        Ok(step) => step,
        Err(refused) => return Ok(Err(refused)),
    };
    let before = std::mem::replace(&mut row.rules, step.turn);
    if !before.state.is_in_line() && row.rules.state.is_in_line() {
        row.position = front(tx.conn, &row.session).await?;
    }
    if !row::store(tx, row, &before).await? {
        row.rules = before;
        return Ok(Err(Refused::State));
    }
    let entered = i64::from(row.rules.state.is_in_line()) - i64::from(before.state.is_in_line());
    if entered != 0 {
        tx.events.in_line(&row.org, &row.session, entered);
    }
    // Questions that lapse with the end are settled before it: nothing follows the last event of a turn.
    for effect in step.effects.iter().filter(|effect| matches!(effect, Follows::Withdraw(_))) {
        follow(tx, row, effect.clone()).await?;
    }
    history(tx, row, &before, &input);
    if let State::Ended { outcome, reason, .. } = &row.rules.state {
        count_ended(tx, row, *outcome, *reason).await?;
        let (outcome, reason) = (*outcome, *reason);
        run::follow(tx, row, outcome, reason).await?;
        task::turn_ended(tx, row, outcome, reason).await?;
        push::turn_ended(tx, row, outcome, reason).await?;
    }
    for effect in step.effects {
        // Who assigns tells the node itself, without another ring of the doorbell.
        let told = matches!(effect, Follows::Tell(_)) && matches!(input, Input::Assign { .. });
        if !told && !matches!(effect, Follows::Withdraw(_)) {
            follow(tx, row, effect).await?;
        }
    }
    Ok(Ok(()))
}

/// Counts a turn that ended.
async fn count_ended(tx: &mut Tx<'_>, row: &Row, outcome: Outcome, reason: Option<Reason>) -> Done<()> {
    let found = query("SELECT driver FROM sessions WHERE id = $1").bind(row.session.as_str()).fetch_one(tx.conn).await?;
    let (driver, outcome): (String, String) = (found.get(0)?, column::stored(&outcome));
    ::metrics::counter!(metrics::TURNS, "outcome" => outcome, "reason" => reason.map_or("", Reason::word), "driver" => driver).increment(1);
    Ok(())
}

/// The place before everything that is in line.
pub async fn front(conn: &mut Conn, session: &SessionId) -> Done<i64> {
    let row = query("SELECT MIN(position) FROM turns WHERE session_id = $1 AND state IN ('queued', 'parked')")
        .bind(session.as_str())
        .fetch_one(conn)
        .await?;
    Ok(row.get::<Option<i64>>(0)?.unwrap_or(0) - crate::message::POSITION_STEP)
}

/// Writes down what a step means for people.
fn history(tx: &mut Tx<'_>, row: &Row, before: &rules::Turn, input: &Input) {
    let (org, session, now) = (row.org.clone(), row.session.clone(), tx.now);
    let event = match (&before.state, &row.rules.state, input) {
        (_, State::Leased { lease, .. }, Input::Assign { .. }) => Event::TurnAssigned { node: lease.node.clone(), epoch: lease.epoch },
        (_, State::Running { .. }, Input::Delivered { .. }) => {
            if row.started_at == Some(now) {
                ::metrics::histogram!(metrics::MESSAGE_TO_START).record((now - row.created_at) as f64 / 1e3);
            }
            Event::TurnStarted { attempt: row.rules.attempts }
        }
        (State::Ended { .. }, _, _) => return,
        (_, State::Ended { outcome, reason, .. }, _) => Event::TurnEnded {
            outcome: *outcome,
            reason: *reason,
            maybe_executed: row.rules.maybe_executed,
            attempts: row.rules.attempts,
            usage: row.usage,
            on_interruption: row.rules.on_interruption,
        },
        (_, State::Parked { by: ParkedBy::Loss, .. }, Input::Ended { ending: rules::Ending::Interrupted { reason, .. }, .. }) => {
            Event::TurnRequeued { reason: Some(*reason), maybe_executed: row.rules.maybe_executed }
        }
        (_, State::Parked { until, by, .. }, _) => Event::TurnParked { reason: by.reason(), until: until.map(Time) },
        (_, State::Queued { .. }, Input::LeaseExpired { .. }) => {
            Event::TurnRequeued { reason: Some(Reason::NodeLost), maybe_executed: row.rules.maybe_executed }
        }
        (_, State::Queued { .. }, _) => Event::TurnRequeued { reason: None, maybe_executed: row.rules.maybe_executed },
        (_, _, Input::Wish(wish)) => Event::TurnWished { wish: *wish },
        _ => return,
    };
    tx.event(&org, &session, Some(&row.id), event);
}

async fn follow(tx: &mut Tx<'_>, row: &Row, effect: Follows) -> Done<()> {
    match effect {
        Follows::Tell(_) => tx.after_commit(Effect::Tell(row.id.clone())),
        Follows::Schedule => tx.after_commit(Effect::Schedule(row.session.clone())),
        Follows::Withdraw(_) => approval::withdraw(tx, row).await?,
        Follows::AskBudget => budget::ask(tx, row).await?,
    }
    Ok(())
}

/// One turn of the caller's org.
pub async fn get(hub: &Hub, caller: &Caller, id: &TurnId) -> Done<api::Turn> {
    let mut conn = hub.db.read().await?;
    let row = load(&mut conn, id).await?.filter(|row| row.org == caller.org).ok_or_else(|| Problem::not_found("turn", id.as_str()))?;
    let position = place(&mut conn, &row).await?;
    Ok(row.view(position))
}

/// The place in line: 1 is next, 0 is not in line.
async fn place(conn: &mut Conn, row: &Row) -> Done<i64> {
    if !row.rules.state.is_in_line() {
        return Ok(0);
    }
    let sql = "SELECT COUNT(*) FROM turns WHERE session_id = $1 AND state IN ('queued', 'parked') AND (position < $2 OR (position = $2 AND id <= $3))";
    let found = query(sql).bind(row.session.as_str()).bind(row.position).bind(row.id.as_str()).fetch_one(conn).await?;
    Ok(found.get(0)?)
}

/// A session's turns, newest first.
pub async fn list(hub: &Hub, caller: &Caller, session: &SessionId, page: PageQuery) -> Done<Page<api::Turn>> {
    crate::session::get(hub, caller, session).await?;
    let mut conn = hub.db.read().await?;
    let sql = format!("SELECT {COLUMNS} FROM turns WHERE session_id = $1 AND ($2 IS NULL OR id < $2) ORDER BY id DESC LIMIT $3");
    let found = composed(sql).bind(session.as_str()).bind(page.cursor.as_deref()).bind(page.limit + 1).fetch_all(&mut conn).await?;
    let mut items = Vec::with_capacity(found.len());
    for row in &found {
        let row = Row::read(row)?;
        let position = place(&mut conn, &row).await?;
        items.push(row.view(position));
    }
    Ok(Page::of(items, page.limit, |turn| turn.id.to_string()))
}

/// Breaks off a turn: one that is in line never starts, one that runs is interrupted.
pub async fn interrupt(hub: &Hub, caller: &Caller, id: &TurnId) -> Done<api::Turn> {
    change(hub, caller, id, Input::Wish(Wish::Interrupt), "The turn has ended already.").await
}

/// Puts a parked turn back in line, for the person who does not want to wait.
pub async fn resume(hub: &Hub, caller: &Caller, id: &TurnId) -> Done<api::Turn> {
    change(hub, caller, id, Input::Unpark, "The turn is not parked.").await
}

async fn change(hub: &Hub, caller: &Caller, id: &TurnId, input: Input, refusal: &'static str) -> Done<api::Turn> {
    let (org, turn) = (caller.org.clone(), id.clone());
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let found = load(tx.conn, &turn).await?.filter(|row| row.org == org);
                let mut row = found.ok_or_else(|| Problem::not_found("turn", turn.as_str()))?;
                let taken = take(tx, &mut row, input).await?;
                taken.map_err(|_| Problem::new(Kind::WrongState, refusal).into())
            })
        })
        .await?;
    get(hub, caller, id).await
}

/// A turn to be put in line.
pub struct New<'a> {
    /// Its id.
    pub id: &'a TurnId,
    /// Whose.
    pub org: &'a OrgId,
    /// Its session.
    pub session: &'a SessionId,
    /// What its message says.
    pub text: &'a str,
    /// When its message was accepted.
    pub created_at: i64,
    /// Its place.
    pub position: i64,
    /// Not before.
    pub not_before: Option<i64>,
    /// What to do after a loss.
    pub on_interruption: rules::OnInterruption,
}

/// Puts turns in line, any number in one statement.
pub async fn insert(tx: &mut Tx<'_>, turns: &[New<'_>]) -> Done<()> {
    const INTO: &str = "turns (id, org_id, session_id, position, state, not_before, on_interruption, created_at, text)";
    const KINDS: &[Column] =
        &[Column::Text, Column::Text, Column::Text, Column::Int, Column::Text, Column::Int, Column::Text, Column::Int, Column::Text];
    let mut rows = Table::new(KINDS);
    for turn in turns {
        tx.events.in_line(turn.org, turn.session, 1);
        rows = rows
            .bind(turn.id.as_str())
            .bind(turn.org.as_str())
            .bind(turn.session.as_str())
            .bind(turn.position)
            .bind("queued")
            .bind(turn.not_before)
            .bind(column::stored(&turn.on_interruption))
            .bind(turn.created_at)
            .bind(turn.text);
    }
    rows.insert(tx, INTO).await
}

/// Lets another agent than the session's carry a turn out, which is in line.
pub async fn carried_out_by(tx: &mut Tx<'_>, turn: &TurnId, agent: &Agent) -> Done<()> {
    let spec = serde_json::to_string(agent).map_err(Fault::internal)?;
    query("UPDATE turns SET spec = $2 WHERE id = $1 AND state = 'queued'").bind(turn.as_str()).bind(spec).execute(tx.conn).await?;
    Ok(())
}

/// The agent of a turn that is not its session's.
pub async fn own_agent(conn: &mut Conn, turn: &TurnId) -> Done<Option<Agent>> {
    let row = query("SELECT spec FROM turns WHERE id = $1").bind(turn.as_str()).fetch_one(conn).await?;
    row.get::<Option<String>>(0)?.map(|spec| column::json(&spec)).transpose()
}

/// Puts what the hub itself wants to be done before everything else in the line of a session.
pub async fn say(
    tx: &mut Tx<'_>,
    org: &OrgId,
    session: &SessionId,
    turn: &TurnId,
    text: &str,
    on_interruption: rules::OnInterruption,
) -> Done<()> {
    let position = front(tx.conn, session).await?;
    let new = New { id: turn, org, session, text, created_at: tx.now, position, not_before: None, on_interruption };
    insert(tx, &[new]).await?;
    let queued = Event::MessageQueued { message: turn.message(), text: text.to_owned(), not_before: None };
    tx.event(org, session, Some(turn), queued);
    tx.after_commit(Effect::Schedule(session.clone()));
    Ok(())
}

//! What a person can do with a task.

use super::advance::{advance, is_blocked};
use super::row::{self, Row};
use super::story::Told;
use crate::db::{Tx, query};
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use fugue_domain::api::{Remark, Shown, TaskDetail};
use fugue_domain::caller::Caller;
use fugue_domain::id::TaskId;
use fugue_domain::limits::MESSAGE_BYTES_MAX;
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::saying::Saying;
use fugue_domain::task::{Input, State, Verb};

/// Times that a wish is carried out when other hubs are faster.
const TRIES: usize = 4;

/// Carries out what a person wants.
pub async fn verb(hub: &Hub, caller: &Caller, id: &TaskId, verb: Verb, remark: Remark) -> Done<TaskDetail> {
    if remark.text.as_ref().is_some_and(|text| text.trim().is_empty() || text.len() > MESSAGE_BYTES_MAX / 2) {
        return Err(Problem::invalid("/text", format!("give 1 to {} bytes, or leave it out", MESSAGE_BYTES_MAX / 2)).into());
    }
    let once = async || {
        let (by, task, remark) = (caller.clone(), id.clone(), remark.clone());
        let carried_out = hub.db.write(move |tx| {
            Box::pin(async move {
                let found = row::load(tx.conn, &task).await?.filter(|row| row.org == by.org);
                let mut row = found.ok_or_else(|| Problem::not_found("task", task.as_str()))?;
                carry_out(tx, &by, &mut row, verb, remark).await
            })
        });
        carried_out.await
    };
    let mut done = once().await;
    for _ in 1..TRIES {
        // Another hub moved it in between: what is wanted is judged by what it is now.
        if !done.as_ref().is_err_and(Fault::is_raced) {
            break;
        }
        done = once().await;
    }
    done?;
    super::get(hub, caller, id).await
}

/// The same inside a transaction, for a plan whose tasks are decided about together.
pub async fn verb_in(tx: &mut Tx<'_>, caller: &Caller, id: &TaskId, verb: Verb) -> Done<()> {
    let found = row::load(tx.conn, id).await?.filter(|row| row.org == caller.org);
    let mut row = found.ok_or_else(|| Problem::not_found("task", id.as_str()))?;
    carry_out(tx, caller, &mut row, verb, Remark::default()).await
}

async fn carry_out(tx: &mut Tx<'_>, by: &Caller, row: &mut Row, verb: Verb, remark: Remark) -> Done<()> {
    let blocked = is_blocked(tx, &row.id).await?;
    let mut told = Told { by: Some(by.token.clone()), ..Told::of(Saying::Wished { verb, remark: remark.text.clone() }) };
    let input = match verb {
        Verb::Start => Input::Start { blocked },
        Verb::Retry => Input::Retry { blocked },
        Verb::Submit => Input::Submit,
        Verb::Approve => Input::Approve,
        Verb::TakeOver => Input::TakeOver,
        Verb::Cancel => Input::Cancel,
    };
    if let (Verb::Approve, Some(head)) = (verb, &row.rules.head) {
        let name = name(tx, by).await?;
        told.shown = Some(Shown::Judged { head: head.clone(), approved: true, by: name, words: remark.text.clone(), run: None });
    }
    // A session that was closed by hand took its worktree with it: there is nothing to go on in.
    let gone = match &row.session {
        Some(session) => crate::session::find(tx.conn, &row.org, session).await?.closed_at.is_some(),
        None => false,
    };
    if gone && matches!(row.rules.state, State::NeedsHuman { .. }) {
        (row.rules.session, row.rules.told) = (false, false);
    }
    let state = row.rules.state.word();
    let refused = || Problem::new(Kind::WrongState, format!("The task is {state}. {}", verb.when()));
    advance(tx, row, input, told, remark.text).await?.map_err(|_| refused())?;
    if matches!(verb, Verb::Start | Verb::Retry) {
        let sql = "UPDATE tasks SET token_id = $2 WHERE id = $1";
        query(sql).bind(row.id.as_str()).bind(by.token.as_str()).execute(tx.conn).await?;
    }
    Ok(())
}

/// The caller, as people know them.
async fn name(tx: &mut Tx<'_>, caller: &Caller) -> Done<String> {
    let sql = "SELECT COALESCE(u.name, k.name) FROM tokens k LEFT JOIN users u ON u.id = k.user_id WHERE k.id = $1";
    Ok(query(sql).bind(caller.token.as_str()).fetch_one(tx.conn).await?.get(0)?)
}

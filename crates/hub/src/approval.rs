//! Approvals: questions to people. Stored before they are shown, settled once by whoever is first, used once by the node.

use crate::column;
use crate::db::{Conn, Row, Tx, composed, query};
use crate::effect::Effect;
use crate::fault::{Done, Fault};
use crate::feed::Hint;
use crate::hub::Hub;
use crate::page::PageQuery;
use crate::{budget, push, turn};
use fugue_domain::api::{self, Decision};
use fugue_domain::approval::{ApprovalKind, ApprovalState, Request, visible};
use fugue_domain::caller::Caller;
use fugue_domain::event::Event;
use fugue_domain::id::{ApprovalId, OrgId, SessionId, TurnId};
use fugue_domain::limits::{APPROVAL_MS, TITLE_CHARS_MAX};
use fugue_domain::link::Answer;
use fugue_domain::page::Page;
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::push::PushKind;
use fugue_domain::time::Time;
use fugue_domain::turn::{Input, Wish};
use fugue_domain::world::{Mint, World};

pub mod routes;

const COLUMNS: &str = "a.id, a.kind, a.state, a.session_id, a.turn_id, s.title, s.agent, a.tool, a.input, a.hash, a.cwd, s.node_id, a.purpose, a.rule, \
     a.reason, a.created_at, a.expires_at, a.decided_at, a.org_id, a.epoch FROM approvals a JOIN sessions s ON s.id = a.session_id";

fn view(row: &Row) -> Done<api::Approval> {
    let input: String = row.get(8)?;
    Ok(api::Approval {
        id: column::id(row, 0)?,
        kind: column::word(row, 1)?,
        state: column::word(row, 2)?,
        session: column::id(row, 3)?,
        turn: column::id(row, 4)?,
        title: row.get(5)?,
        agent: row.get(6)?,
        tool: row.get(7)?,
        shown: visible(&input),
        input,
        hash: row.get(9)?,
        cwd: row.get(10)?,
        node: column::maybe_id(row, 11)?,
        purpose: row.get(12)?,
        rule: row.get(13)?,
        reason: row.get(14)?,
        created_at: Time(row.get(15)?),
        expires_at: Time(row.get(16)?),
        decided_at: row.get::<Option<i64>>(17)?.map(Time),
    })
}

/// The org's approvals, newest first.
pub async fn list(hub: &Hub, caller: &Caller, state: Option<ApprovalState>, page: PageQuery) -> Done<Page<api::Approval>> {
    let mut conn = hub.db.read().await?;
    let sql = format!(
        "SELECT {COLUMNS} WHERE a.org_id = $1 AND ($2 IS NULL OR a.id < $2) AND ($3 IS NULL OR a.state = $3) ORDER BY a.id DESC LIMIT $4"
    );
    let found = composed(sql)
        .bind(caller.org.as_str())
        .bind(page.cursor.as_deref())
        .bind(state.map(ApprovalState::word))
        .bind(page.limit + 1)
        .fetch_all(&mut conn)
        .await?;
    let items = found.iter().map(view).collect::<Done<Vec<_>>>()?;
    Ok(Page::of(items, page.limit, |approval| approval.id.to_string()))
}

/// One approval.
pub async fn get(hub: &Hub, caller: &Caller, id: &ApprovalId) -> Done<api::Approval> {
    let mut conn = hub.db.read().await?;
    find(&mut conn, &caller.org, id).await
}

async fn find(conn: &mut Conn, org: &OrgId, id: &ApprovalId) -> Done<api::Approval> {
    let sql = format!("SELECT {COLUMNS} WHERE a.org_id = $1 AND a.id = $2");
    let row = composed(sql).bind(org.as_str()).bind(id.as_str()).fetch_optional(conn).await?;
    row.as_ref().map(view).transpose()?.ok_or_else(|| Problem::not_found("approval", id.as_str()).into())
}

/// A question to be stored.
pub struct New<'a> {
    /// What is asked.
    pub kind: ApprovalKind,
    /// About which turn.
    pub row: &'a turn::Row,
    /// The exact words.
    pub request: &'a Request,
    /// When it becomes a no by itself.
    pub expires_at: i64,
}

/// Stores a question and tells the session's history. `None`: this lease asked under the same key before.
pub async fn insert(tx: &mut Tx<'_>, world: &dyn World, new: New<'_>) -> Done<Option<ApprovalId>> {
    let (id, row, request) = (ApprovalId::mint(world), new.row, new.request);
    let hash = request.hash(&row.session, row.epoch);
    let done = query(
        "INSERT INTO approvals (id, org_id, kind, state, session_id, turn_id, epoch, request_key, tool, input, cwd, purpose, rule, hash, created_at, expires_at) \
         VALUES ($1, $2, $3, 'pending', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
         ON CONFLICT (turn_id, epoch, request_key) DO NOTHING",
    )
    .bind(id.as_str())
    .bind(row.org.as_str())
    .bind(column::stored(&new.kind))
    .bind(row.session.as_str())
    .bind(row.id.as_str())
    .bind(row.epoch)
    .bind(&request.key)
    .bind(&request.tool)
    .bind(&request.input)
    .bind(&request.cwd)
    .bind(request.purpose.as_deref())
    .bind(request.rule.as_deref())
    .bind(&hash)
    .bind(tx.now)
    .bind(new.expires_at)
    .execute(tx.conn)
    .await?;
    if done == 0 {
        return Ok(None);
    }
    let asked = Event::ApprovalAsked { approval: id.clone(), tool: request.tool.clone(), input: request.input.clone(), hash };
    tx.event(&row.org, &row.session, Some(&row.id), asked);
    tx.after_commit(Effect::Hint(row.org.clone(), Hint::Approval { approval: id.clone() }));
    push::tell(tx, &row.org, PushKind::Approval, id.as_str()).await?;
    Ok(Some(id))
}

/// An agent asks about a tool: the question is stored, and its turn waits.
pub async fn ask(tx: &mut Tx<'_>, world: &dyn World, row: &mut turn::Row, request: &Request) -> Done<()> {
    let expires_at = tx.now + APPROVAL_MS;
    let Some(approval) = insert(tx, world, New { kind: ApprovalKind::Tool, row, request, expires_at }).await? else {
        tracing::warn!(turn.id = %row.id, "a request key came a second time; the question stands as it was first asked");
        return Ok(());
    };
    // A turn that waits for another question already goes on waiting; this one comes next.
    let _ = turn::take(tx, row, Input::Asked { epoch: row.epoch, approval }).await?;
    Ok(())
}

/// A person's answer. The first one counts.
pub async fn decide(hub: &Hub, caller: &Caller, id: &ApprovalId, approved: bool, decision: Decision) -> Done<api::Approval> {
    if decision.reason.as_deref().is_some_and(|reason| reason.chars().count() > 10 * TITLE_CHARS_MAX) {
        return Err(Problem::invalid("/reason", format!("at most {} characters", 10 * TITLE_CHARS_MAX)).into());
    }
    let (caller_copy, approval) = (caller.clone(), id.clone());
    hub.db.write(move |tx| Box::pin(async move { decide_in(tx, &caller_copy, &approval, approved, &decision).await })).await?;
    get(hub, caller, id).await
}

/// The same inside a transaction, for an answer that comes another way.
pub async fn decide_in(tx: &mut Tx<'_>, caller: &Caller, id: &ApprovalId, approved: bool, decision: &Decision) -> Done<()> {
    let found = find(tx.conn, &caller.org, id).await?;
    if decision.hash.as_deref().is_some_and(|hash| hash != found.hash) {
        let detail = "The hash is not the one of this question; nothing was decided.";
        return Err(Fault::from(Problem::new(Kind::WrongState, detail).hint("Read the approval again and decide on what it shows.")));
    }
    let late = found.kind == ApprovalKind::Tool && tx.now >= found.expires_at.0;
    let state = if approved { ApprovalState::Approved } else { ApprovalState::Denied };
    if late || !settle(tx, &found, state, decision.reason.as_deref(), Some(caller.token.as_str())).await? {
        let word = if late { "expired" } else { find(tx.conn, &caller.org, id).await?.state.word() };
        return Err(Problem::new(Kind::AlreadyAnswered, format!("The question was settled before: {word}.")).into());
    }
    Ok(())
}

/// Settles a question if nobody did yet, and lets its turn go on.
async fn settle(tx: &mut Tx<'_>, found: &api::Approval, state: ApprovalState, reason: Option<&str>, by: Option<&str>) -> Done<bool> {
    let done = query("UPDATE approvals SET state = $2, reason = $3, decided_by = $4, decided_at = $5 WHERE id = $1 AND state = 'pending'")
        .bind(found.id.as_str())
        .bind(state.word())
        .bind(reason)
        .bind(by)
        .bind(tx.now)
        .execute(tx.conn)
        .await?;
    if done == 0 {
        return Ok(false);
    }
    let Some(mut row) = turn::load(tx.conn, &found.turn).await? else { return Err(Fault::internal("an approval has no turn")) };
    let answered = Event::ApprovalAnswered { approval: found.id.clone(), state, reason: reason.map(str::to_owned) };
    tx.event(&row.org, &row.session, Some(&row.id), answered);
    tx.after_commit(Effect::Hint(row.org.clone(), Hint::Approval { approval: found.id.clone() }));
    match (found.kind, state) {
        (ApprovalKind::Budget, ApprovalState::Approved) => budget::allow(tx, &mut row, &found.input).await?,
        (ApprovalKind::Budget, ApprovalState::Denied) => {
            let _ = turn::take(tx, &mut row, Input::Wish(Wish::Stop)).await?;
        }
        (ApprovalKind::Budget, _) => {}
        (ApprovalKind::Tool, _) => {
            go_on(tx, &mut row, &found.id).await?;
            tx.after_commit(Effect::Tell(row.id.clone()));
        }
    }
    Ok(true)
}

/// The turn no longer waits for this question; if another one is open, it waits for that.
async fn go_on(tx: &mut Tx<'_>, row: &mut turn::Row, approval: &ApprovalId) -> Done<()> {
    if turn::take(tx, row, Input::Answered { approval: approval.clone() }).await?.is_err() {
        return Ok(());
    }
    let next =
        query("SELECT id FROM approvals WHERE turn_id = $1 AND epoch = $2 AND state = 'pending' AND kind = 'tool' ORDER BY id LIMIT 1")
            .bind(row.id.as_str())
            .bind(row.epoch)
            .fetch_optional(tx.conn)
            .await?;
    if let Some(next) = next {
        let _ = turn::take(tx, row, Input::Asked { epoch: row.epoch, approval: column::id(&next, 0)? }).await?;
    }
    Ok(())
}

/// All open questions of a turn are void: its lease is over.
pub async fn withdraw(tx: &mut Tx<'_>, row: &turn::Row) -> Done<()> {
    let open = query(
        "UPDATE approvals SET state = 'withdrawn', decided_at = $2 WHERE turn_id = $1 AND state = 'pending' AND kind = 'tool' RETURNING id",
    )
    .bind(row.id.as_str())
    .bind(tx.now)
    .fetch_all(tx.conn)
    .await?;
    for approval in &open {
        withdrawn(tx, row, column::id(approval, 0)?);
    }
    Ok(())
}

fn withdrawn(tx: &mut Tx<'_>, row: &turn::Row, approval: ApprovalId) {
    let answered = Event::ApprovalAnswered { approval: approval.clone(), state: ApprovalState::Withdrawn, reason: None };
    tx.event(&row.org, &row.session, Some(&row.id), answered);
    tx.after_commit(Effect::Hint(row.org.clone(), Hint::Approval { approval }));
}

/// The agent no longer asks: an answer arrived, or the question is void.
pub async fn closed(tx: &mut Tx<'_>, row: &mut turn::Row, key: &str) -> Done<()> {
    query("UPDATE approvals SET consumed_at = $4 WHERE turn_id = $1 AND epoch = $2 AND request_key = $3 AND state <> 'pending' AND consumed_at IS NULL")
        .bind(row.id.as_str())
        .bind(row.epoch)
        .bind(key)
        .bind(tx.now)
        .execute(tx.conn)
        .await?;
    let open = query("UPDATE approvals SET state = 'withdrawn', decided_at = $4, consumed_at = $4 WHERE turn_id = $1 AND epoch = $2 AND request_key = $3 AND state = 'pending' RETURNING id")
        .bind(row.id.as_str())
        .bind(row.epoch)
        .bind(key)
        .bind(tx.now)
        .fetch_optional(tx.conn)
        .await?;
    if let Some(open) = open {
        let approval: ApprovalId = column::id(&open, 0)?;
        withdrawn(tx, row, approval.clone());
        go_on(tx, row, &approval).await?;
    }
    Ok(())
}

/// Answers that the turn's node has not used yet.
pub async fn answers(conn: &mut Conn, turn: &TurnId, epoch: i64) -> Done<Vec<Answer>> {
    let found = query(
        "SELECT request_key, hash, state, reason FROM approvals WHERE turn_id = $1 AND epoch = $2 AND kind = 'tool' \
         AND state IN ('approved', 'denied', 'expired') AND consumed_at IS NULL ORDER BY id",
    )
    .bind(turn.as_str())
    .bind(epoch)
    .fetch_all(conn)
    .await?;
    found
        .iter()
        .map(|row| {
            let state: ApprovalState = column::word(row, 2)?;
            let unanswered = (state == ApprovalState::Expired).then(|| "Nobody answered in time.".to_owned());
            Ok(Answer {
                key: row.get(0)?,
                hash: row.get(1)?,
                approved: state == ApprovalState::Approved,
                reason: row.get::<Option<String>>(3)?.or(unanswered),
            })
        })
        .collect()
}

/// Turns questions that nobody answered in time into denials.
pub async fn expire_due(hub: &Hub) -> Done<()> {
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let sql = format!(
                    "SELECT {COLUMNS} WHERE a.state = 'pending' AND a.kind = 'tool' AND a.expires_at <= $1 ORDER BY a.expires_at LIMIT 100"
                );
                let due = composed(sql).bind(tx.now).fetch_all(tx.conn).await?;
                for row in &due {
                    settle(tx, &view(row)?, ApprovalState::Expired, None, None).await?;
                }
                Ok(())
            })
        })
        .await
}

/// Whether a question of this kind is open for the turn.
pub async fn is_open(conn: &mut Conn, turn: &TurnId, kind: ApprovalKind) -> Done<bool> {
    let found = query("SELECT 1 FROM approvals WHERE turn_id = $1 AND kind = $2 AND state = 'pending'")
        .bind(turn.as_str())
        .bind(column::stored(&kind));
    Ok(found.fetch_optional(conn).await?.is_some())
}

/// Withdraws the open budget questions of a session: the budget itself was changed.
pub async fn withdraw_budget(tx: &mut Tx<'_>, row: &turn::Row, session: &SessionId) -> Done<()> {
    let open = query("UPDATE approvals SET state = 'withdrawn', decided_at = $2 WHERE session_id = $1 AND state = 'pending' AND kind = 'budget' RETURNING id")
        .bind(session.as_str())
        .bind(tx.now)
        .fetch_all(tx.conn)
        .await?;
    for approval in &open {
        withdrawn(tx, row, column::id(approval, 0)?);
    }
    Ok(())
}

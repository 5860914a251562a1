//! Sessions: opening, reading, stopping, closing. What one is doing is derived from its turns.

use crate::column;
use crate::db::{Conn, Row, Tx, composed, durable, query};
use crate::effect::Effect;
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use crate::page::PageQuery;
use crate::{budget, project, turn};
use fugue_domain::api::{self, SessionChange};
use fugue_domain::caller::Caller;
use fugue_domain::event::Event;
use fugue_domain::id::{OrgId, SessionId, TurnId};
use fugue_domain::limits::TITLE_CHARS_MAX;
use fugue_domain::link::{FromHub, Place};
use fugue_domain::money::{MicroUsd, Tokens};
use fugue_domain::page::Page;
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::session::SessionState;
use fugue_domain::time::Time;
use fugue_domain::turn::{Input, Wish};

mod changes;
mod opening;
mod parting;
pub mod raw;
pub mod routes;

pub use opening::{Ground, Plan, ground, open, plan, store};
pub use parting::{give_back, to_release, torn_down};

/// The state of the turn that a node holds; null when none does.
macro_rules! held {
    () => {
        "(SELECT h.state FROM turns h WHERE h.session_id = s.id AND h.renewed_at IS NOT NULL)"
    };
}

/// The state of the first turn in line; null when there is none. A parked turn keeps those behind it waiting.
macro_rules! head {
    () => {
        "(SELECT l.state FROM turns l WHERE l.session_id = s.id AND l.state IN ('queued', 'parked') ORDER BY l.position, l.id LIMIT 1)"
    };
}

const COLUMNS: &str = concat!(
    "s.id, s.title, s.project_id, s.agent, s.driver, s.node_id, s.place_kind, s.path, s.branch, s.base, s.budget, s.cost, ",
    "s.tokens_input, s.tokens_output, s.tokens_cache_read, s.tokens_cache_write, s.last_seq, s.created_at, s.updated_at, s.closed_at, ",
    "(SELECT t.id FROM turns t WHERE t.session_id = s.id AND t.renewed_at IS NOT NULL), ",
    held!(),
    ", s.in_line, ",
    head!(),
    ", s.history, (SELECT x.task_id FROM task_sessions x WHERE x.session_id = s.id)",
);
/// How many these are: what a statement asks for besides them begins here.
const BESIDES: usize = 26;

fn view(row: &Row) -> Done<api::Session> {
    let (turn, turn_state): (Option<TurnId>, Option<String>) = (column::maybe_id(row, 20)?, row.get(21)?);
    let (queued, head): (i64, Option<String>) = (row.get(22)?, row.get(23)?);
    let closed_at = row.get::<Option<i64>>(19)?.map(Time);
    let waiting = turn_state.as_deref() == Some("waiting");
    Ok(api::Session {
        id: column::id(row, 0)?,
        state: SessionState::derive(
            closed_at.is_some(),
            waiting,
            turn.is_some() || queued > 0,
            turn.is_none() && head.as_deref() == Some("parked"),
        ),
        title: row.get(1)?,
        project: column::id(row, 2)?,
        agent: row.get(3)?,
        driver: column::word(row, 4)?,
        place: api::Place {
            node: column::id(row, 5)?,
            kind: column::word(row, 6)?,
            path: row.get(7)?,
            branch: row.get(8)?,
            base: row.get(9)?,
        },
        task: column::maybe_id(row, 25)?,
        turn,
        queued,
        last_seq: row.get(16)?,
        cost_usd: MicroUsd(row.get(11)?),
        budget_usd: row.get::<Option<i64>>(10)?.map(MicroUsd),
        tokens: Tokens { input: row.get(12)?, output: row.get(13)?, cache_read: row.get(14)?, cache_write: row.get(15)? },
        created_at: Time(row.get(17)?),
        updated_at: Time(row.get(18)?),
        closed_at,
        history: column::word(row, 24)?,
    })
}

/// Which sessions a list shows.
#[derive(Debug, Clone, Default)]
pub struct SessionFilter {
    /// `open`, or one of the states.
    pub state: Option<String>,
    /// A project's id or name.
    pub project: Option<String>,
    /// Letters of the title.
    pub q: Option<String>,
}

/// The condition of each state. They repeat [`SessionState::derive`] in SQL; a test compares the two.
const STATES: &[(&str, &str)] = &[
    ("open", "s.closed_at IS NULL"),
    ("closed", "s.closed_at IS NOT NULL"),
    ("waiting", concat!("s.closed_at IS NULL AND ", held!(), " = 'waiting'")),
    ("parked", concat!("s.closed_at IS NULL AND ", held!(), " IS NULL AND ", head!(), " = 'parked'")),
    ("busy", concat!("s.closed_at IS NULL AND COALESCE(", held!(), ", ", head!(), ") IN ('leased', 'running', 'queued')")),
    ("idle", concat!("s.closed_at IS NULL AND s.in_line = 0 AND ", held!(), " IS NULL")),
];

/// How many sessions are in each state, of all orgs, for the metrics.
pub async fn count(conn: &mut Conn) -> Done<Vec<(&'static str, i64)>> {
    let mut counts = Vec::new();
    for (state, condition) in STATES.iter().filter(|(state, _)| *state != "open") {
        let row = composed(format!("SELECT COUNT(*) FROM sessions s WHERE {condition}")).fetch_one(&mut *conn).await?;
        counts.push((*state, row.get(0)?));
    }
    Ok(counts)
}

/// The org's sessions, newest first.
pub async fn list(hub: &Hub, caller: &Caller, filter: SessionFilter, page: PageQuery) -> Done<Page<api::Session>> {
    let condition = match filter.state.as_deref() {
        None => "1 = 1",
        Some(wanted) => {
            let known = STATES.iter().find(|(state, _)| *state == wanted).map(|(_, condition)| *condition);
            known.ok_or_else(|| Problem::invalid("state", "use open, idle, busy, waiting, parked or closed"))?
        }
    };
    let mut conn = hub.db.read().await?;
    let project = match &filter.project {
        Some(name) => Some(project::find(&mut conn, &caller.org, name).await?.id),
        None => None,
    };
    let like = filter.q.as_deref().map(crate::page::containing);
    let sql = format!(
        "SELECT {COLUMNS} FROM sessions s WHERE s.org_id = $1 AND ($2 IS NULL OR s.id < $2) AND ($3 IS NULL OR s.project_id = $3) \
         AND ($4 IS NULL OR LOWER(s.title) LIKE $4 ESCAPE '\\') AND {condition} ORDER BY s.id DESC LIMIT $5"
    );
    let found = composed(sql)
        .bind(caller.org.as_str())
        .bind(page.cursor.as_deref())
        .bind(project.as_ref().map(|id| id.as_str()))
        .bind(like)
        .bind(page.limit + 1)
        .fetch_all(&mut conn)
        .await?;
    let items = found.iter().map(view).collect::<Done<Vec<_>>>()?;
    Ok(Page::of(items, page.limit, |session| session.id.to_string()))
}

/// One session.
pub async fn get(hub: &Hub, caller: &Caller, id: &SessionId) -> Done<api::Session> {
    let mut conn = hub.db.read().await?;
    find(&mut conn, &caller.org, id).await
}

/// A session of an org, inside or outside a transaction.
pub async fn find(conn: &mut Conn, org: &OrgId, id: &SessionId) -> Done<api::Session> {
    let sql = format!("SELECT {COLUMNS} FROM sessions s WHERE s.org_id = $1 AND s.id = $2");
    let row = composed(sql).bind(org.as_str()).bind(id.as_str()).fetch_optional(conn).await?;
    row.as_ref().map(view).transpose()?.ok_or_else(|| Problem::not_found("session", id.as_str()).into())
}

/// Where a session works, for its node.
pub async fn place(conn: &mut Conn, org: &OrgId, session: &api::Session) -> Done<Place> {
    let project = project::find(conn, org, session.project.as_str()).await?;
    Ok(Place {
        session: session.id.clone(),
        origin: project::origin(&project)?,
        kind: session.place.kind,
        path: session.place.path.clone(),
        branch: session.place.branch.clone(),
        base: session.place.base.clone(),
        landed: None,
    })
}

/// A title as it is kept.
pub fn title(text: &str) -> Done<String> {
    one_line("/title", text)
}

/// What people call something: one line, not too long.
pub fn one_line(field: &str, text: &str) -> Done<String> {
    let line = text.trim();
    if line.is_empty() || line.chars().count() > TITLE_CHARS_MAX || line.chars().any(char::is_control) {
        return Err(Problem::invalid(field, format!("give one line of 1 to {TITLE_CHARS_MAX} characters")).into());
    }
    Ok(line.to_owned())
}

/// Changes a session's title or budget. A higher budget lets turns go on that it had stopped.
pub async fn change(hub: &Hub, caller: &Caller, id: &SessionId, change: SessionChange) -> Done<api::Session> {
    let new_title = change.title.as_deref().map(title).transpose()?;
    let (org, session) = (caller.org.clone(), id.clone());
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                find(tx.conn, &org, &session).await?;
                query("UPDATE sessions SET title = COALESCE($2, title), budget = COALESCE($3, budget), updated_at = $4 WHERE id = $1")
                    .bind(session.as_str())
                    .bind(new_title)
                    .bind(change.budget_usd.map(|budget| budget.0))
                    .bind(tx.now)
                    .execute(tx.conn)
                    .await?;
                if change.budget_usd.is_some() {
                    budget::look_again(tx, &org, Some(&session)).await?;
                }
                Ok(())
            })
        })
        .await?;
    get(hub, caller, id).await
}

/// Stops a session: its agent with everything it started, and what is in line. It stays open.
pub async fn stop(hub: &Hub, caller: &Caller, id: &SessionId) -> Done<api::Session> {
    let (org, session) = (caller.org.clone(), id.clone());
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let found = find(tx.conn, &org, &session).await?;
                if found.closed_at.is_some() {
                    return Err(closed(&session));
                }
                halt(tx, &org, &session).await
            })
        })
        .await?;
    get(hub, caller, id).await
}

/// Closes a session. Its worktree is removed by its node, after what is not committed was saved; its branch stays.
pub async fn close(hub: &Hub, caller: &Caller, id: &SessionId) -> Done<api::Session> {
    let (org, session) = (caller.org.clone(), id.clone());
    hub.db.write(move |tx| Box::pin(async move { end(tx, &org, &session).await })).await?;
    get(hub, caller, id).await
}

/// Ends a session's agent with everything it started, and takes back what is in line.
pub async fn halt(tx: &mut Tx<'_>, org: &OrgId, session: &SessionId) -> Done<()> {
    let found = find(tx.conn, org, session).await?;
    end_everything(tx, session).await?;
    tx.after_commit(Effect::Say(found.place.node, Box::new(FromHub::End { session: session.clone() })));
    Ok(())
}

/// Closes a session, unless it is closed.
pub async fn end(tx: &mut Tx<'_>, org: &OrgId, session: &SessionId) -> Done<()> {
    let found = find(tx.conn, org, session).await?;
    let done = query("UPDATE sessions SET closed_at = $2 WHERE id = $1 AND closed_at IS NULL")
        .bind(session.as_str())
        .bind(tx.now)
        .execute(tx.conn)
        .await?;
    if done == 0 {
        // Closing twice is closing once.
        return Ok(());
    }
    end_everything(tx, session).await?;
    tx.event(org, session, None, Event::SessionClosed {});
    durable!(tx, "hub.closed");
    if turn::held(tx.conn, session).await?.is_none() {
        give_back(tx, org, &found).await?;
    }
    Ok(())
}

/// What a message to a closed session is answered.
pub fn closed(session: &SessionId) -> Fault {
    Problem::new(Kind::SessionClosed, format!("The session {session} is closed.")).into()
}

async fn end_everything(tx: &mut Tx<'_>, session: &SessionId) -> Done<()> {
    let mut turns = turn::in_line(tx.conn, session).await?;
    turns.extend(turn::held(tx.conn, session).await?);
    for mut row in turns {
        if row.rules.wish != Some(Wish::Stop) {
            // A turn that ended meanwhile needs no stop.
            let _ = turn::take(tx, &mut row, Input::Wish(Wish::Stop)).await?;
        }
    }
    Ok(())
}

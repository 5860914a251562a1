//! Messages: what people say to sessions. Accepted first in, first out; changed or taken back while they are in line.

use crate::column;
use crate::db::{Conn, Row, Tx, composed, query};
use crate::effect::Effect;
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use crate::idempotency::{self, Key, Reply};
use crate::page::PageQuery;
use crate::{session, turn};
use fugue_domain::api::{Message, MessageChange, NewMessage, TurnBrief};
use fugue_domain::caller::Caller;
use fugue_domain::event::Event;
use fugue_domain::id::{MessageId, OrgId, SessionId, TurnId};
use fugue_domain::limits::MESSAGE_BYTES_MAX;
use fugue_domain::page::Page;
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::time::Time;
use fugue_domain::turn::{Input, State, Wish};
use fugue_domain::world::Mint;

mod arrival;
mod gather;
pub mod routes;
mod sending;

pub use arrival::settle;
pub use gather::Gather;
use sending::{Form, Known, Sending};

/// How far apart the places of two neighbours in line are, so that a third fits between them many times.
pub const POSITION_STEP: i64 = 1 << 16;

/// What [`view`] reads: a turn `t` with its own message, or with one that it was handed in the middle.
const OWN: &str = "t.id, t.session_id, t.text, t.created_at, t.id, t.state, t.outcome, t.not_before, \
     (SELECT COUNT(*) FROM turns l WHERE l.session_id = t.session_id AND l.state IN ('queued', 'parked') \
     AND (l.position < t.position OR (l.position = t.position AND l.id <= t.id))) FROM turns t";
const STEERED: &str = "s.message_id, s.session_id, s.text, s.created_at, t.id, t.state, t.outcome, CAST(NULL AS BIGINT), \
     CAST(0 AS BIGINT) FROM steers s JOIN turns t ON t.id = s.turn_id";

fn view(row: &Row) -> Done<Message> {
    let state: String = row.get(5)?;
    let position = if matches!(state.as_str(), "queued" | "parked") { row.get(8)? } else { 0 };
    let (id, turn): (String, TurnId) = (row.get(0)?, column::id(row, 4)?);
    Ok(Message {
        id: if id == turn.as_str() { turn.message() } else { column::id(row, 0)? },
        session: column::id(row, 1)?,
        text: row.get(2)?,
        not_before: row.get::<Option<i64>>(7)?.map(Time),
        created_at: Time(row.get(3)?),
        turn: TurnBrief { id: turn, state, position, outcome: column::maybe_word(row, 6)? },
    })
}

/// Whether a message can be accepted as it is.
pub fn check(new: &NewMessage) -> Done<()> {
    if new.text.trim().is_empty() {
        return Err(Problem::invalid("/text", "say what is to be done").into());
    }
    if new.text.len() > MESSAGE_BYTES_MAX {
        return Err(Problem::invalid("/text", format!("at most {MESSAGE_BYTES_MAX} bytes; this has {}", new.text.len())).into());
    }
    if new.text.contains('\0') {
        return Err(Problem::invalid("/text", "a NUL character cannot be stored").into());
    }
    Ok(())
}

/// Accepts a message and puts its turn in line. Answered when it is on disk.
pub async fn send(hub: &Hub, caller: &Caller, session: &SessionId, new: NewMessage, key: Option<Key>) -> Done<Reply> {
    check(&new)?;
    hub.sends.send(caller.org.clone(), session.clone(), new, key).await
}

/// Accepts what the hub has to say for others in the transaction that it is called in: all of it, or none. First in, first out, like the
/// messages of people.
pub async fn accept(tx: &mut Tx<'_>, org: &OrgId, session: &SessionId, texts: Vec<String>) -> Done<()> {
    let sending = |text| {
        let new = NewMessage { text, ..NewMessage::default() };
        Sending { org: org.clone(), session: session.clone(), new, key: None, turn: MessageId::mint(&*tx.world).turn() }
    };
    let sendings = texts.into_iter().map(sending).collect();
    let answers = sending::send_all(tx, sendings, &mut Known::default(), Form::Whole).await?;
    answers.into_iter().try_for_each(|answer| answer.map(drop))
}

/// Hands a message to the agent in the middle of its turn. With no turn running it is an ordinary message.
pub async fn steer(hub: &Hub, caller: &Caller, session: &SessionId, new: NewMessage, key: Option<Key>) -> Done<Reply> {
    check(&new)?;
    let found = session::get(hub, caller, session).await?;
    if found.closed_at.is_some() {
        return Err(session::closed(session));
    }
    let (world, org, session_id) = (hub.world.clone(), caller.org.clone(), session.clone());
    let (text, kept) = (new.clone(), key.clone());
    let steered = hub
        .db
        .write(move |tx| {
            Box::pin(async move {
                if let Some(reply) = idempotency::find(tx, kept.as_ref()).await? {
                    return Ok(Some(reply));
                }
                let Some(held) = turn::held(tx.conn, &session_id).await? else { return Ok(None) };
                if matches!(held.rules.state, State::Leased { .. }) || held.rules.wish.is_some() {
                    return Ok(None);
                }
                let id = MessageId::mint(&*world);
                query("INSERT INTO steers (message_id, org_id, session_id, turn_id, on_interruption, state, text, created_at) VALUES ($1, $2, $3, $4, $5, 'pending', $6, $7)")
                    .bind(id.as_str())
                    .bind(org.as_str())
                    .bind(session_id.as_str())
                    .bind(held.id.as_str())
                    .bind(column::stored(&text.on_interruption.unwrap_or(held.rules.on_interruption)))
                    .bind(&text.text)
                    .bind(tx.now)
                    .execute(tx.conn)
                    .await?;
                tx.after_commit(Effect::Tell(held.id.clone()));
                let brief = TurnBrief { id: held.id.clone(), state: held.rules.state.word().to_owned(), position: 0, outcome: None };
                let message = Message { id, session: session_id, text: text.text, not_before: None, created_at: Time(tx.now), turn: brief };
                let reply = Reply::new(201, &message)?;
                idempotency::store(tx, kept.as_ref(), &reply).await?;
                Ok(Some(reply))
            })
        })
        .await?;
    match steered {
        Some(reply) => Ok(reply),
        None => hub.sends.send(caller.org.clone(), session.clone(), new, key).await,
    }
}

/// A session's messages, newest first.
pub async fn list(hub: &Hub, caller: &Caller, session: &SessionId, page: PageQuery) -> Done<Page<Message>> {
    session::get(hub, caller, session).await?;
    let before = page
        .cursor
        .as_deref()
        .map(str::parse::<MessageId>)
        .transpose()
        .map_err(|_| Problem::invalid("cursor", "not a cursor of this list"))?;
    let mut conn = hub.db.read().await?;
    let own = format!("SELECT {OWN} WHERE t.session_id = $1 AND ($2 IS NULL OR t.id < $2) ORDER BY t.id DESC LIMIT $3");
    let steered = format!(
        "SELECT {STEERED} WHERE s.session_id = $1 AND s.state <> 'queued' AND ($2 IS NULL OR s.message_id < $2) ORDER BY s.message_id DESC LIMIT $3"
    );
    let mut items = Vec::new();
    for (sql, before) in [(own, before.as_ref().map(|id| id.turn().to_string())), (steered, before.as_ref().map(MessageId::to_string))] {
        let found = composed(sql).bind(session.as_str()).bind(before).bind(page.limit + 1).fetch_all(&mut conn).await?;
        for row in &found {
            items.push(view(row)?);
        }
    }
    items.sort_by(|a, b| b.id.cmp(&a.id));
    Ok(Page::of(items, page.limit, |message| message.id.to_string()))
}

/// One message.
pub async fn get(hub: &Hub, caller: &Caller, id: &MessageId) -> Done<Message> {
    let mut conn = hub.db.read().await?;
    for (sql, key) in [
        (format!("SELECT {STEERED} WHERE s.org_id = $1 AND s.message_id = $2 AND s.state <> 'queued'"), id.to_string()),
        (format!("SELECT {OWN} WHERE t.org_id = $1 AND t.id = $2"), id.turn().to_string()),
    ] {
        if let Some(row) = composed(sql).bind(caller.org.as_str()).bind(key).fetch_optional(&mut conn).await? {
            return view(&row);
        }
    }
    Err(Problem::not_found("message", id.as_str()).into())
}

/// The turn of a message that is still in line.
async fn queued(conn: &mut Conn, org: &OrgId, id: &MessageId) -> Done<turn::Row> {
    let Some(row) = turn::load(conn, &id.turn()).await?.filter(|row| row.org == *org) else {
        let steered = query("SELECT 1 FROM steers WHERE message_id = $1 AND org_id = $2").bind(id.as_str()).bind(org.as_str());
        let known = steered.fetch_optional(conn).await?.is_some();
        return Err(if known { not_queued(id) } else { Problem::not_found("message", id.as_str()).into() });
    };
    match row.rules.state {
        State::Queued { .. } | State::Parked { .. } => Ok(row),
        _ => Err(not_queued(id)),
    }
}

fn not_queued(id: &MessageId) -> Fault {
    Problem::new(Kind::NotQueued, format!("The message {id} has left the queue.")).into()
}

/// Changes a message's text, place or time while it is in line.
pub async fn change(hub: &Hub, caller: &Caller, id: &MessageId, change: MessageChange) -> Done<Message> {
    if let Some(text) = &change.text {
        check(&NewMessage { text: text.clone(), ..NewMessage::default() })?;
    }
    if change.position.is_some_and(|position| position < 1) {
        return Err(Problem::invalid("/position", "places in line begin at 1").into());
    }
    let (org, message) = (caller.org.clone(), id.clone());
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let row = queued(tx.conn, &org, &message).await?;
                if let Some(text) = change.text {
                    query("UPDATE turns SET text = $2 WHERE id = $1").bind(row.id.as_str()).bind(&text).execute(tx.conn).await?;
                    tx.event(&org, &row.session, Some(&row.id), Event::MessageEdited { message: message.clone(), text });
                }
                if let Some(at) = change.not_before {
                    // Only what is queued has a time; a parked turn comes back by its own.
                    query("UPDATE turns SET not_before = $2 WHERE id = $1 AND state = 'queued'")
                        .bind(row.id.as_str())
                        .bind(at.0)
                        .execute(tx.conn)
                        .await?;
                }
                if let Some(position) = change.position {
                    let position = relocate(tx.conn, &row, position).await?;
                    tx.event(&org, &row.session, Some(&row.id), Event::MessageMoved { message, position });
                }
                tx.after_commit(Effect::Schedule(row.session));
                Ok(())
            })
        })
        .await?;
    get(hub, caller, id).await
}

/// Moves a turn in line and gives back its new place. Between two neighbours without room the whole line is spread anew.
async fn relocate(conn: &mut Conn, row: &turn::Row, position: i64) -> Done<i64> {
    let mut line: Vec<(String, i64)> =
        turn::in_line(conn, &row.session).await?.into_iter().map(|turn| (turn.id.to_string(), turn.position)).collect();
    line.retain(|(id, _)| id != row.id.as_str());
    let at = usize::try_from(position - 1).unwrap_or(usize::MAX).min(line.len());
    let before = at.checked_sub(1).map(|before| line[before].1);
    let after = line.get(at).map(|(_, position)| *position);
    let between = match (before, after) {
        (None, None) => Some(row.position),
        (None, Some(after)) => Some(after - POSITION_STEP),
        (Some(before), None) => Some(before + POSITION_STEP),
        (Some(before), Some(after)) => (after - before > 1).then_some(before + (after - before) / 2),
    };
    line.insert(at, (row.id.to_string(), row.position));
    let moves: Vec<(String, i64)> = match between {
        Some(place) => vec![(row.id.to_string(), place)],
        None => line.into_iter().zip(1..).map(|((id, _), n)| (id, n * POSITION_STEP)).collect(),
    };
    for (id, place) in moves {
        query("UPDATE turns SET position = $2 WHERE id = $1 AND state IN ('queued', 'parked')")
            .bind(id)
            .bind(place)
            .execute(&mut *conn)
            .await?;
    }
    Ok(at as i64 + 1)
}

/// Takes a message back while it is in line. Its turn ends as cancelled.
pub async fn take_back(hub: &Hub, caller: &Caller, id: &MessageId) -> Done<Message> {
    let (org, message) = (caller.org.clone(), id.clone());
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let mut row = queued(tx.conn, &org, &message).await?;
                turn::take(tx, &mut row, Input::Wish(Wish::Stop)).await?.map_err(|_| not_queued(&message))
            })
        })
        .await?;
    get(hub, caller, id).await
}

/// A steering message was handed over, or could not be: then it becomes the next message in line.
pub async fn steered(tx: &mut Tx<'_>, row: &turn::Row, message: &MessageId, taken: bool) -> Done<()> {
    let found = query("UPDATE steers SET state = $3 WHERE message_id = $1 AND turn_id = $2 AND state = 'pending' RETURNING on_interruption, text, created_at")
        .bind(message.as_str())
        .bind(row.id.as_str())
        .bind(if taken { "taken" } else { "queued" })
        .fetch_optional(tx.conn)
        .await?;
    let Some(found) = found else { return Ok(()) };
    let text: String = found.get(1)?;
    if taken {
        tx.event(&row.org, &row.session, Some(&row.id), Event::MessageSteered { message: message.clone(), text });
        return Ok(());
    }
    let line = turn::in_line(tx.conn, &row.session).await?;
    let position = line.first().map_or(0, |first| first.position) - POSITION_STEP;
    let id = message.turn();
    let on_interruption = column::word(&found, 0)?;
    turn::insert(
        tx,
        &[turn::New {
            id: &id,
            org: &row.org,
            session: &row.session,
            text: &text,
            created_at: found.get(2)?,
            position,
            not_before: None,
            on_interruption,
        }],
    )
    .await?;
    tx.event(&row.org, &row.session, Some(&id), Event::MessageQueued { message: message.clone(), text, not_before: None });
    tx.after_commit(Effect::Schedule(row.session.clone()));
    Ok(())
}

/// Steering messages that the turn's node has not confirmed.
pub async fn pending_steers(conn: &mut Conn, turn: &TurnId) -> Done<Vec<(MessageId, String)>> {
    let found = query("SELECT message_id, text FROM steers WHERE turn_id = $1 AND state = 'pending' ORDER BY message_id")
        .bind(turn.as_str())
        .fetch_all(conn)
        .await?;
    found.iter().map(|row| Ok((column::id(row, 0)?, row.get(1)?))).collect()
}

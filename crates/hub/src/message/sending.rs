//! Accepts a batch of messages: a handful of statements whatever their number.

use super::{Message, POSITION_STEP};
use crate::db::{Column, Table, Tx, durable};
use crate::effect::Effect;
use crate::fault::Done;
use crate::idempotency::{self, Key, Reply};
use crate::{session, turn};
use fugue_domain::agent::Agent;
use fugue_domain::api::{NewMessage, TurnBrief};
use fugue_domain::event::Event;
use fugue_domain::id::{MessageId, OrgId, SessionId, TurnId};
use fugue_domain::limits::QUEUE_MESSAGES_MAX;
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::time::Time;
use fugue_domain::turn::OnInterruption;
use std::collections::{BTreeSet, HashMap};

/// A message on its way into the line of its session.
pub struct Sending {
    pub org: OrgId,
    pub session: SessionId,
    pub new: NewMessage,
    pub key: Option<Key>,
    pub message: MessageId,
    pub turn: TurnId,
}

/// The line of a session, as far as accepting needs it.
struct Line {
    org: String,
    closed: bool,
    waiting: i64,
    last_position: i64,
    on_interruption: OnInterruption,
}

/// What is kept of an earlier request.
struct Kept {
    fingerprint: String,
    status: i64,
    body: String,
}

/// Accepts all messages that can be accepted; each has its own answer.
pub async fn send_all(tx: &mut Tx<'_>, sendings: Vec<Sending>) -> Done<Vec<Done<Reply>>> {
    let mut kept = earlier(tx, &sendings).await?;
    let mut lines = lines(tx, &sendings).await?;
    let mut answers = Vec::with_capacity(sendings.len());
    let mut accepted: Vec<(&Sending, i64, OnInterruption)> = Vec::with_capacity(sendings.len());
    let mut stored: Vec<(&Key, String)> = Vec::new();
    for sending in &sendings {
        if let Some((key, kept)) = sending.key.as_ref().and_then(|key| Some((key, kept.get(&key.id)?))) {
            answers.push(idempotency::replay(key, kept.fingerprint.clone(), kept.status, kept.body.clone()));
            continue;
        }
        match accept(lines.get_mut(&sending.session), sending, tx.now) {
            Ok((reply, position, on_interruption)) => {
                accepted.push((sending, position, on_interruption));
                if let Some(key) = &sending.key {
                    let (fingerprint, body) = (key.fingerprint.clone(), reply.body.clone());
                    stored.push((key, reply.body.clone()));
                    // The same key again in this batch gets the same reply.
                    kept.insert(key.id.clone(), Kept { fingerprint, status: 201, body });
                }
                answers.push(Ok(reply));
            }
            Err(fault) => answers.push(Err(fault)),
        }
    }
    write(tx, &accepted, &stored).await?;
    durable!(tx, "hub.accepted");
    Ok(answers)
}

async fn earlier(tx: &mut Tx<'_>, sendings: &[Sending]) -> Done<HashMap<String, Kept>> {
    let keys: BTreeSet<&str> = sendings.iter().filter_map(|sending| sending.key.as_ref()).map(|key| key.id.as_str()).collect();
    let mut kept = HashMap::new();
    if keys.is_empty() {
        return Ok(kept);
    }
    let (mut rows, oldest) = (Table::new(&[Column::Text, Column::Int]), idempotency::oldest(tx.now));
    for key in keys {
        rows = rows.bind(key).bind(oldest);
    }
    let text = |rows: &str| {
        format!(
            "SELECT id, fingerprint, status, body FROM (VALUES {rows}) AS v \
             JOIN idempotency_keys k ON k.id = v.column1 AND k.created_at > v.column2"
        )
    };
    for row in rows.fetch_all(tx.conn, text).await? {
        kept.insert(row.get(0)?, Kept { fingerprint: row.get(1)?, status: row.get(2)?, body: row.get(3)? });
    }
    Ok(kept)
}

async fn lines(tx: &mut Tx<'_>, sendings: &[Sending]) -> Done<HashMap<SessionId, Line>> {
    let sessions: BTreeSet<&SessionId> = sendings.iter().map(|sending| &sending.session).collect();
    let mut rows = Table::new(&[Column::Text]);
    for session in sessions {
        rows = rows.bind(session.as_str());
    }
    let text = |rows: &str| {
        format!(
            "SELECT s.id, s.org_id, s.closed_at, s.agent, a.spec, s.in_line, \
             (SELECT t.position FROM turns t WHERE t.session_id = s.id AND t.state IN ('queued', 'parked') ORDER BY t.position DESC LIMIT 1) \
             FROM (VALUES {rows}) AS v JOIN sessions s ON s.id = v.column1 \
             LEFT JOIN agents a ON a.org_id = s.org_id AND a.name = s.agent"
        )
    };
    let mut lines = HashMap::new();
    for row in rows.fetch_all(tx.conn, text).await? {
        let agent = row.get::<Option<String>>(4)?.map(|spec| crate::column::json::<Agent>(&spec)).transpose()?;
        let line = Line {
            org: row.get(1)?,
            closed: row.get::<Option<i64>>(2)?.is_some(),
            waiting: row.get(5)?,
            last_position: row.get::<Option<i64>>(6)?.unwrap_or(0),
            // The agents that come with Fugue ask.
            on_interruption: agent.map_or(OnInterruption::Ask, |agent| agent.on_interruption),
        };
        lines.insert(crate::column::id(&row, 0)?, line);
    }
    Ok(lines)
}

/// Gives a message its place, or says why it has none.
fn accept(line: Option<&mut Line>, sending: &Sending, now: i64) -> Done<(Reply, i64, OnInterruption)> {
    let unknown = || Problem::not_found("session", sending.session.as_str());
    let line = line.filter(|line| line.org == sending.org.as_str()).ok_or_else(unknown)?;
    if line.closed {
        return Err(session::closed(&sending.session));
    }
    if line.waiting >= QUEUE_MESSAGES_MAX {
        return Err(Problem::new(Kind::QueueFull, format!("{} messages wait in this session.", line.waiting)).into());
    }
    line.waiting += 1;
    line.last_position += POSITION_STEP;
    let message = Message {
        id: sending.message.clone(),
        session: sending.session.clone(),
        text: sending.new.text.clone(),
        not_before: sending.new.not_before,
        created_at: Time(now),
        turn: TurnBrief { id: sending.turn.clone(), state: "queued".to_owned(), position: line.waiting, outcome: None },
    };
    Ok((Reply::new(201, &message)?, line.last_position, sending.new.on_interruption.unwrap_or(line.on_interruption)))
}

async fn write(tx: &mut Tx<'_>, accepted: &[(&Sending, i64, OnInterruption)], stored: &[(&Key, String)]) -> Done<()> {
    if accepted.is_empty() {
        return Ok(());
    }
    let turns: Vec<turn::New<'_>> = accepted
        .iter()
        .map(|(sending, position, on_interruption)| turn::New {
            id: &sending.turn,
            org: &sending.org,
            session: &sending.session,
            text: &sending.new.text,
            created_at: tx.now,
            position: *position,
            not_before: sending.new.not_before.map(|at| at.0),
            on_interruption: *on_interruption,
        })
        .collect();
    turn::insert(tx, &turns).await?;
    for (sending, ..) in accepted {
        let queued =
            Event::MessageQueued { message: sending.message.clone(), text: sending.new.text.clone(), not_before: sending.new.not_before };
        tx.event(&sending.org, &sending.session, Some(&sending.turn), queued);
        tx.after_commit(Effect::Schedule(sending.session.clone()));
    }
    if stored.is_empty() {
        return Ok(());
    }
    // A key that is too old to count may still be there; it makes room.
    const NEWER: &str = "ON CONFLICT (id) DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status, body = excluded.body, \
         created_at = excluded.created_at";
    const KEY: &[Column] = &[Column::Text, Column::Text, Column::Int, Column::Text, Column::Int];
    let mut rows = Table::new(KEY);
    for (key, body) in stored {
        rows = rows.bind(key.id.as_str()).bind(key.fingerprint.as_str()).bind(201_i64).bind(body.as_str()).bind(tx.now);
    }
    rows.insert(tx, "idempotency_keys (id, fingerprint, status, body, created_at)", NEWER).await
}

//! Accepts messages that came at the same time: checks, gives them their places, and makes the replies.

use super::arrival::{self, Arrival};
use super::{Message, POSITION_STEP};
use crate::db::{Column, Table, Tx, durable};
use crate::effect::Effect;
use crate::fault::Done;
use crate::idempotency::{self, Key, Reply};
use crate::session;
use fugue_domain::agent::Agent;
use fugue_domain::api::{NewMessage, TurnBrief};
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
    /// Whether a turn stands there that could begin: then the scheduler was asked to look already, and one behind it changes nothing.
    rung: bool,
    on_interruption: OnInterruption,
}

/// What is kept of an earlier request.
struct Kept {
    fingerprint: String,
    status: i64,
    body: String,
}

/// The lines of the sessions that the last messages went to, as they are with all that came since.
#[derive(Default)]
pub struct Lines(HashMap<SessionId, Line>);

/// How accepted messages are written down.
#[derive(Clone, Copy)]
pub enum Form {
    /// In their tables.
    Whole,
    /// In one row, until they are settled.
    Short,
}

/// Accepts all messages that can be accepted; each has its own answer. `lines` may be those of the last time, if nobody has looked since.
pub async fn send_all(tx: &mut Tx<'_>, sendings: Vec<Sending>, lines: &mut Lines, form: Form) -> Done<Vec<Done<Reply>>> {
    let mut kept = earlier(tx, &sendings).await?;
    lines.load(tx, &sendings).await?;
    let mut answers = Vec::with_capacity(sendings.len());
    let (mut accepted, mut stored): (Vec<Arrival>, Vec<(Key, String)>) = (Vec::with_capacity(sendings.len()), Vec::new());
    for sending in sendings {
        if let Some((key, kept)) = sending.key.as_ref().and_then(|key| Some((key, kept.get(&key.id)?))) {
            answers.push(idempotency::replay(key, kept.fingerprint.clone(), kept.status, kept.body.clone()));
            continue;
        }
        let key = sending.key.clone();
        answers.push(lines.accept(tx, sending).map(|(reply, arrival)| {
            accepted.push(arrival);
            if let Some(key) = key {
                // The same key again in this batch gets the same reply.
                let (fingerprint, body) = (key.fingerprint.clone(), reply.body.clone());
                kept.insert(key.id.clone(), Kept { fingerprint, status: 201, body: body.clone() });
                stored.push((key, body));
            }
            reply
        }));
    }
    if !accepted.is_empty() {
        match form {
            Form::Whole => arrival::enter(tx, &accepted).await?,
            Form::Short => arrival::store(tx, &accepted).await?,
        }
        store(tx, &stored).await?;
    }
    durable!(tx, "hub.accepted");
    Ok(answers)
}

async fn earlier(tx: &mut Tx<'_>, sendings: &[Sending]) -> Done<HashMap<String, Kept>> {
    let keys: BTreeSet<&str> = sendings.iter().filter_map(|sending| sending.key.as_ref()).map(|key| key.id.as_str()).collect();
    let mut kept = HashMap::new();
    if keys.is_empty() {
        return Ok(kept);
    }
    let mut rows = Table::new(&[Column::Text]);
    for key in keys {
        rows = rows.bind(key);
    }
    let text = |rows: &str| {
        format!(
            "SELECT id, fingerprint, status, body FROM (VALUES {rows}) AS v \
             JOIN idempotency_keys k ON k.id = v.column1"
        )
    };
    for row in rows.fetch_all(tx.conn, text).await? {
        kept.insert(row.get(0)?, Kept { fingerprint: row.get(1)?, status: row.get(2)?, body: row.get(3)? });
    }
    Ok(kept)
}

impl Lines {
    async fn load(&mut self, tx: &mut Tx<'_>, sendings: &[Sending]) -> Done<()> {
        let sessions: BTreeSet<&SessionId> =
            sendings.iter().map(|sending| &sending.session).filter(|session| !self.0.contains_key(session)).collect();
        if sessions.is_empty() {
            return Ok(());
        }
        let mut rows = Table::new(&[Column::Text, Column::Int]);
        for session in sessions {
            rows = rows.bind(session.as_str()).bind(tx.now);
        }
        let text = |rows: &str| {
            format!(
                "SELECT s.id, s.org_id, s.closed_at, s.agent, COALESCE(s.spec, a.spec), s.in_line, \
             (SELECT t.position FROM turns t WHERE t.session_id = s.id AND t.state IN ('queued', 'parked') ORDER BY t.position DESC LIMIT 1), \
             (SELECT COUNT(*) FROM (SELECT 1 FROM turns t WHERE t.session_id = s.id AND t.state IN ('queued', 'parked') \
             AND (t.state = 'parked' OR t.not_before IS NULL OR t.not_before <= v.column2) LIMIT 1) AS due) \
             FROM (VALUES {rows}) AS v JOIN sessions s ON s.id = v.column1 \
             LEFT JOIN agents a ON a.org_id = s.org_id AND a.name = s.agent"
            )
        };
        for row in rows.fetch_all(tx.conn, text).await? {
            let agent = row.get::<Option<String>>(4)?.map(|spec| crate::column::json::<Agent>(&spec)).transpose()?;
            let line = Line {
                org: row.get(1)?,
                closed: row.get::<Option<i64>>(2)?.is_some(),
                waiting: row.get(5)?,
                last_position: row.get::<Option<i64>>(6)?.unwrap_or(0),
                rung: row.get::<i64>(7)? > 0,
                // The agents that come with Fugue ask.
                on_interruption: agent.map_or(OnInterruption::Ask, |agent| agent.on_interruption),
            };
            self.0.insert(crate::column::id(&row, 0)?, line);
        }
        Ok(())
    }

    /// Gives a message its place, or says why it has none.
    fn accept(&mut self, tx: &mut Tx<'_>, sending: Sending) -> Done<(Reply, Arrival)> {
        let unknown = || Problem::not_found("session", sending.session.as_str());
        let line = self.0.get_mut(&sending.session).filter(|line| line.org == sending.org.as_str()).ok_or_else(unknown)?;
        if line.closed {
            return Err(session::closed(&sending.session));
        }
        if line.waiting >= QUEUE_MESSAGES_MAX {
            return Err(Problem::new(Kind::QueueFull, format!("{} messages wait in this session.", line.waiting)).into());
        }
        line.waiting += 1;
        line.last_position += POSITION_STEP;
        let now = tx.now;
        if !line.rung {
            tx.after_commit(Effect::Schedule(sending.session.clone()));
            line.rung = sending.new.not_before.is_none_or(|at| at.0 <= now);
        }
        let message = Message {
            id: sending.message.clone(),
            session: sending.session.clone(),
            text: sending.new.text.clone(),
            not_before: sending.new.not_before,
            created_at: Time(now),
            turn: TurnBrief { id: sending.turn.clone(), state: "queued".to_owned(), position: line.waiting, outcome: None },
        };
        let reply = Reply::new(201, &message)?;
        let arrival = Arrival {
            org: sending.org,
            session: sending.session,
            turn: sending.turn,
            text: sending.new.text,
            not_before: sending.new.not_before.map(|at| at.0),
            on_interruption: sending.new.on_interruption.unwrap_or(line.on_interruption),
            position: line.last_position,
            at: now,
        };
        Ok((reply, arrival))
    }
}

async fn store(tx: &mut Tx<'_>, stored: &[(Key, String)]) -> Done<()> {
    if stored.is_empty() {
        return Ok(());
    }
    const KEY: &[Column] = &[Column::Text, Column::Text, Column::Int, Column::Text, Column::Int];
    let mut rows = Table::new(KEY);
    for (key, body) in stored {
        rows = rows.bind(key.id.as_str()).bind(key.fingerprint.as_str()).bind(201_i64).bind(body.as_str()).bind(tx.now);
    }
    rows.insert(tx, "idempotency_keys (id, fingerprint, status, body, created_at)").await
}

//! Accepts messages that came at the same time: checks, gives them their places, and makes the replies.

use super::POSITION_STEP;
use super::arrival::{self, Arrival, Named};
use crate::db::{Column, Table, Tx, durable};
use crate::effect::Effect;
use crate::fault::Done;
use crate::idempotency::{self, Kept, Key, Reply};
use crate::session;
use fugue_domain::agent::Agent;
use fugue_domain::api::NewMessage;
use fugue_domain::id::{OrgId, SessionId, TurnId};
use fugue_domain::limits::QUEUE_MESSAGES_MAX;
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::turn::OnInterruption;
use std::collections::{BTreeSet, HashMap};

/// A message on its way into the line of its session.
pub struct Sending {
    pub org: OrgId,
    pub session: SessionId,
    pub new: NewMessage,
    pub key: Option<Key>,
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

/// What accepting has looked up, as it is with everything that came since.
#[derive(Default)]
pub struct Known {
    /// The lines of the sessions that the last messages went to.
    lines: HashMap<SessionId, Line>,
    /// The replies that were given with a key.
    kept: HashMap<String, Kept>,
}

/// How accepted messages are written down.
#[derive(Clone, Copy)]
pub enum Form {
    /// In their tables.
    Whole,
    /// In one row, until they are settled.
    Short,
}

/// Accepts all messages that can be accepted; each has its own answer. `known` may be that of the last time, if nobody has looked since.
pub async fn send_all(tx: &mut Tx<'_>, sendings: Vec<Sending>, known: &mut Known, form: Form) -> Done<Vec<Done<Reply>>> {
    known.load_kept(tx, &sendings).await?;
    known.load_lines(tx, &sendings).await?;
    let (mut answers, mut accepted) = (Vec::with_capacity(sendings.len()), Vec::with_capacity(sendings.len()));
    for sending in sendings {
        if let Some((key, kept)) = sending.key.as_ref().and_then(|key| Some((key, known.kept.get(&key.id)?))) {
            answers.push(kept.again(key));
            continue;
        }
        answers.push(known.accept(tx, sending).and_then(|arrival| {
            let reply = arrival.reply()?;
            if let Some(named) = &arrival.named {
                // The same key again, in this batch or in one of the next, gets the same reply.
                known.kept.insert(named.id.clone(), Kept::of(&named.fingerprint, &reply));
            }
            accepted.push(arrival);
            Ok(reply)
        }));
    }
    if !accepted.is_empty() {
        match form {
            Form::Whole => arrival::enter(tx, &accepted).await?,
            Form::Short => arrival::store(tx, &accepted).await?,
        }
    }
    durable!(tx, "hub.accepted");
    Ok(answers)
}

impl Known {
    async fn load_kept(&mut self, tx: &mut Tx<'_>, sendings: &[Sending]) -> Done<()> {
        let keys = sendings.iter().filter_map(|sending| sending.key.as_ref()).map(|key| key.id.as_str());
        let keys: BTreeSet<&str> = keys.filter(|key| !self.kept.contains_key(*key)).collect();
        if !keys.is_empty() {
            self.kept.extend(idempotency::kept(tx, keys).await?);
        }
        Ok(())
    }

    async fn load_lines(&mut self, tx: &mut Tx<'_>, sendings: &[Sending]) -> Done<()> {
        let sessions: BTreeSet<&SessionId> =
            sendings.iter().map(|sending| &sending.session).filter(|session| !self.lines.contains_key(session)).collect();
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
            self.lines.insert(crate::column::id(&row, 0)?, line);
        }
        Ok(())
    }

    /// Gives a message its place, or says why it has none.
    fn accept(&mut self, tx: &mut Tx<'_>, sending: Sending) -> Done<Arrival> {
        let unknown = || Problem::not_found("session", sending.session.as_str());
        let line = self.lines.get_mut(&sending.session).filter(|line| line.org == sending.org.as_str()).ok_or_else(unknown)?;
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
        Ok(Arrival {
            org: sending.org,
            session: sending.session,
            turn: sending.turn,
            text: sending.new.text,
            not_before: sending.new.not_before.map(|at| at.0),
            on_interruption: sending.new.on_interruption.unwrap_or(line.on_interruption),
            position: line.last_position,
            place: line.waiting,
            at: now,
            named: sending.key.map(|key| Named { id: key.id, fingerprint: key.fingerprint }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Conn, query};
    use crate::fault::Fault;
    use crate::fixture::{Desk, on_both};
    use fugue_domain::id::TokenId;

    on_both! { Desk::plain, "sendings";
        a_key_is_good_before_and_after_it_is_settled
            a_key_is_good_before_and_after_it_is_settled_on_sqlite a_key_is_good_before_and_after_it_is_settled_on_postgres;
    }

    async fn a_key_is_good_before_and_after_it_is_settled(desk: Desk) {
        let session = desk.session().await;
        let key = |body: &[u8]| Key::new(&TokenId::from_bits(1), "fgt", "k", "POST", "/x", body);
        let sending = {
            let (org, session) = (desk.caller.org.clone(), session.clone());
            move |turn: u128, body: &[u8]| {
                let new = NewMessage { text: "go".to_owned(), ..NewMessage::default() };
                Sending { org: org.clone(), session: session.clone(), new, key: Some(key(body)), turn: TurnId::from_bits(turn) }
            }
        };
        let (deferred, first) = (desk.hub.db.deferred().clone(), sending.clone());
        let short = desk.hub.db.write(move |tx| {
            Box::pin(async move {
                // A server has its tables at once.
                let form = if matches!(tx.conn, Conn::Sqlite(_)) { Form::Short } else { Form::Whole };
                if matches!(form, Form::Short) {
                    deferred.put_off();
                }
                let mut known = Known::default();
                let mut answers = send_all(tx, vec![first(5, b"a"), first(6, b"a")], &mut known, form).await?;
                answers.extend(send_all(tx, vec![first(7, b"a"), first(8, b"b")], &mut known, form).await?);
                Ok(answers)
            })
        });
        let answers = short.await.unwrap();
        let [Ok(fresh), Ok(same), Ok(next), Err(other)] = &answers[..] else { panic!("{answers:?}") };
        assert!(!fresh.replayed && same.replayed && next.replayed);
        assert!(matches!(other, Fault::Problem(problem) if problem.kind == Kind::IdempotencyMismatch));
        let later = sending(9, b"a");
        let later = desk.hub.sends.send(later.org, later.session, later.new, later.key).await.unwrap();
        assert!(later.replayed);
        assert!([same, next, &later].iter().all(|reply| reply.body == fresh.body));
        let mut conn = desk.hub.db.read().await.unwrap();
        let turns = query("SELECT COUNT(*) FROM turns").fetch_one(&mut conn).await.unwrap();
        assert_eq!(turns.get::<i64>(0).unwrap(), 1);
    }
}

//! Messages on the disk in a short form: one row for all that came at the same time.
//!
//! A busy hub writes a single page for a commit then, instead of several for each message, and brings hundreds of them into their tables
//! together, session by session. `db::Deferred` sees to it that nobody looks before that.

use super::Message;
use crate::db::{Tx, query};
use crate::fault::{Done, Fault};
use crate::idempotency::{self, Kept, Reply};
use crate::turn;
use fugue_domain::api::TurnBrief;
use fugue_domain::event::Event;
use fugue_domain::id::{OrgId, SessionId, TurnId};
use fugue_domain::time::Time;
use fugue_domain::turn::OnInterruption;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

/// A message that has its place, and is in no table yet.
#[derive(Debug, Serialize, Deserialize)]
pub struct Arrival {
    pub org: OrgId,
    pub session: SessionId,
    pub turn: TurnId,
    pub text: String,
    pub not_before: Option<i64>,
    pub on_interruption: OnInterruption,
    pub position: i64,
    /// How many stand in its line, it included.
    #[serde(default)]
    pub place: i64,
    pub at: i64,
    /// The `Idempotency-Key` that it came with.
    #[serde(default)]
    pub named: Option<Named>,
}

/// A request with an `Idempotency-Key`, as a [`crate::idempotency::Key`] has it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Named {
    pub id: String,
    pub fingerprint: String,
}

impl Arrival {
    /// What its caller hears, the first time and with the same key again.
    pub fn reply(&self) -> Done<Reply> {
        let message = Message {
            id: self.turn.message(),
            session: self.session.clone(),
            text: self.text.clone(),
            not_before: self.not_before.map(Time),
            created_at: Time(self.at),
            turn: TurnBrief { id: self.turn.clone(), state: "queued".to_owned(), position: self.place, outcome: None },
        };
        Reply::new(201, &message)
    }
}

/// Stores them.
pub async fn store(tx: &mut Tx<'_>, arrivals: &[Arrival]) -> Done<()> {
    let Some(first) = arrivals.first() else { return Ok(()) };
    let body = serde_json::to_string(arrivals).map_err(Fault::internal)?;
    query("INSERT INTO arrivals (id, body) VALUES ($1, $2)").bind(first.turn.as_str()).bind(body).execute(tx.conn).await?;
    Ok(())
}

/// Brings all of them into their tables.
pub fn settle<'a>(tx: &'a mut Tx<'_>) -> BoxFuture<'a, Done<()>> {
    Box::pin(async move {
        let rows = query("SELECT body FROM arrivals ORDER BY id").fetch_all(tx.conn).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut arrivals: Vec<Arrival> = Vec::new();
        for row in &rows {
            arrivals.extend(serde_json::from_str::<Vec<Arrival>>(row.text(0)?).map_err(Fault::internal)?);
        }
        enter(tx, &arrivals).await?;
        query("DELETE FROM arrivals").execute(tx.conn).await?;
        Ok(())
    })
}

/// Puts messages into their sessions' lines, tells their histories, and keeps the replies to those with a key.
pub async fn enter(tx: &mut Tx<'_>, arrivals: &[Arrival]) -> Done<()> {
    let turns: Vec<turn::New<'_>> = arrivals
        .iter()
        .map(|arrival| turn::New {
            id: &arrival.turn,
            org: &arrival.org,
            session: &arrival.session,
            text: &arrival.text,
            created_at: arrival.at,
            position: arrival.position,
            not_before: arrival.not_before,
            on_interruption: arrival.on_interruption,
        })
        .collect();
    turn::insert(tx, &turns).await?;
    for arrival in arrivals {
        let (message, not_before) = (arrival.turn.message(), arrival.not_before.map(Time));
        let queued = Event::MessageQueued { message, text: arrival.text.clone(), not_before };
        tx.event_at(arrival.at, &arrival.org, &arrival.session, Some(&arrival.turn), queued);
    }
    let named = arrivals.iter().filter_map(|arrival| arrival.named.as_ref().map(|named| (named, arrival)));
    let kept = named.map(|(Named { id, fingerprint }, arrival)| Ok((id.as_str(), Kept::of(fingerprint, &arrival.reply()?), arrival.at)));
    idempotency::keep(tx, kept.collect::<Done<Vec<_>>>()?).await
}

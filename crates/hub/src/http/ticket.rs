//! Tickets: a browser cannot send a header with a WebSocket, so it sends a ticket that works once and for a short time.
//!
//! Invariant: a ticket stands for the very credential that made it, never outlives one use, and never travels in a URL. It is
//! known only to the hub that made it; after a restart the client asks for another.

use crate::fault::Done;
use crate::http::App;
use crate::http::caller::Asking;
use crate::idempotency::Reply;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::SEC_WEBSOCKET_PROTOCOL;
use fugue_domain::api::Ticket;
use fugue_domain::limits::TICKET_SECONDS;
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::time::Time;
use fugue_domain::world::{Millis, World};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The subprotocol of the multiplexed WebSocket.
pub const SUBPROTOCOL: &str = "fugue.v1";
/// Tickets that wait to be used. More than browsers open in half a minute.
const WAITING_MAX: usize = 10_000;

/// The tickets that wait to be used.
#[derive(Default)]
pub struct Tickets(Mutex<HashMap<String, (Asking, Millis)>>);

impl Tickets {
    fn issue(&self, world: &dyn World, asking: Asking) -> Done<Ticket> {
        let now = world.now();
        let expires_at = now + TICKET_SECONDS * 1_000;
        let ticket = crate::token::secret(world, "fgk");
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|_, (_, until)| *until > now);
        if waiting.len() >= WAITING_MAX {
            return Err(Problem::new(Kind::QueueFull, "Too many tickets wait to be used.").into());
        }
        waiting.insert(ticket.clone(), (asking, expires_at));
        Ok(Ticket { ticket, expires_at: Time(expires_at) })
    }

    /// Takes a ticket for the caller that made it.
    pub fn redeem(&self, world: &dyn World, ticket: &str) -> Done<Asking> {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(ticket);
        match found {
            Some((asking, until)) if world.now() < until => Ok(asking),
            _ => Err(Problem::new(Kind::CodeSpent, "The ticket is unknown, used or too old.").into()),
        }
    }
}

/// The ticket in `Sec-WebSocket-Protocol: fugue.v1, <ticket>`.
pub fn presented(headers: &HeaderMap) -> Option<&str> {
    let mut words =
        headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    (words.next()?.trim() == SUBPROTOCOL).then(|| words.next().map(str::trim))?
}

/// `POST /api/v1/tickets`.
pub async fn create(State(app): State<App>, asking: Asking) -> Done<Reply> {
    Reply::new(201, &app.tickets.issue(&*app.hub.world, asking)?)
}

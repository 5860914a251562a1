//! A tail as server-sent events. The number of an event is its id, so a browser comes back where it was by itself.
//!
//! Invariant: pulled, never pushed: while the reader's socket is full, nothing is read for it, and nobody else waits.

use crate::event::Page;
use crate::http::App;
use crate::http::tail::{Over, Piece, Tail, each_event};
use axum::body::{Body, Bytes};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::response::Response;
use fugue_domain::world::World;
use futures_util::{StreamExt, stream};
use std::convert::Infallible;
use std::fmt::Write;
use std::sync::Arc;

/// Milliseconds after which a cut-off reader comes back, at least, and how much more chance may add: a thousand of them must not come at once.
const RETRY_MS: u128 = 1_000;

/// Bytes that a frame and two numbers add to an event, at least.
const AROUND_BYTES: usize = 32;

/// The reply that streams a tail.
pub fn reply(app: &App, tail: Tail) -> Response {
    let greeting = Bytes::from(retry(&*app.hub.world));
    let app = app.clone();
    let pieces = tail.stream().map(move |piece| render(&app, piece));
    let chunks = stream::iter([greeting]).chain(pieces).map(Ok::<_, Infallible>);
    let mut response = Response::new(Body::from_stream(chunks));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies that collect replies would hold the events back.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

fn retry(world: &dyn World) -> String {
    format!("retry: {}\n\n", RETRY_MS + world.random() % RETRY_MS)
}

fn render(app: &App, piece: Piece) -> Bytes {
    match piece {
        Piece::Events { after, pages } => {
            let room = |page: &Arc<Page>| page.body.len() + AROUND_BYTES * (page.last - page.first + 1).unsigned_abs() as usize;
            let mut text = String::with_capacity(pages.iter().map(room).sum());
            each_event(after, &pages, |seq, event| {
                write!(text, "id: {seq}\ndata: ").expect("writing to a string cannot fail");
                text.push_str(event);
                text.push_str("\n\n");
            });
            text.into()
        }
        Piece::Delta(json) => format!("event: delta\ndata: {json}\n\n").into(),
        Piece::Idle => Bytes::from_static(b": alive\n\n"),
        Piece::Over(Over::Unauthenticated) => Bytes::from_static(b": the credential is no longer good\n\n"),
        Piece::Over(Over::Closing | Over::Broken) => retry(&*app.hub.world).into(),
    }
}

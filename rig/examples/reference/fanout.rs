//! Fan-out: each message encoded once, kept in one ring, sent to everybody who subscribed. A reader that falls behind the ring loses.

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::broadcast;

const RING: usize = 8_192;

/// Everybody who subscribed.
#[derive(Clone)]
pub struct Fanout(broadcast::Sender<Bytes>);

impl Fanout {
    /// With nobody yet.
    pub fn new() -> Self {
        Self(broadcast::channel(RING).0)
    }

    /// The messages from now on.
    pub fn subscribe(&self) -> Response {
        let chunks = futures_util::stream::unfold(self.0.subscribe(), async |mut messages| {
            let message = messages.recv().await.ok()?;
            Some((std::io::Result::Ok(message), messages))
        });
        ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(chunks)).into_response()
    }

    /// Sends so many messages with a pause between them. Each holds its time and as many bytes as an event of ours.
    pub async fn publish(&self, count: u64, gap: Duration) {
        let begun = Instant::now();
        for index in 0..count {
            let due = gap * index as u32;
            if due > begun.elapsed() {
                tokio::time::sleep(due - begun.elapsed()).await;
            }
            #[allow(clippy::disallowed_methods, reason = "two processes of one machine compare their clocks")]
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
            let rest = "x".repeat(170);
            // Nobody listening is fine.
            let _ = self.0.send(Bytes::from(format!("id: {index}\ndata: {now} {rest}\n\n")));
        }
    }
}

//! Hearing that something has changed: the org's hints over the hub's WebSocket, so that whoever follows tasks need not ask again and again.
//!
//! Invariant: a hint says only that it is worth looking; what is shown is what the hub answers then. One that is missed costs a moment,
//! because it is looked again at the latest when the hub gives its next sign of life.

use crate::client::Client;
use fugue_domain::limits::STREAM_PING_MS;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Looks are at least so far apart: much changes at once.
const PAUSE: Duration = Duration::from_millis(100);
/// How often it is looked while there is no connection.
const ALONE: Duration = Duration::from_secs(1);
/// How long dialling may take.
const DIAL: Duration = Duration::from_secs(5);
/// What is heard of that concerns tasks.
const ABOUT: &[&str] = &["task", "approval", "everything"];

/// What changes about the org's tasks.
pub struct Changes {
    client: Client,
    socket: Option<WebSocketStream<MaybeTlsStream<TcpStream>>>,
    looked: Instant,
}

impl Changes {
    /// Begins to listen. Whatever changes from now on is heard; with no connection to be had, it is looked now and then.
    pub async fn of(client: &Client) -> Self {
        let mut changes = Self { client: client.clone(), socket: None, looked: Instant::now() };
        changes.dial().await;
        changes
    }

    /// Waits until it is worth looking again.
    pub async fn wait(&mut self) {
        if self.socket.is_none() {
            tokio::time::sleep(ALONE).await;
            self.dial().await;
        } else if !self.heard().await {
            // What changed meanwhile was not heard.
            self.socket = None;
            self.dial().await;
        }
        tokio::time::sleep_until(self.looked + PAUSE).await;
        self.looked = Instant::now();
    }

    async fn dial(&mut self) {
        let Some(request) = self.client.live() else { return };
        let dialled = tokio::time::timeout(DIAL, tokio_tungstenite::connect_async(request)).await;
        let Ok(Ok((mut socket, _))) = dialled else { return };
        let all = json!({"subscribe": {"all": true}}).to_string();
        self.socket = socket.send(Message::Text(all.into())).await.is_ok().then_some(socket);
    }

    /// Hears something that concerns tasks, or that the hub is still there. False when the connection is gone.
    async fn heard(&mut self) -> bool {
        let Some(socket) = &mut self.socket else { return false };
        let silence = Duration::from_millis(3 * STREAM_PING_MS);
        loop {
            match tokio::time::timeout(silence, socket.next()).await {
                Ok(Some(Ok(Message::Text(text)))) if concerns(&text) => return true,
                Ok(Some(Ok(Message::Ping(_)))) => return true,
                Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) | Err(_) => return false,
                Ok(Some(Ok(_))) => {}
            }
        }
    }
}

/// Whether a frame is a hint about tasks.
fn concerns(text: &str) -> bool {
    let Ok(frame) = serde_json::from_str::<Value>(text) else { return false };
    match &frame["hint"] {
        Value::String(word) => ABOUT.contains(&word.as_str()),
        Value::Object(hint) => hint.keys().any(|word| ABOUT.contains(&word.as_str())),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hints_about_tasks_are_worth_a_look() {
        for (text, worth) in [
            (r#"{"hint":{"task":{"task":"tsk_1"}}}"#, true),
            (r#"{"hint":{"approval":{"approval":"apr_1"}}}"#, true),
            (r#"{"hint":"everything"}"#, true),
            (r#"{"hint":{"session":{"session":"ses_1","last_seq":7}}}"#, false),
            (r#"{"session":"ses_1","event":{"task":1}}"#, false),
            ("no JSON", false),
        ] {
            assert_eq!(concerns(text), worth, "{text}");
        }
    }
}

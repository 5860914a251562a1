//! A client that follows one session's stream, and comes back where it was whenever the stream ends or breaks.

use super::RETRY;
use crate::client::Client;
use crate::history::Journal;
use serde_json::Value;
use std::sync::Arc;

/// Follows until it is dropped, and writes down each event that has a number.
pub async fn follow(client: Client, session: String, journal: Arc<Journal>) {
    let path = format!("/api/v1/sessions/{session}/events");
    let mut last = 0;
    loop {
        if let Ok(mut stream) = client.sse(&path, Some(last)).await {
            while let Ok(Some(message)) = stream.next().await {
                let (Some(number), Ok(event)) = (message.id, serde_json::from_str::<Value>(&message.data)) else { continue };
                journal.saw(&session, number, &event);
                last = number;
            }
        }
        tokio::time::sleep(RETRY).await;
    }
}

//! A thin client of the API: a base address, a token, JSON as it comes. It knows the contract's routes and none of our types.

use crate::sse::Sse;
use anyhow::{Context, Result, ensure};
use futures_util::StreamExt;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const REPLY_MAX: Duration = Duration::from_secs(30);

/// Speaks to one hub as one caller.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The body; `null` when it was none or no JSON.
    pub body: Value,
}

impl Reply {
    /// The body, if the request went well.
    pub fn ok(self) -> Result<Value> {
        ensure!((200..300).contains(&self.status), "{}: {}", self.status, self.body);
        Ok(self.body)
    }
}

impl Client {
    /// A client of the hub at `base`, such as `http://127.0.0.1:4747`.
    pub fn new(base: &str, token: &str) -> Self {
        Self { http: reqwest::Client::new(), base: base.trim_end_matches('/').to_owned(), token: token.to_owned() }
    }

    /// Sends a request and reads the whole reply. An error means that no reply came; what happened is then unknown.
    pub async fn send(&self, method: Method, path: &str, key: Option<&str>, body: Option<&Value>) -> Result<Reply> {
        let mut request = self.http.request(method, self.url(path)).bearer_auth(&self.token).timeout(REPLY_MAX);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let reply = request.send().await.with_context(|| format!("no reply from {path}"))?;
        let status = reply.status().as_u16();
        let bytes = reply.bytes().await.with_context(|| format!("a broken reply from {path}"))?;
        Ok(Reply { status, body: serde_json::from_slice(&bytes).unwrap_or_default() })
    }

    /// `GET`, which must go well.
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.send(Method::GET, path, None, None).await?.ok().with_context(|| format!("GET {path}"))
    }

    /// `POST`, which must go well.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::POST, path, None, Some(body)).await?.ok().with_context(|| format!("POST {path}"))
    }

    /// `POST` with an Idempotency-Key; any status is an answer.
    pub async fn post_keyed(&self, path: &str, key: &str, body: &Value) -> Result<Reply> {
        self.send(Method::POST, path, Some(key), Some(body)).await
    }

    /// All items of a list, page after page.
    pub async fn all(&self, path: &str) -> Result<Vec<Value>> {
        let (mut items, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let mark = if path.contains('?') { '&' } else { '?' };
            let after = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let page = self.get(&format!("{path}{mark}limit=200{after}")).await?;
            items.extend(page["items"].as_array().context("a page without items")?.iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return Ok(items),
            }
        }
    }

    /// All events of a session, page after page.
    pub async fn events(&self, session: &str) -> Result<Vec<Value>> {
        let (mut items, mut after) = (Vec::new(), "0".to_owned());
        loop {
            let page = self.get(&format!("/api/v1/sessions/{session}/events?limit=200&after={after}")).await?;
            let events = page["items"].as_array().context("a page without items")?;
            items.extend(events.iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) if !events.is_empty() => after = next.to_owned(),
                _ => return Ok(items),
            }
        }
    }

    /// Adds a project, opens a session of an agent in it, and gives back the session.
    pub async fn session(&self, project: &str, agent: &str) -> Result<Value> {
        self.post("/api/v1/sessions", &json!({"project": project, "agent": agent})).await
    }

    /// Sends a message to a session and gives back the message.
    pub async fn message(&self, session: &str, text: &str) -> Result<Value> {
        self.post(&format!("/api/v1/sessions/{session}/messages"), &json!({"text": text})).await
    }

    /// Waits until a turn is in one of these states and gives it back.
    pub async fn turn_in(&self, turn: &str, states: &[&str], limit: Duration) -> Result<Value> {
        let path = format!("/api/v1/turns/{turn}");
        let what = format!("turn {turn} to be {}", states.join(" or "));
        let mut last = Value::Null;
        let found = crate::wait::until(&what, limit, async || {
            last = self.get(&path).await?;
            let there = last["state"].as_str().is_some_and(|state| states.contains(&state));
            Ok(there.then(|| last.clone()))
        });
        found.await.with_context(|| format!("it is {last}"))
    }

    /// Opens an event stream that begins after a number.
    pub async fn sse(&self, path: &str, last_event_id: Option<i64>) -> Result<Sse> {
        let mut request = self.http.get(self.url(path)).bearer_auth(&self.token).header("Accept", "text/event-stream");
        if let Some(id) = last_event_id {
            request = request.header("Last-Event-ID", id.to_string());
        }
        let reply = request.send().await.with_context(|| format!("no stream from {path}"))?;
        ensure!(reply.status() == StatusCode::OK, "{path} answered {} instead of a stream", reply.status());
        Ok(Sse::new(reply))
    }

    /// Opens a WebSocket and gives back its text messages.
    pub async fn ws(&self, path: &str) -> Result<Socket> {
        let mut request = self.url(path).replacen("http", "ws", 1).into_client_request()?;
        request.headers_mut().insert("Authorization", format!("Bearer {}", self.token).parse()?);
        let (stream, _) = tokio_tungstenite::connect_async(request).await.with_context(|| format!("no WebSocket at {path}"))?;
        Ok(Socket(stream))
    }

    /// The whole address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The token, for requests that are made by hand.
    pub fn token(&self) -> &str {
        &self.token
    }
}

/// An open WebSocket.
pub struct Socket(tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>);

impl Socket {
    /// The next text message; `None` when the server closed.
    pub async fn next(&mut self) -> Result<Option<String>> {
        while let Some(message) = self.0.next().await {
            if let tokio_tungstenite::tungstenite::Message::Text(text) = message? {
                return Ok(Some(text.to_string()));
            }
        }
        Ok(None)
    }
}

//! A scripted model server on loopback: the provider that the real agent programs talk to in tests.
//!
//! It speaks Anthropic's Messages and OpenAI's Responses, both streamed. What it answers stands in the user's own prompt
//! (`model/script.rs` has the words), so a test reads in one place what the agent is told and what the model says.
//! Invariant: every call is recorded with the usage that the program was told, so that a test can add up the cost.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Bytes of one request. The programs send their whole instructions with each call.
const REQUEST_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Tokens that the program was told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tokens {
    /// Read without a cache.
    pub input: i64,
    /// Written.
    pub output: i64,
    /// Read from a cache.
    pub cache_read: i64,
    /// Written to a cache.
    pub cache_write: i64,
}

/// One call to the model.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its path.
    pub path: String,
    /// The model that was asked for.
    pub model: String,
    /// Whether it was the program's own business: a title, a summary, a probe.
    pub background: bool,
    /// The status of the answer.
    pub status: u16,
    /// The usage that the program was told so far.
    pub tokens: Tokens,
    /// Whether the answer was sent to its end.
    pub complete: bool,
    /// The request.
    pub body: Value,
}

/// A running server. It ends when it is dropped.
pub struct Server {
    address: SocketAddr,
    desk: Arc<Desk>,
    task: tokio::task::JoinHandle<()>,
}

/// What the server remembers.
#[derive(Default)]
struct Desk {
    calls: Mutex<Vec<Call>>,
    /// How often a place in a script was reached: `[[status: 529 x 2]]` fails twice.
    visits: Mutex<HashMap<String, u32>>,
}

impl Server {
    /// Starts it on a free port of loopback.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_at("127.0.0.1:0").await
    }

    /// Starts it on the given address.
    pub async fn start_at(address: &str) -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let desk = Arc::new(Desk::default());
        let app = axum::Router::new().fallback(answer).with_state(desk.clone());
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                eprintln!("the model server ended: {error}");
            }
        });
        Ok(Self { address, desk, task })
    }

    /// The base for `ANTHROPIC_BASE_URL`; codex wants it with `/v1`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every call so far, in the order in which they came.
    pub fn calls(&self) -> Vec<Call> {
        self.desk.calls().clone()
    }

    /// What the programs were told that they used, by model.
    pub fn usage(&self) -> HashMap<String, Tokens> {
        let mut sums: HashMap<String, Tokens> = HashMap::new();
        for call in self.desk.calls().iter() {
            let sum = sums.entry(call.model.clone()).or_default();
            sum.input += call.tokens.input;
            sum.output += call.tokens.output;
            sum.cache_read += call.tokens.cache_read;
            sum.cache_write += call.tokens.cache_write;
        }
        sums
    }

    /// Waits until this many calls that were not the program's own business have begun, or until the time is over.
    pub async fn wait_for_calls(&self, count: usize, limit: Duration) -> bool {
        let deadline = tokio::time::Instant::now() + limit;
        while self.desk.calls().iter().filter(|call| !call.background).count() < count {
            if tokio::time::Instant::now() >= deadline {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        true
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Desk {
    fn calls(&self) -> std::sync::MutexGuard<'_, Vec<Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a visit and says the how manieth it is, beginning at 1.
    fn visit(&self, place: String) -> u32 {
        let mut visits = self.visits.lock().unwrap_or_else(PoisonError::into_inner);
        let count = visits.entry(place).or_default();
        *count += 1;
        *count
    }
}

async fn answer(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let Ok(bytes) = axum::body::to_bytes(request.into_body(), REQUEST_BYTES_MAX).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    match path.as_str() {
        "/v1/messages" => stream::answer(desk, path, body, anthropic::read, anthropic::compose).await,
        "/v1/responses" => stream::answer(desk, path, body, openai::read, openai::compose).await,
        "/v1/messages/count_tokens" => json(StatusCode::OK, &serde_json::json!({"input_tokens": bytes.len() / 4})),
        "/v1/models" => json(StatusCode::OK, &serde_json::json!({"object": "list", "data": [], "models": []})),
        _ => json(StatusCode::NOT_FOUND, &serde_json::json!({"error": {"type": "not_found_error", "message": "no such path here"}})),
    }
}

fn json(status: StatusCode, body: &Value) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", axum::http::HeaderValue::from_static("application/json"));
    (status, headers, Body::from(Bytes::from(body.to_string()))).into_response()
}

mod anthropic;
mod openai;
mod script;
mod stream;

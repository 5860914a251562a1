//! A push service on loopback: takes what hubs push, answers as it is told, and remembers everything.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of the largest push, and a few more.
const BODY_BYTES_MAX: usize = 8 * 1024;

/// The keys of a browser: those of RFC 8291, appendix A, so that whoever wants to can read what is pushed.
pub const P256DH: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
/// Their secret.
pub const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";
/// The private half of the first.
pub const PRIVATE: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";

/// Something that was pushed.
#[derive(Debug, Clone)]
pub struct Pushed {
    /// The path of its subscription.
    pub path: String,
    /// How it came.
    pub headers: HeaderMap,
    /// What came, encrypted.
    pub body: Bytes,
    /// What was answered.
    pub status: u16,
}

impl Pushed {
    /// One of its headers, empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

#[derive(Default)]
struct Desk {
    pushed: Mutex<Vec<Pushed>>,
    answers: Mutex<VecDeque<u16>>,
}

/// A running service. It ends when it is dropped.
pub struct PushService {
    address: SocketAddr,
    desk: Arc<Desk>,
    task: tokio::task::JoinHandle<()>,
}

impl PushService {
    /// Starts it on a free port of loopback.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let desk = Arc::new(Desk::default());
        let app = axum::Router::new().fallback(take).with_state(desk.clone());
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                eprintln!("the push service ended: {error}");
            }
        });
        Ok(Self { address, desk, task })
    }

    /// Its origin, as a hub is told it.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What is answered next; 201 after that.
    pub fn answers(&self, statuses: &[u16]) {
        self.desk.answers.lock().unwrap_or_else(PoisonError::into_inner).extend(statuses);
    }

    /// Everything that came.
    pub fn pushed(&self) -> Vec<Pushed> {
        self.desk.pushed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for PushService {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(State(desk): State<Arc<Desk>>, request: Request<Body>) -> StatusCode {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else { return StatusCode::PAYLOAD_TOO_LARGE };
    let status = desk.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap_or(201);
    let pushed = Pushed { path: parts.uri.path().to_owned(), headers: parts.headers, body, status };
    desk.pushed.lock().unwrap_or_else(PoisonError::into_inner).push(pushed);
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

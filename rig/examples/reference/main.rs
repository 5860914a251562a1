//! The reference of the bench: what a server can do that does the bare thing and nothing else.
//!
//! No caller, no states, no product: durable rows by group commit, child processes, relayed lines. Its figures are the practical
//! limit of the machine at that moment. `reference PORT FOLDER EMIT`.
#![allow(clippy::disallowed_methods, reason = "a bare server owns its tasks by their connections")]

use anyhow::{Context, Result};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::StreamExt;
use serde::Deserialize;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

mod fanout;
mod journal;
mod lines;

use fanout::Fanout;
use journal::Journal;

struct Bare {
    journal: Journal,
    emit: PathBuf,
    replay: PathBuf,
    fanout: Fanout,
}

#[derive(Deserialize)]
struct Prompt {
    text: String,
}

#[derive(Deserialize)]
struct Emit {
    args: String,
    #[serde(default)]
    stored: bool,
}

#[derive(Deserialize)]
struct Publish {
    count: u64,
    gap_us: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let mut next = |what: &str| args.next().with_context(|| format!("usage: reference PORT FOLDER EMIT; there is no {what}"));
    let (port, folder, emit) = (next("PORT")?.parse::<u16>()?, PathBuf::from(next("FOLDER")?), PathBuf::from(next("EMIT")?));
    let replay = folder.join("replay");
    let bare = Arc::new(Bare { journal: Journal::open(&folder.join("journal.db"))?, emit, replay, fanout: Fanout::new() });
    let app = Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/prompt", post(prompt))
        .route("/dispatch", post(dispatch))
        .route("/relay", get(relay))
        .route("/replay", get(replay_file))
        .route("/subscribe", get(async |State(bare): State<Arc<Bare>>| bare.fanout.subscribe()))
        .route("/publish", post(publish))
        .with_state(bare);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    axum::serve(listener, app).await?;
    Ok(())
}

/// A 2xx means that the row is on disk.
async fn prompt(State(bare): State<Arc<Bare>>, body: Bytes) -> Response {
    let Ok(prompt) = serde_json::from_slice::<Prompt>(&body) else { return StatusCode::BAD_REQUEST.into_response() };
    let id = bare.journal.store(prompt.text).await;
    (StatusCode::CREATED, [(header::CONTENT_TYPE, "application/json")], format!("{{\"id\":{id}}}")).into_response()
}

/// A 2xx means that the row is on disk and that the child has written its first line, which is the reply.
async fn dispatch(State(bare): State<Arc<Bare>>, body: Bytes) -> Response {
    let Ok(prompt) = serde_json::from_slice::<Prompt>(&body) else { return StatusCode::BAD_REQUEST.into_response() };
    bare.journal.store(prompt.text).await;
    let Ok(mut child) = bare.spawn("line") else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        let _ = BufReader::new(stdout).read_line(&mut line).await;
    }
    tokio::spawn(async move { child.wait().await });
    (StatusCode::CREATED, line).into_response()
}

/// A child's lines as server-sent events, stored first or not.
async fn relay(State(bare): State<Arc<Bare>>, Query(emit): Query<Emit>) -> Response {
    let Ok(child) = bare.spawn(&emit.args) else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let journal = emit.stored.then(|| bare.journal.clone());
    let body = Body::from_stream(lines::as_events(child, journal));
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}

/// Sends messages to everybody who subscribed, and answers when the last is sent.
async fn publish(State(bare): State<Arc<Bare>>, Query(publish): Query<Publish>) -> StatusCode {
    bare.fanout.publish(publish.count, std::time::Duration::from_micros(publish.gap_us)).await;
    StatusCode::NO_CONTENT
}

/// A file as it is.
async fn replay_file(State(bare): State<Arc<Bare>>) -> Response {
    let Ok(file) = tokio::fs::File::open(&bare.replay).await else { return StatusCode::NOT_FOUND.into_response() };
    let chunks = futures_util::stream::unfold(file, async |mut file| {
        let mut chunk = vec![0; 256 * 1024];
        let length = tokio::io::AsyncReadExt::read(&mut file, &mut chunk).await.ok().filter(|length| *length > 0)?;
        chunk.truncate(length);
        Some((std::io::Result::Ok(Bytes::from(chunk)), file))
    });
    Body::from_stream(chunks.boxed()).into_response()
}

impl Bare {
    fn spawn(&self, args: &str) -> std::io::Result<Child> {
        let mut command = Command::new(&self.emit);
        command.args(args.split(' ')).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn()
    }
}

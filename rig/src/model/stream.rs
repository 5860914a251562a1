//! One answer: composed first, then sent piece by piece as the client takes it.
//!
//! Invariant: the record of a call is brought up to date before the bytes that tell of it are sent, so a client that was told
//! a usage finds it recorded. Nothing is spawned: a client that goes away drops the stream.

use super::script::{Prompt, Step};
use super::{Call, Desk, Tokens, json};
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// What is done next in an answer.
pub enum Piece {
    /// An event is sent.
    Event(Value),
    /// Time passes.
    Wait(u64),
    /// The program is about to be told this usage.
    Told(Tokens),
    /// The connection breaks.
    Cut,
}

/// What a request is.
pub struct Asked {
    /// The prompt.
    pub prompt: Prompt,
    /// Whether it is the program's own business.
    pub background: bool,
    /// Whether the answer is streamed.
    pub streamed: bool,
    /// Where the agent works, if the request tells.
    pub cwd: Option<String>,
    /// Names of the tools that the model is offered.
    pub tools: Vec<String>,
}

impl Asked {
    /// A path of the script as the program wants it.
    pub fn absolute(&self, path: &str) -> String {
        match &self.cwd {
            Some(cwd) if !path.starts_with('/') => format!("{cwd}/{path}"),
            _ => path.to_owned(),
        }
    }
}

/// The answer that is due, as its protocol needs it.
pub struct Due<'a> {
    /// The model's name.
    pub model: &'a str,
    /// A number that no other answer of this server has.
    pub number: usize,
    /// The steps, refusals and silence taken out.
    pub steps: &'a [Step],
    /// The usage that is told.
    pub tokens: Tokens,
    /// What was asked.
    pub asked: &'a Asked,
}

struct Sending {
    desk: Arc<Desk>,
    number: usize,
    pieces: VecDeque<Piece>,
}

/// Answers one request of either protocol.
pub async fn answer(
    desk: Arc<Desk>,
    path: String,
    body: Value,
    read: fn(&Value) -> Asked,
    compose: fn(&Due<'_>) -> Result<Vec<Piece>, Value>,
) -> Response {
    let asked = read(&body);
    let model = body["model"].as_str().unwrap_or_default().to_owned();
    let mut steps = if asked.background { vec![Step::Say("ok".to_owned())] } else { asked.prompt.due() };
    let number = {
        let mut calls = desk.calls();
        let (background, tokens) = (asked.background, Tokens::default());
        calls.push(Call { path, model: model.clone(), background, status: 200, tokens, complete: false, body });
        calls.len() - 1
    };
    let place = |index: usize| format!("{}#{}#{index}", asked.prompt.script.as_deref().unwrap_or_default(), asked.prompt.results);
    let mut tokens = Tokens { input: 100, output: 10, ..Tokens::default() };
    for (index, step) in steps.iter().enumerate() {
        match step {
            Step::Silent(ms) => tokio::time::sleep(Duration::from_millis(*ms)).await,
            Step::Usage(told) => tokens = *told,
            Step::Status(status, times, message) if times.is_none_or(|times| desk.visit(place(index)) <= times) => {
                desk.calls()[number].status = *status;
                return refusal(*status, message);
            }
            _ => {}
        }
    }
    let mut index = 0;
    steps.retain(|step| {
        index += 1;
        match step {
            Step::Silent(_) | Step::Usage(_) | Step::Status(..) => false,
            Step::Cut(Some(times)) => desk.visit(place(index)) <= *times,
            _ => true,
        }
    });
    match compose(&Due { model: &model, number, steps: &steps, tokens, asked: &asked }) {
        Ok(pieces) => streamed(Sending { desk, number, pieces: pieces.into() }),
        Err(whole) => {
            let call = &mut desk.calls()[number];
            (call.tokens, call.complete) = (tokens, true);
            json(StatusCode::OK, &whole)
        }
    }
}

fn refusal(status: u16, message: &str) -> Response {
    let kind = match status {
        400 => "invalid_request_error",
        401 => "authentication_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "api_error",
    };
    let body = serde_json::json!({"type": "error", "error": {"type": kind, "code": status.to_string(), "message": message}});
    json(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &body)
}

fn streamed(sending: Sending) -> Response {
    let stream = futures_util::stream::unfold(sending, |mut sending| async move {
        loop {
            let Some(piece) = sending.pieces.pop_front() else {
                sending.desk.calls()[sending.number].complete = true;
                return None;
            };
            match piece {
                Piece::Event(event) => {
                    let kind = event["type"].as_str().unwrap_or_default();
                    return Some((Ok(Bytes::from(format!("event: {kind}\ndata: {event}\n\n"))), sending));
                }
                Piece::Wait(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
                Piece::Told(tokens) => sending.desk.calls()[sending.number].tokens = tokens,
                Piece::Cut => {
                    sending.pieces.clear();
                    // Time for what was sent to reach the client: an error discards what still waits in the server.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    return Some((Err(std::io::Error::other("the script cuts the answer here")), sending));
                }
            }
        }
    });
    ([("content-type", "text/event-stream"), ("cache-control", "no-cache")], Body::from_stream(stream)).into_response()
}

/// A slow text as its words.
pub fn words(count: u64) -> impl Iterator<Item = String> {
    (1..=count).map(|number| format!("w{number} "))
}

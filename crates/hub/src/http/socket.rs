//! WebSockets: how they are opened and closed, and the one that carries the events of one session.
//!
//! Invariant: a write that a reader does not take within [`SUBSCRIBER_STALL_MS`] ends the connection with the cursor to
//! come back with. Until then only this reader waits, and at most one read is held for it.

use crate::fault::{Done, Fault};
use crate::http::App;
use crate::http::tail::{Over, Piece, Tail, each_event};
use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Request};
use axum::http::header::UPGRADE;
use axum::response::Response;
use fugue_domain::limits::{SUBSCRIBER_BYTES_MAX, SUBSCRIBER_STALL_MS};
use fugue_domain::problem::{Kind, Problem};
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;

/// Bytes that a client may send in one message: subscriptions are short.
const CLIENT_BYTES_MAX: usize = 16 * 1024;
/// Bytes of the buffers of each connection; a thousand of them must stay small.
const BUFFER_BYTES: usize = 4 * 1024;

/// Bytes of a close frame's reason, as the protocol has it.
const REASON_BYTES_MAX: usize = 123;

/// Why we close a WebSocket. The numbers are public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Close {
    /// The hub ends.
    Closing = 1012,
    /// Something of ours failed.
    Broken = 1011,
    /// The message is larger than its limit.
    TooLarge = 1009,
    /// The message cannot be read.
    Malformed = 4000,
    /// The credential is no longer good.
    Unauthenticated = 4001,
    /// The node speaks another version of the link.
    Protocol = 4002,
    /// The reader is too slow.
    Behind = 4008,
    /// The same node has connected again.
    Replaced = 4009,
}

impl From<Over> for Close {
    fn from(over: Over) -> Self {
        match over {
            Over::Closing => Self::Closing,
            Over::Unauthenticated => Self::Unauthenticated,
            Over::Broken => Self::Broken,
        }
    }
}

/// Whether a request wants to become a WebSocket.
pub fn is_upgrade(request: &Request) -> bool {
    request.headers().get(UPGRADE).is_some_and(|wanted| wanted.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Takes the upgrade, with small buffers, or says what is missing.
pub async fn upgrade(app: &App, request: Request) -> Done<WebSocketUpgrade> {
    let (mut parts, _) = request.into_parts();
    match WebSocketUpgrade::from_request_parts(&mut parts, app).await {
        Ok(upgrade) => Ok(upgrade
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(BUFFER_BYTES)
            .max_write_buffer_size(SUBSCRIBER_BYTES_MAX * 2)
            .max_message_size(CLIENT_BYTES_MAX)
            .max_frame_size(CLIENT_BYTES_MAX)),
        Err(refused) => Err(Fault::from(Problem::new(Kind::Malformed, format!("This path speaks WebSocket: {refused}.")))),
    }
}

/// Sends what was fed, or gives up on a reader that takes nothing.
pub async fn flush(socket: &mut WebSocket) -> Result<(), Close> {
    patient(SinkExt::<Message>::flush(socket)).await
}

/// Hands one message to the socket without forcing it out.
pub async fn feed(socket: &mut WebSocket, text: String) -> Result<(), Close> {
    patient(socket.feed(Message::Text(text.into()))).await
}

/// Hands a sign of life to the socket.
pub async fn ping(socket: &mut WebSocket) -> Result<(), Close> {
    patient(socket.feed(Message::Ping(Bytes::new()))).await
}

async fn patient(write: impl Future<Output = Result<(), axum::Error>>) -> Result<(), Close> {
    match tokio::time::timeout(Duration::from_millis(SUBSCRIBER_STALL_MS), write).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Close::Broken),
        Err(_) => Err(Close::Behind),
    }
}

/// Says why, and ends. A peer that does not read is not waited for.
pub async fn close(mut socket: WebSocket, why: Close, mut reason: String) {
    reason.truncate(reason.floor_char_boundary(REASON_BYTES_MAX));
    let frame = CloseFrame { code: why as u16, reason: reason.into() };
    let goodbye = async {
        let _ = socket.send(Message::Close(Some(frame))).await;
        // The peer's own close ends the connection in good order.
        while let Some(Ok(_)) = socket.recv().await {}
    };
    let _ = tokio::time::timeout(Duration::from_secs(2), goodbye).await;
}

/// The reply that streams a tail over a WebSocket.
pub async fn reply(app: &App, request: Request, tail: Tail) -> Done<Response> {
    let streams = app.streams.clone();
    Ok(upgrade(app, request).await?.on_upgrade(move |socket| streams.track_future(follow(socket, tail))))
}

async fn follow(mut socket: WebSocket, mut tail: Tail) {
    // What was handed to the reader; behind the tail's own cursor while a piece is being written.
    let mut sent = tail.after();
    let why = loop {
        let piece = tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                // Whatever else a reader says on this path means nothing.
                Some(Ok(_)) => continue,
            },
            piece = tail.next() => piece,
        };
        let written = match piece {
            Piece::Over(over) => break over.into(),
            piece => write(&mut socket, piece, &mut sent).await,
        };
        if let Err(why) = written {
            break why;
        }
    };
    close(socket, why, format!("resume after {sent}")).await;
}

async fn write(socket: &mut WebSocket, piece: Piece, sent: &mut i64) -> Result<(), Close> {
    match piece {
        Piece::Events { after, pages } => {
            let mut frames = Vec::new();
            each_event(after, &pages, |seq, event| frames.push((seq, event.to_owned())));
            for (seq, event) in frames {
                feed(socket, event).await?;
                *sent = seq;
            }
        }
        Piece::Delta(json) => feed(socket, format!("{{\"delta\":{json}}}")).await?,
        Piece::Idle => ping(socket).await?,
        Piece::Over(_) => {}
    }
    flush(socket).await
}

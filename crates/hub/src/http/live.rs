//! `/api/v1/ws`: many sessions and the org's hints over one WebSocket, for the cockpit.
//!
//! The client says which; the hub sends each session's events after the cursor that was given. Each session is a tail
//! of its own, so the same promises hold.

use crate::fault::Done;
use crate::feed::WatchAll;
use crate::http::App;
use crate::http::caller::Asking;
use crate::http::socket::{self, Close};
use crate::http::tail::{Piece, Tail, each_event};
use crate::http::ticket::SUBPROTOCOL;
use crate::push::Eye;
use axum::extract::ws::{Message, WebSocket};
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::response::Response;
use fugue_domain::id::SessionId;
use fugue_domain::limits::PUSH_PATH_BYTES_MAX;
use fugue_domain::problem::{Kind, Problem};
use futures_util::StreamExt;
use futures_util::future::{AbortHandle, Abortable};
use futures_util::stream::{BoxStream, SelectAll};
use serde::Deserialize;
use std::collections::HashMap;

/// Sessions that one connection may follow. More than a screen shows, few enough to bound the memory.
const SUBSCRIPTIONS_MAX: usize = 1_000;

/// What is said after a silence.
const ALIVE: &str = r#"{"alive":true}"#;

/// What a client says.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Said {
    Subscribe(Wanted),
    Unsubscribe(Wanted),
    Looks(Looks),
}

/// What the page shows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Looks {
    /// Its path; absent while nobody sees it.
    at: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    session: Option<SessionId>,
    #[serde(default)]
    after: i64,
    #[serde(default)]
    all: bool,
}

/// `GET /api/v1/ws`.
pub async fn connect(State(app): State<App>, asking: Asking, request: Request) -> Done<Response> {
    let mut upgrade = socket::upgrade(&app, request).await?;
    if upgrade.requested_protocols().next().is_some() {
        upgrade.set_selected_protocol(HeaderValue::from_static(SUBPROTOCOL));
    }
    let streams = app.streams.clone();
    Ok(upgrade.on_upgrade(move |socket| streams.track_future(Live::new(app, asking).run(socket))))
}

struct Live {
    app: App,
    asking: Asking,
    tails: SelectAll<BoxStream<'static, (SessionId, Piece)>>,
    following: HashMap<SessionId, AbortHandle>,
    hints: Option<WatchAll>,
    eye: Eye,
}

impl Live {
    fn new(app: App, asking: Asking) -> Self {
        let eye = app.hub.screens.eye(&asking.token);
        Self { app, asking, tails: SelectAll::new(), following: HashMap::new(), hints: None, eye }
    }

    async fn run(mut self, mut socket: WebSocket) {
        let why = loop {
            if let Err(why) = self.step(&mut socket).await {
                break why;
            }
        };
        if let Some(why) = why {
            socket::close(socket, why, "subscribe again with your cursors".to_owned()).await;
        }
    }

    /// One thing that happens. `None` means that the client has gone.
    async fn step(&mut self, socket: &mut WebSocket) -> Result<(), Option<Close>> {
        let standing = self.app.standings.of(&self.asking);
        let hint = async {
            match &mut self.hints {
                Some(hints) => hints.next().await,
                None => std::future::pending().await,
            }
        };
        let ping = tokio::time::sleep(std::time::Duration::from_millis(fugue_domain::limits::STREAM_PING_MS));
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => self.said(socket, &text).await?,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(None),
                Some(Ok(_)) => {}
            },
            Some((session, piece)) = self.tails.next() => write(socket, &session, piece).await?,
            hint = hint => {
                let hint = serde_json::to_string(&hint).map_err(|_| Some(Close::Broken))?;
                socket::feed(socket, format!("{{\"hint\":{hint}}}")).await?;
            }
            () = self.app.closing.cancelled() => return Err(Some(Close::Closing)),
            () = standing.over() => return Err(Some(Close::Unauthenticated)),
            // A page cannot see a ping, and must be able to tell a quiet hub from a dead connection.
            () = ping => socket::feed(socket, ALIVE.to_owned()).await?,
        }
        Ok(socket::flush(socket).await?)
    }

    async fn said(&mut self, socket: &mut WebSocket, text: &str) -> Result<(), Option<Close>> {
        let wanted = match serde_json::from_str(text) {
            Ok(Said::Subscribe(Wanted { all: true, .. })) => {
                self.hints = Some(self.app.hub.feed.subscribe_all(&self.asking.org));
                return Ok(());
            }
            Ok(Said::Unsubscribe(Wanted { all: true, .. })) => {
                self.hints = None;
                return Ok(());
            }
            Ok(Said::Unsubscribe(Wanted { session: Some(session), .. })) => {
                self.leave(&session);
                return Ok(());
            }
            Ok(Said::Looks(Looks { at })) if at.as_ref().is_none_or(|path| path.len() <= PUSH_PATH_BYTES_MAX) => {
                self.eye.looks(at, self.app.hub.world.now());
                return Ok(());
            }
            Ok(Said::Subscribe(Wanted { session: Some(session), after, .. })) => (session, after),
            Ok(_) | Err(_) => return Err(Some(Close::Malformed)),
        };
        let (session, after) = wanted;
        if let Err(problem) = self.follow(session.clone(), after).await {
            let body = serde_json::to_string(&problem.body(None)).map_err(|_| Some(Close::Broken))?;
            socket::feed(socket, format!("{{\"session\":\"{session}\",\"problem\":{body}}}")).await?;
        }
        Ok(())
    }

    async fn follow(&mut self, session: SessionId, after: i64) -> Result<(), Problem> {
        self.leave(&session);
        if self.following.len() >= SUBSCRIPTIONS_MAX {
            return Err(Problem::new(Kind::QueueFull, format!("One connection follows at most {SUBSCRIPTIONS_MAX} sessions.")));
        }
        let tail = Tail::open(&self.app, &self.asking, session.clone(), after.max(0)).await.map_err(|fault| fault.problem())?;
        let (handle, registration) = AbortHandle::new_pair();
        let name = session.clone();
        let pieces = Abortable::new(tail.stream().map(move |piece| (name.clone(), piece)), registration);
        self.tails.push(pieces.boxed());
        self.following.insert(session, handle);
        Ok(())
    }

    fn leave(&mut self, session: &SessionId) {
        if let Some(handle) = self.following.remove(session) {
            handle.abort();
        }
    }
}

async fn write(socket: &mut WebSocket, session: &SessionId, piece: Piece) -> Result<(), Option<Close>> {
    match piece {
        Piece::Events { after, pages } => {
            let mut frames = Vec::new();
            each_event(after, &pages, |_, event| frames.push(format!("{{\"session\":\"{session}\",\"event\":{event}}}")));
            for frame in frames {
                socket::feed(socket, frame).await?;
            }
        }
        Piece::Delta(json) => socket::feed(socket, format!("{{\"session\":\"{session}\",\"delta\":{json}}}")).await?,
        Piece::Idle => {}
        Piece::Over(over) => return Err(Some(over.into())),
    }
    Ok(())
}

//! The link to the hub: one WebSocket that the node dials, and dials again.
//!
//! Invariant: what is said on one connection never reaches another. A connection has a queue of its own that dies with it, and
//! whoever needs to be heard says it again on the next one. Called by the supervisor.

use fugue_domain::limits::{HEARTBEAT_MS, LINK_BYTES_MAX};
use fugue_domain::link::{FromHub, FromNode, PATH};
use fugue_domain::world::SharedWorld;
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode, header::AUTHORIZATION};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

/// Messages that may wait for the socket.
const QUEUE: usize = 64;
/// Bytes of one read. They are zeroed for each, and what a hub says is short.
const READ_BYTES: usize = 16 * 1024;
/// The shortest and the longest pause before dialling again.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));
/// A connection on which nothing came for this long is dead: the hub answers every heartbeat.
const SILENCE: Duration = Duration::from_millis(4 * HEARTBEAT_MS as u64);
/// How long dialling may take.
const DIAL: Duration = Duration::from_secs(10);

/// Where the hub is and how to be let in.
pub struct Link {
    url: String,
    token: HeaderValue,
    world: SharedWorld,
}

/// Why there is no link to a hub, and never will be.
#[derive(Debug, thiserror::Error)]
pub enum LinkFailed {
    /// The address is none.
    #[error("{0:?} is no address of a hub: give http://host:port or https://host")]
    Address(String),
    /// The token holds characters that no header can carry.
    #[error("the node's token is damaged: join the hub again with `fugue node join <code>`")]
    Token,
    /// The hub does not know the token.
    #[error("the hub at {0} does not accept this node's token: join it again with `fugue node join <code>`")]
    Refused(String),
}

/// What comes from the link.
pub enum Event {
    /// There is a connection; say hello on it.
    Up(Outgoing),
    /// The hub said something.
    Said(Box<FromHub>),
    /// The connection is gone.
    Down,
    /// The hub does not know this node: there will be no link.
    Refused(LinkFailed),
}

/// The sending end of one connection.
#[derive(Clone)]
pub struct Outgoing {
    queue: mpsc::Sender<Utf8Bytes>,
}

impl Outgoing {
    /// Says something; false when the connection is gone.
    pub async fn say(&self, message: &FromNode) -> bool {
        match serde_json::to_string(message) {
            Ok(text) => self.send(text.into()).await,
            Err(_) => true,
        }
    }

    /// Sends a message that is text already.
    pub async fn send(&self, text: Utf8Bytes) -> bool {
        self.queue.send(text).await.is_ok()
    }

    /// Says something that may as well be lost, without waiting.
    pub fn try_say(&self, message: &FromNode) {
        if let Ok(text) = serde_json::to_string(message) {
            let _ = self.queue.try_send(text.into());
        }
    }
}

impl Link {
    /// A link to the hub at an `http(s)://` address.
    pub fn new(hub: &str, token: &str, world: SharedWorld) -> Result<Self, LinkFailed> {
        let base = hub.trim_end_matches('/');
        let url = match (base.strip_prefix("http://"), base.strip_prefix("https://")) {
            (Some(rest), _) => format!("ws://{rest}{PATH}"),
            (_, Some(rest)) => format!("wss://{rest}{PATH}"),
            _ => return Err(LinkFailed::Address(hub.to_owned())),
        };
        url.as_str().into_client_request().map_err(|_| LinkFailed::Address(hub.to_owned()))?;
        let mut token = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| LinkFailed::Token)?;
        token.set_sensitive(true);
        // A second node in the same process finds the provider installed already.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Ok(Self { url, token, world })
    }

    /// Stays connected for as long as it is polled. Ends only when the very first dial shows that the hub refuses this node.
    pub async fn run(self, events: mpsc::Sender<Event>) {
        let (mut pause, mut welcome) = (BACK_OFF.0, false);
        loop {
            match self.dial().await {
                Ok(socket) => {
                    (pause, welcome) = (BACK_OFF.0, true);
                    let (queue, outgoing) = mpsc::channel(QUEUE);
                    if events.send(Event::Up(Outgoing { queue })).await.is_ok() {
                        converse(socket, outgoing, &events).await;
                        let _ = events.send(Event::Down).await;
                        tracing::warn!("the connection to the hub is gone; agents go on, and the node dials again");
                    }
                }
                Err(Error::Http(answer)) if answer.status() == StatusCode::UNAUTHORIZED || answer.status() == StatusCode::FORBIDDEN => {
                    let refused = LinkFailed::Refused(self.url.clone());
                    if !welcome {
                        let _ = events.send(Event::Refused(refused)).await;
                        return;
                    }
                    tracing::error!("{refused}");
                }
                Err(error) => tracing::debug!("the hub cannot be reached: {error}"),
            }
            // Full jitter: many nodes that lost one hub come back spread over the whole pause.
            let share = (self.world.random() % 1_000) as u32;
            tokio::time::sleep(pause * share / 1_000).await;
            pause = (pause * 2).min(BACK_OFF.1);
        }
    }

    async fn dial(&self) -> Result<Socket, Error> {
        let mut request = self.url.as_str().into_client_request()?;
        request.headers_mut().insert(AUTHORIZATION, self.token.clone());
        let limits = WebSocketConfig::default().max_message_size(Some(LINK_BYTES_MAX)).max_frame_size(Some(LINK_BYTES_MAX));
        let limits = limits.read_buffer_size(READ_BYTES);
        let dialled = tokio::time::timeout(DIAL, tokio_tungstenite::connect_async_with_config(request, Some(limits), true)).await;
        dialled.map_err(|_| Error::Io(std::io::ErrorKind::TimedOut.into()))?.map(|(socket, _)| socket)
    }
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn converse(socket: Socket, mut outgoing: mpsc::Receiver<Utf8Bytes>, events: &mpsc::Sender<Event>) {
    let (mut sink, mut stream) = socket.split();
    let send = async {
        while let Some(text) = outgoing.recv().await {
            sink.feed(Message::Text(text)).await?;
            // What waits already goes in the same write.
            while let Ok(text) = outgoing.try_recv() {
                sink.feed(Message::Text(text)).await?;
            }
            sink.flush().await?;
        }
        Ok::<(), Error>(())
    };
    let receive = async {
        while let Ok(Some(Ok(message))) = tokio::time::timeout(SILENCE, stream.next()).await {
            let Message::Text(text) = message else { continue };
            match serde_json::from_str(&text) {
                Ok(said) => {
                    if events.send(Event::Said(said)).await.is_err() {
                        return;
                    }
                }
                Err(error) => tracing::error!("the hub said something that this version does not understand: {error}"),
            }
        }
    };
    tokio::select! {
        sent = send => if let Err(error) = sent {
            tracing::debug!("the link broke: {error}");
        },
        () = receive => {}
    }
}

//! One connection of one node: what it says is read without waiting for what it said before to be stored.
//!
//! Invariant: batches of one lease reach the inbox one after the other, in the order in which they came; those of different
//! leases, heartbeats and calls do not wait for them. A fault ends the connection, unacknowledged, and the node says it all again.

use super::{Connected, inbox};
use crate::fault::{Done, Fault};
use crate::http::App;
use crate::http::caller::{Asking, Standing};
use crate::http::socket::{self, Close};
use crate::job;
use axum::extract::ws::{Message, WebSocket};
use axum::extract::{Request, State};
use axum::response::Response;
use fugue_domain::caller::Who;
use fugue_domain::id::NodeId;
use fugue_domain::lease::LeaseKey;
use fugue_domain::limits::{BATCHES_IN_FLIGHT_MAX, LINK_BYTES_MAX, NODE_LOST_MS, SUBSCRIBER_STALL_MS};
use fugue_domain::link::{Batch, FromHub, FromNode, Hello, PROTOCOL};
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;

/// Bytes of one read, zeroed for each: most batches are short, and the long ones of a flood take a few reads.
const READ_BYTES: usize = 16 * 1024;
/// Bytes that are written at once: answers to many batches go together, and nodes are few.
const WRITE_BYTES: usize = 64 * 1024;

/// `GET /api/v1/link`.
pub async fn connect(State(app): State<App>, asking: Asking, request: Request) -> Done<Response> {
    let Who::Node(node) = asking.who.clone() else { return Err(Fault::internal("a node's credential that belongs to a person")) };
    let upgrade = socket::upgrade(&app, request).await?;
    let upgrade = upgrade.read_buffer_size(READ_BYTES).write_buffer_size(WRITE_BYTES).max_write_buffer_size(usize::MAX);
    let streams = app.streams.clone();
    let standing = app.standings.of(&asking);
    let upgrade = upgrade.max_message_size(LINK_BYTES_MAX).max_frame_size(LINK_BYTES_MAX);
    Ok(upgrade.on_upgrade(move |socket| streams.track_future(run(app, node, standing, socket))))
}

/// Why a connection ends, in words for the node's log.
type Ending = (Close, String);

async fn run(app: App, node: NodeId, standing: Arc<Standing>, socket: WebSocket) {
    let (mut sink, mut stream) = socket.split();
    let (connected, words) = app.hub.nodes.register(&node);
    tracing::info!(node.id = %node, "node connected");
    let mut reader = Reader {
        app: app.clone(),
        node: node.clone(),
        connected: connected.clone(),
        waiting: HashMap::new(),
        works: FuturesUnordered::new(),
    };
    let (close, reason) = tokio::select! {
        ending = reader.run(&mut stream) => ending,
        ending = write(&mut sink, words) => ending,
        () = connected.replaced.cancelled() => (Close::Replaced, "another connection of this node took its place, or it was removed".to_owned()),
        () = standing.over() => (Close::Unauthenticated, "the node's credential is no longer good".to_owned()),
        () = app.closing.cancelled() => (Close::Closing, "the hub is about to end".to_owned()),
    };
    if app.hub.nodes.unregister(&node, &connected) {
        inbox::gone(&app.hub, &node);
    }
    tracing::info!(node.id = %node, reason, "node disconnected");
    drop(reader);
    if let Ok(socket) = stream.reunite(sink) {
        socket::close(socket, close, reason).await;
    }
}

async fn write(sink: &mut SplitSink<WebSocket, Message>, mut words: mpsc::Receiver<FromHub>) -> Ending {
    let stall = Duration::from_millis(SUBSCRIBER_STALL_MS);
    while let Some(word) = words.recv().await {
        let mut next = Some(word);
        // What waits already goes out in one write.
        while let Some(word) = next {
            let text = match serde_json::to_string(&word) {
                Ok(text) => text,
                Err(error) => return (Close::Broken, format!("a message could not be written as JSON: {error}")),
            };
            match tokio::time::timeout(stall, sink.feed(Message::Text(text.into()))).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return (Close::Broken, "the connection is lost".to_owned()),
                Err(_) => return (Close::Behind, "the node does not read".to_owned()),
            }
            next = words.try_recv().ok();
        }
        match tokio::time::timeout(stall, sink.flush()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return (Close::Broken, "the connection is lost".to_owned()),
            Err(_) => return (Close::Behind, "the node does not read".to_owned()),
        }
    }
    (Close::Broken, "nobody speaks to this node any more".to_owned())
}

/// A piece of work that a message caused: what to answer, and whose next batch may now begin.
type Work = BoxFuture<'static, Done<(Vec<FromHub>, Option<LeaseKey>)>>;

struct Reader {
    app: App,
    node: NodeId,
    connected: Arc<Connected>,
    /// Batches behind the one that is being stored, by lease.
    waiting: HashMap<LeaseKey, VecDeque<Batch>>,
    works: FuturesUnordered<Work>,
}

impl Reader {
    async fn run(&mut self, stream: &mut SplitStream<WebSocket>) -> Ending {
        let silence = Duration::from_millis(NODE_LOST_MS as u64);
        let mut greeted = false;
        loop {
            let step = tokio::select! {
                message = tokio::time::timeout(silence, stream.next()) => match message {
                    Err(_) => Err((Close::Broken, "the node was silent for too long".to_owned())),
                    Ok(None | Some(Ok(Message::Close(_)))) => Err((Close::Broken, "the node closed the connection".to_owned())),
                    Ok(Some(Err(error))) => Err(broken(&error)),
                    Ok(Some(Ok(Message::Text(text)))) => self.said(&text, &mut greeted),
                    Ok(Some(Ok(Message::Binary(_)))) => Err((Close::Malformed, "the link speaks JSON text".to_owned())),
                    Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => Ok(()),
                },
                Some(done) = self.works.next() => self.done(done).await,
            };
            if let Err(ending) = step {
                return ending;
            }
        }
    }

    fn said(&mut self, text: &str, greeted: &mut bool) -> Result<(), Ending> {
        // Only the place is told: the words of the parser repeat what they could not read, which may be a prompt.
        let unreadable = |error: serde_json::Error| {
            (Close::Malformed, format!("a message cannot be read at line {}, column {}", error.line(), error.column()))
        };
        let message: FromNode = serde_json::from_str(text).map_err(unreadable)?;
        let (hub, node) = (self.app.hub.clone(), self.node.clone());
        match message {
            FromNode::Hello(Hello { protocol, .. }) if protocol != PROTOCOL => {
                let reason = format!(
                    "this hub speaks version {PROTOCOL} of the link, the node {protocol}: install the same version of fugue on both"
                );
                return Err((Close::Protocol, reason));
            }
            FromNode::Hello(hello) => {
                *greeted = true;
                self.works.push(Box::pin(async move { Ok((inbox::hello(&hub, &node, hello).await?, None)) }));
            }
            _ if !*greeted => return Err((Close::Malformed, "the first message must be hello".to_owned())),
            FromNode::Heartbeat { beat, load, leases, jobs } => {
                self.works.push(Box::pin(async move {
                    Ok((inbox::heartbeat(&hub, &node, beat, load, inbox::Held { leases, jobs }).await?, None))
                }));
            }
            FromNode::Batch(batch) => return self.queue(batch),
            FromNode::Delta { lease, delta } => inbox::delta(&hub, &node, &lease, &delta),
            FromNode::JobAt { id, progress } => {
                self.works.push(Box::pin(async move {
                    job::at(&hub, &node, id, progress).await?;
                    Ok((Vec::new(), None))
                }));
            }
            FromNode::JobEnded { id, outcome } => {
                self.works.push(Box::pin(async move { Ok((job::ended(&hub, &node, id, *outcome).await?, None)) }));
            }
            FromNode::Released { session, rescue, branch_removed } => {
                self.works.push(Box::pin(async move {
                    inbox::released(&hub, &node, session, rescue, branch_removed).await?;
                    Ok((Vec::new(), None))
                }));
            }
            FromNode::Reply { call, result } => {
                let asked = self.connected.calls.lock().unwrap_or_else(PoisonError::into_inner).remove(&call);
                if let Some(asked) = asked {
                    // Whoever asked may have given up.
                    let _ = asked.send(result);
                }
            }
        }
        Ok(())
    }

    fn queue(&mut self, batch: Batch) -> Result<(), Ending> {
        if let Some(line) = self.waiting.get_mut(&batch.lease) {
            if line.len() >= BATCHES_IN_FLIGHT_MAX * 2 {
                return Err((Close::Behind, "more batches than a lease may have without an acknowledgement".to_owned()));
            }
            line.push_back(batch);
        } else {
            self.waiting.insert(batch.lease.clone(), VecDeque::new());
            self.store(batch);
        }
        Ok(())
    }

    fn store(&mut self, batch: Batch) {
        let (hub, node, lease) = (self.app.hub.clone(), self.node.clone(), batch.lease.clone());
        self.works.push(Box::pin(async move { Ok((vec![inbox::batch(&hub, &node, batch).await?], Some(lease))) }));
    }

    async fn done(&mut self, done: Done<(Vec<FromHub>, Option<LeaseKey>)>) -> Result<(), Ending> {
        let (answers, lease) = done.map_err(|fault| {
            tracing::error!(node.id = %self.node, cause = %fault, "what a node said could not be taken in");
            (Close::Broken, "the hub could not take it in; say it again".to_owned())
        })?;
        if let Some(lease) = lease {
            match self.waiting.get_mut(&lease).and_then(VecDeque::pop_front) {
                Some(next) => self.store(next),
                None => drop(self.waiting.remove(&lease)),
            }
        }
        for answer in answers {
            // Answers are not optional like other words: a full queue holds the reader back.
            let _ = self.connected.words.send(answer).await;
        }
        Ok(())
    }
}

fn broken(error: &axum::Error) -> Ending {
    let text = error.to_string();
    if text.to_ascii_lowercase().contains("too long") || text.to_ascii_lowercase().contains("too large") {
        (Close::TooLarge, format!("a message is longer than {LINK_BYTES_MAX} bytes"))
    } else {
        (Close::Broken, "the connection is lost".to_owned())
    }
}

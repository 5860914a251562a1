//! The link, hub's side: which nodes are connected, and how to speak to them.
//!
//! Invariant: one connection per node; a newer one replaces the older. Words may be lost (the node away, its queue full): what is wanted is
//! repeated with every heartbeat until the node shows that it knows.

use fugue_domain::id::NodeId;
use fugue_domain::limits::NODE_CALL_MS;
use fugue_domain::link::{Answered, Ask, CallFailed, FromHub};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

pub mod connection;
pub mod inbox;

/// Words that may wait for one node's socket. More than it can use between two heartbeats.
const WORDS_MAX: usize = 1_024;

/// Why a node did not answer a call.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// It answered that it could not.
    #[error(transparent)]
    Failed(CallFailed),
    /// It is not connected to this hub, or was too slow.
    #[error("the node is not connected, or did not answer in time")]
    Away,
}

type Calls = Mutex<HashMap<u64, oneshot::Sender<Result<Answered, CallFailed>>>>;

/// One connected node.
struct Connected {
    words: mpsc::Sender<FromHub>,
    calls: Calls,
    /// Ends the connection because a newer one took its place, or the node was removed.
    replaced: CancellationToken,
}

/// The nodes that are connected to this hub, cheap to clone.
#[derive(Clone, Default)]
pub struct NodeLinks {
    connected: Arc<Mutex<HashMap<NodeId, Arc<Connected>>>>,
    calls: Arc<AtomicU64>,
}

impl NodeLinks {
    fn get(&self, node: &NodeId) -> Option<Arc<Connected>> {
        self.connected.lock().unwrap_or_else(PoisonError::into_inner).get(node).cloned()
    }

    /// Whether the node is connected to this hub.
    pub fn is_connected(&self, node: &NodeId) -> bool {
        self.get(node).is_some()
    }

    /// How many nodes are connected to this hub.
    pub fn count(&self) -> usize {
        self.connected.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Says something to a node, if it is there and keeps up.
    pub fn send(&self, node: &NodeId, message: FromHub) {
        if let Some(connected) = self.get(node) {
            // Lost words are repeated with the next heartbeat.
            let _ = connected.words.try_send(message);
        }
    }

    /// Asks a node something and waits for its answer.
    pub async fn call(&self, node: &NodeId, ask: Ask) -> Result<Answered, CallError> {
        let connected = self.get(node).ok_or(CallError::Away)?;
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        connected.calls.lock().unwrap_or_else(PoisonError::into_inner).insert(call, answer);
        let waited = async {
            connected.words.send(FromHub::Call { call, ask }).await.ok()?;
            answered.await.ok()
        };
        let result = tokio::select! {
            result = tokio::time::timeout(Duration::from_millis(NODE_CALL_MS), waited) => result.ok().flatten(),
            () = connected.replaced.cancelled() => None,
        };
        connected.calls.lock().unwrap_or_else(PoisonError::into_inner).remove(&call);
        result.ok_or(CallError::Away)?.map_err(CallError::Failed)
    }

    /// Ends a node's connection.
    pub fn disconnect(&self, node: &NodeId) {
        if let Some(connected) = self.connected.lock().unwrap_or_else(PoisonError::into_inner).remove(node) {
            connected.replaced.cancel();
        }
    }

    fn register(&self, node: &NodeId) -> (Arc<Connected>, mpsc::Receiver<FromHub>) {
        let (words, spoken) = mpsc::channel(WORDS_MAX);
        let connected = Arc::new(Connected { words, calls: Calls::default(), replaced: CancellationToken::new() });
        let older = self.connected.lock().unwrap_or_else(PoisonError::into_inner).insert(node.clone(), connected.clone());
        if let Some(older) = older {
            older.replaced.cancel();
        }
        (connected, spoken)
    }

    /// Takes a connection off the list, and says whether it was still on it.
    fn unregister(&self, node: &NodeId, mine: &Arc<Connected>) -> bool {
        mine.replaced.cancel();
        let mut connected = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
        let current = connected.get(node).is_some_and(|current| Arc::ptr_eq(current, mine));
        if current {
            connected.remove(node);
        }
        current
    }
}

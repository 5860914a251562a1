//! What a node and a keeper say to each other over the keeper's socket: a small JSON head and raw bytes behind it.
//!
//! Every message is `head length, payload length (u32 each), head, payload`. The node may come and go; a keeper has one node at
//! a time, the newest. Nothing here needs an answer: what became of a request is read from the spool.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io;

/// Bytes of one message; the largest prompt with room to spare.
const MESSAGE_BYTES_MAX: usize = 6 * 1024 * 1024;
/// Bytes after which a keeper is told anew what is needed no more: little beside what a spool may hold, much beside what hearing it costs.
pub const TRIM_BYTES: u64 = 4 * 1024 * 1024;

/// What a node asks of a keeper.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Start the agent. Only the first one counts.
    Launch(Launch),
    /// Write the payload to the agent's stdin, once for each key.
    Write {
        /// The name of the write.
        key: String,
        /// Whether stdin is closed afterwards.
        close: bool,
    },
    /// Record the payload, once for each key.
    Tell {
        /// Its name.
        key: String,
    },
    /// Stop the agent with everything it started.
    Stop {
        /// Why; recorded first.
        why: Why,
    },
    /// The turn may go on until this moment of the boot clock; `None` when no turn runs.
    Renew {
        /// Milliseconds since the machine was started, sleep included.
        deadline: Option<u64>,
    },
    /// What the node no longer needs.
    Trim {
        /// The hub has everything up to here.
        acked: u64,
        /// Nothing before this is read again.
        keep: u64,
    },
    /// The node has seen everything: end as soon as the agent has ended.
    Leave,
}

/// How the agent is started. Environment and arguments are complete: nothing is added but the markers.
#[derive(Debug, Serialize, Deserialize)]
pub struct Launch {
    /// The session, for the marker.
    pub session: String,
    /// This keeper's name, for the marker and the leaf.
    pub keeper: String,
    /// The program.
    pub program: std::path::PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its environment.
    pub env: Vec<(String, String)>,
    /// Its working folder.
    pub cwd: std::path::PathBuf,
}

/// Why an agent is stopped. Recorded in the spool, and told to the hub as the turn's reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// A person stopped the session.
    Stop,
    /// A person interrupted, and the program could not or did not.
    Interrupt,
    /// The turn took too long.
    Timeout,
    /// The agent was silent for too long.
    Hung,
    /// Nobody renewed the lease.
    Lease,
    /// The agent had nothing to do for long, or is replaced.
    Idle,
    /// The spool could not be written or read.
    Spool,
}

/// What a keeper says unasked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Push {
    /// The spool ends here.
    At {
        /// The offset.
        offset: u64,
        /// Why nothing more can be written at present.
        trouble: Option<String>,
    },
}

/// One message as bytes.
pub fn encode(message: &impl Serialize, payload: &[u8]) -> Vec<u8> {
    let head = serde_json::to_vec(message).unwrap_or_default();
    let mut bytes = Vec::with_capacity(8 + head.len() + payload.len());
    bytes.extend_from_slice(&(head.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&head);
    bytes.extend_from_slice(payload);
    bytes
}

/// Bytes that were received and are not a whole message yet.
#[derive(Default)]
pub struct Received {
    /// Append here what comes.
    pub bytes: Vec<u8>,
}

impl Received {
    /// The next whole message.
    pub fn take<T: DeserializeOwned>(&mut self) -> io::Result<Option<(T, Vec<u8>)>> {
        let Some((lengths, rest)) = self.bytes.split_first_chunk::<8>() else { return Ok(None) };
        let length = |at: usize| u32::from_le_bytes([lengths[at], lengths[at + 1], lengths[at + 2], lengths[at + 3]]) as usize;
        let (head, payload) = (length(0), length(4));
        if head.saturating_add(payload) > MESSAGE_BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a message between node and keeper is too long"));
        }
        if rest.len() < head + payload {
            return Ok(None);
        }
        let message = serde_json::from_slice(&rest[..head])?;
        let body = rest[head..head + payload].to_vec();
        self.bytes.drain(..8 + head + payload);
        Ok(Some((message, body)))
    }
}

//! Lets messages that arrive at the same time be accepted together: while one batch is on its way to the disk, the next one
//! gathers. An idle hub accepts a single message at once.

use super::sending::{self, Sending};
use crate::db::Db;
use crate::fault::{Done, Fault};
use crate::idempotency::{Key, Reply};
use fugue_domain::api::NewMessage;
use fugue_domain::id::{MessageId, OrgId, SessionId, TurnId};
use fugue_domain::limits::SEND_BATCH_MAX;
use fugue_domain::world::{Mint, SharedWorld};
use tokio::sync::{mpsc, oneshot};

/// Messages that may wait for their batch before their callers wait for room.
const WAITING_MAX: usize = 4_096;

type Waiting = (Sending, oneshot::Sender<Done<Reply>>);

/// Where messages gather, cheap to clone.
#[derive(Clone)]
pub struct Gather {
    queue: mpsc::Sender<Waiting>,
    world: SharedWorld,
}

impl Gather {
    /// Starts gathering. It ends when the last clone is gone.
    pub fn start(db: Db, world: SharedWorld) -> Self {
        let (queue, waiting) = mpsc::channel(WAITING_MAX);
        tokio::spawn(run(db, waiting));
        Self { queue, world }
    }

    /// Accepts a message; answered when it is on disk.
    pub async fn send(&self, org: OrgId, session: SessionId, new: NewMessage, key: Option<Key>) -> Done<Reply> {
        let (message, turn) = (MessageId::mint(&*self.world), TurnId::mint(&*self.world));
        let (reply, answer) = oneshot::channel();
        let sending = Sending { org, session, new, key, message, turn };
        self.queue.send((sending, reply)).await.map_err(|_| Fault::NotWritten)?;
        answer.await.map_err(|_| Fault::NotWritten)?
    }
}

async fn run(db: Db, mut waiting: mpsc::Receiver<Waiting>) {
    let mut batch = Vec::with_capacity(SEND_BATCH_MAX);
    while waiting.recv_many(&mut batch, SEND_BATCH_MAX).await > 0 {
        let (sendings, replies): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
        let outcome = db.write(move |tx| Box::pin(sending::send_all(tx, sendings))).await;
        match outcome {
            Ok(answers) => {
                for (reply, answer) in replies.into_iter().zip(answers) {
                    // A caller that went away needs no answer; its message is accepted all the same.
                    let _ = reply.send(answer);
                }
            }
            Err(fault) => {
                tracing::error!(error = %fault, messages = replies.len(), "messages could not be accepted");
                for reply in replies {
                    let _ = reply.send(Err(Fault::NotWritten));
                }
            }
        }
    }
}

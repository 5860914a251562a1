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
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// Messages that may wait for their batch before their callers wait for room.
const WAITING_MAX: usize = 4_096;
/// How long a batch waits for those who were just answered and are about to send again: less than one write to the disk.
const LINGER: Duration = Duration::from_micros(200);
/// How long nothing may come in meanwhile before the batch goes.
const LULL: Duration = Duration::from_micros(40);

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
    let mut answered = 0;
    while waiting.recv_many(&mut batch, SEND_BATCH_MAX).await > 0 {
        if answered > 1 {
            linger(&mut waiting, &mut batch, answered).await;
        }
        answered = batch.len();
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

/// Lets those who come right after the last batch share this one. Without it a busy hub falls into halves: one half of its callers
/// waits for the disk while the other half is answered, and the disk is asked twice as often.
async fn linger(waiting: &mut mpsc::Receiver<Waiting>, batch: &mut Vec<Waiting>, answered: usize) {
    let begun = Instant::now();
    let (all, mut last) = ((batch.len() + answered).min(SEND_BATCH_MAX), begun);
    while batch.len() < all {
        tokio::task::yield_now().await;
        let now = Instant::now();
        match waiting.try_recv() {
            Ok(next) => {
                batch.push(next);
                last = now;
            }
            Err(_) if now - last > LULL || now - begun > LINGER => return,
            Err(_) => {}
        }
    }
}

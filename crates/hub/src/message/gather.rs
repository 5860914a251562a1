//! Lets messages that arrive at the same time be accepted together: whatever has come by the time the writer gets to them goes
//! to the disk at once. An idle hub accepts a single message at once.

use super::sending::{self, Sending};
use crate::db::{Conn, Db, Tx};
use crate::fault::{Done, Fault};
use crate::idempotency::{Key, Reply};
use fugue_domain::api::NewMessage;
use fugue_domain::id::{MessageId, OrgId, SessionId};
use fugue_domain::limits::SENDS_WAITING_MAX;
use fugue_domain::world::{Mint, SharedWorld};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, mpsc, oneshot};

/// How long the writer waits at most for those who were just answered and are about to send again: less than one write to the disk.
const LINGER: Duration = Duration::from_micros(200);
/// How long nothing may come in meanwhile before it goes on.
const LULL: Duration = Duration::from_micros(20);

type Waiting = (Sending, oneshot::Sender<Done<Reply>>);
/// What those who were accepted, or not, are to hear. Bounded by the room in line.
type Answers = Vec<(oneshot::Sender<Done<Reply>>, Done<Reply>)>;

/// Where messages gather, cheap to clone.
#[derive(Clone)]
pub struct Gather {
    db: Db,
    world: SharedWorld,
    room: Arc<Semaphore>,
    line: Arc<Mutex<Line>>,
    answers: mpsc::UnboundedSender<Answers>,
}

#[derive(Default)]
struct Line {
    waiting: Vec<Waiting>,
    /// How many may be expected: the largest of the last groups.
    expected: usize,
}

impl Gather {
    /// Starts with a line in which nobody stands. What it starts ends when the last clone is gone.
    pub fn start(db: Db, world: SharedWorld) -> Self {
        let (answers, given) = mpsc::unbounded_channel();
        tokio::spawn(answer(given));
        Self { db, world, room: Arc::new(Semaphore::new(SENDS_WAITING_MAX)), line: Arc::default(), answers }
    }

    /// Accepts a message; answered when it is on disk.
    pub async fn send(&self, org: OrgId, session: SessionId, new: NewMessage, key: Option<Key>) -> Done<Reply> {
        let _room = self.room.acquire().await.map_err(|_| Fault::NotWritten)?;
        let message = MessageId::mint(&*self.world);
        let turn = message.turn();
        let (reply, answer) = oneshot::channel();
        self.join((Sending { org, session, new, key, message, turn }, reply));
        answer.await.map_err(|_| Fault::NotWritten)?
    }

    /// Stands in line. The first who does asks the writer to accept all who stand there when it gets to them; there is no pause
    /// in between at which a caller could go away and leave the others unasked for.
    fn join(&self, waiting: Waiting) {
        let first = {
            let mut line = self.lock();
            line.waiting.push(waiting);
            line.waiting.len() == 1
        };
        if !first {
            return;
        }
        let asked = Asked(Some(self.clone()));
        let answers = self.answers.clone();
        // With too many jobs before it the writer refuses this one as well, and `asked` tells everybody.
        self.db.write_then(
            move |tx| Box::pin(accept(tx, asked)),
            move |answered| match answered {
                Ok(answered) => drop(answers.send(answered)),
                Err(fault) => tracing::error!(error = %fault, "messages could not be accepted"),
            },
        );
    }

    fn take(&self) -> Vec<Waiting> {
        let mut line = self.lock();
        line.expected = line.waiting.len().max(line.expected - line.expected.div_ceil(8));
        std::mem::take(&mut line.waiting)
    }

    /// Lets those who come right after the last group share this one. Without it a busy hub falls into halves: one half of its
    /// callers waits for the disk while the other half is answered, and the disk is asked twice as often.
    fn linger(&self) {
        let (begun, mut before) = (Instant::now(), 0);
        while begun.elapsed() < LINGER {
            let (waiting, expected) = {
                let line = self.lock();
                (line.waiting.len(), line.expected)
            };
            if waiting >= expected || waiting == before {
                return;
            }
            before = waiting;
            std::thread::sleep(LULL);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The writer was asked. If it never gets to it, those who stand in line hear that nothing was written.
struct Asked(Option<Gather>);

impl Drop for Asked {
    fn drop(&mut self) {
        if let Some(gather) = &self.0 {
            gather.lock().waiting.clear();
        }
    }
}

async fn accept(tx: &mut Tx<'_>, mut asked: Asked) -> Done<Answers> {
    let Some(gather) = asked.0.take() else { return Ok(Vec::new()) };
    // Only SQLite's writer has a thread to itself, and a server is far enough away for others to come meanwhile.
    if let Conn::Sqlite(_) = tx.conn {
        gather.linger();
    }
    let (sendings, replies): (Vec<_>, Vec<_>) = gather.take().into_iter().unzip();
    let answers = sending::send_all(tx, sendings).await?;
    Ok(replies.into_iter().zip(answers).collect())
}

/// Gives the answers. The writer could, but its thread would wake each caller at the price of a system call.
async fn answer(mut given: mpsc::UnboundedReceiver<Answers>) {
    while let Some(answers) = given.recv().await {
        for (reply, answer) in answers {
            // A caller that went away needs no answer; its message is accepted all the same.
            let _ = reply.send(answer);
        }
    }
}

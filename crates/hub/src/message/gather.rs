//! Lets messages that arrive at the same time be accepted together: whatever has come by the time the writer gets to them goes
//! to the disk at once. An idle hub accepts a single message at once.

use super::sending::{self, Form, Known, Sending};
use crate::db::{Conn, Db, Tx};
use crate::fault::{Done, Fault};
use crate::idempotency::{Key, Reply};
use crate::link::NodeLinks;
use crate::scheduler;
use fugue_domain::api::NewMessage;
use fugue_domain::id::{MessageId, OrgId, SessionId};
use fugue_domain::limits::SENDS_WAITING_MAX;
use fugue_domain::world::{Millis, Mint, SharedWorld};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{Semaphore, mpsc, oneshot};

/// How long the writer waits for those who were just answered and are about to send again: twice as long as the last group took to be on
/// the disk, since who comes too late waits for what is left of one group and for the next, within these bounds.
const LINGER_MIN: Duration = Duration::from_millis(1);
const LINGER_MAX: Duration = Duration::from_millis(5);
/// Messages with which it does not wait: the rest of their callers are answered and heard while these are written.
const ENOUGH: usize = 64;
/// How often it looks.
const LOOK: Duration = Duration::from_micros(20);

/// Messages that come at the same time from which on they are stored in the short form. Fewer go into their tables at once, which is
/// one write to the disk instead of two.
const SHORT_MIN: usize = 4;
/// Messages in the short form from which on they are settled, however much comes in: some fifty milliseconds of work.
const SHORT_MAX: usize = 4_096;
/// The same for the bytes of their texts, all of which are in memory then.
const SHORT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How long nothing may come in before they are; who reads does not wait for that.
const SETTLE_AFTER: Duration = Duration::from_millis(5);
/// The same after a failure.
const SETTLE_AGAIN_AFTER: Duration = Duration::from_millis(500);

type Waiting = (Sending, oneshot::Sender<Done<Reply>>);
/// Those whom the writer has got to.
type Callers = Arc<Mutex<Vec<oneshot::Sender<Done<Reply>>>>>;
/// What those who were accepted, or not, are to hear. Bounded by the room in line.
type Answers = Vec<(oneshot::Sender<Done<Reply>>, Done<Reply>)>;

/// Where messages gather, cheap to clone.
#[derive(Clone)]
pub struct Gather {
    db: Db,
    world: SharedWorld,
    nodes: NodeLinks,
    lease_ms: Millis,
    room: Arc<Semaphore>,
    line: Arc<Mutex<Line>>,
    answers: mpsc::UnboundedSender<Answers>,
}

#[derive(Default)]
struct Line {
    waiting: Vec<Waiting>,
    /// How many may be expected: the largest of the last groups.
    expected: usize,
    /// When the last group was taken out of the line, and how long it took from there to the disk.
    taken: Option<Instant>,
    took: Duration,
    short: Short,
}

/// What was accepted in the short form and is in no table yet.
#[derive(Default)]
struct Short {
    /// What was looked up, with all of that, and nobody else has changed in this era.
    known: Known,
    era: Option<u64>,
    count: usize,
    bytes: usize,
}

impl Short {
    fn is_full(&self) -> bool {
        self.count > SHORT_MAX || self.bytes > SHORT_BYTES_MAX
    }
}

impl Gather {
    /// Starts with a line in which nobody stands. What it starts ends when the last clone is gone.
    pub fn start(db: Db, world: SharedWorld, nodes: NodeLinks, lease_ms: Millis) -> Self {
        let (answers, given) = mpsc::unbounded_channel();
        let room = Arc::new(Semaphore::new(SENDS_WAITING_MAX));
        tokio::spawn(answer(db.clone(), room.clone(), given));
        Self { db, world, nodes, lease_ms, room, line: Arc::default(), answers }
    }

    /// Accepts a message; answered when it is on disk.
    pub async fn send(&self, org: OrgId, session: SessionId, new: NewMessage, key: Option<Key>) -> Done<Reply> {
        let _room = self.room.acquire().await.map_err(|_| Fault::NotWritten)?;
        let turn = MessageId::mint(&*self.world).turn();
        let (reply, answer) = oneshot::channel();
        self.join((Sending { org, session, new, key, turn }, reply));
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
        let (asked, callers) = (Asked(Some(self.clone())), Callers::default());
        let (gather, taken) = (self.clone(), callers.clone());
        // With too many jobs before it the writer refuses this one as well, and `asked` tells everybody.
        self.db.write_then(
            move |tx| Box::pin(accept(tx, asked, taken)),
            move |accepted| {
                gather.written();
                let callers = std::mem::take(&mut *callers.lock().unwrap_or_else(PoisonError::into_inner));
                let answered = match accepted {
                    Ok(accepted) => callers.into_iter().zip(accepted).collect(),
                    Err(fault) => {
                        tracing::error!(error = %fault, messages = callers.len(), "messages could not be accepted");
                        callers.into_iter().map(|caller| (caller, Err(fault.again()))).collect()
                    }
                };
                let _ = gather.answers.send(answered);
            },
        );
    }

    async fn accept_short(&self, tx: &mut Tx<'_>, sendings: Vec<Sending>) -> Done<Vec<Done<Reply>>> {
        let deferred = self.db.deferred();
        let mut short = std::mem::take(&mut self.lock().short);
        if short.era != Some(deferred.era()) || short.is_full() {
            if deferred.is_unseen() {
                deferred.settle(tx).await?;
            }
            short = Short { era: Some(deferred.era()), ..Short::default() };
        }
        short.count += sendings.len();
        short.bytes += sendings.iter().map(|sending| sending.new.text.len()).sum::<usize>();
        deferred.put_off();
        let answers = sending::send_all(tx, sendings, &mut short.known, Form::Short).await?;
        self.lock().short = short;
        Ok(answers)
    }

    /// A few go to their nodes in the same transaction. With a server for a database another hub may be about to give out the same.
    async fn accept_whole(&self, tx: &mut Tx<'_>, sendings: Vec<Sending>, alone: bool) -> Done<Vec<Done<Reply>>> {
        let sessions = sendings.iter().map(|sending| sending.session.clone()).collect();
        let answers = sending::send_all(tx, sendings, &mut Known::default(), Form::Whole).await?;
        if alone {
            scheduler::at_once(tx, &self.nodes, self.lease_ms, sessions).await?;
        }
        Ok(answers)
    }

    fn take(&self) -> Vec<Waiting> {
        let mut line = self.lock();
        line.expected = line.waiting.len().max(line.expected - line.expected.div_ceil(8));
        line.taken = Some(Instant::now());
        std::mem::take(&mut line.waiting)
    }

    /// What was taken last is on the disk, or will never be.
    fn written(&self) {
        let mut line = self.lock();
        line.took = line.taken.take().map_or(line.took, |taken| taken.elapsed());
    }

    /// Lets those who come right after the last group share this one. Without it a busy hub falls into halves: one half of its
    /// callers waits for the disk while the other half is answered, and the disk is asked twice as often. It ends when anybody else
    /// wants something of the writer.
    fn linger(&self) {
        let begun = Instant::now();
        loop {
            let (waiting, expected, longest) = {
                let line = self.lock();
                (line.waiting.len(), line.expected.min(ENOUGH), (line.took * 2).clamp(LINGER_MIN, LINGER_MAX))
            };
            if waiting >= expected || begun.elapsed() >= longest || self.db.is_asked() {
                return;
            }
            std::thread::sleep(LOOK);
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

async fn accept(tx: &mut Tx<'_>, mut asked: Asked, callers: Callers) -> Done<Vec<Done<Reply>>> {
    let Some(gather) = asked.0.take() else { return Ok(Vec::new()) };
    let embedded = matches!(tx.conn, Conn::Sqlite(_));
    // Others can only come meanwhile if the writer has a thread to itself. A server is far enough away for them to come anyway.
    if embedded && tx.alone && Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread {
        gather.linger();
    }
    let (sendings, waiting): (Vec<_>, Vec<_>) = gather.take().into_iter().unzip();
    *callers.lock().unwrap_or_else(PoisonError::into_inner) = waiting;
    // A few that come between many go with them: in their tables they would have to stand behind all the others.
    let in_short = embedded && (sendings.len() >= SHORT_MIN || gather.db.deferred().is_unseen());
    let answers = match in_short {
        true => gather.accept_short(tx, sendings).await,
        false => gather.accept_whole(tx, sendings, embedded).await,
    };
    if answers.is_err() {
        gather.db.deferred().undone();
    }
    answers
}

/// Gives the answers, and has what was accepted in the short form settled when nothing comes any more. The writer could give the answers,
/// but its thread would wake each caller at the price of a system call.
async fn answer(db: Db, room: Arc<Semaphore>, mut given: mpsc::UnboundedReceiver<Answers>) {
    let mut pause = SETTLE_AFTER;
    loop {
        let next = if db.deferred().is_open() { tokio::time::timeout(pause, given.recv()).await } else { Ok(given.recv().await) };
        match next {
            Ok(None) => return,
            Ok(Some(answers)) => {
                for (reply, answer) in answers {
                    // A caller that went away needs no answer; its message is accepted all the same.
                    let _ = reply.send(answer);
                }
            }
            // More come, and only the disk is slow: settling would keep it from them.
            Err(_) if room.available_permits() < SENDS_WAITING_MAX => {}
            // A disk that takes nothing is asked again, but not all the time.
            Err(_) => pause = if db.settle().await.is_ok() { SETTLE_AFTER } else { SETTLE_AGAIN_AFTER },
        }
    }
}

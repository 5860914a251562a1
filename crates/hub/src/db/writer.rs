//! The one writer: takes what waits, runs it in one transaction, commits once, then answers everybody.
//!
//! While one group is being written to disk the next one gathers, so a busy hub makes few commits and an idle one answers at
//! once. Each job of a group has a savepoint of its own; the group shares only the commit.

use super::log::Log;
use super::{Conn, Deferred, Engine, Error, Location, Tx};
use crate::effect::{Effect, Outlet};
use crate::event;
use crate::fault::{Done, Fault, caught};
use crate::metrics;
use fugue_domain::crash::{self, Side};
use fugue_domain::limits::GROUP_JOBS_MAX;
use fugue_domain::world::SharedWorld;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::panic::AssertUnwindSafe;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::mpsc;

/// Statements that open and close a group.
const BEGIN_SQLITE: &str = "BEGIN IMMEDIATE";
const BEGIN_POSTGRES: &str = "BEGIN";

type Finish = Box<dyn FnOnce(Option<Fault>) + Send>;
pub type Run = Box<dyn for<'a, 'c> FnOnce(&'a mut Tx<'c>) -> BoxFuture<'a, Result<Finish, Finish>> + Send>;

/// A job that waits for the writer, with its caller.
pub struct Request {
    /// The job.
    pub run: Run,
    /// Whether it looks at tables, where everything must be then that was answered before.
    pub looks: bool,
}

/// Ties a job to what happens after its commit, which hears the job's own result, or that the commit failed.
pub fn run<T, F>(job: F, then: impl FnOnce(Done<T>) + Send + 'static) -> Run
where
    T: Send + 'static,
    F: for<'a, 'c> FnOnce(&'a mut Tx<'c>) -> BoxFuture<'a, Done<T>> + Send + 'static,
{
    Box::new(move |tx| {
        Box::pin(async move {
            let work = async {
                let value = job(tx).await?;
                event::flush(tx).await?;
                Ok(value)
            };
            // Its savepoint takes it back, like any job that fails.
            let result = caught("a job of the writer", work).await;
            let good = result.is_ok();
            let finish: Finish = Box::new(move |fault| {
                then(match fault {
                    Some(fault) => Err(fault),
                    None => result,
                });
            });
            if good { Ok(finish) } else { Err(finish) }
        })
    })
}

/// What follows from the jobs of a group.
#[derive(Default)]
struct Followed {
    effects: Vec<Effect>,
    /// What the commit makes durable, by name; empty outside of tests.
    steps: Vec<&'static str>,
}

/// The writer and its connection, which is opened again after it broke.
pub struct Writer {
    pub conn: Option<Conn>,
    pub log: Log,
    pub location: Location,
    pub outlet: Outlet,
    pub world: SharedWorld,
    pub deferred: Deferred,
}

impl Writer {
    /// Starts it. It ends when nobody can ask any more; it owns nothing that would need a rescue.
    ///
    /// SQLite works where it is called and waits there for the disk, so its writer has a thread to itself; in a runtime with a
    /// single thread, which tests use to decide the order of everything, it stays with the others.
    pub fn start(self, requests: mpsc::Receiver<Request>) {
        let runtime = Handle::current();
        if self.location.engine == Engine::Postgres || runtime.runtime_flavor() == RuntimeFlavor::CurrentThread {
            tokio::spawn(self.run(requests));
            return;
        }
        let writer = move || runtime.block_on(self.run(requests));
        std::thread::Builder::new().name("fugue-writer".to_owned()).spawn(writer).expect("a thread can be started");
    }

    /// Works until nobody can ask for anything any more.
    async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let mut group = Vec::with_capacity(GROUP_JOBS_MAX);
        while requests.recv_many(&mut group, GROUP_JOBS_MAX).await > 0 {
            let started = tokio::time::Instant::now();
            let jobs = group.len();
            self.commit(std::mem::take(&mut group)).await;
            ::metrics::histogram!(metrics::GROUP_JOBS).record(jobs as f64);
            ::metrics::histogram!(metrics::GROUP_SECONDS).record(started.elapsed().as_secs_f64());
            if let Some(conn) = &mut self.conn {
                self.log.tend(conn).await;
            }
        }
    }

    /// Runs a group and answers its callers.
    async fn commit(&mut self, group: Vec<Request>) {
        let mut answers: Vec<Finish> = Vec::with_capacity(group.len());
        let mut followed = Followed::default();
        // The writer is the only one: if it ended here, nothing would ever be written again.
        let outcome = AssertUnwindSafe(self.attempt(group, &mut answers, &mut followed)).catch_unwind().await;
        match outcome.unwrap_or(Err(Error::Panicked)) {
            Ok(()) => {
                self.deferred.committed();
                // An agent's start waits for these; whoever looks on sees no difference.
                followed.effects.sort_by_key(|effect| !matches!(effect, Effect::Assign(..)));
                for effect in followed.effects {
                    self.outlet.release(effect);
                }
                for answer in answers {
                    answer(None);
                }
            }
            Err(cause) => {
                // What the connection is good for now is not known: after a failed fsync it must not be asked again.
                self.conn = None;
                self.deferred.undone();
                tracing::error!(error = %cause, jobs = answers.len(), "a group of writes failed and was rolled back");
                let cause = std::sync::Arc::new(cause);
                for answer in answers {
                    answer(Some(Fault::Commit(cause.clone())));
                }
            }
        }
    }

    async fn attempt(&mut self, group: Vec<Request>, answers: &mut Vec<Finish>, followed: &mut Followed) -> Result<(), Error> {
        let (world, deferred) = (self.world.clone(), self.deferred.clone());
        let alone = group.len() == 1;
        let marked = !alone || deferred.is_unseen();
        let mut waiting = group.into_iter();
        let opened = self.begin().await;
        let conn = match opened {
            Ok(conn) => conn,
            Err(cause) => {
                // The callers must hear of it, and only their jobs know how to reach them.
                answers.extend(waiting.map(|request| refuse(request.run)));
                return Err(cause);
            }
        };
        let mut broken = None;
        for Request { run, looks } in waiting.by_ref() {
            let run = if looks && deferred.is_unseen() { settled_first(run, deferred.clone()) } else { run };
            match one(conn, run, marked, alone, &world).await {
                Ok((answer, Followed { effects, steps })) => {
                    answers.push(answer);
                    followed.effects.extend(effects);
                    followed.steps.extend(steps);
                }
                Err((answer, cause)) => {
                    answers.extend(answer);
                    broken = Some(cause);
                    break;
                }
            }
        }
        answers.extend(waiting.map(|request| refuse(request.run)));
        match broken {
            Some(cause) => Err(cause),
            None => {
                let reach = |side| followed.steps.iter().for_each(|step| crash::reach(step, side));
                reach(Side::Before);
                conn.step("COMMIT").await?;
                reach(Side::After);
                Ok(())
            }
        }
    }

    async fn begin(&mut self) -> Result<&mut Conn, Error> {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => self.log.behind(Conn::writing(&self.location).await?)?,
        };
        let conn = self.conn.insert(conn);
        conn.step(if self.location.engine == Engine::Sqlite { BEGIN_SQLITE } else { BEGIN_POSTGRES }).await?;
        Ok(conn)
    }
}

/// A job that finds everything in its tables.
fn settled_first(run: Run, deferred: Deferred) -> Run {
    Box::new(move |tx| {
        Box::pin(async move {
            if let Err(fault) = deferred.settle(tx).await {
                tracing::error!(error = %fault, "what was accepted in a hurry could not be brought into its tables");
                deferred.undone();
                return Err(refuse(run));
            }
            let done = run(tx).await;
            if done.is_err() {
                // The job's savepoint takes the settling back with it.
                deferred.undone();
            }
            done
        })
    })
}

/// Runs one job of a group. The second kind of error means that the whole transaction is lost.
async fn one(
    conn: &mut Conn,
    run: Run,
    marked: bool,
    alone: bool,
    world: &SharedWorld,
) -> Result<(Finish, Followed), (Option<Finish>, Error)> {
    let (mark, keep, undo) =
        if marked { ("SAVEPOINT job", "RELEASE job", "ROLLBACK TO job; RELEASE job") } else { ("", "", "ROLLBACK; BEGIN") };
    if !mark.is_empty()
        && let Err(cause) = conn.step(mark).await
    {
        return Err((Some(refuse(run)), cause));
    }
    let mut tx = Tx {
        conn,
        now: world.now(),
        world: world.clone(),
        alone,
        effects: Vec::new(),
        events: event::Pending::default(),
        steps: Vec::new(),
    };
    let ran = run(&mut tx).await;
    let Tx { conn, effects, steps, .. } = tx;
    let (answer, followed, ended) = match ran {
        Ok(answer) if keep.is_empty() => (answer, Followed { effects, steps }, Ok(())),
        Ok(answer) => (answer, Followed { effects, steps }, conn.step(keep).await),
        Err(answer) => (answer, Followed::default(), conn.script(undo).await),
    };
    match ended {
        Ok(()) => Ok((answer, followed)),
        Err(cause) => Err((Some(answer), cause)),
    }
}

/// The answer of a job that never ran.
fn refuse(run: Run) -> Finish {
    // Dropping the job drops its caller's channel, which the caller reads as a failure of ours.
    drop(run);
    Box::new(|_| {})
}

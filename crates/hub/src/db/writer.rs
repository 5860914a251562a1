//! The one writer: takes what waits, runs it in one transaction, commits once, then answers everybody.
//!
//! While one group is being written to disk the next one gathers, so a busy hub makes few commits and an idle one answers at
//! once. Each job of a group has a savepoint of its own; the group shares only the commit.

use super::{Engine, OpenError, Tx};
use crate::effect::{Effect, Outlet};
use crate::event;
use crate::fault::{Done, Fault};
use crate::metrics;
use fugue_domain::limits::GROUP_JOBS_MAX;
use fugue_domain::world::SharedWorld;
use futures_util::future::BoxFuture;
use sqlx::AnyConnection;
use sqlx::{Connection, Row};
use tokio::sync::{mpsc, oneshot};

/// Statements that open and close a group.
const BEGIN_SQLITE: &str = "BEGIN IMMEDIATE";
const BEGIN_POSTGRES: &str = "BEGIN";

type Finish = Box<dyn FnOnce(Option<Fault>) + Send>;
type Run = Box<dyn for<'a, 'c> FnOnce(&'a mut Tx<'c>) -> BoxFuture<'a, Result<Finish, Finish>> + Send>;

/// A job that waits for the writer, with its caller.
pub struct Request(Run);

impl Request {
    /// Ties a job to its caller. The caller hears the job's own result, or that the commit failed.
    pub fn new<T, F>(job: F, reply: oneshot::Sender<Done<T>>) -> Self
    where
        T: Send + 'static,
        F: for<'a, 'c> FnOnce(&'a mut Tx<'c>) -> BoxFuture<'a, Done<T>> + Send + 'static,
    {
        Self(Box::new(move |tx| {
            Box::pin(async move {
                let result = match job(tx).await {
                    Ok(value) => event::flush(tx).await.map(|()| value),
                    failed => failed,
                };
                let good = result.is_ok();
                let finish: Finish = Box::new(move |fault| {
                    // A caller that went away needs no answer.
                    let _ = reply.send(match fault {
                        Some(fault) => Err(fault),
                        None => result,
                    });
                });
                if good { Ok(finish) } else { Err(finish) }
            })
        }))
    }
}

/// The writer and its connection, which is opened again after it broke.
pub struct Writer {
    pub conn: Option<AnyConnection>,
    pub url: String,
    pub engine: Engine,
    pub outlet: Outlet,
    pub world: SharedWorld,
}

impl Writer {
    /// Works until nobody can ask for anything any more.
    pub async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let mut group = Vec::with_capacity(GROUP_JOBS_MAX);
        while requests.recv_many(&mut group, GROUP_JOBS_MAX).await > 0 {
            let started = tokio::time::Instant::now();
            let jobs = group.len();
            self.commit(std::mem::take(&mut group)).await;
            ::metrics::histogram!(metrics::GROUP_JOBS).record(jobs as f64);
            ::metrics::histogram!(metrics::GROUP_SECONDS).record(started.elapsed().as_secs_f64());
        }
    }

    /// Runs a group and answers its callers.
    async fn commit(&mut self, group: Vec<Request>) {
        let mut answers: Vec<Finish> = Vec::with_capacity(group.len());
        let mut effects = Vec::new();
        let outcome = self.attempt(group, &mut answers, &mut effects).await;
        match outcome {
            Ok(()) => {
                for effect in effects {
                    self.outlet.release(effect);
                }
                for answer in answers {
                    answer(None);
                }
            }
            Err(cause) => {
                // What the connection is good for now is not known: after a failed fsync it must not be asked again.
                self.conn = None;
                tracing::error!(error = %cause, jobs = answers.len(), "a group of writes failed and was rolled back");
                let cause = std::sync::Arc::new(cause);
                for answer in answers {
                    answer(Some(Fault::Commit(cause.clone())));
                }
            }
        }
    }

    async fn attempt(&mut self, group: Vec<Request>, answers: &mut Vec<Finish>, effects: &mut Vec<Effect>) -> Result<(), sqlx::Error> {
        let alone = group.len() == 1;
        let world = self.world.clone();
        let mut waiting = group.into_iter();
        let opened = self.begin().await;
        let conn = match opened {
            Ok(conn) => conn,
            Err(cause) => {
                // The callers must hear of it, and only their jobs know how to reach them.
                answers.extend(waiting.map(|Request(run)| refuse(run)));
                return Err(cause);
            }
        };
        let mut broken = None;
        for Request(run) in waiting.by_ref() {
            match one(conn, run, alone, &world).await {
                Ok((answer, mut followed)) => {
                    answers.push(answer);
                    effects.append(&mut followed);
                }
                Err((answer, cause)) => {
                    answers.extend(answer);
                    broken = Some(cause);
                    break;
                }
            }
        }
        answers.extend(waiting.map(|Request(run)| refuse(run)));
        match broken {
            Some(cause) => Err(cause),
            None => sqlx::raw_sql("COMMIT").execute(&mut *conn).await.map(|_| ()),
        }
    }

    async fn begin(&mut self) -> Result<&mut AnyConnection, sqlx::Error> {
        if self.conn.is_none() {
            let mut conn = AnyConnection::connect(&self.url).await?;
            prepare(&mut conn, self.engine).await?;
            self.conn = Some(conn);
        }
        let conn = self.conn.as_mut().expect("it was opened just now");
        sqlx::raw_sql(if self.engine == Engine::Sqlite { BEGIN_SQLITE } else { BEGIN_POSTGRES }).execute(&mut *conn).await?;
        Ok(conn)
    }
}

/// Runs one job of a group. The second kind of error means that the whole transaction is lost.
async fn one(
    conn: &mut AnyConnection,
    run: Run,
    alone: bool,
    world: &SharedWorld,
) -> Result<(Finish, Vec<Effect>), (Option<Finish>, sqlx::Error)> {
    let (mark, keep, undo) =
        if alone { ("", "", "ROLLBACK; BEGIN") } else { ("SAVEPOINT job", "RELEASE job", "ROLLBACK TO job; RELEASE job") };
    if !mark.is_empty()
        && let Err(cause) = sqlx::raw_sql(mark).execute(&mut *conn).await
    {
        return Err((Some(refuse(run)), cause));
    }
    let mut tx = Tx { conn, now: world.now(), world: world.clone(), effects: Vec::new(), events: event::Pending::default() };
    let (answer, end, good) = match run(&mut tx).await {
        Ok(answer) => (answer, keep, true),
        Err(answer) => (answer, undo, false),
    };
    let Tx { conn, effects, .. } = tx;
    if !end.is_empty()
        && let Err(cause) = sqlx::raw_sql(end).execute(&mut *conn).await
    {
        return Err((Some(answer), cause));
    }
    Ok((answer, if good { effects } else { Vec::new() }))
}

/// The answer of a job that never ran.
fn refuse(run: Run) -> Finish {
    // Dropping the job drops its caller's channel, which the caller reads as a failure of ours.
    drop(run);
    Box::new(|_| {})
}

/// Brings a writing connection into the state that the promises need.
pub async fn prepare(conn: &mut AnyConnection, engine: Engine) -> Result<(), sqlx::Error> {
    let text = match engine {
        Engine::Sqlite => {
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; \
             PRAGMA fullfsync = ON; PRAGMA wal_autocheckpoint = 10000; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8000"
        }
        Engine::Postgres => "SET synchronous_commit = on; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s'",
    };
    sqlx::raw_sql(text).execute(conn).await.map(|_| ())
}

/// Brings a reading connection into its state.
pub async fn prepare_reader(conn: &mut AnyConnection, engine: Engine) -> Result<(), sqlx::Error> {
    let text = match engine {
        Engine::Sqlite => "PRAGMA busy_timeout = 5000; PRAGMA query_only = ON; PRAGMA cache_size = -2000; PRAGMA temp_store = MEMORY",
        Engine::Postgres => "SET default_transaction_read_only = on",
    };
    sqlx::raw_sql(text).execute(conn).await.map(|_| ())
}

/// Refuses a SQLite library whose write-ahead log can be corrupted by a second connection.
pub async fn refuse_old_sqlite(conn: &mut AnyConnection) -> Result<(), OpenError> {
    let row = sqlx::query("SELECT sqlite_version()").fetch_one(conn).await;
    let version: String = row.and_then(|row| row.try_get(0)).map_err(|cause| OpenError::Migration { step: 0, cause })?;
    let numbers: Vec<u32> = version.split('.').filter_map(|part| part.parse().ok()).collect();
    if numbers.as_slice() < [3, 51, 3].as_slice() { Err(OpenError::OldSqlite(version)) } else { Ok(()) }
}

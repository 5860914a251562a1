//! The database: one writer that groups many callers into one commit, readers apart, SQLite or PostgreSQL by one SQL text.
//!
//! Invariant: a write is answered after its commit is on disk, and what follows from it (wake-ups, live events, words to
//! nodes) is let go only then, in the order of the commits. Nouns write with [`Db::write`] and read with [`Db::read`].

use crate::effect::{Effect, Outlet};
use crate::event;
use crate::fault::{Done, Fault};
use fugue_domain::event::{Event, Stamped};
use fugue_domain::id::{OrgId, SessionId, TurnId};
use fugue_domain::time::Time;
use fugue_domain::world::{Millis, SharedWorld};
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

mod connection;
mod deferred;
mod fault;
mod log;
mod migration;
mod query;
mod row;
mod table;
mod writer;

pub use connection::{Conn, Reader};
pub use deferred::Deferred;
pub use fault::Error;
pub use query::{Column, Query, Value, composed, query};
pub use row::{Cell, Read, Row};
pub use table::{Table, Update};

/// The first SQLite whose write-ahead log survives two connections, as it counts itself: 3.51.3.
const OLDEST_SQLITE: i32 = 3_051_003;
/// Jobs that may wait for the writer before callers wait for room.
const WAITING_JOBS_MAX: usize = 4_096;

/// Which of the two databases it is, for the few things that differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Embedded.
    Sqlite,
    /// A server.
    Postgres,
}

/// Where the data is.
#[derive(Debug, Clone)]
pub struct Location {
    /// Which engine.
    pub engine: Engine,
    /// Its address; for SQLite the path of the file.
    pub address: String,
}

impl Location {
    /// Reads `postgres://…`, `sqlite:PATH`, or takes the file in the data folder.
    pub fn parse(database: Option<&str>, home: &std::path::Path) -> Result<Self, String> {
        match database {
            None => Ok(Self { engine: Engine::Sqlite, address: home.join("hub.db").to_string_lossy().into_owned() }),
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Ok(Self { engine: Engine::Postgres, address: url.to_owned() })
            }
            Some(url) if url.starts_with("sqlite:") => {
                let path = url.trim_start_matches("sqlite:").trim_start_matches("//");
                Ok(Self { engine: Engine::Sqlite, address: path.to_owned() })
            }
            // The text may hold a password, so it is not repeated.
            Some(_) => Err("the database must be given as postgres://USER@HOST/NAME or sqlite:PATH".to_owned()),
        }
    }
}

/// What a job of the writer works with: the open transaction, and the effects that follow its commit.
pub struct Tx<'c> {
    /// The connection inside its transaction.
    pub conn: &'c mut Conn,
    /// The hub's time when the job began: one moment for everything in it.
    pub now: Millis,
    /// Time and chance, for ids.
    pub world: SharedWorld,
    /// Whether no other job waits for the commit of this one.
    pub alone: bool,
    pub(crate) effects: Vec<Effect>,
    pub(crate) events: event::Pending,
    /// Names of what this commit makes durable, for tests that crash around it.
    pub(crate) steps: Vec<&'static str>,
}

/// Names what the commit of this job makes durable: a test can let the hub die right before and right after it.
macro_rules! durable {
    ($tx:expr, $step:literal) => {{
        const { assert!(fugue_domain::crash::is_step($step), "this durable step has no name in fugue_domain::crash::STEPS") };
        if cfg!(debug_assertions) {
            $tx.steps.push($step);
        }
    }};
}
pub(crate) use durable;

impl Tx<'_> {
    /// Lets this happen after the commit.
    pub fn after_commit(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Adds an event to a session. The events of a job become one page of each session, written at its end.
    pub fn event(&mut self, org: &OrgId, session: &SessionId, turn: Option<&TurnId>, event: Event) {
        self.event_at(self.now, org, session, turn, event);
    }

    /// Adds an event that happened a moment ago.
    pub fn event_at(&mut self, at: Millis, org: &OrgId, session: &SessionId, turn: Option<&TurnId>, event: Event) {
        let stamped = Stamped { at: Time(at), turn: turn.cloned(), event };
        let line = serde_json::to_string(&stamped).expect("an event is plain data");
        self.events.add(org, session, &line, 1);
    }
}

/// The database, cheap to clone.
#[derive(Clone)]
pub struct Db {
    readers: connection::Readers,
    queue: mpsc::Sender<writer::Request>,
    deferred: Deferred,
}

impl Db {
    /// Opens the database, brings its schema up to date and starts the writer.
    pub async fn open(location: &Location, outlet: Outlet, world: SharedWorld, deferred: Deferred) -> Result<Self, OpenError> {
        let failed = |cause| OpenError::Connect { place: location.shown(), cause };
        let mut conn = Conn::writing(location).await.map_err(failed)?;
        if location.engine == Engine::Sqlite {
            refuse_old_sqlite()?;
        }
        migration::run(&mut conn, location.engine).await?;
        let readers = connection::Readers::open(location).await.map_err(failed)?;
        let (queue, requests) = mpsc::channel(WAITING_JOBS_MAX);
        let mut log = log::Log::of(location);
        let conn = Some(log.behind(conn).map_err(failed)?);
        writer::Writer { conn, log, location: location.clone(), outlet, world, deferred: deferred.clone() }.start(requests);
        Ok(Self { readers, queue, deferred })
    }

    /// A connection for reading. It never sees what is not committed, and misses nothing that was answered.
    pub async fn read(&self) -> Done<Reader> {
        // A disk that takes nothing more keeps nobody from reading what is in the tables already.
        let _ = self.settle().await;
        Ok(self.readers.take().await?)
    }

    /// Runs a job inside a transaction, perhaps together with others, and answers after the commit.
    ///
    /// A job that fails leaves nothing behind, and does not disturb the others of its group.
    pub async fn write<T, F>(&self, job: F) -> Done<T>
    where
        T: Send + 'static,
        F: for<'a, 'c> FnOnce(&'a mut Tx<'c>) -> BoxFuture<'a, Done<T>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        // A caller that went away needs no answer.
        let request = writer::Request { run: writer::run(job, move |result| drop(reply.send(result))), looks: true };
        self.queue.send(request).await.map_err(|_| Fault::NotWritten)?;
        answer.await.map_err(|_| Fault::NotWritten)?
    }

    /// Brings what was put off into its tables, if there is any.
    pub async fn settle(&self) -> Done<()> {
        if self.deferred.is_open() { self.write(|_| Box::pin(async { Ok(()) })).await } else { Ok(()) }
    }

    /// Gives back the memory that connections keep for what they may be asked next. A server looks after its own.
    pub async fn give_back(&self) -> Done<()> {
        self.readers.give_back()?;
        self.write(|tx| Box::pin(async move { Ok(tx.conn.give_back()?) })).await
    }

    /// Whether a job waits for the writer, which is busy with another.
    pub fn is_asked(&self) -> bool {
        self.queue.capacity() < self.queue.max_capacity()
    }

    /// What was put off.
    pub fn deferred(&self) -> &Deferred {
        &self.deferred
    }

    /// Runs a job like [`Db::write`] that sees to what was put off by itself, without anybody who waits: `then` is called after the commit, by the writer itself. When too
    /// many wait for the writer already, both are dropped.
    pub fn write_then<T, F>(&self, job: F, then: impl FnOnce(Done<T>) + Send + 'static)
    where
        T: Send + 'static,
        F: for<'a, 'c> FnOnce(&'a mut Tx<'c>) -> BoxFuture<'a, Done<T>> + Send + 'static,
    {
        let _ = self.queue.try_send(writer::Request { run: writer::run(job, then), looks: false });
    }
}

/// What a database says that it is, for people who look whether it can be used. Changes nothing in it.
pub async fn version(location: &Location) -> Result<String, OpenError> {
    match location.engine {
        // The library is asked, not the file, which a running hub may have open.
        Engine::Sqlite => Ok(format!("SQLite {}", rusqlite::version())),
        Engine::Postgres => {
            let failed = |cause| OpenError::Connect { place: location.shown(), cause };
            let mut conn = Conn::writing(location).await.map_err(failed)?;
            let question = query("SELECT 'PostgreSQL ' || current_setting('server_version')");
            question.fetch_one(&mut conn).await.and_then(|row| row.get(0)).map_err(failed)
        }
    }
}

/// Refuses a SQLite library whose write-ahead log can be corrupted by a second connection.
fn refuse_old_sqlite() -> Result<(), OpenError> {
    if rusqlite::version_number() < OLDEST_SQLITE { Err(OpenError::OldSqlite(rusqlite::version().to_owned())) } else { Ok(()) }
}

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be reached or opened.
    #[error("cannot open the database {place}: {cause}")]
    Connect {
        /// Without a password.
        place: String,
        /// What the library says.
        #[source]
        cause: Error,
    },
    /// The library is too old to be trusted with a write-ahead log.
    #[error("SQLite {0} can corrupt its write-ahead log; 3.51.3 or newer is needed")]
    OldSqlite(String),
    /// The schema is newer than this program.
    #[error(
        "the database was used by a newer version of Fugue (schema {found}, this version knows {known}); start that version, or restore a backup"
    )]
    Newer {
        /// What the database has.
        found: i64,
        /// What we know.
        known: i64,
    },
    /// A step that was taken is not the one that this program knows: one of the two is no released version.
    #[error(
        "schema step {step} of this database differs from the one that this version knows; start the version that made it, or begin with an empty database"
    )]
    Edited {
        /// Which one.
        step: i64,
    },
    /// A migration failed. It is one transaction, so nothing of it is left.
    #[error("schema step {step} failed: {cause}")]
    Migration {
        /// Which one.
        step: i64,
        /// What the database says.
        #[source]
        cause: Error,
    },
}

impl Location {
    /// As it may be shown: a URL without user and password.
    pub fn shown(&self) -> String {
        match self.engine {
            Engine::Sqlite => self.address.clone(),
            Engine::Postgres => {
                let rest = self.address.split_once("://").map_or("", |(_, rest)| rest);
                let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
                format!("postgres://{}", host.split('?').next().unwrap_or(host))
            }
        }
    }
}

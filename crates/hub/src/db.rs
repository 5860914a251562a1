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
use sqlx::AnyConnection;
use sqlx::any::AnyPoolOptions;
use sqlx::{AnyPool, Connection, Row};
use tokio::sync::{mpsc, oneshot};

mod migration;
mod writer;

/// Connections for reading, besides the writer's own.
const READERS: u32 = 4;
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

    fn url(&self) -> String {
        match self.engine {
            // Percent signs and question marks in a path would be read as parts of a URL.
            Engine::Sqlite => format!("sqlite://{}?mode=rwc", self.address.replace('%', "%25").replace('?', "%3f").replace('#', "%23")),
            Engine::Postgres => self.address.clone(),
        }
    }
}

/// What a job of the writer works with: the open transaction, and the effects that follow its commit.
pub struct Tx<'c> {
    /// The connection inside its transaction.
    pub conn: &'c mut AnyConnection,
    /// The hub's time when the job began: one moment for everything in it.
    pub now: Millis,
    /// Time and chance, for ids.
    pub world: SharedWorld,
    pub(crate) effects: Vec<Effect>,
    pub(crate) events: event::Pending,
}

impl Tx<'_> {
    /// Lets this happen after the commit.
    pub fn after_commit(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Adds an event to a session. The events of a job become one page of each session, written at its end.
    pub fn event(&mut self, org: &OrgId, session: &SessionId, turn: Option<&TurnId>, event: Event) {
        let stamped = Stamped { at: Time(self.now), turn: turn.cloned(), event };
        let line = serde_json::to_string(&stamped).expect("an event is plain data");
        self.events.add(org, session, &line);
    }
}

/// The database, cheap to clone.
#[derive(Clone)]
pub struct Db {
    readers: AnyPool,
    queue: mpsc::Sender<writer::Request>,
}

impl Db {
    /// Opens the database, brings its schema up to date and starts the writer.
    pub async fn open(location: &Location, outlet: Outlet, world: SharedWorld) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let url = location.url();
        let mut conn = AnyConnection::connect(&url).await.map_err(|cause| OpenError::Connect { place: location.shown(), cause })?;
        writer::prepare(&mut conn, location.engine).await.map_err(|cause| OpenError::Connect { place: location.shown(), cause })?;
        if location.engine == Engine::Sqlite {
            writer::refuse_old_sqlite(&mut conn).await?;
        }
        migration::run(&mut conn, location.engine).await?;
        let engine = location.engine;
        let readers = AnyPoolOptions::new()
            .max_connections(READERS)
            .after_connect(move |conn, _| Box::pin(async move { writer::prepare_reader(conn, engine).await }))
            .connect(&url)
            .await
            .map_err(|cause| OpenError::Connect { place: location.shown(), cause })?;
        let (queue, requests) = mpsc::channel(WAITING_JOBS_MAX);
        // The writer ends when the last clone of the queue is gone; it owns nothing that would need a rescue.
        tokio::spawn(writer::Writer { conn: Some(conn), url, engine, outlet, world }.run(requests));
        Ok(Self { readers, queue })
    }

    /// A connection for reading. It never sees what is not committed.
    pub async fn read(&self) -> Done<sqlx::pool::PoolConnection<sqlx::Any>> {
        Ok(self.readers.acquire().await?)
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
        let request = writer::Request::new(job, reply);
        self.queue.send(request).await.map_err(|_| Fault::NotWritten)?;
        answer.await.map_err(|_| Fault::NotWritten)?
    }
}

/// What a database says that it is, for people who look whether it can be used. Changes nothing in it.
pub async fn version(location: &Location) -> Result<String, OpenError> {
    sqlx::any::install_default_drivers();
    let failed = |cause| OpenError::Connect { place: location.shown(), cause };
    let (url, question) = match location.engine {
        // The library is asked, not the file, which a running hub may have open.
        Engine::Sqlite => ("sqlite::memory:".to_owned(), "SELECT 'SQLite ' || sqlite_version()"),
        Engine::Postgres => (location.url(), "SELECT 'PostgreSQL ' || current_setting('server_version')"),
    };
    let mut conn = AnyConnection::connect(&url).await.map_err(failed)?;
    let row = sqlx::query(question).fetch_one(&mut conn).await.map_err(failed)?;
    row.try_get(0).map_err(failed)
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
        cause: sqlx::Error,
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
    /// A migration failed. It is one transaction, so nothing of it is left.
    #[error("schema step {step} failed: {cause}")]
    Migration {
        /// Which one.
        step: i64,
        /// What the database says.
        #[source]
        cause: sqlx::Error,
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

/// Rows for a statement that takes any number of them: rounded up to a power of two, so that the few texts that come out stay
/// prepared. Who binds fills the rest with nulls, and the statement leaves out rows whose first column is null.
pub fn padded(count: usize) -> usize {
    count.next_power_of_two()
}

/// `($1,$2),($3,$4)…` for several rows.
pub fn rows(count: usize, columns: usize) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(count * columns * 5);
    let mut n = 0;
    for row in 0..count {
        text.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..columns {
            n += 1;
            write!(text, "{}${n}", if column == 0 { "" } else { "," }).expect("writing to a string cannot fail");
        }
        text.push(')');
    }
    text
}

/// An insert of any number of rows.
pub struct Insert<'q> {
    query: sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments>,
    kinds: &'static [Column],
    empty: usize,
}

/// The kind of a column, for the rows that are left out.
#[derive(Debug, Clone, Copy)]
pub enum Column {
    /// TEXT.
    Text,
    /// BIGINT.
    Int,
}

impl<'q> Insert<'q> {
    /// Inserts `count` rows into `table (columns)`; `ending` follows, for example an `ON CONFLICT`.
    pub fn new(table_and_columns: &str, kinds: &'static [Column], count: usize, ending: &str) -> Self {
        let size = padded(count);
        let columns: Vec<String> = (1..=kinds.len()).map(|n| format!("column{n}")).collect();
        let columns = columns.join(", ");
        let values = rows(size, kinds.len());
        // `WHERE` also keeps SQLite from reading `ON CONFLICT` as the condition of a join.
        let sql =
            format!("INSERT INTO {table_and_columns} SELECT {columns} FROM (VALUES {values}) AS v WHERE column1 IS NOT NULL {ending}");
        Self { query: sqlx::query(sqlx::AssertSqlSafe(sql)), kinds, empty: size - count }
    }

    /// The next value, row by row.
    pub fn bind<T: sqlx::Encode<'q, sqlx::Any> + sqlx::Type<sqlx::Any> + 'q>(mut self, value: T) -> Self {
        self.query = self.query.bind(value);
        self
    }

    /// Carries it out.
    pub async fn execute(mut self, tx: &mut Tx<'_>) -> Done<()> {
        for _ in 0..self.empty {
            for kind in self.kinds {
                self.query = match kind {
                    Column::Text => self.query.bind(None::<String>),
                    Column::Int => self.query.bind(None::<i64>),
                };
            }
        }
        self.query.execute(&mut *tx.conn).await?;
        Ok(())
    }
}

/// `$from,$from+1,…` for a list of values.
pub fn places(from: usize, count: usize) -> String {
    (from..from + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(",")
}

//! One connection to either database.
//!
//! SQLite is called where the caller stands: a statement costs some microseconds, and a hop to a thread of its own would
//! cost ten times as much. The writer has a thread to itself for that reason; readers read small things.

use super::{Engine, Error, Location};
use rusqlite::config::DbConfig;
use sqlx::Connection as _;
use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions, Postgres};
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

/// Statements that a connection to SQLite keeps prepared.
const PREPARED_MAX: usize = 256;
/// Lets a connection to SQLite forget what it can read again.
const GIVE_BACK: &str = "PRAGMA shrink_memory";
/// Connections for reading, besides the writer's own.
const READERS: u32 = 4;

/// What statements are carried out on.
pub enum Conn {
    /// The embedded database.
    Sqlite(rusqlite::Connection),
    /// A connection to a server.
    Postgres(Box<PgConnection>),
    /// A connection to a server that goes back to where it was taken from.
    Pooled(sqlx::pool::PoolConnection<Postgres>),
}

impl Conn {
    /// Opens the connection that writes, in the state that the promises need.
    pub async fn writing(location: &Location) -> Result<Self, Error> {
        let (mut conn, text) = match location.engine {
            // What thousands of messages change when they are settled is more than is kept in memory otherwise, and would be written and
            // read again before it is committed.
            Engine::Sqlite => (
                Self::Sqlite(sqlite(location)?),
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; \
                 PRAGMA fullfsync = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8000; \
                 PRAGMA cache_spill = -32000",
            ),
            Engine::Postgres => (
                Self::Postgres(Box::new(PgConnection::connect(&location.address).await?)),
                "SET synchronous_commit = on; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s'",
            ),
        };
        conn.script(text).await?;
        if location.engine == Engine::Sqlite {
            // What an earlier process left in the log goes where it belongs: on a small or full disk that is what makes room. A reader
            // that is in the way, or a disk without any room, puts it off.
            let _ = conn.script("PRAGMA wal_checkpoint(TRUNCATE)").await;
        }
        Ok(conn)
    }

    /// Carries out statements that have no values and whose answers do not matter.
    pub async fn script(&mut self, text: &'static str) -> Result<(), Error> {
        match self.side() {
            Side::Sqlite(conn) => conn.execute_batch(text)?,
            Side::Postgres(conn) => {
                sqlx::raw_sql(text).execute(conn).await?;
            }
        }
        Ok(())
    }

    /// Forgets the pages that it keeps at hand; they are read again when they are needed.
    pub(super) fn give_back(&mut self) -> Result<(), Error> {
        match self.side() {
            Side::Sqlite(conn) => Ok(conn.execute_batch(GIVE_BACK)?),
            Side::Postgres(_) => Ok(()),
        }
    }

    /// Carries out one statement that has no values and no answer, as often as there are transactions: it stays prepared.
    pub(super) async fn step(&mut self, text: &'static str) -> Result<(), Error> {
        match self.side() {
            Side::Sqlite(conn) => drop(conn.prepare_cached(text)?.raw_execute()?),
            Side::Postgres(_) => self.script(text).await?,
        }
        Ok(())
    }

    pub(super) fn side(&mut self) -> Side<'_> {
        match self {
            Self::Sqlite(conn) => Side::Sqlite(conn),
            Self::Postgres(conn) => Side::Postgres(conn),
            Self::Pooled(conn) => Side::Postgres(conn),
        }
    }
}

/// A connection, as the library that carries out a statement wants it.
pub(super) enum Side<'c> {
    Sqlite(&'c mut rusqlite::Connection),
    Postgres(&'c mut PgConnection),
}

fn sqlite(location: &Location) -> Result<rusqlite::Connection, Error> {
    let conn = rusqlite::Connection::open(&location.address)?;
    conn.set_prepared_statement_cache_capacity(PREPARED_MAX);
    // Otherwise a statement is planned anew for each value that might make another plan the better one, such as that of a `LIMIT`.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(conn)
}

/// Where reading connections wait for the next reader, cheap to clone.
#[derive(Clone)]
pub enum Readers {
    /// The embedded database; a reader that finds none opens one more.
    Sqlite(Arc<Idle>),
    /// A server.
    Postgres(PgPool),
}

/// Connections to SQLite that nobody uses at the moment.
pub struct Idle {
    location: Location,
    idle: Mutex<Vec<rusqlite::Connection>>,
}

impl Readers {
    /// Makes connections ready that can only read.
    pub async fn open(location: &Location) -> Result<Self, Error> {
        Ok(match location.engine {
            Engine::Sqlite => Self::Sqlite(Arc::new(Idle { location: location.clone(), idle: Mutex::default() })),
            Engine::Postgres => Self::Postgres(
                PgPoolOptions::new()
                    .max_connections(READERS)
                    .after_connect(|conn, _| {
                        Box::pin(async move {
                            sqlx::raw_sql("SET default_transaction_read_only = on").execute(conn).await?;
                            Ok(())
                        })
                    })
                    .connect(&location.address)
                    .await?,
            ),
        })
    }

    /// Has those that nobody uses forget the pages that they keep at hand.
    pub fn give_back(&self) -> Result<(), Error> {
        if let Self::Sqlite(idle) = self {
            let idle = idle.idle.lock().unwrap_or_else(PoisonError::into_inner);
            for conn in &*idle {
                conn.execute_batch(GIVE_BACK)?;
            }
        }
        Ok(())
    }

    /// Takes a connection for reading.
    pub async fn take(&self) -> Result<Reader, Error> {
        Ok(match self {
            Self::Sqlite(idle) => Reader { conn: Some(Conn::Sqlite(idle.take()?)), home: Some(idle.clone()) },
            Self::Postgres(pool) => Reader { conn: Some(Conn::Pooled(pool.acquire().await?)), home: None },
        })
    }
}

impl Idle {
    fn take(&self) -> Result<rusqlite::Connection, Error> {
        if let Some(conn) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(conn);
        }
        let conn = sqlite(&self.location)?;
        conn.execute_batch("PRAGMA busy_timeout = 5000; PRAGMA query_only = ON; PRAGMA cache_size = -2000; PRAGMA temp_store = MEMORY")?;
        Ok(conn)
    }
}

/// A connection for reading, as long as it is held.
pub struct Reader {
    /// Only absent while it is being given back.
    conn: Option<Conn>,
    home: Option<Arc<Idle>>,
}

impl Deref for Reader {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        self.conn.as_ref().expect("it is there until the end")
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut Conn {
        self.conn.as_mut().expect("it is there until the end")
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let (Some(Conn::Sqlite(conn)), Some(home)) = (self.conn.take(), &self.home) else { return };
        let mut idle = home.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < READERS as usize {
            idle.push(conn);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::db::query;
    use crate::fixture::{Desk, on_both};

    on_both! { Desk::plain, "connections";
        what_is_given_back_is_read_again what_is_given_back_is_read_again_on_sqlite what_is_given_back_is_read_again_on_postgres;
    }

    async fn what_is_given_back_is_read_again(desk: Desk) {
        let session = desk.session().await;
        let db = &desk.hub.db;
        for title in ["first", "second"] {
            let id = session.clone();
            let change = db.write(move |tx| {
                Box::pin(async move {
                    let change = query("UPDATE sessions SET title = $2 WHERE id = $1");
                    Ok(change.bind(id.as_str()).bind(title).execute(tx.conn).await?)
                })
            });
            assert_eq!(change.await.unwrap(), 1);
            // One connection is at work meanwhile, another waits for its next reader.
            let mut held = db.read().await.unwrap();
            drop(db.read().await.unwrap());
            db.give_back().await.unwrap();
            for conn in [&mut held, &mut db.read().await.unwrap()] {
                let row = query("SELECT title FROM sessions WHERE id = $1").bind(session.as_str()).fetch_one(conn).await.unwrap();
                assert_eq!(row.text(0).unwrap(), title);
            }
        }
    }
}

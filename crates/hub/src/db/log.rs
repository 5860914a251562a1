//! The write-ahead log of the embedded database, which the writer looks after between its groups, when everybody has an answer.
//!
//! Invariant: room is only ever added behind the end of the file, so nothing that the database has written is written over.

use super::{Conn, Error, Location};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Pages after which the log is brought into the database, and begins anew: after 1,000, a thousand busy sessions waited for it.
const PAGES_MAX: u32 = 10_000;
/// Bytes of the log's head, and of a page in it with its own.
const HEAD_BYTES: u64 = 32;
const PAGE_BYTES: u64 = 24 + 4_096;
/// The most that is added in one go: the next commit brings it to the disk.
const ROOM_BYTES_MAX: u64 = 1024 * 1024;

/// The log behind the writer's connection; a database on a server looks after its own.
pub struct Log {
    path: PathBuf,
    /// Pages in it after the last commit.
    pages: Arc<AtomicU32>,
    /// Bytes of the file, when last seen.
    room: u64,
}

impl Log {
    /// The log of this database.
    pub fn of(location: &Location) -> Self {
        Self { path: format!("{}-wal", location.address).into(), pages: Arc::default(), room: 0 }
    }

    /// The connection on which the log is written from now on, which no longer looks after it by itself.
    pub fn behind(&mut self, mut conn: Conn) -> Result<Conn, Error> {
        self.room = 0;
        if let Conn::Sqlite(conn) = &mut conn {
            let pages = self.pages.clone();
            conn.wal_hook(Some(move |_: &mut _, now: i32| {
                pages.store(now.unsigned_abs(), Ordering::Relaxed);
                Ok(())
            }))?;
        }
        Ok(conn)
    }

    /// Does what its growth asks for. A disk that refuses it refuses the next commit as well, which is where it is heard.
    pub async fn tend(&mut self, conn: &mut Conn) {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages >= PAGES_MAX {
            // Who reads what is older than a page keeps it from beginning anew; then the next group tries again.
            let _ = conn.script("PRAGMA wal_checkpoint(PASSIVE)").await;
        } else if pages > 0 && self.make_room(HEAD_BYTES + u64::from(pages) * PAGE_BYTES).is_err() {
            // A disk that is this full is left alone.
            self.room = u64::MAX;
        }
    }

    /// Keeps as much free behind what is used, up to a bound. A file that grows costs every commit a second write, that of its length.
    fn make_room(&mut self, used: u64) -> io::Result<()> {
        let ahead = used.min(ROOM_BYTES_MAX);
        if used + ahead / 2 <= self.room {
            return Ok(());
        }
        let mut file = OpenOptions::new().append(true).open(&self.path)?;
        self.room = file.metadata()?.len();
        if used + ahead / 2 > self.room {
            // What cannot be had whole is given back.
            file.write_all(&vec![0; ahead as usize]).or_else(|full| file.set_len(self.room).and(Err(full)))?;
            self.room += ahead;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::query;
    use rig::scratch::Scratch;
    use std::fs;

    async fn insert(conn: &mut Conn, bytes: usize) {
        let insert = query("INSERT INTO t (body) VALUES ($1)");
        assert_eq!(insert.bind("x".repeat(bytes)).execute(conn).await.unwrap(), 1);
    }

    async fn count(conn: &mut Conn) -> i64 {
        query("SELECT COUNT(*) FROM t").fetch_one(conn).await.unwrap().get(0).unwrap()
    }

    #[tokio::test]
    async fn there_is_room_ahead_that_hides_nothing_and_the_log_begins_anew() {
        let scratch = Scratch::new().unwrap();
        let location = Location::parse(None, scratch.path()).unwrap();
        let mut log = Log::of(&location);
        let mut conn = log.behind(Conn::writing(&location).await.unwrap()).unwrap();
        conn.script("CREATE TABLE t (n INTEGER PRIMARY KEY, body TEXT NOT NULL)").await.unwrap();
        let used = |log: &Log| HEAD_BYTES + u64::from(log.pages.load(Ordering::Relaxed)) * PAGE_BYTES;
        let length = |log: &Log| fs::metadata(&log.path).unwrap().len();
        for n in 1..=300 {
            insert(&mut conn, 10_000).await;
            log.tend(&mut conn).await;
            let (used, length) = (used(&log), length(&log));
            assert!(used + used.min(ROOM_BYTES_MAX) / 2 <= length && length <= used + 2 * ROOM_BYTES_MAX, "{n}: {used} of {length}");
        }
        // What a crash leaves behind, as the next process finds it.
        let crashed = Scratch::new().unwrap();
        for name in ["hub.db", "hub.db-wal"] {
            fs::copy(scratch.path().join(name), crashed.path().join(name)).unwrap();
        }
        let location = Location::parse(None, crashed.path()).unwrap();
        assert_eq!(count(&mut Conn::writing(&location).await.unwrap()).await, 300);
        // Half a megabyte each, until it has begun anew; it grows no further than it has to.
        let (mut before, mut begun) = (used(&log), 0);
        for _ in 0..120 {
            insert(&mut conn, 500_000).await;
            log.tend(&mut conn).await;
            begun += usize::from(used(&log) < before);
            before = used(&log);
        }
        let most = HEAD_BYTES + u64::from(PAGES_MAX) * PAGE_BYTES + 3 * ROOM_BYTES_MAX;
        assert!(begun == 1 && length(&log) <= most, "{begun} times, {} bytes", length(&log));
        assert_eq!(count(&mut conn).await, 420);
    }
}

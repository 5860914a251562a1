//! Room in SQLite's write-ahead log, made before it is needed.
//!
//! A file that grows has its new length written to the disk at every sync, which costs several times what the data costs. So the log
//! is lengthened by zeros, a piece at a time. SQLite writes over them, and takes none for its own: a frame of zeros has no page.

use super::{Engine, Location};
use std::fs::OpenOptions;
use std::io::{Result, Seek, SeekFrom, Write};
use std::path::Path;

/// So many bytes at once: a pause of some milliseconds, once for hundreds of commits.
const PIECE: u64 = 1024 * 1024;

/// Lengthens the log if it has grown out of its room. Only the writer may ask, between two transactions, when nobody else lengthens it.
pub fn make(location: &Location) {
    if location.engine == Engine::Sqlite {
        // Without room everything works as well, only slower.
        let _ = lengthen(Path::new(&format!("{}-wal", location.address)));
    }
}

fn lengthen(log: &Path) -> Result<()> {
    let length = std::fs::metadata(log)?.len();
    let room = length.next_multiple_of(PIECE) - length;
    if room == 0 {
        return Ok(());
    }
    let mut file = OpenOptions::new().write(true).open(log)?;
    file.seek(SeekFrom::Start(length))?;
    let made = file.write_all(&vec![0; room as usize]).and_then(|()| file.sync_all());
    if made.is_err() {
        // What is left of a full disk is for what must be stored.
        file.set_len(length)?;
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Conn;

    #[tokio::test]
    async fn the_log_grows_by_whole_pieces_and_is_read_as_before() {
        let folder = rig::scratch::Scratch::new().unwrap();
        let path = folder.path().join("hub.db");
        let location = Location { engine: Engine::Sqlite, address: path.to_string_lossy().into_owned() };
        let log = folder.path().join("hub.db-wal");
        let mut conn = Conn::writing(&location).await.unwrap();
        make(&location);
        assert_eq!(std::fs::metadata(&log).unwrap().len(), 0, "an empty log needs no room");
        conn.script("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1)").await.unwrap();
        make(&location);
        assert_eq!(std::fs::metadata(&log).unwrap().len(), PIECE);
        conn.script("INSERT INTO t VALUES (2)").await.unwrap();
        make(&location);
        assert_eq!(std::fs::metadata(&log).unwrap().len(), PIECE, "there was room");
        // As after a kill: nobody closes the database, and another process finds its files.
        for file in ["hub.db", "hub.db-wal"] {
            std::fs::copy(folder.path().join(file), folder.path().join(file.replace("hub", "found"))).unwrap();
        }
        let found = rusqlite::Connection::open(folder.path().join("found.db")).unwrap();
        let sum: i64 = found.query_row("SELECT SUM(n) FROM t", [], |row| row.get(0)).unwrap();
        assert_eq!(sum, 3);
    }
}

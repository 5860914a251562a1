//! Durable rows: one writer thread, SQLite in WAL mode with `synchronous=FULL`, one commit for all who wait at that moment.

use anyhow::Result;
use std::path::Path;
use tokio::sync::{mpsc, oneshot};

const GROUP_MAX: usize = 512;

struct Row {
    text: String,
    stored: oneshot::Sender<i64>,
}

/// A handle to the writer.
#[derive(Clone)]
pub struct Journal {
    rows: mpsc::Sender<Row>,
}

impl Journal {
    /// Opens the file and starts the writer.
    pub fn open(path: &Path) -> Result<Self> {
        let database = rusqlite::Connection::open(path)?;
        database.execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE IF NOT EXISTS prompt (id INTEGER PRIMARY KEY, text TEXT NOT NULL);",
        )?;
        let (rows, waiting) = mpsc::channel(4096);
        std::thread::spawn(move || write(&database, waiting));
        Ok(Self { rows })
    }

    /// Gives back the row's number when the row is on disk.
    pub async fn store(&self, text: String) -> i64 {
        let (stored, reply) = oneshot::channel();
        let _ = self.rows.send(Row { text, stored }).await;
        reply.await.unwrap_or_default()
    }
}

fn write(database: &rusqlite::Connection, mut waiting: mpsc::Receiver<Row>) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    while let Some(first) = waiting.blocking_recv() {
        group.push(first);
        while group.len() < GROUP_MAX
            && let Ok(next) = waiting.try_recv()
        {
            group.push(next);
        }
        match commit(database, &group) {
            Ok(ids) => {
                for (row, id) in group.drain(..).zip(ids) {
                    // Who went away meanwhile needs no reply.
                    let _ = row.stored.send(id);
                }
            }
            Err(error) => {
                eprintln!("the journal cannot write: {error}");
                return;
            }
        }
    }
}

fn commit(database: &rusqlite::Connection, group: &[Row]) -> rusqlite::Result<Vec<i64>> {
    database.execute_batch("BEGIN IMMEDIATE")?;
    let mut insert = database.prepare_cached("INSERT INTO prompt (text) VALUES (?1)")?;
    let ids = group.iter().map(|row| insert.insert([&row.text])).collect::<rusqlite::Result<Vec<_>>>()?;
    database.execute_batch("COMMIT")?;
    Ok(ids)
}

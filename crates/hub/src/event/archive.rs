//! The archive: the events of closed sessions that have left the database for one file each.
//!
//! Invariant: the file is whole and on the disk before the transaction that records it, and only that transaction begins to delete the
//! rows; so at any moment the rows or the file hold everything. A file without a record is overwritten by the next try. Readers come
//! here from [`event::after`](super::after) and notice nothing; a file that is not what was written is named, never passed over.

use super::archivist::rest;
use super::segment::{self, Block, Damage, Writer};
use super::{Page, lines, stored};
use crate::column;
use crate::db::{Conn, Tx, durable, query};
use crate::effect::Effect;
use crate::fault::{Done, Fault};
use crate::feed::Hint;
use crate::hub::Hub;
use crate::metrics;
use fugue_domain::id::SessionId;
use fugue_domain::limits::{CLEAR_BYTES_MAX, SEGMENT_BLOCK_BYTES};
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::session::History;
use fugue_domain::time::Time;
use fugue_domain::world::Millis;
use std::sync::Arc;
use tokio::time::Instant;

/// Sessions of one look for what is due.
const DUE_MAX: i64 = 16;
/// Pages whose rows one transaction deletes at most.
const CLEAR_PAGES_MAX: i64 = 512;

/// Where in the archive an event is.
#[derive(Debug)]
pub struct Segment {
    name: String,
    first: i64,
    last: i64,
    bytes: i64,
    block: Block,
}

/// What the archive knows of the events after a number.
#[derive(Debug)]
pub enum Found {
    /// They are in a file.
    Segment(Box<Segment>),
    /// There are none yet.
    Nothing,
    /// There are some, but not here: look at the rows again.
    Later,
}

/// Looks for the event after a number. That the history has expired is a problem.
pub async fn find(conn: &mut Conn, session: &SessionId, after: i64) -> Done<Found> {
    let row = query(
        "SELECT s.last_seq, s.history, g.name, g.first_seq, g.last_seq, g.bytes, g.blocks FROM sessions s LEFT JOIN event_segments g \
         ON g.session_id = s.id AND g.first_seq <= $2 AND g.last_seq >= $2 AND g.expired_at IS NULL WHERE s.id = $1",
    )
    .bind(session.as_str())
    .bind(after + 1)
    .fetch_optional(conn)
    .await?;
    let Some(row) = row.filter(|row| row.get::<i64>(0).is_ok_and(|last| last > after)) else { return Ok(Found::Nothing) };
    if let Some(name) = row.get::<Option<String>>(2)? {
        let first = row.get(3)?;
        let block = segment::block_of(row.text(6)?, first, after + 1);
        let block = block.ok_or_else(|| Fault::internal(format!("the record of the archive file {name} is damaged")))?;
        return Ok(Found::Segment(Box::new(Segment { name, first, last: row.get(4)?, bytes: row.get(5)?, block })));
    }
    match column::word(&row, 1)? {
        History::Expired => {
            Err(Problem::new(Kind::HistoryExpired, format!("The events of the session {session} were deleted because of their age."))
                .into())
        }
        History::Stored | History::Archived => Ok(Found::Later),
    }
}

/// Reads a block of a segment as one page; `None` when the file went because its history expired meanwhile.
pub async fn read(hub: &Hub, session: &SessionId, segment: Segment) -> Done<Option<Arc<Page>>> {
    let path = hub.settings.keeping.folder.join(&segment.name);
    let (file, bytes, block) = (path.clone(), segment.bytes as u64, segment.block.clone());
    let read = blocking(move || segment::read(&file, bytes, &block)).await?;
    let first = segment.block.first;
    match read {
        Ok(body) => Ok(Some(Arc::new(Page { session: session.clone(), first, last: first + segment.block.events - 1, body }))),
        Err(Damage::Missing) if !is_recorded(hub, &segment.name).await? => Ok(None),
        Err(damage) => {
            tracing::error!(session.id = %session, file = %path.display(), error = %damage, "a file of the archive cannot be used");
            let Segment { name, first, last, .. } = segment;
            let detail = format!("The events {first} to {last} of the session {session} are in the archive file {name}, which {damage}.");
            Err(Problem::new(Kind::ArchiveDamaged, detail).into())
        }
    }
}

async fn is_recorded(hub: &Hub, name: &str) -> Done<bool> {
    let mut conn = hub.db.read().await?;
    let row = query("SELECT 1 FROM event_segments WHERE name = $1 AND expired_at IS NULL").bind(name).fetch_optional(&mut conn).await?;
    Ok(row.is_some())
}

/// A session whose events are to go into the archive.
#[derive(Debug, Clone)]
struct Due {
    session: SessionId,
    released_at: Millis,
    last: i64,
    name: String,
}

/// What a pass has done.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// Histories that are in the archive now.
    pub archived: u64,
    /// Histories that stayed where they are; the log says why.
    pub failed: u64,
}

/// Moves every history that is due into the archive, each for itself, with rests in between.
pub async fn pass(hub: &Hub) -> Done<Passed> {
    clear(hub).await?;
    let mut passed = Passed::default();
    let Some(age) = hub.settings.keeping.archive_after_ms else { return Ok(passed) };
    let mut cursor = None;
    loop {
        let found = due(hub, hub.world.now() - age, cursor.as_ref()).await?;
        for due in &found {
            match archive(hub, due).await {
                Ok(true) => passed.archived += 1,
                // Something happened in it after all: the next pass sees.
                Ok(false) => {}
                Err(fault) => {
                    passed.failed += 1;
                    segment::discard(&hub.settings.keeping.folder, &due.name);
                    tracing::warn!(session.id = %due.session, error = %fault, "a history could not be archived and stays in the database");
                }
            }
        }
        clear(hub).await?;
        cursor = found.into_iter().next_back();
        if cursor.is_none() {
            return Ok(passed);
        }
    }
}

/// The next sessions after one, those that were released first before the others.
async fn due(hub: &Hub, before: Millis, after: Option<&Due>) -> Done<Vec<Due>> {
    let mut conn = hub.db.read().await?;
    let found = query(
        "SELECT id, released_at, last_seq, closed_at FROM sessions WHERE history = 'stored' AND released_at <= $1 \
         AND (released_at > $2 OR (released_at = $2 AND id > $3)) ORDER BY released_at, id LIMIT $4",
    )
    .bind(before)
    .bind(after.map_or(i64::MIN, |due| due.released_at))
    .bind(after.map_or("", |due| due.session.as_str()))
    .bind(DUE_MAX)
    .fetch_all(&mut conn)
    .await?;
    let due = |row: &crate::db::Row| {
        let (session, released_at): (SessionId, Millis) = (column::id(row, 0)?, row.get(1)?);
        // A folder for each month keeps them browsable. The name is always the same, so a second try replaces what the first has left.
        let month: String = Time(row.get::<Option<i64>>(3)?.unwrap_or(released_at)).to_string().chars().take("2026-11".len()).collect();
        let name = format!("{month}/{session}.jsonl.zst");
        Ok(Due { session, released_at, last: row.get(2)?, name })
    };
    found.iter().map(due).collect()
}

/// Archives one history; `false` when it grew meanwhile.
async fn archive(hub: &Hub, due: &Due) -> Done<bool> {
    let folder = hub.settings.keeping.folder.clone();
    let failed = |cause: std::io::Error| {
        Fault::internal(format!("the archive file {} below {}: {cause}", due.name, hub.settings.keeping.folder.display()))
    };
    let name = due.name.clone();
    let mut writer = blocking(move || Writer::create(&folder, &name, 1)).await?.map_err(failed)?;
    let (mut at, mut text, mut events) = (0, String::new(), 0);
    while at < due.last {
        let begun = Instant::now();
        let mut conn = hub.db.read().await?;
        let pages = stored(&mut conn, &due.session, at).await?;
        drop(conn);
        let pages = pages.ok_or_else(|| Fault::internal(format!("its events after {at} are not in the database")))?;
        for page in pages {
            for (seq, line) in lines(&page, at).take_while(|(seq, _)| *seq <= due.last) {
                if events > 0 {
                    text.push('\n');
                }
                text.push_str(line);
                (at, events) = (seq, events + 1);
                if text.len() >= SEGMENT_BLOCK_BYTES || seq == due.last {
                    let (count, block) = (std::mem::take(&mut events), std::mem::take(&mut text));
                    writer = blocking(move || writer.add(count, &block).map(|()| writer)).await?.map_err(failed)?;
                }
            }
        }
        rest(begun).await;
    }
    let begun = Instant::now();
    let written = blocking(move || writer.finish()).await?.map_err(failed)?;
    let done = record(hub, due.clone(), written).await?;
    rest(begun).await;
    Ok(done)
}

/// Records the file, from which moment on it is what is read, and begins to delete the rows.
async fn record(hub: &Hub, due: Due, written: segment::Written) -> Done<bool> {
    let done = hub
        .db
        .write(move |tx| {
            Box::pin(async move {
                let row = query(
                    "UPDATE sessions SET history = 'archived' WHERE id = $1 AND history = 'stored' AND last_seq = $2 RETURNING org_id",
                )
                .bind(due.session.as_str())
                .bind(due.last)
                .fetch_optional(tx.conn)
                .await?;
                let Some(row) = row else { return Ok(false) };
                let cleared = clear_some(tx, &due.session, due.last).await?;
                query(
                    "INSERT INTO event_segments (session_id, first_seq, last_seq, name, bytes, sha256, archived_at, cleared, blocks) \
                     VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8)",
                )
                .bind(due.session.as_str())
                .bind(due.last)
                .bind(&due.name)
                .bind(written.bytes as i64)
                .bind(&written.sha256)
                .bind(tx.now)
                .bind(i64::from(cleared))
                .bind(segment::stored(&written.blocks))
                .execute(tx.conn)
                .await?;
                durable!(tx, "hub.archived");
                tx.after_commit(Effect::Hint(column::id(&row, 0)?, Hint::Session { session: due.session, last_seq: due.last }));
                Ok(true)
            })
        })
        .await?;
    ::metrics::counter!(metrics::HISTORIES_ARCHIVED).increment(u64::from(done));
    Ok(done)
}

/// Deletes what is left of rows that files hold, a bounded number at a time.
async fn clear(hub: &Hub) -> Done<()> {
    loop {
        let mut conn = hub.db.read().await?;
        let found = query("SELECT session_id, last_seq FROM event_segments WHERE cleared = 0 ORDER BY session_id LIMIT 1");
        let Some(row) = found.fetch_optional(&mut conn).await? else { return Ok(()) };
        drop(conn);
        let (session, last): (SessionId, i64) = (column::id(&row, 0)?, row.get(1)?);
        let begun = Instant::now();
        hub.db
            .write(move |tx| {
                Box::pin(async move {
                    if clear_some(tx, &session, last).await? {
                        let done = query("UPDATE event_segments SET cleared = 1 WHERE session_id = $1 AND last_seq = $2");
                        done.bind(session.as_str()).bind(last).execute(tx.conn).await?;
                    }
                    durable!(tx, "hub.cleared");
                    Ok(())
                })
            })
            .await?;
        rest(begun).await;
    }
}

/// Deletes the oldest rows up to an event; whether these were the last ones.
async fn clear_some(tx: &mut Tx<'_>, session: &SessionId, last: i64) -> Done<bool> {
    let sizes = query("SELECT first_seq, bytes FROM event_pages WHERE session_id = $1 AND first_seq <= $2 ORDER BY first_seq LIMIT $3");
    let found = sizes.bind(session.as_str()).bind(last).bind(CLEAR_PAGES_MAX).fetch_all(tx.conn).await?;
    let (mut until, mut bytes, mut all) = (0, 0, found.len() < CLEAR_PAGES_MAX as usize);
    for row in &found {
        bytes += row.get::<i64>(1)?;
        if until > 0 && bytes > CLEAR_BYTES_MAX {
            all = false;
            break;
        }
        until = row.get(0)?;
    }
    query("DELETE FROM event_pages WHERE session_id = $1 AND first_seq <= $2").bind(session.as_str()).bind(until).execute(tx.conn).await?;
    Ok(all)
}

/// Runs what waits for a disk where it keeps nobody else waiting.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Done<T> {
    tokio::task::spawn_blocking(work).await.map_err(Fault::internal)
}

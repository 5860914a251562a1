//! Merging: many small pages of a session become few larger ones, so that a long history is read in few steps.
//!
//! Invariant: one transaction puts a page in the place of those that it holds, so a reader sees the ones or the other. Each event is
//! moved once: a run is merged when it is full, or when the session has been quiet for long.

use super::archivist::rest;
use crate::column;
use crate::db::{durable, query};
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use crate::metrics;
use fugue_domain::id::SessionId;
use fugue_domain::limits::{MERGE_QUIET_MS, MERGED_PAGE_BYTES};
use fugue_domain::world::Millis;
use tokio::time::Instant;

/// Sessions of one look. Only their rows are read, so it is short.
const LOOKED_MAX: i64 = 500;
/// Pages of a session that are looked at together.
const PAGES_MAX: usize = 512;

/// A page without its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Size {
    first: i64,
    last: i64,
    bytes: i64,
}

/// What is to be done with the pages of a session that were not merged yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Put one page in the place of those that begin and end with these events.
    Join { first: i64, last: i64, pages: usize },
    /// Up to this event all of them are as they should be.
    Skip { last: i64 },
    /// Wait until there are more.
    Wait,
}

/// Looks at all sessions in which something happened since a time, and at those that are quiet; gives the number of pages that went.
pub async fn sweep(hub: &Hub, since: Millis) -> Done<u64> {
    let (mut cursor, mut gone) = (String::new(), 0);
    loop {
        let begun = Instant::now();
        let mut conn = hub.db.read().await?;
        let found =
            query("SELECT id, last_seq, merged_seq, updated_at FROM sessions WHERE history = 'stored' AND id > $1 ORDER BY id LIMIT $2")
                .bind(&cursor)
                .bind(LOOKED_MAX)
                .fetch_all(&mut conn)
                .await?;
        drop(conn);
        for row in &found {
            let (last, merged, updated_at): (i64, i64, Millis) = (row.get(1)?, row.get(2)?, row.get(3)?);
            let quiet = updated_at <= hub.world.now() - MERGE_QUIET_MS;
            if last > merged && (quiet || updated_at >= since) {
                gone += merge(hub, &column::id(row, 0)?, merged, quiet).await?;
            }
        }
        let Some(row) = found.last() else { return Ok(gone) };
        cursor = row.get(0)?;
        rest(begun).await;
    }
}

/// Merges what can be merged in one session.
async fn merge(hub: &Hub, session: &SessionId, mut merged: i64, quiet: bool) -> Done<u64> {
    let mut gone = 0;
    loop {
        let begun = Instant::now();
        let mut conn = hub.db.read().await?;
        let found = query(
            "SELECT first_seq, last_seq, bytes FROM event_pages WHERE session_id = $1 AND first_seq > $2 ORDER BY first_seq LIMIT $3",
        )
        .bind(session.as_str())
        .bind(merged)
        .bind(PAGES_MAX as i64)
        .fetch_all(&mut conn)
        .await?;
        drop(conn);
        let sizes =
            found.iter().map(|row| Ok(Size { first: row.get(0)?, last: row.get(1)?, bytes: row.get(2)? })).collect::<Done<Vec<_>>>()?;
        let step = plan(&sizes, quiet);
        let done = match step {
            Step::Wait => return Ok(gone),
            Step::Skip { last } => skip(hub, session, merged, last).await?,
            Step::Join { first, last, pages } => join(hub, session, merged, (first, last, pages)).await?,
        };
        // Somebody else was here: the next sweep sees what is left.
        let (true, Step::Skip { last } | Step::Join { last, .. }) = (done, step) else { return Ok(gone) };
        if let Step::Join { pages, .. } = step {
            gone += pages as u64 - 1;
            ::metrics::counter!(metrics::PAGES_MERGED).increment(pages as u64 - 1);
        }
        merged = last;
        rest(begun).await;
    }
}

/// Takes pages together from the oldest on, as long as they fit into one. The newest run waits for more, unless its session is quiet.
fn plan(sizes: &[Size], quiet: bool) -> Step {
    let (mut skipped, mut from) = (Step::Wait, 0);
    while from < sizes.len() {
        let (mut to, mut bytes) = (from, 0);
        while to < sizes.len() && (to == from || bytes + sizes[to].bytes < MERGED_PAGE_BYTES) {
            // With the newline in between.
            bytes += sizes[to].bytes + 1;
            to += 1;
        }
        let full = to < sizes.len() || sizes.len() == PAGES_MAX || bytes >= MERGED_PAGE_BYTES;
        if !full && !quiet {
            break;
        }
        if to - from > 1 {
            return Step::Join { first: sizes[from].first, last: sizes[to - 1].last, pages: to - from };
        }
        skipped = Step::Skip { last: sizes[from].last };
        from = to;
    }
    skipped
}

/// Nothing to merge up to here.
async fn skip(hub: &Hub, session: &SessionId, merged: i64, last: i64) -> Done<bool> {
    let session = session.clone();
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let done = query("UPDATE sessions SET merged_seq = $3 WHERE id = $1 AND merged_seq = $2");
                Ok(done.bind(session.as_str()).bind(merged).bind(last).execute(tx.conn).await? > 0)
            })
        })
        .await
}

/// Puts one page in the place of several. Their text is read beforehand, because pages never change but here.
async fn join(hub: &Hub, session: &SessionId, merged: i64, run: (i64, i64, usize)) -> Done<bool> {
    let (first, last, pages) = run;
    let mut conn = hub.db.read().await?;
    let found = query("SELECT body FROM event_pages WHERE session_id = $1 AND first_seq BETWEEN $2 AND $3 ORDER BY first_seq")
        .bind(session.as_str())
        .bind(first)
        .bind(last)
        .fetch_all(&mut conn)
        .await?;
    drop(conn);
    let bodies = found.iter().map(|row| Ok(row.text(0)?)).collect::<Done<Vec<_>>>()?;
    let body = bodies.join("\n");
    if bodies.len() != pages || body.split('\n').count() as i64 != last - first + 1 {
        return Err(Fault::internal(format!(
            "the pages with the events {first} to {last} of the session {session} do not belong together"
        )));
    }
    let session = session.clone();
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let mine = query("UPDATE sessions SET merged_seq = $3 WHERE id = $1 AND merged_seq = $2 AND history = 'stored'");
                if mine.bind(session.as_str()).bind(merged).bind(last).execute(tx.conn).await? == 0 {
                    return Ok(false);
                }
                let small = query("DELETE FROM event_pages WHERE session_id = $1 AND first_seq BETWEEN $2 AND $3");
                let gone = small.bind(session.as_str()).bind(first).bind(last).execute(tx.conn).await?;
                if gone != pages as u64 {
                    return Err(Fault::internal(format!("{gone} pages of the session {session} were to be merged instead of {pages}")));
                }
                query("INSERT INTO event_pages (session_id, first_seq, last_seq, bytes, body) VALUES ($1, $2, $3, $4, $5)")
                    .bind(session.as_str())
                    .bind(first)
                    .bind(last)
                    .bind(body.len() as i64)
                    .bind(body)
                    .execute(tx.conn)
                    .await?;
                durable!(tx, "hub.merged");
                Ok(true)
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages of one event each with so many bytes.
    fn sizes(bytes: &[i64]) -> Vec<Size> {
        (1..).zip(bytes).map(|(seq, bytes)| Size { first: seq, last: seq, bytes: *bytes }).collect()
    }

    #[test]
    fn runs_are_merged_when_they_are_full_or_their_session_is_quiet() {
        const FULL: i64 = MERGED_PAGE_BYTES;
        let join = |first, last| Step::Join { first, last, pages: (last - first + 1) as usize };
        let half = FULL / 2;
        for (bytes, quiet, step) in [
            (vec![], true, Step::Wait),
            (vec![10, 10, 10], false, Step::Wait),
            (vec![10, 10, 10], true, join(1, 3)),
            (vec![10], true, Step::Skip { last: 1 }),
            (vec![10, 10, FULL], false, join(1, 2)),
            (vec![FULL, FULL, 10, 10], false, Step::Skip { last: 2 }),
            (vec![FULL, 10, 10, FULL], false, join(2, 3)),
            (vec![half - 1, half - 1, 1], false, join(1, 2)),
            (vec![half, half, 1], false, Step::Skip { last: 1 }),
            (vec![10; PAGES_MAX], false, join(1, PAGES_MAX as i64)),
            (vec![10; PAGES_MAX - 1], false, Step::Wait),
        ] {
            assert_eq!(plan(&sizes(&bytes), quiet), step, "{} pages, {bytes:.5?}", bytes.len());
        }
    }
}

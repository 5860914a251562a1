//! Retention: archived histories that are older than the hub is told to keep are deleted, in the open.
//!
//! Invariant: only events go: messages, turns, costs, branches and rescued work stay. The session says that its history has expired
//! before the file goes, and the record goes after it, so a crash in between leaves nothing behind that nobody knows of.

use super::archive::blocking;
use super::archivist::rest;
use super::segment;
use crate::column;
use crate::db::{durable, query};
use crate::effect::Effect;
use crate::fault::Done;
use crate::feed::Hint;
use crate::hub::Hub;
use crate::metrics;
use fugue_domain::id::SessionId;
use tokio::time::Instant;

/// Sessions, and files, of one look.
const DUE_MAX: i64 = 64;

/// Deletes every archived history that is old enough; gives their number.
pub async fn pass(hub: &Hub) -> Done<u64> {
    let mut expired = 0;
    if let Some(age) = hub.settings.keeping.expire_after_ms {
        loop {
            let mut conn = hub.db.read().await?;
            // While rows are left that the file holds too, they would be all that there is.
            let found = query(
                "SELECT id FROM sessions s WHERE history = 'archived' AND released_at <= $1 \
                 AND NOT EXISTS (SELECT 1 FROM event_segments g WHERE g.session_id = s.id AND g.cleared = 0) ORDER BY released_at, id LIMIT $2",
            )
            .bind(hub.world.now() - age)
            .bind(DUE_MAX)
            .fetch_all(&mut conn)
            .await?;
            drop(conn);
            if found.is_empty() {
                break;
            }
            for row in &found {
                let begun = Instant::now();
                expired += u64::from(expire(hub, column::id(row, 0)?).await?);
                remove(hub).await?;
                rest(begun).await;
            }
        }
    }
    // What an earlier process has left.
    remove(hub).await?;
    Ok(expired)
}

/// Says that a history has expired. From then on nobody reads it.
async fn expire(hub: &Hub, session: SessionId) -> Done<bool> {
    let id = session.clone();
    let done = hub
        .db
        .write(move |tx| {
            Box::pin(async move {
                let row =
                    query("UPDATE sessions SET history = 'expired' WHERE id = $1 AND history = 'archived' RETURNING org_id, last_seq")
                        .bind(session.as_str())
                        .fetch_optional(tx.conn)
                        .await?;
                let Some(row) = row else { return Ok(false) };
                let files = query("UPDATE event_segments SET expired_at = $2 WHERE session_id = $1");
                files.bind(session.as_str()).bind(tx.now).execute(tx.conn).await?;
                durable!(tx, "hub.expired");
                tx.after_commit(Effect::Hint(column::id(&row, 0)?, Hint::Session { session, last_seq: row.get(1)? }));
                Ok(true)
            })
        })
        .await?;
    if done {
        tracing::info!(session.id = %id, "the history of a closed session has expired and is deleted; its messages, turns and branch stay");
        ::metrics::counter!(metrics::HISTORIES_EXPIRED).increment(1);
    }
    Ok(done)
}

/// Deletes the files of expired histories, and then their records. A file that cannot be deleted is tried again the next time.
async fn remove(hub: &Hub) -> Done<()> {
    let mut conn = hub.db.read().await?;
    let found = query("SELECT name FROM event_segments WHERE expired_at IS NOT NULL ORDER BY expired_at LIMIT $1").bind(DUE_MAX);
    let found = found.fetch_all(&mut conn).await?;
    drop(conn);
    for row in &found {
        let name: String = row.get(0)?;
        let path = hub.settings.keeping.folder.join(&name);
        let file = path.clone();
        if let Err(cause) = blocking(move || segment::remove(&file)).await? {
            tracing::warn!(file = %path.display(), error = %cause, "an expired file of the archive cannot be deleted");
            continue;
        }
        hub.db
            .write(move |tx| {
                Box::pin(async move {
                    let gone = query("DELETE FROM event_segments WHERE name = $1 AND expired_at IS NOT NULL");
                    gone.bind(&name).execute(tx.conn).await?;
                    durable!(tx, "hub.forgotten");
                    Ok(())
                })
            })
            .await?;
    }
    Ok(())
}

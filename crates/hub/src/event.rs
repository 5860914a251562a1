//! Events as the hub keeps them: in pages of lines, numbered per session inside the transaction that writes them.
//!
//! Invariant: the numbers of a session begin at 1 and have no hole; a page is written by the very job that took its numbers.
//! A line holds no number of its own, because its page knows the first one; [`number`] puts it in when the line is sent.

use crate::db::{Column, Conn, Row, Table, Tx, Update, query};
use crate::effect::Effect;
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use crate::session;
use archive::Found;
use fugue_domain::api::EventPage;
use fugue_domain::caller::Caller;
use fugue_domain::id::{OrgId, SessionId};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

pub mod across;
pub mod archive;
pub mod archivist;
pub mod find;
pub mod merge;
pub mod retention;
pub mod routes;
mod segment;
#[cfg(test)]
mod tests;

/// Events of one session that were written together.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    /// The session.
    pub session: SessionId,
    /// The number of the first line.
    pub first: i64,
    /// The number of the last line.
    pub last: i64,
    /// The lines, each a JSON object, separated by newlines.
    pub body: String,
}

/// What a job adds to sessions, until its end: events, turns that enter or leave the line, and reports of a lease.
#[derive(Default)]
pub struct Pending(BTreeMap<SessionId, Lines>);

struct Lines {
    org: OrgId,
    count: i64,
    body: String,
    in_line: i64,
    /// How many reports of the session's lease are stored now, if some came.
    reports: Option<i64>,
}

impl Pending {
    fn of(&mut self, org: &OrgId, session: &SessionId) -> &mut Lines {
        let nothing = || Lines { org: org.clone(), count: 0, body: String::new(), in_line: 0, reports: None };
        self.0.entry(session.clone()).or_insert_with(nothing)
    }

    /// Adds so many lines, each a JSON object without line breaks.
    pub fn add(&mut self, org: &OrgId, session: &SessionId, added: &str, count: i64) {
        let lines = self.of(org, session);
        if lines.count > 0 {
            lines.body.push('\n');
        }
        lines.body.push_str(added);
        lines.count += count;
    }

    /// What the job has added to a session so far, as lines.
    pub fn lines(&self, session: &SessionId) -> &str {
        self.0.get(session).map_or("", |lines| &lines.body)
    }

    /// Turns have entered the session's line, or left it.
    pub fn in_line(&mut self, org: &OrgId, session: &SessionId, turns: i64) {
        self.of(org, session).in_line += turns;
    }

    /// So many reports of the session's lease are stored now.
    pub fn reported(&mut self, org: &OrgId, session: &SessionId, reports: i64) {
        self.of(org, session).reports = Some(reports);
    }
}

/// Gives the events of a job their numbers and writes them, whatever the number of sessions, in two statements.
pub async fn flush(tx: &mut Tx<'_>) -> Done<()> {
    let pending = std::mem::take(&mut tx.events).0;
    if pending.is_empty() {
        return Ok(());
    }
    let mut numbered = number_lines(tx, &pending).await?;
    let mut pages = Vec::with_capacity(pending.len());
    for (session, lines) in pending.into_iter().filter(|(_, lines)| lines.count > 0) {
        let last = numbered.remove(session.as_str()).ok_or_else(|| Fault::internal("an event belongs to no session"))?;
        pages.push((lines.org, Page { session, first: last - lines.count + 1, last, body: lines.body }));
    }
    append(tx, pages).await
}

/// Writes pages whose numbers were taken by the same job.
pub async fn append(tx: &mut Tx<'_>, pages: Vec<(OrgId, Page)>) -> Done<()> {
    if pages.is_empty() {
        return Ok(());
    }
    const KINDS: &[Column] = &[Column::Text, Column::Int, Column::Int, Column::Int, Column::Text];
    let mut rows = Table::new(KINDS);
    for (_, page) in &pages {
        rows = rows.bind(page.session.as_str()).bind(page.first).bind(page.last).bind(page.body.len() as i64).bind(page.body.as_str());
    }
    rows.insert(tx, "event_pages (session_id, first_seq, last_seq, bytes, body)").await?;
    for (org, page) in pages {
        tx.after_commit(Effect::Page(org, Arc::new(page)));
    }
    Ok(())
}

/// Moves the sessions' last numbers, the lengths of their lines and the counts of reports; gives the new last numbers.
async fn number_lines(tx: &mut Tx<'_>, pending: &BTreeMap<SessionId, Lines>) -> Done<BTreeMap<String, i64>> {
    let mut rows = Table::new(&[Column::Text, Column::Int, Column::Int, Column::Int, Column::Int]);
    for (session, lines) in pending {
        rows = rows.bind(session.as_str()).bind(lines.count).bind(lines.in_line).bind(tx.now).bind(lines.reports);
    }
    let update = Update {
        table: "sessions",
        set: "last_seq = last_seq + $2, in_line = in_line + $3, updated_at = $4, reports = COALESCE($5, reports)",
        key: "id = $1",
        found: "TRUE",
        back: "id, last_seq",
    };
    let found = rows.update(tx.conn, update).await?;
    found.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// Pages of one read.
const PAGES_MAX: i64 = 64;
/// Bytes of one read; the first page always comes. Small enough that a reader in the middle hears something at once.
const READ_BYTES_MAX: i64 = 256 * 1024;

/// Times that a read looks again because pages were merged or archived between two of its statements.
const LOOKS_MAX: usize = 8;

/// The pages that hold the events after a number, as many as fit in one read, from the rows or from the archive. The caller's right to the
/// session is settled.
///
/// Invariant: they follow the number without a hole, and nothing comes only if there is nothing. What cannot be read is a fault.
pub async fn after(hub: &Hub, session: &SessionId, after: i64) -> Done<Vec<Arc<Page>>> {
    if let Some(pages) = hub.feed.tail(session, after) {
        return Ok(pages);
    }
    for _ in 0..LOOKS_MAX {
        let mut conn = hub.db.read().await?;
        if let Some(pages) = stored(&mut conn, session, after).await? {
            return Ok(pages);
        }
        match archive::find(&mut conn, session, after).await? {
            Found::Nothing => return Ok(Vec::new()),
            Found::Segment(segment) => {
                drop(conn);
                if let Some(page) = archive::read(hub, session, *segment).await? {
                    return Ok(vec![page]);
                }
            }
            Found::Later => {}
        }
    }
    Err(Fault::internal(format!("the events after {after} of the session {session} are neither in the database nor in the archive")))
}

/// The same from the rows alone; `None` when what comes next is not in them.
pub async fn stored(conn: &mut Conn, session: &SessionId, after: i64) -> Done<Option<Vec<Arc<Page>>>> {
    for _ in 0..LOOKS_MAX {
        let Some((first, last)) = extent(conn, session, after).await?.filter(|(first, _)| *first <= after + 1) else { return Ok(None) };
        let found = query(
            "SELECT first_seq, last_seq, body FROM event_pages WHERE session_id = $1 AND first_seq BETWEEN $2 AND $3 ORDER BY first_seq",
        )
        .bind(session.as_str())
        .bind(first)
        .bind(last)
        .fetch_all(conn)
        .await?;
        let page = |row: &Row| Ok(Arc::new(Page { session: session.clone(), first: row.get(0)?, last: row.get(1)?, body: row.get(2)? }));
        let pages = found.iter().map(page).collect::<Done<Vec<_>>>()?;
        if follow(&pages, after) {
            return Ok(Some(pages));
        }
    }
    Ok(None)
}

/// Whether the pages hold the events after a number without a hole. They do not if they were merged or archived since they were chosen.
fn follow(pages: &[Arc<Page>], after: i64) -> bool {
    let next_to = |pair: &[Arc<Page>]| pair[0].last + 1 == pair[1].first;
    pages.first().is_some_and(|page| page.first <= after + 1 && page.last > after) && pages.windows(2).all(next_to)
}

/// The first and the last page of a read, chosen by their sizes before any body is touched.
async fn extent(conn: &mut Conn, session: &SessionId, after: i64) -> Done<Option<(i64, i64)>> {
    let found = query(
        "SELECT first_seq, last_seq, bytes FROM event_pages WHERE session_id = $1 AND first_seq >= \
         COALESCE((SELECT MAX(first_seq) FROM event_pages WHERE session_id = $1 AND first_seq <= $2), 0) ORDER BY first_seq LIMIT $3",
    )
    .bind(session.as_str())
    .bind(after + 1)
    .bind(PAGES_MAX)
    .fetch_all(conn)
    .await?;
    let (mut extent, mut bytes) = (None, 0);
    for row in &found {
        let (first, last): (i64, i64) = (row.get(0)?, row.get(1)?);
        if last <= after {
            continue;
        }
        bytes += row.get::<i64>(2)?;
        match &mut extent {
            None => extent = Some((first, first)),
            Some(_) if bytes > READ_BYTES_MAX => break,
            Some((_, until)) => *until = first,
        }
    }
    Ok(extent)
}

/// Calls `each` with the number and text of every line after a number.
pub fn lines(page: &Page, after: i64) -> impl Iterator<Item = (i64, &str)> {
    (page.first..).zip(page.body.split('\n')).filter(move |(seq, _)| *seq > after)
}

/// Writes a line with its number: `{"seq":12,…`.
pub fn number(seq: i64, line: &str, to: &mut String) {
    write!(to, "{{\"seq\":{seq},").expect("writing to a string cannot fail");
    to.push_str(&line[1..]);
}

/// A page of a session's events for `GET /sessions/{id}/events`.
pub async fn page(hub: &Hub, caller: &Caller, session: &SessionId, after: i64, limit: i64) -> Done<EventPage> {
    let last_seq = session::get(hub, caller, session).await?.last_seq;
    let mut items = Vec::new();
    let mut at = after;
    while (items.len() as i64) < limit && at < last_seq {
        let pages = self::after(hub, session, at).await?;
        if pages.is_empty() {
            break;
        }
        for page in pages {
            for (seq, line) in lines(&page, at).take((limit - items.len() as i64).max(0) as usize) {
                let mut text = String::with_capacity(line.len() + 16);
                number(seq, line, &mut text);
                items.push(serde_json::from_str(&text).map_err(Fault::internal)?);
                at = seq;
            }
        }
    }
    let next_cursor = (at < last_seq && !items.is_empty()).then(|| at.to_string());
    Ok(EventPage { items, next_cursor, last_seq })
}

//! The merge itself: sessions that are read backwards side by side, and those that wait until it is their turn.

use super::Scope;
use super::cursor::Cursor;
use crate::column;
use crate::db::{Column, Conn, Row, Table, query};
use crate::event::{self, lines};
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use fugue_domain::caller::Caller;
use fugue_domain::id::{OrgId, SessionId};
use fugue_domain::limits::EVENTS_SESSIONS_MAX;
use fugue_domain::problem::Kind;
use fugue_domain::time::Time;
use fugue_domain::world::Millis;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Events of one session that are read at once.
const AT_ONCE: i64 = 48;
/// Sessions that are looked up, of the open and of the closed ones.
const SESSIONS_MAX: i64 = 2 * EVENTS_SESSIONS_MAX as i64;

/// One event, as it is stored.
#[derive(Debug)]
pub struct Line {
    pub session: SessionId,
    pub title: String,
    pub seq: i64,
    pub at: Millis,
    pub text: String,
}

/// A session that has not been begun.
struct Waiting {
    session: SessionId,
    title: String,
    last: i64,
    /// When something happened in it last.
    active: Millis,
}

/// A session that is read backwards.
struct Reader {
    session: SessionId,
    title: String,
    /// Its events up to this one have not been read.
    until: i64,
    /// What was read, the newest last.
    read: Vec<(i64, Millis, String)>,
    /// The oldest event that was taken; one more than there are before the first.
    taken: i64,
}

/// The histories of an org's sessions as one.
pub struct Merge {
    readers: Vec<Reader>,
    /// The next one last.
    waiting: Vec<Waiting>,
    /// There may be more sessions than were looked up.
    more: bool,
    at: Millis,
}

impl Merge {
    /// Begins with the newest event, or after those that a cursor has behind it.
    pub async fn begin(hub: &Hub, caller: &Caller, scope: &Scope, cursor: Option<Cursor>) -> Done<Self> {
        let Cursor { at, read } = cursor.unwrap_or_else(|| Cursor { at: Millis::MAX, read: BTreeMap::new() });
        let mut conn = hub.db.read().await?;
        let (mut waiting, more) = sessions(&mut conn, caller, scope, at).await?;
        waiting.retain(|waiting| !read.contains_key(&waiting.session));
        waiting.sort_by(|one, other| (one.active, &one.session).cmp(&(other.active, &other.session)));
        let readers = begun(&mut conn, caller, &read).await?;
        Ok(Self { readers, waiting, more, at })
    }

    /// The next older event.
    pub async fn next(&mut self, hub: &Hub) -> Done<Option<Line>> {
        loop {
            for reader in self.readers.iter_mut().filter(|reader| reader.read.is_empty()) {
                reader.fill(hub).await?;
            }
            self.readers.retain(|reader| !reader.read.is_empty());
            let newest = self.readers.iter().filter_map(Reader::newest).max();
            let room = self.readers.len() < EVENTS_SESSIONS_MAX;
            match self.waiting.pop_if(|next| room && newest.is_none_or(|at| next.active >= at)) {
                Some(next) => self.readers.push(Reader::new(next.session, next.title, next.last + 1)),
                None => {
                    let reader = self.readers.iter_mut().find(|reader| reader.newest() == newest);
                    let line = reader.and_then(Reader::take);
                    self.at = line.as_ref().map_or(self.at, |line| self.at.min(line.at));
                    return Ok(line);
                }
            }
        }
    }

    /// Where the next page begins.
    pub fn cursor(&self) -> String {
        // Who waits although it was due, because there was no room, must be looked up again.
        let at = self.waiting.last().map_or(self.at, |next| self.at.max(next.active + 1));
        let read = self.readers.iter().map(|reader| (reader.session.clone(), reader.taken)).collect();
        Cursor { at, read }.to_string()
    }

    /// Where it begins when this one has come to its end; nowhere when all sessions were looked up.
    pub fn rest(&self) -> Option<String> {
        self.more.then(|| self.cursor())
    }
}

impl Reader {
    fn new(session: SessionId, title: String, taken: i64) -> Self {
        Self { session, title, until: taken - 1, read: Vec::new(), taken }
    }

    /// When the event happened that comes next.
    fn newest(&self) -> Option<Millis> {
        self.read.last().map(|(_, at, _)| *at)
    }

    /// Reads the events before those that were read.
    async fn fill(&mut self, hub: &Hub) -> Done<()> {
        let begin = (self.until - AT_ONCE).max(0);
        let mut at = begin;
        while at < self.until {
            let pages = match event::after(hub, &self.session, at).await {
                Ok(pages) => pages,
                // It expired meanwhile: there is nothing left to show.
                Err(fault) if fault.problem().kind == Kind::HistoryExpired => break,
                Err(fault) => return Err(fault),
            };
            let Some(last) = pages.last().map(|page| page.last) else { break };
            for page in &pages {
                for (seq, line) in lines(page, at).take_while(|(seq, _)| *seq <= self.until) {
                    self.read.push((seq, moment(line)?, line.to_owned()));
                }
                at = at.max(page.last.min(self.until));
            }
            at = at.max(last.min(self.until));
        }
        self.until = if self.read.is_empty() { 0 } else { begin };
        Ok(())
    }

    fn take(&mut self) -> Option<Line> {
        let (seq, at, text) = self.read.pop()?;
        self.taken = seq;
        Some(Line { session: self.session.clone(), title: self.title.clone(), seq, at, text })
    }
}

/// When an event happened.
fn moment(line: &str) -> Done<Millis> {
    #[derive(Deserialize)]
    struct Head {
        at: Time,
    }
    serde_json::from_str::<Head>(line).map(|head| head.at.0).map_err(Fault::internal)
}

/// The sessions whose events may come next, and whether there may be more than these. Those that are not older than `before` have been read to
/// their beginning, or were opened since.
async fn sessions(conn: &mut Conn, caller: &Caller, scope: &Scope, before: Millis) -> Done<(Vec<Waiting>, bool)> {
    const OPEN: &str = "SELECT id, title, last_seq, updated_at FROM sessions WHERE org_id = $1 AND closed_at IS NULL \
         AND ($2 IS NULL OR id = $2) AND ($3 IS NULL OR project_id = $3) AND created_at < $4 ORDER BY updated_at DESC LIMIT $5";
    const CLOSED: &str = "SELECT id, title, last_seq, COALESCE(released_at, closed_at) FROM sessions WHERE org_id = $1 AND closed_at IS NOT NULL \
         AND history <> 'expired' AND ($2 IS NULL OR id = $2) AND ($3 IS NULL OR project_id = $3) AND created_at < $4 \
         ORDER BY closed_at DESC LIMIT $5";
    let (mut found, mut more) = (Vec::new(), false);
    for sql in [OPEN, CLOSED] {
        let rows = query(sql)
            .bind(caller.org.as_str())
            .bind(scope.session.as_ref().map(SessionId::as_str))
            .bind(scope.project.as_ref().map(|project| project.as_str()))
            .bind(before)
            .bind(SESSIONS_MAX)
            .fetch_all(conn)
            .await?;
        more |= rows.len() as i64 == SESSIONS_MAX;
        let waiting = |row: &Row| Ok(Waiting { session: column::id(row, 0)?, title: row.get(1)?, last: row.get(2)?, active: row.get(3)? });
        found.extend(rows.iter().map(waiting).collect::<Done<Vec<_>>>()?);
    }
    Ok((found, more))
}

/// The sessions of a cursor, which is no right to read them: only those of the caller's org.
async fn begun(conn: &mut Conn, caller: &Caller, read: &BTreeMap<SessionId, i64>) -> Done<Vec<Reader>> {
    if read.is_empty() {
        return Ok(Vec::new());
    }
    let text =
        |rows: &str| format!("SELECT s.id, s.org_id, s.title, s.last_seq FROM (VALUES {rows}) AS v JOIN sessions s ON s.id = v.column1");
    let rows = read.keys().fold(Table::new(&[Column::Text]), |rows, session| rows.bind(session.as_str()));
    let mut readers = Vec::new();
    for row in rows.fetch_all(conn, text).await? {
        let (session, org): (SessionId, OrgId) = (column::id(&row, 0)?, column::id(&row, 1)?);
        let taken = read.get(&session).filter(|_| org == caller.org);
        if let Some(taken) = taken {
            let last: i64 = row.get(3)?;
            readers.push(Reader::new(session, row.get(2)?, (*taken).min(last + 1)));
        }
    }
    Ok(readers)
}

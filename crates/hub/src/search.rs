//! Search: sessions, tasks and plans that have the words somebody types. It looks through the newest of each, so it takes as long in an old
//! install as in a young one.

use crate::column;
use crate::db::{Conn, Row, composed};
use crate::fault::Done;
use crate::hub::Hub;
use crate::page::containing;
use fugue_domain::api::{Found, FoundKind};
use fugue_domain::caller::Caller;
use fugue_domain::limits::{FOUND_MAX, SEARCH_WORDS_MAX, SEARCHED_MAX, TITLE_CHARS_MAX};
use fugue_domain::page::Page;
use fugue_domain::problem::Problem;
use fugue_domain::time::Time;

pub mod routes;

/// One kind of thing: its columns as [`view`] reads them, in which text the words are looked for, and where the newest rows come from.
struct Source {
    kind: FoundKind,
    columns: &'static str,
    text: &'static str,
    table: &'static str,
}

const SOURCES: &[Source] = &[
    Source {
        kind: FoundKind::Session,
        columns: "o.id, o.title, CASE WHEN o.closed_at IS NULL THEN 'open' ELSE 'closed' END, o.project_id, COALESCE(o.branch, o.agent), o.updated_at",
        text: "o.title || ' ' || COALESCE(o.branch, '') || ' ' || o.agent || ' ' || o.id",
        table: "sessions",
    },
    Source {
        kind: FoundKind::Task,
        columns: "o.id, o.title, o.state, o.project_id, o.agent, o.updated_at",
        text: "o.title || ' ' || o.description || ' ' || o.acceptance || ' ' || o.labels || ' ' || o.id",
        table: "tasks",
    },
    Source {
        kind: FoundKind::Plan,
        columns: "o.id, o.goal, o.state, o.project_id, CAST(NULL AS TEXT), COALESCE(o.decided_at, o.created_at)",
        text: "o.goal || ' ' || COALESCE(o.summary, '') || ' ' || o.id",
        table: "plans",
    },
];

/// What has all the words, of each kind the newest.
pub async fn find(hub: &Hub, caller: &Caller, words: &str) -> Done<Page<Found>> {
    let words: Vec<String> = words.split_whitespace().take(SEARCH_WORDS_MAX).map(containing).collect();
    if words.is_empty() {
        return Err(Problem::invalid("q", format!("give words, up to {TITLE_CHARS_MAX} characters")).into());
    }
    let mut conn = hub.db.read().await?;
    let mut items = Vec::new();
    for source in SOURCES {
        items.extend(of_kind(&mut conn, caller, source, &words).await?);
    }
    Ok(Page { items, next_cursor: None })
}

async fn of_kind(conn: &mut Conn, caller: &Caller, source: &Source, words: &[String]) -> Done<Vec<Found>> {
    let Source { columns, text, table, .. } = source;
    let conditions: Vec<String> = (0..words.len()).map(|n| format!("LOWER({text}) LIKE ${} ESCAPE '\\'", n + 4)).collect();
    let sql = format!(
        "SELECT {columns} FROM (SELECT * FROM {table} WHERE org_id = $1 ORDER BY id DESC LIMIT $2) o WHERE {} ORDER BY o.id DESC LIMIT $3",
        conditions.join(" AND ")
    );
    let asked = composed(sql).bind(caller.org.as_str()).bind(SEARCHED_MAX).bind(FOUND_MAX);
    let found = words.iter().fold(asked, |asked, word| asked.bind(word)).fetch_all(conn).await?;
    found.iter().map(|row| view(source.kind, row)).collect()
}

fn view(kind: FoundKind, row: &Row) -> Done<Found> {
    let title: String = row.get(1)?;
    Ok(Found {
        kind,
        id: row.get(0)?,
        // A goal has as many lines as a person likes.
        title: title.lines().next().unwrap_or_default().chars().take(TITLE_CHARS_MAX).collect(),
        state: row.get(2)?,
        project: column::id(row, 3)?,
        detail: row.get(4)?,
        updated_at: Time(row.get(5)?),
    })
}

//! The story of a task: what happened, one after the other, with what there is to see of it.
//!
//! Invariant: bounded. The outputs of commands are cut until an entry fits, and of a long story the oldest entries go.

use crate::column;
use crate::db::{Conn, Row, Tx, query};
use crate::fault::{Done, Fault};
use fugue_domain::api::{Entry, Evidence, Shown, Verdict};
use fugue_domain::check::Ran;
use fugue_domain::id::{TaskId, TokenId};
use fugue_domain::limits::{TASK_EVIDENCE_BYTES_MAX, TASK_STORY_MAX};
use fugue_domain::saying::Saying;
use fugue_domain::time::Time;

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Told {
    /// What.
    pub saying: Saying,
    /// By whom, if a person did it.
    pub by: Option<TokenId>,
    /// What there is to see.
    pub shown: Option<Shown>,
}

impl Told {
    /// Something that happened by itself.
    pub fn of(saying: Saying) -> Self {
        Self { saying, by: None, shown: None }
    }

    /// With something to see.
    pub fn showing(self, shown: Shown) -> Self {
        Self { shown: Some(shown), ..self }
    }
}

/// Adds an entry.
pub async fn add(tx: &mut Tx<'_>, task: &TaskId, state: &str, told: Told) -> Done<()> {
    let row =
        query("SELECT COALESCE(MAX(n), 0), COUNT(*) FROM task_stories WHERE task_id = $1").bind(task.as_str()).fetch_one(tx.conn).await?;
    let (last, count): (i64, i64) = (row.get(0)?, row.get(1)?);
    if count >= TASK_STORY_MAX {
        query("DELETE FROM task_stories WHERE task_id = $1 AND n = (SELECT MIN(n) FROM task_stories WHERE task_id = $1)")
            .bind(task.as_str())
            .execute(tx.conn)
            .await?;
    }
    let (kind, shown) = match told.shown {
        Some(shown) => {
            let text = fitting(shown)?;
            let kind = serde_json::from_str::<serde_json::Value>(&text).map_err(Fault::internal)?["kind"].as_str().map(str::to_owned);
            (kind, Some(text))
        }
        None => (None, None),
    };
    query("INSERT INTO task_stories (task_id, n, at, state, token_id, kind, words, shown, saying) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(task.as_str())
        .bind(last + 1)
        .bind(tx.now)
        .bind(state)
        .bind(told.by.as_ref().map(TokenId::as_str))
        .bind(kind)
        .bind(told.saying.to_string())
        .bind(shown)
        .bind(told.saying.stored())
        .execute(tx.conn)
        .await?;
    Ok(())
}

/// As JSON that is not too long: the beginnings of outputs go first.
fn fitting(mut shown: Shown) -> Done<String> {
    let mut most = usize::MAX;
    loop {
        let text = serde_json::to_string(&shown).map_err(Fault::internal)?;
        if text.len() <= TASK_EVIDENCE_BYTES_MAX || most == 0 {
            return Ok(text);
        }
        most = if most == usize::MAX { 8 * 1024 } else { most / 2 };
        match &mut shown {
            Shown::Prepared { ran, .. } | Shown::TornDown { ran, .. } | Shown::RedMerge { ran, .. } => {
                ran.iter_mut().for_each(|ran| shorten(ran, most))
            }
            Shown::Checked { ran, change, .. } => {
                ran.iter_mut().for_each(|ran| shorten(ran, most));
                change.files.truncate(most / 16);
                change.commits.truncate(most / 16);
            }
            Shown::Landed { ran, commits, .. } => {
                ran.iter_mut().for_each(|ran| shorten(ran, most));
                commits.truncate(most / 16);
            }
            Shown::Conflict { files, detail, .. } => {
                files.truncate(most / 16);
                detail.truncate(detail.floor_char_boundary(most));
            }
            Shown::Turn { .. } | Shown::Judged { .. } => return Ok(text),
        }
    }
}

fn shorten(ran: &mut Ran, most: usize) {
    if ran.tail.len() > most {
        ran.tail = ran.tail[ran.tail.ceil_char_boundary(ran.tail.len() - most)..].to_owned();
    }
}

/// The whole story, oldest first.
pub async fn read(conn: &mut Conn, task: &TaskId) -> Done<Vec<Entry>> {
    let found = query(
        "SELECT e.n, e.at, e.state, e.words, COALESCE(u.name, k.name), e.shown, e.saying FROM task_stories e LEFT JOIN tokens k ON k.id = e.token_id \
         LEFT JOIN users u ON u.id = k.user_id WHERE e.task_id = $1 ORDER BY e.n",
    )
    .bind(task.as_str())
    .fetch_all(conn)
    .await?;
    let entry = |row: &Row| {
        Ok(Entry {
            n: row.get(0)?,
            at: Time(row.get(1)?),
            state: row.get(2)?,
            words: row.get(3)?,
            saying: Saying::parsed(row.get::<Option<String>>(6)?.as_deref()),
            by: row.get(4)?,
            shown: column::maybe_json(row, 5)?,
        })
    };
    found.iter().map(entry).collect()
}

/// The last thing of a kind that there is to see.
pub async fn last(conn: &mut Conn, task: &TaskId, kind: &str) -> Done<Option<Shown>> {
    let row = query("SELECT shown FROM task_stories WHERE task_id = $1 AND kind = $2 ORDER BY n DESC LIMIT 1")
        .bind(task.as_str())
        .bind(kind)
        .fetch_optional(conn)
        .await?;
    row.map(|row| column::json(row.text(0)?)).transpose()
}

/// The last proof that a story tells of, for a task with this commit.
pub fn evidence(story: &[Entry], head: Option<&str>) -> Evidence {
    let mut evidence = Evidence::default();
    for entry in story {
        match &entry.shown {
            Some(Shown::Checked { change, ran, job, .. }) => {
                (evidence.change, evidence.ran, evidence.job) = (Some(change.clone()), ran.clone(), job.clone());
                (evidence.merge_ran, evidence.merge_job) = (Vec::new(), None);
            }
            Some(Shown::RedMerge { ran, job, .. }) => (evidence.merge_ran, evidence.merge_job) = (ran.clone(), job.clone()),
            Some(Shown::Landed { ran, commits, job, .. }) => {
                (evidence.merge_ran, evidence.merge_job) = (ran.clone(), job.clone());
                evidence.landed.clone_from(commits);
            }
            Some(Shown::Judged { head: judged, approved, by, words, run }) => evidence.verdicts.push(Verdict {
                head: judged.clone(),
                approved: *approved,
                by: by.clone(),
                words: words.clone(),
                run: run.clone(),
                at: entry.at,
                stale: head != Some(judged.as_str()),
            }),
            Some(Shown::TornDown { ran, .. }) => evidence.torn_down.clone_from(ran),
            Some(Shown::Prepared { .. } | Shown::Turn { .. } | Shown::Conflict { .. }) | None => {}
        }
    }
    evidence
}

#[cfg(test)]
mod tests {
    use super::*;
    use fugue_domain::check::Exit;

    #[test]
    fn evidence_fits_whatever_was_printed() {
        let ran = |n: usize| Ran {
            name: n.to_string(),
            command: "x".into(),
            required: true,
            exit: Exit::Code(1),
            ms: 1,
            tail: "語\u{1}".repeat(5_000),
            bytes: 20_000,
        };
        let shown = Shown::RedMerge { onto: "c".into(), ran: (0..200).map(ran).collect(), job: None };
        let text = fitting(shown).unwrap();
        assert!(text.len() <= TASK_EVIDENCE_BYTES_MAX && text.contains("語"), "{}", text.len());
        let small = Shown::RedMerge { onto: "c".into(), ran: vec![ran(1)], job: None };
        assert_eq!(fitting(small.clone()).unwrap(), serde_json::to_string(&small).unwrap(), "what fits is left alone");
    }
}

//! What an agent said last in a turn: its answer.

use crate::db::{Tx, query};
use crate::fault::Done;
use fugue_domain::id::{SessionId, TurnId};
use fugue_domain::limits::RUN_SEARCH_BYTES_MAX;
use serde::Deserialize;
use std::borrow::Cow;

/// What a line of a session's history says about a turn.
#[derive(Debug, PartialEq)]
enum Found {
    /// Its agent said this.
    Text(String),
    /// Its agent begins here; what comes before belongs to another attempt.
    Beginning,
    /// Nothing of interest.
    Other,
}

/// The last text of a turn's last attempt, which is about to end. Events of the same transaction are still on their way to the disk.
pub async fn last_words(tx: &mut Tx<'_>, session: &SessionId, turn: &TurnId) -> Done<Option<String>> {
    if let Some(found) = search(tx.events.lines(session), turn) {
        return Ok(found);
    }
    let (mut before, mut searched) = (i64::MAX, 0);
    while searched < RUN_SEARCH_BYTES_MAX {
        let sql = "SELECT first_seq, body FROM event_pages WHERE session_id = $1 AND first_seq < $2 ORDER BY first_seq DESC LIMIT 1";
        let page = query(sql).bind(session.as_str()).bind(before).fetch_optional(tx.conn).await?;
        let Some(page) = page else { break };
        let body: String = page.get(1)?;
        if let Some(found) = search(&body, turn) {
            return Ok(found);
        }
        (before, searched) = (page.get(0)?, searched + body.len());
    }
    Ok(None)
}

/// Whether a rule of ours forbade the agent something in this turn.
pub async fn was_denied(tx: &mut Tx<'_>, session: &SessionId, turn: &TurnId) -> Done<bool> {
    #[derive(Deserialize)]
    struct Line<'a> {
        #[serde(borrow)]
        turn: Option<Cow<'a, str>>,
        #[serde(borrow)]
        verdict: Option<Cow<'a, str>>,
    }
    let denied = |lines: &str| {
        lines.lines().filter(|line| line.contains("tool.judged")).any(|line| {
            let line = serde_json::from_str::<Line<'_>>(line);
            line.is_ok_and(|line| line.turn.as_deref() == Some(turn.as_str()) && line.verdict.as_deref() == Some("deny"))
        })
    };
    if denied(tx.events.lines(session)) {
        return Ok(true);
    }
    let (mut before, mut searched) = (i64::MAX, 0);
    while searched < RUN_SEARCH_BYTES_MAX {
        let sql = "SELECT first_seq, body FROM event_pages WHERE session_id = $1 AND first_seq < $2 ORDER BY first_seq DESC LIMIT 1";
        let page = query(sql).bind(session.as_str()).bind(before).fetch_optional(tx.conn).await?;
        let Some(page) = page else { break };
        if denied(page.text(1)?) {
            return Ok(true);
        }
        (before, searched) = (page.get(0)?, searched + page.text(1)?.len());
    }
    Ok(false)
}

/// Searches lines from the last to the first. `None` means that what comes before must be searched too.
fn search(lines: &str, turn: &TurnId) -> Option<Option<String>> {
    lines.rsplit('\n').find_map(|line| match look(line, turn) {
        Found::Text(text) => Some(Some(text)),
        Found::Beginning => Some(None),
        Found::Other => None,
    })
}

fn look(line: &str, turn: &TurnId) -> Found {
    #[derive(Deserialize)]
    struct Line<'a> {
        #[serde(rename = "type", borrow)]
        kind: Cow<'a, str>,
        #[serde(borrow)]
        turn: Option<Cow<'a, str>>,
        #[serde(borrow)]
        text: Option<Cow<'a, str>>,
    }
    // Most lines are of another kind, and reading them whole is what takes the time.
    if !line.contains("agent.text") && !line.contains("turn.started") {
        return Found::Other;
    }
    match serde_json::from_str::<Line<'_>>(line) {
        Ok(line) if line.turn.as_deref() != Some(turn.as_str()) => Found::Other,
        Ok(Line { kind, text: Some(text), .. }) if kind == "agent.text" => Found::Text(text.into_owned()),
        Ok(line) if line.kind == "turn.started" => Found::Beginning,
        _ => Found::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_text_of_the_last_attempt_is_found() {
        let (turn, other) = (TurnId::from_bits(1), TurnId::from_bits(2));
        let line = |turn: &TurnId, kind: &str, text: &str| {
            serde_json::json!({"at": "2026-11-21T00:00:00Z", "turn": turn, "type": kind, "text": text}).to_string()
        };
        let lines = [
            line(&turn, "agent.text", "lost"),
            line(&turn, "turn.started", ""),
            line(&turn, "agent.text", "first"),
            line(&turn, "agent.text", "last \"agent.text\""),
            line(&turn, "tool.called", "agent.text"),
            line(&other, "agent.text", "another's"),
        ];
        let search = |count: usize| search(&lines[..count].join("\n"), &turn);
        assert_eq!(search(6), Some(Some("last \"agent.text\"".to_owned())));
        assert_eq!(search(3), Some(Some("first".to_owned())));
        assert_eq!(search(2), Some(None), "what a lost attempt said is no answer");
        assert_eq!(search(0), None);
    }
}

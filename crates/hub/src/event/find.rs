//! Looking through one session's history: for words, for what went wrong, for questions. Oldest first, so many bytes for each request.
//!
//! Invariant: every event up to the cursor was looked at. Words are looked for in what an event says, never in its ids and times.

use super::{after, lines};
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use crate::session;
use fugue_domain::api::{EventHit, EventHits};
use fugue_domain::caller::Caller;
use fugue_domain::event::{Event, Level, Stamped};
use fugue_domain::id::SessionId;
use fugue_domain::limits::{FIND_BYTES_MAX, FIND_CHARS_MAX, FIND_EXCERPT_CHARS};
use fugue_domain::problem::Problem;
use fugue_domain::time::Time;
use fugue_domain::turn::Outcome;
use serde_json::Value;

/// Fields that name things and say nothing.
const NAMES: &[&str] = &["at", "type", "turn", "call", "message", "approval", "hash", "node"];
/// Characters of an excerpt before the words.
const BEFORE_CHARS: usize = 40;

/// What is wanted besides words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// What went wrong: failed calls and turns, errors that the agent's program tells.
    Errors,
    /// Questions to people.
    Questions,
}

impl What {
    /// Every word, as it is asked for.
    pub const WORDS: &'static [&'static str] = &["errors", "questions"];

    /// Reads a word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Errors, Self::Questions].into_iter().zip(Self::WORDS).find(|(_, known)| **known == word).map(|(what, _)| what)
    }

    fn fits(self, event: &Event) -> bool {
        match (self, event) {
            (Self::Errors, Event::ToolEnded { ok, .. }) => !ok,
            (Self::Errors, Event::TurnEnded { outcome, .. }) => matches!(outcome, Outcome::Failed | Outcome::Interrupted),
            (Self::Errors, Event::AgentNotice { level, .. }) => *level == Level::Error,
            (Self::Questions, Event::ApprovalAsked { .. }) => true,
            _ => false,
        }
    }

    /// What a line must hold to be worth reading; a later look decides.
    fn marks(self) -> &'static [&'static str] {
        match self {
            Self::Errors => &["\"tool.ended\"", "\"turn.ended\"", "\"agent.notice\""],
            Self::Questions => &["\"approval.asked\""],
        }
    }
}

/// What somebody asks for.
pub struct Looking {
    /// These words.
    pub words: Option<String>,
    /// Events of this kind.
    pub what: Option<What>,
    /// After this number.
    pub after: i64,
    /// So many.
    pub limit: i64,
}

/// What is looked for.
struct Wanted {
    words: Option<String>,
    what: Option<What>,
}

impl Wanted {
    /// Words, a kind of event, or both.
    fn new(words: Option<&str>, what: Option<What>) -> Done<Self> {
        let words = words.map(str::trim).filter(|words| !words.is_empty()).map(str::to_lowercase);
        if words.as_ref().is_some_and(|words| words.chars().count() > FIND_CHARS_MAX) {
            return Err(Problem::invalid("q", format!("give at most {FIND_CHARS_MAX} characters")).into());
        }
        if words.is_none() && what.is_none() {
            return Err(Problem::invalid("q", format!("give words, or one of {} as `what`", What::WORDS.join(", "))).into());
        }
        Ok(Self { words, what })
    }

    /// The event of a line, if it fits.
    fn hit(&self, seq: i64, line: &str) -> Option<EventHit> {
        if !self.may_fit(line) {
            return None;
        }
        let event: Value = serde_json::from_str(line).ok()?;
        if let Some(what) = self.what {
            let stamped: Stamped = serde_json::from_str(line).ok()?;
            Some(()).filter(|()| what.fits(&stamped.event))?;
        }
        let excerpt = match &self.words {
            Some(words) => says(&event, &|text| around(text, words))?,
            None => says(&event, &|text| around(text, "")).unwrap_or_default(),
        };
        let at = event["at"].as_str().and_then(Time::parse)?;
        Some(EventHit { seq, at, kind: event["type"].as_str()?.to_owned(), excerpt })
    }

    /// Whether it is worth reading a line. Letters are written as themselves in JSON, unless somebody took the trouble of `\u`.
    fn may_fit(&self, line: &str) -> bool {
        let kind = self.what.is_none_or(|what| what.marks().iter().any(|mark| line.contains(mark)));
        let plain = |words: &String| !words.contains(|letter: char| letter.is_control() || matches!(letter, '"' | '\\' | '/'));
        let letters = |words: &String| !plain(words) || line.contains("\\u") || line.to_lowercase().contains(words.as_str());
        kind && self.words.as_ref().is_none_or(letters)
    }
}

/// The first text of an event of which something can be made.
fn says(value: &Value, make: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    match value {
        Value::String(text) => make(text),
        Value::Array(items) => items.iter().find_map(|item| says(item, make)),
        Value::Object(fields) => fields.iter().filter(|(name, _)| !NAMES.contains(&name.as_str())).find_map(|(_, value)| says(value, make)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// A piece of a text in one line, with the words in it, which are in small letters.
fn around(text: &str, words: &str) -> Option<String> {
    let at = if text.is_ascii() { lower_ascii(text, words)? } else { lower(text, words)? };
    let from = at.saturating_sub(BEFORE_CHARS);
    let piece: String = text.chars().skip(from).take(FIND_EXCERPT_CHARS).collect();
    Some(piece.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn lower_ascii(text: &str, words: &str) -> Option<usize> {
    text.to_ascii_lowercase().find(words)
}

/// The character at which the words begin. A few letters become two as small ones; then it is off by those, which an excerpt bears.
fn lower(text: &str, words: &str) -> Option<usize> {
    let small = text.to_lowercase();
    small.find(words).map(|end| small[..end].chars().count())
}

/// What fits after a number, oldest first. Whether there is such a session is settled before what is asked of it.
pub async fn find(hub: &Hub, caller: &Caller, session: &SessionId, looking: Looking) -> Done<EventHits> {
    let last_seq = session::get(hub, caller, session).await?.last_seq;
    let wanted = Wanted::new(looking.words.as_deref(), looking.what)?;
    let limit = looking.limit;
    let (mut items, mut at, mut looked) = (Vec::new(), looking.after, 0);
    while at < last_seq && looked < FIND_BYTES_MAX && (items.len() as i64) < limit {
        let pages = after(hub, session, at).await?;
        if pages.is_empty() {
            return Err(Fault::internal(format!("the events after {at} of the session {session} are missing")));
        }
        for page in pages {
            for (seq, line) in lines(&page, at) {
                (at, looked) = (seq, looked + line.len());
                items.extend(wanted.hit(seq, line));
                if items.len() as i64 == limit {
                    break;
                }
            }
            if items.len() as i64 == limit {
                break;
            }
        }
    }
    Ok(EventHits { items, next_cursor: (at < last_seq).then(|| at.to_string()), last_seq })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(words: Option<&str>, what: Option<What>, body: &str) -> Option<String> {
        let line = format!(r#"{{"at":"2026-11-21T00:00:00.000Z",{body}}}"#);
        Wanted::new(words, what).unwrap().hit(7, &line).map(|hit| hit.excerpt)
    }

    #[test]
    fn words_are_found_in_what_is_said_and_not_in_names() {
        let text = r#""type":"agent.text","turn":"trn_needle","text":"One\nTwo \"NEEDLE\" three""#;
        assert_eq!(hit(Some(" needle "), None, text).as_deref(), Some("One Two \"NEEDLE\" three"));
        assert_eq!(hit(Some("two \"needle"), None, text).as_deref(), Some("One Two \"NEEDLE\" three"));
        for absent in ["trn_needle", "agent.text", "2026-11"] {
            assert_eq!(hit(Some(absent), None, text), None, "{absent}");
        }
        let call = r#""type":"tool.called","call":"c","tool":"Bash","input":{"command":"ls","deep":[{"x":"認証の needle"}]}"#;
        assert_eq!(hit(Some("認証の"), None, call).as_deref(), Some("認証の needle"));
        assert_eq!(hit(Some("NEEDLE"), None, r#""type":"agent.text","text":"n\u0065edle""#).as_deref(), Some("needle"));
    }

    #[test]
    fn an_excerpt_is_short_and_holds_the_words() {
        let long = format!(r#""type":"output","stream":"stdout","text":"{}日本 needle{}""#, "前".repeat(5_000), "後".repeat(5_000));
        let excerpt = hit(Some("needle"), None, &long).unwrap();
        assert!(excerpt.contains("日本 needle") && excerpt.chars().count() <= FIND_EXCERPT_CHARS, "{excerpt}");
    }

    #[test]
    fn errors_and_questions_are_told_apart() {
        let ended = |ok: bool| format!(r#""type":"tool.ended","call":"c","ok":{ok},"output":"no""#);
        assert_eq!(hit(None, Some(What::Errors), &ended(false)).as_deref(), Some("no"));
        assert_eq!(hit(None, Some(What::Errors), &ended(true)), None);
        assert_eq!(hit(Some("yes"), Some(What::Errors), &ended(false)), None);
        assert_eq!(hit(None, Some(What::Questions), &ended(false)), None);
        let asked = r#""type":"approval.asked","approval":"apr_01m7y3m600fhcr3j0f79x11cse","tool":"Bash","input":"{}","hash":"h""#;
        assert!(hit(None, Some(What::Questions), asked).is_some() && hit(None, Some(What::Errors), asked).is_none());
        assert!(Wanted::new(Some("  "), None).is_err() && Wanted::new(Some(&"x".repeat(FIND_CHARS_MAX + 1)), None).is_err());
    }
}

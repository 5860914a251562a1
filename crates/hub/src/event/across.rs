//! Events of all sessions of an org, the newest first: their histories, merged.
//!
//! Invariant: within a session the order of the numbers holds, and from one page to the next nothing is left out; between sessions the times
//! decide, which come from the clocks of several machines. There is no number across sessions, and none is needed: a cursor says how far
//! each session was read that was begun, and one is begun only when its time has come. What was at work between two pages may come twice,
//! so a reader knows an event by its session and number.

mod cursor;
mod merge;

use crate::fault::Done;
use crate::hub::Hub;
use crate::{project, session};
use cursor::Cursor;
use fugue_domain::api::EventList;
use fugue_domain::caller::Caller;
use fugue_domain::event::{Level, Stamped};
use fugue_domain::id::{ProjectId, SessionId};
use fugue_domain::limits::{EVENTS_LOOKED_MAX, EVENTS_TEXT_CHARS_MAX};
use fugue_domain::problem::Problem;
use fugue_domain::time::Time;
use merge::{Line, Merge};
use serde_json::Value;

/// Fields of an object and items of a list that are shown.
const PARTS_MAX: usize = 24;
/// How deep objects in objects are shown.
const DEPTH_MAX: usize = 4;

/// Which events are wanted.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Only those of this session.
    pub session: Option<SessionId>,
    /// Only those of this project, by id or name.
    pub project: Option<String>,
    /// Only those whose type is this, or begins with it and a dot.
    pub kind: Option<String>,
    /// Only those that are as serious, or more.
    pub level: Option<Level>,
}

/// Whose events are merged.
#[derive(Debug, Clone, Default)]
struct Scope {
    session: Option<SessionId>,
    project: Option<ProjectId>,
}

/// A page of the org's events. It may hold fewer than are wanted: what a request looks through is bounded.
pub async fn list(hub: &Hub, caller: &Caller, filter: EventFilter, limit: i64, cursor: Option<String>) -> Done<EventList> {
    let cursor = cursor.map(|text| text.parse::<Cursor>()).transpose();
    let cursor = cursor.map_err(|_| Problem::invalid("cursor", "give the next_cursor of the page before"))?;
    let scope = scope(hub, caller, &filter).await?;
    let mut merge = Merge::begin(hub, caller, &scope, cursor).await?;
    let (mut items, mut looked, mut at) = (Vec::new(), 0, None);
    while (items.len() as i64) < limit && looked < EVENTS_LOOKED_MAX {
        let Some(line) = merge.next(hub).await? else {
            return Ok(EventList { items, next_cursor: merge.rest(), looked_back_to: at });
        };
        looked += 1;
        at = Some(Time(line.at));
        items.extend(view(&filter, &line));
    }
    Ok(EventList { items, next_cursor: Some(merge.cursor()), looked_back_to: at })
}

async fn scope(hub: &Hub, caller: &Caller, filter: &EventFilter) -> Done<Scope> {
    let mut scope = Scope::default();
    if let Some(id) = &filter.session {
        scope.session = Some(session::get(hub, caller, id).await?.id);
    }
    if let Some(name) = &filter.project {
        let mut conn = hub.db.read().await?;
        scope.project = Some(project::find(&mut conn, &caller.org, name).await?.id);
    }
    Ok(scope)
}

/// A line as it is shown, if it is wanted.
fn view(filter: &EventFilter, line: &Line) -> Option<Value> {
    let mut event: Value = serde_json::from_str(&line.text).ok()?;
    let kind = event["type"].as_str().unwrap_or_default();
    let of_kind = |wanted: &String| kind.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    if !filter.kind.as_ref().is_none_or(of_kind) {
        return None;
    }
    // What a later version wrote says nothing about itself here.
    let level = serde_json::from_str::<Stamped>(&line.text).map_or(Level::Info, |stamped| stamped.event.level());
    if filter.level.is_some_and(|wanted| level < wanted) {
        return None;
    }
    let was_cut = shorten(&mut event, DEPTH_MAX);
    let fields = event.as_object_mut()?;
    fields.insert("session".into(), Value::from(line.session.as_str()));
    fields.insert("session_title".into(), Value::from(line.title.as_str()));
    fields.insert("seq".into(), line.seq.into());
    fields.insert("level".into(), crate::column::stored(&level).into());
    if was_cut {
        fields.insert("cut".into(), true.into());
    }
    Some(event)
}

/// Cuts long texts and large objects; whether there was anything to cut.
fn shorten(value: &mut Value, depth: usize) -> bool {
    match value {
        Value::String(text) => {
            let end = text.char_indices().nth(EVENTS_TEXT_CHARS_MAX).map(|(end, _)| end);
            if let Some(end) = end {
                text.truncate(end);
            }
            end.is_some()
        }
        Value::Array(_) | Value::Object(_) if depth == 0 => {
            *value = Value::Null;
            true
        }
        Value::Array(items) => {
            let more = items.len() > PARTS_MAX;
            items.truncate(PARTS_MAX);
            items.iter_mut().fold(more, |cut, item| shorten(item, depth - 1) || cut)
        }
        Value::Object(fields) => {
            let surplus: Vec<String> = fields.keys().skip(PARTS_MAX).cloned().collect();
            surplus.iter().for_each(|name| drop(fields.remove(name)));
            fields.values_mut().fold(!surplus.is_empty(), |cut, field| shorten(field, depth - 1) || cut)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_long_event_is_cut_and_says_so() {
        let session = SessionId::from_bits(1);
        let line = |body: Value| Line { session: session.clone(), title: "T".into(), seq: 7, at: 0, text: body.to_string() };
        let long = "認".repeat(EVENTS_TEXT_CHARS_MAX + 1);
        let input: serde_json::Map<String, Value> = (0..99).map(|n| (format!("k{n}"), json!(n))).collect();
        let body = json!({"at": "2026-11-21T00:00:00Z", "type": "tool.called", "tool": long, "call": "1", "input": {"a": {"b": {"c": {"d": 1}}}, "m": input}});
        let shown = view(&EventFilter::default(), &line(body)).unwrap();
        assert_eq!((shown["tool"].as_str().unwrap().chars().count(), &shown["cut"]), (EVENTS_TEXT_CHARS_MAX, &json!(true)));
        assert_eq!(shown["input"]["a"]["b"]["c"], Value::Null);
        assert_eq!(shown["input"]["m"].as_object().unwrap().len(), PARTS_MAX);
        let short = view(&EventFilter::default(), &line(json!({"at": "2026-11-21T00:00:00Z", "type": "x.later", "n": [1, 2]}))).unwrap();
        let whole = json!({"at": "2026-11-21T00:00:00Z", "type": "x.later", "n": [1, 2], "session": session, "session_title": "T", "seq": 7, "level": "info"});
        assert_eq!(short, whole);
    }

    #[test]
    fn kinds_and_levels_are_told_apart() {
        let line = |body: &str| Line { session: SessionId::from_bits(1), title: "T".into(), seq: 1, at: 0, text: body.to_owned() };
        let takes = |kind: Option<&str>, level: Option<Level>, body: &str| {
            let filter = EventFilter { kind: kind.map(str::to_owned), level, ..EventFilter::default() };
            view(&filter, &line(body)).is_some()
        };
        let failed = r#"{"at":"2026-11-21T00:00:00Z","type":"tool.ended","call":"1","ok":false,"output":""}"#;
        assert!(takes(Some("tool"), None, failed) && takes(Some("tool.ended"), None, failed));
        assert!(!takes(Some("to"), None, failed) && !takes(Some("turn"), None, failed));
        assert!(takes(None, Some(Level::Warning), failed) && !takes(None, Some(Level::Error), failed));
    }
}

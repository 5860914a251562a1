//! Bounds: what a program printed, cut to what one event may hold.
//!
//! Invariant: nothing is cut silently; a cut text ends with the number of bytes that are missing. Every driver passes what it
//! took from a program through here.

use fugue_domain::event::{Event, Level};
use fugue_domain::limits::LINE_BYTES_MAX;
use fugue_domain::remark::Remark;
use serde_json::Value;

/// Bytes of one text in an event. An eighth of the largest event: control characters grow sixfold when they are written as JSON.
const TEXT_BYTES_MAX: usize = fugue_domain::limits::EVENT_BYTES_MAX / 8;
/// Bytes of a detail or a notice, which a person reads in one glance.
const DETAIL_BYTES_MAX: usize = 4 * 1024;

/// The longest beginning of `text` that has at most `max` bytes and ends between two letters.
pub fn head(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

fn cut(text: &str, max: usize) -> String {
    let kept = head(text, max);
    if kept.len() == text.len() { kept.to_owned() } else { format!("{kept}… [{} bytes more]", text.len() - kept.len()) }
}

/// A text of the agent.
pub fn text(text: &str) -> String {
    cut(text, TEXT_BYTES_MAX)
}

/// A text for a person to read beside the facts.
pub fn detail(text: &str) -> String {
    cut(text.trim(), DETAIL_BYTES_MAX)
}

/// Something that a program sent as JSON: as it is, or its beginning as text when it is too long.
pub fn value(json: &str) -> Value {
    if json.len() <= TEXT_BYTES_MAX
        && let Ok(value) = serde_json::from_str(json)
    {
        return value;
    }
    Value::String(text(json))
}

/// A notice in the words of a program.
pub fn notice(level: Level, text: &str) -> Event {
    Event::AgentNotice { level, text: detail(text), remark: None }
}

/// The gap that a line leaves which was longer than a line may be.
pub fn too_long(bytes: u64) -> Event {
    Event::gap(bytes as usize, Remark::LineTooLong { bytes: LINE_BYTES_MAX as i64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_falls_between_letters_and_says_what_is_missing() {
        assert_eq!(head("añb", 2), "a");
        assert_eq!(cut("añb", 2), "a… [3 bytes more]");
        assert_eq!(cut("añb", 4), "añb");
        assert!(value(&format!("[{}]", "1,".repeat(TEXT_BYTES_MAX))).is_string());
        assert_eq!(value("[1]"), serde_json::json!([1]));
    }
}

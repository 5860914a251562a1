//! An agent as a file: Markdown, with its settings in front and its instructions below.
//!
//! Invariant: what is wrong with a file is said with its line and its key.

use super::{Agent, Driver, NotAnAgent};
use crate::front_matter::{FrontMatter, Wrong};
use crate::limits::AGENT_FILE_BYTES_MAX;
use serde_json::{Value, json};

/// Reads an agent's file. Its name is the file's, without the ending, unless the file says otherwise; its driver is `claude`.
pub fn read(text: &str, name: &str) -> Result<Agent, Wrong> {
    if text.len() > AGENT_FILE_BYTES_MAX {
        let wrong = format!("the file has {} bytes, {AGENT_FILE_BYTES_MAX} are allowed", text.len());
        return Err(Wrong { line: 1, key: String::new(), wrong });
    }
    let front = FrontMatter::parse(text)?;
    let mut fields = front.fields.clone();
    // A setting without a value is one that is not set.
    fields.retain(|_, value| !value.is_null());
    fields.entry("name").or_insert_with(|| json!(name));
    fields.entry("driver").or_insert_with(|| json!(Driver::Claude.word()));
    if !front.body.is_empty() && fields.insert("instructions".to_owned(), json!(front.body)).is_some() {
        return Err(at(&front, "instructions", "they are given twice: here, and as the text below the settings"));
    }
    let known = known();
    if let Some(key) = fields.keys().find(|key| !known.contains(key)) {
        let hint = match key.as_str() {
            "tools" | "disallowedTools" | "permissionMode" => "unknown; say what it may do with `rules:` and allow, ask, deny".to_owned(),
            _ => format!("unknown; known are {}", known.join(", ")),
        };
        return Err(at(&front, key, hint));
    }
    let read: Result<Agent, _> = serde_path_to_error::deserialize(Value::Object(fields));
    let agent = read.map_err(|error| at(&front, &error.path().to_string(), error.inner().to_string()))?;
    agent.check().map_err(|NotAnAgent { field, wrong }| at(&front, field, wrong))?;
    Ok(agent)
}

fn at(front: &FrontMatter, key: &str, wrong: impl Into<String>) -> Wrong {
    Wrong { line: front.line(key), key: key.to_owned(), wrong: wrong.into() }
}

/// The names of all settings.
fn known() -> Vec<String> {
    let whole = serde_json::to_value(Agent::plain("a", Driver::Claude, ""));
    let fields = whole.ok().and_then(|whole| if let Value::Object(fields) = whole { Some(fields) } else { None }).unwrap_or_default();
    fields.into_iter().map(|(name, _)| name).chain(["output".to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::MicroUsd;

    #[test]
    fn a_file_is_an_agent() {
        let text = "---\ndescription: Looks: closely\nbudget_usd: 2.5\nrules:\n  allow: [Bash(npm test)]\noutput: {type: object}\n---\n\nReview with care.\n";
        let agent = read(text, "reviewer").unwrap();
        assert_eq!((agent.name.as_str(), agent.driver), ("reviewer", Driver::Claude));
        assert_eq!(agent.instructions.as_deref(), Some("Review with care."));
        assert_eq!((agent.rules.allow.len(), agent.budget_usd), (1, Some(MicroUsd(2_500_000))));
        assert!(agent.output.is_some());
    }

    #[test]
    fn what_is_wrong_is_said_with_line_and_key() {
        for (settings, expected) in [
            ("a: b", "line 2, `a`: unknown; known are "),
            ("name: x\ntools: Read", "line 3, `tools`: unknown; say what it may do with `rules:`"),
            ("driver: cloud", "line 2, `driver`: unknown variant `cloud`"),
            ("rules:\n  allow: [Ba sh]", "line 3, `rules.allow[0]`: \"Ba sh\" is no rule"),
            ("turn_minutes: soon", "line 2, `turn_minutes`: invalid type"),
            ("turn_minutes: 0", "line 2, `turn_minutes`: give a number above 0"),
            ("name: Big", "line 2, `name`: use 1 to 60 lower-case letters"),
            ("output:\n  type: object\n  pattern: x", "line 2, `output`: /pattern: unknown"),
            ("instructions: a", "line 2, `instructions`: they are given twice"),
        ] {
            let said = read(&format!("---\n{settings}\n---\nbody"), "x").unwrap_err().to_string();
            assert!(said.starts_with(expected), "{settings:?}: {said}");
        }
        assert!(read(&"x".repeat(AGENT_FILE_BYTES_MAX + 1), "x").unwrap_err().to_string().contains("bytes"));
    }
}

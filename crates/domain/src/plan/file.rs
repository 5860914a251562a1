//! Plans as files: a Markdown check list, JSON, or TOML.
//!
//! Whatever is wrong is said with its line and its key.

use super::{Card, NotACard, markdown, sound};
use crate::front_matter::Wrong;
use crate::limits::REPOSITORY_FILE_BYTES_MAX;
use crate::toml_text::TomlText;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The three forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A check list.
    Markdown,
    /// One object, or a list of tasks.
    Json,
    /// `.fugue/plan.toml`.
    Toml,
}

impl Format {
    /// The words for them, which are also the endings of files.
    pub const WORDS: &'static [&'static str] = &["md", "json", "toml"];

    /// The form of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "md" | "markdown" => Some(Self::Markdown),
            "json" => Some(Self::Json),
            "toml" => Some(Self::Toml),
            _ => None,
        }
    }

    /// The form of a text that comes without a name: what it begins with says it.
    pub fn guess(text: &str) -> Self {
        let item = |line: &str| line.starts_with("- [") || line.starts_with("* [") || line.starts_with("# ");
        match text.trim_start().chars().next() {
            Some('{') => Self::Json,
            // A list of JSON, unless it is the heading of a TOML table.
            Some('[') if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() => Self::Json,
            _ if text.lines().any(|line| line.starts_with("[[tasks]]")) => Self::Toml,
            _ if text.lines().any(item) => Self::Markdown,
            _ => Self::Toml,
        }
    }
}

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What all of it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<String>,
    /// The tasks.
    #[serde(default)]
    pub tasks: Vec<Card>,
}

/// A card, and where it stands.
pub(super) struct Placed {
    pub card: Card,
    /// The line of a field of it.
    pub line: Box<dyn Fn(&str) -> usize>,
}

/// Reads a file.
pub fn read(text: &str, format: Format) -> Result<Plan, Wrong> {
    if text.len() > REPOSITORY_FILE_BYTES_MAX {
        let wrong = format!("the file has {} bytes, {REPOSITORY_FILE_BYTES_MAX} are allowed", text.len());
        return Err(Wrong { line: 1, key: String::new(), wrong });
    }
    let text = text.trim_start_matches('\u{feff}');
    let (goal, placed) = match format {
        Format::Markdown => markdown::read(text)?,
        Format::Json => json(text)?,
        Format::Toml => toml(text)?,
    };
    let (cards, lines): (Vec<Card>, Vec<_>) = placed.into_iter().map(|placed| (placed.card, placed.line)).unzip();
    let tasks = sound(cards).map_err(|NotACard { index, field, wrong }| Wrong {
        line: lines.get(index).map_or(1, |line| line(field)),
        key: field.to_owned(),
        wrong,
    })?;
    let goal = goal.map(|goal| super::line(&goal)).filter(|goal| !goal.is_empty());
    Ok(Plan { goal, tasks })
}

/// Writes a file.
pub fn write(plan: &Plan, format: Format) -> String {
    match format {
        Format::Markdown => markdown::write(plan),
        Format::Json => serde_json::to_string_pretty(plan).map(|text| text + "\n").unwrap_or_default(),
        Format::Toml => toml::to_string_pretty(plan).unwrap_or_default(),
    }
}

fn json(text: &str) -> Result<(Option<String>, Vec<Placed>), Wrong> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Whole<'a> {
        #[serde(default)]
        goal: Option<String>,
        #[serde(borrow)]
        tasks: Vec<&'a RawValue>,
    }
    let plain = |error: serde_json::Error| Wrong { line: error.line().max(1), key: String::new(), wrong: error.to_string() };
    let Whole { goal, tasks } = if text.trim_start().starts_with('[') {
        Whole { goal: None, tasks: serde_json::from_str(text).map_err(plain)? }
    } else {
        serde_json::from_str(text).map_err(plain)?
    };
    let mut placed = Vec::new();
    for (index, raw) in tasks.iter().enumerate() {
        // The item is a part of the text, so the distance between the two is its place.
        let begins = raw.get().as_ptr().addr().saturating_sub(text.as_ptr().addr());
        let first = 1 + text.as_bytes().iter().take(begins).filter(|byte| **byte == b'\n').count();
        let card = serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(raw.get())).map_err(|error| {
            let line = first + error.inner().line().saturating_sub(1);
            Wrong { line, key: format!("tasks[{index}].{}", error.path()), wrong: error.inner().to_string() }
        })?;
        placed.push(Placed { card, line: Box::new(move |_| first) });
    }
    Ok((goal, placed))
}

fn toml(text: &str) -> Result<(Option<String>, Vec<Placed>), Wrong> {
    let text = TomlText::parse(text)?;
    let Plan { goal, tasks } = text.read()?;
    let place = |(index, card)| {
        let text = text.clone();
        Placed { card, line: Box::new(move |field: &str| text.line(&format!("tasks[{index}].{field}"))) }
    };
    Ok((goal, tasks.into_iter().enumerate().map(place).collect()))
}

//! An approval: a question to a human about exact bytes. Stored before it is shown, answered once, used once.

use crate::digest::sha256_fields;
use crate::id::SessionId;
use serde::{Deserialize, Serialize};

/// Where an approval stands. The last four are final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// Nobody has answered.
    Pending,
    /// A person said yes.
    Approved,
    /// A person said no.
    Denied,
    /// Nobody answered in time, which means no.
    Expired,
    /// The agent no longer asks: its turn was interrupted, stopped or lost.
    Withdrawn,
}

impl ApprovalState {
    /// The word used in the API and in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Reads the word back.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Pending, Self::Approved, Self::Denied, Self::Expired, Self::Withdrawn].into_iter().find(|state| state.word() == word)
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalKind {
    /// May the agent use this tool with this input?
    Tool,
    /// The budget is used up: may the session spend as much again?
    Budget,
}

/// What an agent wants to do, as it travels from the node to the hub.
///
/// Invariant: `input` is the very text that the agent printed and that will be handed back to it; nothing in between
/// parses and prints it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The program's own name for the request, unique within the lease.
    pub key: String,
    /// The tool.
    pub tool: String,
    /// Its input, as exact JSON text.
    pub input: String,
    /// Where it would run.
    pub cwd: String,
    /// What the agent says it is for; not part of what is approved.
    pub purpose: Option<String>,
    /// The rule that made it a question; absent when no rule named it.
    pub rule: Option<String>,
}

impl Request {
    /// The hash that binds what is shown, what is decided and what is run.
    pub fn hash(&self, session: &SessionId, epoch: i64) -> String {
        let epoch = epoch.to_string();
        sha256_fields(&[
            b"fugue approval 1",
            session.as_str().as_bytes(),
            epoch.as_bytes(),
            self.tool.as_bytes(),
            self.cwd.as_bytes(),
            self.input.as_bytes(),
        ])
    }

    /// Whether an answer that names this hash was given to this very request. Anything else is no answer to it.
    pub fn is_meant(&self, hash: &str, session: &SessionId, epoch: i64) -> bool {
        self.hash(session, epoch) == hash
    }
}

/// A text in which every character that a person cannot see, or could take for another one or another direction, is spelled out.
///
/// Line breaks and tabs stay. Everything else that is a control, a format character, an unusual space, a combining accent or a twin of
/// an ASCII letter becomes `\u{…}`; so does a foreign letter that hides in a word of ASCII letters.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for word in text.split_inclusive(|letter: char| !letter.is_alphanumeric()) {
        let latin = word.contains(|letter: char| letter.is_ascii_alphabetic());
        for letter in word.chars() {
            if is_hidden(letter) || is_twin(letter) || latin && is_foreign(letter) {
                shown.extend(letter.escape_unicode());
            } else {
                shown.push(letter);
            }
        }
    }
    shown
}

/// What nobody sees, or what moves what is seen.
fn is_hidden(letter: char) -> bool {
    match letter {
        '\n' | '\t' => false,
        letter if letter.is_control() => true,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{feff}' | '\u{3164}' | '\u{ffa0}' | '\u{115f}' | '\u{1160}' | '\u{2800}' => true,
        '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202f}' => true,
        '\u{205f}'..='\u{206f}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' => true,
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{3000}' => true,
        '\u{fe00}'..='\u{fe0f}' | '\u{13430}'..='\u{1345f}' | '\u{e0000}'..='\u{e0fff}' => true,
        // An accent of its own: two texts that look the same and are other bytes.
        '\u{300}'..='\u{36f}' => true,
        _ => false,
    }
}

/// Full-width and mathematical forms of ASCII letters, digits and signs.
fn is_twin(letter: char) -> bool {
    matches!(letter, '\u{ff01}'..='\u{ff5e}' | '\u{1d400}'..='\u{1d7ff}' | '\u{2044}' | '\u{2215}' | '\u{2024}' | '\u{2010}'..='\u{2012}' | '\u{2212}' | '\u{37e}')
}

/// Letters of scripts that have twins of ASCII letters: beside those, they are there to be mistaken.
fn is_foreign(letter: char) -> bool {
    matches!(letter, '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{52f}' | '\u{530}'..='\u{58f}' | '\u{13a0}'..='\u{13ff}' | '\u{131}' | '\u{17f}' | '\u{1c80}'..='\u{1c8f}')
}

#[cfg(test)]
mod tests;

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
}

/// A text in which every character that a person cannot see, or could take for another direction, is spelled out.
///
/// Line breaks and tabs stay, everything else that is a control, a format character or an unusual space becomes `\u{…}`.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        let hidden = match letter {
            '\n' | '\t' => false,
            letter if letter.is_control() => true,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{3164}' | '\u{ffa0}' | '\u{115f}' | '\u{1160}' => true,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{fff0}'..='\u{fffb}' => true,
            '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' => true,
            '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}' => true,
            _ => false,
        };
        if hidden {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        Request { key: "1".into(), tool: "Bash".into(), input: r#"{"command":"ls"}"#.into(), cwd: "/w".into(), purpose: None, rule: None }
    }

    #[test]
    fn any_other_byte_session_or_epoch_has_another_hash() {
        let session = SessionId::from_bits(1);
        let hash = request().hash(&session, 1);
        let others = [
            Request { input: r#"{"command":"ls "}"#.into(), ..request() },
            Request { input: r#"{"command": "ls"}"#.into(), ..request() },
            Request { cwd: "/w/".into(), ..request() },
            Request { tool: "bash".into(), ..request() },
        ];
        assert!(others.iter().all(|other| other.hash(&session, 1) != hash));
        assert_ne!(request().hash(&session, 2), hash);
        assert_ne!(request().hash(&SessionId::from_bits(2), 1), hash);
        assert_eq!(Request { purpose: Some("tidy up".into()), key: "9".into(), ..request() }.hash(&session, 1), hash);
    }

    #[test]
    fn nothing_hides() {
        assert_eq!(visible("rm \u{202e}txt.exe\u{1b}[2K\u{200b}\r"), "rm \\u{202e}txt.exe\\u{1b}[2K\\u{200b}\\u{d}");
        assert_eq!(visible("ls\n\tか"), "ls\n\tか");
    }
}

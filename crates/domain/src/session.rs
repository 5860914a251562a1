//! A session: a durable conversation with one agent in one place. Its state is derived from its turns, never stored.

use crate::id::SessionId;
use serde::{Deserialize, Serialize};

/// What a session is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// Nothing is queued and nothing runs.
    Idle,
    /// A turn is queued, leased or running.
    Busy,
    /// A turn waits for a person's answer.
    Waiting,
    /// The first turn in line waits for a quota or a budget.
    Parked,
    /// Over. Its events and its branch stay.
    Closed,
}

impl SessionState {
    /// Derives the state from the states of the turns that have not ended.
    pub fn derive(closed: bool, waiting: bool, working: bool, parked: bool) -> Self {
        if closed {
            Self::Closed
        } else if waiting {
            Self::Waiting
        } else if parked {
            Self::Parked
        } else if working {
            Self::Busy
        } else {
            Self::Idle
        }
    }
}

/// What is left of a session's events, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum History {
    /// All of it, in the database.
    #[default]
    Stored,
    /// All of it, in a file of the hub's archive. It is read as before.
    Archived,
    /// Nothing: it was deleted because of its age. Messages, turns, costs and the branch stay.
    Expired,
}

/// Where a session works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    /// In a working copy of its own, made and owned by Fugue.
    #[default]
    Worktree,
    /// In the working copy that people use. Fugue adds no commit, branch or file there by itself.
    Checkout,
}

/// The branch of a session's worktree: `fugue/<slug of the title>-<short id>`.
///
/// Only lower-case ASCII letters, digits and single hyphens come out, whatever went in, so the name is safe for git, for a
/// path and for a shell.
pub fn branch_name(title: &str, session: &SessionId) -> String {
    let slug = slug(title, 40);
    let slug = if slug.is_empty() { "session".to_owned() } else { slug };
    format!("fugue/{slug}-{}", session.short())
}

/// Lower-case ASCII letters, digits and single hyphens, at most `max` of them.
pub fn slug(text: &str, max: usize) -> String {
    let mut slug = String::new();
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= max {
            break;
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branch_names_are_tame() {
        let session = SessionId::from_bits(u128::MAX >> 3);
        for title in ["Fix login!", "--upload-pack=x", "../../etc", "認証を直す", "a\u{0}b\n$(rm -rf ~)", &"x".repeat(5_000)] {
            let branch = branch_name(title, &session);
            assert!(
                branch.strip_prefix("fugue/").unwrap().chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
                "{branch}"
            );
            assert!(branch.len() < 60 && !branch.contains("--") && !branch.contains("/-"), "{branch}");
        }
        assert!(branch_name("Fix login!", &session).starts_with("fugue/fix-login-"));
    }
}

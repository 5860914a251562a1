//! What differs between the commit at which a session began and its place now, as git sees it there: what is committed, and what is not.
//!
//! Git sees also what a shell command did, of which a session's events tell nothing. The node looks (`crates/node/src/changes.rs`).

use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /api/v1/sessions/{id}/changes`: what has changed in a session's place since it began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Changes {
    /// The commit at which the session began.
    pub base: String,
    /// The commit that the place is on now; null when it has none.
    pub head: Option<String>,
    /// The branch that the place is on now; null when it is on none.
    pub branch: Option<String>,
    /// Commits that came since the base.
    pub ahead: i64,
    /// The files that differ: those that git knows first, then those that it does not know yet. A file that is again as it was at the base
    /// is not among them.
    pub files: Vec<ChangedFile>,
    /// How many more files differ than are listed; absent when all are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<i64>,
    /// When git looked. Nothing has changed since then, as far as the machine can tell.
    pub at: Time,
}

/// A file that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangedFile {
    /// Its path from the top of the place. Bytes that are no UTF-8 are shown as U+FFFD.
    pub path: String,
    /// Where it was at the base, if it was moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What became of it.
    pub state: FileState,
    /// Lines that were added; null for what is no text, and for what is too large to be counted.
    pub added: Option<i64>,
    /// Lines that were removed; null likewise.
    pub removed: Option<i64>,
    /// Whether all of this is committed.
    pub committed: bool,
    /// Whether all that is not committed of it is staged.
    pub staged: bool,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    /// It is new, and git knows it.
    Added,
    /// It has another content or another mode.
    Modified,
    /// It is gone.
    Deleted,
    /// It was moved, and perhaps changed.
    Renamed,
    /// It is something else now: a link in place of a file, or the other way round.
    Retyped,
    /// It is new, and nobody has told git.
    Untracked,
    /// Two changes of it meet, and nobody has said what holds.
    Conflicted,
}

impl FileState {
    /// The sign by which people who know git know it.
    pub fn letter(self) -> char {
        match self {
            FileState::Added => 'A',
            FileState::Modified => 'M',
            FileState::Deleted => 'D',
            FileState::Renamed => 'R',
            FileState::Retyped => 'T',
            FileState::Untracked => '?',
            FileState::Conflicted => 'U',
        }
    }
}

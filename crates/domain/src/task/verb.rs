//! What a person can do with a task: a closed list, each with what it means.

use serde::{Deserialize, Serialize};

/// What a person wants of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// A draft shall be worked on.
    Start,
    /// It shall be tried again.
    Retry,
    /// What the worktree holds shall be checked and merged.
    Submit,
    /// The change may be merged.
    Approve,
    /// The person wants the worktree, and the agent to stop.
    TakeOver,
    /// It is not wanted any more.
    Cancel,
}

impl Verb {
    /// What has happened by it, for the story.
    pub fn words(self) -> &'static str {
        match self {
            Verb::Start => "It was started.",
            Verb::Retry => "It shall be tried again.",
            Verb::Submit => "What the worktree holds was handed in.",
            Verb::Approve => "The change was approved.",
            Verb::TakeOver => "A person has taken it over; the agent was stopped.",
            Verb::Cancel => "It was cancelled.",
        }
    }

    /// When it has a meaning.
    pub fn when(self) -> &'static str {
        match self {
            Verb::Start => "Only a draft is started; a ready task begins by itself as soon as there is room.",
            Verb::Retry => "Only a task that needs a person, or was cancelled, is tried again.",
            Verb::Submit => {
                "Only a task that a person has taken over, or that needs one, is handed in, and only while it has its worktree."
            }
            Verb::Approve => "Only a change in review, or one that touches its own checks, is approved.",
            Verb::TakeOver => "Only a task with a worktree is taken over, once.",
            Verb::Cancel => "What is done or cancelled stays so.",
        }
    }
}

//! Jobs: what a node does to a worktree or a repository without an agent, up to a result that is stored.
//!
//! Invariant: a job can be carried out again from its beginning at any time and comes to the same. A node that was killed starts it again; a
//! node that has a result says it until the hub has stored it; the hub takes the first result and no other.

use crate::check::{Check, Command, Ran};
use crate::id::{SessionId, TaskId};
use crate::link::Place;
use crate::project::Origin;
use crate::saying::{Saying, or_words};
use serde::{Deserialize, Serialize};

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Make a session's worktree and run the set-up commands in it, once for each worktree.
    Prepare {
        /// The worktree.
        place: Place,
        /// One after the other; the first that fails is the last.
        setup: Vec<Command>,
    },
    /// Commit what the agent left uncommitted, see what has changed, and run the checks on exactly that commit.
    Check {
        /// The worktree.
        place: Place,
        /// The branch that the change is for: what has changed is counted from where it left that branch.
        target: String,
        /// The message of the commit of what was left, with the task's title in it.
        message: String,
        /// All are run, also after one that failed: the agent shall hear everything at once.
        checks: Vec<Check>,
        /// Paths that are part of the proof: which of them the change touches is said, however large it is.
        #[serde(default)]
        guarded: Vec<String>,
    },
    /// Bring changes onto a branch, check the merged tree, and move the branch.
    Merge(Merge),
    /// Run the tear-down commands in a session's worktree before it goes, once. What is in no commit is saved before.
    TearDown {
        /// The worktree.
        place: Place,
        /// All are run, also after one that failed: nothing waits for them to be well.
        teardown: Vec<Command>,
    },
}

/// Changes on their way to a branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    /// The repository.
    pub origin: Origin,
    /// The branch that moves.
    pub target: String,
    /// In this order, all or none.
    pub entries: Vec<Entry>,
    /// How.
    pub strategy: Strategy,
    /// Run on the merged tree before the branch moves.
    pub checks: Vec<Check>,
    /// How a remote comes to have it, if one must.
    #[serde(default)]
    pub publish: Option<Publish>,
    /// Only say what would happen: nothing moves.
    pub dry_run: bool,
}

/// How a remote comes to have what was merged: one variant for each way. Nothing counts as merged before the remote has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Publish {
    /// The branch itself is pushed.
    Push {
        /// The remote's name in the repository. A project by URL has one only, whatever it is called.
        remote: String,
    },
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Whose.
    pub task: TaskId,
    /// The task's title, for the message of a merge or squash commit.
    pub title: String,
    /// The branch of its worktree.
    pub branch: String,
    /// The commit that was checked and reviewed: this one is merged, whatever the branch says by now.
    pub head: String,
}

/// How a change comes onto the branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Its commits one after the other on top of the branch.
    #[default]
    Rebase,
    /// A commit with two parents.
    Merge,
    /// One commit with all of it.
    Squash,
}

impl Work {
    /// What kind of work it is.
    pub fn kind(&self) -> Kind {
        match self {
            Work::Prepare { .. } => Kind::Prepare,
            Work::Check { .. } => Kind::Check,
            Work::Merge(_) => Kind::Merge,
            Work::TearDown { .. } => Kind::TearDown,
        }
    }

    /// The repository that it is about.
    pub fn origin(&self) -> &Origin {
        match self {
            Work::Prepare { place, .. } | Work::Check { place, .. } | Work::TearDown { place, .. } => &place.origin,
            Work::Merge(merge) => &merge.origin,
        }
    }

    /// The session whose worktree it is done in, if it is one.
    pub fn session(&self) -> Option<&SessionId> {
        match self {
            Work::Prepare { place, .. } | Work::Check { place, .. } | Work::TearDown { place, .. } => Some(&place.session),
            Work::Merge(_) => None,
        }
    }
}

/// The kinds of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JobKind)]
pub enum Kind {
    /// [`Work::Prepare`].
    Prepare,
    /// [`Work::Check`].
    Check,
    /// [`Work::Merge`].
    Merge,
    /// [`Work::TearDown`].
    TearDown,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JobState)]
pub enum State {
    /// Its node does not know of it yet.
    Waiting,
    /// Its node knows of it.
    Running,
    /// It has an outcome.
    Ended,
    /// Nobody wanted it any more.
    Dropped,
}

/// What came of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JobOutcome)]
pub enum Outcome {
    /// [`Work::Prepare`]: the worktree stands; every set-up command ran and ended with 0, unless the last of them did not.
    Prepared(Vec<Ran>),
    /// [`Work::Check`].
    Checked(Checked),
    /// [`Work::Merge`].
    Merged(Merged),
    /// [`Work::TearDown`]: every command ran, or there was no worktree any more.
    TornDown(Vec<Ran>),
    /// It could not be done, in words for people: the worktree is gone, the disk is full.
    Impossible(String),
}

impl Outcome {
    /// Whether this can come of such work.
    pub fn fits(&self, kind: Kind) -> bool {
        match self {
            Outcome::Prepared(_) => kind == Kind::Prepare,
            Outcome::Checked(_) => kind == Kind::Check,
            Outcome::Merged(_) => kind == Kind::Merge,
            Outcome::TornDown(_) => kind == Kind::TearDown,
            Outcome::Impossible(_) => true,
        }
    }

    /// The commands that were run.
    pub fn ran(&self) -> &[Ran] {
        match self {
            Outcome::Prepared(ran)
            | Outcome::TornDown(ran)
            | Outcome::Checked(Checked { ran, .. })
            | Outcome::Merged(Merged::Landed { ran, .. } | Merged::Red { ran, .. }) => ran,
            Outcome::Merged(Merged::Conflict { .. } | Merged::Waits(_)) | Outcome::Impossible(_) => &[],
        }
    }

    /// The same, to be changed.
    pub fn ran_mut(&mut self) -> &mut [Ran] {
        match self {
            Outcome::Prepared(ran)
            | Outcome::TornDown(ran)
            | Outcome::Checked(Checked { ran, .. })
            | Outcome::Merged(Merged::Landed { ran, .. } | Merged::Red { ran, .. }) => ran,
            Outcome::Merged(Merged::Conflict { .. } | Merged::Waits(_)) | Outcome::Impossible(_) => &mut [],
        }
    }
}

/// What a worktree holds and what the checks say of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Checked {
    /// The commit that was checked.
    pub head: String,
    /// Where it left the target branch.
    pub base: String,
    /// What has changed between them. Nothing: the agent says "done" and did nothing.
    pub change: Change,
    /// Each check's run, in the order of the checks.
    pub ran: Vec<Ran>,
    /// Which of the guarded paths it touches, also by moving something away from there; absent from nodes that do not look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited: Option<Vec<String>>,
}

/// A change, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Change {
    /// Newest last.
    pub commits: Vec<Commit>,
    /// Files, at most [`crate::limits::CHANGE_FILES_MAX`] of them.
    pub files: Vec<FileChange>,
    /// How many files there are.
    pub files_total: i64,
    /// Lines that are new.
    pub added: i64,
    /// Lines that are gone.
    pub deleted: i64,
}

/// A commit, in a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Commit {
    /// Its hash.
    pub id: String,
    /// The first line of its message.
    pub title: String,
}

/// What has changed in one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FileChange {
    /// Its path in the repository, as it is after the change.
    pub path: String,
    /// Lines that are new; absent for what is no text.
    pub added: Option<i64>,
    /// Lines that are gone.
    pub deleted: Option<i64>,
}

/// What came of [`Work::Merge`]. Unless it landed, nothing has moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Merged {
    /// The branch has moved, or would have.
    Landed {
        /// From this commit.
        from: String,
        /// To this one.
        to: String,
        /// What each entry became, in order.
        commits: Vec<Vec<Commit>>,
        /// The checks of the merged tree.
        ran: Vec<Ran>,
        /// The remote that has it too, by its name; absent when none must.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        published: Option<String>,
        /// Why the branch on the node did not come along, although the remote has it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        behind: Option<String>,
    },
    /// A required check of the merged tree failed.
    Red {
        /// The branch as it was.
        onto: String,
        /// The checks of the merged tree.
        ran: Vec<Ran>,
    },
    /// A change does not fit onto the branch with the entries before it.
    Conflict {
        /// Whose.
        task: TaskId,
        /// The branch as it was.
        onto: String,
        /// Files in conflict.
        files: Vec<String>,
        /// Both sides of each conflict, as git marks them, at most [`crate::limits::CONFLICT_BYTES_MAX`] bytes.
        detail: String,
    },
    /// Not now, and why: somebody works in a tree with this branch, or moved it meanwhile.
    Waits(#[serde(deserialize_with = "or_words")] Saying),
}

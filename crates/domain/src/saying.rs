//! What the hub says about tasks, plans and merge queues: a closed list of sentences, each as the data that it is made of.
//!
//! The English sentence is made from it (`Display`) and stands wherever a sentence stood before: in the API, on the command line, in a log.
//! Beside it goes the saying itself, so that a client says it in its reader's language. What a client does not know is read in English.
//!
//! Invariant: a saying that was stored once is read for ever. Fields are only added, with a default.

use crate::check::{Exit, Ran};
use crate::foreman::Held;
use crate::id::SessionId;
use crate::job::Change;
use crate::reason::Reason;
use crate::run::Status;
use crate::task::proof::ended;
use crate::task::{Need, Verb};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt::{self, Display, Formatter};

mod hindrance;
mod sentence;
#[cfg(test)]
mod tests;

pub use hindrance::Hindrance;

/// A command that did not pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Red {
    /// Its name.
    pub name: String,
    /// How it ended.
    pub exit: Exit,
}

impl From<&Ran> for Red {
    fn from(ran: &Ran) -> Self {
        Self { name: ran.name.clone(), exit: ran.exit.clone() }
    }
}

impl Display for Red {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        write!(to, "{} {}", self.name, ended(&self.exit))
    }
}

/// How large a change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Counted {
    /// How many commits there are.
    pub commits: i64,
    /// How many files they touch.
    pub files: i64,
    /// Lines that are new.
    pub added: i64,
    /// Lines that are gone.
    pub deleted: i64,
}

impl From<&Change> for Counted {
    fn from(change: &Change) -> Self {
        Self { commits: change.commits.len() as i64, files: change.files_total.max(0), added: change.added, deleted: change.deleted }
    }
}

/// A sentence of the hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "says", rename_all = "snake_case")]
pub enum Saying {
    /// What somebody else said, as it was said: a node, git, an agent.
    Words {
        /// The words.
        words: String,
    },
    /// A task was written down.
    WrittenDown,
    /// A person did something with it.
    Wished {
        /// What.
        verb: Verb,
        /// What the person said about it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remark: Option<String>,
    },
    /// A person edited it.
    Edited {
        /// These fields.
        fields: Vec<String>,
    },
    /// Everything that it needs is done.
    Unblocked,
    /// Its agent begins.
    Begun {
        /// The agent.
        agent: String,
        /// In this session.
        session: SessionId,
    },
    /// Its worktree is prepared.
    Prepared,
    /// A set-up command failed.
    SetupFailed {
        /// Which, and how.
        red: Red,
    },
    /// Its agent has finished.
    AgentFinished,
    /// Its agent has not.
    AgentFailed {
        /// Why, if that is known.
        #[serde(default)]
        reason: Option<Reason>,
        /// Whether it may have done a part.
        #[serde(default)]
        maybe_executed: bool,
        /// What the node or the program said about it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    /// The agent for conflicts has the next turn.
    Resolving {
        /// Its name.
        agent: String,
    },
    /// And could not decide everything.
    Undecided {
        /// Its name.
        agent: String,
        /// What it asks.
        words: String,
    },
    /// Its worktree was looked at, and holds nothing new.
    NothingChanged,
    /// Its worktree was looked at, and its checks have run.
    Checked {
        /// What it holds.
        change: Counted,
        /// How many checks have run.
        checks: i64,
        /// Required ones that did not pass.
        red: Vec<Red>,
    },
    /// It names a check that its project does not have.
    UnknownCheck {
        /// The name.
        name: String,
    },
    /// A change was judged.
    Judged {
        /// By whom.
        by: String,
        /// Whether it may be merged.
        approved: bool,
        /// The commit.
        head: String,
    },
    /// It needs a person.
    Needs {
        /// What for.
        need: Need,
        /// The checks that did not pass at last.
        #[serde(default)]
        red: Vec<Red>,
    },
    /// Its change touches what proves it.
    ChecksEdited {
        /// These files.
        files: Vec<String>,
    },
    /// Its change is on the target branch.
    Landed {
        /// At this commit.
        commit: String,
        /// Of this remote too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remote: Option<String>,
        /// Why the branch on its node stays behind.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        behind: Option<String>,
    },
    /// Its change does not fit onto the target branch.
    Conflicts {
        /// In so many files.
        files: i64,
    },
    /// Checks fail on the merged tree.
    RedMerge {
        /// These; when empty nobody knows which.
        red: Vec<Red>,
    },
    /// Its change cannot be brought onto the target branch just now.
    Hindered {
        /// What is in the way.
        hindrance: Hindrance,
    },
    /// A person took its change out of the merge queue.
    TakenOut,
    /// The node with its worktree was removed.
    Uprooted {
        /// The node.
        node: String,
        /// Whether it begins anew on another one.
        elsewhere: bool,
    },
    /// The only node with the folder of its project was removed.
    ProjectGone {
        /// The node.
        node: String,
    },
    /// It could begin, but for this.
    Held {
        /// Why not.
        held: Held,
        /// The title of the other task that this is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
    },
    /// The settings of its project cannot be used.
    BadSettings {
        /// The file.
        file: String,
        /// What is wrong.
        words: String,
    },
    /// Its node has no room for its worktree.
    NodeFull {
        /// The node.
        node: String,
    },
    /// Its node is away.
    NodeAway {
        /// The node.
        node: String,
    },
    /// What the caller of the API would be told in its place.
    Problem {
        /// The last part of the problem's type.
        problem: String,
        /// What happened to which thing.
        detail: String,
    },
    /// The run that should make a plan gave none.
    NoPlan {
        /// How it ended.
        status: Status,
        /// The first reason.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(no_recursion)]
        why: Option<Box<Saying>>,
    },
    /// The worktree was torn down.
    TornDown,
    /// A tear-down command failed.
    TeardownFailed {
        /// Which, and how.
        red: Red,
    },
    /// The worktree could not be torn down.
    NotTornDown {
        /// Why.
        words: String,
    },
    /// One thing on top of another that was so before.
    After {
        /// What is so now.
        #[schema(no_recursion)]
        now: Box<Saying>,
        /// What was so before.
        #[schema(no_recursion)]
        before: Box<Saying>,
    },
}

impl From<&str> for Saying {
    fn from(words: &str) -> Self {
        Self::from(words.to_owned())
    }
}

impl From<String> for Saying {
    fn from(words: String) -> Self {
        Self::Words { words }
    }
}

impl From<Hindrance> for Saying {
    fn from(hindrance: Hindrance) -> Self {
        Self::Hindered { hindrance }
    }
}

/// Reads a saying that was only its words once.
pub fn or_words<'d, D: Deserializer<'d>>(from: D) -> Result<Saying, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Read {
        Words(String),
        Saying(Saying),
    }
    Ok(match Read::deserialize(from)? {
        Read::Words(words) => words.into(),
        Read::Saying(saying) => saying,
    })
}

impl Saying {
    /// Itself, unless it is only words, which stand beside it anyway.
    pub fn known(self) -> Option<Self> {
        Some(self).filter(|saying| !matches!(saying, Self::Words { .. }))
    }

    /// As it is stored beside its sentence.
    pub fn stored(&self) -> Option<String> {
        match self {
            Self::Words { .. } => None,
            saying => serde_json::to_string(saying).ok(),
        }
    }

    /// What was stored beside a sentence; nothing if that is older than sayings, or says more than this version knows.
    pub fn parsed(stored: Option<&str>) -> Option<Self> {
        stored.and_then(|text| serde_json::from_str(text).ok())
    }

    /// What was stored with its sentence, which stands for it where nothing else is known.
    pub fn read(words: &str, stored: Option<&str>) -> Self {
        Self::parsed(stored).unwrap_or_else(|| words.into())
    }
}

impl Display for Saying {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Saying::Words { words } => to.write_str(words),
            Saying::WrittenDown => to.write_str("It was written down."),
            Saying::Wished { verb, remark: None } => to.write_str(verb.words()),
            Saying::Wished { verb, remark: Some(remark) } => write!(to, "{} {remark:?}", verb.words()),
            Saying::Edited { fields } => write!(to, "Changed: {}.", fields.join(", ")),
            Saying::Unblocked => to.write_str("Everything that it needs is done."),
            Saying::Begun { agent, session } => write!(to, "{agent} begins in {session}."),
            Saying::Prepared => to.write_str("The worktree is prepared."),
            Saying::SetupFailed { red } => write!(to, "The set-up command {red}."),
            Saying::AgentFinished => to.write_str("The agent has finished."),
            Saying::AgentFailed { reason, maybe_executed, detail } => {
                sentence::agent_failed(to, *reason, *maybe_executed, detail.as_deref())
            }
            Saying::Resolving { agent } => write!(to, "The agent {agent} brings both sides together."),
            Saying::Undecided { agent, words } => write!(to, "{agent} could not bring both sides together: {words}"),
            Saying::NothingChanged => to.write_str("Nothing has changed."),
            Saying::Checked { change, checks, red } => sentence::checked(to, change, *checks, red),
            Saying::UnknownCheck { name } => write!(to, "The task names a check {name:?}, and the project has none of that name."),
            Saying::Judged { by, approved: true, head } => write!(to, "{by} approves {}.", sentence::short(head)),
            Saying::Judged { by, approved: false, head } => write!(to, "{by} asks for changes in {}.", sentence::short(head)),
            Saying::Needs { need, red } if red.is_empty() => to.write_str(need.meaning()),
            Saying::Needs { need, red } => write!(to, "{} {}.", need.meaning(), sentence::list(red)),
            Saying::ChecksEdited { files } => write!(to, "The change touches what proves it: {}.", files.join(", ")),
            Saying::Landed { commit, remote, behind } => sentence::landed(to, commit, remote.as_deref(), behind.as_deref()),
            Saying::Hindered { hindrance } => hindrance.fmt(to),
            Saying::Conflicts { files } => write!(to, "It conflicts with the target branch in {}.", sentence::many(*files, "file")),
            Saying::RedMerge { red } if red.is_empty() => to.write_str("On the merged tree: the checks of the merged tree failed."),
            Saying::RedMerge { red } => write!(to, "On the merged tree: {}.", sentence::list(red)),
            Saying::TakenOut => to.write_str("A person took its change out of the merge queue."),
            Saying::Uprooted { node, elsewhere } => sentence::uprooted(to, node, *elsewhere),
            Saying::ProjectGone { node } => sentence::project_gone(to, node),
            Saying::Held { held, title } => sentence::held(to, held, title.as_deref()),
            Saying::BadSettings { file, words } => write!(to, "{file} cannot be used: {words}"),
            Saying::NodeFull { node } => sentence::node_full(to, node),
            Saying::NodeAway { node } => sentence::node_away(to, node),
            Saying::Problem { detail, .. } => to.write_str(detail),
            Saying::NoPlan { status, why } => sentence::no_plan(to, *status, why.as_deref()),
            Saying::TornDown => to.write_str("The worktree was torn down."),
            Saying::TeardownFailed { red } => write!(to, "The tear-down command {red}; the worktree goes all the same."),
            Saying::NotTornDown { words } => write!(to, "The worktree could not be torn down: {words}"),
            Saying::After { now, before } => write!(to, "{now} Before that: {before}"),
        }
    }
}

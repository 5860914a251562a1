//! Why a branch cannot be moved just now, as the node that would move it has seen it.

use serde::{Deserialize, Serialize};
use std::fmt::{self, Display, Formatter};

/// What is in the way. It goes by itself, or a person takes it away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Hindrance {
    /// The branch is checked out with changes that are in no commit.
    Changes {
        /// Where.
        folder: String,
        /// The first file that has some.
        file: String,
    },
    /// The branch is checked out, and git is in the middle of something there.
    UnderWay {
        /// Where.
        folder: String,
        /// Of what: `merge`, `rebase`, `cherry-pick` or `revert`.
        what: String,
    },
    /// The branch is being rebased, or a commit of it sought.
    OfBranch {
        /// Where.
        folder: String,
        /// `rebase` or `bisect`.
        what: String,
        /// The branch.
        branch: String,
    },
    /// A checkout of the branch is not where it was any more.
    MovedIn {
        /// Which.
        folder: String,
    },
    /// The branch is not where it was any more.
    Moved {
        /// Which.
        branch: String,
    },
    /// Its checkout has another branch now.
    Left {
        /// Which.
        folder: String,
    },
    /// git cannot bring the files of its checkout forward.
    Stuck {
        /// Which.
        folder: String,
        /// In git's words.
        words: String,
    },
    /// The remote's branch is not where it was any more.
    MovedAbroad {
        /// The remote.
        remote: String,
    },
    /// Nobody knows what the remote has.
    Unreachable {
        /// The remote.
        remote: String,
        /// In git's words.
        words: String,
    },
    /// The remote's branch has gone another way than the one of the repository.
    Apart {
        /// The branch.
        branch: String,
        /// Where it is in the repository.
        here: String,
        /// The repository.
        folder: String,
    },
}

impl Display for Hindrance {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changes { folder, file } => {
                write!(to, "{folder} has changes that are not committed ({file}): commit or stash them.")
            }
            Self::UnderWay { folder, what } => write!(to, "In {folder} a {what} is under way."),
            Self::OfBranch { folder, what, branch } => write!(to, "In {folder} a `git {what}` of the branch {branch:?} is under way."),
            Self::MovedIn { folder } => write!(to, "The branch was moved in {folder} meanwhile."),
            Self::Moved { branch } => write!(to, "The branch {branch:?} was moved by somebody else meanwhile."),
            Self::Left { folder } => write!(to, "{folder} was taken to another branch meanwhile."),
            Self::Stuck { folder, words } => write!(to, "The files of {folder} cannot be brought forward: {words}"),
            Self::MovedAbroad { remote } => write!(
                to,
                "The branch at {remote} was moved by somebody else meanwhile: it is fetched, and all is checked again on top of it."
            ),
            Self::Unreachable { remote, words } => write!(to, "{remote} cannot be reached: {words}"),
            Self::Apart { branch, here, folder } => write!(
                to,
                "The branch {branch:?} of the remote has gone another way than the one here ({here}). Bring the two together in {folder}."
            ),
        }
    }
}

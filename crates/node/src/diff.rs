//! A change as text, for people: between two commits of a repository, or of a worktree as it is.

use crate::git::{Git, repository};
use fugue_domain::id::SessionId;
use fugue_domain::limits::DIFF_BYTES_MAX;
use fugue_domain::link::{Answered, CallFailed};
use fugue_domain::project::Origin;
use std::path::Path;

/// What has changed since `base`: up to `head`, or in a worktree of ours with all that is not committed.
pub fn diff(home: &Path, origin: &Origin, worktree: Option<&SessionId>, base: &str, head: Option<&str>) -> Result<Answered, CallFailed> {
    let git = match worktree.map(|session| home.join("worktrees").join(session.as_str())) {
        Some(folder) if !folder.is_dir() => {
            return Err(CallFailed::Other(format!("there is no worktree {} on this node", folder.display())));
        }
        Some(folder) => Git::at(&folder),
        None => Git::at(&repository(home, origin, head)?),
    };
    let known =
        |name: &str| git.commit(name).ok_or_else(|| CallFailed::UnknownBase(format!("{name:?} is no commit on this node any more")));
    let commits = [Some(known(base)?), head.map(known).transpose()?];
    // Nothing that the repository names is run, and nothing of the worktree is written.
    let options = ["--no-optional-locks", "diff", "--no-ext-diff", "--no-textconv", "--no-color", "--find-renames", "--end-of-options"];
    let args = options.into_iter().map(str::to_owned).chain(commits.into_iter().flatten()).chain(["--".to_owned()]);
    let (text, cut) = git.start_of(args, DIFF_BYTES_MAX).map_err(|error| CallFailed::Other(error.to_string()))?;
    Ok(Answered::Diff { text: text.strip_suffix('\n').unwrap_or(&text).to_owned(), cut })
}

//! The scratch copy of a merge: a worktree without a branch, below the node's folder, that goes when the job is done.
//!
//! Invariant: where it is stands in the job's folder before git is asked, and goes from there last. All calls block.

use crate::git::abroad::is_ancestor;
use crate::git::{self, Git, GitFailed};
use crate::job::change::{commits, conflicts};
use crate::job::record;
use crate::sweep::children;
use fugue_domain::durable;
use fugue_domain::id::{JobId, TaskId};
use fugue_domain::job::{Commit, Entry, Strategy};
use fugue_domain::limits::CONFLICT_BYTES_MAX;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

const FILE: &str = "scratch.json";

/// A scratch copy.
#[derive(Clone)]
pub struct Scratch {
    home: PathBuf,
    /// The job's folder.
    folder: PathBuf,
    repository: PathBuf,
    /// The copy.
    pub path: PathBuf,
    job: String,
}

/// What came of bringing entries onto a commit.
pub enum Brought {
    /// All fit.
    All {
        /// What came out.
        to: String,
        /// What each entry became.
        commits: Vec<Vec<Commit>>,
    },
    /// One does not fit.
    Conflict {
        /// Whose.
        task: TaskId,
        /// The files.
        files: Vec<String>,
        /// Both sides.
        detail: String,
    },
}

/// Where the scratch copies of a node are.
pub fn all(home: &Path) -> PathBuf {
    home.join("scratch")
}

/// Removes scratch copies whose job is done, or not remembered. Those of the others are removed when their job begins again.
pub fn sweep(home: &Path) {
    for name in children(&record::all(home)) {
        let (folder, Ok(id)) = (record::all(home).join(&name), JobId::parse(&name)) else { continue };
        let is_over = !record::of(home, &id).is_ok_and(|record| record.is_some_and(|record| record.outcome.is_none()));
        if let (true, Ok(Some((repository, _)))) = (is_over, record::read::<(PathBuf, PathBuf)>(&folder.join(FILE)))
            && let Err(why) = Scratch::of(home, &folder, &id, &repository).remove()
        {
            tracing::error!(job.id = %id, "{why}");
        }
    }
}

impl Scratch {
    /// The scratch copy of a job, there or not.
    pub fn of(home: &Path, folder: &Path, job: &JobId, repository: &Path) -> Self {
        let (path, repository) = (all(home).join(job.as_str()), repository.to_owned());
        Self { home: home.to_owned(), folder: folder.to_owned(), repository, path, job: job.to_string() }
    }

    /// Makes the copy at a commit and brings the entries onto it, in order.
    pub fn bring(&self, from: &str, entries: &[Entry], strategy: Strategy) -> Result<Brought, String> {
        let words = |failed: GitFailed| failed.to_string();
        let lock = git::lock(&self.home, &self.repository).map_err(|error| error.to_string())?;
        self.make(from, &lock).map_err(words)?;
        let here = Git::at(&self.path).under(&lock).map_err(|error| error.to_string())?.as_person();
        let (mut onto, mut all) = (from.to_owned(), Vec::with_capacity(entries.len()));
        for entry in entries {
            let head = here.commit(&entry.head);
            let head = head.ok_or_else(|| format!("The commit {} of the branch {} is gone.", entry.head, entry.branch))?;
            if !self.bring_one(&here, &onto, &head, entry, strategy).map_err(words)? {
                let files = conflicts(&here).map_err(words)?;
                let sides = ["diff", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all"];
                let (detail, _) = here.start_of(sides, CONFLICT_BYTES_MAX).map_err(words)?;
                return Ok(Brought::Conflict { task: entry.task.clone(), files, detail });
            }
            let to = here.commit("HEAD").ok_or("The scratch copy has lost its head.")?;
            all.push(commits(&here, &onto, &to).map_err(words)?);
            onto = to;
        }
        Ok(Brought::All { to: onto, commits: all })
    }

    fn make(&self, from: &str, lock: &File) -> Result<(), GitFailed> {
        let failed = |source| GitFailed::Run { folder: self.path.clone(), source };
        durable!("scratch.intent", record::write(&self.folder, FILE, &(&self.repository, &self.path))).map_err(failed)?;
        fs::create_dir_all(all(&self.home)).map_err(failed)?;
        let git = Git::at(&self.repository).under(lock).map_err(failed)?;
        let add = ["worktree", "add", "--quiet", "--detach", "--no-checkout", "--lock", "--reason", &self.job];
        let args = add.iter().map(AsRef::as_ref).chain([self.path.as_os_str(), from.as_ref()]);
        durable!("scratch.add", git.run(args))?;
        // By git as it is in there: a repository may name other filters for that folder than here.
        Git::at(&self.path).under(lock).map_err(failed)?.run(["reset", "--quiet", "--hard", "--no-recurse-submodules"]).map(drop)
    }

    /// Brings one entry onto what is there; false when it does not fit.
    fn bring_one(&self, git: &Git, onto: &str, head: &str, entry: &Entry, strategy: Strategy) -> Result<bool, GitFailed> {
        if is_ancestor(git, head, onto) {
            return Ok(true);
        }
        let range = format!("{onto}..{head}");
        let message = self.folder.join("message");
        let write = |text: String| fs::write(&message, text).map_err(|source| GitFailed::Run { folder: self.folder.clone(), source });
        let message = message.to_string_lossy();
        let title = entry.title.lines().next().unwrap_or_default();
        let one = |squash: bool| -> Result<bool, GitFailed> {
            write(if squash {
                format!("{title}\n\nTask: {}\n", entry.task)
            } else {
                format!("Merge {}: {title}\n\nTask: {}\n", entry.branch, entry.task)
            })?;
            let how: &[&str] =
                if squash { &["merge", "--squash", "--quiet"] } else { &["merge", "--no-ff", "--quiet", "--no-verify", "-F", &message] };
            if let Err(failed) = git.run(how.iter().copied().chain(["--no-autostash", head])) {
                return if conflicts(git)?.is_empty() { Err(failed) } else { Ok(false) };
            }
            if squash && !is_empty(git) {
                git.run(["commit", "--quiet", "--no-verify", "--allow-empty-message", "-F", &message])?;
            }
            Ok(true)
        };
        match strategy {
            Strategy::Merge => one(false),
            Strategy::Squash => one(true),
            // It is on top of the branch already, as after a conflict that was resolved in its worktree: its commits stay what they are.
            Strategy::Rebase if is_ancestor(git, onto, head) => {
                git.run(["reset", "--quiet", "--hard", "--no-recurse-submodules", head]).map(|_| true)
            }
            // What was resolved in a merge is in no other commit: one after the other they would be in conflict again.
            Strategy::Rebase if !git.run(["rev-list", "--merges", "--max-count=1", &range])?.is_empty() => one(true),
            Strategy::Rebase => pick(git, &range),
        }
    }

    /// Removes the copy, whole or half there.
    pub fn remove(&self) -> Result<(), String> {
        if !self.folder.join(FILE).exists() {
            return Ok(());
        }
        let words = |error: std::io::Error| format!("The scratch copy {} cannot be removed: {error}", self.path.display());
        let lock = git::lock(&self.home, &self.repository).map_err(words)?;
        let git = Git::at(&self.repository).under(&lock).map_err(words)?;
        let path = self.path.as_os_str();
        durable!("scratch.remove", {
            let _ = git.run(["worktree".as_ref(), "unlock".as_ref(), path]);
            let _ = git.run(["worktree".as_ref(), "remove".as_ref(), "--force".as_ref(), "--force".as_ref(), path]);
            if self.path.exists() {
                fs::remove_dir_all(&self.path).map_err(words)?;
            }
            let _ = git.run(["worktree", "prune", "--expire=now"]);
        });
        let _ = fs::remove_file(self.folder.join("message"));
        fs::remove_file(self.folder.join(FILE)).map_err(words)
    }
}

/// Whether nothing is staged.
fn is_empty(git: &Git) -> bool {
    git.run(["diff-index", "--cached", "--quiet", "--no-ext-diff", "HEAD"]).is_ok()
}

/// Commits one after the other; those that change nothing any more are left out. False when one does not fit.
fn pick(git: &Git, range: &str) -> Result<bool, GitFailed> {
    for commit in git.run(["rev-list", "--reverse", "--topo-order", range])?.lines() {
        let Err(failed) = git.run(["cherry-pick", "--allow-empty-message", commit]) else { continue };
        if !conflicts(git)?.is_empty() {
            return Ok(false);
        }
        if !is_empty(git) {
            return Err(failed);
        }
        git.run(["cherry-pick", "--skip"])?;
    }
    Ok(true)
}

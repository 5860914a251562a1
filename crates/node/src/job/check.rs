//! Checking a change: what the agent left is committed, the change is counted, and the checks run on exactly that commit.
//!
//! What a check itself leaves in tracked or new files is said in its evidence and stays where it is, because nothing is thrown away; it is
//! remembered, and as long as nobody has touched it, the next round does not commit it as the agent's work. The merged tree is checked in a
//! fresh copy anyway.

use super::change::{self, Entries, Unfit};
use super::{Ends, Job, record};
use crate::git::{Git, lock};
use crate::worktree::{Intent, Stage, session_folder};
use fugue_domain::check::{Check, Exit, Progress, Ran};
use fugue_domain::durable;
use fugue_domain::job::{Change, Checked, Outcome};
use fugue_domain::limits::CHECK_TAIL_BYTES_MAX;
use fugue_domain::link::Place;
use fugue_domain::session::PlaceKind;
use std::io;
use std::path::PathBuf;

/// In the session's folder: what checks have left in its worktree.
const LEFT: &str = "left.json";
/// The name under which it is said that the work cannot be committed.
const COMMIT: &str = "commit";
/// Files that are named when a check leaves some; the rest is counted.
const NAMED_MAX: usize = 10;

/// A worktree whose change is checked.
#[derive(Clone)]
struct Ground {
    home: PathBuf,
    /// The session's folder.
    folder: PathBuf,
    repository: PathBuf,
    path: PathBuf,
}

/// What is to be checked.
pub struct Wanted {
    /// The worktree.
    pub place: Place,
    /// The branch that the change is for.
    pub target: String,
    /// The message of the commit of what was left.
    pub message: String,
    /// The checks.
    pub checks: Vec<Check>,
    /// Paths of which is said whether the change touches them.
    pub guarded: Vec<String>,
}

/// What there is before the checks run.
struct Begun {
    head: String,
    base: String,
    change: Change,
    edited: Vec<String>,
    unfit: Option<String>,
}

impl Job {
    pub(super) async fn check(&self, wanted: Wanted) -> Result<Outcome, Ends> {
        let Wanted { place, target, message, checks, guarded } = wanted;
        let impossible = |why: String| Err(Ends::Impossible(why));
        if place.kind == PlaceKind::Checkout {
            return impossible(format!("{} is a working copy of people: only worktrees are checked.", place.path));
        }
        let home = self.shared.home.clone();
        let folder = session_folder(&home, &place.session);
        let intent = Intent::read(&folder)?.filter(|intent| intent.stage == Stage::Ready && intent.path.is_dir());
        let Some(intent) = intent else { return impossible(format!("The worktree {} is gone.", place.path)) };
        let ground = Ground { home, folder, repository: intent.repository, path: intent.path };
        let at = ground.clone();
        let begun = self.blocking(move || Ok::<_, io::Error>(at.begin(&target, &message, &guarded))).await?;
        let Begun { head, base, change, edited, unfit } = match begun {
            Ok(begun) => begun,
            Err(why) => return impossible(why),
        };
        let ran = match unfit {
            Some(why) => vec![unfit_for_checks(why)],
            None => self.checks(&ground, &head, place.session.as_str(), checks).await?,
        };
        Ok(Outcome::Checked(Checked { head, base, change, ran, edited: Some(edited) }))
    }

    async fn checks(&self, ground: &Ground, head: &str, marker: &str, checks: Vec<Check>) -> Result<Vec<Ran>, Ends> {
        let mut before = self.beside(ground, head).await?;
        let mut all = Vec::with_capacity(checks.len());
        let mut progress = Progress::of(checks.len());
        for Check { command, required } in checks {
            let mut ran = self.run(marker, &ground.path, &command, required, &mut progress).await?;
            if !matches!(ran.exit, Exit::NotRun(_)) {
                let after = self.beside(ground, head).await?;
                note(&mut ran, &before, &after);
                before = after;
            }
            all.push(ran);
        }
        let (folder, left) = (ground.folder.clone(), before);
        self.blocking(move || durable!("check.left", record::write(&folder, LEFT, &left))).await?;
        Ok(all)
    }

    /// What lies in the worktree beside the commit.
    async fn beside(&self, ground: &Ground, head: &str) -> Result<Entries, Ends> {
        let (at, head) = (ground.clone(), head.to_owned());
        let left = self.blocking(move || Ok::<_, io::Error>(at.beside(&head))).await?;
        left.map_err(Ends::Impossible)
    }
}

impl Ground {
    /// Commits, and counts; in words why that is not possible.
    fn begin(&self, target: &str, message: &str, guarded: &[String]) -> Result<Begun, String> {
        let lock = lock(&self.home, &self.repository).map_err(|error| error.to_string())?;
        let git = Git::at(&self.path);
        let left: Entries = record::read(&self.folder.join(LEFT)).map_err(|error| error.to_string())?.unwrap_or_default();
        let (head, unfit) = match change::commit_left(&self.path, &lock, &self.folder, message, &left) {
            Ok(head) => (head, None),
            Err(Unfit::Because(why)) => {
                let head = git.commit("HEAD").ok_or_else(|| format!("{} has no commit.", self.path.display()))?;
                (head, Some(why))
            }
            Err(Unfit::Git(failed)) => return Err(failed.to_string()),
        };
        let target_head =
            change::branch(&git, target).ok_or_else(|| format!("There is no branch {target:?} in {}.", self.repository.display()))?;
        let base = git.run(["merge-base", &target_head, &head]);
        let base = base.map_err(|_| format!("What is checked and the branch {target:?} have no commit in common."))?;
        let base = base.lines().next().unwrap_or_default().to_owned();
        let change = change::change(&git, &base, &head).map_err(|failed| failed.to_string())?;
        let edited = change::touched(&git, &base, &head, guarded).map_err(|failed| failed.to_string())?;
        Ok(Begun { head, base, change, edited, unfit })
    }

    fn beside(&self, head: &str) -> Result<Entries, String> {
        let lock = lock(&self.home, &self.repository).map_err(|error| error.to_string())?;
        match change::snapshot(&self.path, &lock, &self.folder) {
            Ok(tree) => change::differing(&Git::at(&self.path), head, &tree).map_err(|failed| failed.to_string()),
            // A check may leave anything; it is not committed with the next round either.
            Err(Unfit::Because(_)) => Ok(Entries::new()),
            Err(Unfit::Git(failed)) => Err(failed.to_string()),
        }
    }
}

/// The evidence that there is nothing to be checked yet.
fn unfit_for_checks(why: String) -> Ran {
    let (name, command) = (COMMIT.to_owned(), "git commit".to_owned());
    Ran { name, command, required: true, exit: Exit::Code(1), ms: 0, bytes: why.len() as i64, tail: why }
}

/// Says in the evidence what the check has left.
fn note(ran: &mut Ran, before: &Entries, after: &Entries) {
    let mut paths: Vec<&str> =
        after.iter().filter(|(path, entry)| before.get(*path) != Some(entry)).map(|(path, _)| path.as_str()).collect();
    let back = before.keys().filter(|path| !after.contains_key(*path)).map(String::as_str);
    paths.extend(back);
    if paths.is_empty() {
        return;
    }
    let more = paths.len().saturating_sub(NAMED_MAX);
    let named = paths.iter().take(NAMED_MAX).map(|path| path.chars().take(200).collect::<String>()).collect::<Vec<_>>().join(", ");
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let note = format!("\n[fugue: this command changed files that are not ignored: {named}{more}. They are not part of the commit.]");
    let room = CHECK_TAIL_BYTES_MAX.saturating_sub(note.len());
    ran.tail = format!("{}{note}", super::output::end_of(&ran.tail, room));
}

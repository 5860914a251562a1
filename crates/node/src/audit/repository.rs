//! Worktrees, branches, rescue refs and lock files, in every repository that the node works with.

use super::{Kind, Known, Leak};
use crate::git::{self, Git};
use crate::process;
use crate::sweep::children;
use crate::worktree::{RESCUE, Stage};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What git locks while it writes, below its own folder.
const GIT_LOCKS: &[&str] = &["index.lock", "HEAD.lock", "config.lock", "packed-refs.lock", "shallow.lock"];

pub(super) fn look(known: &Known<'_>, repositories: &BTreeSet<PathBuf>, leaks: &mut Vec<Leak>) {
    folders(known, leaks);
    for repository in repositories {
        let git = Git::at(repository);
        entries(known, &git, repository, leaks);
        refs(known, &git, repository, leaks);
        git_locks(known, &git, repository, leaks);
    }
    our_locks(known, repositories, leaks);
}

fn worktree(place: &Path, why: impl Into<String>, advice: impl Into<String>) -> Leak {
    Leak { kind: Kind::Worktree, place: place.display().to_string(), why: why.into(), advice: advice.into() }
}

/// Folders without a session, and sessions without their folder.
fn folders(known: &Known<'_>, leaks: &mut Vec<Leak>) {
    let all = known.home.join("worktrees");
    for path in children(&all).into_iter().filter(|name| !known.intents.contains_key(name)).map(|name| all.join(name)) {
        let why = "no session of this node remembers it";
        leaks.push(worktree(&path, why, "look whether it holds work, then remove it with `git worktree remove --force --force`"));
    }
    let scratch = crate::job::merge::scratch::all(known.home);
    let has_job = |name: &String| crate::job::record::all(known.home).join(name).join("job.json").exists();
    for path in children(&scratch).into_iter().filter(|name| !has_job(name)).map(|name| scratch.join(name)) {
        leaks.push(worktree(&path, "the merge that made it is over", known.restart()));
    }
    for intent in known.intents.values().filter(|intent| intent.stage == Stage::Ready && !intent.path.is_dir()) {
        let advice = "close the session: what it committed is on its branch; what was not committed is lost with the folder";
        leaks.push(worktree(&intent.path, "a session works in it, and the folder is gone", advice));
    }
}

/// What git believes to be a worktree of ours.
fn entries(known: &Known<'_>, git: &Git, repository: &Path, leaks: &mut Vec<Leak>) {
    let ours = known.home.join("worktrees");
    let list = git.run(["worktree", "list", "--porcelain", "-z"]).unwrap_or_default();
    for path in list.split('\0').filter_map(|line| line.strip_prefix("worktree ")).map(Path::new) {
        let Some(name) = path.strip_prefix(&ours).ok().and_then(Path::to_str) else { continue };
        if !known.intents.contains_key(name) && !path.exists() {
            let why = format!("{} has an entry of it, the folder is gone, and no session remembers it", repository.display());
            let remove = format!("git -C '{0}' worktree unlock '{1}'; git -C '{0}' worktree prune", repository.display(), path.display());
            leaks.push(worktree(path, why, remove));
        }
    }
}

/// Branches and rescue refs that no session of the hub explains.
fn refs(known: &Known<'_>, git: &Git, repository: &Path, leaks: &mut Vec<Leak>) {
    let Some(told) = known.told else { return };
    let branches: BTreeSet<&str> = told.sessions.values().filter_map(|session| session.place.branch.as_deref()).collect();
    let list = git.run(["for-each-ref", "--format=%(refname)", "refs/heads/fugue/", RESCUE]).unwrap_or_default();
    for name in list.lines() {
        let (kind, thing) = match (name.strip_prefix("refs/heads/"), name.strip_prefix(RESCUE)) {
            (Some(branch), _) if !branches.contains(branch) => (Kind::Branch, "branch"),
            (_, Some(session)) if !told.sessions.keys().any(|known| known.as_str() == session) => (Kind::RescueRef, "rescued work"),
            _ => continue,
        };
        let why = format!("{thing} of a session that this hub does not know; another hub may, if it works in the same repository");
        let remove = format!("git -C '{}' update-ref -d '{name}'", repository.display());
        let advice = format!("look at it with `git log {name}`; if nobody needs it: {remove}");
        leaks.push(Leak { kind, place: format!("{name} in {}", repository.display()), why, advice });
    }
}

/// Locks of git that no git holds: a killed one leaves them, and every later one fails on them.
fn git_locks(known: &Known<'_>, git: &Git, repository: &Path, leaks: &mut Vec<Leak>) {
    let Ok(common) = git.run(["rev-parse", "--git-common-dir"]) else { return };
    let common = repository.join(common);
    let entries = common.join("worktrees");
    let ours = known.home.join("worktrees");
    let mut found: Vec<PathBuf> = GIT_LOCKS.iter().map(|name| common.join(name)).collect();
    for entry in children(&entries).into_iter().map(|name| entries.join(name)) {
        let folder = std::fs::read_to_string(entry.join("gitdir")).unwrap_or_default();
        if Path::new(folder.trim()).starts_with(&ours) {
            found.extend(GIT_LOCKS.iter().map(|name| entry.join(name)));
        }
    }
    found.retain(|path| path.exists());
    if found.is_empty() || process::is_at_work("git", &[repository, &common, &ours]) {
        return;
    }
    for path in found {
        let (place, why) = (path.display().to_string(), "no git runs in this repository that could hold it".to_owned());
        leaks.push(Leak { kind: Kind::Lock, advice: format!("rm '{place}'"), place, why });
    }
}

/// Our own locks: one file for each repository.
fn our_locks(known: &Known<'_>, repositories: &BTreeSet<PathBuf>, leaks: &mut Vec<Leak>) {
    let Some(told) = known.told else { return };
    // A repository may be away for a while, on a disk that is not mounted.
    let projects = told.projects.iter().filter_map(|project| project.path.as_ref()).map(Path::new);
    let names: BTreeSet<String> = repositories.iter().map(PathBuf::as_path).chain(projects).map(git::lock_name).collect();
    let folder = known.home.join("locks");
    for name in children(&folder).into_iter().filter(|name| !names.contains(name)) {
        let place = folder.join(name).display().to_string();
        let why = "it is for a repository that no project and no session uses any more".to_owned();
        leaks.push(Leak { kind: Kind::Lock, advice: format!("rm '{place}'"), place, why });
    }
}

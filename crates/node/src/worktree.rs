//! Worktrees: a working copy per session, made by us, owned by us, and never thrown away with work in it.
//!
//! Invariant: the intent is on the disk before git is asked, every step may be repeated, and a crash anywhere followed by the same
//! call gives the same result. Nothing is removed because it looks gone, and a checkout that people work in is never touched.
//! All calls block.

use crate::git::{self, Git, GitFailed};
use fugue_domain::durable;
use fugue_domain::id::SessionId;
use fugue_domain::link::{CallFailed, Place};
use fugue_domain::session::PlaceKind;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub mod rescue;

use rescue::save;

const INTENT: &str = "worktree.json";
/// What the refs that hold rescued work begin with; the session's id follows.
pub const RESCUE: &str = "refs/fugue/rescue/";

/// Why a worktree could not be made or given back.
#[derive(Debug, thiserror::Error)]
pub enum WorktreeFailed {
    /// The place makes no sense.
    #[error("{0}")]
    Place(String),
    /// The repository is not there.
    #[error(transparent)]
    Origin(#[from] CallFailed),
    /// git said no.
    #[error(transparent)]
    Git(#[from] GitFailed),
    /// A file could not be written.
    #[error("the worktree's record cannot be kept: {0}")]
    Io(#[from] io::Error),
}

/// How far a worktree has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// git may have been asked.
    Creating,
    /// It can be worked in.
    Ready,
    /// It may be half gone; what was not committed is safe.
    Removing,
}

/// The intent, as it is kept in the session's folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// How far it has come.
    pub stage: Stage,
    /// The repository whose worktree it is.
    pub repository: PathBuf,
    /// The folder.
    pub path: PathBuf,
    /// The branch.
    pub branch: String,
    /// The commit it began at.
    pub base: String,
}

impl Intent {
    /// What is intended for a session, if anything.
    pub fn read(folder: &Path) -> io::Result<Option<Self>> {
        match fs::read(folder.join(INTENT)) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn write(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let beside = folder.join("worktree.json.new");
        let mut file = File::create(&beside)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.sync_all()?;
        fs::rename(&beside, folder.join(INTENT))?;
        File::open(folder)?.sync_all()
    }
}

/// The folder of one session below the node's.
pub fn session_folder(home: &Path, session: &SessionId) -> PathBuf {
    home.join("sessions").join(session.as_str())
}

/// Whether the place can be worked in as it is. Cheap, unlike everything else here.
pub fn is_ready(home: &Path, place: &Place) -> bool {
    match place.kind {
        PlaceKind::Checkout => Path::new(&place.path).is_dir(),
        PlaceKind::Worktree => Intent::read(&session_folder(home, &place.session)).is_ok_and(|intent| {
            intent
                .is_some_and(|intent| intent.stage == Stage::Ready && intent.path.join(".git").exists() && own(home, &intent.path).is_ok())
        }),
    }
}

/// Makes sure that the place can be worked in.
pub fn prepare(home: &Path, place: &Place) -> Result<(), WorktreeFailed> {
    if is_ready(home, place) {
        return Ok(());
    }
    if place.kind == PlaceKind::Checkout {
        return Err(WorktreeFailed::Place(format!("the checkout {} is not there", place.path)));
    }
    let folder = session_folder(home, &place.session);
    let path = home.join("worktrees").join(place.session.as_str());
    if path != Path::new(&place.path) {
        return Err(WorktreeFailed::Place(format!(
            "{} is not below this node's worktrees {}",
            place.path,
            home.join("worktrees").display()
        )));
    }
    own(home, &path)?;
    let Some(branch) = place.branch.clone() else {
        return Err(WorktreeFailed::Place("a worktree needs a branch, and none was named".to_owned()));
    };
    let repository = git::repository(home, &place.origin, place.base.as_deref())?;
    let lock = git::lock(home, &repository)?;
    // Somebody else, a turn or a job, may have made it while we waited, and work in it already.
    if is_ready(home, place) {
        return Ok(());
    }
    let git = Git::at(&repository).under(&lock)?;
    // Once git was asked, the base is what it was then: the head may have moved since.
    let base = match Intent::read(&folder)? {
        Some(intent) => Some(intent.base),
        None => git::resolve(&git, place.base.as_deref()),
    };
    let Some(base) = base else {
        let named = place.base.as_deref().map_or("its head".to_owned(), |base| format!("{base:?}"));
        return Err(WorktreeFailed::Place(format!("{} has no commit for {named}", repository.display())));
    };
    let intent = Intent { stage: Stage::Creating, repository, path, branch, base };
    durable!("worktree.intent", intent.write(&folder))?;
    durable!("worktree.add", add(&git, &intent, &place.session, &lock))?;
    // Once more: the folder could have been exchanged while git wrote.
    own(home, &intent.path)?;
    let ready = Intent { stage: Stage::Ready, ..intent };
    Ok(durable!("worktree.ready", ready.write(&folder))?)
}

/// Neither the folder of all worktrees nor this one may be a link: git would write, and read, wherever it leads.
fn own(home: &Path, path: &Path) -> Result<(), WorktreeFailed> {
    for folder in [&home.join("worktrees"), path] {
        if folder.is_symlink() {
            return Err(WorktreeFailed::Place(format!(
                "{} is a link, and worktrees are made in no other place: remove it (a whole data folder is moved with FUGUE_HOME)",
                folder.display()
            )));
        }
    }
    Ok(())
}

/// Asks git, from whatever an earlier try has left: nothing, a branch, an entry, half a folder, or everything.
fn add(git: &Git, intent: &Intent, session: &SessionId, lock: &File) -> Result<(), WorktreeFailed> {
    let path = intent.path.as_os_str();
    if is_whole(intent) {
        return Ok(());
    }
    // An earlier `add` was cut short. The agent has not been in there: its turn begins after `Ready`.
    let _ = git.run(["worktree".as_ref(), "unlock".as_ref(), path]);
    let _ = git.run(["worktree".as_ref(), "remove".as_ref(), "--force".as_ref(), "--force".as_ref(), path]);
    if intent.path.exists() {
        let _ = fs::remove_dir_all(&intent.path);
        let _ = git.run(["worktree", "prune", "--expire=now"]);
    }
    let mut args: Vec<&std::ffi::OsStr> =
        ["worktree", "add", "--quiet", "--no-checkout", "--lock", "--reason", session.as_str()].map(AsRef::as_ref).to_vec();
    let has_branch = git.commit(&format!("refs/heads/{}", intent.branch)).is_some();
    if has_branch {
        args.extend([path, intent.branch.as_ref()]);
    } else {
        args.extend(["--no-track".as_ref(), "-b".as_ref(), intent.branch.as_ref(), path, intent.base.as_ref()]);
    }
    git.run(args)?;
    // The files are written by git as it is in there: a repository may name other filters for that folder and branch than here.
    Git::at(&intent.path).under(lock)?.run(["reset", "--quiet", "--hard", "--no-recurse-submodules"])?;
    Ok(())
}

/// Whether git finished: the entry is there, and the checkout's index is complete and unlocked.
fn is_whole(intent: &Intent) -> bool {
    if !intent.path.join(".git").is_file() {
        return false;
    }
    let inside = Git::at(&intent.path);
    let Ok(entry) = inside.run(["rev-parse", "--absolute-git-dir"]) else { return false };
    let entry = Path::new(&entry);
    let on_branch = inside.run(["symbolic-ref", "--short", "HEAD"]).is_ok_and(|branch| branch == intent.branch);
    let reason = fs::read_to_string(entry.join("locked")).unwrap_or_default();
    let begun = reason.trim() == "initializing" || entry.join("index.lock").exists() || !entry.join("index").exists();
    on_branch && !begun && inside.run(["diff-index", "--quiet", "--no-ext-diff", "--ignore-submodules=all", "HEAD"]).is_ok()
}

/// What is left of a worktree that was given back.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// The ref that holds what was in no commit.
    pub rescue: Option<String>,
    /// Whether the branch went as well.
    pub branch_removed: bool,
}

/// Removes a session's worktree after saving what is in no commit. The branch stays, unless everything on it has landed.
pub fn release(home: &Path, place: &Place) -> Result<Left, WorktreeFailed> {
    if place.kind == PlaceKind::Checkout {
        return Ok(Left::default());
    }
    let folder = session_folder(home, &place.session);
    let rescue = format!("{RESCUE}{}", place.session);
    let Some(intent) = Intent::read(&folder)? else {
        // Nothing was made, or an earlier release was not heard: the ref still tells.
        let repository = git::repository(home, &place.origin, None).ok();
        let Some(git) = repository.map(|repository| Git::at(&repository)) else { return Ok(Left::default()) };
        let is_there = |branch: &String| git.commit(&format!("refs/heads/{branch}")).is_some();
        let branch_removed = place.landed.is_some() && !place.branch.as_ref().is_some_and(is_there);
        return Ok(Left { rescue: git.commit(&rescue).map(|_| rescue), branch_removed });
    };
    let lock = git::lock(home, &intent.repository)?;
    let git = Git::at(&intent.repository).under(&lock)?;
    if intent.stage == Stage::Ready && intent.path.is_dir() {
        own(home, &intent.path)?;
        save(&folder, &intent, &rescue, &lock)?;
    }
    let intent = Intent { stage: Stage::Removing, ..intent };
    durable!("worktree.removing", intent.write(&folder))?;
    durable!("worktree.remove", remove(&git, &intent.path))?;
    let branch_removed = durable!("branch.remove", remove_branch(&git, &intent.branch, place.landed.as_deref()));
    let rescue = git.commit(&rescue).map(|_| rescue);
    durable!("worktree.forget", fs::remove_file(folder.join(INTENT)))?;
    Ok(Left { rescue, branch_removed })
}

/// Removes a branch if there is nothing on it that came after the commit that has landed. Whatever is in doubt stays.
fn remove_branch(git: &Git, branch: &str, landed: Option<&str>) -> bool {
    let (Some(landed), name) = (landed, format!("refs/heads/{branch}")) else { return false };
    let Some(tip) = git.commit(&name) else { return true };
    let is_landed = git.commit(landed).is_some() && git.run(["merge-base", "--is-ancestor", &tip, landed]).is_ok();
    // Only from where it was seen: somebody may commit to it at this moment.
    is_landed && git.run(["update-ref", "-m", "fugue: landed", "-d", &name, &tip]).is_ok()
}

/// Lets git remove what is there, whole or half gone.
fn remove(git: &Git, path: &Path) -> Result<(), WorktreeFailed> {
    let _ = git.run(["worktree".as_ref(), "unlock".as_ref(), path.as_os_str()]);
    let removed = git.run(["worktree".as_ref(), "remove".as_ref(), "--force".as_ref(), path.as_os_str()]);
    if path.exists() {
        removed?;
        fs::remove_dir_all(path)?;
    }
    Ok(())
}

/// Saves what is in no commit of a worktree that stands, as its release would.
pub fn rescue(home: &Path, session: &SessionId) -> Result<(), WorktreeFailed> {
    let folder = session_folder(home, session);
    let Some(intent) = Intent::read(&folder)?.filter(|intent| intent.stage == Stage::Ready && intent.path.is_dir()) else { return Ok(()) };
    let lock = git::lock(home, &intent.repository)?;
    own(home, &intent.path)?;
    save(&folder, &intent, &format!("{RESCUE}{session}"), &lock)
}

#[cfg(test)]
mod tests;

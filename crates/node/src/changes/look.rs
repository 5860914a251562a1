//! One look at what changed: git asked in the place, and what it says put together. All calls block.
//!
//! Invariant: nothing of the place is written, its index included, and nothing is run that the repository names: nested repositories are
//! known by their commit only, because git would ask for their files with their own settings.

use super::listing::{Differing, Status, Uncommitted, differing, status};
use super::place::Place;
use crate::git::{Git, GitFailed};
use fugue_domain::changes::{ChangedFile, Changes, FileState};
use fugue_domain::limits::{CHANGE_FILES_MAX, CHANGE_PATH_BYTES_MAX, CHANGES_COUNTED_BYTES_MAX, CHANGES_LOOK_MS};
use fugue_domain::link::CallFailed;
use fugue_domain::time::Time;
use rustix::fs::{Mode, OFlags};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

const STATUS: &[&str] = &[
    "--no-optional-locks",
    "status",
    "--porcelain=v2",
    "-z",
    "--branch",
    "--no-ahead-behind",
    "--no-renames",
    "--untracked-files=all",
    "--ignored=matching",
    "--ignore-submodules=dirty",
];
const DIFF: &[&str] = &[
    "--no-optional-locks",
    // Mostly a few files are looked at, for which threads are no help.
    "-c",
    "core.preloadIndex=false",
    "diff",
    "--raw",
    "--numstat",
    "-z",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-relative",
    "--find-renames",
    "--submodule=short",
    "--ignore-submodules=dirty",
    "--end-of-options",
];
/// How many files may be named to git one by one, and how long their names may be together.
const FEW_FILES: usize = 100;
const FEW_BYTES: usize = 16 * 1024;
/// In how many first bytes git looks for a NUL, by which it knows what is no text.
const TEXT_PROBE_BYTES: usize = 8_000;

/// What was seen.
pub struct Look {
    /// What has changed.
    pub changes: Changes,
    /// Folders that are ignored as a whole.
    pub ignored: BTreeSet<Vec<u8>>,
}

/// Looks. `at` is when.
pub fn look(place: &Place, at: Time) -> Result<Look, CallFailed> {
    let mut git = Git::in_copy(&place.folder);
    git.limit = Duration::from_millis(CHANGES_LOOK_MS);
    // What was removed from here must not be answered for by a repository around it, nor a setting lead to another folder.
    let around = place.folder.parent().unwrap_or(Path::new("/"));
    git.env.push(("GIT_LITERAL_PATHSPECS", "1".into()));
    git.env.push(("GIT_CEILING_DIRECTORIES", around.into()));
    git.env.push(("GIT_WORK_TREE", place.folder.clone().into()));
    let failed = |error: GitFailed| CallFailed::Other(format!("git cannot say what has changed: {error}"));
    let status = status(&git.list(STATUS).map_err(failed)?);
    let base = place.base.clone().or_else(|| status.head.clone());
    let base = base.ok_or_else(|| CallFailed::UnknownBase("there is no commit yet that something could differ from".to_owned()))?;
    let moved = status.head.as_ref() != Some(&base);
    let gone = |error| match git.commit(&base) {
        Some(_) => failed(error),
        None => CallFailed::UnknownBase(format!("{base:?}, at which the session began, is no commit on this node any more")),
    };
    let tracked = match moved || !status.known.is_empty() {
        true => {
            let only = if moved { Vec::new() } else { few(&status) };
            let words = DIFF.iter().copied().chain([base.as_str(), "--"]).map(OsStr::new);
            differing(&git.list(words.chain(only)).map_err(gone)?)
        }
        false => BTreeMap::new(),
    };
    let ahead = match &status.head {
        Some(head) if moved => {
            let counted = git.run(["rev-list", "--count", "--end-of-options", &format!("{base}..{head}")]).map_err(failed)?;
            counted.parse().unwrap_or(0)
        }
        _ => 0,
    };
    let (files, more) = files(&place.folder, &status, &tracked);
    let changes = Changes { base, head: status.head, branch: status.branch, ahead, files, more, at };
    Ok(Look { changes, ignored: status.ignored })
}

/// The files that differ from the head, where they are so few that git had better look at them alone; none when it shall look at all.
fn few(status: &Status) -> Vec<&OsStr> {
    let bytes: usize = status.known.keys().map(Vec::len).sum();
    let few = status.known.len() <= FEW_FILES && bytes <= FEW_BYTES;
    status.known.keys().filter(|_| few).map(|path| OsStr::from_bytes(path)).collect()
}

/// The files in their order, as many as may be listed, and how many more there are.
fn files(folder: &Path, status: &Status, tracked: &BTreeMap<Vec<u8>, Differing>) -> (Vec<ChangedFile>, Option<i64>) {
    let untracked: BTreeSet<&Vec<u8>> = status.untracked.iter().collect();
    // What was taken out of the index only is still there: it is untracked, and its removal is staged.
    let known = tracked.iter().filter(|(path, _)| !untracked.contains(path));
    let total = known.clone().count() + untracked.len();
    let mut bytes = 0;
    let mut fits = |path: &[u8], from: usize| {
        bytes += path.len() + from;
        bytes <= CHANGE_PATH_BYTES_MAX
    };
    let mut files: Vec<ChangedFile> = Vec::new();
    for (path, file) in known.take(CHANGE_FILES_MAX) {
        if !fits(path, file.from.as_ref().map_or(0, Vec::len)) {
            break;
        }
        let uncommitted = status.known.get(path);
        files.push(ChangedFile {
            path: text(path),
            from: file.from.as_deref().map(text),
            state: if uncommitted == Some(&Uncommitted::Conflicted) { FileState::Conflicted } else { file.state },
            added: file.lines.map(|(added, _)| added),
            removed: file.lines.map(|(_, removed)| removed),
            committed: uncommitted.is_none(),
            staged: uncommitted == Some(&Uncommitted::Staged),
        });
    }
    for path in untracked.iter().take(CHANGE_FILES_MAX - files.len()) {
        if !fits(path, 0) {
            break;
        }
        let added = lines(&folder.join(OsStr::from_bytes(path)));
        let removed = added.map(|_| 0);
        let path = text(path);
        files.push(ChangedFile { path, from: None, state: FileState::Untracked, added, removed, committed: false, staged: false });
    }
    let more = i64::try_from(total - files.len()).unwrap_or(i64::MAX);
    (files, Some(more).filter(|more| *more > 0))
}

fn text(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

/// The lines of a file, as git would count them if it knew the file. Links are not followed, and nothing is waited for.
fn lines(path: &Path) -> Option<i64> {
    let meta = fs::symlink_metadata(path).ok()?;
    if meta.is_symlink() {
        return Some(1);
    }
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty()).ok()?);
    let meta = file.metadata().ok()?;
    if !meta.is_file() || meta.len() > CHANGES_COUNTED_BYTES_MAX {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(CHANGES_COUNTED_BYTES_MAX).read_to_end(&mut bytes).ok()?;
    if bytes.iter().take(TEXT_PROBE_BYTES).any(|byte| *byte == 0) {
        return None;
    }
    let ends = memchr::memchr_iter(b'\n', &bytes).count();
    let open = bytes.last().is_some_and(|last| *last != b'\n');
    i64::try_from(ends + usize::from(open)).ok()
}

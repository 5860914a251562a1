//! What worktrees take of the disk, and what of it can be made again.
//!
//! Invariant: work is never removed. What may go is a folder in a worktree that has one of the names which the node's settings call caches,
//! which git ignores as a whole, in which there is no repository, and which nobody has written to for a while; and what the commands of
//! projects keep beside worktrees, which they are told may go at any time. It is moved away first and removed then, so that nobody ever
//! works with half of one. All calls block.

use crate::git::Git;
use crate::sweep::children;
use fugue_domain::id::SessionId;
use fugue_domain::world::Millis;
use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Where caches are moved before they are removed, in the node's folder.
const TRASH: &str = "trash";
/// Where the commands of projects keep what outlives worktrees.
pub const CACHES: &str = "cache";
/// Bytes of a block, as the system counts what a file takes.
const BLOCK: u64 = 512;

/// What there is.
#[derive(Debug, Default)]
pub struct Survey {
    /// Bytes of all worktrees, and of what projects' commands keep.
    pub used: u64,
    /// What can be made again, in the order in which it should go: of worktrees first, what nobody has touched for longest first.
    pub caches: Vec<Cache>,
}

/// A folder that can be made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    /// Where.
    pub path: PathBuf,
    /// In whose worktree; absent for what a project's commands keep.
    pub session: Option<SessionId>,
    /// What it takes.
    pub bytes: u64,
    /// When something in it was written last.
    pub touched: Millis,
}

/// Looks how much there is, and if that is more than `limit`, at what of it can be made again: folders of these names.
pub fn survey(home: &Path, limit: Option<u64>, names: &[String]) -> Survey {
    let mut all = Sum::default();
    all.add(&home.join("worktrees"));
    all.add(&home.join(CACHES));
    let mut survey = Survey { used: all.bytes, caches: Vec::new() };
    if limit.is_some_and(|limit| survey.used > limit) {
        survey.caches = found(home, names);
    }
    survey
}

/// Everything that can be made again.
fn found(home: &Path, names: &[String]) -> Vec<Cache> {
    let mut caches = Vec::new();
    for name in children(&home.join("worktrees")) {
        let (tree, Ok(session)) = (home.join("worktrees").join(&name), SessionId::parse(&name)) else { continue };
        let paths = ignored(&tree, names).into_iter().map(|path| tree.join(path));
        caches.extend(paths.filter_map(|path| cache(path, Some(session.clone()))));
    }
    let mut kept = Vec::new();
    for project in children(&home.join(CACHES)) {
        let folder = home.join(CACHES).join(project);
        kept.extend(children(&folder).into_iter().filter_map(|name| cache(folder.join(name), None)));
    }
    for list in [&mut caches, &mut kept] {
        list.sort_by(|a, b| (a.touched, &a.path).cmp(&(b.touched, &b.path)));
    }
    caches.extend(kept);
    caches
}

/// The folders of these names in a worktree that git ignores as a whole: nothing in them is in a commit, or could come into one.
fn ignored(tree: &Path, names: &[String]) -> Vec<String> {
    let listed = Git::at(tree).run(["ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z"]);
    let listed = listed.unwrap_or_default();
    let folders = listed.split('\0').filter_map(|path| path.strip_suffix('/'));
    let is_meant = |path: &&str| names.iter().any(|name| path.rsplit('/').next() == Some(name));
    folders.filter(is_meant).map(str::to_owned).collect()
}

fn cache(path: PathBuf, session: Option<SessionId>) -> Option<Cache> {
    if !fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_dir()) {
        return None;
    }
    let mut sum = Sum::default();
    sum.add(&path);
    // A repository in there is somebody's work, whatever the folder is called.
    let is_work = session.is_some() && sum.repository;
    (!is_work).then_some(Cache { path, session, bytes: sum.bytes, touched: sum.touched })
}

/// What lies in folders.
#[derive(Default)]
struct Sum {
    bytes: u64,
    touched: Millis,
    repository: bool,
    /// Files with several names, counted once.
    linked: HashSet<(u64, u64)>,
}

impl Sum {
    /// Adds a folder with everything in it. Links are not followed, and other disks below it are not its own.
    fn add(&mut self, folder: &Path) {
        let Ok(top) = fs::symlink_metadata(folder) else { return };
        let mut waiting = vec![folder.to_owned()];
        while let Some(folder) = waiting.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let Ok(meta) = entry.metadata() else { continue };
                if meta.dev() != top.dev() {
                    continue;
                }
                self.repository |= entry.file_name() == ".git";
                self.touched = self.touched.max(meta.mtime().saturating_mul(1_000));
                if meta.is_dir() || meta.nlink() == 1 || self.linked.insert((meta.dev(), meta.ino())) {
                    self.bytes += meta.blocks() * BLOCK;
                }
                if meta.is_dir() {
                    waiting.push(entry.path());
                }
            }
        }
    }
}

/// Moves a cache out of the way, at once; [`clear`] removes it.
pub fn put_away(home: &Path, cache: &Cache) -> io::Result<()> {
    let trash = home.join(TRASH);
    fs::create_dir_all(&trash)?;
    let taken: BTreeSet<String> = children(&trash).into_iter().collect();
    let free = (0_u64..).map(|number| number.to_string()).find(|name| !taken.contains(name)).unwrap_or_default();
    fs::rename(&cache.path, trash.join(free))
}

/// Removes what was put away, also by a node that was killed before it could.
pub fn clear(home: &Path) {
    match fs::remove_dir_all(home.join(TRASH)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => tracing::warn!("what was put away cannot be removed: {error}"),
        _ => {}
    }
}

#[cfg(test)]
mod tests;

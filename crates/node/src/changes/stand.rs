//! Whether a place may have changed since git looked.
//!
//! Invariant: "no" is said only when it is known. The folders of the place are watched by the kernel from before git looks, so that nothing
//! slips in between; single files outside of it are known by when they were changed last: a change has a time that is not before it, and a
//! file whose last change lies in the same tick as our clock is not trusted.

use super::place::Place;
use super::watch::{Watch, Watched, Watches};
use crate::machine::{self, FileTime};
use fugue_domain::limits::CHANGES_FOLDERS_MAX;
use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// By what a file is known again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    changed: FileTime,
}

/// How things stood right before git looked.
pub struct Before {
    stamps: Vec<(PathBuf, Option<Stamp>)>,
    folders: Folders,
}

/// How things stand, for as long as they do.
pub struct Stand {
    stamps: Vec<(PathBuf, Option<Stamp>)>,
    folders: Folders,
}

/// The folders of a place, by their paths in it.
struct Folders {
    watched: Watched,
    list: Vec<(PathBuf, Watch)>,
    /// Those that are not watched, because git ignored them when it looked last.
    left_out: Vec<PathBuf>,
}

impl Stamp {
    fn of(path: &Path) -> io::Result<Option<Self>> {
        match fs::symlink_metadata(path) {
            Ok(meta) => Ok(Some(Self { device: meta.dev(), inode: meta.ino(), bytes: meta.len(), changed: changed(&meta) })),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn changed(meta: &Metadata) -> FileTime {
    (meta.ctime(), meta.ctime_nsec())
}

impl Before {
    /// How things stand now; the place is watched from here on. None when something cannot be known. `last` is how they stood when git
    /// looked last: as long as only files change, its folders are watched on. `ignored` is what git ignored as a whole then: the fewer
    /// such folders are watched, the better.
    pub fn take(place: &Place, last: Option<Stand>, ignored: &BTreeSet<Vec<u8>>, watches: &Watches) -> Option<Self> {
        let since = machine::file_time();
        let mut stamps = Vec::new();
        for path in place.sources()? {
            let stamp = Stamp::of(&path).ok()?;
            if stamp.is_some_and(|stamp| stamp.changed >= since) {
                return None;
            }
            stamps.push((path, stamp));
        }
        let folders = match last.map(|last| last.folders).filter(|folders| folders.watched.again()) {
            Some(folders) => folders,
            None => Folders::watch(&place.folder, ignored, watches)?,
        };
        Some(Self { stamps, folders })
    }

    /// Keeps watch after git has looked, but not over what it ignores as a whole. None when something has changed meanwhile.
    pub fn stand(mut self, ignored: &BTreeSet<Vec<u8>>) -> Option<Stand> {
        self.folders.leave_out(ignored)?;
        let stand = Stand { stamps: self.stamps, folders: self.folders };
        stand.holds().then_some(stand)
    }
}

impl Folders {
    /// Watches all folders. Each before it is read: a folder that comes after that is told by the watch.
    fn watch(top: &Path, ignored: &BTreeSet<Vec<u8>>, watches: &Watches) -> Option<Self> {
        let mut folders = Self { watched: watches.place(top).ok()?, list: Vec::new(), left_out: Vec::new() };
        let device = fs::symlink_metadata(top).ok()?.dev();
        let mut inner = vec![PathBuf::new()];
        while let Some(path) = inner.pop() {
            let folder = top.join(&path);
            // Of another file system the kernel may tell nothing.
            if folders.list.len() >= CHANGES_FOLDERS_MAX || fs::symlink_metadata(&folder).ok()?.dev() != device {
                return None;
            }
            let is_top = path.as_os_str().is_empty();
            let watch = folders.watched.add(&folder).ok()?;
            for entry in fs::read_dir(&folder).ok()? {
                let entry = entry.ok()?;
                if entry.file_name() == ".git" {
                    // Of another repository git says at which commit it is, whatever happens to its files.
                    if is_top { continue } else { return None }
                }
                if entry.file_type().ok()?.is_dir() {
                    let path = path.join(entry.file_name());
                    let list = if ignored.contains(path.as_os_str().as_bytes()) { &mut folders.left_out } else { &mut inner };
                    list.push(path);
                }
            }
            folders.list.push((path, watch));
        }
        Some(folders)
    }

    /// Leaves out what is ignored. None when something was left out before that is not ignored any more.
    fn leave_out(&mut self, ignored: &BTreeSet<Vec<u8>>) -> Option<()> {
        let is_ignored = |path: &Path| path.ancestors().any(|path| ignored.contains(path.as_os_str().as_bytes()));
        if !self.left_out.iter().all(|path| is_ignored(path)) {
            return None;
        }
        let (gone, list): (Vec<_>, Vec<_>) = std::mem::take(&mut self.list).into_iter().partition(|(path, _)| is_ignored(path));
        self.list = list;
        self.watched.remove(gone.iter().map(|(_, watch)| *watch));
        self.left_out.extend(gone.into_iter().map(|(path, _)| path));
        Some(())
    }
}

impl Stand {
    /// Whether everything is as it was when git looked.
    pub fn holds(&self) -> bool {
        self.folders.watched.is_quiet() && self.stamps.iter().all(|(path, stamp)| Stamp::of(path).is_ok_and(|now| now == *stamp))
    }
}

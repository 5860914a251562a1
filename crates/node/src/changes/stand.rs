//! Whether a place may have changed since git looked.
//!
//! Invariant: "no" is said only when it is known. The folders of the place are watched by the kernel; single files outside of it are known
//! by when they were changed last. Both begin before git looks or are held against that moment afterwards, so that nothing slips in
//! between: a change has a time that is not before it, and a file whose last change lies in the same tick as our clock is not trusted.

use super::place::Place;
use super::watch::{Watched, Watches};
use crate::machine::{self, FileTime};
use fugue_domain::limits::CHANGES_FOLDERS_MAX;
use std::collections::BTreeSet;
use std::ffi::OsStr;
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
    since: FileTime,
    stamps: Vec<(PathBuf, Option<Stamp>)>,
}

/// How things stand, for as long as they do.
pub struct Stand {
    stamps: Vec<(PathBuf, Option<Stamp>)>,
    watched: Watched,
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
    /// How things stand now. None when that cannot be known.
    pub fn take(place: &Place) -> Option<Self> {
        let since = machine::file_time();
        let mut stamps = Vec::new();
        for path in place.sources()? {
            let stamp = Stamp::of(&path).ok()?;
            if stamp.is_some_and(|stamp| stamp.changed >= since) {
                return None;
            }
            stamps.push((path, stamp));
        }
        Some(Self { since, stamps })
    }

    /// Watches the place, after git has looked. None when something has changed meanwhile, or cannot be watched.
    pub fn stand(self, place: &Place, ignored: &BTreeSet<Vec<u8>>, watches: &Watches) -> Option<Stand> {
        let watched = watches.place(&place.folder).ok()?;
        let root = fs::symlink_metadata(&place.folder).ok()?;
        let (mut folders, mut count) = (vec![PathBuf::new()], 0);
        while let Some(inner) = folders.pop() {
            count += 1;
            let folder = place.folder.join(&inner);
            if count > CHANGES_FOLDERS_MAX || watched.add(&folder).is_err() {
                return None;
            }
            // What happened before the watch is seen here, what happens from now on is in the queue.
            self.is_older(&fs::symlink_metadata(&folder).ok()?)?;
            for entry in fs::read_dir(&folder).ok()? {
                let entry = entry.ok()?;
                let (name, path) = (entry.file_name(), inner.join(entry.file_name()));
                let is_git = name == OsStr::new(".git");
                if is_git && inner.as_os_str().is_empty() || ignored.contains(path.as_os_str().as_bytes()) {
                    continue;
                }
                let meta = entry.metadata().ok()?;
                self.is_older(&meta)?;
                // Of another repository git says at which commit it is, and of another file system the kernel may tell nothing.
                if is_git || meta.dev() != root.dev() {
                    return None;
                }
                if meta.is_dir() {
                    folders.push(path);
                }
            }
        }
        let stand = Stand { stamps: self.stamps, watched };
        stand.holds().then_some(stand)
    }

    fn is_older(&self, meta: &Metadata) -> Option<()> {
        (changed(meta) < self.since).then_some(())
    }
}

impl Stand {
    /// Whether everything is as it was when git looked.
    pub fn holds(&self) -> bool {
        self.watched.is_quiet() && self.stamps.iter().all(|(path, stamp)| Stamp::of(path).is_ok_and(|now| now == *stamp))
    }
}

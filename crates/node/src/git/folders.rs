//! Where git keeps what belongs to a working copy, and what its settings may hold, read without git.
//!
//! Invariant: something is said only where git could not understand the same files in another way; in every doubt there is no answer, and
//! git itself is asked. Whoever relies on it gives git the folder that was found, so that it looks for none itself.

use memchr::memmem;
use rustix::fs::{Mode, OFlags};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Bytes that one of git's own small files may have to be read here.
const BYTES_MAX: u64 = 1024 * 1024;
/// Files of settings, in each of the folders.
const SETTINGS: [&str; 2] = ["config", "config.worktree"];

/// The folders of one working copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// The working copy's own.
    pub own: PathBuf,
    /// The repository's, of which all its working copies have a part; the same where there is only one.
    pub common: PathBuf,
}

impl Folders {
    /// Those of a working copy, by its top.
    pub fn of(top: &Path) -> Option<Self> {
        let entry = top.join(".git");
        let own = if entry.is_dir() { entry } else { top.join(path(text(&entry).ok()??.strip_prefix(b"gitdir: ")?)?) };
        let common = match text(&own.join("commondir")).ok()? {
            Some(text) => own.join(path(&text)?),
            None => own.clone(),
        };
        Some(Self { own, common })
    }

    /// Both, or the one.
    pub fn each(&self) -> impl Iterator<Item = &Path> {
        let common = Some(self.common.as_path()).filter(|common| *common != self.own);
        std::iter::once(self.own.as_path()).chain(common)
    }

    /// Whether none of these words, in small letters, is anywhere in the settings. git knows no way to write the name of a setting but
    /// its letters, in capitals or not, so that a setting whose name holds no such word is not there, nor does another file hold one
    /// when `include` is among the words.
    pub fn settings_lack(&self, words: &[&str]) -> bool {
        let lack = |file: PathBuf| {
            text(&file).is_ok_and(|text| {
                let text = text.unwrap_or_default().to_ascii_lowercase();
                words.iter().all(|word| memmem::find(&text, word.as_bytes()).is_none())
            })
        };
        self.each().flat_map(|folder| SETTINGS.map(|name| folder.join(name))).all(lack)
    }
}

/// A path that stands alone in a file, in the one way in which nobody could read it otherwise.
fn path(text: &[u8]) -> Option<&Path> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let plain = !text.is_empty() && text.iter().all(|byte| *byte >= b' ');
    plain.then(|| Path::new(OsStr::from_bytes(text)))
}

/// What a small file holds; none where there is no file. Nothing is waited for: what an agent has put there may be a pipe.
pub fn text(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let meta = file.metadata()?;
    if !meta.is_file() || meta.len() > BYTES_MAX {
        return Err(io::Error::other("it is no small file"));
    }
    let mut text = Vec::new();
    file.take(BYTES_MAX).read_to_end(&mut text)?;
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Folder;
    use std::fs;

    fn working_copy(name: &str) -> Folder {
        let folder = Folder::new(name);
        fs::create_dir_all(folder.0.join("top")).unwrap();
        fs::create_dir_all(folder.0.join("common/worktrees/one")).unwrap();
        fs::write(folder.0.join("top/.git"), "gitdir: ../common/worktrees/one\n").unwrap();
        fs::write(folder.0.join("common/worktrees/one/commondir"), "../..\n").unwrap();
        fs::write(folder.0.join("common/config"), "[core]\n\tbare = false\n").unwrap();
        folder
    }

    #[test]
    fn both_folders_are_found_and_all_settings_are_read() {
        let folder = working_copy("folders-both");
        let folders = Folders::of(&folder.0.join("top")).unwrap();
        assert_eq!(fs::canonicalize(&folders.common).unwrap(), fs::canonicalize(folder.0.join("common")).unwrap());
        assert_eq!(folders.each().count(), 2);
        assert!(folders.settings_lack(&["driver", "include"]));
        for file in ["common/config", "common/config.worktree", "common/worktrees/one/config.worktree"] {
            let path = folder.0.join(file);
            let before = fs::read(&path).unwrap_or_default();
            fs::write(&path, [&before[..], b"[merge \"x\"] Driver = touch me\n"].concat()).unwrap();
            assert!(!folders.settings_lack(&["driver", "include"]), "{file}");
            fs::write(&path, before).unwrap();
            assert!(folders.settings_lack(&["driver", "include"]), "{file}");
        }
    }

    #[test]
    fn what_could_be_read_otherwise_has_no_answer() {
        let folder = working_copy("folders-doubt");
        let top = folder.0.join("top");
        let long = [&b"gitdir: "[..], &[b'a'; BYTES_MAX as usize]].concat();
        let doubtful: [&[u8]; 6] = [b"gitdir: x\r\n", b"gitdir: x\0y\n", b"gitdir: x\n\n", b"gitdir: \n", b"gitdir:x\n", &long];
        for text in doubtful {
            fs::write(top.join(".git"), text).unwrap();
            assert_eq!(Folders::of(&top), None, "{:?}", String::from_utf8_lossy(&text[..text.len().min(20)]));
        }
        fs::remove_file(top.join(".git")).unwrap();
        assert_eq!(Folders::of(&top), None);
    }

    #[test]
    fn a_pipe_in_place_of_the_settings_keeps_nobody_waiting() {
        let folder = working_copy("folders-pipe");
        let folders = Folders::of(&folder.0.join("top")).unwrap();
        let pipe = folders.own.join("config.worktree");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(!folders.settings_lack(&["driver"]));
    }
}

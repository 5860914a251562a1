//! Where to look: the folder of a session, the commit it began at, and the files outside of the folder on which git's answer depends.

use crate::git::folders::{self, Folders};
use crate::worktree::{Intent, is_ready, session_folder};
use fugue_domain::approval::visible;
use fugue_domain::link::{self, CallFailed};
use fugue_domain::session::PlaceKind;
use std::path::{Path, PathBuf};

/// Files of git's own folders that an answer depends on. The repository's and the worktree's are looked for in both.
const OWN: &[&str] = &[
    "HEAD",
    "config",
    "config.worktree",
    "index",
    "info/attributes",
    "info/exclude",
    "info/sparse-checkout",
    "packed-refs",
    "reftable/tables.list",
    "shallow",
];
/// What a person has ignored everywhere, in their home.
const IGNORED: &str = ".config/git/ignore";

/// Where to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The folder.
    pub folder: PathBuf,
    /// The commit at which the session began; the head when nobody said.
    pub base: Option<String>,
}

impl Place {
    /// Finds a session's place; none when it is not there, not yet or not any more.
    pub fn find(home: &Path, place: &link::Place) -> Result<Option<Self>, CallFailed> {
        if place.kind == PlaceKind::Checkout {
            let folder = PathBuf::from(&place.path);
            if !folder.is_absolute() || !folder.join(".git").exists() {
                let shown = visible(&place.path);
                return Err(CallFailed::NotARepository(format!("{shown} is no checkout of a git repository on this machine any more")));
            }
            return Ok(Some(Self { folder, base: place.base.clone() }));
        }
        let failed = |error: std::io::Error| CallFailed::Other(format!("the worktree's record cannot be read: {error}"));
        if !is_ready(home, place) {
            return Ok(None);
        }
        let intent = Intent::read(&session_folder(home, &place.session)).map_err(failed)?;
        Ok(intent.map(|intent| Self { folder: intent.path, base: Some(intent.base) }))
    }

    /// The files besides those of the place itself on which git's answer depends, whether they are there or not. None when not all of them
    /// are known: settings that include others, or that name a file of ignored names.
    pub fn sources(&self) -> Option<Vec<PathBuf>> {
        let folders = Folders::of(&self.folder)?;
        if !folders.settings_lack(&["include", "excludesfile"]) {
            return None;
        }
        let mut sources: Vec<PathBuf> = folders.each().flat_map(|folder| OWN.iter().map(|name| folder.join(name))).collect();
        // By it the folder is known again, should another one stand in its place. A folder of git's changes with every lock in it.
        sources.extend(Some(self.folder.join(".git")).filter(|entry| !entry.is_dir()));
        sources.extend(std::env::var_os("HOME").map(|home| Path::new(&home).join(IGNORED)));
        let head = String::from_utf8(folders::text(&folders.own.join("HEAD")).ok()??).ok()?;
        if let Some(branch) = head.strip_prefix("ref: ") {
            for file in folders.each().map(|folder| folder.join(branch.trim_end_matches('\n'))) {
                // A branch that stands for another one is a case of its own.
                if folders::text(&file).ok()?.is_some_and(|text| text.starts_with(b"ref:")) {
                    return None;
                }
                sources.push(file);
            }
        }
        Some(sources)
    }
}

//! The sweep: what is left of sessions that nobody knows any more.
//!
//! Invariant: only what carries this node's own prefix is looked at, and nothing is ended by its name alone. The supervisor ends
//! leftovers at its start; `fugue doctor --audit` only lists them.

use crate::keeper::handle::{clear, process_of};
use crate::ownership::{LEAF_PREFIX, leaf_parent};
use crate::process::{self, KEEPER_VARIABLE, SESSION_VARIABLE};
use crate::session::record::Record;
use crate::spare::{keepers_folder, prefix};
use crate::worktree::Intent;
use fugue_domain::id::SessionId;
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Something that belongs to no session that the node knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub what: String,
    /// What to do about it.
    pub hint: String,
}

/// The sessions that a node's folder remembers. What cannot be read is reported and left alone.
pub fn remembered(home: &Path) -> Vec<(SessionId, Record)> {
    let names = children(&home.join("sessions"));
    let sessions = names.into_iter().filter_map(|name| SessionId::parse(&name).ok());
    let read = sessions.filter_map(|id| match Record::read(&home.join("sessions").join(id.as_str())) {
        Ok(record) => Some((id, record.unwrap_or_default())),
        Err(error) => {
            tracing::error!(session.id = %id, "what the node remembers of a session cannot be read: {error}");
            None
        }
    });
    read.collect()
}

/// Ends keepers and processes of ours that belong to no session.
pub fn clean(home: &Path, remembered: &[(SessionId, Record)]) {
    let known = known(remembered);
    for name in unknown_keepers(home, &known).into_iter().chain(unknown_marks(home, &known)).collect::<BTreeSet<_>>() {
        let folder = keepers_folder(home).join(&name);
        if let Some(keeper) = process_of(&folder) {
            keeper.signal(Signal::KILL);
        }
        clear(&name);
        let _ = fs::remove_dir_all(folder);
        tracing::warn!(keeper = name, "a keeper that belongs to no session was ended");
    }
}

/// Lists what belongs to no session: keepers, processes, cgroups and worktrees.
pub fn audit(home: &Path) -> Vec<Finding> {
    let sessions = remembered(home);
    let known = known(&sessions);
    let restart = "restart `fugue node`: it ends what belongs to no session";
    let mut found = Vec::new();
    let mut add = |what: String, hint: &str| found.push(Finding { what, hint: hint.to_owned() });
    for name in unknown_keepers(home, &known) {
        // A keeper without an agent waits for one, and ends by itself when its node does.
        let has_agent = fs::metadata(keepers_folder(home).join(&name).join("spool-0000000000000000")).is_ok_and(|spool| spool.len() > 0);
        if has_agent && process_of(&keepers_folder(home).join(&name)).is_some() {
            add(format!("keeper {name} belongs to no session"), restart);
        }
    }
    for process in process::all() {
        let Some(keeper) = process::variable(process.pid, KEEPER_VARIABLE).filter(|keeper| keeper.starts_with(&prefix(home))) else {
            continue;
        };
        if !known.contains(&keeper) {
            let session = process::variable(process.pid, SESSION_VARIABLE).unwrap_or_default();
            add(format!("process {} was started by an agent of {session}, which is not running", process.pid), restart);
        }
    }
    for name in leaves(home) {
        if !known.contains(&name) && !keepers_folder(home).join(&name).is_dir() {
            add(format!("cgroup {LEAF_PREFIX}{name} belongs to no agent"), restart);
        }
    }
    for name in children(&home.join("worktrees")) {
        if !Intent::read(&home.join("sessions").join(&name)).is_ok_and(|intent| intent.is_some()) {
            let path = home.join("worktrees").join(&name);
            add(format!("worktree {} belongs to no session", path.display()), "look whether it holds work, then `git worktree remove` it");
        }
    }
    found
}

fn known(remembered: &[(SessionId, Record)]) -> BTreeSet<String> {
    remembered.iter().filter_map(|(_, record)| Some(record.process.as_ref()?.keeper.clone())).collect()
}

fn unknown_keepers(home: &Path, known: &BTreeSet<String>) -> Vec<String> {
    children(&keepers_folder(home)).into_iter().filter(|name| !known.contains(name)).collect()
}

fn unknown_marks(home: &Path, known: &BTreeSet<String>) -> Vec<String> {
    let prefix = prefix(home);
    let marks = process::all().into_iter().filter_map(|process| process::variable(process.pid, KEEPER_VARIABLE));
    marks.chain(leaves(home)).filter(|name| name.starts_with(&prefix) && !known.contains(name)).collect()
}

fn leaves(home: &Path) -> Vec<String> {
    let names = leaf_parent().map(|parent| children(&parent)).unwrap_or_default();
    let ours = names.into_iter().filter_map(|name| name.strip_prefix(LEAF_PREFIX).map(str::to_owned));
    ours.filter(|name| name.starts_with(&prefix(home))).collect()
}

fn children(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

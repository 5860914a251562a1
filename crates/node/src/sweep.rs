//! The sweep: what is left of sessions that nobody knows any more.
//!
//! Invariant: only what carries this node's own prefix is looked at, and nothing is ended by its name alone. The node ends
//! leftovers at its start; `audit` only lists them.

use crate::keeper::handle::{clear, process_of};
use crate::ownership::{self, LEAF_PREFIX};
use crate::process::{self, KEEPER_VARIABLE};
use crate::session::record::Record;
use crate::spare::{keepers_folder, prefix};
use fugue_domain::durable;
use fugue_domain::id::SessionId;
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

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
        let _ = durable!("sweep.folder", fs::remove_dir_all(folder));
        tracing::warn!(keeper = name, "a keeper that belongs to no session was ended");
    }
}

/// Names of the keepers that sessions remember.
pub(crate) fn known(remembered: &[(SessionId, Record)]) -> BTreeSet<String> {
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
    let leaves = ownership::leaves(&prefix(home)).into_iter();
    leaves.filter_map(|leaf| Some(leaf.file_name()?.to_str()?.strip_prefix(LEAF_PREFIX)?.to_owned())).collect()
}

/// The names in a folder; none when it is not there.
pub(crate) fn children(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

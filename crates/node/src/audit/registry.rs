//! The node's own records against what the hub says of the same sessions.

use super::{Kind, Known, Leak};
use std::path::Path;

pub(super) fn look(known: &Known<'_>, leaks: &mut Vec<Leak>) {
    for (id, record) in &known.sessions {
        let folder = known.home.join("sessions").join(id.as_str());
        let place = folder.display().to_string();
        let mut add = |kind, why: String, advice: String| leaks.push(Leak { kind, place: place.clone(), why, advice });
        let Some(told) = known.told else { continue };
        let Some(session) = told.sessions.get(id) else {
            let advice = "ask the hub that this node works for; if it is gone for good, look what the worktree holds, then delete both";
            add(Kind::Session, "the hub knows no such session".to_owned(), advice.to_owned());
            continue;
        };
        if session.closed_at.is_some() {
            let why = "the session is closed, and its folder is still here".to_owned();
            let advice = if known.running {
                "the hub asks the node again with each heartbeat; the node's log says why it cannot be removed"
            } else {
                "start the node: it removes it as soon as the hub asks again"
            };
            add(Kind::Session, why, advice.to_owned());
        }
        let held = record.turn.as_ref().map(|held| &held.assignment.lease.turn);
        // Without a node nobody can agree yet.
        if known.running && held != session.turn.as_ref() {
            let shown = |turn: Option<&fugue_domain::id::TurnId>| turn.map_or("none".to_owned(), |turn| turn.to_string());
            let why = format!("the node holds the turn {}, the hub has given it {}", shown(held), shown(session.turn.as_ref()));
            add(Kind::Turn, why, "see in the node's log whether it reaches the hub; `fugue session stop` ends the turn".to_owned());
        }
    }
}

/// Whether a node has the lock of this home. Taking the lock to find out would keep a node that starts now from it.
#[cfg(target_os = "linux")]
pub(super) fn is_running(home: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let Ok(lock) = std::fs::metadata(home.join("lock")) else { return false };
    let inode = format!(":{}", lock.ino());
    let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    locks.lines().any(|line| line.contains("FLOCK") && line.split_whitespace().any(|word| word.ends_with(&inode)))
}

/// Where it cannot be seen, a node is taken for running.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_running(home: &Path) -> bool {
    home.join("lock").exists()
}

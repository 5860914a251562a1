//! Cgroup leaves of an install that was ended by force: no keeper is left to remove them, so the kit does.
//!
//! A leaf is named after its keeper, and all keepers of a node begin with the same letters; so what belongs to an install is known
//! from the keepers' folders. Linux only.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What every leaf begins with.
const PREFIX: &str = "fugue-";
/// How long a leaf may still hold a process that was just killed.
const EMPTY_MAX: Duration = Duration::from_secs(2);

/// Removes the leaves of the nodes that kept their keepers in these folders. What cannot be removed is named.
pub fn remove(keepers: &[PathBuf]) {
    let Some(parent) = parent() else { return };
    let begun = Instant::now();
    let nodes = nodes(keepers);
    loop {
        let mut left = of(&parent, &nodes);
        left.retain(|leaf| fs::remove_dir(leaf).is_err());
        if left.is_empty() {
            return;
        }
        if begun.elapsed() > EMPTY_MAX {
            eprintln!("could not remove {left:?}");
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The leaves that are there.
pub fn left(keepers: &[PathBuf]) -> Vec<PathBuf> {
    parent().map(|parent| of(&parent, &nodes(keepers))).unwrap_or_default()
}

/// What the names of each node's keepers begin with.
fn nodes(keepers: &[PathBuf]) -> BTreeSet<String> {
    let names = keepers.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    names.filter_map(|entry| Some(entry.file_name().to_str()?.split_once('-')?.0.to_owned())).collect()
}

fn of(parent: &Path, nodes: &BTreeSet<String>) -> Vec<PathBuf> {
    let is_ours =
        |name: &str| name.strip_prefix(PREFIX).and_then(|name| name.split_once('-')).is_some_and(|(node, _)| nodes.contains(node));
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_name().to_str().is_some_and(is_ours)).map(|entry| entry.path()).collect()
}

/// The cgroup of this process, in which everything that it starts makes its leaves.
fn parent() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let own = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = own.lines().find_map(|line| line.strip_prefix("0::"))?;
    mounts.lines().find_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let mut fields = left.split(' ');
        let (root, mount) = (fields.nth(3)?, fields.next()?);
        let below = Path::new(own).strip_prefix(root).ok()?;
        right.starts_with("cgroup2 ").then(|| Path::new(mount).join(below))
    })
}

//! Owning a process tree, so that stop means everything.
//!
//! On Linux with a writable cgroup v2 an agent and all that it starts live in a leaf that nothing leaves. Elsewhere the tree is
//! found again by process group, by the keeper being the subreaper, and by a marker in the environment. Called by the
//! keeper for its own agent, and by the node for what a dead keeper left behind.

use crate::process::{self, Process};
use fugue_domain::node::Ownership;
use rustix::process::{Pid, Signal};
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What every leaf of ours begins with.
pub const LEAF_PREFIX: &str = "fugue-";
/// Levels of cgroups that are searched for leaves; systemd nests a user's service about six deep.
const CGROUP_DEPTH_MAX: usize = 12;

/// How well this machine lets us own processes, and why, in words for people.
pub fn detect() -> (Ownership, String) {
    if !cfg!(target_os = "linux") {
        return (Ownership::Sweep, "this system has neither cgroups nor subreapers".to_owned());
    }
    let Some(parent) = leaf_parent() else {
        return (Ownership::Subreaper, "no cgroup v2 is mounted, or this process is outside of what is mounted".to_owned());
    };
    let probe = parent.join(format!("{LEAF_PREFIX}probe-{}", std::process::id()));
    let tried = fs::create_dir(&probe).and_then(|()| {
        // Moving a process needs the right to write in both places.
        fs::File::options().write(true).open(parent.join("cgroup.procs"))?;
        fs::File::options().write(true).open(probe.join("cgroup.procs"))?;
        fs::File::options().write(true).open(probe.join("cgroup.kill")).map(drop)
    });
    let _ = fs::remove_dir(&probe);
    match tried {
        Ok(()) => (Ownership::Cgroup, format!("leaves can be made below {}", parent.display())),
        Err(error) => (
            Ownership::Subreaper,
            format!(
                "no leaf can be made below {} ({error}); start the node with `systemd-run --user --scope -p Delegate=yes` to allow it",
                parent.display()
            ),
        ),
    }
}

/// The leaves of this machine whose name goes on like this. A node may have been started in another cgroup each time, so all are searched.
pub fn leaves(prefix: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders: Vec<(PathBuf, usize)> = mount().into_iter().map(|(_, mount)| (mount, 0)).collect();
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        {
            let name = entry.file_name();
            if name.to_str().and_then(|name| name.strip_prefix(LEAF_PREFIX)).is_some_and(|name| name.starts_with(prefix)) {
                found.push(entry.path());
            } else if depth < CGROUP_DEPTH_MAX {
                folders.push((entry.path(), depth + 1));
            }
        }
    }
    found
}

/// The cgroup of this process in the v2 hierarchy: the folder in which leaves are made.
pub fn leaf_parent() -> Option<PathBuf> {
    let (below, mount) = mount()?;
    Some(mount.join(below))
}

/// Where the v2 hierarchy that this process is in is mounted, and the process's cgroup below that.
fn mount() -> Option<(PathBuf, PathBuf)> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let own = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = own.lines().find_map(|line| line.strip_prefix("0::"))?;
    mounts.lines().find_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let mut fields = left.split(' ');
        let (root, mount) = (fields.nth(3)?, fields.next()?);
        let below = Path::new(own).strip_prefix(root).ok()?;
        right.starts_with("cgroup2 ").then(|| (below.to_owned(), PathBuf::from(mount)))
    })
}

/// The processes of one agent.
#[derive(Debug)]
pub struct Tree {
    leaf: Option<PathBuf>,
    keeper: String,
    root: Option<Pid>,
    subreaper: Option<i32>,
}

impl Tree {
    /// The tree of the agent that carries this marker, in a leaf of its own if that is wanted and can be made.
    pub fn new(keeper: &str, in_leaf: bool) -> Self {
        let leaf = if in_leaf { leaf_parent().map(|parent| parent.join(format!("{LEAF_PREFIX}{keeper}"))) } else { None };
        let leaf = leaf.filter(|leaf| fs::create_dir(leaf).is_ok() || leaf.is_dir());
        Self { leaf, keeper: keeper.to_owned(), root: None, subreaper: None }
    }

    /// What is left of the agent of a keeper that is gone.
    pub fn left_by(keeper: &str) -> Self {
        let leaf = leaves(keeper).into_iter().find(|leaf| leaf.ends_with(format!("{LEAF_PREFIX}{keeper}")));
        Self { leaf, keeper: keeper.to_owned(), root: None, subreaper: None }
    }

    /// The file into which a process writes `0` to enter the leaf.
    pub fn door(&self) -> Option<fs::File> {
        let leaf = self.leaf.as_ref()?;
        fs::File::options().write(true).open(leaf.join("cgroup.procs")).ok()
    }

    /// Says who leads the tree: a session and process group of its own, below this process.
    pub fn lead(&mut self, root: Pid) {
        self.root = Some(root);
        self.subreaper = Some(std::process::id() as i32);
    }

    /// The leader is reaped: its number may belong to somebody else soon.
    pub fn leader_gone(&mut self) {
        self.root = None;
    }

    /// Asks everything to end, each process once: some take a second request for an order to drop everything.
    pub fn ask(&self) {
        self.members().iter().for_each(|process| process.signal(Signal::TERM));
    }

    /// Ends everything that is there now. Call it until [`Tree::is_empty`].
    pub fn kill(&self) {
        if let Some(leaf) = &self.leaf {
            let _ = fs::write(leaf.join("cgroup.kill"), "1");
        }
        if let Some(root) = self.root {
            let _ = rustix::process::kill_process_group(root, Signal::KILL);
        }
        self.members().iter().for_each(|process| process.signal(Signal::KILL));
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        !self.populated() && self.members().is_empty()
    }

    /// Whether the leaf still holds a process; cheap to ask. False without a leaf.
    pub fn populated(&self) -> bool {
        let events = self.leaf.as_ref().and_then(|leaf| fs::read_to_string(leaf.join("cgroup.events")).ok());
        events.is_some_and(|events| events.lines().any(|line| line == "populated 1"))
    }

    /// Removes the empty leaf.
    pub fn remove(&mut self) {
        if let Some(leaf) = self.leaf.take() {
            let _ = fs::remove_dir(leaf);
        }
    }

    /// By leaf, by marker, and by descent from the subreaper: each finds what the others miss.
    fn members(&self) -> Vec<Process> {
        let all = process::all();
        let mut inside: HashSet<i32> = self.in_leaf().into_iter().collect();
        inside.extend(self.subreaper);
        for process in &all {
            if process::variable(process.pid, process::KEEPER_VARIABLE).as_deref() == Some(&self.keeper) {
                inside.insert(process.pid);
            }
        }
        // Children of what is inside are inside; the table has no order, so look until nothing is added.
        loop {
            let before = inside.len();
            inside.extend(all.iter().filter(|process| inside.contains(&process.parent)).map(|process| process.pid).collect::<Vec<_>>());
            if inside.len() == before {
                break;
            }
        }
        all.into_iter().filter(|process| inside.contains(&process.pid) && Some(process.pid) != self.subreaper).collect()
    }

    fn in_leaf(&self) -> Vec<i32> {
        let list = self.leaf.as_ref().and_then(|leaf| fs::read_to_string(leaf.join("cgroup.procs")).ok()).unwrap_or_default();
        list.lines().filter_map(|line| line.parse().ok()).collect()
    }
}

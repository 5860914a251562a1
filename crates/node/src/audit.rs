//! The audit: what this node remembers and what the hub says, held against the truth of the machine.
//!
//! Invariant: it only looks. It ends, deletes and repairs nothing, takes no lock, and everything that it calls a leak it names by
//! place, with the reason and the next step. What the hub would have to confirm is not judged when the hub was not asked. Work in
//! progress can look like a leak for a moment, so whoever calls looks twice and keeps what [`Audit::still_there`] says.
//! Called by `fugue doctor --audit`.

mod machine;
mod registry;
mod repository;

use crate::spare::{SPARES, keepers_folder, prefix};
use crate::worktree::Intent;
use crate::{git, sweep};
use fugue_domain::api;
use fugue_domain::id::SessionId;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What kind of thing leaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A process that carries the mark of an agent of this node.
    Process,
    /// A keeper that lives.
    Keeper,
    /// A cgroup leaf.
    Cgroup,
    /// The folder of a session.
    Session,
    /// A turn that only one side believes to be running.
    Turn,
    /// A worktree, or git's entry of one.
    Worktree,
    /// A branch `fugue/…`.
    Branch,
    /// A ref that holds rescued work.
    RescueRef,
    /// A lock file, ours or git's.
    Lock,
    /// The socket of a keeper that is dead.
    Socket,
    /// The spool of a keeper that is dead.
    Spool,
}

/// Something that nobody owns.
#[derive(Debug, Clone, Serialize)]
pub struct Leak {
    /// What it is.
    pub kind: Kind,
    /// Where it is: a path, a number, a name.
    pub place: String,
    /// Why it is a leak.
    pub why: String,
    /// What to do about it.
    pub advice: String,
}

/// A keeper that waits for an agent, as it should.
#[derive(Debug, Clone, Serialize)]
pub struct Spare {
    /// Its name.
    pub keeper: String,
    /// Its process.
    pub pid: i32,
}

/// What the hub says about sessions and projects.
pub struct Told {
    /// All of its sessions, the closed ones too.
    pub sessions: BTreeMap<SessionId, api::Session>,
    /// Its projects.
    pub projects: Vec<api::Project>,
}

/// What was found.
#[derive(Debug, Serialize)]
pub struct Audit {
    /// What nobody owns.
    pub leaks: Vec<Leak>,
    /// Keepers that wait; no leaks.
    pub spares: Vec<Spare>,
    /// Sessions that the node remembers.
    pub sessions: usize,
    /// Repositories that were looked at.
    pub repositories: usize,
}

impl Audit {
    /// Drops what an earlier look did not find: it comes and goes as it should.
    #[must_use]
    pub fn still_there(mut self, earlier: &Audit) -> Self {
        self.leaks.retain(|leak| earlier.leaks.iter().any(|before| (before.kind, &before.place) == (leak.kind, &leak.place)));
        self
    }
}

/// What is judged by: everything that somebody knows of.
struct Known<'a> {
    home: &'a Path,
    /// Whether a node works in this home now.
    running: bool,
    sessions: Vec<(SessionId, crate::session::record::Record)>,
    intents: BTreeMap<String, Intent>,
    /// Names of keepers that sessions remember, and those that run a command of a job.
    keepers: BTreeSet<String>,
    told: Option<&'a Told>,
}

/// Looks once. Blocks; `told` is what the hub says, if it was asked.
pub fn look(home: &Path, told: Option<&Told>) -> Audit {
    let home = &std::fs::canonicalize(home).unwrap_or_else(|_| home.to_owned());
    let sessions = sweep::remembered(home);
    let mut keepers = sweep::known(&sessions);
    keepers.extend(crate::job::record::keepers(home));
    let intent = |name: String| Some((name.clone(), Intent::read(&home.join("sessions").join(&name)).ok()??));
    let intents = sweep::children(&home.join("sessions")).into_iter().filter_map(intent).collect();
    let known = Known { home, running: registry::is_running(home), sessions, intents, keepers, told };
    let repositories = known.repositories();
    let mut leaks = Vec::new();
    let spares = machine::look(&known, &mut leaks);
    registry::look(&known, &mut leaks);
    repository::look(&known, &repositories, &mut leaks);
    leaks.sort_by(|one, other| (one.kind, &one.place).cmp(&(other.kind, &other.place)));
    Audit { leaks, spares, sessions: known.sessions.len(), repositories: repositories.len() }
}

impl Known<'_> {
    fn keepers_folder(&self) -> PathBuf {
        keepers_folder(self.home)
    }

    fn prefix(&self) -> String {
        prefix(self.home)
    }

    /// Spare keepers that a node may have.
    fn spares(&self) -> usize {
        if self.running { SPARES } else { 0 }
    }

    /// What ends processes and keepers that belong to no session.
    fn restart(&self) -> String {
        let verb = if self.running { "restart" } else { "start" };
        format!("{verb} the node (`fugue node run`, or `fugue up`): it ends what belongs to no session")
    }

    /// The repositories that this node works with: those of worktrees, of the hub's projects, and its own clones.
    fn repositories(&self) -> BTreeSet<PathBuf> {
        let projects = self.told.into_iter().flat_map(|told| &told.projects);
        let paths = projects.filter_map(|project| project.path.as_ref()).map(PathBuf::from);
        let clones = sweep::children(&self.home.join("repos")).into_iter().map(|name| self.home.join("repos").join(name));
        let all = self.intents.values().map(|intent| intent.repository.clone()).chain(paths).chain(clones);
        all.filter(|path| path.is_dir()).filter_map(|path| git::top(&path)).collect()
    }
}

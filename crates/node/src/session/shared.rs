//! What all sessions of a node share: its folder, its programs, its spare keepers.

use crate::spare::Spares;
use fugue_domain::agent::Driver;
use fugue_domain::world::SharedWorld;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

/// What all sessions of a node share.
pub struct Shared {
    /// The node's folder.
    pub home: PathBuf,
    /// Where agent programs are.
    pub programs: BTreeMap<Driver, PathBuf>,
    /// Names of variables that every agent gets.
    pub pass_env: Vec<String>,
    /// Whether commands of projects run here: set-up and checks.
    pub project_commands: bool,
    /// Seconds that one of them may take, whatever its project says.
    pub check_seconds_max: i64,
    /// Jobs that run side by side, as many as turns.
    pub slots: usize,
    /// Time and chance.
    pub world: SharedWorld,
    /// Keepers that wait.
    pub spares: Spares,
    agents: AtomicI64,
    full: AtomicBool,
}

impl Shared {
    /// What sessions share, with no agent yet.
    pub fn new(options: &crate::Options, spares: Spares) -> Self {
        let (home, programs) = (options.home.clone(), options.programs.clone());
        let (pass_env, world) = (options.pass_env.clone(), options.world.clone());
        let (project_commands, check_seconds_max) = (options.project_commands, options.check_seconds_max);
        let slots = usize::try_from(options.slots).unwrap_or(1).max(1);
        Self {
            home,
            programs,
            pass_env,
            project_commands,
            check_seconds_max,
            slots,
            world,
            spares,
            agents: AtomicI64::new(0),
            full: AtomicBool::new(false),
        }
    }

    /// Whether there is no room for another worktree.
    pub fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Says whether there is room for another worktree.
    pub fn set_full(&self, full: bool) {
        self.full.store(full, Ordering::Relaxed);
    }

    /// Live agent processes.
    pub fn agents(&self) -> i64 {
        self.agents.load(Ordering::Relaxed)
    }

    /// One more, or one less.
    pub fn count_agent(&self, change: i64) {
        self.agents.fetch_add(change, Ordering::Relaxed);
    }
}

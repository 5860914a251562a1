//! The node: carries out turns on one machine and reports to the hub.
//!
//! Invariant: it holds no decision that the hub needs after a crash, and its end ends no agent. Each agent process belongs to a
//! keeper; what the node remembers is in its folder; on the next start both are found again. [`run`] is called by the command
//! line, for `fugue node` and, with the hub in the same process, for `fugue up`.

pub mod audit;
pub mod disk;
pub mod driver;
pub mod git;
pub mod keeper;
pub mod ownership;
pub mod program;
pub mod rehearse;

mod changes;
mod child;
mod diff;
mod environment;
#[cfg(test)]
mod fixture;
mod janitor;
mod job;
mod link;
mod machine;
mod process;
mod raw;
mod report;
mod session;
mod spare;
mod spool;
mod supervisor;
mod sweep;
mod turn;
mod worktree;

use fugue_domain::agent::Driver;
use fugue_domain::node::{NodeFacts, Ownership};
use fugue_domain::world::SharedWorld;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long a folder that is locked is tried again.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

/// What a node needs to know.
#[derive(Clone)]
pub struct Options {
    /// The node's own folder.
    pub home: PathBuf,
    /// Where the hub is: `http(s)://host:port`.
    pub hub: String,
    /// The node's credential.
    pub token: String,
    /// The machine's name, for people.
    pub name: String,
    /// Turns that it carries out side by side.
    pub slots: i64,
    /// The command that starts a keeper when its folder is appended.
    pub keeper: Vec<OsString>,
    /// Paths of agent programs, where the search would not find the right one.
    pub programs: BTreeMap<Driver, PathBuf>,
    /// Names of environment variables that every agent gets besides the usual ones.
    pub pass_env: Vec<String>,
    /// Whether commands of projects run here.
    pub project_commands: bool,
    /// Seconds that one of them may take.
    pub check_seconds_max: i64,
    /// What worktrees may take of the disk.
    pub budget: Budget,
    /// Time and chance.
    pub world: SharedWorld,
}

/// What worktrees may take of the disk, and what of it can be made again.
#[derive(Debug, Clone, Default)]
pub struct Budget {
    /// Bytes, if there is a limit.
    pub limit: Option<u64>,
    /// Names of folders that can be made again, where git ignores them.
    pub caches: Vec<String>,
}

/// Why a node ended, or could not begin.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// Its folder cannot be used.
    #[error("the node's folder {path} cannot be used: {source}")]
    Home {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another node works with it.
    #[error("another node works in {0} already: end that one first, or give this one another FUGUE_HOME")]
    Busy(PathBuf),
    /// It cannot be linked to the hub.
    #[error(transparent)]
    Link(#[from] link::LinkFailed),
}

/// Works until shutdown, which ends no agent: the next start goes on where this one was.
pub async fn run(mut options: Options, shutdown: CancellationToken) -> Result<(), NodeError> {
    let link = link::Link::new(&options.hub, &options.token, options.world.clone())?;
    let unusable = |path: &PathBuf| {
        let path = path.clone();
        move |source| NodeError::Home { path, source }
    };
    fs::create_dir_all(&options.home).map_err(unusable(&options.home))?;
    options.home = fs::canonicalize(&options.home).map_err(unusable(&options.home))?;
    let lock = take_home(&options.home).await?;
    let (ownership, why) = ownership::detect();
    tracing::info!("processes are owned by {ownership:?}: {why}");
    let home = options.home.clone();
    let begun = tokio::task::spawn_blocking(move || {
        let remembered = sweep::remembered(&home);
        sweep::clean(&home, &remembered);
        job::merge::scratch::sweep(&home);
        let jobs = job::record::remembered(&home);
        ((remembered, jobs), facts(&mut options, ownership), options)
    });
    let (remembered, facts, options) =
        begun.await.map_err(io::Error::other).map_err(|source| NodeError::Home { path: PathBuf::new(), source })?;
    let janitor = janitor::Janitor::new(options.home.clone(), options.budget.clone());
    let spares = spare::Spares::new(options.keeper.clone(), ownership == Ownership::Cgroup, &options.home, options.world.clone());
    let shared = Arc::new(session::shared::Shared::new(&options, spares));
    let (sessions, jobs) = remembered;
    let supervisor = supervisor::Supervisor::new(shared, facts, janitor, sessions, jobs);
    // A task like those it speaks with: from the thread that called us, each word would wake another one twice.
    let mut work = JoinSet::new();
    work.spawn(async move {
        let _lock = lock;
        supervisor.run(link, shutdown).await
    });
    match work.join_next().await {
        Some(Ok(ended)) => ended,
        Some(Err(failed)) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
        // Only the runtime's own end ends it from outside.
        Some(Err(_)) | None => Ok(()),
    }
}

/// One node per folder. The lock goes with the process, and with the children that it was about to start when it was killed: until they
/// exec, milliseconds later, they hold what it held. So the next node waits a little before it says that there is another.
async fn take_home(home: &PathBuf) -> Result<File, NodeError> {
    let opened = fs::set_permissions(home, fs::Permissions::from_mode(0o700)).and_then(|()| {
        ["sessions", "keepers", "worktrees", "repos", "jobs"].iter().try_for_each(|part| fs::create_dir_all(home.join(part)))?;
        File::create(home.join("lock"))
    });
    let file = opened.map_err(|source| NodeError::Home { path: home.clone(), source })?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(fs::TryLockError::WouldBlock) if begun.elapsed() < LOCK_PATIENCE => tokio::time::sleep(LOCK_PATIENCE / 100).await,
            Err(fs::TryLockError::WouldBlock) => return Err(NodeError::Busy(home.clone())),
            Err(fs::TryLockError::Error(source)) => return Err(NodeError::Home { path: home.clone(), source }),
        }
    }
}

/// Looks at the machine, and completes the paths of programs with what was found.
fn facts(options: &mut Options, ownership: Ownership) -> NodeFacts {
    let look = |driver: &Driver| program::find(*driver, options.programs.get(driver).map(PathBuf::as_path), &options.home);
    let programs: Vec<_> = Driver::ALL.iter().map(look).collect();
    for program in &programs {
        if let Some(path) = &program.path {
            options.programs.entry(program.driver).or_insert_with(|| path.into());
        }
    }
    NodeFacts {
        name: options.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        platform: machine::platform(),
        boot: machine::boot_id().to_owned(),
        cpus: std::thread::available_parallelism().map_or(1, |cpus| cpus.get() as i64),
        ownership,
        slots: options.slots,
        worktrees: options.home.join("worktrees").to_string_lossy().into_owned(),
        git: git::version().unwrap_or_default(),
        programs,
    }
}

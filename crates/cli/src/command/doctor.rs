//! `fugue doctor`: what this machine has, what is missing, and what to do about it.
//!
//! Every check says what was found; one that is not well says the next step. Exit code 1 when something is wrong, 0 when
//! nothing is, even if something optional is not there.

mod audit;

use super::Context;
use crate::config::FILE;
use crate::error::Failure;
use crate::output::{BOLD, DIM, ERROR, GOOD, WARN, tame};
use clap::Args;
use fugue_domain::agent::Driver;
use fugue_domain::api::Me;
use fugue_domain::node::Program;
use serde::Serialize;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// Bytes of free disk below which work will soon fail: one worktree with its build easily needs this much.
const DISK_MIN: u64 = 2 * 1024 * 1024 * 1024;
/// The oldest git whose worktrees and hardened settings we rely on.
const GIT_MIN: (u32, u32) = (2, 38);

/// How long a database may take to answer.
const DATABASE_LIMIT: Duration = Duration::from_secs(5);

/// Look at this machine: programs, logins, ownership of processes, databases, the data folder, the hub.
#[derive(Args)]
pub struct Doctor {
    /// Look instead for what nobody owns any more: processes, keepers, cgroups, sessions, worktrees, branches, rescued work, locks,
    /// sockets, spools. Changes nothing. Exit code 0: nothing leaks; 1: something does; 3 or 4: nothing found, but the hub could not
    /// be asked.
    #[arg(long)]
    audit: bool,
}

/// How well something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Health {
    Good,
    /// Not there, or weaker than possible, and one can live with it.
    Note,
    Wrong,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    health: Health,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Check {
    fn good(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, health: Health::Good, found: found.into(), advice: None }
    }

    fn note(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, health: Health::Note, found: found.into(), advice: Some(advice.into()) }
    }

    fn wrong(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, health: Health::Wrong, found: found.into(), advice: Some(advice.into()) }
    }
}

impl Doctor {
    /// Looks at everything.
    pub async fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        if self.audit {
            return audit::run(context).await;
        }
        let mut checks = vec![home(context), disk(context), worktrees(context), git(), ownership()];
        checks.extend(programs(context));
        checks.push(database(context).await);
        checks.push(hub(context).await?);
        let ok = checks.iter().all(|check| check.health != Health::Wrong);
        let report = serde_json::json!({"ok": ok, "version": env!("CARGO_PKG_VERSION"), "checks": checks});
        context.out.value(&report, |_| {
            checks.iter().try_for_each(|check| {
                let (style, sign) = match check.health {
                    Health::Good => (GOOD, "✓"),
                    Health::Note => (WARN, "–"),
                    Health::Wrong => (ERROR, "✗"),
                };
                context.out.line(format_args!("{style}{sign}{style:#} {BOLD}{:<10}{BOLD:#} {}", check.name, tame(&check.found)))?;
                match &check.advice {
                    Some(advice) => context.out.line(format_args!("  {:<10} {DIM}{}{DIM:#}", "", tame(advice))),
                    None => Ok(()),
                }
            })
        })?;
        Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn home(context: &Context) -> Check {
    let path = context.home.path().display();
    match context.home.open_to_others() {
        Ok(false) => Check::good("data", format!("{path}, readable by its owner only")),
        Ok(true) => Check::wrong("data", format!("{path} can be read by others"), format!("chmod 700 '{path}'")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Check::note("data", format!("{path} is not there yet"), format!("`fugue up` makes it. Settings go into {FILE} in it."))
        }
        Err(error) => Check::wrong("data", format!("{path} cannot be read: {error}"), "Choose another folder with FUGUE_HOME."),
    }
}

fn disk(context: &Context) -> Check {
    match rustix::fs::statvfs(existing(context.home.path())) {
        Ok(stat) => {
            let free = stat.f_bavail.saturating_mul(stat.f_frsize);
            let found = format!("{:.1} GiB free where the worktrees are", free as f64 / 1024f64.powi(3));
            if free < DISK_MIN {
                Check::wrong("disk", found, "Free some space, or move FUGUE_HOME to a larger disk.")
            } else {
                Check::good("disk", found)
            }
        }
        Err(error) => Check::note("disk", format!("free space is not known: {error}"), "Check it with `df`."),
    }
}

/// What the worktrees of this machine's node take.
fn worktrees(context: &Context) -> Check {
    let used = fugue_node::disk::survey(&context.node_folder(), None, &[]).used;
    let gib = |bytes: u64| format!("{:.1} GiB", bytes as f64 / 1024f64.powi(3));
    match context.config.worktrees_max {
        None => Check::good("worktrees", format!("{}, no limit (`worktrees_max_gib`)", gib(used))),
        Some(limit) if used > limit => Check::note(
            "worktrees",
            format!("{} of {}", gib(used), gib(limit)),
            "The node removes what can be made again; if that is not enough, new worktrees wait: close sessions, or raise `worktrees_max_gib`.",
        ),
        Some(limit) => Check::good("worktrees", format!("{} of {}", gib(used), gib(limit))),
    }
}

/// The folder, or the nearest one above it that is there.
fn existing(folder: &Path) -> &Path {
    folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(folder)
}

fn git() -> Check {
    let Some(version) = fugue_node::git::version() else {
        return Check::wrong("git", "not found", "Install git 2.38 or newer.");
    };
    let mut parts = version.split('.').map(|part| part.parse::<u32>().ok());
    match (parts.next().flatten(), parts.next().flatten()) {
        (Some(major), Some(minor)) if (major, minor) >= GIT_MIN => Check::good("git", version),
        _ => Check::wrong("git", format!("{version} is too old"), "Install git 2.38 or newer."),
    }
}

fn ownership() -> Check {
    let (level, why) = fugue_node::ownership::detect();
    match level {
        fugue_domain::node::Ownership::Cgroup => Check::good("processes", format!("{} ({why})", level.meaning())),
        _ => Check::note("processes", level.meaning(), why),
    }
}

/// The agent programs. One is enough; none at all leaves only the rehearsal.
fn programs(context: &Context) -> Vec<Check> {
    let find = |driver: Driver| {
        let named = context.config.programs.get(&driver).map(std::path::PathBuf::as_path);
        // The search runs programs in a folder, which must be there before anything was ever started.
        fugue_node::program::find(driver, named, existing(context.home.path()))
    };
    let found = [Driver::Claude, Driver::Codex].map(|driver| (driver, find(driver)));
    let none = found.iter().all(|(_, program)| program.path.is_none());
    found.into_iter().map(|(driver, program)| program_check(driver.word(), &program, none)).collect()
}

fn program_check(name: &'static str, program: &Program, none: bool) -> Check {
    let problem = program.problem.clone().unwrap_or_default();
    let Some(path) = &program.path else {
        let advice = if problem.is_empty() { format!("Install it, or say where it is: `{name}` in {FILE}.") } else { problem };
        return if none { Check::wrong(name, "not found", advice) } else { Check::note(name, "not found", advice) };
    };
    let version = program.version.as_deref().unwrap_or("version unknown");
    let login = match program.logged_in {
        Some(true) => "logged in",
        Some(false) => "not logged in",
        None => "whether it is logged in shows at its first message",
    };
    let found = format!("{version} at {path}, {login}");
    match (problem.is_empty(), program.logged_in) {
        (true, Some(false)) => Check::wrong(name, found, format!("Start `{name}` once in a terminal and log in.")),
        (true, _) => Check::good(name, found),
        (false, _) => Check::wrong(name, found, problem),
    }
}

/// Which database the hub would use, asked of the database itself.
async fn database(context: &Context) -> Check {
    let location = match fugue_hub::db::Location::parse(context.config.database.as_deref(), context.home.path()) {
        Ok(location) => location,
        Err(wrong) => return Check::wrong("database", wrong, "Correct `database` (FUGUE_DATABASE)."),
    };
    match tokio::time::timeout(DATABASE_LIMIT, fugue_hub::db::version(&location)).await {
        Ok(Ok(version)) => Check::good("database", format!("{version}, {}", location.shown())),
        Ok(Err(error)) => Check::wrong("database", error.to_string(), "Start it, or correct `database` (FUGUE_DATABASE)."),
        Err(_) => {
            Check::wrong("database", format!("{} does not answer", location.shown()), "Start it, or correct `database` (FUGUE_DATABASE).")
        }
    }
}

async fn hub(context: &Context) -> Result<Check, Failure> {
    let client = context.client()?;
    Ok(match client.get::<Me>("/api/v1/me").await {
        Ok(me) => Check::good("hub", format!("{} answers; you are {} of the org {}", client.base(), me.role.word(), me.org_name)),
        // Nobody said that there should be one.
        Err(failure) if failure.kind() == crate::error::Kind::Unreachable && context.config.hub.is_none() => {
            Check::note("hub", "none is running on this machine", "`fugue up` starts one.")
        }
        Err(failure) => {
            Check::wrong("hub", failure.to_string(), "Start it, or correct the address: --hub, FUGUE_HUB, `hub` in config.toml.")
        }
    })
}

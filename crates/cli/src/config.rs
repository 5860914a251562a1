//! Settings: the file `config.toml` in the data folder, then the environment, then flags; the later one wins.
//!
//! Invariant: every setting is one row of [`KEYS`], is read once, at the start, and an error names key, value and source.
//! `docs/CONFIG.md` is printed from the same rows. Credentials are no settings: they are files of their own, or `FUGUE_TOKEN`.

use crate::error::Failure;
use fugue_domain::agent::Driver;
use fugue_domain::limits;
use fugue_domain::spelling;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The file's name in the data folder.
pub const FILE: &str = "config.toml";
/// Where a hub listens and a client looks, unless something else is said.
pub const LISTEN: &str = "127.0.0.1:4747";

/// Days that can be asked for: a hundred years, so that no sum of times overflows.
const DAYS_MAX: i64 = 36_500;

/// Bytes of a gibibyte.
const GIB: u64 = 1024 * 1024 * 1024;
/// Folders that can be made again, by the names that their tools give them.
const CACHES: &[&str] = &[
    "target",
    "node_modules",
    ".venv",
    "__pycache__",
    ".gradle",
    ".next",
    ".nuxt",
    ".turbo",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".tox",
];

/// One setting.
pub struct Key {
    /// Its name in the file; `FUGUE_<NAME>` in the environment.
    pub name: &'static str,
    /// What a value looks like, as TOML.
    pub example: &'static str,
    /// What is used when nothing is said.
    pub default: &'static str,
    /// What it does.
    pub meaning: &'static str,
    /// Whether its value may hold a password and is never repeated.
    pub secret: bool,
}

macro_rules! keys {
    ($($name:ident = $example:literal, default $default:literal $(, $secret:ident)?: $meaning:literal;)*) => {
        /// Every setting.
        pub const KEYS: &[Key] = &[$(Key {
            name: stringify!($name), example: $example, default: $default, meaning: $meaning, secret: keys!(@secret $($secret)?),
        }),*];
    };
    (@secret) => { false };
    (@secret secret) => { true };
}

keys! {
    hub = "\"http://127.0.0.1:4747\"", default "the hub of this data folder": "The hub that commands talk to and that `fugue node run` dials.";
    listen = "\"127.0.0.1:4747\"", default "127.0.0.1:4747": "Address and port on which the hub listens; port 0 takes a free one. An address that is not loopback needs `tls_cert` and `tls_key`, or `plain_http`.";
    database = "\"postgres://fugue@db/fugue\"", default "SQLite in the data folder", secret: "The database of the hub. A PostgreSQL URL may hold a password, so prefer the environment to the command line.";
    tls_cert = "\"/etc/fugue/cert.pem\"", default "none": "Certificate chain of the hub, PEM.";
    tls_key = "\"/etc/fugue/key.pem\"", default "none": "Private key of the certificate, PEM.";
    plain_http = "true", default "false": "Listen on an address that is not loopback without TLS. Everyone on the way can read prompts and credentials, so only for a network that encrypts by itself (WireGuard, Tailscale).";
    address = "\"https://fugue.example\"", default "the address it listens on": "Under which address browsers and other machines reach the hub, through a proxy or a tunnel too. Links and join codes name it, and the hub answers under it.";
    allow_hosts = "[\"hub.example\"]", default "the address it listens on": "Further names that the hub answers for (the `Host` header).";
    allow_origins = "[\"https://hub.example\"]", default "the hub's own": "Further origins whose web pages may talk to the hub.";
    push_hosts = "[\"push.example\"]", default "none": "Push services besides those of the browsers (`fcm.googleapis.com`, `updates.push.services.mozilla.com`, `*.push.apple.com`, `*.notify.windows.com`) that the hub may send to: hosts, with a port if it is not 443. `http://127.0.0.1:PORT` names one on this machine.";
    lease_seconds = "86400", default "86400": "How long a node may work on without a word from the hub. A laptop may sleep through the night.";
    archive_dir = "\"/var/lib/fugue/archive\"", default "archive in the data folder": "Where the hub keeps the events of closed sessions, one compressed file each. Back it up together with the database (docs/ARCHIVE.md).";
    archive_after_days = "7", default "7": "Days after a closed session's worktree is gone until its events move from the database into the archive; 0 for at once, or `\"never\"`. They are read as before.";
    expire_after_days = "365", default "never": "Days after a closed session's worktree is gone until its archived events are deleted; 0 for at once, or `\"never\"`. Messages, turns, costs, branches and rescued work stay.";
    name = "\"laptop\"", default "the machine's name": "What this node is called.";
    slots = "8", default "8": "Turns that this node carries out side by side.";
    pass_env = "[\"ANTHROPIC_API_KEY\"]", default "none": "Names of environment variables that every agent and every project command on this node gets, besides the usual ones and those that an agent's driver names.";
    project_commands = "false", default "true": "Whether this node runs commands of projects: the set-up of worktrees, and checks. They come from `fugue.toml` as it is on a project's target branch, and run as this user.";
    check_seconds_max = "7200", default "7200": "Seconds that one command of a project may take on this node, whatever the project says.";
    worktrees_max_gib = "100", default "none": "Gibibytes that all worktrees of this node may take together, with what project commands keep beside them (`{cache}` in `fugue.toml`). When they take more, what can be made again goes: `caches` in worktrees that nobody works in, then those beside them. Work never goes; when nothing else is left, new worktrees wait, and `fugue node show` says so.";
    caches = "[\"target\", \"node_modules\"]", default "target, node_modules, .venv, __pycache__, .gradle, .next, .nuxt, .turbo, .mypy_cache, .pytest_cache, .ruff_cache, .tox": "Names of folders that can be made again. Only a folder that git ignores as a whole, that holds no repository, and that nobody has written to for a minute is ever removed, and only to make room.";
    claude = "\"/opt/claude/bin/claude\"", default "found in PATH": "The program of the `claude` driver.";
    codex = "\"/opt/codex/bin/codex\"", default "found in PATH": "The program of the `codex` driver.";
    log = "\"info\"", default "info": "What is logged: `error`, `warn`, `info`, `debug`, `trace`, or directives such as `info,fugue_node=debug`.";
    log_dir = "\"/var/log/fugue\"", default "none": "Also log to files in this folder, a new one each day, the last 14 kept.";
}

/// Settings as they hold for this process.
#[derive(Clone)]
pub struct Config {
    /// The hub to talk to, and who said so.
    pub hub: Option<(String, Source)>,
    /// Where the hub listens.
    pub listen: SocketAddr,
    /// The hub's database, if it is not the embedded one.
    pub database: Option<String>,
    /// Certificate and key.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Whether plain HTTP beyond loopback is accepted.
    pub plain_http: bool,
    /// Under which address others reach the hub.
    pub address: Option<String>,
    /// Further host names.
    pub allow_hosts: Vec<String>,
    /// Further origins.
    pub allow_origins: Vec<String>,
    /// Further push services.
    pub push_hosts: Vec<String>,
    /// How long leases last.
    pub lease_ms: i64,
    /// Where archived histories go, if not into the data folder.
    pub archive_dir: Option<PathBuf>,
    /// After how many days histories are archived; never when absent.
    pub archive_after_days: Option<i64>,
    /// After how many days archived histories are deleted; never when absent.
    pub expire_after_days: Option<i64>,
    /// The node's name, if it was named.
    pub name: Option<String>,
    /// Turns side by side.
    pub slots: i64,
    /// Environment variables that agents get.
    pub pass_env: Vec<String>,
    /// Whether commands of projects run on this node.
    pub project_commands: bool,
    /// Seconds that one of them may take.
    pub check_seconds_max: i64,
    /// Bytes that its worktrees may take.
    pub worktrees_max: Option<u64>,
    /// Names of folders in them that can be made again.
    pub caches: Vec<String>,
    /// Programs that are not to be looked for.
    pub programs: BTreeMap<Driver, PathBuf>,
    /// What is logged.
    pub log: String,
    /// Where log files go.
    pub log_dir: Option<PathBuf>,
}

/// Who said what a setting is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The file in the data folder.
    File(PathBuf),
    /// An environment variable.
    Env(String),
    /// A flag.
    Flag(String),
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Source::File(path) => write!(f, "in {}", path.display()),
            Source::Env(name) => write!(f, "in the environment variable {name}"),
            Source::Flag(name) => write!(f, "given as {name}"),
        }
    }
}

/// What flags said: pairs of a key's name and a value.
pub type Flags = Vec<(&'static str, String)>;

impl Config {
    /// Reads the file and the environment, puts the flags on top and checks everything.
    pub fn load(home: &Path, env: impl Fn(&str) -> Option<String>, flags: &Flags) -> Result<Self, Failure> {
        let mut given = Given::from_file(&home.join(FILE))?;
        for key in KEYS {
            let variable = format!("FUGUE_{}", key.name.to_uppercase());
            if let Some(value) = env(&variable).filter(|value| !value.is_empty()) {
                given.0.insert(key.name, (value, Source::Env(variable)));
            }
        }
        for (name, value) in flags {
            given.0.insert(name, (value.clone(), Source::Flag(format!("--{}", name.replace('_', "-")))));
        }
        given.settle()
    }
}

/// Values as they were given, as text, with their sources.
struct Given(BTreeMap<&'static str, (String, Source)>);

impl Given {
    fn from_file(path: &Path) -> Result<Self, Failure> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => String::new(),
            Err(error) => return Err(Failure::file("read", path, &error)),
        };
        let table: toml::Table =
            toml::from_str(&text).map_err(|error| Failure::usage(format!("{} is not TOML: {error}", path.display())))?;
        let mut given = BTreeMap::new();
        for (name, value) in table {
            let Some(key) = KEYS.iter().find(|key| key.name == name) else {
                let failure = Failure::usage(format!("{}: there is no setting {name:?}", path.display()));
                return Err(failure.hint(format!("The nearest one is {:?}. All of them: docs/CONFIG.md.", nearest(&name))));
            };
            let text = as_text(&value).ok_or_else(|| {
                Failure::usage(format!("{}: {name} cannot be a table or a nested list", path.display()))
                    .hint(format!("For example: {name} = {}", key.example))
            })?;
            given.insert(key.name, (text, Source::File(path.to_owned())));
        }
        Ok(Self(given))
    }

    fn settle(mut self) -> Result<Config, Failure> {
        let path = |text: &str| std::path::absolute(text).map_err(|error| error.to_string());
        let hub = self.0.get("hub").map(|(_, source)| source.clone());
        let hub = self.take("hub", http_url)?.zip(hub);
        let tls = match (self.take("tls_cert", path)?, self.take("tls_key", path)?) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            (Some(_), None) => return Err(Failure::usage("tls_cert is set, tls_key is not").hint("Both are needed, or neither.")),
            (None, Some(_)) => return Err(Failure::usage("tls_key is set, tls_cert is not").hint("Both are needed, or neither.")),
        };
        let mut programs = BTreeMap::new();
        for driver in [Driver::Claude, Driver::Codex] {
            if let Some(program) = self.take(driver.word(), path)? {
                programs.insert(driver, program);
            }
        }
        Ok(Config {
            hub,
            listen: match self.take("listen", address)? {
                Some(listen) => listen,
                None => LISTEN.parse().expect("the default address is one"),
            },
            database: self.take("database", database)?.flatten(),
            tls,
            plain_http: self.take("plain_http", yes_or_no)?.unwrap_or(false),
            address: self.take("address", |text| http_url(text).map(|url| without_default_port(&url)))?,
            allow_hosts: self.take("allow_hosts", list)?.unwrap_or_default(),
            allow_origins: self.take("allow_origins", list)?.unwrap_or_default(),
            push_hosts: self.take("push_hosts", list)?.unwrap_or_default(),
            lease_ms: self.take("lease_seconds", |text| whole(text, 3..=604_800))?.map_or(limits::LEASE_MS, |seconds| seconds * 1_000),
            archive_dir: self.take("archive_dir", path)?,
            archive_after_days: self.take("archive_after_days", days)?.unwrap_or(Some(limits::ARCHIVE_AFTER_DAYS)),
            expire_after_days: self.take("expire_after_days", days)?.flatten(),
            name: self.take("name", |text| Ok(text.to_owned()))?,
            slots: self.take("slots", |text| whole(text, 1..=1_000))?.unwrap_or(limits::NODE_SLOTS),
            pass_env: self.take("pass_env", list)?.unwrap_or_default(),
            project_commands: self.take("project_commands", yes_or_no)?.unwrap_or(true),
            check_seconds_max: self.take("check_seconds_max", |text| whole(text, 1..=604_800))?.unwrap_or(limits::CHECK_SECONDS_MAX),
            worktrees_max: self.take("worktrees_max_gib", |text| whole(text, 1..=1_000_000))?.map(|gib| gib as u64 * GIB),
            caches: self.take("caches", folder_names)?.unwrap_or_else(|| CACHES.iter().map(|name| (*name).to_owned()).collect()),
            programs,
            log: self.take("log", directives)?.unwrap_or_else(|| "info".to_owned()),
            log_dir: self.take("log_dir", path)?,
        })
    }

    /// Reads one value; the error names key, value, source and what would be right.
    fn take<T>(&mut self, name: &'static str, read: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, Failure> {
        let Some((value, source)) = self.0.remove(name) else { return Ok(None) };
        let key = KEYS.iter().find(|key| key.name == name).expect("only known keys are read");
        // What stands before an `@` may be a password.
        let shown = if key.secret || value.contains('@') { "the value".to_owned() } else { format!("{value:?}") };
        let failed =
            |wrong| Failure::usage(format!("{name}: {shown} ({source}) {wrong}")).hint(format!("For example: {name} = {}", key.example));
        read(&value).map(Some).map_err(failed)
    }
}

/// A scalar, or a list of scalars separated by commas: the form that the environment and flags have.
fn as_text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(_) | toml::Value::Float(_) | toml::Value::Boolean(_) => Some(value.to_string()),
        toml::Value::Array(items) => {
            let scalar = |item: &toml::Value| if item.is_array() { None } else { as_text(item) };
            items.iter().map(scalar).collect::<Option<Vec<_>>>().map(|items| items.join(","))
        }
        toml::Value::Table(_) | toml::Value::Datetime(_) => None,
    }
}

fn http_url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let host = rest.map(|rest| rest.trim_end_matches('/')).filter(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']));
    match host {
        Some(_) => Ok(text.trim_end_matches('/').to_owned()),
        None => Err("is no address of a hub: write http:// or https://, a host and a port".to_owned()),
    }
}

/// As browsers write an origin: the port that goes without saying is left out.
fn without_default_port(url: &str) -> String {
    let cut = if url.starts_with("https://") { url.strip_suffix(":443") } else { url.strip_suffix(":80") };
    cut.unwrap_or(url).to_owned()
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let text = text.strip_prefix("localhost:").map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    text.parse().map_err(|_| "is no address and port".to_owned())
}

/// `sqlite` names the embedded one, which is also what is used when nothing is said.
fn database(text: &str) -> Result<Option<String>, String> {
    match text {
        "sqlite" => Ok(None),
        _ if ["postgres://", "postgresql://", "sqlite:"].iter().any(|scheme| text.starts_with(scheme)) => Ok(Some(text.to_owned())),
        _ => Err("is neither `sqlite`, sqlite:PATH nor a postgres:// URL".to_owned()),
    }
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "is neither true nor false".to_owned())
}

fn whole(text: &str, range: std::ops::RangeInclusive<i64>) -> Result<i64, String> {
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| format!("is no whole number from {} to {}", range.start(), range.end()))
}

/// A number of days, or never.
fn days(text: &str) -> Result<Option<i64>, String> {
    match text {
        "never" => Ok(None),
        text => whole(text, 0..=DAYS_MAX).map(Some).map_err(|wrong| format!("is not `never` and {wrong}")),
    }
}

fn list(text: &str) -> Result<Vec<String>, String> {
    Ok(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect())
}

/// Names of folders, none of which is a path.
fn folder_names(text: &str) -> Result<Vec<String>, String> {
    let names = list(text)?;
    match names.iter().find(|name| name.contains('/') || [".", "..", ".git"].contains(&name.as_str())) {
        Some(wrong) => Err(format!("holds {wrong:?}, which is no name of a folder that can be made again")),
        None => Ok(names),
    }
}

fn directives(text: &str) -> Result<String, String> {
    let read = text.parse::<tracing_subscriber::filter::Targets>();
    read.map(|_| text.to_owned()).map_err(|error| format!("says nothing about logging: {error}"))
}

/// The known key that takes the fewest changes to reach.
fn nearest(name: &str) -> &'static str {
    spelling::nearest(name, KEYS.iter().map(|key| key.name)).unwrap_or_default()
}

#[cfg(test)]
mod tests;

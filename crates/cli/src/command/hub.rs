//! `fugue hub`: the hub alone; nodes join it from their machines. Also what `up` needs of a hub.

use super::Context;
use crate::client::{TOKEN_FILE, URL_FILE};
use crate::config::{Config, Flags};
use crate::error::Failure;
use crate::home::Home;
use crate::log;
use crate::output::{BOLD, DIM, say};
use crate::rest;
use clap::Args;
use fugue_domain::world::SharedWorld;
use fugue_hub::{DAY_MS, Keeping};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

/// Run a hub alone. Nodes join it with `fugue node join`.
#[derive(Args)]
pub struct Hub {
    #[command(flatten)]
    pub hub: HubFlags,
}

/// What a hub can be told.
#[derive(Args)]
#[command(next_help_heading = "The hub")]
pub struct HubFlags {
    /// Where to listen; port 0 takes a free one (FUGUE_LISTEN).
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// `sqlite`, or a PostgreSQL URL (better given as FUGUE_DATABASE when it holds a password).
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Certificate chain, PEM. What runs on this machine comes in by a loopback port of its own.
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<String>,
    /// Private key, PEM.
    #[arg(long, value_name = "FILE")]
    tls_key: Option<String>,
    /// Listen beyond loopback without TLS: everyone on the way can read prompts and credentials.
    #[arg(long)]
    plain_http: bool,
    /// Under which address browsers and other machines reach the hub, through a proxy or a tunnel too: `https://fugue.example`.
    #[arg(long, value_name = "URL")]
    address: Option<String>,
    /// A further host name to answer for; may be given several times.
    #[arg(long, value_name = "HOST", alias = "allow-hosts")]
    allow_host: Vec<String>,
    /// A further origin whose web pages may talk to the hub; may be given several times.
    #[arg(long, value_name = "ORIGIN", alias = "allow-origins")]
    allow_origin: Vec<String>,
    /// How long a node may work on without a word from the hub.
    #[arg(long, value_name = "SECONDS")]
    lease_seconds: Option<String>,
    /// Also log to daily files in this folder.
    #[arg(long, value_name = "FOLDER")]
    log_dir: Option<String>,
}

impl HubFlags {
    /// What was said, for the configuration.
    pub fn flags(&self) -> Flags {
        let list = |items: &[String]| (!items.is_empty()).then(|| items.join(","));
        let said = [
            ("listen", self.listen.clone()),
            ("database", self.database.clone()),
            ("tls_cert", self.tls_cert.clone()),
            ("tls_key", self.tls_key.clone()),
            ("plain_http", self.plain_http.then(|| "true".to_owned())),
            ("address", self.address.clone()),
            ("allow_hosts", list(&self.allow_host)),
            ("allow_origins", list(&self.allow_origin)),
            ("lease_seconds", self.lease_seconds.clone()),
            ("log_dir", self.log_dir.clone()),
        ];
        said.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }
}

impl Hub {
    /// What was said, for the configuration.
    pub fn flags(&self) -> Flags {
        self.hub.flags()
    }

    /// Runs until Ctrl-C or SIGTERM.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let _log = log::start(&context.config.log, context.config.log_dir.as_deref(), &context.world)?;
        let running = Started::start(&context.config, &context.home, &context.world).await?;
        say(format_args!("{BOLD}Hub{BOLD:#} at {}", context.config.address.as_deref().unwrap_or(running.hub.url())));
        say(format_args!("  token   {}", context.home.path().join(TOKEN_FILE).display()));
        if !fugue_web::BUILT {
            say(format_args!("{DIM}  The cockpit is not in this build: Node.js was missing when it was made.{DIM:#}"));
        }
        say(
            "  next    `fugue pair` signs a browser in; `fugue node code` gives a code; `fugue node join CODE` on a machine with your repositories",
        );
        let ended = stop_signal().await;
        running.stop().await;
        ended
    }
}

/// A running hub, which its data folder tells about.
pub struct Started {
    /// The hub.
    pub hub: fugue_hub::Running,
    home: Home,
    rest: JoinSet<()>,
}

impl Started {
    /// Starts the hub of a data folder, unless one runs already.
    pub async fn start(config: &Config, home: &Home, world: &SharedWorld) -> Result<Self, Failure> {
        let options = fugue_hub::Options {
            home: home.path().to_owned(),
            listen: config.listen,
            database: config.database.clone(),
            tls: config.tls.clone().map(|(cert, key)| fugue_hub::Tls { cert, key }),
            plain_http: config.plain_http,
            allow_hosts: config.allow_hosts.clone(),
            allow_origins: config.allow_origins.clone(),
            address: config.address.clone(),
            lease_ms: config.lease_ms,
            keeping: keeping(config, home),
            push_hosts: config.push_hosts.clone(),
            cockpit,
        };
        let hub = fugue_hub::start(options, world.clone()).await.map_err(|error| not_started(&error, home))?;
        // A hub that runs is worth more than the file that points at it: on a full disk people still read, and make room.
        if let Err(failure) = home.write(URL_FILE, hub.url()) {
            tracing::warn!(error = %failure, "other commands do not find this hub by themselves: name its address with --hub");
        }
        let rest = rest::watch(hub.hub().clone());
        Ok(Self { hub, home: home.clone(), rest })
    }

    /// Ends it in order: what was accepted is stored, agents live on.
    pub async fn stop(self) {
        drop(self.rest);
        self.home.remove(URL_FILE);
        self.hub.stop().await;
    }
}

/// A file of the cockpit that this program carries.
fn cockpit(path: &str) -> Option<fugue_hub::cockpit::File> {
    let file = fugue_web::file(path)?;
    Some(fugue_hub::cockpit::File { kind: file.kind, lasting: file.lasting, plain: file.plain, gzip: file.gzip })
}

/// How long histories are kept, and where.
fn keeping(config: &Config, home: &Home) -> Keeping {
    let ms = |days: i64| days * DAY_MS;
    Keeping {
        folder: config.archive_dir.clone().unwrap_or_else(|| Keeping::of(home.path()).folder),
        archive_after_ms: config.archive_after_days.map(ms),
        expire_after_ms: config.expire_after_days.map(ms),
    }
}

/// Why a hub did not start. A second one of the same folder is told where the first one is.
fn not_started(error: &fugue_hub::StartError, home: &Home) -> Failure {
    if let fugue_hub::StartError::AlreadyRunning(folder) = error {
        let at = home.read(URL_FILE).ok().flatten().map(|url| format!(" at {url}")).unwrap_or_default();
        return Failure::failed(format!("a hub of {} runs already{at}", folder.display()))
            .hint("Use it: every command finds it by itself. Another one needs another data folder: --home FOLDER.");
    }
    let text = explain(error);
    let mut lines = text.lines();
    let failure = Failure::failed(lines.next().unwrap_or_default());
    lines.fold(failure, |failure, line| failure.hint(line.trim_start_matches("hint: ")))
}

/// An error with the causes that say what happened.
pub fn explain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        let more = deeper.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = deeper.source();
    }
    text
}

/// Waits until somebody wants the process to end. Ctrl-C is the ordinary way to end it, and no failure.
pub async fn stop_signal() -> Result<(), Failure> {
    let listen = |kind| signal(kind).map_err(|error| Failure::failed(format!("cannot listen for signals: {error}")));
    let (mut terminate, mut hangup) = (listen(SignalKind::terminate())?, listen(SignalKind::hangup())?);
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    Ok(())
}

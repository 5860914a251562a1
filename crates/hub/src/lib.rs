//! The hub: decides and remembers. SQL is its only truth; it knows no process and no git.
//!
//! [`start`] puts the parts together in order: folder, database, address, loops, HTTP. [`Running::stop`] takes them apart in the
//! opposite order. Nothing here decides anything about a turn.

pub mod agent;
pub mod approval;
pub mod budget;
pub mod column;
pub mod config;
pub mod cost;
pub mod db;
pub mod device;
pub mod effect;
pub mod event;
pub mod fault;
pub mod feed;
#[cfg(test)]
mod fixture;
pub mod foreman;
pub mod home;
pub mod hook;
pub mod http;
pub mod hub;
pub mod idempotency;
pub mod job;
pub mod link;
pub mod merge_queue;
pub mod message;
pub mod metrics;
pub mod node;
pub mod org;
pub mod page;
pub mod plan;
pub mod project;
pub mod push;
pub mod reaper;
pub mod review;
pub mod run;
pub mod scheduler;
pub mod sealed;
pub mod search;
pub mod session;
pub mod settings;
pub mod task;
pub mod token;
pub mod turn;
pub mod wake;

use crate::db::Location;
use crate::fault::Done;
use crate::home::Home;
pub use crate::http::cockpit;
use crate::http::host::Hosts;
use crate::http::listener::{self, Door};
use crate::http::{App, router};
use crate::hub::{Hub, Settings};
use crate::link::NodeLinks;
use axum::routing::IntoMakeService;
use axum::serve::{Listener, ListenerExt};
pub use config::{DAY_MS, Keeping, Options, StartError, Tls};
use fugue_domain::id::NodeId;
use fugue_domain::world::SharedWorld;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long the end may take before what still runs is dropped. Nothing is lost by it: what was answered is on disk.
const STOP: Duration = Duration::from_secs(9);
/// How often histograms are folded together, so that they do not grow between two readings.
const UPKEEP: Duration = Duration::from_secs(5);

/// A hub that runs.
pub struct Running {
    url: String,
    address: SocketAddr,
    app: App,
    tasks: JoinSet<()>,
    // Held for its lock, which the system lets go of even if we are killed.
    _home: Home,
}

/// Starts a hub. When this returns, requests are answered.
pub async fn start(options: Options, world: SharedWorld) -> Result<Running, StartError> {
    start_on(options, world, async |address| Ok(TcpListener::bind(address).await?.tap_io(at_once))).await
}

/// Starts a hub on another network than the system's: `bind` is asked for its listener.
pub async fn start_on<L: Listener<Addr = SocketAddr>>(
    options: Options,
    world: SharedWorld,
    bind: impl AsyncFnOnce(SocketAddr) -> io::Result<L>,
) -> Result<Running, StartError> {
    options.check()?;
    let tls = options.tls.as_ref().map(listener::acceptor).transpose()?;
    let home = Home::open(&options.home).await?;
    let location = Location::parse(options.database.as_deref(), &options.home).map_err(StartError::DatabaseAddress)?;
    let listen = |cause| StartError::Listen { address: options.listen, cause };
    let listener = bind(options.listen).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    metrics::install();
    let beside = if tls.is_some() { Some(beside().await?) } else { None };
    let url = format!("{}://{}", if tls.is_some() { "https" } else { "http" }, reachable(address));
    let push = push::Means::new(home.push_key(&*world)?, &options.push_hosts);
    let hook_key = home.hook_key(&*world)?;
    let (lease_ms, keeping) = (options.lease_ms, options.keeping.clone());
    let settings = Settings { url: url.clone(), address: options.address.clone(), lease_ms, keeping, push, hook_key };
    let hub = Hub::open(&location, settings, world).await?;
    home.ensure_owner(&hub).await?;

    let closing = CancellationToken::new();
    let mut hosts = Hosts::new(address, &options.allow_hosts, &options.allow_origins);
    if let Some(address) = &options.address {
        hosts = hosts.and_under(address);
    }
    if let Some((_, at)) = beside {
        hosts = hosts.and_at(at);
    }
    let app = App::new(hub.clone(), hosts, options.cockpit, closing.clone());
    let mut tasks = JoinSet::new();
    tasks.spawn(scheduler::run(hub.clone(), closing.clone()));
    tasks.spawn(foreman::run(hub.clone(), closing.clone()));
    tasks.spawn(reaper::run(hub.clone(), closing.clone()));
    tasks.spawn(event::archivist::run(hub.clone(), closing.clone()));
    tasks.spawn(review::begin_wanted(hub.clone(), closing.clone()));
    tasks.spawn(push::run(hub.clone(), closing.clone()));
    tasks.spawn(watch(app.clone()));
    // Made once: a bare router would be copied for every connection, with its whole table.
    let service = router(app.clone()).into_make_service();
    tasks.spawn(serve(Door::new(listener, tls), service.clone(), closing.clone()));
    let url = beside.as_ref().map_or(url, |(_, at)| format!("http://{at}"));
    if let Some((listener, _)) = beside {
        tasks.spawn(serve(Door::new(listener.tap_io(at_once), None), service, closing.clone()));
    }
    tracing::info!(%address, database = location.shown(), "hub started");
    Ok(Running { url, address, app, tasks, _home: home })
}

/// Events are small and wanted at once. A socket that refuses the option still works.
fn at_once(tcp: &mut TcpStream) {
    let _ = tcp.set_nodelay(true);
}

/// A second address, on loopback and without TLS: no certificate names this machine as its own programs call it.
async fn beside() -> Result<(TcpListener, SocketAddr), StartError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let bound = async {
        let listener = TcpListener::bind(address).await?;
        let at = listener.local_addr()?;
        Ok((listener, at))
    };
    bound.await.map_err(|cause| StartError::Listen { address, cause })
}

async fn serve<L: Listener<Addr = SocketAddr>>(door: Door<L>, service: IntoMakeService<axum::Router>, closing: CancellationToken) {
    if let Err(error) = axum::serve(door, service).with_graceful_shutdown(closing.cancelled_owned()).await {
        tracing::error!(cause = %error, "the HTTP server ended");
    }
}

/// The small things that are due again and again.
async fn watch(app: App) {
    let upkeep = async {
        while app.closing.run_until_cancelled(tokio::time::sleep(UPKEEP)).await.is_some() {
            metrics::install().run_upkeep();
        }
    };
    tokio::join!(app.standings.watch(&app.hub, &app.closing), upkeep);
}

/// The address as somebody on this machine can use it.
fn reachable(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => format!("127.0.0.1:{}", v4.port()),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => format!("[::1]:{}", v6.port()),
        other => other.to_string(),
    }
}

impl Running {
    /// Where it answers, for somebody on this machine: with TLS, at a loopback address of its own.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The bound address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What its parts work with.
    pub fn hub(&self) -> &Hub {
        &self.app.hub
    }

    /// The connected nodes.
    pub fn nodes(&self) -> &NodeLinks {
        &self.app.hub.nodes
    }

    /// The node of this machine and its credential, for `fugue up`: the one that the credential names if it is still good.
    pub async fn local_node(&self, name: &str, token: Option<&str>) -> Done<(NodeId, String)> {
        node::local(&self.app.hub, name, token).await
    }

    /// Ends: takes nothing new, finishes what runs, closes the streams.
    pub async fn stop(mut self) {
        self.app.closing.cancel();
        self.app.streams.close();
        let ended = async {
            self.app.streams.wait().await;
            while self.tasks.join_next().await.is_some() {}
        };
        if tokio::time::timeout(STOP, ended).await.is_err() {
            tracing::warn!("some connections did not end in time and were dropped");
        }
        self.tasks.shutdown().await;
    }
}

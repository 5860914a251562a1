//! Reliability goals as runs: each lays out an install, breaks it while clients work, and checks every promise afterwards.
//!
//! Invariant: one code for the short form, which is a test, and for the long form, which `cargo xtask prove` runs; they differ only in
//! numbers. A goal that was not reached is an error or a panic with what was broken; a row says what was really done, counted.

use crate::fugue::{Fugue, Part};
use crate::postgres::Server;
use crate::proxy::Proxy;
use crate::stage::{Stage, witnessed};
use anyhow::{Context, Result};
use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

pub mod approvals;
pub mod everything;
pub mod kills;
pub mod partition;
pub mod pause;
pub mod recovery;
pub mod resume;
pub mod simulation;

/// Where the hub remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// In its folder.
    Sqlite,
    /// On a PostgreSQL server that the goal starts for itself.
    Postgres,
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// A hub and a node as two processes, with a link that can be hurt.
///
/// The order of the fields is the order in which they end: first everything that runs in the install, last what it stood on.
pub struct Ground {
    /// The install and its project.
    pub stage: Stage,
    /// The hub.
    pub hub: Part,
    /// The node.
    pub node: Part,
    /// The link between them.
    pub proxy: Proxy,
    /// The database server, unless it is SQLite.
    pub server: Option<Server>,
}

impl Ground {
    /// Starts everything. `None`, and the test skipped, when there is no PostgreSQL for it.
    pub async fn lay(program: &Path, store: Store, slots: usize, adjust: impl FnOnce(Fugue) -> Fugue) -> Result<Option<Self>> {
        let server = match store {
            Store::Sqlite => None,
            Store::Postgres => match Server::start().await? {
                None => return Ok(None),
                started => started,
            },
        };
        let fugue = Fugue::new(program)?;
        let proxy = Proxy::start(fugue.address()).await?;
        let mut fugue = witnessed(fugue.env("FUGUE_SLOTS", slots.to_string()).through(proxy.address()));
        if let Some(server) = &server {
            fugue = fugue.env_of("hub", "FUGUE_DATABASE", server.url());
        }
        let fugue = adjust(fugue);
        let hub = fugue.hub().await?;
        let node = fugue.node().await?;
        Ok(Some(Self { stage: Stage::on(fugue).await?, hub, node, proxy, server }))
    }
}

/// What a goal did, for a table.
#[derive(Debug, Clone)]
pub struct Row {
    /// Which goal.
    pub goal: &'static str,
    /// What was done, counted.
    pub done: String,
    /// How long it took.
    pub took: Duration,
}

impl Row {
    fn new(goal: &'static str, done: String, begun: Instant) -> Self {
        Self { goal, done, took: begun.elapsed() }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "| {} | {} | reached | {:.0} |", self.goal, self.done, self.took.as_secs_f64())
    }
}

/// The texts that the agent said in these events.
fn said<'a>(events: impl Iterator<Item = &'a serde_json::Value>) -> Vec<&'a str> {
    events.filter(|event| event["type"] == "agent.text").filter_map(|event| event["text"].as_str()).collect()
}

/// Posts a message with a policy and gives back what was acknowledged.
async fn send(stage: &Stage, session: &str, text: &str, policy: &str) -> Result<(String, String)> {
    let body = serde_json::json!({"text": text, "on_interruption": policy});
    let message = stage.client.post(&format!("/api/v1/sessions/{session}/messages"), &body).await?;
    let id = |value: &serde_json::Value| value["id"].as_str().map(str::to_owned).context("a message without an id");
    Ok((id(&message)?, id(&message["turn"])?))
}

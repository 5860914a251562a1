//! Our program as a running install: hub and node as two processes, a repository, and an agent that prints lines.

use crate::Run;
use anyhow::{Context, Result};
use rig::fugue::{Fugue, Part};
use rig::stage::Stage;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// The name of the agent that prints lines.
const AGENT: &str = "emit";
/// How long a turn of the bench may take.
const TURN_MAX: Duration = Duration::from_secs(300);

/// A started install.
pub struct Ours {
    /// The hub's process.
    pub hub: Part,
    /// The node's process.
    pub node: Part,
    /// The install, its client and its project.
    pub stage: Stage,
}

impl Ours {
    /// Starts hub and node, adds a repository and the agent; `None` when our program is not to be measured.
    pub async fn start(run: &Run, tracer: &[&str]) -> Result<Option<Self>> {
        let Some(program) = &run.program else { return Ok(None) };
        let fugue = Fugue::new(program)?.env("FUGUE_SLOTS", "256").env("FUGUE_LOG", "warn").under(tracer);
        let hub = fugue.hub().await?;
        let node = fugue.node().await?;
        let stage = Stage::on(fugue).await?;
        let agent = json!({"name": AGENT, "driver": "command", "program": [&run.emit]});
        let put = stage.client.send(reqwest::Method::PUT, &format!("/api/v1/agents/{AGENT}"), None, Some(&agent)).await?;
        put.ok().context("cannot store the agent")?;
        Ok(Some(Self { hub, node, stage }))
    }

    /// Opens a session of the agent that prints lines.
    pub async fn session(&self) -> Result<String> {
        self.stage.session(AGENT).await
    }

    /// Sends a message and gives back its turn's id.
    pub async fn message(&self, session: &str, text: &str) -> Result<String> {
        self.stage.turn(session, text).await
    }

    /// Waits until a turn has ended well.
    pub async fn finished(&self, turn: &str) -> Result<Value> {
        let turn = self.stage.client.turn_in(turn, &["ended"], TURN_MAX).await?;
        anyhow::ensure!(turn["outcome"] == "succeeded", "a turn of the bench did not succeed: {turn}");
        Ok(turn)
    }

    /// The hub's address.
    pub fn address(&self) -> Result<SocketAddr> {
        Ok(self.stage.fugue.base().trim_start_matches("http://").parse()?)
    }

    /// A header line with the credential.
    pub fn credential(&self) -> String {
        format!("Authorization: Bearer {}\r\n", self.stage.client.token())
    }
}

/// Memory of a process that it does not share, in MiB (PSS).
pub fn memory(pid: u32) -> Option<f64> {
    let text = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<f64>().ok()? / 1024.0)
}

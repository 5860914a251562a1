//! Many sessions at once: our hub as a process, and simulated nodes in place of agents that no machine could carry by the thousand.

use crate::Run;
use crate::start::first_reply;
use anyhow::{Context, Result, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use rig::client::Client;
use rig::fugue::{Fugue, Part};
use rig::simnode::SimNode;
use serde_json::json;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::time::Duration;

/// The agent whose turns simulated nodes play.
const AGENT: &str = "rehearse";
/// Sessions that are opened side by side.
const SIDE_BY_SIDE: usize = 32;
/// Turns that one simulated node plays at once.
const SLOTS: usize = 4_096;
/// The unit of `/proc/PID/stat`, which Linux promises to every program.
const TICKS_PER_SECOND: f64 = 100.0;
/// How long turns may take to end.
const ENDED_MAX: Duration = Duration::from_secs(300);

/// A hub with simulated nodes.
pub struct Crowd {
    /// The hub's process.
    pub hub: Part,
    /// The nodes.
    pub nodes: Vec<SimNode>,
    /// A project on each node, in the same order.
    pub projects: Vec<String>,
    /// The owner's client.
    pub client: Client,
    /// The install.
    pub fugue: Fugue,
}

impl Crowd {
    /// Starts a hub with this many nodes; `None` when our program is not to be measured.
    pub async fn start(run: &Run, nodes: usize) -> Result<Option<Self>> {
        let Some(program) = &run.program else { return Ok(None) };
        let fugue = Fugue::new(program)?.env("FUGUE_LOG", "warn");
        let hub = fugue.hub().await?;
        let client = fugue.client()?;
        let mut crowd = Self { hub, nodes: Vec::new(), projects: Vec::new(), client, fugue };
        for _ in 0..nodes {
            crowd.join(SLOTS).await?;
        }
        Ok(Some(crowd))
    }

    /// One more node.
    pub async fn join(&mut self, slots: usize) -> Result<()> {
        let node = SimNode::join(&self.client, &format!("sim-{}", self.nodes.len()), slots).await?;
        self.projects.push(node.project(&self.client).await?);
        self.nodes.push(node);
        Ok(())
    }

    /// Kills the hub, starts it with more variables, and lets every node come back.
    pub async fn restart(&mut self, env: &[(&str, OsString)]) -> Result<()> {
        self.hub.kill()?;
        self.hub = self.fugue.start_with("hub", "hub", &["hub"], env)?;
        first_reply(self.address()).await?;
        for (number, node) in self.nodes.iter_mut().enumerate() {
            *node = SimNode::dial(&self.client.url(""), &node.id, &node.token, &format!("again-{number}"), SLOTS).await?;
        }
        let connected = async || {
            let page = self.client.get("/api/v1/nodes").await?;
            let online = page["items"].as_array().context("no nodes")?.iter().filter(|node| node["state"] == "online").count();
            Ok((online >= self.nodes.len()).then_some(()))
        };
        rig::wait::until("the simulated nodes to be back", ENDED_MAX, connected).await
    }

    /// Opens sessions, spread over the nodes.
    pub async fn sessions(&self, count: usize) -> Result<Vec<String>> {
        let open = (0..count).map(|number| {
            let (client, project) = (self.client.clone(), self.projects[number % self.projects.len()].clone());
            async move { rig::stage::id(&client.post("/api/v1/sessions", &json!({"project": project, "agent": AGENT})).await?) }
        });
        stream::iter(open).buffered(SIDE_BY_SIDE).try_collect().await
    }

    /// Sends the same text to each of these sessions.
    pub async fn tell(&self, sessions: &[String], text: &str) -> Result<()> {
        let send = sessions.iter().map(|session| {
            let (client, session, text) = (self.client.clone(), session.clone(), text.to_owned());
            async move { client.message(&session, &text).await.map(drop) }
        });
        stream::iter(send).buffer_unordered(SIDE_BY_SIDE).try_collect().await
    }

    /// The same, one session after the other over this time: people do not all write in the same millisecond, and turns that begin
    /// together speak together ever after.
    pub async fn tell_over(&self, sessions: &[String], text: &str, over: Duration) -> Result<()> {
        let begun = tokio::time::Instant::now();
        let send = sessions.iter().zip(0_u32..).map(|(session, number)| {
            let (client, session, text) = (self.client.clone(), session.clone(), text.to_owned());
            async move {
                tokio::time::sleep_until(begun + over * number / sessions.len() as u32).await;
                client.message(&session, &text).await.map(drop)
            }
        });
        futures_util::future::try_join_all(send).await.map(drop)
    }

    /// Turns whose end the hub has stored, over all nodes.
    pub fn ended(&self) -> u64 {
        self.nodes.iter().map(|node| node.heard.ended()).sum()
    }

    /// Waits until this many turns have ended since the beginning.
    pub async fn wait_for_ends(&self, turns: u64) -> Result<()> {
        let ended = async || {
            self.check()?;
            Ok((self.ended() >= turns).then_some(()))
        };
        rig::wait::until(&format!("{turns} turns to end"), ENDED_MAX, ended).await.with_context(|| format!("{} ended", self.ended()))
    }

    /// Milliseconds from the time that a turn's text ends with to its assignment, of all turns that came since the last call.
    pub fn starts(&self) -> Vec<f64> {
        let begun = self.nodes.iter().flat_map(|node| node.heard.take_begun());
        let milliseconds = |(came, text): (u128, String)| {
            let sent: u128 = text.rsplit(' ').next()?.parse().ok()?;
            Some(came.saturating_sub(sent) as f64 / 1e6)
        };
        begun.filter_map(milliseconds).collect()
    }

    /// Fails when a node was cut off or lost a lease: then nothing that was measured means anything.
    pub fn check(&self) -> Result<()> {
        ensure!(self.nodes.iter().all(SimNode::is_connected), "the hub cut off a simulated node");
        ensure!(self.nodes.iter().all(|node| node.heard.refused() == 0), "the hub took a lease from a simulated node");
        Ok(())
    }

    /// The hub's address.
    pub fn address(&self) -> SocketAddr {
        self.fugue.address()
    }

    /// A header line with the credential.
    pub fn credential(&self) -> String {
        format!("Authorization: Bearer {}\r\n", self.client.token())
    }
}

/// Seconds of processor time that a process has used.
pub fn processor(pid: u32) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit(')').next()?.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some(ticks / TICKS_PER_SECOND)
}

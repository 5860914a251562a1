//! R4: a hub with much history is killed and takes writes again soon, and all of its nodes come back without a stampede.

use super::{Row, Store};
use crate::chance::Chance;
use crate::client::Client;
use crate::fleet::Member;
use crate::fugue::{Fugue, Part};
use crate::postgres::Server;
use crate::stage::id;
use crate::wait::until;
use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};

/// From the start of the new process to the first write that it accepts.
const READY_MAX: Duration = Duration::from_secs(3);
/// From the kill until the last node was welcomed.
const BACK_MAX: Duration = Duration::from_secs(15);
/// How long filling may take.
const FILLED_MAX: Duration = Duration::from_secs(3_600);
/// The rate of connects is counted in windows of this length.
const WINDOW: Duration = Duration::from_millis(100);
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// The numbers.
#[derive(Debug, Clone, Copy)]
pub struct Recovery {
    /// Simulated nodes.
    pub nodes: usize,
    /// Sessions of each.
    pub sessions: usize,
    /// Texts of each session's turn.
    pub texts: usize,
    /// How often the hub is killed.
    pub kills: usize,
    /// The database.
    pub store: Store,
}

/// How a hub came back.
struct Back {
    ready: Duration,
    /// When each node was welcomed, counted from the kill; in order.
    welcomes: Vec<Duration>,
}

impl Recovery {
    /// Does it. `None` when it had to be skipped.
    pub async fn run(self, program: &Path, chance: &mut Chance) -> Result<Option<Row>> {
        let begun = Instant::now();
        let server = match self.store {
            Store::Sqlite => None,
            Store::Postgres => match Server::start().await? {
                None => return Ok(None),
                started => started,
            },
        };
        let mut fugue = Fugue::new(program)?;
        if let Some(server) = &server {
            fugue = fugue.env_of("hub", "FUGUE_DATABASE", server.url());
        }
        let mut hub = fugue.hub().await?;
        let client = fugue.client()?;
        let joining = (0..self.nodes).map(|number| {
            let chance = Chance::new(chance.draw());
            let client = &client;
            async move { Member::join(client, &format!("sim-{number}"), self.texts, chance).await }
        });
        let nodes = try_join_all(joining).await?;
        let sessions = self.fill(&client, &nodes).await?;
        let filled = begun.elapsed();
        let stored = client.get(&format!("/api/v1/sessions/{}", sessions[0])).await?["last_seq"].as_u64().unwrap_or_default();
        ensure!(stored as usize >= self.texts, "a session has {stored} events, and its node said {} texts", self.texts);
        let mut backs = Vec::new();
        for round in 0..self.kills {
            let session = &sessions[chance.between(0, sessions.len() as u64) as usize];
            backs.push(self.round(&fugue, &mut hub, &client, &nodes, session).await.with_context(|| format!("kill {round}"))?);
        }
        Ok(Some(Row::new("R4", self.told(&mut backs, stored, filled)?, begun)))
    }

    /// Sessions and events, by the way that real ones take. Gives the sessions.
    async fn fill(&self, client: &Client, nodes: &[Member]) -> Result<Vec<String>> {
        let filling = nodes.iter().enumerate().map(|(number, node)| async move {
            let body = json!({"path": format!("/srv/shop-{number}"), "node": node.id});
            let project = id(&client.post("/api/v1/projects", &body).await?)?;
            let mut sessions = Vec::new();
            for _ in 0..self.sessions {
                let session = id(&client.session(&project, "rehearse").await?)?;
                client.message(&session, "go").await?;
                sessions.push(session);
            }
            anyhow::Ok(sessions)
        });
        let sessions = try_join_all(filling).await?.concat();
        let ended = async || Ok(nodes.iter().all(|node| node.ended() >= self.sessions).then_some(()));
        until("all turns to end", FILLED_MAX, ended).await?;
        Ok(sessions)
    }

    /// One kill.
    async fn round(&self, fugue: &Fugue, hub: &mut Part, client: &Client, nodes: &[Member], session: &str) -> Result<Back> {
        hub.kill()?;
        let killed = Instant::now();
        *hub = fugue.start("hub", "hub", &["hub"])?;
        let (path, body) = (format!("/api/v1/sessions/{session}/messages"), json!({"text": "after the kill"}));
        while !client.post(&path, &body).await.is_ok_and(|message| message["id"].is_string()) {
            ensure!(!hub.has_ended()?, "the hub did not come back");
            ensure!(killed.elapsed() < BACK_MAX, "no write was accepted {} s after the kill", killed.elapsed().as_secs());
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        let ready = killed.elapsed();
        let welcomed = || nodes.iter().map(|node| node.welcomed_after(killed)).collect::<Option<Vec<_>>>();
        let all = until("all nodes to be back", BACK_MAX.saturating_sub(ready), async || Ok(welcomed())).await?;
        let mut welcomes: Vec<Duration> = all.into_iter().map(|at| at - killed).collect();
        welcomes.sort();
        Ok(Back { ready, welcomes })
    }

    fn told(&self, backs: &mut [Back], stored: u64, filled: Duration) -> Result<String> {
        backs.sort_by_key(|back| back.ready);
        let (median, longest) = (backs[backs.len() / 2].ready, backs[backs.len() - 1].ready);
        ensure!(longest <= READY_MAX, "a hub took writes only {longest:?} after the kill");
        let last = backs.iter().filter_map(|back| back.welcomes.last()).max().context("nobody came back")?;
        let peak = backs.iter().map(|back| peak(&back.welcomes)).max().unwrap_or_default();
        // The time in which they could come: from the moment that the hub was there.
        let mean = backs.iter().map(|back| rate(&back.welcomes, back.ready)).sum::<f64>() / backs.len() as f64;
        Ok(format!(
            "{}: {} sessions, {} events, filled in {:.0} s; {} kills: first write {} ms (median), {} ms (longest) after the kill; {} nodes \
             back after {:.1} s at the latest; connects {:.0}/s on the mean, {:.0}/s at the peak of {} ms",
            self.store,
            self.nodes * self.sessions,
            self.nodes as u64 * self.sessions as u64 * stored,
            filled.as_secs_f64(),
            backs.len(),
            median.as_millis(),
            longest.as_millis(),
            self.nodes,
            last.as_secs_f64(),
            mean,
            peak as f64 / WINDOW.as_secs_f64(),
            WINDOW.as_millis(),
        ))
    }
}

/// The most of them in one window.
fn peak(welcomes: &[Duration]) -> usize {
    let within = |from: &Duration| welcomes.iter().filter(|at| **at >= *from && **at < *from + WINDOW).count();
    welcomes.iter().map(within).max().unwrap_or_default()
}

/// How many came in each second between the moment that the hub was there and the last of them.
fn rate(welcomes: &[Duration], ready: Duration) -> f64 {
    let first = welcomes.first().copied().unwrap_or_default().min(ready);
    let lasted = welcomes.last().copied().unwrap_or_default().saturating_sub(first).max(WINDOW);
    welcomes.len() as f64 / lasted.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stampede_shows_in_the_peak() {
        let spread: Vec<Duration> = (0..50).map(|n| Duration::from_millis(n * 100)).collect();
        assert_eq!((peak(&spread), rate(&spread, Duration::ZERO).round() as u64), (1, 10));
        let mut crowd = spread.clone();
        crowd.extend(vec![Duration::from_millis(70); 40]);
        assert_eq!(peak(&crowd), 41);
    }

    #[test]
    fn a_hub_that_comes_back_late_is_found() {
        let recovery = Recovery { nodes: 1, sessions: 1, texts: 1, kills: 2, store: Store::Sqlite };
        let back = |ready: Duration| Back { ready, welcomes: vec![ready] };
        let told = |late: Duration| recovery.told(&mut [back(Duration::from_millis(90)), back(late)], 1, Duration::ZERO);
        assert!(told(READY_MAX).unwrap().contains("3000 ms (longest)"));
        assert!(told(READY_MAX + Duration::from_millis(1)).is_err());
        let nobody = recovery.told(&mut [Back { ready: Duration::ZERO, welcomes: Vec::new() }], 1, Duration::ZERO);
        assert!(nobody.is_err(), "nodes that never come back are no recovery");
    }
}

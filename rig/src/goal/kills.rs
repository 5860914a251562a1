//! R1 and R2: the hub, the node, or both in turn are killed again and again while sessions are busy.
//!
//! Nothing that was acknowledged is lost, nothing is done twice without a mark, nothing is left over, and no agent dies of it.

use super::{Ground, Row, Store};
use crate::chance::Chance;
use crate::workload::{Load, Workload};
use anyhow::{Result, ensure};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long the clients may need to send what is wanted.
const SENT_MAX: Duration = Duration::from_secs(3_600);

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Victim {
    /// The hub.
    Hub,
    /// The node.
    Node,
}

/// The numbers.
#[derive(Debug, Clone, Copy)]
pub struct Kills {
    /// Its name in the table.
    pub goal: &'static str,
    /// Killed in turn.
    pub victims: &'static [Victim],
    /// How often, all together.
    pub kills: usize,
    /// Busy sessions.
    pub sessions: usize,
    /// Messages that must be acknowledged, at least.
    pub messages: usize,
    /// The database.
    pub store: Store,
}

impl Kills {
    /// Does it. `None` when it had to be skipped.
    pub async fn run(self, program: &Path, chance: &mut Chance) -> Result<Option<Row>> {
        let begun = Instant::now();
        let Some(mut ground) = Ground::lay(program, self.store, self.sessions, |fugue| fugue).await? else { return Ok(None) };
        let load = Load { sessions: self.sessions, in_line: 3, longest_ms: 400, asks_every: 12, policy: None };
        let work = Workload::begin(&ground.stage, load, chance).await?;
        let (mut survived, mut harmful, mut downtime) = (0, 0, Vec::new());
        for round in 0..self.kills {
            tokio::time::sleep(Duration::from_millis(chance.between(20, 600))).await;
            let agents = ground.stage.agents();
            let victim = self.victims[round % self.victims.len()];
            let down = Instant::now();
            match victim {
                Victim::Hub => {
                    ground.hub.kill()?;
                    ground.hub = ground.stage.fugue.hub().await?;
                }
                Victim::Node => {
                    ground.node.kill()?;
                    ground.node = ground.stage.fugue.node().await?;
                }
            }
            downtime.push(down.elapsed());
            let dead: Vec<_> = agents.iter().filter(|agent| !agent.lives()).collect();
            ensure!(dead.is_empty() || victim == Victim::Node, "kill {round}, of {victim:?}, took agents with it: {dead:?}");
            dead.iter().for_each(|agent| println!("kill {round}: agent {} did not live on", agent.pid));
            harmful += usize::from(!dead.is_empty());
            survived += agents.len() - dead.len();
        }
        let deadline = Instant::now() + SENT_MAX;
        while work.acked() < self.messages && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let sessions = work.sessions().to_vec();
        let outcome = work.end(&ground.stage, self.messages).await?;
        ensure!(outcome.acked >= self.messages, "only {} of {} messages were acknowledged", outcome.acked, self.messages);
        // A hub's death may end no agent, and of a node's deaths one in a hundred.
        ensure!(harmful * 100 <= self.kills, "{harmful} of {} kills ended agents", self.kills);
        ensure!(survived > 0, "the loop was not busy: no agent lived while it killed");
        ground.stage.close(&sessions, &[ground.hub.pid(), ground.node.pid()]).await?;
        downtime.sort();
        let (turns, doubtful) = outcome.turns();
        let done = format!(
            "{}: {} kills of {:?}, {} sessions, {} messages acked, {turns} turns ({doubtful} marked maybe_executed), {} operations ok, \
             {:.1} agents lived on at a kill, {harmful} kills ended one; back after {} ms (median), {} ms (longest)",
            self.store,
            self.kills,
            self.victims,
            self.sessions,
            outcome.acked,
            outcome.oks,
            survived as f64 / self.kills as f64,
            downtime[downtime.len() / 2].as_millis(),
            downtime[downtime.len() - 1].as_millis(),
        );
        Ok(Some(Row::new(self.goal, done, begun)))
    }
}

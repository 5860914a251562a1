//! R3: everything that can be broken is broken, in any order and side by side, for as long as is wanted.

use super::{Ground, Row, Store};
use crate::chance::Chance;
use crate::nemesis::{Fault, Nemesis, Plan, Shape};
use crate::workload::{Load, Workload};
use anyhow::{Result, ensure};
use std::path::Path;
use std::time::{Duration, Instant};

/// The numbers.
#[derive(Debug, Clone, Copy)]
pub struct Everything {
    /// How long faults are begun.
    pub whole: Duration,
    /// Busy sessions.
    pub sessions: usize,
    /// The database.
    pub store: Store,
}

impl Everything {
    /// Does it, by the plan of a seed.
    pub async fn run(self, program: &Path, seed: u64) -> Result<Option<Row>> {
        let begun = Instant::now();
        let Some(mut ground) = Ground::lay(program, self.store, self.sessions, |fugue| fugue).await? else { return Ok(None) };
        let mut chance = Chance::new(seed);
        let load = Load { sessions: self.sessions, in_line: 3, longest_ms: 600, asks_every: 6, policy: None };
        let work = Workload::begin(&ground.stage, load, &mut chance).await?;
        let shape = Shape { whole_ms: self.whole.as_millis() as u64, gap_ms: (800, 4_000), lasting_ms: (200, 5_000) };
        let faults: Vec<Fault> =
            Fault::ALL.iter().copied().filter(|fault| *fault != Fault::RestartDatabase || ground.server.is_some()).collect();
        let plan = Plan::draw(seed, &faults, shape);
        let mut nemesis = Nemesis::new(&ground.stage, ground.hub, ground.node, Some(&ground.proxy), ground.server.as_mut());
        nemesis.run(&plan).await?;
        let (faults, done) = (nemesis.count(), nemesis.done());
        let parts = [nemesis.hub.pid(), nemesis.node.pid()];
        ensure!(faults * 2 >= plan.steps().len(), "only {faults} of {} faults were done", plan.steps().len());
        let sessions = work.sessions().to_vec();
        let outcome = work.end(&ground.stage, self.sessions * 3).await?;
        ground.stage.close(&sessions, &parts).await?;
        let (turns, doubtful) = outcome.turns();
        let done = format!(
            "{}, seed {seed}: {faults} faults ({done}) in {} s, {} sessions, {} messages acked, {turns} turns ({doubtful} marked \
             maybe_executed), {} operations ok, {} events complete; nothing left",
            self.store,
            self.whole.as_secs(),
            self.sessions,
            outcome.acked,
            outcome.oks,
            outcome.events,
        );
        Ok(Some(Row::new("R3", done, begun)))
    }
}

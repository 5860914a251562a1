//! The runs and their numbers.

use super::Done;
use rig::chance::Chance;
use rig::goal::Store;
use rig::goal::approvals::Approvals;
use rig::goal::everything::Everything;
use rig::goal::kills::{Kills, Victim};
use rig::goal::partition::Partition;
use rig::goal::pause::Pause;
use rig::goal::recovery::Recovery;
use rig::goal::resume::Resume;
use rig::goal::simulation::Simulation;
use rig::proxy::Lane;
use std::path::Path;
use std::time::Duration;

/// One run of a goal.
#[derive(Debug, Clone, Copy)]
pub enum Run {
    /// R1 and R2.
    Kills(Kills),
    /// R3.
    Everything(Everything),
    /// R4.
    Recovery(Recovery),
    /// R5.
    Pause(Pause),
    /// R6.
    Partition(Partition),
    /// R16.
    Resume(Resume),
    /// R27.
    Approvals(Approvals),
    /// R30.
    Simulation(Simulation),
}

impl Run {
    /// Its goal.
    pub fn goal(&self) -> &'static str {
        match self {
            Self::Kills(kills) => kills.goal,
            Self::Everything(_) => "R3",
            Self::Recovery(_) => "R4",
            Self::Pause(_) => "R5",
            Self::Partition(_) => "R6",
            Self::Resume(_) => "R16",
            Self::Approvals(_) => "R27",
            Self::Simulation(_) => "R30",
        }
    }

    /// The database that it chooses, if it does.
    pub fn store(&self) -> Option<Store> {
        match self {
            Self::Kills(run) => Some(run.store),
            Self::Everything(run) => Some(run.store),
            Self::Recovery(run) => Some(run.store),
            Self::Approvals(run) => Some(run.store),
            Self::Pause(_) | Self::Partition(_) | Self::Resume(_) | Self::Simulation(_) => None,
        }
    }

    /// Its goal and numbers.
    pub fn name(&self) -> String {
        match self {
            Self::Kills(kills) => format!("{}: {} kills of {:?} on {}", kills.goal, kills.kills, kills.victims, kills.store),
            Self::Everything(run) => format!("R3: everything for {} s on {}", run.whole.as_secs(), run.store),
            Self::Recovery(run) => format!("R4: {} kills of a hub with {} sessions on {}", run.kills, run.nodes * run.sessions, run.store),
            Self::Pause(pause) => format!("R5: {} pauses", pause.cycles),
            Self::Partition(run) => format!("R6: up {:?}, down {:?} for {} s", run.up, run.down, run.lasting.as_secs()),
            Self::Approvals(run) => format!("R27: {} kills around questions on {}", run.kills, run.store),
            Self::Resume(run) => format!("R16: {} disconnects over {} events", run.cuts * run.sessions * 2, run.texts * run.sessions),
            Self::Simulation(run) => format!("R30: {} seeds of the simulation", run.seeds),
        }
    }

    /// Does it.
    pub async fn go(self, program: &Path, seed: u64) -> Done {
        let mut chance = Chance::new(seed);
        match self {
            Self::Kills(run) => run.run(program, &mut chance).await,
            Self::Everything(run) => run.run(program, seed).await,
            Self::Recovery(run) => run.run(program, &mut chance).await,
            Self::Pause(run) => run.run(program).await,
            Self::Partition(run) => run.run(program, &mut chance).await,
            Self::Resume(run) => run.run(program, &mut chance).await,
            Self::Approvals(run) => run.run(program, &mut chance).await,
            Self::Simulation(run) => run.run().await,
        }
    }
}

/// All runs, in the order in which they are done.
pub fn all(short: bool) -> Vec<Run> {
    let seconds = Duration::from_secs;
    let pick = |short_form: usize, long_form: usize| if short { short_form } else { long_form };
    let kills = |goal, victims: &'static [Victim], messages, store| {
        Run::Kills(Kills { goal, victims, kills: pick(20, 200), sessions: pick(8, 20), messages, store })
    };
    let everything = |store| Run::Everything(Everything { whole: seconds(pick(30, 1_800) as u64), sessions: pick(4, 12), store });
    let partition =
        |up, down, lasting: usize| Run::Partition(Partition { up, down, lasting: seconds(lasting as u64), sessions: pick(3, 5) });
    // In the long form ten thousand sessions with a million events.
    let recovery = |store| Run::Recovery(Recovery { nodes: 50, sessions: pick(4, 200), texts: 100, kills: pick(5, 50), store });
    let mut runs = vec![
        kills("R1", &[Victim::Hub], pick(200, 5_000), Store::Sqlite),
        kills("R1", &[Victim::Hub], pick(200, 5_000), Store::Postgres),
        kills("R2", &[Victim::Node], pick(100, 1_000), Store::Sqlite),
        everything(Store::Postgres),
        recovery(Store::Sqlite),
        recovery(Store::Postgres),
        Run::Pause(Pause { lease: seconds(3), cycles: pick(2, 100), sessions: pick(2, 4) }),
        partition(Lane::Cut, Lane::Cut, pick(20, 60)),
        partition(Lane::Cut, Lane::Open, pick(20, 60)),
        partition(Lane::Open, Lane::Cut, pick(20, 60)),
    ];
    if !short {
        runs.extend([everything(Store::Sqlite), partition(Lane::Cut, Lane::Cut, 600)]);
        runs.sort_by_key(|run| run.goal());
    }
    let (sessions, texts) = (pick(4, 8), pick(2_000, 25_000));
    // Two readers of each session.
    runs.push(Run::Resume(Resume { sessions, texts, cuts: pick(100, 1_000).div_ceil(sessions * 2), kills: pick(2, 20) }));
    let approvals = |store| Run::Approvals(Approvals { kills: pick(20, 200), sessions: pick(4, 8), store });
    runs.extend([approvals(Store::Sqlite), approvals(Store::Postgres)]);
    runs.push(Run::Simulation(Simulation { seeds: pick(100, 50_000) as u64 }));
    runs
}

//! The foreman: one decision about many ready tasks and a hundred slots, in this process. It is pure, so nothing else is measured.

use crate::Run;
use crate::report::{Report, Rounds, Want};
use anyhow::{Result, ensure};
use fugue_domain::foreman::{Busy, Ready, Site, decide};
use fugue_domain::id::{NodeId, PlanId, ProjectId, TaskId};
use std::time::Instant;

const SLOTS: i64 = 100;
const NODES: u128 = 10;
const NOW: i64 = 1_795_222_700_776;

/// Decisions about 10,000 and 100,000 tasks: with free slots, where many clash, and where nothing is free.
pub fn measure(run: &Run, report: &mut Report) -> Result<()> {
    for (tasks, goal) in [(10_000, 10.0), (100_000, 150.0)] {
        for (what, narrow, slots) in
            [("free slots", false, SLOTS), ("the same files wanted by all", true, SLOTS), ("no free slot", false, 0)]
        {
            let site = site(tasks, narrow, slots);
            let (mut ours, mut started) = (Rounds::default(), 0);
            for _ in 0..run.rounds.max(3) {
                let begun = Instant::now();
                let decision = decide(&site, NOW);
                ours.push(begun.elapsed().as_secs_f64() * 1e3);
                ensure!(decision.start.len() + decision.held.len() == tasks, "each task is started or explained");
                started = decision.start.len();
            }
            let figure = format!("foreman: {tasks} tasks, {SLOTS} slots, {what} ({started} begin)");
            report.row(figure, "ms", ours, Rounds::default(), Want::AtMost(goal, goal));
        }
    }
    Ok(())
}

/// Tasks of two hundred plans in twenty projects, each with three paths.
fn site(tasks: usize, narrow: bool, slots: i64) -> Site {
    let path = |n: usize| if narrow { format!("src/m{}", n % 2) } else { format!("src/m{}/part{}/f{n}.rs", n % 97, n % 1_009) };
    let ready = |n: usize| Ready {
        task: TaskId::from_bits(n as u128 + 1),
        project: ProjectId::from_bits(n as u128 % 20),
        plan: (!n.is_multiple_of(5)).then(|| PlanId::from_bits(n as u128 % 200)),
        priority: n as i64 * 7_919 % 11 - 5,
        since: NOW - n as i64 * 104_729 % 86_400_000,
        node: None,
        budget: None,
        paths: (0..3).map(|part| path(n * 3 + part)).collect(),
        apart: Vec::new(),
    };
    let busy = |n: u128| Busy {
        task: TaskId::from_bits(1_000_000 + n),
        project: ProjectId::from_bits(n % 20),
        plan: None,
        paths: vec![format!("src/m{}", n % 2)],
        at_work: true,
    };
    Site {
        ready: (0..tasks).map(ready).collect(),
        busy: (0..40).map(busy).collect(),
        slots: (0..NODES).map(|node| (NodeId::from_bits(node), slots / NODES as i64)).collect(),
        parallel: (0..20).map(|project| (ProjectId::from_bits(project), 50)).collect(),
        left: Default::default(),
        no_room: Default::default(),
    }
}

//! The scheduler: how long a message of an idle session waits for its assignment while other sessions have turns in line.
//!
//! The backlog belongs to a node that is away, or to one whose slots are taken: neither may delay the node that is free.

use crate::Run;
use crate::crowd::Crowd;
use crate::load::now_ns;
use crate::report::{Report, Rounds, Want, percentile};
use anyhow::{Context, Result};
use std::time::Duration;

const SIZES: [usize; 2] = [1_000, 10_000];
const TIMES: usize = 20;
/// Messages that come at the same time: more sessions than the scheduler looks at one by one.
const CROWD: usize = 200;
const BURST_MAX: Duration = Duration::from_secs(10);

/// Which node the backlog is for.
#[derive(Clone, Copy)]
enum Behind {
    Away,
    Full,
}

/// Message to assignment under a backlog.
pub async fn measure(run: &Run, report: &mut Report) -> Result<()> {
    for (behind, name) in [(Behind::Away, "away"), (Behind::Full, "full")] {
        let Some(mut crowd) = Crowd::start(run, 1).await? else { return Ok(()) };
        let (alone, idle) = (crowd.sessions(1).await?.remove(0), crowd.sessions(CROWD).await?);
        let (mut none, mut none_burst) = (Rounds::default(), Rounds::default());
        for _ in 0..run.rounds {
            none.push(one_by_one(&crowd, &alone).await?);
            none_burst.push(at_once(&crowd, &idle).await?);
        }
        println!("none in line: one {none} ms, {CROWD} at once {none_burst} ms");
        crowd.join(1).await?;
        let mut there = 0;
        for size in SIZES {
            extend(&mut crowd, behind, there, size).await?;
            there = size;
            let (mut single, mut burst) = (Rounds::default(), Rounds::default());
            for _ in 0..run.rounds {
                single.push(one_by_one(&crowd, &alone).await?);
                burst.push(at_once(&crowd, &idle).await?);
            }
            println!("{size} in line for a node that is {name}: one {single} ms, {CROWD} at once {burst} ms");
            let figure = format!("scheduler p50 with {size} sessions in line for a node that is {name}, to none");
            report.row(figure, "ms", single, none.clone(), Want::RatioAtMost(1.1, 2.0));
            let figure = format!("scheduler {CROWD} messages at once, all assigned, the same backlog, to none");
            report.row(figure, "ms", burst, none_burst.clone(), Want::RatioAtMost(1.5, 4.0));
        }
    }
    Ok(())
}

/// Brings the backlog of the second node to this many sessions.
async fn extend(crowd: &mut Crowd, behind: Behind, there: usize, size: usize) -> Result<()> {
    let second = crowd.projects.get(1).context("no second node")?.clone();
    let first = std::mem::replace(&mut crowd.projects, vec![second]);
    let sessions = crowd.sessions(size - there).await;
    crowd.projects = first;
    if matches!(behind, Behind::Away) {
        // Its project stays, and sessions can be opened without it.
        crowd.nodes.truncate(1);
    }
    crowd.tell(&sessions?, "hold").await
}

/// The median from a request to its assignment, one after the other.
async fn one_by_one(crowd: &Crowd, session: &str) -> Result<f64> {
    drop(crowd.starts());
    for _ in 0..TIMES {
        let ended = crowd.ended();
        crowd.client.message(session, &format!("end {}", now_ns())).await?;
        crowd.wait_for_ends(ended + 1).await?;
    }
    percentile(&crowd.starts(), 0.5).context("no turn began")
}

/// The time until the last of many messages that came at the same time is assigned. Those that are not within a limit are told, and
/// then the limit is the figure.
async fn at_once(crowd: &Crowd, sessions: &[String]) -> Result<f64> {
    let ended = crowd.ended();
    drop(crowd.starts());
    crowd.tell(sessions, &format!("end {}", now_ns())).await?;
    let all = async || Ok((crowd.ended() >= ended + sessions.len() as u64).then_some(()));
    if rig::wait::until("all turns to end", BURST_MAX, all).await.is_err() {
        println!("STARVED: {} of {} messages were carried out within {} s", crowd.ended() - ended, sessions.len(), BURST_MAX.as_secs());
        return Ok(BURST_MAX.as_secs_f64() * 1e3);
    }
    percentile(&crowd.starts(), 1.0).context("no turn began")
}

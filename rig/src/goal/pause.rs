//! R5: a node stands still for three times its lease, and comes back as if nothing had happened.
//!
//! Nothing of the old epoch is accepted any more, and its agents are dead soon after.

use super::{Ground, Row, Store, said, send};
use crate::checker::{Sent, assert_sound};
use crate::orphans::Process;
use crate::wait::until;
use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};

/// How soon after the pause an agent of an old epoch must be dead.
const DEAD_MAX: Duration = Duration::from_secs(10);
const TURN_MAX: Duration = Duration::from_secs(60);

/// The numbers.
#[derive(Debug, Clone, Copy)]
pub struct Pause {
    /// The lease.
    pub lease: Duration,
    /// Pauses. Every second one stops keepers and agents as well, as a laptop's lid does.
    pub cycles: usize,
    /// Sessions that are busy in each.
    pub sessions: usize,
}

impl Pause {
    /// Does it.
    pub async fn run(self, program: &Path) -> Result<Option<Row>> {
        let begun = Instant::now();
        let seconds = self.lease.as_secs().to_string();
        let adjust = |fugue: crate::fugue::Fugue| fugue.env_of("hub", "FUGUE_LEASE_SECONDS", seconds);
        let Some(ground) = Ground::lay(program, Store::Sqlite, self.sessions, adjust).await? else { return Ok(None) };
        let stage = &ground.stage;
        let mut sessions = Vec::new();
        for _ in 0..self.sessions {
            sessions.push((stage.session("rehearse").await?, Vec::new()));
        }
        let (mut fenced, mut slowest) = (0, Duration::ZERO);
        for cycle in 0..self.cycles {
            let (count, took) = self.cycle(&ground, cycle, &mut sessions).await?;
            fenced += count;
            slowest = slowest.max(took);
        }
        let mut histories = Vec::new();
        let ids: Vec<String> = sessions.iter().map(|(session, _)| session.clone()).collect();
        for (session, sent) in sessions {
            histories.push(stage.history(&session, sent).await?);
        }
        assert_sound(&histories, &stage.executions()?);
        for history in &histories {
            nothing_from_old_epochs(&history.events, &history.sent)?;
        }
        stage.close(&ids, &[ground.hub.pid(), ground.node.pid()]).await?;
        let done = format!(
            "lease {} s, {} pauses of {} s (every second one with keepers and agents), {} sessions: {fenced} agents fenced, \
             all dead {:.1} s after the pause at the latest, 0 reports of an old epoch accepted",
            self.lease.as_secs(),
            self.cycles,
            (self.lease * 3).as_secs(),
            self.sessions,
            slowest.as_secs_f64(),
        );
        Ok(Some(Row::new("R5", done, begun)))
    }

    /// One pause. How many agents it fenced, and when the last of them was dead after it.
    async fn cycle(&self, ground: &Ground, cycle: usize, sessions: &mut [(String, Vec<Sent>)]) -> Result<(usize, Duration)> {
        let stage = &ground.stage;
        let mut turns = Vec::new();
        for (number, (session, sent)) in sessions.iter_mut().enumerate() {
            let says = vec![format!("p-{number}-{cycle}. begins"), format!("p-{number}-{cycle}. ends")];
            // Longer than the time until the fence, shorter than the pause: an agent that is not fenced would end meanwhile.
            let text = format!("say {}\nsleep {}\nsay {}", says[0], self.lease.as_millis() * 3 / 2, says[1]);
            let acked = send(stage, session, &text, "retry").await?;
            turns.push(acked.1.clone());
            sent.push(Sent { text, acked: Some(acked), says });
        }
        for turn in &turns {
            stage.client.turn_in(turn, &["running"], TURN_MAX).await?;
        }
        let agents = stage.agents();
        ensure!(agents.len() >= turns.len(), "{} agents for {} turns", agents.len(), turns.len());
        let frozen = if cycle % 2 == 1 { [stage.keepers(), agents.clone()].concat() } else { Vec::new() };
        ground.node.pause();
        frozen.iter().for_each(|process| process.signal(Signal::STOP));
        tokio::time::sleep(self.lease * 3).await;
        for turn in &turns {
            let now = stage.client.get(&format!("/api/v1/turns/{turn}")).await?;
            ensure!(now["state"] != "running", "the lease was not ended: {now}");
        }
        // Keepers that run fence their agents without the node; those that stood still as well have it before them.
        let alive = agents.iter().filter(|agent| agent.lives()).count();
        let wanted = if frozen.is_empty() { 0 } else { agents.len() };
        ensure!(alive == wanted, "at the end of pause {cycle}, {alive} of {} agents lived", agents.len());
        ground.node.resume();
        let resumed = Instant::now();
        frozen.iter().for_each(|process| process.signal(Signal::CONT));
        until("the agents of the old epoch to be dead", DEAD_MAX, async || Ok(dead(&agents))).await?;
        let took = resumed.elapsed();
        for turn in &turns {
            let ended = stage.client.turn_in(turn, &["ended"], TURN_MAX).await?;
            // The hub may have given it to the node again while that stood still; each time counts.
            let again = ended["attempts"].as_i64() > Some(1) && ended["maybe_executed"] == true;
            ensure!(ended["outcome"] == "succeeded" && again, "after a pause, a turn with `retry` ended as {ended}");
        }
        Ok((agents.len(), took))
    }
}

fn dead(agents: &[Process]) -> Option<()> {
    (!agents.iter().any(Process::lives)).then_some(())
}

/// After a turn's last assignment its events are those of one whole execution, and nothing of the one before.
fn nothing_from_old_epochs(events: &[Value], sent: &[Sent]) -> Result<()> {
    for sent in sent {
        let (_, turn) = sent.acked.as_ref().context("a message without a reply")?;
        let of_turn: Vec<&Value> = events.iter().filter(|event| event["turn"] == turn.as_str()).collect();
        let last = of_turn.iter().rposition(|event| event["type"] == "turn.assigned").context("a turn that was never assigned")?;
        let said = said(of_turn[last..].iter().copied());
        ensure!(said == sent.says, "after its last assignment {turn} said {said:?}");
    }
    Ok(())
}

//! R6: node and hub cannot hear each other, in both directions or in one.
//!
//! The sessions go on, nobody runs anything again, and when the link heals all events are there, once, in order.

use super::{Ground, Row, Store, said, send};
use crate::chance::Chance;
use crate::checker::{Sent, assert_sound};
use crate::proxy::Lane;
use crate::wait::until;
use crate::workload::{Load, Workload};
use anyhow::{Result, ensure};
use std::path::Path;
use std::time::{Duration, Instant};

/// Sessions whose one turn lasts longer than the cut.
const LONG: usize = 3;
/// Between two lines of a long turn.
const LINE_MS: u64 = 200;
/// How long the node may need to be back: the silence after which it dials again, and the longest pause between two dials.
const HEALED_MAX: Duration = Duration::from_secs(45);
const BEGUN_MAX: Duration = Duration::from_secs(20);

/// The numbers.
#[derive(Debug, Clone, Copy)]
pub struct Partition {
    /// From the node to the hub.
    pub up: Lane,
    /// From the hub to the node.
    pub down: Lane,
    /// How long.
    pub lasting: Duration,
    /// Further sessions with short turns.
    pub sessions: usize,
}

/// A session with a turn that outlasts the cut.
struct Long {
    session: String,
    sent: Vec<Sent>,
    turn: String,
}

impl Partition {
    /// Does it.
    pub async fn run(self, program: &Path, chance: &mut Chance) -> Result<Option<Row>> {
        let begun = Instant::now();
        let Some(ground) = Ground::lay(program, Store::Sqlite, self.sessions + LONG, |fugue| fugue).await? else { return Ok(None) };
        let stage = &ground.stage;
        let mut longs = self.begin(&ground).await?;
        let load = Load { sessions: self.sessions, in_line: 4, longest_ms: 800, asks_every: 0, policy: Some("retry") };
        let work = Workload::begin(stage, load, chance).await?;
        until("the clients to be busy", BEGUN_MAX, async || Ok((work.acked() >= self.sessions * 4).then_some(()))).await?;

        let agents = stage.agents();
        let witnessed = stage.executions()?.len();
        ground.proxy.set(self.up, self.down);
        let cut = Instant::now();
        for (number, long) in longs.iter_mut().enumerate() {
            // The hub takes new work although the node is away.
            let text = format!("say {number} was sent into the cut");
            let acked = Some(send(stage, &long.session, &text, "retry").await?);
            long.sent.push(Sent { says: vec![text["say ".len()..].to_owned()], text, acked });
        }
        while cut.elapsed() < self.lasting {
            for long in &longs {
                let turn = stage.client.get(&format!("/api/v1/turns/{}", long.turn)).await?;
                ensure!(turn["state"] == "running", "a cut of {:?} made of a running turn: {turn}", cut.elapsed());
            }
            let dead: Vec<_> = agents.iter().filter(|agent| !agent.lives()).collect();
            ensure!(dead.is_empty(), "the cut ended agents: {dead:?}");
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        let meanwhile = stage.executions()?.len() - witnessed;
        ground.proxy.set(Lane::Open, Lane::Open);
        let healed = Instant::now();
        let shown = async || {
            let events = stage.client.events(&longs[0].session).await?;
            let now = said(events.iter()).len();
            // An agent that had stood still during the cut could not have said as much by now.
            let lines = cut.elapsed().as_millis() as u64 * 3 / 4 / LINE_MS;
            ensure!(now as u64 >= lines.min(longs[0].sent[0].says.len() as u64), "{now} lines are stored");
            Ok(Some(()))
        };
        until("the events of the cut to be stored", HEALED_MAX, shown).await?;
        let recovery = healed.elapsed();
        let events = self.end(&ground, longs, work).await?;
        let done = format!(
            "up {:?}, down {:?} for {} s: {} sessions, {events} events complete; meanwhile {meanwhile} turns begun and {LONG} messages acked; \
             caught up {:.1} s after healing; 0 turns run again, 0 of {} agents ended",
            self.up,
            self.down,
            self.lasting.as_secs(),
            self.sessions + LONG,
            recovery.as_secs_f64(),
            agents.len(),
        );
        Ok(Some(Row::new("R6", done, begun)))
    }

    async fn begin(&self, ground: &Ground) -> Result<Vec<Long>> {
        let lines = (self.lasting.as_millis() as u64 + 6_000) / LINE_MS;
        let mut longs = Vec::new();
        for number in 0..LONG {
            let session = ground.stage.session("rehearse").await?;
            let says: Vec<String> = (0..lines).map(|line| format!("long {number} line {line}")).collect();
            let text: Vec<String> = says.iter().map(|line| format!("say {line}\nsleep {LINE_MS}")).collect();
            let text = text.join("\n");
            let acked = send(&ground.stage, &session, &text, "retry").await?;
            let turn = acked.1.clone();
            ground.stage.client.turn_in(&turn, &["running"], BEGUN_MAX).await?;
            longs.push(Long { session, sent: vec![Sent { text, acked: Some(acked), says }], turn });
        }
        Ok(longs)
    }

    /// Waits for everything, and finds each turn carried out once. Gives back how many events there are.
    async fn end(&self, ground: &Ground, longs: Vec<Long>, work: Workload) -> Result<usize> {
        let stage = &ground.stage;
        let mut sessions = work.sessions().to_vec();
        let mut histories = Vec::new();
        for long in longs {
            let turn = stage.client.turn_in(&long.turn, &["ended"], self.lasting + HEALED_MAX * 2).await?;
            ensure!(turn["outcome"] == "succeeded" && turn["attempts"] == 1, "a long turn ended as {turn}");
            for (_, turn) in long.sent.iter().filter_map(|sent| sent.acked.as_ref()) {
                stage.client.turn_in(turn, &["ended"], HEALED_MAX).await?;
            }
            histories.push(stage.history(&long.session, long.sent).await?);
            sessions.push(long.session);
        }
        let outcome = work.end_beside(stage, self.sessions * 4, &histories).await?;
        histories.extend(outcome.histories.into_values());
        assert_sound(&histories, &stage.executions()?);
        for turn in histories.iter().flat_map(|history| &history.turns) {
            ensure!(turn["attempts"] == 1 && turn["maybe_executed"] == false, "a turn was run again because of a cut: {turn}");
        }
        stage.close(&sessions, &[ground.hub.pid(), ground.node.pid()]).await?;
        Ok(histories.iter().map(|history| history.events.len()).sum())
    }
}

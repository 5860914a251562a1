//! The kill loop, short form: hub and node are killed again and again while eight sessions are busy. Afterwards the clients' acks,
//! the product's records and the witness must tell the same story.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Context, Result};
use rig::chance::Chance;
use rig::checker::{Sent, assert_sound};
use rig::client::Client;
use rig::fugue::{Fugue, Part, program};
use rig::orphans::Process;
use rig::stage::{Stage, id, witnessed};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const SESSIONS: usize = 8;
/// Kills of each of the two.
const KILLS: usize = 20;
/// Turns that a session has in line at most.
const IN_LINE: usize = 3;
const QUIET_MAX: Duration = Duration::from_secs(180);
const RETRY: Duration = Duration::from_millis(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_is_done_twice() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let mut chance = Chance::from_env();
    let fugue = witnessed(Fugue::new(&program)?.env("FUGUE_SLOTS", SESSIONS.to_string()));
    let mut hub = fugue.hub().await?;
    let mut node = fugue.node().await?;
    let stage = Stage::on(fugue).await?;
    let over = Arc::new(AtomicBool::new(false));
    let mut sessions = Vec::new();
    let mut senders = tokio::task::JoinSet::new();
    for number in 0..SESSIONS {
        let session = stage.session("rehearse").await?;
        let sender = Sender { client: stage.client.clone(), session: session.clone(), number, chance: Chance::new(chance.draw()) };
        senders.spawn(sender.run(over.clone()));
        sessions.push(session);
    }
    let mut survived = 0;
    for round in 0..KILLS * 2 {
        tokio::time::sleep(Duration::from_millis(chance.between(20, 600))).await;
        let agents = agents(&stage);
        if round % 2 == 0 {
            restart(&mut hub, || stage.fugue.hub()).await?;
        } else {
            restart(&mut node, || stage.fugue.node()).await?;
        }
        let dead: Vec<_> = agents.iter().filter(|agent| !agent.lives()).collect();
        assert!(dead.is_empty(), "kill {round}, of the {}, took agents with it: {dead:?}", ["hub", "node"][round % 2]);
        survived += agents.len();
    }
    over.store(true, Ordering::Relaxed);
    let mut histories = Vec::new();
    while let Some(sent) = senders.join_next().await {
        let (session, sent) = sent??;
        for turn in sent.iter().filter_map(|sent| sent.acked.as_ref()) {
            stage.client.turn_in(&turn.1, &["ended"], QUIET_MAX).await?;
        }
        histories.push(stage.history(&session, sent).await?);
    }
    let count = |key: &str| histories.iter().flat_map(|history| &history.turns).filter(|turn| turn[key] == true).count();
    let turns: usize = histories.iter().map(|history| history.turns.len()).sum();
    println!("{turns} turns, {} executions, {} maybe executed", stage.executions()?.len(), count("maybe_executed"));
    println!("{} kills, on average {} agents alive", KILLS * 2, survived / (KILLS * 2));
    assert!(turns >= SESSIONS * 2 && survived > 0, "the loop was not busy: {turns} turns, {survived} agents");
    assert_sound(&histories, &stage.executions()?);
    stage.close(&sessions, &[hub.pid(), node.pid()]).await
}

/// Kills a part and starts it again on the same home and port.
async fn restart<F: Future<Output = Result<Part>>>(part: &mut Part, start: impl FnOnce() -> F) -> Result<()> {
    part.kill()?;
    *part = start().await?;
    Ok(())
}

/// The agents' processes, which no death of hub or node may end.
fn agents(stage: &Stage) -> Vec<Process> {
    let mut processes = stage.fugue.processes();
    processes.retain(|process| process.args.contains(" rehearse"));
    processes
}

/// Keeps one session busy.
struct Sender {
    client: Client,
    session: String,
    number: usize,
    chance: Chance,
}

impl Sender {
    async fn run(mut self, over: Arc<AtomicBool>) -> Result<(String, Vec<Sent>)> {
        let mut sent = Vec::new();
        while !over.load(Ordering::Relaxed) {
            let one = self.send(sent.len()).await?;
            sent.push(one);
            if let Some(earlier) = sent.len().checked_sub(IN_LINE) {
                let (_, turn) = sent[earlier].acked.as_ref().context("a message without a reply")?;
                self.wait_for(&format!("/api/v1/turns/{turn}"), &over).await;
            }
        }
        Ok((self.session, sent))
    }

    /// Sends a message, again with the same key until a reply comes: what was stored before the cut is not stored again.
    async fn send(&mut self, index: usize) -> Result<Sent> {
        let mark = format!("m-{}-{index}", self.number);
        let says = vec![format!("{mark} begins"), format!("{mark} ends")];
        let text = format!("say {}\nsleep {}\nwrite {mark}.txt done\nsay {}", says[0], self.chance.between(0, 400), says[1]);
        let policy = ["ask", "retry", "resume"][self.chance.between(0, 3) as usize];
        let body = json!({"text": text, "on_interruption": policy});
        let path = format!("/api/v1/sessions/{}/messages", self.session);
        loop {
            match self.client.post_keyed(&path, &mark, &body).await {
                Ok(reply) if reply.status == 201 => {
                    let acked = Some((id(&reply.body)?, id(&reply.body["turn"])?));
                    return Ok(Sent { text, acked, says });
                }
                Ok(reply) if reply.status < 500 && reply.status != 409 => anyhow::bail!("{}: {}", reply.status, reply.body),
                _ => tokio::time::sleep(RETRY).await,
            }
        }
    }

    async fn wait_for(&self, turn: &str, over: &AtomicBool) {
        while !over.load(Ordering::Relaxed) && !self.client.get(turn).await.is_ok_and(|turn| turn["state"] == "ended") {
            tokio::time::sleep(RETRY).await;
        }
    }
}

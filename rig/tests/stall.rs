//! R28: a process whose runtime no longer runs ends itself, and agents neither die of it nor are forgotten.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Result, ensure};
use rig::checker::{Sent, assert_sound};
use rig::fugue::{Fugue, Part, program};
use rig::stage::{Stage, id, witnessed};
use rig::wait::until;
use serde_json::Value;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// From the stall to the end of the process.
const ENDED_MAX: Duration = Duration::from_secs(12);
/// For a turn to begin or to end.
const TURN_MAX: Duration = Duration::from_secs(30);

/// An install whose parts can be stalled, with one agent that waits in its turn.
struct Ground {
    stage: Stage,
    session: String,
    sent: Sent,
}

/// The file that stalls the parts of a data folder.
fn switch(fugue: &Fugue, folder: &str) -> PathBuf {
    fugue.root().join(format!("{folder}.stall"))
}

/// An install whose parts can be stalled. `None`, and the test skipped, when its program cannot.
fn stallable() -> Result<Option<Fugue>> {
    let Some(program) = program() else { return Ok(None) };
    let fugue = Fugue::new(&program)?;
    if !fugue.is_debug()? {
        rig::skip("the program is a release build, which cannot be stalled");
        return Ok(None);
    }
    let (hub, node) = (switch(&fugue, "hub"), switch(&fugue, "node"));
    Ok(Some(witnessed(fugue.env_of("hub", "FUGUE_STALL", hub).env_of("node", "FUGUE_STALL", node))))
}

impl Ground {
    async fn lay(fugue: Fugue) -> Result<Self> {
        let stage = Stage::on(fugue).await?;
        let session = stage.session("rehearse").await?;
        let go = stage.fugue.root().join("go");
        let text = format!("say begun\nrun! while [ ! -e {} ]; do sleep 0.1; done\nsay done", go.display());
        let message = stage.client.message(&session, &text).await?;
        let acked = Some((id(&message)?, id(&message["turn"])?));
        let ground = Self { stage, session, sent: Sent { text, acked, says: vec!["begun".into(), "done".into()] } };
        until("the agent to be in its turn", TURN_MAX, async || Ok((ground.said().await? == ["begun"]).then_some(()))).await?;
        Ok(ground)
    }

    async fn said(&self) -> Result<Vec<String>> {
        let events = self.stage.client.events(&self.session).await?;
        let texts = events.iter().filter(|event| event["type"] == "agent.text").filter_map(|event| event["text"].as_str());
        Ok(texts.map(str::to_owned).collect())
    }

    /// Stalls a part and waits until it has ended itself; no agent may end with it.
    async fn stall(&self, folder: &str, part: &mut Part) -> Result<()> {
        let agents = self.stage.agents();
        ensure!(agents.len() == 1, "one agent is in its turn, not {agents:?}");
        let switch = switch(&self.stage.fugue, folder);
        std::fs::write(&switch, "")?;
        let stalled = Instant::now();
        until("the stalled process to end itself", ENDED_MAX, async || Ok(part.has_ended()?.then_some(()))).await?;
        println!("{folder}: stalled, and ended {:.1} s later", stalled.elapsed().as_secs_f64());
        ensure!(part.log().contains("the runtime has not answered for 8 s"), "it does not say why it ended");
        ensure!(agents.iter().all(|agent| agent.lives()), "the stall ended an agent");
        std::fs::remove_file(&switch)?;
        Ok(())
    }

    /// The turn goes to its end, carried out once.
    async fn finish(self, parts: &[u32]) -> Result<()> {
        let turn = &self.sent.acked.as_ref().expect("it was acknowledged").1;
        std::fs::write(self.stage.fugue.root().join("go"), "")?;
        let ended: Value = self.stage.client.turn_in(turn, &["ended"], TURN_MAX).await?;
        ensure!(ended["outcome"] == "succeeded" && ended["attempts"] == 1, "the adopted turn ended as {ended}");
        ensure!(self.said().await? == ["begun", "done"]);
        let history = self.stage.history(&self.session, vec![self.sent]).await?;
        assert_sound(&[history], &self.stage.executions()?);
        self.stage.close(&[self.session], parts).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_hub_and_a_stalled_node_end_themselves_and_their_agents_are_adopted() -> Result<()> {
    let Some(fugue) = stallable()? else { return Ok(()) };
    let (mut hub, mut node) = (fugue.hub().await?, fugue.node().await?);
    let ground = Ground::lay(fugue).await?;
    ground.stall("hub", &mut hub).await?;
    let hub = ground.stage.fugue.hub().await?;
    ground.stall("node", &mut node).await?;
    let node = ground.stage.fugue.node().await?;
    ground.finish(&[hub.pid(), node.pid()]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hub_and_node_in_one_process_do_the_same() -> Result<()> {
    let Some(fugue) = stallable()? else { return Ok(()) };
    let mut up = fugue.up().await?;
    let ground = Ground::lay(fugue).await?;
    ground.stall("hub", &mut up).await?;
    let up = ground.stage.fugue.up().await?;
    ground.finish(&[up.pid()]).await
}

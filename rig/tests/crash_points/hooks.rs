//! The step of a delivery: the hub dies when it writes one down, and its sender, who heard nothing, delivers again. It is carried out once.

use super::{CRASH_MAX, Rounds, answer, id};
use anyhow::{Context, Result, ensure};
use rig::sender::Sender;
use rig::wait::until;
use serde_json::json;
use std::ffi::OsString;
use std::path::Path;

/// The step that these rounds come to.
pub const STEPS: &[&str] = &["hub.delivered"];

impl Rounds {
    /// A delivery that opens its session, with a crash of the hub before or after it is on the disk.
    pub async fn hooks(&mut self, env: &[(&str, OsString)], crashed: &Path) -> Result<String> {
        let mark = format!("m-{}", self.count);
        if self.node.is_none() {
            self.node = Some(self.stage.fugue.node().await?);
        }
        self.restart(env).await?;
        let new = json!({"name": mark, "kind": "github", "project": self.stage.project, "agent": "rehearse"});
        let hook = self.create("/api/v1/hooks", &mark, new).await?;
        let path = format!("/api/v1/hooks/{}", id(&hook)?);
        let sender = Sender::new(&self.stage.client.url(&path), hook["secret"].as_str().context("a secret")?);
        ensure!(sender.deliver("d1", &mark).await.is_err(), "the hub answered before it died");
        until("the crash", CRASH_MAX, async || Ok(crashed.exists().then_some(()))).await?;
        let again = self
            .supervise("the delivery to be taken", async |_| Ok(sender.deliver("d1", &mark).await.ok().filter(|reply| reply.status < 300)));
        let again = again.await?.status;
        ensure!(sender.deliver("d1", &mark).await?.status == 200, "a third one is no news");
        let session = self.stage.client.get(&path).await?["session"].as_str().context("no session")?.to_owned();
        let messages = self.stage.client.all(&format!("/api/v1/sessions/{session}/messages")).await?;
        ensure!(messages.len() == 1, "{messages:?}");
        let turn = id(&messages[0]["turn"])?;
        let ended = self.supervise("the turn to end", async |stage| answer(stage, &turn).await).await?;
        ensure!(ended["outcome"] == "succeeded" && ended["attempts"] == 1, "{ended}");
        let times = self.stage.executions()?.iter().filter(|execution| execution.turn == turn).count();
        ensure!(times == 1, "carried out {times} times");
        let all = self.stage.client.all("/api/v1/sessions?state=open").await?;
        ensure!(all.len() == 1, "it opened more than one session: {all:?}");
        self.close(&format!("/api/v1/sessions/{session}"), &session).await?;
        Ok(format!("answered {again} when it came again"))
    }
}

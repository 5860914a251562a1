//! The steps of tasks: one is written down, worked on, checked, approved and given up, and the hub dies at each of its steps; and a job that
//! nobody wants any more is taken back.

use super::{CRASH_MAX, Rounds, id};
use anyhow::{Context, Result, ensure};
use rig::wait::until;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::path::Path;

/// The steps that these rounds come to.
pub const STEPS: &[&str] = &["hub.task", "hub.job_asked", "hub.job_dropped"];

impl Rounds {
    /// A task from being written down to its landing, with a crash of the hub somewhere on the way.
    pub async fn tasks(&mut self, step: &str, env: &[(&str, OsString)], crashed: &Path) -> Result<String> {
        let mark = format!("m-{}", self.count);
        if self.node.is_none() {
            self.node = Some(self.stage.fugue.node().await?);
        }
        // Changes wait for a person, so that these rounds say when they go on.
        self.project_wants("[merge]\nreview = [\"person\"]\n")?;
        let drops = step == "hub.job_dropped";
        if !drops {
            self.armed(env).await?;
        }
        let new = json!({"title": mark, "agent": "rehearse", "description": format!("write {mark}.txt done\nsay {mark} ends")});
        let made = self.create("/api/v1/tasks", &mark, json!({"project": self.stage.project, "tasks": [new]})).await?;
        let task = id(&made["items"][0])?;
        let path = format!("/api/v1/tasks/{task}");
        let mut states = vec!["ready", "working", "checking", "review"];
        let found = self.task_is(&task, "review").await?;
        let session = found["session"].as_str().context("a session")?.to_owned();
        if drops {
            // With the node away, what is handed in waits to be checked, and is then no longer wanted.
            self.act(&path, "take-over", &["needs_human"]).await?;
            self.node = None;
            self.act(&path, "submit", &["checking"]).await?;
            self.armed(env).await?;
            states.extend(["needs_human", "checking"]);
        } else {
            self.act(&path, "approve", &["done"]).await?;
            states.extend(["merging", "done"]);
        }
        if drops {
            self.act(&path, "cancel", &["cancelled"]).await?;
            states.push("cancelled");
        }
        until("the crash", CRASH_MAX, async || Ok(crashed.exists().then_some(()))).await?;
        if self.node.is_none() {
            self.node = Some(self.stage.fugue.node().await?);
        }
        self.close(&format!("/api/v1/sessions/{session}"), &session).await?;
        let over = self.task_is(&task, if drops { "cancelled" } else { "done" }).await?;
        let told: Vec<&str> = over["story"].as_array().context("a story")?.iter().filter_map(|entry| entry["state"].as_str()).collect();
        ensure!(told == states, "each thing happened once: {told:?} instead of {states:?}");
        ensure!(over["sessions"].as_array().map(Vec::len) == Some(1), "{over:#}");
        let messages = self.stage.client.all(&format!("/api/v1/sessions/{session}/messages")).await?;
        ensure!(messages.len() == 1, "it was told once: {messages:?}");
        let head = over["head"].as_str().context("a commit")?;
        ensure!(self.stage.repo.git(&["show", &format!("{head}:{mark}.txt")])? == "done", "what it did is in its commit");
        Ok(format!("{} steps, each once", told.len()))
    }

    /// What the project wants, on the target branch; gives the commit, if that was not what it wanted already.
    pub fn project_wants(&self, text: &str) -> Result<Option<String>> {
        let repo = &self.stage.repo;
        if std::fs::read_to_string(repo.path().join("fugue.toml")).is_ok_and(|old| old == text) {
            return Ok(None);
        }
        repo.write("fugue.toml", text)?;
        repo.commit("What the project wants").map(Some)
    }

    /// The hub again, about to die at its step.
    pub async fn armed(&mut self, env: &[(&str, OsString)]) -> Result<()> {
        self.hub.kill()?;
        self.hub = self.stage.fugue.start_with("hub", "hub", &["hub"], env)?;
        Ok(())
    }

    /// Does something with a thing, until it shows: whoever heard no answer asks again, and may be told that it is done.
    pub async fn act(&mut self, path: &str, verb: &str, states: &[&str]) -> Result<()> {
        self.supervise(verb, async |stage| {
            // Refused is what was done already, and whose answer was lost.
            let reply = stage.client.send(reqwest::Method::POST, &format!("{path}/{verb}"), None, Some(&json!({}))).await?;
            ensure!(reply.status == 200 || reply.status == 409, "{reply:?}");
            let now = &stage.client.get(path).await?["state"];
            Ok(states.iter().any(|state| now == *state).then_some(()))
        })
        .await
    }

    pub async fn task_is(&mut self, task: &str, state: &str) -> Result<Value> {
        let path = format!("/api/v1/tasks/{task}");
        self.supervise(&format!("the task to be {state}"), async |stage| {
            let found = stage.client.get(&path).await?;
            Ok((found["state"] == *state).then_some(found))
        })
        .await
    }
}

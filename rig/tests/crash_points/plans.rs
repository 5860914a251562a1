//! The steps of plans: the project's settings are read, a plan is made of a goal, changed and accepted, its task is worked on and judged by
//! an agent, and the hub dies at each of these steps. Whatever it was, the work comes onto the target branch, once.

use super::{CRASH_MAX, Rounds, id};
use anyhow::{Context, Result, ensure};
use reqwest::Method;
use rig::wait::until;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::path::Path;

/// The steps that these rounds come to.
pub const STEPS: &[&str] = &["hub.settings", "hub.planned", "hub.proposed", "hub.decided", "hub.review_begun"];

impl Rounds {
    /// From a goal to its change on the target branch, with a crash of the hub somewhere on the way.
    pub async fn plans(&mut self, env: &[(&str, OsString)], crashed: &Path) -> Result<String> {
        let mark = format!("m-{}", self.count);
        if self.node.is_none() {
            self.node = Some(self.stage.fugue.node().await?);
        }
        let check = format!("[[checks]]\nname = \"{mark}\"\ncommand = \"git log --format=%s | grep -qx {mark}\"\n");
        let at = self.project_wants(&format!("{check}\n[merge]\nreview = [\"agent\"]\n"))?.context("a commit of the settings")?;
        let change = self.change(&mark)?;
        self.armed(env).await?;
        self.knows_settings(&at, &mark).await?;
        let plan = self.planned(&mark).await?;
        let task = self.retold(&plan, &mark, &change).await?;
        self.act(&format!("/api/v1/plans/{plan}"), "accept", &["accepted", "over"]).await?;
        let over = self.task_is(&task, "done").await?;
        until("the crash", CRASH_MAX, async || Ok(crashed.exists().then_some(()))).await?;
        self.landed(&mark, &over).await?;
        self.once(&mark, &plan, &task, &change).await
    }

    /// A commit on top of the target branch that no branch has: what the task is told to come to, so that its reviewer can name it.
    fn change(&self, mark: &str) -> Result<String> {
        let repo = &self.stage.repo;
        repo.write(&format!("{mark}.txt"), "done\n")?;
        let change = repo.commit(mark)?;
        repo.git(&["reset", "--quiet", "--hard", "HEAD~1"])?;
        Ok(change)
    }

    /// The hub says what the file says, with its commit.
    async fn knows_settings(&mut self, at: &str, mark: &str) -> Result<()> {
        let path = format!("/api/v1/projects/{}/settings", self.stage.project);
        self.supervise("the project's settings", async |stage| {
            let told = stage.client.get(&path).await?;
            ensure!(told["commit"] == *at && told["wrong"].is_null() && told["needs_person"] == false, "{told}");
            ensure!(told["settings"]["checks"].to_string().contains(&format!("grep -qx {mark}")), "{told}");
            Ok(Some(()))
        })
        .await
    }

    /// States a goal and waits for what the scripted agent makes of it.
    async fn planned(&mut self, mark: &str) -> Result<String> {
        let task = json!({"id": mark, "title": format!("Proposed {mark}"), "description": "What an agent made of the goal.", "depends_on": [],
            "acceptance": ["It is there."], "checks": [mark], "paths": [format!("{mark}.txt")], "agent": "coder"});
        let answer = json!({"summary": format!("One task that writes {mark}.txt."), "tasks": [task], "questions": []});
        let goal = json!({"project": self.stage.project, "driver": "rehearse", "goal": format!("Write {mark}.txt\nsay {answer}")});
        let plan = id(&self.create("/api/v1/plans", mark, goal).await?)?;
        let path = format!("/api/v1/plans/{plan}");
        let proposed = self
            .supervise("the plan to be proposed", async |stage| {
                let found = stage.client.get(&path).await?;
                Ok((found["state"] != "planning").then_some(found))
            })
            .await?;
        let titles: Vec<&Value> = proposed["tasks"].as_array().context("tasks")?.iter().map(|task| &task["task"]["title"]).collect();
        ensure!(proposed["state"] == "proposed" && titles == [&json!(format!("Proposed {mark}"))], "{proposed:#}");
        Ok(plan)
    }

    /// Puts another task in place of the proposed one; gives its id.
    async fn retold(&mut self, plan: &str, mark: &str, change: &str) -> Result<String> {
        let verdict = json!({"summary": "It does what was asked for.", "verdict": "approve", "commit": change, "findings": []});
        // The reviewer is given the same text, and what is said last is its answer.
        let script = format!("run! git reset --quiet --hard {change}\nsay {verdict}");
        let tasks = json!({"tasks": [{"title": mark, "description": script, "checks": [mark], "driver": "rehearse"}]});
        let path = format!("/api/v1/plans/{plan}/tasks");
        let told = self
            .supervise("other tasks", async |stage| stage.client.send(Method::PUT, &path, None, Some(&tasks)).await?.ok().map(Some))
            .await?;
        ensure!(told["tasks_total"] == 1 && told["tasks"][0]["task"]["title"] == mark, "{told:#}");
        id(&told["tasks"][0])
    }

    /// The change is on the target branch, once, and its agent was told once.
    async fn landed(&self, mark: &str, task: &Value) -> Result<()> {
        let repo = &self.stage.repo;
        ensure!(repo.git(&["show", &format!("main:{mark}.txt")])? == "done", "what it did is on the target branch");
        let subjects = repo.git(&["log", "--format=%s", "main"])?;
        ensure!(subjects.lines().filter(|subject| *subject == mark).count() == 1, "not merged once: {subjects}");
        let sessions = task["sessions"].as_array().context("sessions")?;
        ensure!(sessions.len() == 1, "it was begun once: {sessions:?}");
        let session = id(&sessions[0])?;
        let messages = self.stage.client.all(&format!("/api/v1/sessions/{session}/messages")).await?;
        ensure!(messages.len() == 1, "it was told once: {messages:?}");
        Ok(())
    }

    /// Nothing of it is there twice, and each thing happened once.
    async fn once(&mut self, mark: &str, plan: &str, task: &str, change: &str) -> Result<String> {
        let client = &self.stage.client;
        let found = client.get(&format!("/api/v1/plans/{plan}")).await?;
        ensure!(found["state"] == "over" && found["tasks_total"] == 1 && found["tasks_done"] == 1, "{found:#}");
        let of_mark = |thing: &&Value, field: &str| thing[field].as_str().is_some_and(|text| text.contains(&format!("{mark}.txt")));
        let plans = client.all("/api/v1/plans").await?;
        ensure!(plans.iter().filter(|plan| of_mark(plan, "goal")).count() == 1, "the goal was stated once: {plans:?}");
        let all = client.all(&format!("/api/v1/tasks?project={}", self.stage.project)).await?;
        let titles: Vec<&str> = all.iter().filter_map(|task| task["title"].as_str()).filter(|title| title.ends_with(mark)).collect();
        ensure!(titles == [mark], "one task is left of it: {titles:?}");
        let reviews = client.get(&format!("/api/v1/tasks/{task}/reviews")).await?["items"].clone();
        let judged = reviews.as_array().context("reviews")?;
        ensure!(judged.len() == 1 && judged[0]["verdict"] == "approve" && judged[0]["commit"] == change, "{reviews:#}");
        let runs = client.all("/api/v1/runs").await?;
        let planners: Vec<&Value> = runs.iter().filter(|run| run["type"] == "coordinator" && of_mark(run, "text")).collect();
        let reviewers: Vec<&Value> =
            runs.iter().filter(|run| run["type"] == "reviewer" && run["text"].as_str().is_some_and(|text| text.contains(change))).collect();
        ensure!(planners.len() == 1 && reviewers.len() == 1, "each was asked once: {planners:?} {reviewers:?}");
        ensure!(reviewers[0]["id"] == judged[0]["run"], "the verdict is that of the run: {reviewers:?}");
        let over = client.get(&format!("/api/v1/tasks/{task}")).await?;
        let told: Vec<&str> = over["story"].as_array().context("a story")?.iter().filter_map(|entry| entry["state"].as_str()).collect();
        ensure!(told == ["draft", "ready", "working", "checking", "review", "merging", "done"], "{told:?}");
        for session in [&found["session"], &over["sessions"][0]["id"], &reviewers[0]["session"]] {
            let session = session.as_str().context("a session")?.to_owned();
            self.close(&format!("/api/v1/sessions/{session}"), &session).await?;
        }
        Ok("planned, judged and landed once".to_owned())
    }
}

//! The real `claude` and `codex` from npm, through the whole product, against the scripted model server: what they say, what they ask,
//! what they cost, how they break off, and how they come back after `kill -9`.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use rig::fugue::{Fugue, Part, program};
use rig::model::Server;
use rig::orphans;
use rig::stage::Stage;
use rig::wait::until;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(90);

/// A real program, an install that knows it, and the model that it talks to.
struct Play {
    stage: Stage,
    model: Server,
    up: Part,
    session: String,
    program: &'static str,
}

impl Play {
    async fn begin(name: &'static str, variable: &str, install: impl FnOnce(Fugue, &Server) -> Result<Fugue>) -> Result<Option<Self>> {
        let Some(binary) = program() else { return Ok(None) };
        let Some(agent) = std::env::var_os(variable).map(PathBuf::from) else {
            rig::skip(&format!("the real {name} is not there: {variable} is not set; `cargo xtask test` installs it"));
            return Ok(None);
        };
        let model = Server::start().await?;
        let fugue = Fugue::new(&binary)?.env(&format!("FUGUE_{}", name.to_uppercase()), agent).env("DISABLE_TELEMETRY", "1");
        let fugue = install(fugue, &model)?;
        let up = fugue.up().await?;
        let stage = Stage::on(fugue).await?;
        let session = stage.session(name).await?;
        Ok(Some(Self { stage, model, up, session, program: name }))
    }

    async fn send(&self, text: &str, more: Value) -> Result<String> {
        let mut body = json!({ "text": text });
        body.as_object_mut().context("an object")?.extend(more.as_object().cloned().unwrap_or_default());
        let message = self.stage.client.post(&format!("/api/v1/sessions/{}/messages", self.session), &body).await?;
        rig::stage::id(&message["turn"])
    }

    async fn ended(&self, turn: &str) -> Result<Value> {
        self.stage.client.turn_in(turn, &["ended", "parked"], SOON).await
    }

    async fn succeeds(&self, text: &str) -> Result<Value> {
        let turn = self.ended(&self.send(text, json!({})).await?).await?;
        ensure!(turn["outcome"] == "succeeded", "{turn}");
        Ok(turn)
    }

    /// Waits for the turn's question and answers it.
    async fn answer(&self, turn: &str, verb: &str, reason: &str) -> Result<Value> {
        self.stage.client.turn_in(turn, &["waiting"], SOON).await?;
        let pending = self.stage.client.get("/api/v1/approvals?state=pending").await?["items"][0].clone();
        ensure!(pending["turn"] == *turn, "{pending}");
        let path = format!("/api/v1/approvals/{}/{verb}", rig::stage::id(&pending)?);
        self.stage.client.post(&path, &json!({"hash": pending["hash"], "reason": reason})).await?;
        Ok(pending)
    }

    async fn file(&self, name: &str) -> Result<Option<String>> {
        let session = self.stage.client.get(&format!("/api/v1/sessions/{}", self.session)).await?;
        let folder = PathBuf::from(session["place"]["path"].as_str().context("a path")?);
        Ok(std::fs::read_to_string(folder.join(name)).ok())
    }

    async fn events(&self, turn: &str) -> Result<Vec<Value>> {
        let events = self.stage.client.events(&self.session).await?;
        Ok(events.into_iter().filter(|event| event["turn"] == *turn).collect())
    }

    async fn says(&self, turn: &str, text: &str) -> Result<()> {
        let said = async || {
            Ok(self
                .events(turn)
                .await?
                .iter()
                .any(|event| event["type"] == "agent.text" && event["text"].as_str().is_some_and(|said| said.contains(text)))
                .then_some(()))
        };
        until(&format!("the agent to say {text:?}"), SOON, said).await
    }

    /// `kill -9` of the agent's own process, not of its keeper.
    fn kill_agent(&self) -> Result<()> {
        let marked = orphans::with(&format!("FUGUE_SESSION={}", self.session));
        let agent = marked.iter().find(|process| process.args.split_whitespace().next().is_some_and(|first| first.ends_with(self.program)));
        let agent = agent.with_context(|| format!("no {} among {marked:?}", self.program))?;
        rustix::process::kill_process(rustix::process::Pid::from_raw(agent.pid).context("a pid")?, rustix::process::Signal::KILL)?;
        Ok(())
    }

    /// The parts that are the same for every program.
    async fn play(&self) -> Result<()> {
        let first = self.succeeds("[[usage: input=1000, output=50]] [[reply: one]]").await?;
        assert_eq!((&first["tokens"]["input"], &first["tokens"]["output"]), (&json!(1000), &json!(50)), "{first}");
        self.says(first["id"].as_str().unwrap_or_default(), "one").await?;

        let turn = self
            .send(
                "[[usage: input=2000, output=60]] [[bash: echo approved > a.txt]] [[usage: input=300, output=7]] [[reply: made]]",
                json!({}),
            )
            .await?;
        let asked = self.answer(&turn, "approve", "fine").await?;
        assert!(asked["input"].as_str().unwrap_or_default().contains("echo approved > a.txt"), "{asked}");
        let approved = self.ended(&turn).await?;
        assert_eq!((&approved["outcome"], &approved["tokens"]["input"]), (&json!("succeeded"), &json!(2300)), "{approved}");
        assert_eq!(self.file("a.txt").await?.as_deref(), Some("approved\n"), "what was approved is what ran");

        let turn = self.send("[[bash: echo denied > b.txt]] [[reply: understood]]", json!({})).await?;
        self.answer(&turn, "deny", "not that file").await?;
        let denied = self.ended(&turn).await?;
        assert_eq!(denied["outcome"], "succeeded", "the agent goes on after a no: {denied}");
        assert_eq!(self.file("b.txt").await?, None, "what was denied did not run");

        let calls = self.model.calls().len();
        let turn = self.send("[[long: 3000 words, 20 ms]]", json!({})).await?;
        ensure!(self.model.wait_for_calls(calls + 1, SOON).await || self.model.calls().len() > calls, "the model was not called");
        self.stage.client.turn_in(&turn, &["running"], SOON).await?;
        self.stage.client.post(&format!("/api/v1/turns/{turn}/interrupt"), &json!({})).await?;
        let interrupted = self.ended(&turn).await?;
        assert_eq!((&interrupted["outcome"], &interrupted["reason"]), (&json!("cancelled"), &json!("interrupt")), "{interrupted}");
        self.succeeds("[[reply: still here]]").await?;
        Ok(())
    }

    /// The agent dies in the middle and is brought back with its own resume; the conversation goes on.
    async fn dies_and_comes_back(&self) -> Result<()> {
        let turn = self
            .send("[[say: before the end]] [[bash: echo x > c.txt]] [[reply: never said]]", json!({"on_interruption": "resume"}))
            .await?;
        self.stage.client.turn_in(&turn, &["waiting"], SOON).await?;
        self.kill_agent()?;
        // Whether it asks once more depends on how much of the question its transcript had caught.
        let back = async || {
            let now = self.stage.client.get(&format!("/api/v1/turns/{turn}")).await?;
            if now["state"] == "waiting" && now["attempts"] == 2 {
                self.answer(&turn, "approve", "once more").await?;
            }
            Ok((now["state"] == "ended").then_some(now))
        };
        let back = until("the turn to end after all", SOON, back).await?;
        assert_eq!(
            (&back["outcome"], &back["maybe_executed"], &back["attempts"]),
            (&json!("succeeded"), &json!(true), &json!(2)),
            "{back}"
        );
        let resumed = self.events(&turn).await?.iter().any(|event| event["type"] == "agent.started" && event["resumed"] == true);
        ensure!(resumed, "the agent was not brought back by its own resume");
        let turn = self.send("[[long: 3000 words, 20 ms]]", json!({"on_interruption": "ask"})).await?;
        self.stage.client.turn_in(&turn, &["running"], SOON).await?;
        self.kill_agent()?;
        let lost = self.ended(&turn).await?;
        assert_eq!((&lost["outcome"], &lost["maybe_executed"]), (&json!("interrupted"), &json!(true)), "{lost}");
        self.succeeds("[[usage: input=500, output=5]] [[reply: and on]]").await?;
        Ok(())
    }

    async fn end(self) -> Result<()> {
        self.stage.close(std::slice::from_ref(&self.session), &[self.up.pid()]).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claude() -> Result<()> {
    let install = |fugue: Fugue, model: &Server| {
        let quiet = fugue.env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1").env("CLAUDE_CODE_MAX_RETRIES", "2");
        Ok(quiet.env("ANTHROPIC_API_KEY", "sk-ant-not-a-key").env("ANTHROPIC_BASE_URL", model.url()))
    };
    let Some(play) = Play::begin("claude", "FUGUE_TEST_CLAUDE", install).await? else { return Ok(()) };
    play.play().await?;
    // 4 and 20 dollars for a million tokens in and out: the list price of the model that the program takes by itself.
    let session = play.stage.client.get(&format!("/api/v1/sessions/{}", play.session)).await?;
    let complete = play.model.calls().into_iter().filter(|call| call.complete && !call.background);
    let cost: f64 = complete.map(|call| (call.tokens.input * 4 + call.tokens.output * 20) as f64 / 1e6).sum();
    let counted = session["cost_usd"].as_f64().unwrap_or_default();
    ensure!((counted - cost).abs() < 0.002 && counted > 0.0, "{counted} was counted, the script adds up to {cost}");
    play.dies_and_comes_back().await?;

    let turn = play.send("[[status: 429 | You have reached your usage limit]]", json!({})).await?;
    let limited = play.ended(&turn).await?;
    ensure!(limited["reason"] == "quota" || limited["reason"] == "rate_limited", "{limited}");
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codex() -> Result<()> {
    let install = |fugue: Fugue, model: &Server| {
        let home = fugue.root().join("codex");
        std::fs::create_dir_all(&home)?;
        let config = format!(
            "model = \"scripted-1\"\nmodel_provider = \"local\"\n[model_providers.local]\nname = \"local\"\nbase_url = \"{}/v1\"\nenv_key = \"LOCAL_KEY\"\n\
             wire_api = \"responses\"\nrequest_max_retries = 1\nstream_max_retries = 1\n",
            model.url()
        );
        std::fs::write(home.join("config.toml"), config)?;
        Ok(fugue.env("CODEX_HOME", home).env("LOCAL_KEY", "not-a-key").env("FUGUE_PASS_ENV", "LOCAL_KEY"))
    };
    let Some(play) = Play::begin("codex", "FUGUE_TEST_CODEX", install).await? else { return Ok(()) };
    play.play().await?;
    let session = play.stage.client.get(&format!("/api/v1/sessions/{}", play.session)).await?;
    let complete = play.model.calls().into_iter().filter(|call| call.complete && !call.background);
    let input: i64 = complete.map(|call| call.tokens.input).sum();
    let counted = session["tokens"]["input"].as_i64().unwrap_or_default();
    ensure!(counted == input, "{counted} tokens were counted, the script adds up to {input}");
    play.dies_and_comes_back().await?;
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_is_missing_or_another_says_so() -> Result<()> {
    let Some(binary) = program() else { return Ok(()) };
    let fugue = Fugue::new(&binary)?.env("FUGUE_CLAUDE", "/nowhere/claude").env("FUGUE_CODEX", "/bin/cat");
    let up = fugue.up().await?;
    let stage = Stage::on(fugue).await?;
    let sessions = [stage.session("claude").await?, stage.session("codex").await?];
    for (session, reason, word) in [(&sessions[0], "program_missing", "/nowhere/claude"), (&sessions[1], "nonsense", "")] {
        let turn = stage.turn(session, "hello").await?;
        let ended = stage.client.turn_in(&turn, &["ended"], SOON).await?;
        assert_eq!((&ended["outcome"], &ended["reason"]), (&json!("failed"), &json!(reason)), "{ended}");
        ensure!(ended["detail"].as_str().is_some_and(|detail| detail.contains(word) && detail.len() > 10), "{ended}");
    }
    let bad = json!({"name": "mine", "driver": "command", "program": []});
    let refused = stage.client.send(Method::PUT, "/api/v1/agents/mine", None, Some(&bad)).await?;
    assert_eq!(refused.status, 422, "{}", refused.body);
    stage.close(&sessions, &[up.pid()]).await
}

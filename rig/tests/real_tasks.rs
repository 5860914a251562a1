//! From a goal to merged, proved work through the real `claude` and the real `codex` against the scripted model server: a plan that fits its
//! schema, two tasks side by side, a red check that is repaired, a review of each, and both on the target branch.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use rig::fugue::{Fugue, program};
use rig::model::Server;
use rig::stage::Stage;
use rig::wait::until;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

const PLANNED_MAX: Duration = Duration::from_secs(90);
const DONE_MAX: Duration = Duration::from_secs(240);

/// `mended` is red until its agent has heard of it: what the check prints is what the model does next. Its text names no file and holds no
/// script, so that neither the file counts as a part of the check nor the text as what the model does.
const SETTINGS: &str = r#"
[[checks]]
name = "readme"
command = "test -s README.md"

[[checks]]
name = "mended"
command = "n=mended; test -f $n.txt || { printf '[%s]' \"[write: $n.txt | yes]\"; exit 1; }"
when = ["task"]

[merge]
review = ["agent"]
"#;

/// What the model says as the coordinator. No two brackets end together in it: they would end the script's word.
const PLAN: &str = r#"[[reply: {"summary": "Two files that have nothing to do with each other.", "questions": [],
  "tasks": [
    {"id": "one", "title": "Write the first file", "description": "The first file, as the goal wants it.", "acceptance": ["one.txt is there"],
     "depends_on": [], "paths": ["one.txt"], "agent": "coder"},
    {"id": "two", "title": "Write the second file", "description": "The second file, as the goal wants it.", "acceptance": ["two.txt is there"],
     "depends_on": [], "paths": ["two.txt"], "agent": "coder"} ] }]]"#;

/// What the model does for a task. The reviewer is given the same text: there the file is refused, and the answer is a verdict.
fn script(file: &str) -> String {
    format!(
        r#"[[write: {file} | made by an agent]] [[bash: git log -1 --format=%H]] [[reply: {{"summary": "It does what it should, as far as I can see.",
        "verdict": "approve", "commit": "$RESULT", "findings": [], "checked": ["the file"] }}]]"#
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_goal_becomes_merged_and_proved_work_through_claude() -> Result<()> {
    let install = |fugue: Fugue, model: &Server| {
        let quiet = fugue.env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1").env("CLAUDE_CODE_MAX_RETRIES", "2");
        Ok(quiet.env("ANTHROPIC_API_KEY", "sk-ant-not-a-key").env("ANTHROPIC_BASE_URL", model.url()))
    };
    reaches_its_goal("claude", install).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_goal_becomes_merged_and_proved_work_through_codex() -> Result<()> {
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
    reaches_its_goal("codex", install).await
}

async fn reaches_its_goal(driver: &str, install: impl FnOnce(Fugue, &Server) -> Result<Fugue>) -> Result<()> {
    let Some(binary) = program() else { return Ok(()) };
    let variable = format!("FUGUE_TEST_{}", driver.to_uppercase());
    let Some(agent) = std::env::var_os(&variable).map(PathBuf::from) else {
        rig::skip(&format!("the real {driver} is not there: {variable} is not set; `cargo xtask test` installs it"));
        return Ok(());
    };
    let model = Server::start().await?;
    let fugue = Fugue::new(&binary)?.env(&format!("FUGUE_{}", driver.to_uppercase()), agent).env("DISABLE_TELEMETRY", "1");
    let fugue = install(fugue, &model)?;
    let up = fugue.up().await?;
    let stage = Stage::on(fugue).await?;
    stage.repo.write("fugue.toml", SETTINGS)?;
    stage.repo.commit("How this project proves its work")?;

    let plan =
        rig::stage::id(&stage.client.post("/api/v1/plans", &json!({"project": stage.project, "goal": PLAN, "driver": driver})).await?)?;
    let plan = format!("/api/v1/plans/{plan}");
    let proposed = settled(&stage, &plan, "proposed", PLANNED_MAX).await?;
    let tasks = proposed["tasks"].as_array().context("tasks")?;
    ensure!(tasks.len() == 2 && tasks.iter().all(|task| task["state"] == "draft"), "nothing begins before it is accepted: {proposed}");
    for (task, file) in tasks.iter().zip(["one.txt", "two.txt"]) {
        let checks = if file == "two.txt" { json!(["readme", "mended"]) } else { json!(["readme"]) };
        let change = json!({"description": script(file), "checks": checks, "driver": driver});
        let path = format!("/api/v1/tasks/{}", rig::stage::id(task)?);
        let changed = stage.client.send(Method::PATCH, &path, None, Some(&change)).await?;
        ensure!(changed.status == 200, "{}", changed.body);
    }
    stage.client.post(&format!("{plan}/accept"), &json!({})).await?;
    let done = settled(&stage, &plan, "over", DONE_MAX).await?;
    ensure!(done["tasks_done"] == 2, "{done}");

    let mut sent_back = 0;
    for task in tasks {
        let shown = stage.client.get(&format!("/api/v1/tasks/{}", rig::stage::id(task)?)).await?;
        ensure!(shown["state"] == "done", "{shown}");
        // Nobody knows what a model costs that is made up; claude takes one that it knows.
        ensure!(driver != "claude" || shown["cost_usd"].as_f64().is_some_and(|cost| cost > 0.0), "{shown}");
        let reviews = stage.client.get(&format!("/api/v1/tasks/{}/reviews", rig::stage::id(task)?)).await?;
        ensure!(reviews["items"][0]["verdict"] == "approve" && reviews["items"][0]["stale"] == false, "{reviews}");
        sent_back += i64::from(shown["attempt"] == 2);
    }
    ensure!(sent_back == 1, "one of two was red once: {done}");
    for file in ["one.txt", "two.txt", "mended.txt"] {
        ensure!(stage.repo.git(&["cat-file", "-e", &format!("main:{file}")]).is_ok(), "{file} is not on the target branch");
    }
    stage.repo.git(&["fsck", "--strict"])?;
    // The planner's and the reviewers' branches hold nothing; those of the tasks are on the target.
    stage.nothing_left(&[up.pid()]).await?;
    let branches = stage.repo.git(&["branch", "--list", "fugue/*"])?;
    ensure!(branches.is_empty(), "branches are left: {branches}");
    Ok(())
}

/// A plan in a state. One that can never come to it fails at once.
async fn settled(stage: &Stage, path: &str, state: &str, limit: Duration) -> Result<Value> {
    let seen = async || {
        let plan = stage.client.get(path).await?;
        let lost = plan["tasks"].as_array().into_iter().flatten().any(|task| task["state"] == "needs_human");
        ensure!(plan["state"] != "failed" && !lost, "{plan}");
        Ok((plan["state"] == state).then_some(plan))
    };
    until(&format!("the plan to be {state}"), limit, seen).await
}

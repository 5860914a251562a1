//! What agents say is hostile: more than two hundred texts, names, inputs and bytes that are made to run a script in a page reach the cockpit
//! through the built program, on every screen that shows such things, and nothing comes of it.
//!
//! The texts are `web/browser/corpus.jsonl`; what the browser does with them stands in `web/browser/hostile.mjs` and `web/browser/stories.mjs`.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use rig::browser::{self, equipment};
use rig::fugue::{Fugue, program};
use rig::stage::Stage;
use serde_json::json;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// A check that prints what the agents of a task left for it, and a review by a person, so that the change stays.
const SETTINGS: &str = "[[checks]]\nname = \"evidence\"\ncommand = \"cat evidence*\"\n\n[merge]\nreview = [\"person\"]\n";
/// A walk takes a minute on a machine that does nothing else.
const WALK_MAX: Duration = Duration::from_secs(600);
/// One browser at a time: two of them on a small machine starve each other.
static TURN: Mutex<()> = Mutex::const_new(());

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_comes_of_what_agents_ask_and_are_called() -> Result<()> {
    walked("hostile.mjs").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_comes_of_what_agents_say_and_leave_behind() -> Result<()> {
    walked("stories.mjs").await
}

/// An install of its own, whose agents are walked through by a script.
async fn walked(script: &str) -> Result<()> {
    let _turn = TURN.lock().await;
    let Some(program) = program() else { return Ok(()) };
    // Sessions that wait for a person keep their places.
    let fugue = Fugue::new(&program)?.env("FUGUE_SLOTS", "24");
    let _up = fugue.up().await?;
    let stage = Stage::on(fugue).await?;
    let Some((chromium, web)) = equipment(&stage.client).await? else { return Ok(()) };
    stage.repo.write("fugue.toml", SETTINGS)?;
    stage.repo.commit("a check that prints")?;
    let speaker = json!({"name": "speaker", "driver": "rehearse", "rules": {"allow": ["TodoWrite"]}});
    let printer = json!({"name": "printer", "driver": "command", "program": ["base64", "-d"]});
    for agent in [speaker, printer] {
        let path = format!("/api/v1/agents/{}", agent["name"].as_str().context("its name")?);
        stage.client.send(Method::PUT, &path, None, Some(&agent)).await?.ok()?;
    }
    let what = json!({
        "chromium": chromium, "url": stage.client.url(""), "link": browser::link(&stage.fugue.run(&["pair", "--json"])?)?,
        "token": stage.client.token(), "project": stage.project, "speaker": "speaker", "printer": "printer",
    });
    let said = timeout(WALK_MAX, browser::walk(&web, script, &what, async |_| Ok(false))).await.context("the walk did not end")??;
    println!("{}", said.join("\n"));
    ensure!(said.iter().filter(|line| line.starts_with("seen ")).count() > 10, "{said:?}");
    Ok(())
}

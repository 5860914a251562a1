//! What agents say is hostile: more than two hundred texts, names, inputs and bytes that are made to run a script in a page reach the cockpit
//! through the built program, on every screen that shows such things, and nothing comes of it.
//!
//! The texts are `web/browser/corpus.jsonl`; what the browser does with them stands in `web/browser/hostile.mjs`.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Result, ensure};
use reqwest::Method;
use rig::browser::{self, equipment};
use rig::fugue::{Fugue, program};
use rig::stage::Stage;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_comes_of_what_agents_say() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    // Sessions that wait for a person keep their places.
    let fugue = Fugue::new(&program)?.env("FUGUE_SLOTS", "24");
    let _up = fugue.up().await?;
    let stage = Stage::on(fugue).await?;
    let Some((chromium, web)) = equipment(&stage.client).await? else { return Ok(()) };
    let agent = json!({"name": "speaker", "driver": "rehearse", "rules": {"allow": ["TodoWrite"]}});
    stage.client.send(Method::PUT, "/api/v1/agents/speaker", None, Some(&agent)).await?.ok()?;
    let what = json!({
        "chromium": chromium, "url": stage.client.url(""), "link": browser::link(&stage.fugue.run(&["pair", "--json"])?)?,
        "token": stage.client.token(), "project": stage.project, "speaker": "speaker",
    });
    let said = browser::walk(&web, "hostile.mjs", &what, async |_| Ok(false)).await?;
    println!("{}", said.join("\n"));
    ensure!(said.iter().filter(|line| line.starts_with("seen ")).count() > 10, "{said:?}");
    Ok(())
}

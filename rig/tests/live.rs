//! The screen and the truth: while an agent speaks, the page is reloaded, the hub is killed, and the network is cut in silence for a minute.
//! Afterwards every line stands on the screen once, and what was typed meanwhile arrived once.
//!
//! What the page does and what is compared stands in `web/browser/live.mjs`; this side is the hub and the network between.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Context, Result};
use rig::browser::{self, equipment};
use rig::fugue::{Fugue, program};
use rig::proxy::{Lane, Proxy};
use rig::stage::Stage;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_screen_misses_nothing_and_shows_nothing_twice() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let proxy = Proxy::start(fugue.address()).await?;
    let fugue = fugue.through(proxy.address());
    let mut up = Some(fugue.up().await?);
    let stage = Stage::on(fugue).await?;
    let Some((chromium, web)) = equipment(&stage.client).await? else { return Ok(()) };
    let link = browser::link(&stage.fugue.run(&["pair", "--json"])?)?;
    let url = format!("http://{}", proxy.address());
    let what = json!({
        "chromium": chromium, "url": url, "link": link.replace(&stage.client.url(""), &url),
        "hub": stage.client.url(""), "token": stage.client.token(), "project": stage.project,
    });
    let act = async |word: &str| {
        match word {
            "stop" => up.take().context("it is dead already")?.kill()?,
            "start" => up = Some(stage.fugue.up().await?),
            "cut" => proxy.set(Lane::Cut, Lane::Cut),
            "open" => proxy.set(Lane::Open, Lane::Open),
            _ => return Ok(false),
        }
        Ok(true)
    };
    let said = browser::walk(&web, "live.mjs", &what, act).await?;
    println!("{}", said.join("\n"));
    Ok(())
}

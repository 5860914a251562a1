//! The cockpit as an app in a real browser, against the built program: it opens while the hub is dead and keeps what is typed, announces a new
//! version, and is pushed to. What happens stands in `web/browser/installed.mjs`; this side kills the hub and starts it when it is told.
//!
//! With `FUGUE_SCREENS=FOLDER` the screens are kept as pictures.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Context, Result};
use rig::browser::{self, equipment};
use rig::fugue::{Fugue, program};
use rig::stage::Stage;
use serde_json::json;
use std::net::TcpListener;
use std::path::PathBuf;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_outlives_its_hub_and_hears_of_what_needs_its_person() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let fugue = Fugue::new(&program)?.env("FUGUE_PUSH_HOSTS", format!("http://127.0.0.1:{port}"));
    let up = fugue.up().await?;
    let stage = Stage::on(fugue).await?;
    let Some((chromium, web)) = equipment(&stage.client).await? else { return Ok(()) };
    let link = browser::link(&stage.fugue.run(&["pair", "--json"])?)?;
    let mut what = json!({"chromium": chromium, "link": link, "url": stage.client.url(""), "port": port});
    if let Some(folder) = std::env::var_os("FUGUE_SCREENS") {
        what["screens"] = json!(PathBuf::from(folder));
    }
    let mut up = Some(up);
    let act = async |word: &str| {
        match word {
            "stop" => up.take().context("it is dead already")?.kill()?,
            "start" => up = Some(stage.fugue.up().await?),
            _ => return Ok(false),
        }
        Ok(true)
    };
    browser::walk(&web, "installed.mjs", &what, act).await?;
    Ok(())
}

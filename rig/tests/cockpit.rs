//! The cockpit in a real browser, against the built program: on a desk and on a phone, light and dark, in both languages. What a person does
//! on the way stands in `web/browser/journey.mjs`; every screen of it must please axe-core and keep the policy. One of them comes over TLS.
//!
//! With `FUGUE_SCREENS=FOLDER` the screens are kept as pictures.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Context, Result, ensure};
use rig::browser::equipment;
use rig::certificate::Certificate;
use rig::fugue::{Fugue, program};
use rig::stage::Stage;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;

/// What the hub is called where TLS is spoken; the browser is told that it is this machine.
const NAME: &str = "fugue.example";

/// How work on the repository of the journey is proved and merged: a script would only review a script.
const SETTINGS: &str = "[[checks]]\nname = \"tests\"\ncommand = \"echo checked\"\n\n[merge]\nreview = [\"person\"]\n";

async fn walk(run: &str) -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let url = fugue.base();
    journey(fugue, run, &url).await
}

/// Starts the program and lets the browser walk through the cockpit at an address.
async fn journey(fugue: Fugue, run: &str, url: &str) -> Result<()> {
    let up = fugue.up().await?;
    let stage = Stage::on(fugue).await?;
    stage.repo.write("fugue.toml", SETTINGS)?;
    stage.repo.commit("A person looks at each change")?;
    if let Some((chromium, web)) = equipment(&stage.client).await? {
        let paired = stage.fugue.run(&["pair", "--json"])?;
        ensure!(paired.status.success(), "{paired:?}");
        let paired: Value = serde_json::from_slice(&paired.stdout)?;
        let mut what = json!({"chromium": chromium, "run": run, "link": paired["link"], "url": url});
        if let Some(folder) = std::env::var_os("FUGUE_SCREENS") {
            what["screens"] = json!(PathBuf::from(folder));
        }
        let out = Command::new("node").arg("browser/journey.mjs").arg(what.to_string()).current_dir(&web).output().context("node")?;
        let (said, wrong) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        ensure!(out.status.success() && said.contains(&format!("walked {run}")), "the journey {run} ended early:\n{said}\n{wrong}");
    }
    drop(up);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_at_a_desk_in_english() -> Result<()> {
    walk("desk-light-en").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_with_a_phone_at_night_in_japanese() -> Result<()> {
    walk("phone-dark-ja").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_with_a_phone_in_english() -> Result<()> {
    walk("phone-light-en").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_at_a_desk_at_night_in_japanese_over_tls() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let Some(certificate) = Certificate::create(fugue.root(), &format!("DNS:{NAME}"))? else { return Ok(()) };
    let url = format!("https://{NAME}:{}", fugue.address().port());
    journey(fugue.over_tls(&certificate, NAME), "desk-dark-ja", &url).await
}

//! What tests need to walk through the cockpit in a real browser.

use crate::client::Client;
use crate::skip;
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

/// Where distributions put the browser.
const BROWSERS: &[&str] = &["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/// The browser and the folder of the walks; the test is skipped when either is missing, or when the program carries no cockpit.
pub async fn equipment(client: &Client) -> Result<Option<(PathBuf, PathBuf)>> {
    let given = std::env::var_os("FUGUE_CHROMIUM").map(PathBuf::from);
    let Some(chromium) = given.into_iter().chain(BROWSERS.iter().map(PathBuf::from)).find(|path| path.is_file()) else {
        skip("there is no Chromium; on Debian: apt-get install chromium fonts-noto-cjk");
        return Ok(None);
    };
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web");
    if !web.join("node_modules/playwright-core").is_dir() || !web.join("node_modules/http_ece").is_dir() {
        skip("web/node_modules is missing: build with Node.js installed, or run `npm ci --ignore-scripts` in web/");
        return Ok(None);
    }
    let page = reqwest::get(client.url("/")).await?.text().await?;
    if !page.contains("/assets/") {
        skip("the program carries no cockpit; it was built without Node.js");
        return Ok(None);
    }
    Ok(Some((chromium, web)))
}

/// Runs a script of `web/browser` to its end, which must be `walked all`, and gives what it said. A line that `act` carries out is answered
/// with itself, for which the script waits.
pub async fn walk(web: &Path, script: &str, what: &Value, mut act: impl AsyncFnMut(&str) -> Result<bool>) -> Result<Vec<String>> {
    let mut command = Command::new("node");
    command.arg(format!("browser/{script}")).arg(what.to_string()).current_dir(web).kill_on_drop(true);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().context("node")?;
    let (mut say, hear) = (child.stdin.take().context("its input")?, child.stdout.take().context("its output")?);
    let mut wrong = child.stderr.take().context("its errors")?;
    // Read beside the lines: a script that complains at length must not wait for its reader.
    let wrong = tokio::spawn(async move {
        let mut text = String::new();
        let _ = wrong.read_to_string(&mut text).await;
        text
    });
    let (mut lines, mut said) = (BufReader::new(hear).lines(), Vec::new());
    while let Some(line) = lines.next_line().await? {
        match act(&line).await? {
            true => say.write_all(format!("{line}\n").as_bytes()).await?,
            false => said.push(line),
        }
    }
    let status = child.wait().await?;
    if !status.success() {
        bail!("{script} ended early, after {said:?}:\n{}", wrong.await?);
    }
    ensure!(said.last().is_some_and(|line| line == "walked all"), "{script}: {said:?}");
    Ok(said)
}

/// A fresh link that makes a browser a device, as `fugue pair` prints it.
pub fn link(paired: &std::process::Output) -> Result<String> {
    ensure!(paired.status.success(), "{paired:?}");
    let paired: Value = serde_json::from_slice(&paired.stdout)?;
    paired["link"].as_str().map(str::to_owned).with_context(|| format!("no link in {paired}"))
}

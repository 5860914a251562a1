//! The cockpit as an app in a real browser, against the built program: it opens while the hub is dead and keeps what is typed, announces a new
//! version, and is pushed to. What happens stands in `web/browser/installed.mjs`; this side kills the hub and starts it when it is told.
//!
//! With `FUGUE_SCREENS=FOLDER` the screens are kept as pictures.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Context, Result, bail, ensure};
use rig::browser::equipment;
use rig::fugue::{Fugue, Part, program};
use rig::stage::Stage;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_outlives_its_hub_and_hears_of_what_needs_its_person() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let fugue = Fugue::new(&program)?.env("FUGUE_PUSH_HOSTS", format!("http://127.0.0.1:{port}"));
    let up = fugue.up().await?;
    let stage = Stage::on(fugue).await?;
    let Some((chromium, web)) = equipment(&stage.client).await? else { return Ok(()) };
    let paired = stage.fugue.run(&["pair", "--json"])?;
    let paired: Value = serde_json::from_slice(&paired.stdout).context("a link")?;
    let mut what = json!({"chromium": chromium, "link": paired["link"], "url": stage.client.url(""), "port": port});
    if let Some(folder) = std::env::var_os("FUGUE_SCREENS") {
        what["screens"] = json!(PathBuf::from(folder));
    }
    let mut command = Command::new("node");
    command.arg("browser/installed.mjs").arg(what.to_string()).current_dir(&web);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().context("node")?;
    let (say, hear) = (child.stdin.take().context("its input")?, child.stdout.take().context("its output")?);
    let said = obey(&stage, up, say, BufReader::new(hear)).await;
    finish(child, said?)
}

/// Does what the browser's side asks for, until it has nothing more to say; gives what it said.
async fn obey(stage: &Stage, up: Part, mut say: ChildStdin, hear: BufReader<ChildStdout>) -> Result<Vec<String>> {
    let (mut up, mut said) = (Some(up), Vec::new());
    for line in hear.lines() {
        let line = line?;
        match line.as_str() {
            "stop" => up.take().context("it is dead already")?.kill()?,
            "start" => up = Some(stage.fugue.up().await?),
            _ => {
                said.push(line);
                continue;
            }
        }
        writeln!(say, "{line}")?;
    }
    Ok(said)
}

fn finish(mut child: Child, said: Vec<String>) -> Result<()> {
    let mut wrong = String::new();
    child.stderr.take().context("its errors")?.read_to_string(&mut wrong)?;
    let status = child.wait()?;
    if !status.success() {
        bail!("it ended early, after {said:?}:\n{wrong}");
    }
    ensure!(said.last().is_some_and(|line| line == "walked all"), "{said:?}");
    Ok(())
}

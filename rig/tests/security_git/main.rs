//! A hostile repository: each plant by which git can be made to run a program, against every git call of the product. Nothing may be
//! run; and plain git, asked afterwards in the same worktree, must run it, or the plant was none.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

mod mirror;
mod plants;

use anyhow::{Context, Result, ensure};
use futures_util::StreamExt;
use plants::{Ground, PLANTS, Plant, git};
use rig::client::Client;
use rig::fugue::{Fugue, program};
use rig::stage::id;
use rig::wait::until;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(90);
/// Plants at once: each is a few dozen short processes.
const AT_ONCE: usize = 3;

/// Opens a session and carries out one turn in it, so that its worktree is surely made. The place, if it could be made.
pub async fn opened(client: &Client, body: &Value) -> Result<Option<(String, PathBuf)>> {
    let session = client.post("/api/v1/sessions", body).await?;
    let (name, path) = (id(&session)?, session["place"]["path"].as_str().context("a path")?.to_owned());
    let turn = id(&client.message(&name, "say there").await?["turn"])?;
    let ended = client.turn_in(&turn, &["ended"], SOON).await?;
    Ok((ended["outcome"] == "succeeded").then(|| (name, path.into())))
}

/// Closes a session and waits until its worktree is gone. Where the rescue is.
pub async fn closed(client: &Client, session: &str) -> Result<Option<String>> {
    client.post(&format!("/api/v1/sessions/{session}/close"), &json!({})).await?;
    let released = async || Ok(client.events(session).await?.into_iter().find(|event| event["type"] == "session.released"));
    let event = until(&format!("{session} to be released"), SOON, released).await?;
    Ok(event["rescue"].as_str().map(str::to_owned))
}

/// The life of a plant: added, opened, worked in, rescued, removed, opened again on the rescued tree, and then plain git as the control.
async fn grow(fugue: &Fugue, client: &Client, plant: &Plant, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let ground = Ground::new(folder)?;
    (plant.repository)(&ground)?;
    // Planting runs plain git, which may already have run the plant.
    let _ = std::fs::remove_file(&ground.marker);
    let inert = |what: &str| {
        ensure!(!ground.marker.exists(), "{}: {what} ran what was planted", plant.name);
        Ok(())
    };
    let project = id(&client.post("/api/v1/projects", &json!({"path": ground.repo.path()})).await?)?;
    inert("adding the project")?;
    let first = opened(client, &json!({"project": project, "agent": "rehearse"})).await?;
    inert("opening a session")?;
    let Some((session, worktree)) = first else {
        // What is missing in the repository is not fetched by a program of its choice, so this one cannot be checked out.
        ensure!(plant.name == "promisor", "{}: the worktree could not be made", plant.name);
        return control(plant, &ground, ground.repo.path());
    };
    std::fs::write(worktree.join("a.x"), "two\n")?;
    std::fs::write(worktree.join("new.x"), "new\n")?;
    (plant.worktree)(&ground, &worktree)?;
    let _ = std::fs::remove_file(&ground.marker);
    let audit = fugue.run(&["doctor", "--audit"])?;
    ensure!(!audit.stdout.is_empty(), "{}", String::from_utf8_lossy(&audit.stderr));
    inert("doctor")?;
    let changes = client.get(&format!("/api/v1/sessions/{session}/changes")).await?;
    let told = |path: &str| changes["files"].as_array().is_some_and(|files| files.iter().any(|file| file["path"] == path));
    ensure!(told("a.x") && told("new.x"), "{}: the changes are {changes}", plant.name);
    inert("asking what has changed")?;
    // The control has its own copy of the worktree's changes: the product takes this one away.
    let rescue = closed(client, &session).await?.with_context(|| format!("{}: nothing was rescued", plant.name))?;
    inert("rescue and removal")?;
    let saved = ground.repo.git(&["cat-file", "-p", &format!("{rescue}:a.x")])?;
    ensure!(["two", "changed"].contains(&saved.as_str()), "{}: rescued was {saved:?}", plant.name);
    let again = opened(client, &json!({"project": project, "agent": "rehearse", "base": rescue})).await?;
    let (session, worktree) = again.with_context(|| format!("{}: no worktree of the rescued tree", plant.name))?;
    inert("opening a session on what was rescued")?;
    std::fs::write(worktree.join("a.x"), "three\n")?;
    (plant.worktree)(&ground, &worktree).ok();
    let _ = std::fs::remove_file(&ground.marker);
    control(plant, &ground, &worktree)?;
    let _ = std::fs::remove_file(&ground.marker);
    closed(client, &session).await?;
    inert("the last removal")
}

/// Plain git runs the plant: it was live all the time.
fn control(plant: &Plant, ground: &Ground, folder: &Path) -> Result<()> {
    let Some(args) = plant.control else { return Ok(()) };
    let out = git(folder).args(args).output()?;
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    ensure!(ground.marker.exists(), "{}: plain git did not run it, so it proves nothing: {said}", plant.name);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_is_planted_is_run() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?.env("FUGUE_SLOTS", "8");
    let _up = fugue.up().await?;
    let client = fugue.client()?;
    let (fugue, client) = (&fugue, &client);
    let growing = PLANTS.iter().enumerate().map(|(number, plant)| async move {
        let folder = fugue.root().join(format!("plant{number}"));
        grow(fugue, client, plant, &folder).await.with_context(|| plant.name)
    });
    let grown: Vec<Result<()>> = futures_util::stream::iter(growing).buffer_unordered(AT_ONCE).collect().await;
    let failed: Vec<String> = grown.into_iter().filter_map(Result::err).map(|error| format!("{error:#}")).collect();
    println!("{} plants, {} of them with a control", PLANTS.len(), PLANTS.iter().filter(|plant| plant.control.is_some()).count());
    ensure!(failed.is_empty(), "{}", failed.join("\n"));
    Ok(())
}

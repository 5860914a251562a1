//! The kit cleans up after itself: an install that ends in the middle of its work leaves no process, no folder and no cgroup leaf.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Result, ensure};
use rig::fugue::{Fugue, program};
use rig::stage::Stage;
use rig::wait::until;
use rig::{leaf, orphans};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(30);

/// What is left of an install: its processes, its folder, its leaves.
fn left(root: &Path, leaves: &[PathBuf]) -> Vec<String> {
    let mut left: Vec<String> = orphans::with(&root.to_string_lossy()).iter().map(|process| format!("{process:?}")).collect();
    left.extend([root].into_iter().chain(leaves.iter().map(PathBuf::as_path)).filter(|path| path.exists()).map(|path| format!("{path:?}")));
    left
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_install_that_is_ended_leaves_nothing() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let up = fugue.up().await?;
    let stage = Stage::on(fugue).await?;
    let session = stage.session("rehearse").await?;
    let turn = stage.turn(&session, "sleep 600000").await?;
    stage.client.turn_in(&turn, &["running"], SOON).await?;
    let root = stage.fugue.root().to_owned();
    let leaves = leaf::left(&stage.fugue.keepers());
    ensure!(!orphans::with(&root.to_string_lossy()).is_empty(), "nothing ran");
    // Without anybody who could end the agent in order.
    drop((up, stage));
    let left = left(&root, &leaves);
    ensure!(left.is_empty(), "{left:?} are left");
    match leaves.len() {
        0 => rig::skip("there are no cgroups that could be given away: only processes and folders were looked for"),
        count => println!("{count} leaves were there and are gone"),
    }
    Ok(())
}

#[tokio::test]
async fn what_an_install_leaves_is_found() -> Result<()> {
    let scratch = rig::scratch::Scratch::new()?;
    let (root, leaf) = (scratch.path().to_owned(), scratch.folder("leaf")?);
    let gone = root.with_extension("gone");
    // As an agent that nobody ended looks, with what it had.
    let mut forgotten = Command::new("sleep").arg("60").env("FUGUE_HOME", &gone).spawn()?;
    let seen = until("the process to be seen", SOON, async || Ok((left(&gone, &[]).len() == 1).then_some(()))).await;
    orphans::end(&gone.to_string_lossy());
    forgotten.wait()?;
    seen?;
    ensure!(left(&gone, &[]).is_empty(), "it is seen where it is not");
    ensure!(left(&root, &[leaf]).len() == 2, "a folder and a leaf are not seen");
    Ok(())
}

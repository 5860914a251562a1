//! Worktrees come and go, ten at a time, while the node is killed again and again: nothing is left of them, nothing that was not
//! committed is lost, and the repository is whole. Thirty of them; `FUGUE_WORKTREES=1000` for the long form.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use rig::chance::Chance;
use rig::fugue::{Fugue, Part, program};
use rig::stage::{Stage, id, witnessed};
use rig::wait::until;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const CYCLES: usize = 30;
const FILES: usize = 3_000;
const AT_A_TIME: usize = 10;
const CYCLE_MAX: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worktrees_come_and_go_and_nothing_is_lost() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let cycles = std::env::var("FUGUE_WORKTREES").ok().and_then(|text| text.parse().ok()).unwrap_or(CYCLES);
    let mut chance = Chance::from_env();
    let fugue = witnessed(Fugue::new(&program)?.env("FUGUE_SLOTS", AT_A_TIME.to_string()));
    let (hub, node) = (fugue.hub().await?, fugue.node().await?);
    let stage = Stage::on(fugue).await?;
    // Large enough that kills hit git in the middle of a checkout or of a removal.
    for number in 0..FILES {
        stage.repo.write(&format!("many/{}/{number}.txt", number % 50), &format!("file {number}\n"))?;
    }
    stage.repo.commit("Many files")?;
    let (begun, next) = (Instant::now(), AtomicUsize::new(0));
    let worker = async || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= cycles {
                return anyhow::Ok(());
            }
            cycle(&stage, number).await.with_context(|| format!("cycle {number}"))?;
        }
    };
    let over = AtomicBool::new(false);
    let work = async {
        let ended = try_join_all((0..AT_A_TIME).map(|_| worker())).await;
        over.store(true, Ordering::Relaxed);
        ended
    };
    let kill = kill(&stage, node, &mut chance, &over);
    let (_, (node, kills)) = tokio::try_join!(work, kill)?;
    println!("{cycles} cycles, {kills} kills of the node, {:.0} s", begun.elapsed().as_secs_f64());
    assert!(kills >= cycles / 10, "the node was killed only {kills} times");
    stage.nothing_left(&[hub.pid(), node.pid()]).await?;
    let sound = stage.repo.git(&["fsck", "--full", "--strict"])?;
    ensure!(!sound.lines().any(|line| !line.starts_with("dangling ") && !line.starts_with("notice")), "git fsck: {sound}");
    let rescued = stage.repo.git(&["for-each-ref", "--format=%(refname)", "refs/fugue/rescue/"])?.lines().count();
    assert_eq!(rescued, cycles, "each cycle left something that was not committed");
    Ok(())
}

/// Kills the node at random and starts it again, until the work is over.
async fn kill(stage: &Stage, mut node: Part, chance: &mut Chance, over: &AtomicBool) -> Result<(Part, usize)> {
    for kills in 0.. {
        tokio::time::sleep(Duration::from_millis(chance.between(100, 900))).await;
        if over.load(Ordering::Relaxed) {
            return Ok((node, kills));
        }
        node.kill()?;
        node = stage.fugue.node().await?;
    }
    unreachable!("there is always another number")
}

/// Makes a session, lets it commit one file and leave another, closes it, and looks for both.
async fn cycle(stage: &Stage, number: usize) -> Result<()> {
    let body = json!({"project": stage.project, "agent": "rehearse", "title": format!("cycle {number}")});
    let session = create(stage, "/api/v1/sessions", &format!("session-{number}"), &body).await?;
    let path = format!("/api/v1/sessions/{}", id(&session)?);
    let text = format!("write kept.txt kept {number}\ncommit Keep {number}\nwrite left.txt left {number}");
    let body = json!({"text": text, "on_interruption": "resume"});
    let message = create(stage, &format!("{path}/messages"), &format!("message-{number}"), &body).await?;
    let turn = id(&message["turn"])?;
    let ended = stage.client.turn_in(&turn, &["ended"], CYCLE_MAX).await?;
    ensure!(ended["outcome"] == "succeeded", "{ended}");
    stage.client.post(&format!("{path}/close"), &json!({})).await?;
    let released = async || {
        let events = stage.client.events(path.rsplit('/').next().unwrap_or_default()).await?;
        Ok(events.into_iter().find(|event| event["type"] == "session.released"))
    };
    let released: Value = until("the worktree to be given back", CYCLE_MAX, released).await?;
    let rescue = released["rescue"].as_str().with_context(|| format!("no rescue in {released}"))?;
    let branch = session["place"]["branch"].as_str().context("a branch")?;
    let shown = |name: &str, file: &str| stage.repo.git(&["show", &format!("{name}:{file}")]);
    ensure!(shown(rescue, "left.txt")? == format!("left {number}"), "what was not committed is in {rescue}");
    ensure!(shown(branch, "kept.txt")? == format!("kept {number}"), "what was committed is on {branch}");
    ensure!(shown(branch, "left.txt").is_err(), "what was not committed is not on {branch}");
    let folder = session["place"]["path"].as_str().context("a path")?;
    ensure!(!std::path::Path::new(folder).exists(), "{folder} is still there");
    Ok(())
}

/// Makes a thing, once, however often it has to be asked for: a session needs its node to look at the repository.
async fn create(stage: &Stage, path: &str, key: &str, body: &Value) -> Result<Value> {
    let made = async || {
        let reply = stage.client.post_keyed(path, key, body).await?;
        ensure!(reply.status == 201, "{}: {}", reply.status, reply.body);
        Ok(Some(reply.body))
    };
    until(&format!("{path} to be made"), CYCLE_MAX, made).await
}

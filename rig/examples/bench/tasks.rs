//! Tasks: how long a worktree takes until its first set-up command runs, and how long it takes from one task's end to the agent of the next.
//!
//! Both are taken of tasks that go all their way, from being written down to the target branch. The reference is `git worktree add` by itself,
//! in the same repository.

use crate::Run;
use crate::report::{Report, Rounds, Want, percentile};
use anyhow::{Context, Result, ensure};
use fugue_domain::time::Time;
use rig::fugue::Fugue;
use rig::repo::Repo;
use rig::stage::{Stage, id, witnessed};
use rig::wait::until;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const FILES: usize = 3_000;
/// With `--large`.
const FILES_LARGE: usize = 30_000;
/// Tasks of a round, one after the other.
const TIMES: usize = 8;
const DONE_MAX: Duration = Duration::from_secs(120);

const MERGING: &str = "[[checks]]\nname = \"any\"\ncommand = \"true\"\n\n[merge]\nreview = []\n";
/// What it prints is the moment at which the worktree was there.
const SETUP: &str = "[[setup]]\nname = \"now\"\ncommand = \"date +%s%N\"\n";

/// Worktrees, and what comes after a task.
pub async fn measure(run: &Run, report: &mut Report) -> Result<()> {
    let Some(program) = &run.program else { return Ok(()) };
    let fugue = witnessed(Fugue::new(program)?.env("FUGUE_SLOTS", "8").env("FUGUE_LOG", "warn"));
    let (_hub, _node) = (fugue.hub().await?, fugue.node().await?);
    let stage = Stage::on(fugue).await?;
    next(run, &stage, report).await?;
    let files = if run.large { FILES_LARGE } else { FILES };
    for number in 0..files {
        stage.repo.write(&format!("many/{}/{number}.txt", number % 100), &format!("file {number}\n"))?;
    }
    ready(run, &stage, files, report).await
}

/// From asking for a worktree to its first set-up command.
async fn ready(run: &Run, stage: &Stage, files: usize, report: &mut Report) -> Result<()> {
    settings(stage, &format!("{SETUP}\n{MERGING}"))?;
    let (mut ours, mut bare) = (Rounds::default(), Rounds::default());
    for _ in 0..run.rounds {
        let (mut times, mut alone) = (Vec::new(), Vec::new());
        for _ in 0..TIMES {
            alone.push(worktree_add(&stage.repo)?);
            let task = &done(stage, &chain(1)).await?[0];
            let set_up = shown(task, "prepared").with_context(|| format!("a task without set-up: {task}"))?;
            let there: i64 = set_up["ran"][0]["tail"].as_str().unwrap_or_default().trim().parse().context("what `date` said")?;
            times.push(there as f64 / 1e6 - moment(&task["started_at"])? as f64);
        }
        ours.push(percentile(&times, 0.5).context("no times")?);
        bare.push(percentile(&alone, 0.5).context("no times")?);
    }
    let figure = format!("tasks: worktree ready, {files} files, asked to the first set-up command");
    report.row(figure, "ms", ours, bare, Want::RatioAtMost(1.3, 2.0));
    Ok(())
}

/// From a task's end to the agent's process of the one that waited for it.
async fn next(run: &Run, stage: &Stage, report: &mut Report) -> Result<()> {
    settings(stage, MERGING)?;
    let (mut whole, mut less, mut bare) = (Rounds::default(), Rounds::default(), Rounds::default());
    for _ in 0..run.rounds {
        let alone = (0..TIMES).map(|_| worktree_add(&stage.repo)).collect::<Result<Vec<f64>>>()?;
        let alone = percentile(&alone, 0.5).context("no times")?;
        let tasks = done(stage, &chain(TIMES)).await?;
        let seen = stage.executions()?;
        let mut times = Vec::new();
        for pair in tasks.windows(2) {
            let turn = shown(&pair[1], "turn").with_context(|| format!("a task without a turn: {}", pair[1]))?["turn"].clone();
            let begun = seen.iter().find(|execution| turn == execution.turn.as_str()).context("no witness of a task")?;
            times.push((begun.at - moment(&pair[0]["ended_at"])?) as f64);
        }
        let time = percentile(&times, 0.5).context("no times")?;
        ensure!(time >= 0.0, "a task was begun before the one that it needs was done");
        whole.push(time);
        less.push(time - alone);
        bare.push(alone);
    }
    report.row("tasks: one is done to the agent's process of the next", "ms", whole, bare, Want::Nothing);
    report.row("tasks: the same less `git worktree add`", "ms", less, Rounds::default(), Want::AtMost(200.0, 400.0));
    Ok(())
}

/// What the project wants, on the target branch.
fn settings(stage: &Stage, text: &str) -> Result<()> {
    stage.repo.write("fugue.toml", text)?;
    stage.repo.commit("What the project wants").map(drop)
}

/// Tasks that each write a file and wait for the one before.
fn chain(tasks: usize) -> Vec<Value> {
    let task = |at: usize| {
        let needs = at.checked_sub(1).map(|before| before.to_string());
        let script = format!("run! date +%s%N > {at}.txt");
        json!({"key": at.to_string(), "title": format!("task {at}"), "description": script, "agent": "rehearse", "needs": needs.as_slice()})
    };
    (0..tasks).map(task).collect()
}

/// Writes tasks down and waits until all are done.
async fn done(stage: &Stage, tasks: &[Value]) -> Result<Vec<Value>> {
    let made = stage.client.post("/api/v1/tasks", &json!({"project": stage.project, "tasks": tasks})).await?;
    let mut done = Vec::new();
    for task in made["items"].as_array().context("tasks")? {
        let path = format!("/api/v1/tasks/{}", id(task)?);
        let look = async || {
            let task = stage.client.get(&path).await?;
            ensure!(task["state"] != "needs_human", "{task}");
            Ok((task["state"] == "done").then_some(task))
        };
        done.push(until("a task of the bench to be done", DONE_MAX, look).await?);
    }
    Ok(done)
}

/// `git worktree add` by itself, in milliseconds. What it made goes again.
fn worktree_add(repo: &Repo) -> Result<f64> {
    let path = repo.path().with_extension("bare").to_string_lossy().into_owned();
    let begun = Instant::now();
    repo.git(&["worktree", "add", "--quiet", "-b", "bare", &path, "main"])?;
    let time = begun.elapsed().as_secs_f64() * 1e3;
    repo.git(&["worktree", "remove", "--force", &path])?;
    repo.git(&["branch", "--quiet", "-D", "bare"])?;
    Ok(time)
}

/// The first thing of this kind in a task's story.
fn shown<'a>(task: &'a Value, kind: &str) -> Option<&'a Value> {
    task["story"].as_array()?.iter().map(|entry| &entry["shown"]).find(|shown| shown["kind"] == kind)
}

/// A moment of the API, in milliseconds since 1970.
fn moment(value: &Value) -> Result<i64> {
    let time = value.as_str().and_then(Time::parse).with_context(|| format!("{value} is no moment"))?;
    Ok(time.0)
}

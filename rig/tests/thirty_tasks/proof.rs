//! What must be true afterwards, looked up in the repository itself, and held against what the hub tells of each task.

use super::made::{Board, Kind, Stays};
use anyhow::{Context, Result, ensure};
use rig::stage::Stage;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::Duration;

/// How long what is closed may take to go.
const LEFT_MAX: Duration = Duration::from_secs(60);

/// Tasks in few words, for errors.
pub fn shown(tasks: &[Value]) -> String {
    let line = |task: &Value| format!("{} {} {} {}", task["title"], task["state"], task["need"], task["why"]);
    tasks.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Each ended as it had to, and those that were to meet a conflict did. Gives back how many conflicts there were.
pub fn ends(board: &Board, tasks: &[Value]) -> Result<usize> {
    let mut conflicts = BTreeMap::new();
    for (card, task) in board.cards.iter().zip(tasks) {
        let story = task["story"].as_array().context("a story")?;
        let told = |kind: &str| story.iter().filter(|entry| entry["shown"]["kind"] == kind).count();
        let need = match card.kind {
            Kind::Hopeless(Stays::Same) => Some("same_failure"),
            Kind::Hopeless(Stays::Other) => Some("attempts_used_up"),
            _ => None,
        };
        let state = if need.is_some() { "needs_human" } else { "done" };
        ensure!(task["state"] == state && task["need"].as_str() == need, "{card:?} came to {task:#}");
        ensure!(need.is_none() || task["why"].as_str().is_some_and(|why| !why.is_empty()), "no why in {task:#}");
        ensure!(card.kind != Kind::Mending || task["attempt"] == 2, "{card:?} was mended in {}", task["attempt"]);
        ensure!(told("landed") == usize::from(need.is_none()), "{card:?} landed {} times: {task:#}", told("landed"));
        if let Kind::Rival(file) = card.kind {
            *conflicts.entry(file).or_insert(0) += told("conflict");
        }
    }
    ensure!(conflicts.values().all(|count| *count == 1), "one of two rivals meets a conflict: {conflicts:?}");
    Ok(conflicts.values().sum())
}

/// The target branch: it was green wherever it stood, has all that is said of it and nothing else, and each change once.
pub fn branch(stage: &Stage, begin: &str, board: &Board, tasks: &[Value]) -> Result<()> {
    let repo = &stage.repo;
    ensure!(repo.git(&["status", "--porcelain"])?.is_empty(), "what is checked out is not the branch");
    let sound = repo.git(&["fsck", "--full", "--strict"])?;
    ensure!(!sound.lines().any(|line| !line.starts_with("dangling ") && !line.starts_with("notice")), "git fsck: {sound}");
    green(stage, begin)?;

    let range = format!("{begin}..main");
    let there: Vec<String> = repo.git(&["rev-list", "--reverse", &range])?.lines().map(str::to_owned).collect();
    let mut told = BTreeSet::new();
    for (card, task) in board.cards.iter().zip(tasks) {
        let commits = landed(task)?;
        let places: Vec<usize> = commits.iter().filter_map(|commit| there.iter().position(|other| other == commit)).collect();
        ensure!(places.len() == commits.len(), "not all of {commits:?} of {card:?} are on the branch");
        ensure!(commits.iter().all(|commit| told.insert(commit.clone())), "{commits:?} of {card:?} belong to two tasks");
        let part = format!("parts/{}.txt", card.name());
        let added = repo.git(&["log", "--format=%H", "--diff-filter=A", &range, "--", &part])?;
        ensure!(added.lines().count() == usize::from(!commits.is_empty()), "{part} was added by {added:?}");
        for need in &card.needs {
            let before = landed(&tasks[*need])?;
            let last = there.iter().rposition(|commit| before.contains(commit));
            ensure!(places.iter().all(|place| last.is_some_and(|last| last < *place)), "{card:?} is on the branch before {need}");
        }
        if let Kind::Rival(file) = card.kind {
            let text = repo.git(&["show", &format!("main:shared/{file}.txt")])?;
            ensure!(text.lines().filter(|line| *line == card.line()).count() == 1, "{card:?} is not in {text:?} once");
        }
    }
    ensure!(told.len() == there.len(), "{} commits are on the branch and {} were told of", there.len(), told.len());
    Ok(())
}

/// Runs the check in a fresh clone, at every commit at which the branch ever stood.
fn green(stage: &Stage, begin: &str) -> Result<()> {
    let clone = stage.fugue.root().join("clone").to_string_lossy().into_owned();
    stage.repo.git(&["clone", "--quiet", "--branch", "main", ".", &clone])?;
    let stood = stage.repo.git(&["log", "--walk-reflogs", "--format=%H", "main"])?;
    let stood: Vec<&str> = stood.lines().take_while(|commit| *commit != begin).collect();
    ensure!(!stood.is_empty(), "the branch never moved");
    for commit in &stood {
        stage.repo.git(&["-C", &clone, "checkout", "--quiet", "--detach", commit])?;
        let out = Command::new("sh").arg("check.sh").current_dir(&clone).output().context("cannot start sh")?;
        ensure!(out.status.success(), "the branch stood at {commit}, which is red: {}", String::from_utf8_lossy(&out.stdout));
    }
    println!("the branch moved {} times", stood.len());
    Ok(())
}

/// The commits that a task became, as it tells.
fn landed(task: &Value) -> Result<Vec<String>> {
    let story = task["story"].as_array().context("a story")?;
    let commits = story.iter().filter_map(|entry| entry["shown"]["commits"].as_array()).flatten();
    commits.map(|commit| commit["id"].as_str().map(str::to_owned).context("a commit without its id")).collect()
}

/// None began before what it needs was done.
pub fn order(board: &Board, tasks: &[Value]) -> Result<()> {
    for (card, task) in board.cards.iter().zip(tasks) {
        let begun = task["started_at"].as_str().context("it was begun")?;
        for need in &card.needs {
            let done = tasks[*need]["ended_at"].as_str().context("it was done")?;
            ensure!(done <= begun, "{card:?} began at {begun}, and {need} was done at {done}");
        }
    }
    Ok(())
}

/// Branches and worktrees are those of the tasks that need a person, and the audit finds nothing.
pub async fn left(stage: &Stage, tasks: &[Value]) -> Result<()> {
    let mine = |task: &&Value| task["state"] == "needs_human";
    let wanted: BTreeSet<&str> = tasks.iter().filter(mine).filter_map(|task| task["branch"].as_str()).collect();
    let looked = async || {
        let branches = stage.repo.git(&["for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/fugue/"])?;
        let branches: BTreeSet<&str> = branches.lines().collect();
        ensure!(branches == wanted, "the branches {branches:?} are there instead of {wanted:?}");
        let worktrees = stage.repo.worktrees()?;
        ensure!(worktrees.len() == wanted.len(), "left are {worktrees:?}");
        stage.fugue.audit()?.clean()?;
        Ok(Some(()))
    };
    rig::wait::until("nothing to be left but what needs a person", LEFT_MAX, looked).await
}

//! Thirty tasks that nobody wrote by hand, on a real repository, while hub and node are killed: a fifth of them change lines that another changes
//! too, a fifth are red at first, they wait for each other at random. In the end all is merged but what never passes, each change once, each
//! after what it needs, and the target branch was green wherever it stood.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

#[path = "thirty_tasks/made.rs"]
mod made;
#[path = "thirty_tasks/proof.rs"]
mod proof;

use anyhow::{Context, Result, ensure};
use made::{Board, Kind};
use rig::chance::Chance;
use rig::fugue::{Fugue, Part, program};
use rig::stage::{Stage, id};
use rig::wait::until;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const OVER_MAX: Duration = Duration::from_secs(180);
const SLOTS: usize = 6;

/// Who is killed, and between which numbers of tasks that are over.
const KILLS: [(Victim, u64, u64); 4] = [(Victim::Hub, 0, 4), (Victim::Node, 5, 12), (Victim::Hub, 12, 18), (Victim::Hub, 19, 26)];

#[derive(Debug, Clone, Copy)]
enum Victim {
    Hub,
    Node,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_tasks_are_merged_or_explained() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let mut chance = Chance::from_env();
    let fugue = Fugue::new(&program)?.env("FUGUE_SLOTS", SLOTS.to_string());
    let (mut hub, mut node) = (fugue.hub().await?, fugue.node().await?);
    let stage = Stage::on(fugue).await?;
    let begin = made::repository(&stage)?;
    let board = Board::draw(&mut chance, stage.fugue.root());
    let begun = Instant::now();
    let made = stage.client.post("/api/v1/tasks", &json!({"project": stage.project, "tasks": board.wanted()})).await?;
    let ids = made["items"].as_array().context("tasks")?.iter().map(id).collect::<Result<Vec<String>>>()?;
    ensure!(ids.len() == made::TASKS, "{} tasks were made", ids.len());

    for (victim, low, high) in KILLS {
        let at = chance.between(low, high) as usize;
        until(&format!("{at} tasks to be over"), OVER_MAX, async || Ok((over(&all(&stage).await?) >= at).then_some(()))).await?;
        // Anywhere in what they do just now.
        tokio::time::sleep(Duration::from_millis(chance.between(0, 400))).await;
        kill(victim, &stage, &mut hub, &mut node).await.with_context(|| format!("{victim:?} at {at} tasks"))?;
        println!("{victim:?} was killed when {at} tasks were over, after {:.1} s", begun.elapsed().as_secs_f64());
    }
    let ended = async || {
        let tasks = all(&stage).await?;
        ensure!(over(&tasks) == ids.len(), "{}", proof::shown(&tasks));
        Ok(Some(()))
    };
    until("all tasks to be over", OVER_MAX, ended).await?;
    let seconds = begun.elapsed().as_secs_f64();

    let mut tasks = Vec::new();
    for id in &ids {
        tasks.push(stage.client.get(&format!("/api/v1/tasks/{id}")).await?);
    }
    let conflicts = proof::ends(&board, &tasks)?;
    proof::branch(&stage, &begin, &board, &tasks)?;
    proof::order(&board, &tasks)?;
    proof::left(&stage, &tasks).await?;
    println!("{} tasks, {} kills, {conflicts} conflicts, {seconds:.0} s", ids.len(), KILLS.len());

    // What a person gives up goes as well, and then nothing is left.
    for (card, id) in board.cards.iter().zip(&ids).filter(|(card, _)| matches!(card.kind, Kind::Hopeless(_))) {
        stage.client.post(&format!("/api/v1/tasks/{id}/cancel"), &json!({})).await.with_context(|| card.name())?;
    }
    stage.nothing_left(&[hub.pid(), node.pid()]).await
}

async fn all(stage: &Stage) -> Result<Vec<Value>> {
    stage.client.all("/api/v1/tasks").await
}

/// How many need nothing more but perhaps a person.
fn over(tasks: &[Value]) -> usize {
    tasks.iter().filter(|task| task["state"] == "done" || task["state"] == "needs_human").count()
}

/// `kill -9`, and another start.
async fn kill(victim: Victim, stage: &Stage, hub: &mut Part, node: &mut Part) -> Result<()> {
    match victim {
        Victim::Hub => {
            hub.kill()?;
            *hub = stage.fugue.hub().await?;
        }
        Victim::Node => {
            node.kill()?;
            *node = stage.fugue.node().await?;
        }
    }
    Ok(())
}

//! Two hubs on one PostgreSQL, each with a node of its own: what both want to begin begins once.

use crate::app::App;
use crate::node::{Link, Node, Play, answer, hello};
use anyhow::{Context, Result};
use fugue_domain::limits::TASKS_PARALLEL;
use fugue_domain::link::{FromHub, FromNode, PROTOCOL};
use fugue_hub::db::query;
use rig::client::Client;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const TASKS: usize = 24;
const ROUNDS: usize = 5;
const SOON: Duration = Duration::from_secs(60);

/// A node of one of the hubs: it answers what it is asked, and carries nothing out. This clock stands still, so it is never silent for long.
async fn node(app: &App, url: &str) -> Result<tokio::task::JoinHandle<()>> {
    let Node { id, token, .. } = &Node::join(app, Play::Hold).await?;
    app.hub().nodes.disconnect(id);
    let mut link = Link::dial(url, token).await?;
    link.say(&FromNode::Hello(hello(PROTOCOL))).await?;
    Ok(tokio::spawn(async move {
        while let Ok(Ok(word)) = link.hear().await {
            if let FromHub::Call { call, ask } = word {
                let _ = link.say(&FromNode::Reply { call, result: answer(ask) }).await;
            }
        }
    }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_begins_once_whoever_of_two_hubs_is_faster() -> Result<()> {
    // A hub that stands still because its parts wait for each other does not do so each time.
    for round in 1..=ROUNDS {
        let Some(database) = rig::postgres::database("hubs")? else { return Ok(()) };
        race(database).await.with_context(|| format!("round {round}"))?;
    }
    Ok(())
}

async fn race(database: rig::postgres::Database) -> Result<()> {
    let app = App::on(Some(database)).await?;
    let other = app.beside().await?;
    let there = Client::new(other.url(), app.owner.token());
    let nodes = [node(&app, &app.url).await?, node(&app, other.url()).await?];
    let project = app.owner.post("/api/v1/projects", &json!({"url": "https://git.example/pushed.git"})).await?;
    let tasks: Vec<Value> = (0..TASKS).map(|number| json!({"title": format!("Task {number}"), "agent": "rehearse"})).collect();
    app.owner.post("/api/v1/tasks", &json!({"project": project["id"], "tasks": tasks})).await?;
    let (mut begun, mut on) = (BTreeSet::new(), BTreeSet::new());
    while begun.len() < TASKS {
        // Some are given up through the one hub, some through the other, and both look for what can begin now.
        let working = async || Ok(Some(app.owner.all("/api/v1/tasks?state=working").await?).filter(|tasks| !tasks.is_empty()));
        let working = rig::wait::until("a task to begin", SOON, working).await?;
        assert!(working.len() as i64 <= TASKS_PARALLEL, "{} are worked on at once", working.len());
        for (task, client) in working.iter().zip([&app.owner, &there].into_iter().cycle()) {
            let id = task["id"].as_str().context("an id")?;
            begun.insert(id.to_owned());
            on.insert(task["node"].as_str().context("a node")?.to_owned());
            client.post(&format!("/api/v1/tasks/{id}/cancel"), &json!({})).await?;
        }
    }
    let mut conn = app.hub().db.read().await?;
    let sessions: i64 = query("SELECT COUNT(*) FROM sessions").fetch_one(&mut conn).await?.get(0)?;
    assert_eq!(sessions, TASKS as i64, "each has begun once, and no session is left over from the slower hub");
    println!("{TASKS} tasks begun on {} nodes of two hubs", on.len());
    nodes.iter().for_each(tokio::task::JoinHandle::abort);
    other.stop().await;
    Ok(())
}

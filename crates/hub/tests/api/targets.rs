//! Where tasks of a project by URL may run: on one node, unless everything that is merged is at the remote. On both databases.

use crate::app::{App, on_both};
use crate::node::{Node, Play};
use anyhow::{Context, Result};
use fugue_domain::id::{NodeId, ProjectId};
use fugue_hub::project::target;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);

on_both! {
    one_clone_or_all one_clone_or_all_on_sqlite one_clone_or_all_on_postgres;
}

/// Two tasks of a project by URL begin; the nodes on which they do.
async fn nodes_of(app: &App, name: &str) -> Result<(ProjectId, BTreeSet<String>)> {
    let project = app.owner.post("/api/v1/projects", &json!({"url": format!("https://git.example/{name}.git")})).await?;
    let task = |title: &str| json!({"title": title, "agent": "rehearse"});
    let made = app.owner.post("/api/v1/tasks", &json!({"project": project["id"], "tasks": [task("One"), task("Two")]})).await?;
    let mut nodes = BTreeSet::new();
    for made in made["items"].as_array().context("items")? {
        let path = format!("/api/v1/tasks/{}", made["id"].as_str().context("an id")?);
        let begun = async || Ok(Some(app.owner.get(&path).await?).filter(|task| task["state"] == "working"));
        let task = rig::wait::until("a task to begin", SOON, begun).await?;
        nodes.insert(task["node"].as_str().context("a node")?.to_owned());
    }
    Ok((project["id"].as_str().context("an id")?.parse()?, nodes))
}

async fn one_clone_or_all(app: App) -> Result<()> {
    let _nodes = (Node::join(&app, Play::Hold).await?, Node::join(&app, Play::Hold).await?);
    let (pushed, nodes) = nodes_of(&app, "pushed").await?;
    assert_eq!(nodes.len(), 2, "what is pushed is everywhere");
    let (far, nodes) = nodes_of(&app, "far").await?;
    assert_eq!(nodes.len(), 1, "what is merged and not pushed is in one clone: {nodes:?}");
    let hub = app.hub();
    let mut conn = hub.db.read().await?;
    assert_eq!(target::node(&mut conn, &pushed).await?, None);
    let node = target::node(&mut conn, &far).await?.context("a node")?;
    assert_eq!(Some(node.to_string()), nodes.first().cloned());
    drop(conn);
    let (other, own, project) = (NodeId::from_bits(1), node.clone(), far.clone());
    let settled = hub.db.write(move |tx| {
        Box::pin(async move { Ok((target::settle(tx, &project, &own, false).await?, target::settle(tx, &project, &other, true).await?)) })
    });
    assert_eq!(settled.await?, (true, false), "nobody begins elsewhere, whatever the settings say by now");
    let project = far.clone();
    hub.db.write(move |tx| Box::pin(async move { target::publish(tx, &project).await })).await?;
    let mut conn = hub.db.read().await?;
    assert_eq!(target::node(&mut conn, &far).await?, None, "a push sets it free");
    Ok(())
}

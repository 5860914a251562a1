//! Nodes that are removed or gone for good, and the tasks, jobs and reviews that they had: each goes on elsewhere or says why not. On both
//! databases.

use crate::app::{App, on_both};
use crate::bench::{Bench, checked};
use crate::jobs::{ask, merge};
use crate::node::{Link, hello};
use crate::turns::{Desk, ended};
use anyhow::{Context, Result};
use fugue_domain::limits::NODE_LOST_MS;
use fugue_domain::link::{FromNode, PROTOCOL, Report};
use fugue_domain::node::Load;
use fugue_domain::turn::Ending;
use fugue_domain::world::World;
use fugue_hub::db::query;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);

on_both! {
    gone_without_another gone_without_another_on_sqlite gone_without_another_on_postgres;
    gone_with_another gone_with_another_on_sqlite gone_with_another_on_postgres;
    gone_while_merging gone_while_merging_on_sqlite gone_while_merging_on_postgres;
    asked_too_late asked_too_late_on_sqlite asked_too_late_on_postgres;
    back_for_a_review back_for_a_review_on_sqlite back_for_a_review_on_postgres;
}

/// No history waits for a node that will never say that a worktree is gone.
async fn all_released(app: &App) -> Result<()> {
    let mut conn = app.hub().db.read().await?;
    let left: i64 = query("SELECT COUNT(*) FROM sessions WHERE released_at IS NULL").fetch_one(&mut conn).await?.get(0)?;
    assert_eq!(left, 0, "sessions of a removed node are never released");
    Ok(())
}

async fn remove(app: &App, node: &impl std::fmt::Display, gone: bool) -> Result<(u16, Value)> {
    let how = if gone { "?gone=true" } else { "" };
    let reply = app.owner.send(Method::DELETE, &format!("/api/v1/nodes/{node}{how}"), None, None).await?;
    Ok((reply.status, reply.body))
}

/// Waits until a task is in a state.
async fn becomes(bench: &Bench, id: &str, state: &str) -> Result<Value> {
    rig::wait::until(state, SOON, async || Ok(Some(bench.get(id).await?).filter(|task| task["state"] == state))).await
}

async fn gone_without_another(app: App) -> Result<()> {
    let mut bench = Bench::at(app).await?;
    let ids = bench.add(json!([{"key": "a", "title": "Fix login"}, {"title": "Say so", "needs": ["a"]}])).await?;
    let turn = bench.assigned().await?;
    let session = turn.lease.session.to_string();
    let node = bench.desk.node.id.clone();
    assert_eq!(remove(&bench.app, &node, false).await?.0, 409, "it has an open session");
    let (status, lives) = remove(&bench.app, &node, true).await?;
    assert!(status == 409 && lives["detail"].as_str().unwrap().contains("signs of life"), "{lives}");
    bench.app.world.advance(NODE_LOST_MS + 1);
    let away = bench.is(&ids[0], "working").await?;
    assert!(away["why"].as_str().is_some_and(|why| why.contains("is away") && why.contains("--gone desk")), "{away:#}");
    assert_eq!(remove(&bench.app, &node, true).await?.0, 204);
    let asks = bench.is(&ids[0], "needs_human").await?;
    let why = asks["why"].as_str().unwrap_or_default();
    assert!(asks["need"] == "impossible" && why.contains("was removed") && why.contains("No other node"), "{asks:#}");
    assert_eq!((&asks["session"], &asks["head"]), (&Value::Null, &Value::Null), "{asks:#}");
    let closed = bench.app.owner.get(&format!("/api/v1/sessions/{session}")).await?;
    assert_eq!(closed["state"], "closed", "{closed:#}");
    let ended = bench.app.owner.get(&format!("/api/v1/turns/{}", turn.lease.turn)).await?;
    assert!(ended["state"] == "ended" && ended["maybe_executed"] == true, "nobody knows how far its agent came: {ended:#}");
    bench.is(&ids[1], "blocked").await?;
    all_released(&bench.app).await?;
    // As an older hub has left it.
    let unreleased =
        bench.app.hub().db.write(|tx| Box::pin(async move { Ok(query("UPDATE sessions SET released_at = NULL").execute(tx.conn).await?) }));
    assert_eq!(unreleased.await?, 1);
    let released = async || {
        let mut conn = bench.app.hub().db.read().await?;
        Ok(query("SELECT 1 FROM sessions WHERE released_at IS NOT NULL").fetch_optional(&mut conn).await?)
    };
    rig::wait::until("the session to be released", SOON, released).await?;
    // Tried again, it says again what stands in the way, instead of waiting for a node that never comes.
    assert_eq!(bench.app.owner.send(Method::POST, &format!("/api/v1/tasks/{}/retry", ids[0]), None, None).await?.status, 200);
    let asks = rig::wait::until("the reason", SOON, async || {
        let task = bench.get(&ids[0]).await?;
        Ok(task["why"].as_str().is_some_and(|why| why.contains("Add the project")).then_some(task))
    })
    .await?;
    assert_eq!(asks["need"], "impossible", "{asks:#}");
    Ok(())
}

async fn gone_with_another(app: App) -> Result<()> {
    let mut bench = Bench::at(app).await?;
    let place = json!({"url": "https://git.example/far.git"});
    let far = bench.desk.while_hearing(bench.app.owner.post("/api/v1/projects", &place)).await?;
    let tasks =
        json!({"project": far["id"], "tasks": [{"title": "Fix login", "agent": "rehearse"}, {"title": "Stuck", "agent": "rehearse"}]});
    let made = bench.app.owner.post("/api/v1/tasks", &tasks).await?;
    let id = |at: usize| made["items"][at]["id"].as_str().context("an id").map(str::to_owned);
    let (first, stuck) = (id(0)?, id(1)?);
    let turn = bench.assigned().await?;
    let other = bench.assigned().await?;
    // One is checked, the other waits for a person.
    let (mine, theirs) = if turn.text.contains("# Stuck") { (other, turn) } else { (turn, other) };
    assert_eq!(bench.verb(&stuck, "take-over", json!({})).await?.0, 200);
    let mut desk = Desk::at(&bench.app).await?;
    bench.app.world.advance(NODE_LOST_MS + 1);
    desk.link.say(&FromNode::Heartbeat { beat: 1, load: Load::default(), leases: Vec::new(), jobs: Vec::new() }).await?;
    let gone = bench.desk.node.id.clone();
    assert_eq!(remove(&bench.app, &gone, true).await?.0, 204);
    let anew = desk.assigned().await?;
    assert!(anew.text.starts_with("# Fix login"), "{}", anew.text);
    assert!(anew.lease.session != mine.lease.session && anew.lease.session != theirs.lease.session);
    let task = becomes(&bench, &first, "working").await?;
    assert_eq!((&task["node"], &task["attempt"]), (&json!(desk.node.id), &json!(1)), "{task:#}");
    let told = task["story"]
        .as_array()
        .context("a story")?
        .iter()
        .any(|entry| entry["words"].as_str().is_some_and(|words| words.contains("on another node")));
    assert!(told, "{task:#}");
    // What a person had is for that person to decide.
    let asks = bench.is(&stuck, "needs_human").await?;
    assert!(asks["need"] == "impossible" && asks["why"].as_str().is_some_and(|why| why.contains("Before that: ")), "{asks:#}");
    Ok(())
}

async fn gone_while_merging(app: App) -> Result<()> {
    let mut bench = Bench::at(app).await?;
    let id = bench.add(json!([{"title": "Fix login"}])).await?.remove(0);
    let turn = bench.assigned().await?;
    bench.checks(&id, &turn, checked("h1", vec![])).await?;
    assert_eq!(bench.verb(&id, "approve", json!({})).await?.0, 200);
    let job = bench.given().await?.0;
    // Its session was closed by hand, so that nothing is left that would keep the node.
    let close = format!("/api/v1/sessions/{}/close", turn.lease.session);
    bench.desk.while_hearing(bench.app.owner.post(&close, &json!({}))).await?;
    for review in bench.app.owner.all("/api/v1/sessions?state=busy").await? {
        let close = format!("/api/v1/sessions/{}/close", review["id"].as_str().context("an id")?);
        bench.desk.while_hearing(bench.app.owner.post(&close, &json!({}))).await?;
    }
    bench.app.world.advance(NODE_LOST_MS + 1);
    let node = bench.desk.node.id.clone();
    assert_eq!(remove(&bench.app, &node, true).await?.0, 204);
    let ended = bench.app.owner.get(&format!("/api/v1/jobs/{job}")).await?;
    assert_eq!(ended["state"], "ended", "{ended}");
    assert_eq!(bench.is(&id, "needs_human").await?["need"], "impossible");
    assert_eq!(bench.app.owner.get("/api/v1/merge-queue").await?["items"], json!([]), "nothing is left in the queue");
    Ok(())
}

async fn asked_too_late(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    // Closed, and its worktree not given back yet.
    let session = desk.session(&app, json!({})).await?;
    desk.while_hearing(app.owner.post(&format!("/api/v1/sessions/{session}/close"), &json!({}))).await?;
    assert_eq!(remove(&app, &desk.node.id, false).await?.0, 204);
    all_released(&app).await?;
    // As by whoever looked before the removal and wrote after it.
    let job = ask(&app, &desk.node.id, merge("fugue/x", false)).await?;
    let ended = async || Ok(Some(app.owner.get(&format!("/api/v1/jobs/{job}")).await?).filter(|job| job["state"] == "ended"));
    let ended = rig::wait::until("the end of the job", SOON, ended).await?;
    assert_eq!(ended["outcome"], json!({"impossible": "Its node was removed."}), "{ended}");
    Ok(())
}

async fn back_for_a_review(app: App) -> Result<()> {
    let mut bench = Bench::at(app).await?;
    bench.add(json!([{"title": "Fix login"}])).await?;
    let turn = bench.assigned().await?;
    bench.desk.report(&turn.lease, vec![Report::Delivered, ended(Ending::Succeeded)]).await?;
    let job = bench.given().await?.0;
    let (hub, node) = (bench.app.hub().clone(), bench.desk.node.id.clone());
    // The node is away when its review is wanted, so that is put off.
    hub.nodes.disconnect(&node);
    fugue_hub::job::ended(&hub, &node, job, checked("h1", vec![])).await?;
    let now = bench.app.world.now();
    let put_off = async || {
        let mut conn = hub.db.read().await?;
        Ok(query("SELECT 1 FROM reviews WHERE state = 'wanted' AND not_before > $1").bind(now).fetch_optional(&mut conn).await?)
    };
    rig::wait::until("the review to be put off", SOON, put_off).await?;
    // It is back, and nobody waits until the pause is over: this clock stands still.
    bench.desk.link = Link::dial(&bench.app.url, &bench.desk.node.token).await?;
    bench.desk.link.say(&FromNode::Hello(hello(PROTOCOL))).await?;
    let review = bench.asked_to_review().await?;
    assert_eq!(review.agent.name, "reviewer");
    Ok(())
}

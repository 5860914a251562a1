//! From a goal to tasks that begin: settings out of the repository, a plan by an agent, what a person decides, and what the foreman makes of
//! it. On both databases.

use crate::app::{App, on_both};
use crate::runs::{assigned, says};
use crate::turns::{Desk, ended};
use anyhow::{Context, Result};
use fugue_domain::link::{FromHub, FromNode, Report};
use fugue_domain::node::Load;
use fugue_domain::reason::Reason;
use fugue_domain::turn::Ending;
use fugue_hub::feed::{Hint, WatchAll};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

on_both! {
    settings settings_on_sqlite settings_on_postgres;
    accepted accepted_on_sqlite accepted_on_postgres;
    replaced replaced_on_sqlite replaced_on_postgres;
    failed failed_on_sqlite failed_on_postgres;
    held held_on_sqlite held_on_postgres;
}

/// What the repository of the tool says of itself.
pub const TOOL: &str = "[[checks]]\nname = \"tests\"\ncommand = \"make test\"\n[limits]\nparallel = 50\n[agents]\nwork = \"rehearse\"\n";

async fn project(app: &App, desk: &mut Desk, name: &str) -> Result<Value> {
    let place = json!({"path": format!("/srv/{name}"), "node": desk.node.id});
    desk.while_hearing(app.owner.post("/api/v1/projects", &place)).await
}

async fn settings(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    let mut show = async |name: &str| -> Result<Value> {
        project(&app, &mut desk, name).await?;
        desk.while_hearing(app.owner.get(&format!("/api/v1/projects/{name}/settings"))).await
    };
    let tool = show("tool").await?;
    assert_eq!(
        (&tool["found"], &tool["commit"], &tool["wrong"], &tool["needs_person"]),
        (&json!(true), &json!("c0ffee"), &Value::Null, &json!(false))
    );
    assert_eq!((&tool["settings"]["checks"][0]["name"], &tool["settings"]["limits"]["parallel"]), (&json!("tests"), &json!(8)));
    let cut = json!([{"key": "limits.parallel", "wanted": "50", "holds": "8", "by": "the slots of its nodes: 8"}]);
    assert_eq!(tool["cuts"], cut);
    let shop = show("shop").await?;
    assert_eq!((&shop["found"], &shop["needs_person"], &shop["settings"]["limits"]["parallel"]), (&json!(false), &json!(true), &json!(4)));
    let torn = show("torn").await?;
    let wrong = "line 2, `merge.stratgy`: unknown; did you mean \"strategy\"?";
    assert_eq!((&torn["found"], &torn["wrong"]), (&json!(false), &json!(wrong)));
    // Nothing new begins with settings that cannot be read.
    let new = json!({"project": "torn", "goal": "x"});
    let refused = desk.while_hearing(app.owner.send(Method::POST, "/api/v1/plans", None, Some(&new))).await?;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(refused.body["detail"].as_str().map(|detail| detail.contains(wrong)), Some(true), "{}", refused.body);
    let task = app.owner.post("/api/v1/tasks", &json!({"project": "torn", "tasks": [{"title": "Do it"}]})).await?;
    let task = format!("/api/v1/tasks/{}", task["items"][0]["id"].as_str().context("an id")?);
    let why = desk.while_hearing(app.owner.get(&task)).await?;
    assert_eq!((&why["state"], &why["why"]), (&json!("ready"), &json!(format!("fugue.toml cannot be used: {wrong}"))));
    // The org allows less.
    app.owner.send(Method::PATCH, "/api/v1/org", None, Some(&json!({"daily_budget_usd": 3.0}))).await?.ok()?;
    let viewer = app.caller("viewer").await?;
    let tool = desk.while_hearing(viewer.get("/api/v1/projects/tool/settings")).await?;
    assert_eq!(tool["settings"]["limits"]["budget_usd"], Value::Null, "a budget that nobody set is none");
    Ok(())
}

fn answer(tasks: Value) -> String {
    let whole = json!({"summary": "Users first, and then the page.", "tasks": tasks, "questions": ["Which colour?"]});
    format!("Here it is:\n```json\n{whole}\n```")
}

fn wanted(id: &str, needs: &[&str], paths: &[&str]) -> Value {
    json!({"id": id, "title": format!("Make {id}"), "description": "What is to be done, in full.", "acceptance": ["It works."],
        "checks": ["make test", "rm -rf /"], "depends_on": needs, "paths": paths, "agent": "coder"})
}

async fn stated(app: &App, desk: &mut Desk) -> Result<Value> {
    project(app, desk, "tool").await?;
    let new = json!({"project": "tool", "goal": " Let people log in. "});
    desk.while_hearing(app.owner.post("/api/v1/plans", &new)).await
}

/// Listens to what is said to those who look at lists.
async fn listen(app: &App) -> Result<WatchAll> {
    let me = app.owner.get("/api/v1/me").await?;
    Ok(app.hub().feed.subscribe_all(&me["org"].as_str().context("an org")?.parse()?))
}

/// They are told of a plan, since they began to listen.
async fn told_of_a_plan(mut hints: WatchAll) -> Result<()> {
    let heard = async { while !matches!(hints.next().await, Hint::Plan { .. }) {} };
    tokio::time::timeout(Duration::from_secs(10), heard).await.context("nobody is told that the plan has changed")
}

fn path(plan: &Value) -> String {
    format!("/api/v1/plans/{}", plan["id"].as_str().unwrap_or_default())
}

/// The agent answers as it should.
async fn proposed(app: &App, desk: &mut Desk, tasks: Value) -> Result<Value> {
    let plan = stated(app, desk).await?;
    let run = app.owner.get(&format!("/api/v1/runs/{}", plan["run"].as_str().context("a run")?)).await?;
    let assignment = assigned(desk, &run["turn"]).await?;
    says(desk, &assignment, &[&answer(tasks)]).await?;
    app.owner.get(&path(&plan)).await
}

/// The next task's agent is given its first message. The heartbeat lets the hub repeat what came while something else was waited for.
async fn begun(desk: &mut Desk) -> Result<String> {
    desk.beat += 1;
    desk.link.say(&FromNode::Heartbeat { beat: desk.beat, load: Load::default(), leases: Vec::new(), jobs: Vec::new() }).await?;
    desk.hear("an assignment", |word| if let FromHub::Assign(assignment) = word { Some(assignment.text) } else { None }).await
}

fn titles(plan: &Value, list: &str) -> Vec<String> {
    let title = |id: &Value| {
        plan["tasks"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|task| task["id"] == *id)
            .map(|task| task["task"]["title"].as_str().unwrap_or_default().to_owned())
    };
    plan[list]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|item| item.as_array().cloned().unwrap_or_else(|| vec![item.clone()]))
        .filter_map(|id| title(&id))
        .collect()
}

async fn accepted(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    let hints = listen(&app).await?;
    let plan = stated(&app, &mut desk).await?;
    told_of_a_plan(hints).await?;
    assert_eq!((&plan["state"], &plan["goal"], &plan["tasks_total"]), (&json!("planning"), &json!("Let people log in."), &json!(0)));
    let early = app.owner.send(Method::POST, &format!("{}/accept", path(&plan)), None, None).await?;
    assert_eq!(early.status, 409, "{}", early.body);
    let run = app.owner.get(&format!("/api/v1/runs/{}", plan["run"].as_str().context("a run")?)).await?;
    let first = assigned(&mut desk, &run["turn"]).await?;
    assert!(
        first.text.ends_with("Make a plan for this goal:\n\nLet people log in.") && first.text.contains("- tests: `make test`"),
        "{}",
        first.text
    );
    // What no schema can say goes back to the agent, once.
    says(&mut desk, &first, &[&answer(json!([wanted("api", &["page"], &[]), wanted("page", &["api"], &[])]))]).await?;
    let told = app.owner.get(&format!("/api/v1/runs/{}", plan["run"].as_str().unwrap())).await?;
    assert_eq!(told["reasons"][0], "/tasks/0/depends_on: nothing can begin, because they need each other: api -> page -> api");
    let second = assigned(&mut desk, &told["turn"]).await?;
    let tasks = json!([wanted("page", &["api"], &["web"]), wanted("api", &[], &["route.rs"]), wanted("words", &[], &["api.json"])]);
    let hints = listen(&app).await?;
    says(&mut desk, &second, &[&answer(tasks)]).await?;
    told_of_a_plan(hints).await?;
    let seen = desk.while_hearing(rig::wait::until("the forecast", Duration::from_secs(10), async || {
        let plan = app.owner.get(&path(&plan)).await?;
        Ok(plan["clashes"].as_array().is_some_and(|clashes| !clashes.is_empty()).then_some(plan))
    }));
    let seen = seen.await?;
    assert_eq!(
        (&seen["state"], &seen["summary"], &seen["questions"]),
        (&json!("proposed"), &json!("Users first, and then the page."), &json!(["Which colour?"]))
    );
    assert_eq!(titles(&seen, "layers"), ["Make api", "Make words", "Make page"]);
    assert_eq!(titles(&seen, "critical"), ["Make api", "Make page"]);
    assert_eq!((&seen["clashes"][0]["because"], &seen["clashes"][0]["paths"]), (&json!("history"), &json!(["api.json", "route.rs"])));
    let page = seen["tasks"].as_array().context("tasks")?.last().cloned().context("a task")?;
    assert_eq!((&page["state"], &page["task"]["checks"]), (&json!("draft"), &json!(["tests"])));
    assert_eq!(page["task"]["acceptance"], "- It works.\n- `rm -rf /` ends with 0", "what an agent says becomes no command");
    assert_eq!(app.owner.all("/api/v1/tasks?state=open").await?.len(), 3);
    // A yes lets them begin, as far as they can.
    let hints = listen(&app).await?;
    let accepted = desk.while_hearing(app.owner.post(&format!("{}/accept", path(&plan)), &json!({}))).await?;
    told_of_a_plan(hints).await?;
    assert_eq!((&accepted["state"], &accepted["tasks"][2]["state"]), (&json!("accepted"), &json!("blocked")));
    let text = begun(&mut desk).await?;
    assert!(text.contains("Make api") || text.contains("Make words"), "{text}");
    let now = desk.while_hearing(app.owner.get(&path(&plan))).await?;
    let states: BTreeSet<&str> = now["tasks"].as_array().context("tasks")?.iter().filter_map(|task| task["state"].as_str()).collect();
    assert_eq!(states, BTreeSet::from(["blocked", "ready", "working"]), "of two that meet, one waits");
    let waits = now["tasks"].as_array().context("tasks")?.iter().find(|task| task["state"] == "ready").context("it waits")?;
    assert!(waits["why"].as_str().is_some_and(|why| why.starts_with("held back: it would touch the files of \"Make ")), "{waits}");
    // Once is enough.
    for verb in ["accept", "reject"] {
        let again = app.owner.send(Method::POST, &format!("{}/{verb}", path(&plan)), None, None).await?;
        assert_eq!(again.status, 409, "{}", again.body);
    }
    for (state, count) in [("accepted", 1), ("over", 0), ("proposed", 0)] {
        assert_eq!(app.owner.all(&format!("/api/v1/plans?state={state}&project=tool")).await?.len(), count, "{state}");
    }
    Ok(())
}

async fn replaced(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    let plan = proposed(&app, &mut desk, json!([wanted("api", &[], &[]), wanted("page", &["api"], &[])])).await?;
    let others = json!({"tasks": [{"key": "a", "title": "First"}, {"key": "b", "title": "Second", "needs": ["a"], "agent": "rehearse"}, {"key": "c", "title": "Third", "needs": ["b"]}]});
    let put = async |body: &Value| app.owner.send(Method::PUT, &format!("{}/tasks", path(&plan)), None, Some(body)).await;
    let changed = put(&others).await?.ok()?;
    assert_eq!(titles(&changed, "layers"), ["First", "Second", "Third"]);
    let circle = json!({"tasks": [{"key": "a", "title": "First", "needs": ["b"]}, {"key": "b", "title": "Second", "needs": ["a"]}]});
    assert_eq!(put(&circle).await?.status, 422);
    assert_eq!(put(&json!({"tasks": []})).await?.status, 422);
    let still = app.owner.get(&path(&plan)).await?;
    assert_eq!(titles(&still, "layers"), ["First", "Second", "Third"], "what is refused changes nothing");
    assert_eq!(app.owner.all("/api/v1/tasks").await?.len(), 3, "what was proposed before is gone");
    // Another org finds nothing, and who only looks decides nothing.
    let viewer = app.caller("viewer").await?;
    assert_eq!(viewer.send(Method::POST, &format!("{}/accept", path(&plan)), None, None).await?.status, 403);
    let rejected = app.owner.post(&format!("{}/reject", path(&plan)), &json!({})).await?;
    assert_eq!(rejected["state"], "rejected");
    assert!(rejected["tasks"].as_array().context("tasks")?.iter().all(|task| task["state"] == "cancelled"), "{rejected}");
    assert_eq!(put(&others).await?.status, 409);
    Ok(())
}

async fn failed(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    let plan = stated(&app, &mut desk).await?;
    let run = app.owner.get(&format!("/api/v1/runs/{}", plan["run"].as_str().context("a run")?)).await?;
    let assignment = assigned(&mut desk, &run["turn"]).await?;
    desk.report(&assignment.lease, vec![Report::Delivered, ended(Ending::Failed { reason: Reason::Auth })]).await?;
    let failed = app.owner.get(&path(&plan)).await?;
    assert_eq!((&failed["state"], &failed["tasks"]), (&json!("failed"), &json!([])));
    assert!(failed["why"].as_str().is_some_and(|why| why.starts_with("its agent failed: auth: ")), "{failed}");
    let refused = app.owner.send(Method::POST, &format!("{}/accept", path(&plan)), None, None).await?;
    assert_eq!((refused.status, &refused.body["detail"]), (409, &json!("The plan is failed.")));
    for (body, field) in [(json!({"project": "tool", "goal": "  "}), "/goal"), (json!({"project": "nowhere", "goal": "x"}), "/project")] {
        let refused = app.owner.send(Method::POST, "/api/v1/plans", None, Some(&body)).await?;
        assert_eq!((refused.status, &refused.body["errors"][0]["field"]), (422, &json!(field)), "{}", refused.body);
    }
    Ok(())
}

async fn held(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    project(&app, &mut desk, "tool").await?;
    let tasks = json!([
        {"title": "Wide", "paths": ["src/**"]}, {"title": "Narrow", "paths": ["src/a.rs"]}, {"title": "Urgent", "priority": 9, "paths": ["src/b.rs"]},
    ]);
    let made = app.owner.post("/api/v1/tasks", &json!({"project": "tool", "tasks": tasks})).await?;
    let text = begun(&mut desk).await?;
    assert!(text.contains("Urgent") || text.contains("Narrow"), "what is wide lets the more urgent pass: {text}");
    let ids: Vec<String> =
        made["items"].as_array().context("items")?.iter().filter_map(|task| task["id"].as_str().map(str::to_owned)).collect();
    let mut standing = Vec::new();
    let both = rig::wait::until("two tasks at work", Duration::from_secs(10), async || {
        Ok((app.owner.all("/api/v1/tasks?state=working").await?.len() == 2).then_some(()))
    });
    desk.while_hearing(both).await?;
    for id in &ids {
        let task = desk.while_hearing(app.owner.get(&format!("/api/v1/tasks/{id}"))).await?;
        standing.push((task["state"].as_str().unwrap_or_default().to_owned(), task["why"].as_str().unwrap_or_default().to_owned()));
    }
    // Which of the two is named is not said: it meets both.
    assert!(standing[0].0 == "ready" && standing[0].1.starts_with("held back: it would touch the files of \""), "{standing:?}");
    assert_eq!((standing[1].0.as_str(), standing[2].0.as_str()), ("working", "working"), "{standing:?}");
    Ok(())
}

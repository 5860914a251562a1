//! What can become of a run, told by a node word by word, on both databases.

use crate::app::{App, on_both};
use crate::node::event;
use crate::turns::{Desk, ended};
use anyhow::{Context, Result};
use fugue_domain::agent::Agent;
use fugue_domain::link::{Assignment, FromHub, FromNode, Report};
use fugue_domain::money::MicroUsd;
use fugue_domain::node::Load;
use fugue_domain::reason::Reason;
use fugue_domain::run::BRIEFING;
use fugue_domain::turn::{Ending, Wish};
use reqwest::Method;
use serde_json::{Value, json};

on_both! {
    answered answered_on_sqlite answered_on_postgres;
    corrected corrected_on_sqlite corrected_on_postgres;
    ended_otherwise ended_otherwise_on_sqlite ended_otherwise_on_postgres;
    searched searched_on_sqlite searched_on_postgres;
    refused refused_on_sqlite refused_on_postgres;
    of_a_project of_a_project_on_sqlite of_a_project_on_postgres;
}

/// An agent whose answer needs a summary and a size.
async fn role(app: &App, name: &str) -> Result<()> {
    let output = json!({"type": "object", "required": ["summary", "size"],
        "properties": {"summary": {"type": "string"}, "size": {"type": "integer", "minimum": 1}}});
    let agent = json!({"name": name, "driver": "claude", "model": "m", "instructions": "Measure.", "output": output, "concurrent": 1});
    app.owner.send(Method::PUT, &format!("/api/v1/agents/{name}"), None, Some(&agent)).await?.ok()?;
    Ok(())
}

async fn start(app: &App, desk: &mut Desk, agent: &str, more: Value) -> Result<Value> {
    let place = json!({"path": "/srv/shop", "node": desk.node.id});
    let project = desk.while_hearing(app.owner.post("/api/v1/projects", &place)).await?;
    let mut body = json!({"project": project["id"], "text": "How large is it?"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    desk.while_hearing(app.owner.post(&format!("/api/v1/agents/{agent}/runs"), &body)).await
}

/// The assignment of a turn. The heartbeat lets the hub repeat what came while something else was waited for.
pub async fn assigned(desk: &mut Desk, turn: &Value) -> Result<Assignment> {
    (desk.next, desk.beat) = (1, desk.beat + 1);
    desk.link.say(&FromNode::Heartbeat { beat: desk.beat, load: Load::default(), leases: Vec::new(), jobs: Vec::new() }).await?;
    let pick = |word| match word {
        FromHub::Assign(assignment) if assignment.lease.turn.as_str() == turn => Some(*assignment),
        _ => None,
    };
    desk.hear("an assignment", pick).await
}

async fn run(app: &App, run: &Value) -> Result<Value> {
    app.owner.get(&format!("/api/v1/runs/{}", run["id"].as_str().context("an id")?)).await
}

/// The agent gets the message, says something, and finishes.
pub async fn says(desk: &mut Desk, assignment: &Assignment, texts: &[&str]) -> Result<()> {
    let lease = &assignment.lease;
    desk.report(lease, vec![Report::Delivered]).await?;
    // Some of it before the end, some together with it.
    let mut events = texts.iter().map(|text| event(&lease.turn, text)).collect::<Result<Vec<_>>>()?;
    let with_the_end = events.split_off(events.len() / 2);
    if !events.is_empty() {
        desk.report(lease, events).await?;
    }
    desk.report(lease, with_the_end.into_iter().chain([ended(Ending::Succeeded)]).collect()).await
}

async fn answered(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    role(&app, "gauge").await?;
    let begun = start(&app, &mut desk, "gauge", json!({"driver": "codex", "issue": 7})).await?;
    assert_eq!((&begun["type"], &begun["status"], &begun["driver"]), (&json!("gauge"), &json!("running"), &json!("codex")), "{begun}");
    assert_eq!((&begun["repository"], &begun["issue"], &begun["started_at"]), (&json!("/srv/shop"), &json!(7), &Value::Null));
    let assignment = assigned(&mut desk, &begun["turn"]).await?;
    assert_eq!(assignment.text, "Issue #7.\n\nHow large is it?");
    assert_eq!(assignment.agent.model, None, "a model of one program is none of another");
    let told = assignment.agent.instructions.clone().context("instructions")?;
    assert!(told.starts_with("Measure.") && told.contains(BRIEFING) && told.contains("\"minimum\":1"), "{told}");
    // What the org makes of the agent afterwards is for later runs.
    let other = json!({"name": "gauge", "driver": "claude"});
    app.owner.send(Method::PUT, "/api/v1/agents/gauge", None, Some(&other)).await?.ok()?;
    let answer = "Here it is:\n```json\n{\"summary\": \"Five metres.\", \"size\": 5}\n```";
    says(&mut desk, &assignment, &["{\"size\": 0}", "working", answer]).await?;
    let done = run(&app, &begun).await?;
    assert_eq!((&done["status"], &done["summary"], &done["reasons"]), (&json!("succeeded"), &json!("Five metres."), &json!([])), "{done}");
    assert_eq!(done["result"], json!({"summary": "Five metres.", "size": 5}));
    assert!(done["started_at"].is_string() && done["ended_at"].is_string(), "{done}");
    let session = app.owner.get(&format!("/api/v1/sessions/{}", done["session"].as_str().unwrap())).await?;
    assert_eq!((&session["state"], &session["title"]), (&json!("idle"), &json!("gauge: How large is it?")));
    Ok(())
}

async fn corrected(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    role(&app, "gauge").await?;
    for (second, status) in [("{\"summary\": \"s\", \"size\": 1}", "succeeded"), ("{\"summary\": \"s\", \"size\": -1}", "invalid")] {
        let begun = start(&app, &mut desk, "gauge", json!({})).await?;
        let path = format!("/api/v1/sessions/{}/messages", begun["session"].as_str().unwrap());
        let first = assigned(&mut desk, &begun["turn"]).await?;
        // Somebody says something meanwhile; what is wrong with the answer comes before it.
        let thanks = app.owner.post(&path, &json!({"text": "and thanks"})).await?;
        says(&mut desk, &first, &["{\"summary\": \"s\", \"size\": 0}"]).await?;
        let told = run(&app, &begun).await?;
        assert_eq!((&told["status"], &told["reasons"]), (&json!("running"), &json!(["/size: 0 is less than 1"])), "{told}");
        assert_ne!(told["turn"], begun["turn"]);
        // The end of the first turn comes once more, as after a lost acknowledgement: it is not judged again.
        desk.next = 1;
        desk.report(&first.lease, vec![Report::Delivered, event(&first.lease.turn, "x")?, ended(Ending::Succeeded)]).await?;
        let correction = assigned(&mut desk, &told["turn"]).await?;
        assert!(correction.text.contains("\n- /size: 0 is less than 1\n"), "{}", correction.text);
        says(&mut desk, &correction, &[second]).await?;
        let done = run(&app, &begun).await?;
        assert_eq!(done["status"], status, "{done}");
        let reason = if status == "invalid" { "/size: -1 is less than 1" } else { "/size: 0 is less than 1" };
        assert_eq!(done["reasons"], json!([reason]), "{done}");
        let thanks = assigned(&mut desk, &thanks["turn"]["id"]).await?;
        assert_eq!(thanks.text, "and thanks");
        says(&mut desk, &thanks, &["{}"]).await?;
        assert_eq!(run(&app, &begun).await?, done, "other turns of the session are not its own");
        assert_eq!(app.owner.all(&path).await?.len(), 3, "it was told once");
    }
    Ok(())
}

async fn ended_otherwise(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    role(&app, "gauge").await?;
    for (ending, status, why) in [
        (Ending::Failed { reason: Reason::Auth }, "failed", "auth: The program is not logged in"),
        (Ending::Interrupted { reason: Reason::Crashed, delivered: true }, "failed", "crashed: The agent's process ended"),
        (Ending::Cancelled { reason: Reason::Interrupt }, "cancelled", "interrupt: A person interrupted"),
    ] {
        let begun = start(&app, &mut desk, "gauge", json!({})).await?;
        let assignment = assigned(&mut desk, &begun["turn"]).await?;
        desk.report(&assignment.lease, vec![Report::Delivered, event(&assignment.lease.turn, "{}")?, ended(ending)]).await?;
        let done = run(&app, &begun).await?;
        assert_eq!(done["status"], status, "{done}");
        assert!(done["reasons"][0].as_str().unwrap().starts_with(why) && done["summary"].is_string(), "{done}");
        assert!(done.get("result").is_none() && done["ended_at"].is_string(), "{done}");
    }
    // A session that is closed meanwhile takes no correction.
    let begun = start(&app, &mut desk, "gauge", json!({})).await?;
    let assignment = assigned(&mut desk, &begun["turn"]).await?;
    desk.report(&assignment.lease, vec![Report::Delivered]).await?;
    app.owner.post(&format!("/api/v1/sessions/{}/close", begun["session"].as_str().unwrap()), &json!({})).await?;
    assert_eq!(desk.ordered().await?.wish, Some(Wish::Stop));
    desk.report(&assignment.lease, vec![ended(Ending::Succeeded)]).await?;
    let done = run(&app, &begun).await?;
    assert_eq!((&done["status"], &done["reasons"]), (&json!("invalid"), &json!(["/: nothing was said"])), "{done}");
    // One that never began.
    let begun = start(&app, &mut desk, "gauge", json!({})).await?;
    assigned(&mut desk, &begun["turn"]).await?;
    let second = start(&app, &mut desk, "gauge", json!({})).await?;
    app.owner.post(&format!("/api/v1/turns/{}/interrupt", second["turn"].as_str().unwrap()), &json!({})).await?;
    assert_eq!(run(&app, &second).await?["status"], "cancelled", "the agent runs one turn at a time, so the second waited");
    assert_eq!(run(&app, &begun).await?["status"], "running");
    Ok(())
}

async fn searched(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    for (agent, text, said) in
        [("gauge", "About Tokyo", "100% sure"), ("gauge", "Osaka", "{\"summary\": \"Rain_y\"}"), ("ruler", "Kyoto", "")]
    {
        let agent_file = json!({"name": agent, "driver": "rehearse"});
        app.owner.send(Method::PUT, &format!("/api/v1/agents/{agent}"), None, Some(&agent_file)).await?.ok()?;
        // Ids of one millisecond have no order.
        app.world.advance(1);
        let begun = start(&app, &mut desk, agent, json!({ "text": text })).await?;
        let assignment = assigned(&mut desk, &begun["turn"]).await?;
        assert_eq!(assignment.agent.instructions, None, "an agent without a schema is told nothing about its answer");
        if agent == "gauge" {
            says(&mut desk, &assignment, &[said]).await?;
        }
    }
    for (query, texts) in [
        ("", &["Kyoto", "Osaka", "About Tokyo"][..]),
        ("?type=gauge", &["Osaka", "About Tokyo"]),
        ("?type=gau", &[]),
        ("?status=running", &["Kyoto"]),
        ("?status=succeeded&q=about", &["About Tokyo"]),
        ("?q=100%25", &["About Tokyo"]),
        ("?q=10%25%25", &[]),
        ("?q=rain_y", &["Osaka"]),
        ("?q=rain.y", &[]),
    ] {
        let found = app.owner.all(&format!("/api/v1/runs{query}")).await?;
        let found: Vec<&str> = found.iter().map(|run| run["text"].as_str().unwrap()).collect();
        assert_eq!(found, texts, "{query}");
    }
    let page = app.owner.get("/api/v1/runs?limit=2").await?;
    let next = app.owner.get(&format!("/api/v1/runs?limit=2&cursor={}", page["next_cursor"].as_str().unwrap())).await?;
    assert_eq!((page["items"].as_array().unwrap().len(), next["items"][0]["text"].as_str()), (2, Some("About Tokyo")));
    assert!(page["items"][1].get("result").is_none(), "lists leave results out: {page}");
    let whole = run(&app, &page["items"][1]).await?;
    assert_eq!(whole["result"], json!({"summary": "Rain_y"}));
    let plain = run(&app, &next["items"][0]).await?;
    assert_eq!((&plain["result"], &plain["summary"]), (&json!("100% sure"), &json!("100% sure")));
    let wrong = app.owner.send(Method::GET, "/api/v1/runs?status=lost", None, None).await?;
    assert_eq!((wrong.status, &wrong.body["errors"][0]["field"]), (400, &json!("status")));
    Ok(())
}

async fn refused(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    role(&app, "gauge").await?;
    let begun = start(&app, &mut desk, "market-research", json!({"driver": "rehearse"})).await?;
    let project = begun["project"].clone();
    for (agent, more, status, field) in [
        ("nobody", json!({}), 404, ""),
        ("gauge", json!({"driver": "command"}), 422, "/driver"),
        ("gauge", json!({"issue": 0}), 422, "/issue"),
        ("gauge", json!({"text": " "}), 422, "/text"),
        ("gauge", json!({"project": "none"}), 422, "/project"),
        ("gauge", json!({"base": "nowhere"}), 422, ""),
        ("gauge", json!({"wish": 1}), 400, "/wish"),
    ] {
        let mut body = json!({"project": project, "text": "x"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let path = format!("/api/v1/agents/{agent}/runs");
        let reply = desk.while_hearing(app.owner.send(Method::POST, &path, None, Some(&body))).await?;
        assert_eq!(reply.status, status, "{agent} {more}: {}", reply.body);
        if !field.is_empty() {
            assert_eq!(reply.body["errors"][0]["field"], field, "{}", reply.body);
        }
    }
    let output = json!({"name": "gauge", "driver": "claude", "output": {"type": "object", "pattern": "x"}});
    let reply = app.owner.send(Method::PUT, "/api/v1/agents/gauge", None, Some(&output)).await?;
    assert!(reply.status == 400 && reply.body.to_string().contains("/output: /pattern: unknown"), "{}", reply.body);
    assert_eq!(app.owner.all("/api/v1/runs").await?.len(), 1, "what was refused left nothing behind");
    // Once for one key, also at the same time.
    let body = json!({"project": project, "text": "once"});
    let twice = async {
        let post = || app.owner.post_keyed("/api/v1/agents/gauge/runs", "k", &body);
        futures_util::future::try_join(post(), post()).await
    };
    let (one, other) = desk.while_hearing(twice).await?;
    let made: Vec<_> = [one, other].into_iter().filter(|reply| reply.status == 201).map(|reply| reply.body["id"].clone()).collect();
    assert!(!made.is_empty() && made.iter().all(|id| *id == made[0]), "{made:?}");
    let again = app.owner.post_keyed("/api/v1/agents/gauge/runs", "k", &body).await?;
    assert_eq!((again.status, &again.body["id"]), (201, &made[0]));
    assert_eq!(app.owner.all("/api/v1/runs").await?.len(), 2);
    assert_eq!(app.owner.all("/api/v1/sessions").await?.len(), 2);
    Ok(())
}

async fn of_a_project(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    role(&app, "meter").await?;
    // A file over the org's agent of the same name.
    let begun = start(&app, &mut desk, "meter", json!({})).await?;
    let agent = assigned(&mut desk, &begun["turn"]).await?.agent;
    let told = agent.instructions.clone().context("instructions")?;
    assert!(told.starts_with("Measure twice.") && told.contains(BRIEFING), "{told}");
    assert_eq!((agent.model.as_deref(), agent.budget_usd, agent.concurrent), (Some("m"), Some(MicroUsd(1_000_000)), Some(1)));
    let session = app.owner.get(&format!("/api/v1/sessions/{}", begun["session"].as_str().unwrap())).await?;
    assert_eq!(session["budget_usd"], 1.0, "{session}");
    // A file alone narrows what its program may do.
    let begun = start(&app, &mut desk, "narrow", json!({})).await?;
    let agent = assigned(&mut desk, &begun["turn"]).await?.agent;
    let codex = Agent::built_in().iter().find(|agent| agent.name == "codex").context("codex")?;
    assert_eq!((agent.name.as_str(), agent.driver, agent.model.as_deref()), ("narrow", codex.driver, Some("m")));
    assert_eq!((&agent.rules.allow, &agent.rules.ask), (&codex.rules.allow, &codex.rules.ask));
    assert_eq!(agent.rules.deny.iter().map(ToString::to_string).collect::<Vec<_>>(), ["Bash"]);
    assert_eq!(begun["driver"], "codex");
    // One that would widen it is refused, and says where.
    let body = json!({"project": begun["project"], "text": "x"});
    let reply = desk.while_hearing(app.owner.send(Method::POST, "/api/v1/agents/wide/runs", None, Some(&body))).await?;
    let said = reply.body["detail"].as_str().unwrap_or_default().to_owned();
    assert_eq!(reply.status, 422, "{}", reply.body);
    assert!(said.contains(".fugue/agents/wide.md at c0ffee cannot be used: line 3, `rules.allow`"), "{said}");
    let nobody = desk.while_hearing(app.owner.send(Method::POST, "/api/v1/agents/nobody/runs", None, Some(&body))).await?;
    assert_eq!((nobody.status, &nobody.body["type"]), (404, &json!("/problems/not-found")));
    assert_eq!(app.owner.all("/api/v1/runs").await?.len(), 2);
    Ok(())
}

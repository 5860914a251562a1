//! The life of a task: written down, worked on by a simulated node, checked, approved, merged; and everything that can come between. On both
//! databases.

use crate::app::{App, on_both};
use crate::bench::{Bench, checked, ran};
use crate::turns::ended;
use anyhow::Result;
use fugue_domain::id::JobId;
use fugue_domain::job::{Change, Checked, Commit, Merged, Outcome, Work};
use fugue_domain::link::Report;
use fugue_domain::reason::Reason;
use fugue_domain::turn::{Ending, Wish};
use fugue_hub::task::{Judged, MergeEnd};
use reqwest::Method;
use serde_json::{Value, json};

on_both! {
    whole_life whole_life_on_sqlite whole_life_on_postgres;
    red_checks red_checks_on_sqlite red_checks_on_postgres;
    people people_on_sqlite people_on_postgres;
    merging merging_on_sqlite merging_on_postgres;
    nothing_done nothing_done_on_sqlite nothing_done_on_postgres;
    dependencies dependencies_on_sqlite dependencies_on_postgres;
    refused refused_on_sqlite refused_on_postgres;
    edited edited_on_sqlite edited_on_postgres;
}

fn landed(head: &str) -> MergeEnd {
    let commits = vec![Commit { id: "m1".into(), title: "Fix login".into() }];
    MergeEnd::Landed {
        head: head.into(),
        from: "c0ffee".into(),
        to: "m1".into(),
        commits,
        ran: vec![ran("test", 0, "")],
        published: None,
        behind: None,
        job: JobId::from_bits(7),
    }
}

async fn whole_life(app: App) -> Result<()> {
    let mut bench = Bench::at(app).await?;
    let ids = bench
        .add(json!([
            {"key": "a", "title": "Fix login", "description": "It is broken.", "acceptance": "One can log in.", "budget_usd": 2.5, "labels": ["ui"]},
            {"title": "Say so", "needs": ["a"], "priority": 5},
        ]))
        .await?;
    let (first, second) = (&ids[0], &ids[1]);
    assert_eq!(bench.is(second, "blocked").await?["blocked_by"][0]["title"], "Fix login");
    let begun = bench.assigned().await?;
    assert!(begun.text.starts_with("# Fix login\n\nIt is broken.") && begun.text.contains("One can log in."), "{}", begun.text);
    let working = bench.is(first, "working").await?;
    assert_eq!((&working["session"], &working["session_state"]), (&json!(begun.lease.session), &json!("busy")), "{working:#}");
    assert_eq!(bench.app.owner.get(&format!("/api/v1/sessions/{}", begun.lease.session)).await?["budget_usd"], 2.5);
    bench.ends(&begun, Ending::Succeeded).await?;
    let (job, work) = bench.given().await?;
    let Work::Check { place, target, message, .. } = &work else { panic!("{work:?}") };
    assert_eq!((&place.session, target.as_str()), (&begun.lease.session, "main"));
    assert!(message.starts_with("Fix login\n\n"), "{message}");
    assert_eq!(bench.job_ends(&job, checked("h1", vec![ran("test", 0, "ok")])).await?, "stored");
    assert_eq!(bench.job_ends(&job, checked("h2", vec![])).await?, "stored", "the first outcome counts");
    let review = bench.is(first, "review").await?;
    assert_eq!((&review["head"], &review["evidence"]["change"]["added"]), (&json!("h1"), &json!(3)), "{review:#}");
    assert_eq!(review["evidence"]["job"], json!(job), "the job whose whole outputs can be read");
    let diff = bench.desk.while_hearing(bench.app.owner.get(&format!("/api/v1/tasks/{first}/diff"))).await?;
    assert_eq!(diff["text"], "from c0ffee to Some(\"h1\")");
    let (status, merging) = bench.verb(first, "approve", json!({"text": "fine"})).await?;
    assert_eq!((status, &merging["state"]), (200, &json!("merging")), "{merging:#}");
    assert_eq!(merging["evidence"]["verdicts"][0]["words"], "fine");
    bench.merges(first, MergeEnd::Waits("somebody works there".into())).await?;
    let waits = bench.get(first).await?;
    assert_eq!((&waits["why"], &waits["saying"]), (&json!("somebody works there"), &Value::Null), "a node's words are only words");
    bench.merges(first, landed("h0")).await?;
    bench.is(first, "merging").await?;
    bench.merges(first, landed("h1")).await?;
    bench.merges(first, landed("h1")).await?;
    let done = bench.is(first, "done").await?;
    assert_eq!(
        (&done["session"], &done["evidence"]["landed"][0]["id"], &done["why"]),
        (&Value::Null, &json!("m1"), &Value::Null),
        "{done:#}"
    );
    assert_eq!(done["evidence"]["merge_job"], json!(JobId::from_bits(7)));
    let states: Vec<&str> = done["story"].as_array().unwrap().iter().map(|entry| entry["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["ready", "working", "checking", "review", "merging", "merging", "done"], "each thing is told once");
    assert_eq!(bench.app.owner.get(&format!("/api/v1/sessions/{}", begun.lease.session)).await?["state"], "closed");
    // Its end let the other one begin.
    let next = bench.assigned().await?;
    assert!(next.text.contains("## What is done already\n\n- Fix login"), "{}", next.text);
    bench.is(second, "working").await?;
    assert_eq!(bench.app.owner.all("/api/v1/tasks?label=ui&q=LOGIN&project=shop").await?.len(), 1);
    assert_eq!(bench.app.owner.all("/api/v1/tasks?label=u").await?.len(), 0, "a label is one word, not a part of one");
    bench.nothing_left().await
}

async fn red_checks(app: App) -> Result<()> {
    let mut bench = Bench::at(app).await?;
    let id = bench.add(json!([{"title": "Fix login"}])).await?.remove(0);
    let turn = bench.assigned().await?;
    bench.checks(&id, &turn, checked("h1", vec![ran("lint", 0, ""), ran("test", 1, "assertion failed at 17")])).await?;
    let again = bench.assigned().await?;
    assert_eq!(again.lease.session, turn.lease.session, "the same session hears of it");
    for part in ["**test** ended with 1: `make test`", "assertion failed at 17", "Passed: lint.", "try 2 of 3"] {
        assert!(again.text.contains(part), "{part:?} in {}", again.text);
    }
    assert_eq!(bench.is(&id, "working").await?["attempt"], 2);
    bench.checks(&id, &again, checked("h2", vec![ran("test", 1, "assertion failed at 18")])).await?;
    let stuck = bench.is(&id, "needs_human").await?;
    assert_eq!((&stuck["need"], &stuck["attempt"]), (&json!("same_failure"), &json!(2)), "{stuck:#}");
    assert!(stuck["why"].as_str().unwrap().contains("test ended with 1") && stuck["hint"].is_string(), "{stuck:#}");
    let red = json!([{"name": "test", "exit": {"code": 1}}]);
    assert_eq!(stuck["saying"], json!({"says": "needs", "need": "same_failure", "red": red}), "for those who read another language");
    let (first, last) = (&stuck["story"][0]["saying"], &stuck["story"].as_array().unwrap().last().unwrap()["saying"]);
    assert_eq!((&first["says"], &last["says"], &last["red"]), (&json!("written_down"), &json!("checked"), &red), "{stuck:#}");
    // A person says more, and it begins to count anew.
    let (status, retried) = bench.verb(&id, "retry", json!({"text": "use the other door"})).await?;
    assert_eq!((status, &retried["state"], &retried["attempt"]), (200, &json!("working"), &json!(1)), "{retried:#}");
    let mut turn = bench.assigned().await?;
    assert!(turn.text.contains("use the other door"), "{}", turn.text);
    for (head, tail) in [("h3", "one"), ("h4", "two")] {
        bench.checks(&id, &turn, checked(head, vec![ran("test", 1, tail)])).await?;
        turn = bench.assigned().await?;
    }
    bench.checks(&id, &turn, checked("h5", vec![ran("test", 1, "three")])).await?;
    let stuck = bench.is(&id, "needs_human").await?;
    assert_eq!((&stuck["need"], &stuck["attempt"]), (&json!("attempts_used_up"), &json!(3)), "{stuck:#}");
    assert_eq!(stuck["evidence"]["ran"][0]["tail"], "three");
    // The agent fails: the reason is told.
    bench.verb(&id, "retry", json!({})).await?;
    let turn = bench.assigned().await?;
    bench.ends(&turn, Ending::Failed { reason: Reason::Auth }).await?;
    let stuck = bench.is(&id, "needs_human").await?;
    assert!(stuck["need"] == "agent_failed" && stuck["why"].as_str().unwrap().starts_with("auth:"), "{stuck:#}");
    assert_eq!((&stuck["saying"]["says"], &stuck["saying"]["reason"]), (&json!("agent_failed"), &json!("auth")), "{stuck:#}");
    bench.nothing_left().await
}

async fn people(app: App) -> Result<()> {
    let mut bench = Bench::at(app).await?;
    let ids = bench.add(json!([{"title": "Fix login"}])).await?;
    let id = &ids[0];
    let turn = bench.assigned().await?;
    let (status, taken) = bench.verb(id, "take-over", json!({})).await?;
    assert_eq!((status, &taken["state"], &taken["need"]), (200, &json!("needs_human"), &json!("taken_over")), "{taken:#}");
    assert_eq!(bench.desk.ordered().await?.wish, Some(Wish::Stop), "the agent is stopped");
    // What comes of its turn is nobody's business any more.
    bench.ends(&turn, Ending::Cancelled { reason: Reason::Stop }).await?;
    let taken = bench.is(id, "needs_human").await?;
    assert_eq!((&taken["need"], &taken["session_state"]), (&json!("taken_over"), &json!("idle")), "the worktree stays: {taken:#}");
    assert_eq!(bench.verb(id, "take-over", json!({})).await?.0, 409);
    let (status, handed) = bench.verb(id, "submit", json!({})).await?;
    assert_eq!((status, &handed["state"]), (200, &json!("checking")), "{handed:#}");
    // Cancelling ends the job, and closes the session.
    let job = bench.given().await?.0;
    let (status, gone) = bench.verb(id, "cancel", json!({"text": "no longer"})).await?;
    assert_eq!((status, &gone["state"]), (200, &json!("cancelled")), "{gone:#}");
    assert!(gone["story"].as_array().unwrap().last().unwrap()["words"].as_str().unwrap().contains("no longer"));
    assert_eq!(bench.job_ends(&job, checked("h1", vec![])).await?, "dropped", "nobody awaits it");
    assert_eq!(bench.app.owner.get(&format!("/api/v1/sessions/{}", turn.lease.session)).await?["state"], "closed");
    bench.nothing_left().await?;
    assert_eq!(bench.verb(id, "cancel", json!({})).await?.0, 409);
    // Tried again, it begins anew, in another session.
    assert_eq!(bench.verb(id, "retry", json!({})).await?.0, 200);
    let anew = bench.assigned().await?;
    assert_ne!(anew.lease.session, turn.lease.session);
    assert!(anew.text.starts_with("# Fix login"), "{}", anew.text);
    // A session that was closed by hand took the worktree with it: it begins anew once more.
    let close = format!("/api/v1/sessions/{}/close", anew.lease.session);
    bench.desk.while_hearing(bench.app.owner.post(&close, &json!({}))).await?;
    bench.ends(&anew, Ending::Cancelled { reason: Reason::Stop }).await?;
    bench.is(id, "needs_human").await?;
    assert_eq!(bench.verb(id, "submit", json!({})).await?.0, 409, "there is nothing to hand in");
    assert_eq!(bench.verb(id, "retry", json!({})).await?.0, 200);
    let last = bench.assigned().await?;
    assert_ne!(last.lease.session, anew.lease.session);
    assert_eq!(bench.get(id).await?["sessions"].as_array().unwrap().len(), 3);
    // A draft begins when it is started.
    let body = json!({"project": "shop", "draft": true, "tasks": [{"title": "Later", "agent": "rehearse"}]});
    let later = bench.app.owner.post("/api/v1/tasks", &body).await?["items"][0]["id"].as_str().unwrap().to_owned();
    bench.is(&later, "draft").await?;
    assert_eq!(bench.verb(&later, "approve", json!({})).await?.0, 409);
    assert_eq!(bench.verb(&later, "start", json!({})).await?.0, 200);
    assert!(bench.assigned().await?.text.starts_with("# Later"));
    bench.nothing_left().await
}

async fn merging(app: App) -> Result<()> {
    let mut bench = Bench::at(app).await?;
    let id = bench.add(json!([{"title": "Fix login"}])).await?.remove(0);
    let mut turn = bench.assigned().await?;
    let (task, detail) = (id.parse()?, "<<<<<<< main\nx\n=======\ny".into());
    let conflict = Merged::Conflict { task, onto: "c1".into(), files: vec!["a.rs".into()], detail };
    let red = Merged::Red { onto: "c2".into(), ran: vec![ran("test", 1, "they do not go together")] };
    for (head, end, parts) in [
        ("h1", conflict, ["- `a.rs`", "git rebase c1", "what each side wanted"]),
        ("h2", red, ["they do not go together", "git rebase c2", ""]),
    ] {
        bench.checks(&id, &turn, checked(head, vec![])).await?;
        bench.verb(&id, "approve", json!({})).await?;
        bench.is(&id, "merging").await?;
        let job = bench.given().await?.0;
        assert_eq!(bench.job_ends(&job, Outcome::Merged(end)).await?, "stored");
        turn = bench.assigned().await?;
        assert!(parts.iter().all(|part| turn.text.contains(part)), "{}", turn.text);
    }
    // Another commit: what was said about the one before counts no more.
    bench.checks(&id, &turn, checked("h3", vec![])).await?;
    let review = bench.is(&id, "review").await?;
    assert!(review["evidence"]["verdicts"].as_array().unwrap().iter().all(|verdict| verdict["stale"] == true), "{review:#}");
    let judged = |head: &str, approved| Judged {
        head: head.into(),
        approved,
        by: "reviewer".into(),
        run: None,
        words: None,
        message: "A reviewer asks for changes: mind the gap.".into(),
    };
    bench.reviews(&id, judged("h2", true)).await?;
    bench.is(&id, "review").await?;
    bench.reviews(&id, judged("h3", false)).await?;
    let stuck = bench.is(&id, "needs_human").await?;
    assert_eq!(stuck["need"], "attempts_used_up", "three tries are used up: {stuck:#}");
    bench.verb(&id, "retry", json!({"text": "again"})).await?;
    let turn = bench.assigned().await?;
    bench.checks(&id, &turn, checked("h4", vec![])).await?;
    bench.reviews(&id, judged("h4", false)).await?;
    let turn = bench.assigned().await?;
    assert_eq!(turn.text, "A reviewer asks for changes: mind the gap.");
    bench.checks(&id, &turn, checked("h5", vec![])).await?;
    bench.verb(&id, "approve", json!({})).await?;
    // It had landed when a person took it over: what has landed is done.
    let job = bench.given().await?.0;
    bench.verb(&id, "take-over", json!({})).await?;
    let (commits, ran) = (vec![Vec::new()], Vec::new());
    let moved = Merged::Landed { from: "c0ffee".into(), to: "m1".into(), commits, ran, published: None, behind: None };
    assert_eq!(bench.job_ends(&job, Outcome::Merged(moved)).await?, "stored");
    bench.is(&id, "done").await?;
    bench.nothing_left().await
}

async fn nothing_done(app: App) -> Result<()> {
    let mut bench = Bench::at(app).await?;
    let id = bench.add(json!([{"title": "Fix login"}])).await?.remove(0);
    let nothing =
        || Outcome::Checked(Checked { head: "c0ffee".into(), base: "c0ffee".into(), change: Change::default(), ran: vec![], edited: None });
    let turn = bench.assigned().await?;
    bench.checks(&id, &turn, nothing()).await?;
    assert_eq!(bench.is(&id, "needs_human").await?["need"], "nothing_changed");
    // The same, after a rule forbade what it wanted to do.
    bench.verb(&id, "retry", json!({})).await?;
    let turn = bench.assigned().await?;
    let judged = json!({"at": "2026-11-21T00:58:20.776Z", "turn": turn.lease.turn, "type": "tool.judged", "call": "1", "tool": "Edit", "verdict": "deny", "rule": "Edit"});
    let event = Report::Event(serde_json::value::RawValue::from_string(judged.to_string())?);
    bench.desk.report(&turn.lease, vec![Report::Delivered, event, ended(Ending::Succeeded)]).await?;
    let job = bench.given().await?.0;
    bench.job_ends(&job, nothing()).await?;
    assert_eq!(bench.is(&id, "needs_human").await?["need"], "writes_denied");
    // A change of what it is checked with is shown, and lets nothing through by itself.
    bench.verb(&id, "retry", json!({})).await?;
    let turn = bench.assigned().await?;
    let Outcome::Checked(mut edited) = checked("h1", vec![]) else { unreachable!() };
    edited.edited = Some(vec!["fugue.toml".into()]);
    bench.checks(&id, &turn, Outcome::Checked(edited)).await?;
    let asks = bench.is(&id, "needs_human").await?;
    assert!(asks["need"] == "checks_edited" && asks["why"].as_str().unwrap().contains("fugue.toml"), "{asks:#}");
    let (status, passed) = bench.verb(&id, "approve", json!({})).await?;
    assert_eq!((status, &passed["state"]), (200, &json!("merging")), "{passed:#}");
    bench.given().await?;
    // A change that nobody could judge is reviewed again, or a person lets it pass.
    let unjudged = bench.add(json!([{"title": "Unjudged"}])).await?.remove(0);
    let turn = bench.assigned().await?;
    bench.checks(&unjudged, &turn, checked("h2", vec![])).await?;
    for verb in ["retry", "approve"] {
        bench.cannot(&unjudged, "the reviewer is away").await?;
        assert_eq!(bench.is(&unjudged, "needs_human").await?["need"], "review_failed");
        assert_eq!(bench.verb(&unjudged, verb, json!({})).await?.0, 200, "{verb}");
    }
    bench.is(&unjudged, "merging").await?;
    // A node that could not do it says so.
    let other = bench.add(json!([{"title": "Other"}])).await?.remove(0);
    let turn = bench.assigned().await?;
    bench.checks(&other, &turn, Outcome::Impossible("the disk is full".into())).await?;
    let asks = bench.is(&other, "needs_human").await?;
    assert_eq!((&asks["need"], &asks["why"]), (&json!("impossible"), &json!("the disk is full")), "{asks:#}");
    bench.nothing_left().await
}

async fn dependencies(app: App) -> Result<()> {
    let mut bench = Bench::at(app).await?;
    let draft = |tasks: Value| json!({"project": "shop", "draft": true, "tasks": tasks});
    let circle = draft(
        json!([{"key": "a", "title": "A", "needs": ["b"]}, {"key": "b", "title": "B", "needs": ["c"]}, {"key": "c", "title": "C", "needs": ["a"]}]),
    );
    let reply = bench.app.owner.send(Method::POST, "/api/v1/tasks", None, Some(&circle)).await?;
    let said = reply.body["detail"].as_str().unwrap_or_default().to_owned();
    assert_eq!(reply.status, 422, "{}", reply.body);
    assert!(said.starts_with("/tasks: the tasks need each other in a circle: \"") && said.matches(" needs ").count() == 3, "{said}");
    assert_eq!(bench.app.owner.all("/api/v1/tasks").await?.len(), 0, "all or none");
    let made = bench
        .app
        .owner
        .post(
            "/api/v1/tasks",
            &draft(json!([{"key": "a", "title": "A"}, {"key": "b", "title": "B", "needs": ["a"]}, {"title": "C", "needs": ["b", "a"]}])),
        )
        .await?;
    let ids: Vec<String> = made["items"].as_array().unwrap().iter().map(|task| task["id"].as_str().unwrap().to_owned()).collect();
    let path = format!("/api/v1/tasks/{}", ids[0]);
    let reply = bench.app.owner.send(Method::PATCH, &path, None, Some(&json!({"needs": [ids[2]]}))).await?;
    let said = reply.body["detail"].as_str().unwrap_or_default().to_owned();
    assert!(reply.status == 422 && said.starts_with("/needs: ") && said.contains("\"A\"") && said.contains("\"C\""), "{}", reply.body);
    assert_eq!(bench.get(&ids[0]).await?["needs"], json!([]), "nothing was changed");
    let blocks = bench.get(&ids[0]).await?;
    assert_eq!(blocks["blocks"].as_array().unwrap().len(), 2, "{blocks:#}");
    // Started, the last waits for both; without needs it is ready.
    assert_eq!(bench.verb(&ids[2], "start", json!({})).await?.1["state"], "blocked");
    let free = bench.app.owner.send(Method::PATCH, &format!("/api/v1/tasks/{}", ids[2]), None, Some(&json!({"needs": []}))).await?;
    assert!(free.status == 200 && free.body["blocked_by"] == json!([]) && free.body["state"] != "blocked", "{}", free.body);
    Ok(())
}

async fn refused(app: App) -> Result<()> {
    let bench = Bench::at(app).await?;
    let long = "x".repeat(70_000);
    let one = |task: Value| json!({"project": "shop", "tasks": [task]});
    for (body, field) in [
        (json!({"project": "nowhere", "tasks": [{"title": "A"}]}), "/project"),
        (json!({"project": "shop", "tasks": []}), "/tasks"),
        (one(json!({"title": " "})), "/tasks/0/title"),
        (one(json!({"title": "A", "description": long})), "/tasks/0/description"),
        (one(json!({"title": "A", "priority": 101})), "/tasks/0/priority"),
        (one(json!({"title": "A", "labels": ["a", "b\nc"]})), "/tasks/0/labels/1"),
        (one(json!({"title": "A", "needs": ["tsk_00000000000000000000000000"]})), "/tasks/0/needs/0"),
        (one(json!({"title": "A", "needs": ["soon"]})), "/tasks/0/needs/0"),
        (one(json!({"title": "A", "agent": "No Such"})), "/tasks/0/agent"),
        (json!({"project": "shop", "tasks": [{"key": "a", "title": "A"}, {"key": "a", "title": "B"}]}), "/tasks/1/key"),
    ] {
        let reply = bench.app.owner.send(Method::POST, "/api/v1/tasks", None, Some(&body)).await?;
        assert_eq!((reply.status, &reply.body["errors"][0]["field"]), (422, &json!(field)), "{}", reply.body);
    }
    assert_eq!(bench.app.owner.all("/api/v1/tasks").await?.len(), 0);
    // Twice under one key is once.
    let body = json!({"project": "shop", "draft": true, "tasks": [{"title": "A"}, {"title": "B"}]});
    let one = bench.app.owner.post_keyed("/api/v1/tasks", "k", &body).await?;
    let two = bench.app.owner.post_keyed("/api/v1/tasks", "k", &body).await?;
    assert_eq!((one.status, &one.body), (201, &two.body));
    assert_eq!(bench.app.owner.all("/api/v1/tasks").await?.len(), 2);
    // Somebody else's task answers like one that is not there, and who only looks changes nothing.
    let id = one.body["items"][0]["id"].as_str().unwrap().to_owned();
    let stranger = bench.app.token(json!({"name": "else", "role": "admin", "org": "else"})).await?;
    for (method, path) in [
        (Method::GET, format!("/api/v1/tasks/{id}")),
        (Method::GET, format!("/api/v1/tasks/{id}/diff")),
        (Method::POST, format!("/api/v1/tasks/{id}/cancel")),
    ] {
        assert_eq!(stranger.send(method, &path, None, None).await?.status, 404, "{path}");
    }
    assert_eq!(stranger.all("/api/v1/tasks").await?.len(), 0);
    let viewer = bench.app.caller("viewer").await?;
    assert_eq!(viewer.send(Method::POST, &format!("/api/v1/tasks/{id}/cancel"), None, None).await?.status, 403);
    let operator = bench.app.caller("operator").await?;
    assert_eq!(operator.send(Method::POST, &format!("/api/v1/tasks/{id}/approve"), None, None).await?.status, 403);
    Ok(())
}

async fn edited(app: App) -> Result<()> {
    let mut bench = Bench::at(app).await?;
    let id = bench.add(json!([{"title": "Fix login"}])).await?.remove(0);
    let turn = bench.assigned().await?;
    let path = format!("/api/v1/tasks/{id}");
    let change = json!({"title": "Fix the login", "priority": 7, "budget_usd": 4, "labels": ["ui", "now"], "links": ["https://a.example"]});
    let reply = bench.app.owner.send(Method::PATCH, &path, None, Some(&change)).await?;
    assert_eq!(
        (reply.status, &reply.body["title"], &reply.body["labels"]),
        (200, &json!("Fix the login"), &json!(["ui", "now"])),
        "{}",
        reply.body
    );
    assert_eq!(bench.app.owner.get(&format!("/api/v1/sessions/{}", turn.lease.session)).await?["budget_usd"], 4.0);
    for (change, status) in
        [(json!({"description": "else"}), 409), (json!({"agent": "claude"}), 409), (json!({}), 422), (json!({"priority": -101}), 422)]
    {
        let reply = bench.app.owner.send(Method::PATCH, &path, None, Some(&change)).await?;
        assert_eq!(reply.status, status, "{change} {}", reply.body);
        assert!(reply.body["hint"].is_string(), "{}", reply.body);
    }
    bench.verb(&id, "cancel", json!({})).await?;
    let reply = bench.app.owner.send(Method::PATCH, &path, None, Some(&json!({"title": "Too late"}))).await?;
    assert_eq!(reply.status, 409, "{}", reply.body);
    bench.nothing_left().await
}

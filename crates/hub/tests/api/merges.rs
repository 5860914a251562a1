//! A change is judged by an agent and by a person, waits in its queue, and is merged: told by a simulated node, on both databases.

use crate::app::{App, on_both};
use crate::bench::{Bench, checked, ran};
use crate::node::event;
use crate::turns::ended;
use anyhow::{Context, Result};
use fugue_domain::check::Progress;
use fugue_domain::id::JobId;
use fugue_domain::job::{Commit, Merge, Merged, Outcome, Work};
use fugue_domain::link::Report;
use fugue_domain::turn::Ending;
use reqwest::Method;
use serde_json::{Value, json};

on_both! {
    judged judged_on_sqlite judged_on_postgres;
    queued queued_on_sqlite queued_on_postgres;
    not_judged not_judged_on_sqlite not_judged_on_postgres;
}

/// The reviewer gives its answer. Whether it was asked about this commit.
async fn reviewer_says(bench: &mut Bench, commit: &str, answer: &Value) -> Result<()> {
    let turn = bench.asked_to_review().await?;
    // What comes later is newer by the clock.
    bench.app.world.advance(1);
    assert_eq!(turn.agent.name, "reviewer");
    assert!(turn.text.contains(&format!("git diff c0ffee...{commit}")) && turn.text.contains("Fix login"), "{}", turn.text);
    let said = event(&turn.lease.turn, &format!("```json\n{answer}\n```"))?;
    bench.desk.report(&turn.lease, vec![Report::Delivered, said, ended(Ending::Succeeded)]).await?;
    let session = bench.app.owner.get(&format!("/api/v1/sessions/{}", turn.lease.session)).await?;
    assert_eq!(session["state"], "closed", "a reviewer's worktree is given back: {session:#}");
    Ok(())
}

fn answer(verdict: &str, commit: &str, findings: &Value) -> Value {
    json!({"summary": "It lets everybody in, which is not what was asked for.", "verdict": verdict, "commit": commit, "findings": findings})
}

async fn reviews(bench: &Bench, id: &str) -> Result<Vec<Value>> {
    let page = bench.app.owner.get(&format!("/api/v1/tasks/{id}/reviews")).await?;
    Ok(page["items"].as_array().context("items")?.clone())
}

/// The merge that the node is asked for next.
async fn merge(bench: &mut Bench) -> Result<(JobId, Merge)> {
    match bench.given().await? {
        (job, Work::Merge(merge)) => Ok((job, merge)),
        (_, other) => anyhow::bail!("the node was asked for {other:?}"),
    }
}

fn landed(count: usize) -> Outcome {
    let commits = (0..count).map(|number| vec![Commit { id: format!("m{number}"), title: "Fix login".into() }]).collect();
    Outcome::Merged(Merged::Landed { from: "c0ffee".into(), to: "m".into(), commits, ran: Vec::new(), published: None, behind: None })
}

async fn judged(app: App) -> Result<()> {
    let mut bench = Bench::at(app).await?;
    let id = bench.add(json!([{"title": "Fix login"}])).await?.remove(0);
    let turn = bench.assigned().await?;
    bench.checks(&id, &turn, checked("c0de1111", vec![])).await?;
    let finding = json!([{"severity": "blocking", "file": "src/login.rs", "line": 7, "what": "Everybody gets in.", "why": "The test is turned round.",
        "suggestion": "Turn it back."}]);
    reviewer_says(&mut bench, "c0de1111", &answer("approve", "c0de1111", &finding)).await?;
    let again = bench.assigned().await?;
    assert_eq!(again.lease.session, turn.lease.session);
    assert!(again.text.contains("- src/login.rs:7: Everybody gets in.\n  The test is turned round."), "{}", again.text);
    bench.checks(&id, &again, checked("c0de2222", vec![])).await?;
    reviewer_says(&mut bench, "c0de2222", &answer("approve", "c0de2", &json!([]))).await?;
    // Nothing is checked on the merged tree, so a person has to agree; and with what there is now.
    bench.is(&id, "review").await?;
    let judge = async |bench: &mut Bench, body: Value| {
        bench.app.world.advance(1);
        let judged = bench.verb(&id, "review", body).await;
        bench.app.world.advance(1);
        judged
    };
    let (status, stale) = judge(&mut bench, json!({"verdict": "approve", "commit": "c0de1111"})).await?;
    assert_eq!((status, &stale["type"]), (409, &json!("/problems/stale-review")), "{stale}");
    let (status, wrong) = judge(&mut bench, json!({"verdict": "request_changes", "commit": "c0de2222"})).await?;
    assert_eq!((status, &wrong["errors"][0]["field"]), (422, &json!("/comments")), "{wrong}");
    let comment = json!({"file": "src/login.rs", "line": 9, "text": "Say why."});
    let (status, made) = judge(&mut bench, json!({"verdict": "request_changes", "commit": "c0de2222", "comments": [comment]})).await?;
    assert_eq!((status, &made["verdict"], &made["state"]), (201, &json!("request_changes"), &json!("ended")), "{made}");
    let again = bench.assigned().await?;
    assert!(again.text.starts_with("A person has read the change") && again.text.contains("- src/login.rs:9: Say why."), "{}", again.text);
    bench.checks(&id, &again, checked("c0de3333", vec![])).await?;
    // The agent that is still at it need not go on.
    let turn = bench.asked_to_review().await?;
    assert_eq!(judge(&mut bench, json!({"verdict": "approve", "commit": "c0de3333"})).await?.0, 201);
    bench.is(&id, "merging").await?;
    bench
        .desk
        .report(&turn.lease, vec![Report::Delivered, ended(Ending::Cancelled { reason: fugue_domain::reason::Reason::Stop })])
        .await?;
    let all = reviews(&bench, &id).await?;
    let seen: Vec<_> =
        all.iter().map(|review| (review["state"].as_str().unwrap(), review["verdict"].as_str(), review["stale"] == true)).collect();
    let expected = [
        ("ended", Some("approve"), false),
        ("dropped", None, false),
        ("ended", Some("request_changes"), true),
        ("ended", Some("approve"), true),
        ("ended", Some("request_changes"), true),
    ];
    assert_eq!(seen, expected, "{all:#?}");
    assert!(all[0]["person"].is_string() && all[4]["run"].is_string(), "{all:#?}");
    let (job, merge) = merge(&mut bench).await?;
    assert_eq!((merge.entries.len(), merge.entries[0].head.as_str(), merge.target.as_str()), (1, "c0de3333", "main"));
    bench.job_ends(&job, landed(1)).await?;
    bench.is(&id, "done").await?;
    Ok(())
}

async fn queued(app: App) -> Result<()> {
    let mut bench = Bench::at(app).await?;
    let mut ids = Vec::new();
    for number in 1..=3 {
        ids.push(bench.add(json!([{"title": format!("Task {number}")}])).await?.remove(0));
        let turn = bench.assigned().await?;
        bench.checks(&ids[number - 1], &turn, checked(&format!("head{number}"), vec![])).await?;
        assert_eq!(bench.verb(&ids[number - 1], "approve", json!({})).await?.0, 200);
        if number == 1 {
            let (job, first) = merge(&mut bench).await?;
            assert_eq!(first.entries.len(), 1);
            let at = Progress { total: 3, ended: 1, failed: 0, command: "tests".into() };
            bench.job_is_at(&job, at, &ids[0]).await?;
            let queue = bench.app.owner.get("/api/v1/merge-queue").await?["items"][0].clone();
            assert_eq!(queue["progress"], json!({"total": 3, "ended": 1, "failed": 0, "command": "tests"}), "{queue}");
            assert_eq!(bench.app.owner.get(&format!("/api/v1/jobs/{job}")).await?["progress"], queue["progress"]);
            bench.job_ends(&job, Outcome::Merged(Merged::Waits("main is being rebased".into()))).await?;
        }
    }
    let waits = bench.is(&ids[0], "merging").await?;
    assert_eq!((&waits["why"], &waits["progress"]), (&json!("main is being rebased"), &Value::Null), "{waits}");
    let queue = bench.app.owner.get("/api/v1/merge-queue?project=shop").await?["items"][0].clone();
    let places: Vec<_> = queue["entries"].as_array().context("entries")?.iter().map(|entry| (&entry["task"], &entry["place"])).collect();
    assert_eq!(places, [(&json!(ids[0]), &json!(1)), (&json!(ids[1]), &json!(2)), (&json!(ids[2]), &json!(3))]);
    assert!(queue["why"] == "main is being rebased" && queue["again_at"].is_string() && queue["job"].is_null(), "{queue}");
    // What would happen is a job that moves nothing.
    let trial = bench.app.owner.post("/api/v1/merge-queue/dry-run", &json!({"project": "shop", "tasks": [ids[2], ids[0]]})).await?;
    let (job, tried) = merge(&mut bench).await?;
    assert_eq!((json!(job), tried.dry_run, tried.entries[0].head.as_str()), (trial["job"].clone(), true, "head3"));
    bench.job_ends(&job, landed(2)).await?;
    assert_eq!(bench.app.owner.get(&format!("/api/v1/jobs/{job}")).await?["state"], "ended");
    bench.is(&ids[2], "merging").await?;
    // The pause is over: all together, then halves of them, because the second is red.
    bench.app.world.advance(2_000);
    let red = || Outcome::Merged(Merged::Red { onto: "c0ffee".into(), ran: vec![ran("test", 1, "they do not go together")] });
    let mut tried = Vec::new();
    while !bench.app.owner.get("/api/v1/merge-queue").await?["items"].as_array().context("items")?.is_empty() {
        let (job, merge) = merge(&mut bench).await?;
        let heads: Vec<String> = merge.entries.iter().map(|entry| entry.head.clone()).collect();
        let outcome = if heads.contains(&"head2".to_owned()) { red() } else { landed(heads.len()) };
        bench.job_ends(&job, outcome).await?;
        tried.push(heads.join(" "));
    }
    assert_eq!(tried, ["head1 head2 head3", "head1", "head2", "head3"]);
    bench.is(&ids[0], "done").await?;
    bench.is(&ids[2], "done").await?;
    assert!(bench.assigned().await?.text.contains("they do not go together"));
    let gone = bench.app.owner.send(Method::DELETE, &format!("/api/v1/merge-queue/{}", ids[1]), None, None).await?;
    assert_eq!(gone.status, 409, "it is back with its agent: {}", gone.body);
    Ok(())
}

async fn not_judged(app: App) -> Result<()> {
    let mut bench = Bench::at(app).await?;
    let id = bench.add(json!([{"title": "Fix login"}])).await?.remove(0);
    let turn = bench.assigned().await?;
    bench.checks(&id, &turn, checked("c0de1111", vec![])).await?;
    reviewer_says(&mut bench, "c0de1111", &answer("approve", "something else", &json!([]))).await?;
    let asks = bench.is(&id, "needs_human").await?;
    assert!(asks["why"].as_str().is_some_and(|why| why.contains("something else")), "{asks:#}");
    let all = reviews(&bench, &id).await?;
    assert_eq!((&all[0]["verdict"], &all[0]["state"]), (&json!("unable"), &json!("ended")), "{all:#?}");
    Ok(())
}

//! A change that does not fit goes to the agent for conflicts, in the task's own worktree and with a conversation of its own. On both databases.

use crate::app::{App, on_both};
use crate::bench::{Bench, checked, ran};
use crate::node::event;
use crate::turns::ended;
use anyhow::{Context, Result};
use fugue_domain::job::{Merged, Outcome};
use fugue_domain::link::{Assignment, Report};
use fugue_domain::rule::Verdict;
use fugue_domain::turn::Ending;
use reqwest::Method;
use serde_json::value::RawValue;
use serde_json::{Value, json};

on_both! {
    resolved resolved_on_sqlite resolved_on_postgres;
    undecided undecided_on_sqlite undecided_on_postgres;
}

/// The org's agent for conflicts plays scripts, like the one that works: only then it may have the turn of a task that follows one.
async fn with_resolver(bench: &mut Bench) -> Result<()> {
    let output = json!({"type": "object", "required": ["resolved"], "properties": {"resolved": {"type": "boolean"}, "needs_person": {"type": "array"}}});
    let rules = json!({"allow": ["Bash(git rebase --continue)"]});
    let agent = json!({"name": "conflict-resolver", "driver": "rehearse", "model": "careful", "output": output, "rules": rules});
    let put = bench.app.owner.send(Method::PUT, "/api/v1/agents/conflict-resolver", None, Some(&agent)).await?;
    assert_eq!(put.status, 200, "{}", put.body);
    Ok(())
}

fn memory(text: &str) -> Result<Report> {
    Ok(Report::Memory(RawValue::from_string(json!(text).to_string())?))
}

/// A task whose change conflicts; the turn that follows from it.
async fn conflicting(bench: &mut Bench) -> Result<(String, Assignment, Assignment)> {
    let id = bench.add(json!([{"title": "Fix login", "description": "It is broken."}])).await?.remove(0);
    let first = bench.assigned().await?;
    bench.desk.report(&first.lease, vec![Report::Delivered, memory("the author's")?, ended(Ending::Succeeded)]).await?;
    let job = bench.given().await?.0;
    bench.job_ends(&job, checked("h1", vec![])).await?;
    bench.verb(&id, "approve", json!({})).await?;
    let job = bench.given().await?.0;
    let detail = "<<<<<<< main\nx\n=======\ny".to_owned();
    let conflict = Merged::Conflict { task: id.parse()?, onto: "c1".into(), files: vec!["a.rs".into()], detail };
    assert_eq!(bench.job_ends(&job, Outcome::Merged(conflict)).await?, "stored");
    let second = bench.assigned().await?;
    Ok((id, first, second))
}

async fn resolved(app: App) -> Result<()> {
    let mut bench = Bench::at(app).await?;
    with_resolver(&mut bench).await?;
    let (id, first, turn) = conflicting(&mut bench).await?;
    assert_eq!((turn.agent.name.as_str(), turn.agent.model.as_deref()), ("conflict-resolver", Some("careful")));
    assert_eq!((&turn.lease.session, &turn.place.path), (&first.lease.session, &first.place.path), "in the task's own worktree");
    let bash = |command: &str| turn.agent.rules.judge("Bash", &json!({"command": command}), "/w").verdict;
    assert_eq!((bash("git rebase c1"), bash("git rebase c2"), bash("git rebase -x sh c1")), (Verdict::Allow, Verdict::Ask, Verdict::Ask));
    assert!(turn.memory.is_none(), "it did not hear what the author heard");
    for part in ["It is broken.", "- `a.rs`", "<<<<<<< main", "git rebase c1", "try 2 of 3"] {
        assert!(turn.text.contains(part), "{part:?} in {}", turn.text);
    }
    let task = bench.is(&id, "working").await?;
    let told = task["story"]
        .as_array()
        .context("a story")?
        .iter()
        .any(|entry| entry["words"] == "The agent conflict-resolver brings both sides together.");
    assert!(told, "{task:#}");
    // Its conversation is its own, also when it goes on after a loss.
    let said = event(&turn.lease.turn, "```json\n{\"resolved\": true}\n```")?;
    bench.desk.report(&turn.lease, vec![Report::Delivered, memory("the resolver's")?, said, ended(Ending::Succeeded)]).await?;
    // What comes of it is checked like any other work; and what is red goes back to the author.
    bench.is(&id, "checking").await?;
    let job = bench.given().await?.0;
    bench.job_ends(&job, checked("h2", vec![ran("test", 1, "they do not go together")])).await?;
    let back = bench.assigned().await?;
    let rebase = back.agent.rules.judge("Bash", &json!({"command": "git rebase c1"}), "/w").verdict;
    assert_eq!(rebase, Verdict::Ask, "the author may not do what the agent for conflicts may");
    assert_eq!((back.agent.name.as_str(), &back.lease.session), ("rehearse", &first.lease.session));
    let memory = back.memory.as_ref().context("a memory")?;
    assert_eq!(memory.get(), "\"the author's\"", "the author goes on with its own conversation");
    Ok(())
}

async fn undecided(app: App) -> Result<()> {
    let mut bench = Bench::at(app).await?;
    with_resolver(&mut bench).await?;
    let (id, _, turn) = conflicting(&mut bench).await?;
    let answer: Value = json!({"resolved": false, "needs_person": ["Shall the door be red or blue?"]});
    let said = event(&turn.lease.turn, &answer.to_string())?;
    bench.desk.report(&turn.lease, vec![Report::Delivered, said, ended(Ending::Succeeded)]).await?;
    let asks = bench.is(&id, "needs_human").await?;
    assert!(asks["need"] == "conflict" && asks["why"].as_str().is_some_and(|why| why.contains("red or blue?")), "{asks:#}");
    Ok(())
}

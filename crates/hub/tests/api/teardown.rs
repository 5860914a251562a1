//! A worktree is torn down before it is given back: once, whatever comes of it, and told in the task's story. On both databases.

use crate::app::{App, on_both};
use crate::bench::{Bench, ran};
use crate::node::{Link, hello};
use crate::turns::ended;
use anyhow::{Context, Result, bail};
use fugue_domain::job::{Outcome, Work};
use fugue_domain::link::{Assignment, FromHub, FromNode, PROTOCOL, Report};
use fugue_domain::node::Load;
use fugue_domain::reason::Reason;
use fugue_domain::turn::Ending;
use serde_json::{Value, json};

on_both! {
    torn_down torn_down_on_sqlite torn_down_on_postgres;
    not_possible not_possible_on_sqlite not_possible_on_postgres;
}

/// A task at work, in a project that wants its worktrees torn down.
async fn at_work(bench: &mut Bench) -> Result<(String, Assignment)> {
    let place = json!({"path": "/srv/stand", "node": bench.desk.node.id});
    bench.desk.while_hearing(bench.app.owner.post("/api/v1/projects", &place)).await?;
    let tasks = json!({"project": "stand", "tasks": [{"title": "Fix login", "agent": "rehearse"}]});
    let made = bench.app.owner.post("/api/v1/tasks", &tasks).await?;
    let id = made["items"][0]["id"].as_str().context("an id")?.to_owned();
    let turn = bench.assigned().await?;
    Ok((id, turn))
}

/// Shows a sign of life; whether the hub asks for the worktree in its answer.
async fn asked_back(bench: &mut Bench) -> Result<bool> {
    let mut asked = false;
    // What follows the answer to one is said before the answer to the next.
    for _ in 0..2 {
        bench.desk.beat += 1;
        let beat = bench.desk.beat;
        bench.desk.link.say(&FromNode::Heartbeat { beat, load: Load::default(), leases: Vec::new(), jobs: Vec::new() }).await?;
        let answer = |word| match word {
            FromHub::Renewed { beat: mine, .. } => (mine == beat).then_some(()),
            FromHub::Release(_) => {
                asked = true;
                None
            }
            _ => None,
        };
        bench.desk.hear("the answer to a heartbeat", answer).await?;
    }
    Ok(asked)
}

async fn torn_down(app: App) -> Result<()> {
    let mut bench = Bench::at(app).await?;
    let (id, turn) = at_work(&mut bench).await?;
    assert_eq!(bench.verb(&id, "cancel", json!({})).await?.0, 200);
    assert!(!asked_back(&mut bench).await?, "its agent still runs");
    let stopped = ended(Ending::Cancelled { reason: Reason::Stop });
    bench.desk.report(&turn.lease, vec![Report::Delivered, stopped]).await?;
    let (job, work) = bench.given().await?;
    let Work::TearDown { place, teardown } = work else { bail!("the node was asked for {work:?}") };
    assert_eq!((&place.session, teardown[0].command.as_str()), (&turn.lease.session, "make down"));
    assert!(!asked_back(&mut bench).await?, "it is torn down first");
    // Neither a restart nor closing it once more asks for another one.
    bench.app.restart().await?;
    bench.desk.link = Link::dial(&bench.app.url, &bench.desk.node.token).await?;
    bench.desk.link.say(&FromNode::Hello(hello(PROTOCOL))).await?;
    let close = format!("/api/v1/sessions/{}/close", turn.lease.session);
    bench.desk.while_hearing(bench.app.owner.post(&close, &json!({}))).await?;
    let red = ran("down", 2, "no such service");
    assert_eq!(bench.job_ends(&job, Outcome::TornDown(vec![red])).await?, "stored");
    assert!(asked_back(&mut bench).await?, "what failed holds nothing up");
    let task = bench.is(&id, "cancelled").await?;
    assert_eq!(task["evidence"]["torn_down"][0]["tail"], "no such service", "{task:#}");
    let told: Vec<&Value> =
        task["story"].as_array().context("a story")?.iter().filter(|entry| entry["shown"]["kind"] == "torn_down").collect();
    assert_eq!(told.len(), 1, "{task:#}");
    assert_eq!(told[0]["words"], "The tear-down command down ended with 2; the worktree goes all the same.");
    Ok(())
}

async fn not_possible(app: App) -> Result<()> {
    let mut bench = Bench::at(app).await?;
    let (id, turn) = at_work(&mut bench).await?;
    let ends = ended(Ending::Failed { reason: Reason::Auth });
    bench.desk.report(&turn.lease, vec![Report::Delivered, ends]).await?;
    bench.is(&id, "needs_human").await?;
    assert!(!asked_back(&mut bench).await?, "the worktree is kept for whoever looks at it");
    assert_eq!(bench.verb(&id, "cancel", json!({})).await?.0, 200);
    let job = bench.given().await?.0;
    assert_eq!(bench.job_ends(&job, Outcome::Impossible("the disk is full".into())).await?, "stored");
    assert!(asked_back(&mut bench).await?);
    let task = bench.is(&id, "cancelled").await?;
    let last = task["story"].as_array().and_then(|story| story.last()).context("a story")?;
    assert_eq!(last["words"], "The worktree could not be torn down: the disk is full");
    Ok(())
}

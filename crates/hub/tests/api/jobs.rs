//! The life of a job, told by a node word by word, on both databases.

use crate::app::{App, on_both};
use crate::node::hello;
use crate::turns::Desk;
use anyhow::{Context, Result, ensure};
use fugue_domain::check::{Check, Command, Exit, Ran};
use fugue_domain::id::{JobId, NodeId, OrgId, TaskId};
use fugue_domain::job::{Change, Checked, Entry, Merge, Merged, Outcome, Strategy, Work};
use fugue_domain::limits::CHECK_PIECE_BYTES;
use fugue_domain::link::{FromHub, FromNode, Hello, PROTOCOL, Piece, Place};
use fugue_domain::node::Load;
use fugue_domain::project::Origin;
use fugue_domain::session::PlaceKind;
use fugue_hub::db::query;
use fugue_hub::job;
use serde_json::{Value, json};

on_both! {
    told_and_stored told_and_stored_on_sqlite told_and_stored_on_postgres;
    dropped dropped_on_sqlite dropped_on_postgres;
    of_a_removed_node of_a_removed_node_on_sqlite of_a_removed_node_on_postgres;
    landed landed_on_sqlite landed_on_postgres;
    printed printed_on_sqlite printed_on_postgres;
}

/// Asks for a job, as whatever needs one does.
pub async fn ask(app: &App, node: &NodeId, work: Work) -> Result<JobId> {
    let (db, node) = (app.hub().db.clone(), node.clone());
    let asked = db.write(move |tx| {
        Box::pin(async move {
            let row = query("SELECT org_id FROM nodes WHERE id = $1").bind(node.as_str()).fetch_one(tx.conn).await?;
            let org: OrgId = fugue_hub::column::id(&row, 0)?;
            job::ask(tx, &org, &node, &work).await
        })
    });
    Ok(asked.await?)
}

pub fn merge(branch: &str, dry_run: bool) -> Work {
    let entry = Entry { task: TaskId::from_bits(1), title: "Fix login".into(), branch: branch.into(), head: "c0ffee".into() };
    let (origin, strategy) = (Origin::Path("/srv/shop".into()), Strategy::Rebase);
    Work::Merge(Merge { origin, target: "main".into(), entries: vec![entry], strategy, checks: vec![], publish: None, dry_run })
}

/// A check of a session's worktree.
fn check(session: &str) -> Result<Work> {
    let command = Command { name: "test".into(), command: "make test".into(), timeout_s: 60, env: Default::default() };
    let place = Place {
        session: session.parse()?,
        origin: Origin::Path("/srv/shop".into()),
        kind: PlaceKind::Worktree,
        path: "/srv/worktrees/x".into(),
        branch: Some("fugue/x".into()),
        base: None,
        landed: None,
    };
    Ok(Work::Check {
        place,
        target: "main".into(),
        message: "m".into(),
        checks: vec![Check { command, required: true }],
        guarded: Vec::new(),
    })
}

fn checked(tail: &str) -> Outcome {
    let ran = Ran {
        name: "test".into(),
        command: "make test".into(),
        required: true,
        exit: Exit::Code(2),
        ms: 7,
        tail: tail.into(),
        bytes: tail.len() as i64,
    };
    Outcome::Checked(Checked { head: "b".into(), base: "a".into(), change: Change::default(), ran: vec![ran], edited: None })
}

fn landing() -> Outcome {
    Outcome::Merged(Merged::Landed { from: "a".into(), to: "b".into(), commits: vec![vec![]], ran: vec![], published: None, behind: None })
}

async fn view(app: &App, id: &JobId) -> Result<Value> {
    app.owner.get(&format!("/api/v1/jobs/{id}")).await
}

/// A job that the node is told of next.
async fn given(desk: &mut Desk) -> Result<(JobId, Work)> {
    desk.hear("a job", |word| if let FromHub::Job { id, work } = word { Some((id, *work)) } else { None }).await
}

/// Lists jobs; what the hub says up to its answer, and about which job.
async fn beat(desk: &mut Desk, jobs: Vec<JobId>) -> Result<Vec<(&'static str, JobId)>> {
    desk.beat += 1;
    let beat = desk.beat;
    desk.link.say(&FromNode::Heartbeat { beat, load: Load::default(), leases: Vec::new(), jobs }).await?;
    desk.hear("the answer to a heartbeat", |word| matches!(word, FromHub::Renewed { beat: mine, .. } if mine == beat).then_some(()))
        .await?;
    // What follows the answer is said before the answer to the next one.
    desk.beat += 1;
    let (next, mut said) = (desk.beat, Vec::new());
    desk.link.say(&FromNode::Heartbeat { beat: next, load: Load::default(), leases: Vec::new(), jobs: Vec::new() }).await?;
    let pick = |word| match word {
        FromHub::Renewed { beat, .. } => (beat == next).then(|| std::mem::take(&mut said)),
        FromHub::Job { id, .. } => {
            said.push(("job", id));
            None
        }
        FromHub::JobStored { id } => {
            said.push(("stored", id));
            None
        }
        FromHub::JobDropped { id } => {
            said.push(("dropped", id));
            None
        }
        _ => None,
    };
    desk.hear("what follows", pick).await
}

async fn ends(desk: &mut Desk, id: &JobId, outcome: Outcome) -> Result<&'static str> {
    desk.link.say(&FromNode::JobEnded { id: id.clone(), outcome: Box::new(outcome) }).await?;
    let pick = |word| match word {
        FromHub::JobStored { id: stored } => (stored == *id).then_some("stored"),
        FromHub::JobDropped { id: dropped } => (dropped == *id).then_some("dropped"),
        _ => None,
    };
    desk.hear("what becomes of an outcome", pick).await
}

async fn told_and_stored(mut app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    let session = desk.session(&app, json!({})).await?;
    let work = check(&session)?;
    let id = ask(&app, &desk.node.id, work.clone()).await?;
    assert_eq!(given(&mut desk).await?, (id.clone(), work.clone()));
    let waiting = view(&app, &id).await?;
    assert_eq!(
        (&waiting["state"], &waiting["kind"], &waiting["session"]),
        (&json!("waiting"), &json!("check"), &json!(session)),
        "{waiting}"
    );
    // Not listed, so told again; listed, so not.
    assert_eq!(beat(&mut desk, vec![]).await?, [("job", id.clone())]);
    assert_eq!(beat(&mut desk, vec![id.clone()]).await?, []);
    let running = view(&app, &id).await?;
    assert_eq!((&running["state"], running["begun_at"].is_string()), (&json!("running"), true), "{running}");
    // The hub is gone for a while, and the node comes back without any trace of it.
    app.restart().await?;
    desk.link = crate::node::Link::dial(&app.url, &desk.node.token).await?;
    desk.link.say(&FromNode::Hello(hello(PROTOCOL))).await?;
    assert_eq!(given(&mut desk).await?.0, id);
    // The first outcome counts, however often something else is said.
    assert_eq!(ends(&mut desk, &id, checked("first")).await?, "stored");
    assert_eq!(ends(&mut desk, &id, checked("second")).await?, "stored");
    let ended = view(&app, &id).await?;
    assert_eq!((&ended["state"], &ended["outcome"]["checked"]["ran"][0]["tail"]), (&json!("ended"), &json!("first")), "{ended}");
    assert_eq!(beat(&mut desk, vec![id.clone()]).await?, [("stored", id.clone())]);
    // An outcome of another kind is none.
    let other = ask(&app, &desk.node.id, work).await?;
    given(&mut desk).await?;
    assert_eq!(ends(&mut desk, &other, landing()).await?, "stored");
    assert!(view(&app, &other).await?["outcome"]["impossible"].as_str().is_some_and(|why| why.contains("not asked")));
    // What nobody asked for, and what was asked of another node, is to be forgotten.
    let nobodys = JobId::from_bits(7);
    assert_eq!(beat(&mut desk, vec![nobodys.clone()]).await?, [("dropped", nobodys.clone())]);
    assert_eq!(ends(&mut desk, &nobodys, landing()).await?, "dropped");
    Ok(())
}

async fn dropped(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    let id = ask(&app, &desk.node.id, merge("fugue/x", false)).await?;
    given(&mut desk).await?;
    let (db, taken) = (app.hub().db.clone(), id.clone());
    let drop = async |id: JobId| db.write(move |tx| Box::pin(async move { job::drop_(tx, &id).await })).await;
    assert!(drop(taken.clone()).await?);
    let word = desk.hear("that it is dropped", |word| matches!(word, FromHub::JobDropped { .. }).then_some(())).await;
    word?;
    assert!(!drop(taken).await?, "twice is once");
    // The node was not there, or had just ended it: it is told again, and its outcome counts for nothing.
    assert_eq!(beat(&mut desk, vec![id.clone()]).await?, [("dropped", id.clone())]);
    assert_eq!(ends(&mut desk, &id, landing()).await?, "dropped");
    let job = view(&app, &id).await?;
    assert_eq!((&job["state"], &job["outcome"]), (&json!("dropped"), &Value::Null), "{job}");
    Ok(())
}

async fn of_a_removed_node(app: App) -> Result<()> {
    let desk = Desk::at(&app).await?;
    let id = ask(&app, &desk.node.id, merge("fugue/x", false)).await?;
    app.owner.send(reqwest::Method::DELETE, &format!("/api/v1/nodes/{}", desk.node.id), None, None).await?.ok()?;
    let job = view(&app, &id).await?;
    assert_eq!((&job["state"], &job["outcome"]), (&json!("ended"), &json!({"impossible": "Its node was removed."})), "{job}");
    Ok(())
}

async fn landed(app: App) -> Result<()> {
    for dry_run in [true, false] {
        let mut desk = Desk::at(&app).await?;
        let session = desk.session(&app, json!({})).await?;
        let path = format!("/api/v1/sessions/{session}");
        let branch = app.owner.get(&path).await?["place"]["branch"].as_str().context("a branch")?.to_owned();
        let id = ask(&app, &desk.node.id, merge(&branch, dry_run)).await?;
        given(&mut desk).await?;
        assert_eq!(ends(&mut desk, &id, landing()).await?, "stored");
        app.owner.post(&format!("{path}/close"), &json!({})).await?;
        let place = desk.hear("the release", |word| if let FromHub::Release(place) = word { Some(place) } else { None }).await?;
        assert_eq!(place.landed.as_deref(), if dry_run { None } else { Some("c0ffee") });
        let released = FromNode::Released { session: place.session, rescue: None, branch_removed: !dry_run };
        desk.link.say(&released).await?;
        let told = async || {
            let events = app.owner.events(&session).await?;
            Ok(events.iter().find(|event| event["type"] == "session.released").cloned())
        };
        let told = rig::wait::until("the release", std::time::Duration::from_secs(10), told).await?;
        assert_eq!(told["branch"].is_null(), !dry_run, "{told}");
    }
    Ok(())
}

async fn printed(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    let session = desk.session(&app, json!({})).await?;
    let id = ask(&app, &desk.node.id, check(&session)?).await?;
    given(&mut desk).await?;
    assert_eq!(ends(&mut desk, &id, checked("end")).await?, "stored");
    let path = format!("/api/v1/jobs/{id}/output");
    let whole = async {
        let reply = app.request(reqwest::Method::GET, &format!("{path}?check=test")).bearer_auth(app.owner.token()).send().await?;
        ensure!(reply.headers()["content-type"] == "text/plain; charset=utf-8", "{reply:?}");
        Ok(reply.text().await?)
    };
    let text = desk.while_hearing(whole).await?;
    assert_eq!(text.len(), 2 * CHECK_PIECE_BYTES + 3);
    assert!(text.ends_with("end"));
    for (query, status, says) in [
        ("", 422, "check"),
        ("?check=other", 404, "no command of this job"),
        ("?check=test&x=1", 400, "x"),
        ("?check=gone", 404, "no command"),
    ] {
        let reply = desk.while_hearing(app.owner.send(reqwest::Method::GET, &format!("{path}{query}"), None, None)).await?;
        assert!(reply.status == status && reply.body["detail"].to_string().contains(says), "{query}: {} {}", reply.status, reply.body);
    }
    // The node is away.
    drop(desk);
    let reply = app.owner.send(reqwest::Method::GET, &format!("{path}?check=test"), None, None).await?;
    assert_eq!((reply.status, &reply.body["type"]), (503, &json!("/problems/no-node")));
    Ok(())
}

/// What a simulated node has of outputs: two whole pieces and an end.
pub fn output(name: &str, from: i64) -> Option<Piece> {
    let piece = CHECK_PIECE_BYTES as i64;
    let text = |from| if from < 2 * piece { "x".repeat(CHECK_PIECE_BYTES) } else { "end".to_owned() };
    (name == "test").then(|| Piece { text: text(from), next: (from < 2 * piece).then_some(from + piece) })
}

/// Somebody who makes up what nodes list is not believed.
#[tokio::test]
async fn a_node_ends_no_job_of_another() -> Result<()> {
    let app = App::start().await?;
    let (mut one, mut other) = (Desk::at(&app).await?, Desk::at(&app).await?);
    let id = ask(&app, &one.node.id, merge("fugue/x", false)).await?;
    given(&mut one).await?;
    assert_eq!(ends(&mut other, &id, landing()).await?, "dropped");
    other.link.say(&FromNode::Hello(Hello { jobs: vec![id.clone()], ..hello(PROTOCOL) })).await?;
    assert_eq!(beat(&mut other, vec![id.clone()]).await?, [("dropped", id.clone())]);
    assert_eq!(view(&app, &id).await?["state"], "waiting");
    Ok(())
}

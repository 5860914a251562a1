//! What can happen to a turn, told by a node word by word, on both databases.

use crate::app::{App, on_both};
use crate::node::{Link, Node, Play, event, hello};
use anyhow::{Context, Result, bail};
use fugue_domain::approval::Request;
use fugue_domain::lease::LeaseKey;
use fugue_domain::limits::BACK_OFF_MS;
use fugue_domain::link::{Assignment, Batch, FromHub, FromNode, Hello, Order, PROTOCOL, Report};
use fugue_domain::money::{MicroUsd, Tokens, Usage};
use fugue_domain::node::Load;
use fugue_domain::reason::Reason;
use fugue_domain::turn::{Ending, Opening, ParkedBy, Wish};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);

on_both! {
    an_approval approval_on_sqlite approval_on_postgres;
    two_questions two_questions_on_sqlite two_questions_on_postgres;
    budgets budgets_on_sqlite budgets_on_postgres;
    quota quota_on_sqlite quota_on_postgres;
    lost lost_on_sqlite lost_on_postgres;
    line line_on_sqlite line_on_postgres;
    steering steering_on_sqlite steering_on_postgres;
    closing closing_on_sqlite closing_on_postgres;
    limits limits_on_sqlite limits_on_postgres;
}

/// A node that says what the test says.
pub struct Desk {
    pub link: Link,
    pub node: Node,
    pub next: i64,
    pub beat: u64,
}

impl Desk {
    pub async fn at(app: &App) -> Result<Self> {
        let node = Node::join(app, Play::Hold).await?;
        let mut link = Link::dial(&app.url, &node.token).await?;
        link.say(&FromNode::Hello(hello(PROTOCOL))).await?;
        Ok(Self { link, node, next: 1, beat: 100 })
    }

    /// What the hub says next that `pick` takes.
    pub async fn hear<T>(&mut self, what: &str, mut pick: impl FnMut(FromHub) -> Option<T>) -> Result<T> {
        let heard = async {
            loop {
                match self.link.hear().await? {
                    Ok(FromHub::Call { call, ask }) => self.link.say(&FromNode::Reply { call, result: crate::node::answer(ask) }).await?,
                    Ok(word) => {
                        if let Some(found) = pick(word) {
                            return Ok(found);
                        }
                    }
                    Err((code, reason)) => bail!("closed with {code} {reason}"),
                }
            }
        };
        tokio::time::timeout(SOON, heard).await.with_context(|| format!("waited for {what}"))?
    }

    pub async fn assigned(&mut self) -> Result<Assignment> {
        self.next = 1;
        self.hear("an assignment", |word| if let FromHub::Assign(assignment) = word { Some(*assignment) } else { None }).await
    }

    /// Lets time pass, shows that the node is still there, and waits for what it is given then.
    pub async fn assigned_after(&mut self, app: &App, ms: i64) -> Result<Assignment> {
        app.world.advance(ms);
        self.beat += 1;
        self.link.say(&FromNode::Heartbeat { beat: self.beat, load: Load::default(), leases: Vec::new(), jobs: Vec::new() }).await?;
        self.assigned().await
    }

    pub async fn ordered(&mut self) -> Result<Order> {
        self.hear("an order", |word| if let FromHub::Order(order) = word { Some(order) } else { None }).await
    }

    /// Reports something and waits until it is stored.
    pub async fn report(&mut self, lease: &LeaseKey, reports: Vec<Report>) -> Result<()> {
        let (first, count) = (self.next, reports.len() as i64);
        self.link.say(&FromNode::Batch(Batch { lease: lease.clone(), first, reports })).await?;
        self.next += count;
        let through = self.next - 1;
        self.hear("an ack", |word| matches!(word, FromHub::Ack { through: stored, .. } if stored >= through).then_some(())).await
    }

    pub async fn heartbeat(&mut self, leases: Vec<LeaseKey>) -> Result<(Vec<LeaseKey>, Vec<LeaseKey>)> {
        self.beat += 1;
        let beat = self.beat;
        self.link.say(&FromNode::Heartbeat { beat, load: Load::default(), leases, jobs: Vec::new() }).await?;
        let answer = |word| {
            if let FromHub::Renewed { beat: mine, leases, refused } = word { (mine == beat).then_some((leases, refused)) } else { None }
        };
        self.hear("the answer to a heartbeat", answer).await
    }

    pub async fn session(&mut self, app: &App, more: Value) -> Result<String> {
        let place = json!({"path": "/srv/shop", "node": self.node.id});
        let project = self.while_hearing(app.owner.post("/api/v1/projects", &place)).await?;
        let mut body = json!({"project": project["id"], "agent": "rehearse", "title": "Fix login"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let session = self.while_hearing(app.owner.post("/api/v1/sessions", &body)).await?;
        Ok(session["id"].as_str().unwrap().to_owned())
    }

    /// Answers calls while a request waits for them.
    pub async fn while_hearing<T>(&mut self, request: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            done = request => done,
            ended = self.hear("nothing", |_| None::<()>) => bail!("the link ended: {ended:?}"),
        }
    }
}

pub fn ended(ending: Ending) -> Report {
    Report::Ended { ending, detail: Some("as it went".into()) }
}

fn used(micro: i64) -> Report {
    Report::Used {
        usage: Usage { cost_usd: MicroUsd(micro), tokens: Tokens { input: 5, output: 6, cache_read: 7, cache_write: 8 } },
        model: None,
    }
}

fn request(key: &str, command: &str) -> Request {
    let input = json!({ "command": command }).to_string();
    Request { key: key.into(), tool: "Bash".into(), input, cwd: "/srv/w".into(), purpose: Some("tidy".into()), rule: None }
}

async fn send(app: &App, session: &str, body: Value) -> Result<(String, String)> {
    let message = app.owner.post(&format!("/api/v1/sessions/{session}/messages"), &body).await?;
    Ok((message["id"].as_str().unwrap().to_owned(), message["turn"]["id"].as_str().unwrap().to_owned()))
}

async fn turn(app: &App, id: &str) -> Result<Value> {
    app.owner.get(&format!("/api/v1/turns/{id}")).await
}

/// A session is in this state by every way of asking: its own record, the filters of the list, and its messages one by one.
async fn is(app: &App, session: &str, state: &str) -> Result<()> {
    let found = app.owner.get(&format!("/api/v1/sessions/{session}")).await?;
    assert_eq!(found["state"], state, "{found}");
    for filter in ["idle", "busy", "waiting", "parked", "closed"] {
        let listed = app.owner.all(&format!("/api/v1/sessions?state={filter}")).await?;
        assert_eq!(listed.iter().any(|listed| listed["id"] == session), filter == state, "the filter {filter} of a {state} session");
    }
    let messages = app.owner.all(&format!("/api/v1/sessions/{session}/messages")).await?;
    let in_line = messages.iter().filter(|message| matches!(message["turn"]["state"].as_str(), Some("queued" | "parked"))).count();
    assert_eq!(found["queued"], in_line, "the session's own count of its line");
    Ok(())
}

async fn post(app: &App, path: &str, body: Value) -> Result<(u16, Value)> {
    let reply = app.owner.send(Method::POST, path, None, Some(&body)).await?;
    Ok((reply.status, reply.body))
}

async fn an_approval(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    let session = desk.session(&app, json!({})).await?;
    let (_, id) = send(&app, &session, json!({"text": "clean up"})).await?;
    let lease = desk.assigned().await?.lease;
    let asked = request("q1", "rm -rf target \u{202e}x");
    desk.report(&lease, vec![Report::Delivered, Report::Asked(asked.clone())]).await?;
    assert_eq!(turn(&app, &id).await?["state"], "waiting");
    is(&app, &session, "waiting").await?;
    let pending = app.owner.get("/api/v1/approvals?state=pending").await?["items"][0].clone();
    assert_eq!(pending["input"], json!(asked.input));
    assert!(pending["shown"].as_str().unwrap().contains("\\u{202e}"), "{pending}");
    assert_eq!(pending["hash"], json!(asked.hash(&lease.session, lease.epoch)));
    let path = format!("/api/v1/approvals/{}", pending["id"].as_str().unwrap());
    let (status, body) = post(&app, &format!("{path}/approve"), json!({"hash": "another"})).await?;
    assert_eq!((status, &body["type"]), (409, &json!("/problems/wrong-state")));
    let (status, body) = post(&app, &format!("{path}/approve"), json!({"hash": pending["hash"], "reason": "go"})).await?;
    assert_eq!((status, &body["state"]), (200, &json!("approved")), "{body}");
    let order = desk.ordered().await?;
    assert_eq!((order.answers[0].key.as_str(), order.answers[0].approved), ("q1", true));
    assert_eq!(json!(order.answers[0].hash), pending["hash"]);
    let (status, body) = post(&app, &format!("{path}/deny"), json!({})).await?;
    assert_eq!((status, &body["type"]), (409, &json!("/problems/already-answered")), "the first answer wins");
    // Not confirmed yet, so the next heartbeat repeats it; confirmed, it is used up.
    desk.beat += 1;
    desk.link.say(&FromNode::Heartbeat { beat: desk.beat, load: Load::default(), leases: vec![lease.clone()], jobs: Vec::new() }).await?;
    assert_eq!(desk.ordered().await?.answers.len(), 1);
    desk.report(&lease, vec![Report::Withdrawn { key: "q1".into() }, ended(Ending::Succeeded)]).await?;
    let done = turn(&app, &id).await?;
    assert_eq!((&done["outcome"], &done["detail"]), (&json!("succeeded"), &json!("as it went")));
    is(&app, &session, "idle").await
}

async fn two_questions(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    let session = desk.session(&app, json!({})).await?;
    let (_, id) = send(&app, &session, json!({"text": "two tools at once"})).await?;
    let lease = desk.assigned().await?.lease;
    desk.report(&lease, vec![Report::Delivered, Report::Asked(request("a", "ls")), Report::Asked(request("b", "pwd"))]).await?;
    let pending = app.owner.all("/api/v1/approvals?state=pending").await?;
    assert_eq!(pending.len(), 2);
    for (n, approval) in pending.iter().enumerate() {
        assert_eq!(turn(&app, &id).await?["state"], "waiting", "it waits as long as any question is open");
        let verb = if n == 0 { "approve" } else { "deny" };
        post(&app, &format!("/api/v1/approvals/{}/{verb}", approval["id"].as_str().unwrap()), json!({"reason": "no"})).await?;
    }
    assert_eq!(turn(&app, &id).await?["state"], "running");
    // A third question that the turn's end overtakes is withdrawn.
    desk.report(&lease, vec![Report::Asked(request("c", "id"))]).await?;
    app.owner.post(&format!("/api/v1/turns/{id}/interrupt"), &json!({})).await?;
    while desk.ordered().await?.wish != Some(Wish::Interrupt) {}
    desk.report(&lease, vec![ended(Ending::Cancelled { reason: Reason::Interrupt })]).await?;
    assert_eq!(turn(&app, &id).await?["outcome"], "cancelled");
    assert_eq!(app.owner.all("/api/v1/approvals?state=withdrawn").await?.len(), 1);
    // Nobody answers the fourth in time: it is a no.
    let (_, id) = send(&app, &session, json!({"text": "again"})).await?;
    let lease = desk.assigned().await?.lease;
    desk.report(&lease, vec![Report::Delivered, Report::Asked(request("d", "id"))]).await?;
    app.world.advance(fugue_domain::limits::APPROVAL_MS + 1);
    let order = desk.ordered().await?;
    assert!(!order.answers[0].approved && order.answers[0].reason.is_some(), "{order:?}");
    assert_eq!(turn(&app, &id).await?["state"], "running");
    Ok(())
}

async fn budgets(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    let session = desk.session(&app, json!({"budget_usd": 0.01})).await?;
    let (_, first) = send(&app, &session, json!({"text": "one"})).await?;
    let assignment = desk.assigned().await?;
    assert_eq!(assignment.budget_left, Some(MicroUsd(10_000)));
    desk.report(&assignment.lease, vec![Report::Delivered, used(4_000), used(8_000), ended(Ending::Succeeded)]).await?;
    assert_eq!(turn(&app, &first).await?["cost_usd"], 0.012);
    let (_, second) = send(&app, &session, json!({"text": "two"})).await?;
    app.owner.turn_in(&second, &["parked"], SOON).await?;
    is(&app, &session, "parked").await?;
    let question = app.owner.all("/api/v1/approvals?state=pending").await?.remove(0);
    assert_eq!((&question["kind"], &question["turn"]), (&json!("budget"), &json!(second)));
    post(&app, &format!("/api/v1/approvals/{}/approve", question["id"].as_str().unwrap()), json!({})).await?;
    let lease = desk.assigned().await?.lease;
    desk.report(&lease, vec![Report::Delivered, ended(Ending::Succeeded)]).await?;
    // The day's budget stops the next one; raising it lets it go on without an answer.
    app.owner.send(Method::PATCH, "/api/v1/org", None, Some(&json!({"daily_budget_usd": 0.005}))).await?.ok()?;
    let (_, third) = send(&app, &session, json!({"text": "three"})).await?;
    app.owner.turn_in(&third, &["parked"], SOON).await?;
    app.owner.send(Method::PATCH, "/api/v1/org", None, Some(&json!({"daily_budget_usd": 5}))).await?.ok()?;
    let lease = desk.assigned().await?.lease;
    // A program that met its own cap in the middle is parked and goes on where it was.
    desk.report(&lease, vec![Report::Delivered, used(19_000), ended(Ending::Parked { until: None, by: ParkedBy::Budget })]).await?;
    assert_eq!(turn(&app, &third).await?["reason"], "budget");
    let question = app.owner.all("/api/v1/approvals?state=pending").await?.remove(0);
    post(&app, &format!("/api/v1/approvals/{}/deny", question["id"].as_str().unwrap()), json!({})).await?;
    assert_eq!(turn(&app, &third).await?["outcome"], "cancelled");
    let (_, fourth) = send(&app, &session, json!({"text": "four"})).await?;
    app.owner.turn_in(&fourth, &["parked"], SOON).await?;
    app.owner
        .send(Method::PATCH, &format!("/api/v1/sessions/{session}"), None, Some(&json!({"budget_usd": 1, "title": "Richer"})))
        .await?
        .ok()?;
    assert_eq!(desk.assigned().await?.lease.turn.as_str(), fourth);
    assert_eq!(app.owner.all("/api/v1/approvals?state=pending").await?.len(), 0);
    Ok(())
}

async fn quota(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    let session = desk.session(&app, json!({})).await?;
    let (_, id) = send(&app, &session, json!({"text": "long work"})).await?;
    let lease = desk.assigned().await?.lease;
    let until = fugue_domain::world::World::now(&*app.world) + 60_000;
    let memory = Report::Memory(serde_json::value::RawValue::from_string(r#"{"conversation":"c1"}"#.into())?);
    desk.report(&lease, vec![Report::Delivered, memory, ended(Ending::Parked { until: Some(until), by: ParkedBy::Quota })]).await?;
    let parked = turn(&app, &id).await?;
    assert_eq!((&parked["state"], &parked["reason"]), (&json!("parked"), &json!("quota")));
    let (_, behind) = send(&app, &session, json!({"text": "behind"})).await?;
    assert_eq!(turn(&app, &behind).await?["position"], 2, "a parked turn keeps its place");
    let again = desk.assigned_after(&app, 60_001).await?;
    assert_eq!((again.lease.turn.as_str(), again.opening), (id.as_str(), Opening::Continue));
    assert_eq!(again.memory.unwrap().get(), r#"{"conversation":"c1"}"#);
    assert_eq!(again.lease.epoch, 2);
    // Switched off, it waits for a person.
    let agent = json!({"name": "rehearse", "driver": "rehearse", "resume_after_quota": false});
    app.owner.send(Method::PUT, "/api/v1/agents/rehearse", None, Some(&agent)).await?.ok()?;
    desk.report(&again.lease, vec![Report::Delivered, ended(Ending::Parked { until: Some(until), by: ParkedBy::Quota })]).await?;
    assert_eq!(turn(&app, &id).await?["parked_until"], Value::Null);
    app.owner.post(&format!("/api/v1/turns/{id}/resume"), &json!({})).await?;
    assert_eq!(desk.assigned().await?.lease.epoch, 3);
    Ok(())
}

async fn lost(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    let session = desk.session(&app, json!({})).await?;
    let (_, id) = send(&app, &session, json!({"text": "risky", "on_interruption": "resume"})).await?;
    let first = desk.assigned().await?.lease;
    let said = vec![Report::Delivered, event(&first.turn, "half")?];
    desk.report(&first, said.clone()).await?;
    // The same again counts once, and a hole is not bridged.
    desk.next = 1;
    desk.report(&first, said).await?;
    let ahead = Batch { lease: first.clone(), first: 9, reports: vec![ended(Ending::Succeeded)] };
    desk.link.say(&FromNode::Batch(ahead)).await?;
    let through = desk.hear("an ack", |word| if let FromHub::Ack { through, .. } = word { Some(through) } else { None }).await?;
    assert_eq!(through, 2);
    let lost = ended(Ending::Interrupted { reason: Reason::Crashed, delivered: true });
    desk.report(&first, vec![lost.clone()]).await?;
    let parked = turn(&app, &id).await?;
    assert_eq!((&parked["state"], &parked["reason"]), (&json!("parked"), &json!("back_off")), "it is not tried again at once");
    let again = desk.assigned_after(&app, BACK_OFF_MS).await?;
    assert_eq!((again.opening, again.lease.epoch), (Opening::Continue, 2));
    is(&app, &session, "busy").await?;
    let waiting = turn(&app, &id).await?;
    assert_eq!((&waiting["maybe_executed"], &waiting["attempts"]), (&json!(true), &json!(1)));
    // The old lease is over: its words change nothing.
    desk.link.say(&FromNode::Batch(Batch { lease: first.clone(), first: 4, reports: vec![ended(Ending::Succeeded)] })).await?;
    desk.hear("a refusal", |word| matches!(word, FromHub::Refused { lease } if lease == first).then_some(())).await?;
    assert_eq!(desk.heartbeat(vec![first.clone(), again.lease.clone()]).await?, (vec![again.lease.clone()], vec![first]));
    // Lost before it was delivered: simply given again, without a mark of its own.
    desk.next = 1;
    desk.report(&again.lease, vec![ended(Ending::Interrupted { reason: Reason::SpoolFailed, delivered: false })]).await?;
    let third = desk.assigned_after(&app, BACK_OFF_MS).await?.lease;
    assert_eq!(turn(&app, &id).await?["attempts"], 1);
    desk.report(&third, vec![Report::Delivered]).await?;
    // The node stays away until the lease is over.
    app.world.advance(2 * crate::app::LEASE_MS);
    let over = async || Ok((turn(&app, &id).await?["state"] == "parked").then_some(()));
    rig::wait::until("the lease to end", SOON, over).await?;
    let fourth = desk.assigned_after(&app, 5 * BACK_OFF_MS).await?.lease;
    desk.report(&fourth, vec![Report::Delivered, lost]).await?;
    let done = turn(&app, &id).await?;
    assert_eq!(
        (&done["outcome"], &done["reason"], &done["attempts"]),
        (&json!("interrupted"), &json!("attempts_used_up"), &json!(3)),
        "{done}"
    );
    // A node that comes back without any trace of a turn that it had begun has lost it.
    let (_, id) = send(&app, &session, json!({"text": "once"})).await?;
    let lease = desk.assigned().await?.lease;
    desk.report(&lease, vec![Report::Delivered]).await?;
    let mut link = Link::dial(&app.url, &desk.node.token).await?;
    link.say(&FromNode::Hello(Hello { leases: Vec::new(), ..hello(PROTOCOL) })).await?;
    let ended = app.owner.turn_in(&id, &["ended"], SOON).await?;
    assert_eq!((&ended["outcome"], &ended["maybe_executed"]), (&json!("interrupted"), &json!(true)));
    Ok(())
}

async fn line(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    let session = desk.session(&app, json!({})).await?;
    let (_, running) = send(&app, &session, json!({"text": "first"})).await?;
    let lease = desk.assigned().await?.lease;
    desk.report(&lease, vec![Report::Delivered]).await?;
    let mut sent = Vec::new();
    for text in ["a", "b", "c", "d"] {
        sent.push(send(&app, &session, json!({ "text": text })).await?);
    }
    let patch = |id: &str, body: Value| {
        let (owner, path) = (app.owner.clone(), format!("/api/v1/messages/{id}"));
        async move { owner.send(Method::PATCH, &path, None, Some(&body)).await }
    };
    is(&app, &session, "busy").await?;
    // Many moves between the same two neighbours use up the room, and the line is spread anew.
    for n in 0..40 {
        let moved = patch(&sent[2 + n % 2].0, json!({"position": 2})).await?.ok()?;
        assert_eq!(moved["turn"]["position"], 2, "{moved}");
    }
    patch(&sent[0].0, json!({"text": "A", "not_before": "2030-01-01T00:00:00Z"})).await?.ok()?;
    let taken = app.owner.send(Method::DELETE, &format!("/api/v1/messages/{}", sent[1].0), None, None).await?.ok()?;
    assert_eq!(taken["turn"]["outcome"], "cancelled");
    assert_eq!(patch(&sent[1].0, json!({"text": "x"})).await?.status, 409);
    assert_eq!(patch(&sent[2].0, json!({"position": 0})).await?.status, 422);
    app.owner.post(&format!("/api/v1/turns/{running}/interrupt"), &json!({})).await?;
    assert_eq!(desk.ordered().await?.wish, Some(Wish::Interrupt));
    desk.report(&lease, vec![ended(Ending::Cancelled { reason: Reason::Interrupt })]).await?;
    for text in ["d", "c"] {
        let assignment = desk.assigned().await?;
        assert_eq!(assignment.text, text, "what is scheduled for later does not keep the others waiting");
        desk.report(&assignment.lease, vec![Report::Delivered, ended(Ending::Succeeded)]).await?;
    }
    assert_eq!(desk.assigned_after(&app, 5 * 365 * 24 * 3_600_000).await?.text, "A");
    let moved = app.owner.events(&session).await?.iter().filter(|event| event["type"] == "message.moved").count();
    assert_eq!(moved, 40);
    Ok(())
}

async fn steering(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    let session = desk.session(&app, json!({})).await?;
    let path = format!("/api/v1/sessions/{session}/steer");
    let first = app.owner.post(&path, &json!({"text": "nothing runs, so this is a message"})).await?;
    let lease = desk.assigned().await?.lease;
    assert_eq!(first["turn"]["id"].as_str().unwrap(), lease.turn.as_str());
    desk.report(&lease, vec![Report::Delivered]).await?;
    let taken = app.owner.post(&path, &json!({"text": "mind the tests"})).await?;
    assert_eq!(taken["turn"]["id"].as_str().unwrap(), lease.turn.as_str(), "it belongs to the turn that runs");
    let order = desk.ordered().await?;
    assert_eq!(order.steer[0].text, "mind the tests");
    desk.report(&lease, vec![Report::Steered { message: order.steer[0].message.clone(), taken: true }]).await?;
    let refused = app.owner.post(&path, &json!({"text": "and the docs"})).await?;
    let message = desk.ordered().await?.steer[0].message.clone();
    let late = app.owner.post(&path, &json!({"text": "too late"})).await?;
    desk.report(&lease, vec![Report::Steered { message, taken: false }, ended(Ending::Succeeded)]).await?;
    let next = desk.assigned().await?;
    let texts = [next.text.clone()];
    assert!(texts[0] == "too late" || texts[0] == "and the docs", "{texts:?}");
    desk.report(&next.lease, vec![Report::Delivered, ended(Ending::Succeeded)]).await?;
    desk.assigned().await?;
    for message in [&refused, &late] {
        let found = app.owner.get(&format!("/api/v1/messages/{}", message["id"].as_str().unwrap())).await?;
        assert_ne!(found["turn"]["id"].as_str().unwrap(), lease.turn.as_str(), "it became a message of its own");
    }
    Ok(())
}

async fn closing(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    let session = desk.session(&app, json!({})).await?;
    let (_, running) = send(&app, &session, json!({"text": "one"})).await?;
    let (_, queued) = send(&app, &session, json!({"text": "two"})).await?;
    let lease = desk.assigned().await?.lease;
    desk.report(&lease, vec![Report::Delivered]).await?;
    let stopped = app.owner.post(&format!("/api/v1/sessions/{session}/stop"), &json!({})).await?;
    assert_eq!(stopped["queued"], 0);
    assert_eq!(turn(&app, &queued).await?["outcome"], "cancelled");
    assert_eq!(desk.ordered().await?.wish, Some(Wish::Stop));
    let closed = app.owner.post(&format!("/api/v1/sessions/{session}/close"), &json!({})).await?;
    assert_eq!(closed["state"], "closed");
    is(&app, &session, "closed").await?;
    app.owner.post(&format!("/api/v1/sessions/{session}/close"), &json!({})).await.context("closing twice is closing once")?;
    let (status, body) = post(&app, &format!("/api/v1/sessions/{session}/messages"), json!({"text": "x"})).await?;
    assert_eq!((status, &body["type"]), (409, &json!("/problems/session-closed")));
    desk.report(&lease, vec![ended(Ending::Interrupted { reason: Reason::Crashed, delivered: true })]).await?;
    let done = turn(&app, &running).await?;
    assert_eq!((&done["outcome"], &done["reason"]), (&json!("cancelled"), &json!("stop")), "a person wanted it to end");
    let release = |word| if let FromHub::Release(place) = word { Some(place) } else { None };
    desk.heartbeat(Vec::new()).await?;
    let place = desk.hear("a release", release).await?;
    assert_eq!(place.session.as_str(), session);
    desk.heartbeat(Vec::new()).await?;
    assert_eq!(desk.hear("the release again", release).await?, place);
    let rescue = Some("refs/fugue/rescue/x".to_owned());
    desk.link.say(&FromNode::Released { session: place.session, rescue, branch_removed: false }).await?;
    let released = async || {
        let events = app.owner.events(&session).await?;
        Ok(events.into_iter().find(|event| event["type"] == "session.released"))
    };
    let released = rig::wait::until("the release to be told", SOON, released).await?;
    assert_eq!(released["rescue"], "refs/fugue/rescue/x");
    Ok(())
}

async fn limits(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    let agent = json!({"name": "rehearse", "driver": "rehearse", "concurrent": 1});
    app.owner.send(Method::PUT, "/api/v1/agents/rehearse", None, Some(&agent)).await?.ok()?;
    let one = desk.session(&app, json!({})).await?;
    let two = desk.session(&app, json!({})).await?;
    send(&app, &one, json!({"text": "one"})).await?;
    let first = desk.assigned().await?.lease;
    let (_, held_back) = send(&app, &two, json!({"text": "two"})).await?;
    // The scheduler has looked at it more than once by the time that two heartbeats were answered.
    for _ in 0..2 {
        desk.heartbeat(vec![first.clone()]).await?;
    }
    assert_eq!(turn(&app, &held_back).await?["state"], "queued");
    desk.report(&first, vec![Report::Delivered, ended(Ending::Failed { reason: Reason::Auth })]).await?;
    let second = desk.assigned().await?.lease;
    assert_eq!(second.turn.as_str(), held_back);
    desk.report(&second, vec![Report::Delivered, ended(Ending::Succeeded)]).await?;
    app.owner.send(Method::DELETE, "/api/v1/agents/rehearse", None, None).await?.ok()?;
    let node = desk.node.id.clone();
    app.owner.post(&format!("/api/v1/nodes/{node}/drain"), &json!({})).await?;
    // What was given to it before is no new work: it still runs what belongs to that.
    let job = crate::jobs::ask(&app, &desk.node.id, crate::jobs::merge("fugue/x", true)).await?;
    desk.hear("a job", |word| matches!(word, FromHub::Job { id, .. } if id == job).then_some(())).await?;
    let (_, waits) = send(&app, &one, json!({"text": "three"})).await?;
    desk.heartbeat(Vec::new()).await?;
    assert_eq!(turn(&app, &waits).await?["state"], "queued");
    let removed = app.owner.send(Method::DELETE, &format!("/api/v1/nodes/{node}"), None, None).await?;
    assert_eq!(removed.status, 409, "{}", removed.body);
    app.owner.post(&format!("/api/v1/nodes/{node}/resume"), &json!({})).await?;
    assert_eq!(desk.assigned().await?.lease.turn.as_str(), waits);
    Ok(())
}

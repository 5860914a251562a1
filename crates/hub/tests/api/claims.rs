//! What a client says about itself widens nothing: identity-like fields in bodies, headers and on the link. Authority comes from our
//! record of the credential alone.

use crate::app::App;
use crate::node::{Link, Node, Play, event, hello, question};
use anyhow::{Context, Result};
use fugue_domain::approval::Request;
use fugue_domain::event::Delta;
use fugue_domain::id::{MessageId, SessionId, TurnId};
use fugue_domain::lease::LeaseKey;
use fugue_domain::link::{Answered, Batch, FromHub, FromNode, Hello, PROTOCOL, Report};
use fugue_domain::node::Load;
use fugue_domain::turn::Ending;
use fugue_hub::http::routes;
use reqwest::Method;
use rig::client::Client;
use serde_json::{Value, json};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);

/// Fields by which other products were told who is asking.
fn claims() -> Vec<(&'static str, Value)> {
    let texts = [
        "org_id",
        "orgId",
        "tenant",
        "tenant_id",
        "scope",
        "scopes",
        "permission",
        "permissions",
        "caller",
        "user",
        "user_id",
        "owner",
        "node_id",
        "token",
        "token_id",
        "state",
        "id",
        "epoch",
        "lease",
        "session_id",
        "turn",
        "decided_by",
        "approved",
        "hash_override",
        "__proto__",
        "constructor",
        "is_admin",
        "admin",
        "sudo",
        "as",
        "on_behalf_of",
        "impersonate",
        "created_by",
        "Role",
        "ROLE",
        "role ",
    ];
    texts
        .into_iter()
        .map(|name| (name, json!("owner")))
        .chain([("roles", json!(["owner"])), ("isAdmin", json!(true)), ("seq", json!(1))])
        .collect()
}

/// A body that the route would take.
fn body(route: &str) -> Value {
    match route {
        "changeOrg" => json!({"daily_budget_usd": 5}),
        "createToken" => json!({"name": "x", "role": "viewer"}),
        "startRun" => json!({"project": "none", "text": "x"}),
        "putAgent" => json!({"name": "mine", "driver": "rehearse"}),
        "addProject" => json!({"path": "/srv/shop"}),
        "createHook" => json!({"name": "x", "kind": "github", "project": "shop", "agent": "rehearse"}),
        "openSession" => json!({"project": "shop", "agent": "rehearse"}),
        "changeSession" => json!({"title": "x"}),
        "sendMessage" | "steerSession" | "changeMessage" => json!({"text": "x"}),
        "createTasks" => json!({"project": "shop", "draft": true, "tasks": [{"title": "x"}]}),
        "changeTask" => json!({"priority": 1}),
        "reviewTask" => json!({"verdict": "approve", "commit": "c0ffee"}),
        "tryMerge" => json!({"project": "shop"}),
        "startTask" | "retryTask" | "submitTask" | "approveTask" | "takeOverTask" | "cancelTask" => json!({"text": "x"}),
        "createPlan" => json!({"project": "shop", "goal": "x"}),
        "replacePlanTasks" => json!({"tasks": [{"title": "x"}]}),
        "approve" | "deny" | "createJoinCode" => json!({}),
        "joinNode" => json!({"code": "fgj_0", "name": "x"}),
        "pairDevice" => json!({"code": "fgc_0", "name": "x"}),
        "putPush" => json!({"endpoint": "https://push.example/x", "p256dh": "x", "auth": "x", "wish": {"kinds": [], "locale": "en"}}),
        "answerPush" => json!({"right": "x", "verdict": "deny"}),
        other => panic!("give the route {other} a body here"),
    }
}

#[tokio::test]
async fn a_claim_in_a_body_is_refused_by_its_name() -> Result<()> {
    let app = App::start().await?;
    let node = Node::join(&app, Play::Ask).await?;
    let session = node.session(&app).await?;
    let id = session["id"].as_str().context("an id")?;
    let message = app.owner.message(id, "x").await?;
    app.owner.turn_in(message["turn"]["id"].as_str().context("a turn")?, &["waiting"], SOON).await?;
    let approval = app.owner.get("/api/v1/approvals").await?["items"][0]["id"].as_str().context("an approval")?.to_owned();
    let task = app.owner.post("/api/v1/tasks", &self::body("createTasks")).await?["items"][0]["id"].as_str().context("a task")?.to_owned();
    let lists = ["sessions", "projects", "approvals", "tokens", "agents", "tasks", "org", "hooks"];
    let seen = async || -> Result<Vec<Value>> {
        let mut seen = Vec::new();
        for list in lists {
            seen.push(app.owner.get(&format!("/api/v1/{list}")).await?);
        }
        Ok(seen)
    };
    let before = seen().await?;
    let mut refused = 0;
    for route in routes().iter().filter(|route| route.takes.is_some() || route.mark.id == "createJoinCode") {
        let noun = route.mark.path.split('/').nth(3).unwrap_or_default();
        let of = match noun {
            "messages" => message["id"].as_str().unwrap_or_default(),
            "approvals" => &approval,
            "tasks" => &task,
            // The body is refused before anybody looks for the plan.
            "plans" => "pln_00000000000000000000000000",
            _ => id,
        };
        let path = route.mark.path.replace("{id}", of).replace("{name}", "mine");
        for (name, value) in claims() {
            let mut body = body(route.mark.id);
            body[name] = value;
            let reply = app.owner.send(route.mark.method.clone(), &path, None, Some(&body)).await?;
            assert_eq!(reply.status, 400, "{path} with {name}: {}", reply.body);
            assert!(reply.body["detail"].as_str().is_some_and(|detail| detail.contains(name.trim())), "{path} {name}: {}", reply.body);
            refused += 1;
        }
    }
    assert!(refused > 400, "only {refused} bodies were sent");
    assert_eq!(seen().await?, before, "a refused body has changed something");
    Ok(())
}

#[tokio::test]
async fn a_claim_in_a_header_or_a_query_is_not_heard() -> Result<()> {
    let app = App::start().await?;
    let viewer = app.caller("viewer").await?;
    let me = viewer.get("/api/v1/me").await?;
    let names = [
        "x-org",
        "x-org-id",
        "x-tenant-id",
        "x-role",
        "x-roles",
        "x-scope",
        "x-scopes",
        "x-user",
        "x-user-id",
        "x-forwarded-user",
        "x-remote-user",
        "remote-user",
        "x-node",
        "x-node-id",
        "x-admin",
        "x-fugue-role",
        "x-fugue-org",
        "x-forwarded-for",
        "x-real-ip",
        "forwarded",
        "via",
        "x-http-method-override",
        "x-method-override",
        "x-original-url",
        "x-rewrite-url",
        "x-forwarded-proto",
        "from",
        "cookie",
        "x-api-key",
        "x-token",
    ];
    for name in names {
        for value in ["owner", "home", "127.0.0.1", "DELETE", "/api/v1/tokens", "role=owner; org=home"] {
            let with = |method: Method, path: &str| app.request(method, path).bearer_auth(viewer.token()).header(name, value);
            assert_eq!(with(Method::GET, "/api/v1/me").send().await?.json::<Value>().await?, me, "{name}: {value}");
            let made = with(Method::POST, "/api/v1/tokens").json(&json!({"name": "x", "role": "owner"})).send().await?;
            assert_eq!(made.status().as_u16(), 403, "{name}: {value}");
        }
        let alone = app.request(Method::GET, "/api/v1/me").header(name, "owner").send().await?;
        assert_eq!(alone.status().as_u16(), 401, "{name}");
    }
    for query in ["org=home", "role=owner", "as=owner", "node=x", "scope=all"] {
        let reply = viewer.send(Method::GET, &format!("/api/v1/tokens?{query}"), None, None).await?;
        assert_eq!(reply.status, 403, "{query}");
        let reply = app.owner.send(Method::GET, &format!("/api/v1/tokens?{query}"), None, None).await?;
        assert_eq!(reply.status, 400, "{query}");
    }
    Ok(())
}

#[tokio::test]
async fn nobody_makes_a_credential_above_their_own() -> Result<()> {
    let app = App::start().await?;
    let admin = app.caller("admin").await?;
    let make =
        async |who: &Client, body: Value| Ok::<_, anyhow::Error>(who.send(Method::POST, "/api/v1/tokens", None, Some(&body)).await?.status);
    assert_eq!(make(&admin, json!({"name": "x", "role": "owner"})).await?, 403);
    assert_eq!(make(&admin, json!({"name": "x", "role": "viewer", "org": "other"})).await?, 403);
    assert_eq!(make(&admin, json!({"name": "x", "role": "viewer", "org": "home"})).await?, 403);
    assert_eq!(make(&admin, json!({"name": "x", "role": "node"})).await?, 422);
    assert_eq!(make(&app.owner, json!({"name": "x", "role": "node"})).await?, 422);
    for role in ["viewer", "operator", "approver"] {
        let caller = app.caller(role).await?;
        for wanted in ["viewer", "operator", "approver", "admin", "owner", "node"] {
            assert_eq!(make(&caller, json!({"name": "x", "role": wanted})).await?, 403, "{role} makes {wanted}");
        }
    }
    Ok(())
}

/// A node with a turn in hand, and the lease of it.
struct Victim {
    session: String,
    lease: LeaseKey,
    message: MessageId,
}

impl Victim {
    async fn begin(app: &App, node: &Node) -> Result<Self> {
        let session = node.session(app).await?["id"].as_str().context("a session")?.to_owned();
        let message = app.owner.message(&session, "carry this out").await?;
        let turn = message["turn"]["id"].as_str().context("a turn")?;
        let shown = app.owner.turn_in(turn, &["waiting"], SOON).await?;
        let lease = LeaseKey { session: session.parse()?, turn: turn.parse()?, epoch: shown["epoch"].as_i64().context("an epoch")? };
        Ok(Self { session, lease, message: message["id"].as_str().context("a message")?.parse()? })
    }

    async fn seen(&self, app: &App) -> Result<Value> {
        let turn = app.owner.get(&format!("/api/v1/turns/{}", self.lease.turn)).await?;
        let session = app.owner.get(&format!("/api/v1/sessions/{}", self.session)).await?;
        Ok(json!([turn, session, app.owner.events(&self.session).await?, app.owner.get("/api/v1/approvals").await?]))
    }
}

/// Reports by which a node that has no right to it would take a turn over.
fn hostile_reports(victim: &Victim) -> Result<Vec<Report>> {
    let usage = serde_json::from_value(json!({"cost_usd": 999, "tokens": {"input": 9, "output": 9, "cache_read": 0, "cache_write": 0}}))?;
    Ok(vec![
        event(&victim.lease.turn, "said by another")?,
        Report::Delivered,
        Report::Asked(Request { tool: "Write".into(), ..question("9", r#"{"file_path":"x"}"#) }),
        Report::Withdrawn { key: "1".into() },
        Report::Used { usage, model: None },
        Report::Memory(serde_json::value::RawValue::from_string("{}".into())?),
        Report::Steered { message: victim.message.clone(), taken: false },
        Report::Ended { ending: Ending::Succeeded, detail: Some("taken over".into()) },
    ])
}

/// Leases that name something of the victim's.
fn hostile_leases(victim: &Victim) -> Vec<LeaseKey> {
    let LeaseKey { session, turn, epoch } = victim.lease.clone();
    let mut leases = vec![victim.lease.clone()];
    for other in [0, epoch - 1, epoch + 1, i64::MAX, i64::MIN] {
        leases.push(LeaseKey { epoch: other, session: session.clone(), turn: turn.clone() });
    }
    leases.push(LeaseKey { session: SessionId::from_bits(1), turn: turn.clone(), epoch });
    leases.push(LeaseKey { session, turn: TurnId::from_bits(1), epoch });
    leases
}

async fn hostile_node(app: &App, victim: &Victim, token: &str) -> Result<()> {
    let mut link = Link::dial(&app.url, token).await?;
    let leases = hostile_leases(victim);
    link.say(&FromNode::Hello(Hello { leases: leases.clone(), ..hello(PROTOCOL) })).await?;
    link.say(&FromNode::Heartbeat { beat: 7, load: Load::default(), leases: leases.clone(), jobs: Vec::new() }).await?;
    let mut wanted = 0;
    for lease in &leases {
        for first in [1, 2, 3, 4] {
            for report in hostile_reports(victim)? {
                link.say(&FromNode::Batch(Batch { lease: lease.clone(), first, reports: vec![report] })).await?;
                wanted += 1;
                // No more on the way than a node may have.
                refused(&mut link, lease).await?;
            }
        }
        link.say(&FromNode::Delta { lease: lease.clone(), delta: Delta::Text { text: "typed by another".into() } }).await?;
    }
    assert!(wanted >= 200, "only {wanted} reports were made");
    link.say(&FromNode::Released { session: victim.session.parse()?, rescue: Some("refs/heads/stolen".into()), branch_removed: false })
        .await?;
    for call in 0..50 {
        link.say(&FromNode::Reply { call, result: Ok(Answered::Commit("c0ffee".into())) }).await?;
    }
    // The same with the victim's names beside the message: nobody asked for them.
    let lease = serde_json::to_value(&victim.lease)?;
    let batch = json!({"lease": lease, "first": 1, "reports": ["delivered"], "node": victim.session, "org": "home", "role": "owner", "caller": "owner"});
    link.say_text(json!({ "batch": batch }).to_string()).await?;
    refused(&mut link, &victim.lease).await
}

/// Hears until the lease is refused; an acknowledgement or an assignment of it is the end of the test.
async fn refused(link: &mut Link, wanted: &LeaseKey) -> Result<()> {
    loop {
        match tokio::time::timeout(SOON, link.hear()).await?? {
            Ok(FromHub::Refused { lease }) if lease == *wanted => return Ok(()),
            Ok(FromHub::Renewed { leases, refused, .. }) => assert!(leases.is_empty() && !refused.is_empty(), "{leases:?} were renewed"),
            Ok(said @ (FromHub::Ack { .. } | FromHub::Assign(_) | FromHub::Order(_) | FromHub::Release(_))) => panic!("{said:?}"),
            Ok(_) => {}
            Err((code, reason)) => panic!("closed with {code}: {reason}"),
        }
    }
}

#[tokio::test]
async fn a_node_that_names_anothers_work_changes_nothing_of_it() -> Result<()> {
    let app = App::start().await?;
    let node = Node::join(&app, Play::Ask).await?;
    let victim = Victim::begin(&app, &node).await?;
    let mut watching = app.owner.ws(&format!("/api/v1/sessions/{}/events?after=0", victim.session)).await?;
    let before = victim.seen(&app).await?;
    let stranger = app.token(json!({"name": "x", "role": "admin", "org": "other"})).await?;
    let of_another_org = Node::join_for(&app, &stranger, Play::Hold).await?;
    let of_the_same_org = Node::join(&app, Play::Hold).await?;
    for hostile in [of_another_org, of_the_same_org] {
        let token = hostile.token.clone();
        drop(hostile);
        hostile_node(&app, &victim, &token).await?;
        assert_eq!(victim.seen(&app).await?, before);
    }
    // What a reader saw meanwhile is what is stored: nothing that another typed.
    let last = before[1]["last_seq"].as_i64().context("a number")?;
    for seq in 1..=last {
        let text = tokio::time::timeout(SOON, watching.next()).await??.context("an event")?;
        assert_eq!(serde_json::from_str::<Value>(&text)?["seq"], seq, "{text}");
    }
    // The rightful holder goes on, and what comes next is the hub's own word about that.
    let approval = app.owner.get("/api/v1/approvals").await?["items"][0]["id"].as_str().context("an approval")?.to_owned();
    app.owner.post(&format!("/api/v1/approvals/{approval}/approve"), &json!({})).await?;
    let next: Value = serde_json::from_str(&tokio::time::timeout(SOON, watching.next()).await??.context("an event")?)?;
    assert_eq!((&next["seq"], &next["type"]), (&json!(last + 1), &json!("approval.answered")), "{next}");
    Ok(())
}

#[tokio::test]
async fn an_event_of_a_node_cannot_speak_for_the_hub() -> Result<()> {
    let app = App::start().await?;
    let node = Node::join(&app, Play::Hold).await?;
    let session = node.session(&app).await?["id"].as_str().context("a session")?.to_owned();
    let token = node.token.clone();
    drop(node);
    let mut link = Link::dial(&app.url, &token).await?;
    link.say(&FromNode::Hello(hello(PROTOCOL))).await?;
    let message = app.owner.message(&session, "x").await?;
    let lease = loop {
        if let Ok(FromHub::Assign(assignment)) = tokio::time::timeout(SOON, link.hear()).await?? {
            break assignment.lease;
        }
    };
    let turn = message["turn"]["id"].as_str().context("a turn")?;
    let raw = |text: String| Ok::<_, anyhow::Error>(Report::Event(serde_json::value::RawValue::from_string(text)?));
    let mut reports = vec![Report::Delivered];
    let head = format!(r#""at":"2026-11-21T00:58:20.776Z","turn":"{turn}""#);
    for more in [r#""session":"ses_00000000000000000000000001""#, r#""org":"home""#, r#""node":"desk""#, r#""epoch":9"#] {
        reports.push(raw(format!(r#"{{{head},{more},"type":"agent.text","text":"t"}}"#))?);
        reports.push(raw(format!(r#"{{{more},{head},"type":"agent.text","text":"t"}}"#))?);
    }
    for kind in ["turn.ended", "approval.answered", "session.closed", "message.queued", "agent", "toolx", "", "Agent.text"] {
        reports.push(raw(format!(r#"{{{head},"type":"{kind}","text":"forged"}}"#))?);
        reports.push(raw(format!(r#"{{{head},"type":"agent.text","type":"{kind}","text":"forged"}}"#))?);
    }
    link.say(&FromNode::Batch(Batch { lease, first: 1, reports })).await?;
    let stored = async || Ok((app.owner.events(&session).await?.iter().filter(|event| event["text"] == "t").count() >= 8).then_some(()));
    rig::wait::until("the events to be stored", SOON, stored).await?;
    let events = app.owner.events(&session).await?;
    assert!(!json!(events).to_string().contains("forged"), "{events:?}");
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event["seq"], index + 1, "{event}");
    }
    Ok(())
}

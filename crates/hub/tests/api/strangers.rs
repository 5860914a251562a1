//! Another org: on every route with an id, page, stream or socket, what is not yours answers byte for byte like what does not exist,
//! and nothing of its owner's changes. Streams and sockets ask for the same credential as everything else.

use crate::app::{App, without_request_id};
use crate::node::{Link, Node, Play};
use crate::raw::{self, UPGRADE};
use crate::walk::nowhere;
use anyhow::{Context, Result};
use fugue_domain::caller::{Permission, Role};
use fugue_hub::http::route::{Access, Route};
use fugue_hub::http::routes;
use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use rig::client::Client;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const SOON: Duration = Duration::from_secs(20);

/// An org with one of everything, and an admin of another.
struct Two {
    app: App,
    _node: Node,
    /// The home org's ids by noun, as the noun stands in paths.
    ids: BTreeMap<&'static str, String>,
    stranger: Client,
    /// How long an answer may take; a stream that was opened takes all of it.
    patience: Duration,
}

impl Two {
    async fn begin() -> Result<Self> {
        let app = App::start().await?;
        let node = Node::join(&app, Play::Ask).await?;
        let session = node.session(&app).await?;
        let text = |value: &Value| value.as_str().map(str::to_owned).context("an id");
        let message = app.owner.message(session["id"].as_str().context("an id")?, "hello").await?;
        app.owner.turn_in(message["turn"]["id"].as_str().context("a turn")?, &["waiting"], SOON).await?;
        let approvals = app.owner.get("/api/v1/approvals").await?;
        let agent = json!({"name": "ours", "driver": "rehearse", "description": "a description of ours"});
        app.owner.send(Method::PUT, "/api/v1/agents/ours", None, Some(&agent)).await?.ok()?;
        let run = app.owner.post("/api/v1/agents/ours/runs", &json!({"project": session["project"], "text": "a question of ours"})).await?;
        let job = crate::jobs::ask(&app, &node.id, crate::jobs::merge("fugue/x", false)).await?;
        let new = json!({"project": session["project"], "draft": true, "tasks": [{"title": "a task of ours"}]});
        let tasks = app.owner.post("/api/v1/tasks", &new).await?;
        let new = json!({"project": session["project"], "goal": "a goal of ours", "agent": "ours"});
        let plan = app.owner.post("/api/v1/plans", &new).await?;
        let making = app.owner.get(&format!("/api/v1/runs/{}", plan["run"].as_str().context("a run")?)).await?;
        for run in [&run, &making] {
            // Nothing of it moves any more while it is looked at.
            app.owner.turn_in(run["turn"].as_str().context("a turn")?, &["waiting"], SOON).await?;
        }
        let new = json!({"name": "a hook of ours", "kind": "github", "project": session["project"], "agent": "ours"});
        let hook = app.owner.post("/api/v1/hooks", &new).await?;
        let me = app.owner.get("/api/v1/me").await?;
        crate::devices::paired(&app, &app.owner).await?;
        let devices = app.owner.get("/api/v1/devices").await?;
        let ids = BTreeMap::from([
            ("sessions", text(&session["id"])?),
            ("projects", text(&session["project"])?),
            ("messages", text(&message["id"])?),
            ("turns", text(&message["turn"]["id"])?),
            ("approvals", text(&approvals["items"][0]["id"])?),
            ("nodes", node.id.to_string()),
            ("tokens", text(&me["token"])?),
            ("agents", "ours".to_owned()),
            ("runs", text(&run["id"])?),
            ("jobs", job.to_string()),
            ("devices", text(&devices["items"][0]["id"])?),
            ("hooks", text(&hook["id"])?),
            ("tasks", text(&tasks["items"][0]["id"])?),
            ("merge-queue", text(&tasks["items"][0]["id"])?),
            ("plans", text(&plan["id"])?),
        ]);
        let stranger = app.token(json!({"name": "x", "role": "admin", "org": "other"})).await?;
        Ok(Self { app, _node: node, ids, stranger, patience: SOON })
    }

    /// Everything that the home org can see of itself.
    async fn seen(&self) -> Result<Vec<Value>> {
        let mut seen = Vec::new();
        for list in ["sessions", "projects", "nodes", "approvals", "tokens", "agents", "runs", "tasks", "plans", "devices", "hooks", "org"]
        {
            let mut page = self.app.owner.get(&format!("/api/v1/{list}")).await?;
            // A machine's last sign of life is the machine's.
            for item in page["items"].as_array_mut().into_iter().flatten() {
                item["seen_at"].take();
            }
            seen.push(page);
        }
        let session = &self.ids["sessions"];
        seen.push(json!(self.app.owner.events(session).await?));
        seen.push(self.app.owner.get(&format!("/api/v1/sessions/{session}/messages")).await?);
        seen.push(self.app.owner.get(&format!("/api/v1/turns/{}", self.ids["turns"])).await?);
        Ok(seen)
    }

    /// Status, headers and body of an answer, with the id that was asked for and what differs between any two requests left out.
    async fn answer(&self, route: &Route, path: &str, id: &str, more: &[(&str, &str)]) -> Result<String> {
        let mut request = self.app.request(route.mark.method.clone(), path).bearer_auth(self.stranger.token()).timeout(self.patience);
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        if route.takes.is_some() {
            request = request.json(&body(route.mark.id));
        }
        let reply = request.send().await?;
        let status = reply.status();
        let headers: Vec<_> = reply.headers().iter().filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str())).collect();
        let shown = format!("{status} {headers:?}");
        let body = without_request_id(reply.json().await.unwrap_or_default()).to_string();
        // Ids of one kind are equally long, so that also lengths can be compared.
        Ok(format!("{shown} {body}").replace(id, "(id)"))
    }
}

/// A body that the route would take.
fn body(route: &str) -> Value {
    match route {
        "changeSession" => json!({"title": "taken over"}),
        "changeMessage" | "sendMessage" | "steerSession" => json!({"text": "taken over"}),
        "startRun" => json!({"project": "shop", "text": "taken over"}),
        "changeTask" => json!({"title": "taken over"}),
        "reviewTask" => json!({"verdict": "approve", "commit": "c0ffee"}),
        "replacePlanTasks" => json!({"tasks": [{"title": "taken over"}]}),
        "startTask" | "retryTask" | "submitTask" | "approveTask" | "takeOverTask" | "cancelTask" => json!({"text": "taken over"}),
        "approve" | "deny" => json!({}),
        "putAgent" => json!({"name": "ours", "driver": "rehearse"}),
        other => panic!("give the route {other} a body here"),
    }
}

/// Another thing's id of the same kind and length that nothing has.
fn absent(noun: &str) -> String {
    match noun {
        "agents" => "none".to_owned(),
        noun => nowhere(&format!("/api/v1/{noun}/{{id}}")).rsplit('/').next().unwrap_or_default().to_owned(),
    }
}

/// Walks all routes with an id as the stranger, in every way. How many requests that were, and where what is not there would have
/// been answered otherwise.
async fn differences(two: &Two) -> Result<(usize, Vec<String>)> {
    let (mut walked, mut different) = (0, Vec::new());
    let with_id = |route: &&Route| route.mark.path.contains("{id}") || route.mark.path.contains("{name}");
    for route in routes().iter().filter(with_id) {
        let noun = route.mark.path.split('/').nth(3).unwrap_or_default();
        let (id, none) = (two.ids.get(noun).with_context(|| format!("the home org has nothing of {noun}"))?, absent(noun));
        // A name is free in every org, so to put one is to make one's own; and whoever delivers to a hook is nobody's caller (`hooks`).
        if route.mark.id == "putAgent" || route.mark.access == Access::Signed {
            continue;
        }
        let path = |id: &str| route.mark.path.replace("{id}", id).replace("{name}", id);
        let ways: [&[(&str, &str)]; 3] = [
            &[],
            &[("accept", "text/event-stream")],
            &[
                ("connection", "upgrade"),
                ("upgrade", "websocket"),
                ("sec-websocket-version", "13"),
                ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ],
        ];
        for way in ways {
            let theirs = two.answer(route, &path(id), id, way).await?;
            let nobodys = two.answer(route, &path(&none), &none, way).await?;
            if !theirs.starts_with("404") || theirs != nobodys {
                different.push(format!("{} {} {way:?}: {theirs} instead of {nobodys}", route.mark.method, path(id)));
            }
            walked += 1;
        }
    }
    Ok((walked, different))
}

#[tokio::test]
async fn another_org_sees_nothing_and_changes_nothing() -> Result<()> {
    let two = Two::begin().await?;
    let before = two.seen().await?;
    let (walked, different) = differences(&two).await?;
    assert!(walked >= 3 * 22, "only {walked} requests were made");
    assert!(different.is_empty(), "{}", different.join("\n"));
    assert_eq!(two.seen().await?, before, "a stranger has changed something");
    Ok(())
}

#[tokio::test]
async fn a_route_that_tells_a_stranger_something_is_found() -> Result<()> {
    let mut two = Two::begin().await?;
    // A viewer of the home org stands for a stranger who is let in: nothing that it reads, or is forbidden, looks like nothing.
    (two.stranger, two.patience) = (two.app.caller("viewer").await?, Duration::from_secs(2));
    let (walked, different) = differences(&two).await?;
    assert_eq!(different.len(), walked);
    Ok(())
}

#[tokio::test]
async fn an_id_in_a_body_a_query_or_a_subscription_is_no_way_in() -> Result<()> {
    let two = Two::begin().await?;
    let before = two.seen().await?;
    let same = async |method: Method, path: &str, make: &dyn Fn(&str) -> Value, noun: &str| -> Result<()> {
        let (id, none) = (&two.ids[noun], absent(noun));
        let theirs = two.stranger.send(method.clone(), &path.replace("ID", id), None, Some(&make(id))).await?;
        let nobodys = two.stranger.send(method, &path.replace("ID", &none), None, Some(&make(&none))).await?;
        let shown = |body: Value, id: &str| without_request_id(body).to_string().replace(id, "(id)");
        assert_eq!((theirs.status, shown(theirs.body, id)), (nobodys.status, shown(nobodys.body, &none)), "{path} {noun}");
        Ok(())
    };
    let post = Method::POST;
    same(post.clone(), "/api/v1/sessions", &|id| json!({"project": id, "agent": "rehearse"}), "projects").await?;
    same(post.clone(), "/api/v1/sessions", &|id| json!({"project": id, "agent": "rehearse", "node": "desk"}), "projects").await?;
    same(post.clone(), "/api/v1/agents/rehearse/runs", &|id| json!({"project": id, "text": "x"}), "projects").await?;
    same(post, "/api/v1/projects", &|id| json!({"path": "/srv/shop", "node": id}), "nodes").await?;
    same(Method::GET, "/api/v1/sessions?project=ID", &|_| json!(null), "projects").await?;
    for name in ["shop", "desk", "ours"] {
        for noun in ["projects", "nodes", "agents"] {
            let reply = two.stranger.send(Method::GET, &format!("/api/v1/{noun}/{name}"), None, None).await?;
            assert_eq!(reply.status, 404, "{noun}/{name} by its name");
        }
    }
    for list in ["sessions", "projects", "nodes", "approvals", "runs"] {
        assert_eq!(two.stranger.get(&format!("/api/v1/{list}")).await?["items"], json!([]), "{list}");
        // The home org's ids are no cursors that lead there.
        let cursor = two.ids[list].replace(|letter: char| letter.is_ascii_digit(), "9");
        let page = two.stranger.send(Method::GET, &format!("/api/v1/{list}?cursor={cursor}"), None, None).await?;
        assert!(page.body["items"].as_array().is_none_or(Vec::is_empty), "{list}: {}", page.body);
    }
    let agents = two.stranger.get("/api/v1/agents").await?["items"].as_array().cloned().unwrap_or_default();
    assert!(agents.len() > 20 && agents.iter().all(|agent| agent["name"] != "ours" && agent["built_in"] == true), "{agents:?}");
    let tokens = two.stranger.get("/api/v1/tokens").await?;
    assert_eq!(tokens["items"].as_array().map(Vec::len), Some(1), "its own");
    assert_eq!(two.seen().await?, before);
    subscriptions(&two).await
}

/// On the socket for many sessions a stranger is told of another org's session what it is told of none.
async fn subscriptions(two: &Two) -> Result<()> {
    let mut request = format!("{}/api/v1/ws", two.app.url.replacen("http", "ws", 1)).into_client_request()?;
    request.headers_mut().insert("authorization", format!("Bearer {}", two.stranger.token()).parse()?);
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await?;
    socket.send(Message::Text(json!({"subscribe": {"all": true}}).to_string().into())).await?;
    let mut said = Vec::new();
    for id in [&two.ids["sessions"], &absent("sessions")] {
        socket.send(Message::Text(json!({"subscribe": {"session": id, "after": 0}}).to_string().into())).await?;
        let heard = tokio::time::timeout(SOON, socket.next()).await?.context("an ended socket")??;
        said.push(without_request_id(serde_json::from_str(heard.to_text()?)?).to_string().replace(id.as_str(), "(id)"));
    }
    assert_eq!(said[0], said[1]);
    // Nothing that happens over there is hinted at here.
    two.app.owner.message(&two.ids["sessions"], "more").await?;
    two.stranger.post("/api/v1/tickets", &json!({})).await?;
    socket.send(Message::Text(json!({"subscribe": {"session": absent("sessions")}}).to_string().into())).await?;
    let heard = tokio::time::timeout(SOON, socket.next()).await?.context("an ended socket")??;
    assert!(heard.to_text()?.contains("not-found") && !heard.to_text()?.contains("hint\":{"), "{heard}");
    Ok(())
}

#[tokio::test]
async fn streams_and_sockets_ask_for_their_credential() -> Result<()> {
    let two = Two::begin().await?;
    let app = &two.app;
    let events = format!("/api/v1/sessions/{}/events", two.ids["sessions"]);
    let host = format!("Host: {}", app.options().listen);
    let revoked = app.caller("admin").await?;
    let id = revoked.get("/api/v1/me").await?["token"].as_str().context("an id")?.to_owned();
    app.owner.send(Method::DELETE, &format!("/api/v1/tokens/{id}"), None, None).await?;
    let soon = fugue_domain::time::Time(fugue_domain::world::World::now(&*app.world) + 1_000).to_string();
    let expired = app.token(json!({"name": "old", "role": "admin", "expires_at": soon})).await?;
    app.world.advance(2_000);
    let owner = app.owner.token();
    let bad = [
        String::new(),
        "Authorization: Bearer".into(),
        "Authorization: Bearer fgt_garbage".into(),
        format!("Authorization: Basic {owner}"),
        format!("Authorization: {owner}"),
        format!("Authorization: Bearer {}", revoked.token()),
        format!("Authorization: Bearer {}", expired.token()),
        format!("Authorization: Bearer {owner}\r\nAuthorization: Bearer {owner}"),
        format!("Authorization: Bearer {owner}x"),
        format!("Authorization: Bearer {}", &owner[..owner.len() - 1]),
        format!("Authorization: Bearer {}", owner.to_uppercase()),
        format!("X-Authorization: Bearer {owner}"),
        format!("Proxy-Authorization: Bearer {owner}"),
    ];
    for line in &bad {
        let sse = "Accept: text/event-stream";
        for (path, upgrade) in [(events.as_str(), false), (&events, true), ("/api/v1/ws", true), ("/api/v1/link", true)] {
            let mut lines = vec![host.as_str()];
            lines.extend(if upgrade { UPGRADE.to_vec() } else { vec![sse] });
            lines.extend((!line.is_empty()).then_some(line.as_str()));
            let answer = raw::ask(app, &format!("GET {path} HTTP/1.1"), &lines).await?;
            assert_eq!((answer.status, answer.problem().as_str()), (401, "unauthenticated"), "{path} {line:?}");
        }
    }
    for role in [Role::Viewer, Role::Operator, Role::Approver, Role::Admin] {
        let caller = app.caller(role.word()).await?;
        assert!(Link::dial(&app.url, caller.token()).await.is_err(), "{role:?} on the link");
        assert_eq!(caller.ws(&events).await.is_ok(), role.permits(Permission::Read));
    }
    assert!(Link::dial(&app.url, owner).await.is_err(), "the owner on the link");
    let machine = Client::new(&app.url, &two._node.token);
    assert!(machine.ws(&events).await.is_err() && machine.ws("/api/v1/ws").await.is_err() && machine.sse(&events, None).await.is_err());
    Ok(())
}

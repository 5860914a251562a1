//! Hooks: what is signed becomes a message, once; what is not changes nothing, and hears the same everywhere. On both databases.

use crate::app::{App, on_both, without_request_id};
use crate::node::{Node, Play};
use anyhow::{Context, Result, ensure};
use aws_lc_rs::hmac;
use fugue_domain::base64url;
use fugue_domain::digest::hex;
use fugue_domain::id::HookId;
use fugue_domain::limits::{HOOK_BODY_BYTES_MAX, HOOK_DELIVERY_DAYS, HOOK_LARGE_AT_ONCE, MESSAGE_BYTES_MAX};
use fugue_domain::world::World;
use futures_util::future::join_all;
use reqwest::Method;
use rig::wait::until;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const SOON: Duration = Duration::from_secs(20);
/// LINE's and Slack's own.
const THEIRS: &str = "8c570fa6dd201bb328f1c1eac23a96d8";
const BODY: &str = r#"{"ref":"refs/heads/main", "events":[{"webhookEventId":"e1"}]}"#;

on_both! {
    taken what_is_signed_becomes_a_message_once_on_sqlite what_is_signed_becomes_a_message_once_on_postgres;
    refused what_is_not_signed_changes_nothing_on_sqlite what_is_not_signed_changes_nothing_on_postgres;
    kinds each_kind_is_heard_on_sqlite each_kind_is_heard_on_postgres;
    large large_deliveries_are_bounded_on_sqlite large_deliveries_are_bounded_on_postgres;
    hindered what_cannot_be_taken_may_come_again_on_sqlite what_cannot_be_taken_may_come_again_on_postgres;
    forgotten an_old_delivery_is_forgotten_on_sqlite an_old_delivery_is_forgotten_on_postgres;
}

type Headers = Vec<(&'static str, String)>;

/// A hook as its sender knows it.
#[derive(Clone)]
struct Door {
    http: reqwest::Client,
    kind: &'static str,
    path: String,
    secret: String,
}

/// What a sender hears.
#[derive(Debug, PartialEq)]
struct Heard {
    status: u16,
    kind: String,
    body: String,
    again: Option<String>,
}

impl Door {
    async fn new(app: &App, kind: &'static str, project: &Value) -> Result<Self> {
        let mut new = json!({"name": "ci", "kind": kind, "project": project, "agent": "rehearse", "title": "From outside"});
        if ["line", "slack"].contains(&kind) {
            new["secret"] = json!(THEIRS);
        }
        let hook = app.owner.post("/api/v1/hooks", &new).await?;
        let address = hook["address"].as_str().context("an address")?;
        let path = address.strip_prefix(&app.url).with_context(|| format!("{address} is elsewhere"))?.to_owned();
        Ok(Self { http: reqwest::Client::new(), kind, path, secret: hook["secret"].as_str().context("a secret")?.to_owned() })
    }

    /// The headers with which its sender delivers a body, some seconds ago.
    fn sign(&self, app: &App, id: &str, ago: i64, body: &[u8]) -> Headers {
        let at = (app.world.now() / 1_000 - ago).to_string();
        let key = match self.kind {
            "standard" => base64url::from_standard(&self.secret["whsec_".len()..]).unwrap_or_default(),
            _ => self.secret.as_bytes().to_vec(),
        };
        let mac = |head: &str| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &[head.as_bytes(), body].concat());
        match self.kind {
            "github" => vec![
                ("x-hub-signature-256", format!("sha256={}", hex(mac("").as_ref()))),
                ("x-github-delivery", id.to_owned()),
                ("x-github-event", "push".to_owned()),
            ],
            "line" => vec![("x-line-signature", base64url::standard(mac("").as_ref()))],
            "slack" => {
                vec![("x-slack-signature", format!("v0={}", hex(mac(&format!("v0:{at}:")).as_ref()))), ("x-slack-request-timestamp", at)]
            }
            _ => vec![
                ("webhook-signature", format!("v1,{}", base64url::standard(mac(&format!("{id}.{at}.")).as_ref()))),
                ("webhook-id", id.to_owned()),
                ("webhook-timestamp", at),
            ],
        }
    }

    async fn send(&self, app: &App, headers: &Headers, body: &[u8]) -> Result<Heard> {
        let request = self.http.post(format!("{}{}", app.url, self.path)).body(body.to_vec());
        heard(headers.iter().fold(request, |request, (name, value)| request.header(*name, value))).await
    }

    async fn deliver(&self, app: &App, id: &str, body: &str) -> Result<Heard> {
        self.send(app, &self.sign(app, id, 0, body.as_bytes()), body.as_bytes()).await
    }

    async fn session(&self, app: &App) -> Result<String> {
        Ok(app.owner.get(&self.path).await?["session"].as_str().context("no session yet")?.to_owned())
    }

    /// What was said because of it, oldest first.
    async fn texts(&self, app: &App) -> Result<Vec<String>> {
        let mut all = app.owner.all(&format!("/api/v1/sessions/{}/messages", self.session(app).await?)).await?;
        all.reverse();
        Ok(all.iter().map(|message| message["text"].as_str().unwrap_or_default().to_owned()).collect())
    }
}

async fn heard(request: reqwest::RequestBuilder) -> Result<Heard> {
    let reply = request.send().await?;
    let header = |name: &str| reply.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (status, kind, again) = (reply.status().as_u16(), header("content-type").unwrap_or_default(), header("retry-after"));
    let text = reply.text().await?;
    let body = serde_json::from_str(&text).map_or(text, |body| without_request_id(body).to_string());
    Ok(Heard { status, kind, body, again })
}

async fn taken(mut app: App) -> Result<()> {
    let node = Node::join(&app, Play::Hold).await?;
    let project = node.session(&app).await?["project"].clone();
    let door = Door::new(&app, "github", &project).await?;
    assert!(door.secret.starts_with("fgh_") && door.secret.len() == 68);
    let all = app.owner.get("/api/v1/hooks").await?;
    assert!(!all.to_string().contains(&door.secret[4..]) && all["items"][0]["delivered_at"].is_null(), "{all}");

    assert_eq!(door.deliver(&app, "d1", BODY).await?.status, 202);
    let first = door.session(&app).await?;
    let session = app.owner.get(&format!("/api/v1/sessions/{first}")).await?;
    assert_eq!((&session["title"], &session["agent"], &session["project"]), (&json!("From outside"), &json!("rehearse"), &project));
    let texts = door.texts(&app).await?;
    assert!(texts.len() == 1 && texts[0].contains("data from outside") && texts[0].ends_with(&format!("\n```\n{BODY}\n```")), "{texts:?}");

    for body in [BODY, r#"{"ref":"another body with the same id"}"#] {
        assert_eq!(door.deliver(&app, "d1", body).await?, Heard { status: 200, kind: String::new(), body: String::new(), again: None });
    }
    let at_once = join_all((0..10).map(|_| door.deliver(&app, "d2", BODY))).await.into_iter().collect::<Result<Vec<_>>>()?;
    assert_eq!(at_once.iter().filter(|heard| heard.status == 202).count(), 1, "{at_once:?}");
    assert_eq!((at_once.iter().filter(|heard| heard.status == 200).count(), door.texts(&app).await?.len()), (9, 2));

    // The first deliveries of another hook, all at once: one session, and every one in it.
    let other = Door::new(&app, "github", &project).await?;
    let names: Vec<String> = (1..=10).map(|n| format!("d{n}")).collect();
    let at_once = join_all(names.iter().map(|id| other.deliver(&app, id, BODY))).await.into_iter().collect::<Result<Vec<_>>>()?;
    assert!(at_once.iter().all(|heard| heard.status == 202), "{at_once:?}");
    assert_eq!(other.texts(&app).await?.len(), 10);
    assert_eq!(app.owner.all("/api/v1/sessions").await?.len(), 3);

    app.owner.post(&format!("/api/v1/sessions/{first}/close"), &json!({})).await?;
    assert_eq!(door.deliver(&app, "d1", BODY).await?.status, 200, "known after the end of its session too");
    assert_eq!(door.session(&app).await?, first);
    assert_eq!(door.deliver(&app, "d3", BODY).await?.status, 202);
    assert_ne!(door.session(&app).await?, first);
    drop(node);
    app.restart().await?;
    for id in ["d1", "d2", "d3"] {
        assert_eq!(door.deliver(&app, id, BODY).await?.status, 200, "{id} after a restart");
    }
    assert_eq!(door.texts(&app).await?.len(), 1);
    Ok(())
}

/// Everything that a delivery could change.
async fn seen(app: &App) -> Result<Value> {
    let sessions = app.owner.all("/api/v1/sessions").await?;
    let mut messages = Vec::new();
    for session in &sessions {
        messages.extend(app.owner.all(&format!("/api/v1/sessions/{}/messages", session["id"].as_str().context("an id")?)).await?);
    }
    Ok(json!([sessions, messages, app.owner.all("/api/v1/hooks").await?]))
}

async fn refused(app: App) -> Result<()> {
    let node = Node::join(&app, Play::Hold).await?;
    let project = node.session(&app).await?["project"].clone();
    let removed = Door::new(&app, "github", &project).await?;
    app.owner.send(Method::DELETE, &removed.path, None, None).await?;
    let unknown = HookId::from_bits(7);
    let nobody = heard(app.request(Method::POST, &format!("/api/v1/hooks/{unknown}")).body(BODY)).await?;
    assert_eq!((nobody.status, nobody.kind.as_str(), &nobody.again), (401, "application/problem+json", &None));
    assert!(!nobody.body.contains("hok_"), "{nobody:?}");
    let mut doors = Vec::new();
    for kind in ["github", "line", "slack", "standard"] {
        doors.push(Door::new(&app, kind, &project).await?);
    }
    let before = seen(&app).await?;
    let mut asked = 0;
    for door in doors.iter().chain([&removed]) {
        let good = door.sign(&app, "d1", 0, BODY.as_bytes());
        let mut requests: Vec<(Headers, Vec<u8>)> = vec![(Vec::new(), BODY.into())];
        let secret = if door.kind == "standard" { format!("whsec_{}", base64url::standard(&[7; 32])) } else { format!("{}x", door.secret) };
        let stranger = Door { secret, ..door.clone() };
        requests.push((stranger.sign(&app, "d1", 0, BODY.as_bytes()), BODY.into()));
        requests.push(([&good[..1], &good[..]].concat(), BODY.into()));
        requests.push((good[1..].to_vec(), BODY.into()));
        for at in 0..BODY.len() {
            let mut body = BODY.as_bytes().to_vec();
            body[at] ^= 1;
            requests.push((good.clone(), body));
        }
        let encoded = serde_json::from_str::<Value>(BODY)?.to_string();
        requests.push((good.clone(), encoded.into()));
        requests.push(([good.clone(), vec![("authorization", format!("Bearer {}", app.owner.token()))]].concat(), b"{}".to_vec()));
        if ["slack", "standard"].contains(&door.kind) {
            requests.extend([301, -301].map(|ago| (door.sign(&app, "d1", ago, BODY.as_bytes()), BODY.into())));
        }
        if door.path == removed.path {
            requests.push((good, BODY.into()));
        }
        for (headers, body) in requests {
            let heard = door.send(&app, &headers, &body).await?;
            assert_eq!(heard, nobody, "{} {headers:?} {}", door.kind, String::from_utf8_lossy(&body));
            asked += 1;
        }
    }
    for nowhere in ["hok_", "ci", "%00", "%ff", "hok_0000000000000000000000000é"] {
        let heard = heard(app.request(Method::POST, &format!("/api/v1/hooks/{nowhere}")).body(BODY)).await?;
        assert_eq!(heard, nobody, "{nowhere}");
    }
    ensure!(asked > 5 * BODY.len(), "only {asked} requests were made");
    assert_eq!(seen(&app).await?, before, "something was changed");
    Ok(())
}

async fn kinds(app: App) -> Result<()> {
    let node = Node::join(&app, Play::Hold).await?;
    let project = node.session(&app).await?["project"].clone();
    let line = Door::new(&app, "line", &project).await?;
    let events = |ids: &[&str]| {
        json!({"destination": "U1", "events": ids.iter().map(|id| json!({"webhookEventId": id})).collect::<Vec<_>>()}).to_string()
    };
    assert_eq!(line.deliver(&app, "", &events(&[])).await?.status, 200);
    assert!(app.owner.get(&line.path).await?["session"].is_null(), "a trial opens no session");
    for (ids, count) in [(&["b", "a"][..], 2), (&["a", "c", "c"], 3), (&["c", "b"], 3)] {
        assert_eq!(line.deliver(&app, "", &events(ids)).await?.status, 200);
        assert_eq!(line.texts(&app).await?.len(), count, "{ids:?}");
    }
    let events_told = app.owner.events(&line.session(&app).await?).await?;
    let told: Vec<&str> =
        events_told.iter().filter(|event| event["type"] == "message.queued").filter_map(|event| event["text"].as_str()).collect();
    assert!(told.len() == 3 && told.iter().zip(["b", "a", "c"]).all(|(text, id)| text.contains(&format!("\"{id}\""))), "{told:?}");
    let broken = line.deliver(&app, "", r#"{"events":[{"webhookEventId":"d"},{"hunter2":1}]}"#).await?;
    assert!(broken.status == 400 && broken.body.contains("/problems/malformed") && !broken.body.contains("hunter2"), "{broken:?}");
    assert_eq!(line.texts(&app).await?.len(), 3, "all of a delivery or nothing");

    let slack = Door::new(&app, "slack", &project).await?;
    let challenge = slack.deliver(&app, "", r#"{"type":"url_verification","challenge":"3eZb\u003cx"}"#).await?;
    assert_eq!((challenge.status, challenge.kind.as_str(), challenge.body.as_str()), (200, "text/plain; charset=utf-8", "3eZb<x"));
    let event = r#"{"type":"event_callback","event_id":"Ev1"}"#;
    for (ago, status) in [(0, 202), (60, 200), (299, 200)] {
        assert_eq!(slack.send(&app, &slack.sign(&app, "", ago, event.as_bytes()), event.as_bytes()).await?.status, status);
    }
    let form = slack.sign(&app, "", 0, b"command=%2Fdo");
    assert_eq!(slack.send(&app, &form, b"command=%2Fdo").await?.status, 202);
    assert_eq!(slack.send(&app, &form, b"command=%2Fdo").await?.status, 200, "the very same bytes");
    assert_eq!(slack.texts(&app).await?.len(), 2);

    let standard = Door::new(&app, "standard", &project).await?;
    assert!(standard.secret.starts_with("whsec_"));
    let no_text = "a\0b";
    assert_eq!(standard.deliver(&app, "m1", no_text).await?.status, 202);
    assert!(standard.texts(&app).await?[0].ends_with("\n```\na\u{fffd}b\n```"));
    let github = Door::new(&app, "github", &project).await?;
    let mut ping = github.sign(&app, "d1", 0, b"{}");
    ping[2].1 = "ping".to_owned();
    assert_eq!(github.send(&app, &ping, b"{}").await?.status, 200);
    assert!(app.owner.get(&github.path).await?["session"].is_null());
    Ok(())
}

async fn large(app: App) -> Result<()> {
    let node = Node::join(&app, Play::Hold).await?;
    let project = node.session(&app).await?["project"].clone();
    let door = Door::new(&app, "github", &project).await?;
    let most = "x".repeat(HOOK_BODY_BYTES_MAX);
    assert_eq!(door.deliver(&app, "d1", &most).await?.status, 202);
    let text = &door.texts(&app).await?[0];
    assert!(text.len() <= MESSAGE_BYTES_MAX && text.ends_with(" bytes after this are left out."), "{} bytes", text.len());
    let more =
        heard(
            app.request(Method::POST, &door.path)
                .header("content-length", HOOK_BODY_BYTES_MAX + 1)
                .body(vec![b'x'; HOOK_BODY_BYTES_MAX + 1]),
        )
        .await;
    // It is answered before it is read: the sender hears the answer, or that nobody listens.
    assert!(more.as_ref().map_or(true, |heard| heard.status == 413), "{more:?}");

    let mut slow = Vec::new();
    for _ in 0..HOOK_LARGE_AT_ONCE {
        let mut stream = TcpStream::connect(app.options().listen).await?;
        let head = format!("POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {HOOK_BODY_BYTES_MAX}\r\n\r\nx", door.path);
        stream.write_all(head.as_bytes()).await?;
        slow.push(stream);
    }
    let body = "y".repeat(3 << 20);
    let full = async || Ok(Some(door.deliver(&app, "d1", &body).await?).filter(|heard| heard.status != 200));
    let full = until("the places to be taken", SOON, full).await?;
    assert_eq!((full.status, full.again.as_deref()), (429, Some("1")), "{full:?}");
    assert_eq!(door.deliver(&app, "d1", BODY).await?.status, 200, "small ones need no place");
    assert_eq!(door.texts(&app).await?.len(), 1);
    drop(slow);
    let free = async || Ok((door.deliver(&app, "d2", &body).await?.status == 202).then_some(()));
    until("a place to be free", SOON, free).await
}

async fn hindered(app: App) -> Result<()> {
    let node = Node::join(&app, Play::Hold).await?;
    let agent = json!({"name": "ours", "driver": "rehearse"});
    let put = async || app.owner.send(Method::PUT, "/api/v1/agents/ours", None, Some(&agent)).await?.ok();
    put().await?;
    let far = app.owner.post("/api/v1/projects", &json!({"url": "https://git.example/far.git"})).await?;
    let new = json!({"name": "ci", "kind": "github", "project": far["id"], "agent": "ours"});
    let hook = app.owner.post("/api/v1/hooks", &new).await?;
    let path = format!("/api/v1/hooks/{}", hook["id"].as_str().context("an id")?);
    let door = Door { http: reqwest::Client::new(), kind: "github", path, secret: hook["secret"].as_str().context("a secret")?.to_owned() };
    let before = seen(&app).await?;
    app.owner.send(Method::DELETE, "/api/v1/agents/ours", None, None).await?;
    let gone = door.deliver(&app, "d1", BODY).await?;
    assert!(gone.status == 409 && !gone.body.contains("ours"), "{gone:?}");
    put().await?;
    let (id, token) = (node.id.clone(), node.token.clone());
    drop(node);
    let away = async || {
        let page = app.request(Method::GET, "/metrics").bearer_auth(app.owner.token()).send().await?.text().await?;
        Ok(page.contains("fugue_link_connected 0").then_some(()))
    };
    until("the node to be away", SOON, away).await?;
    let away = door.deliver(&app, "d1", BODY).await?;
    assert_eq!((away.status, away.again.as_deref()), (503, Some("1")), "{away:?}");
    assert_eq!(seen(&app).await?, before, "nothing of it is there");
    let _node = Node::dial(&app, &id, &token, Play::Hold).await?;
    let back = async || Ok((door.deliver(&app, "d1", BODY).await?.status == 202).then_some(()));
    until("it to be taken when the node is back", SOON, back).await?;
    assert_eq!(door.deliver(&app, "d1", BODY).await?.status, 200);
    assert_eq!(door.texts(&app).await?.len(), 1);
    Ok(())
}

async fn forgotten(mut app: App) -> Result<()> {
    let node = Node::join(&app, Play::Hold).await?;
    let project = node.session(&app).await?["project"].clone();
    let door = Door::new(&app, "github", &project).await?;
    for id in ["d1", "d2"] {
        assert_eq!(door.deliver(&app, id, BODY).await?.status, 202);
        app.world.advance(1);
    }
    let is_new = async |app: &App, id: &str| {
        let is_new = async || Ok((door.deliver(app, id, BODY).await?.status == 202).then_some(()));
        until("it to be forgotten", SOON, is_new).await
    };
    app.world.advance(HOOK_DELIVERY_DAYS * 24 * 60 * 60 * 1_000 - 2);
    app.restart().await?;
    is_new(&app, "d1").await?;
    assert_eq!(door.deliver(&app, "d2", BODY).await?.status, 200, "a moment before its days are over");
    app.world.advance(1);
    app.restart().await?;
    is_new(&app, "d2").await
}

#[tokio::test]
async fn a_secret_is_shown_once_and_lies_nowhere_in_clear() -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mut app = App::start().await?;
    let node = Node::join(&app, Play::Hold).await?;
    let project = node.session(&app).await?["project"].clone();
    let new = json!({"name": "ci", "kind": "github", "project": project, "agent": "rehearse"});
    let first = app.owner.post_keyed("/api/v1/hooks", "k", &new).await?;
    let again = app.owner.post_keyed("/api/v1/hooks", "k", &new).await?;
    assert_eq!((first.status, &first.body), (201, &again.body));
    let secret = first.body["secret"].as_str().context("a secret")?.to_owned();
    let id = first.body["id"].as_str().context("an id")?.to_owned();
    let door = Door { http: reqwest::Client::new(), kind: "github", path: format!("/api/v1/hooks/{id}"), secret };
    assert_eq!(door.deliver(&app, "d1", BODY).await?.status, 202);
    let home = app.options().home;
    for file in ["hub.db", "hub.db-wal"] {
        let stored = std::fs::read(home.join(file))?;
        assert!(!stored.windows(12).any(|window| door.secret.as_bytes()[4..].windows(12).any(|part| part == window)), "it lies in {file}");
    }
    let key = home.join("hook.key");
    assert_eq!(std::fs::metadata(&key)?.permissions().mode() & 0o777, 0o600);
    let kept = std::fs::read(&key)?;
    app.restart().await?;
    assert_eq!(door.deliver(&app, "d1", BODY).await?.status, 200);
    // With another key the hook is as good as none; with its own again it works.
    std::fs::remove_file(&key)?;
    app.restart().await?;
    let nobody = heard(app.request(Method::POST, &format!("/api/v1/hooks/{}", HookId::from_bits(7))).body(BODY)).await?;
    assert_eq!(door.deliver(&app, "d2", BODY).await?, nobody);
    app.stop().await;
    std::fs::write(&key, kept)?;
    app.restart().await?;
    assert_eq!(door.deliver(&app, "d2", BODY).await?.status, 202);
    Ok(())
}

#[tokio::test]
async fn a_hook_is_made_by_who_may_and_of_what_there_is() -> Result<()> {
    let app = App::start().await?;
    let node = Node::join(&app, Play::Hold).await?;
    let project = node.session(&app).await?["project"].clone();
    let good = json!({"name": "ci", "kind": "standard", "project": project, "agent": "rehearse"});
    let ask = async |caller: &rig::client::Client, field: &str, value: Value| {
        let mut new = good.clone();
        new[field] = value;
        let reply = caller.send(Method::POST, "/api/v1/hooks", None, Some(&new)).await?;
        Ok::<_, anyhow::Error>((reply.status, reply.body["errors"][0]["field"].as_str().unwrap_or_default().to_owned()))
    };
    for role in ["viewer", "operator", "approver"] {
        assert_eq!(ask(&app.caller(role).await?, "name", json!("x")).await?.0, 403, "{role}");
    }
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("a\nb")),
        ("title", json!("x".repeat(201))),
        ("project", json!("none")),
        ("agent", json!("none")),
        ("secret", json!("short")),
    ] {
        let wrong = ask(&app.owner, field, value.clone()).await?;
        assert_eq!(wrong, (422, format!("/{field}")), "{field} {value}");
    }
    for kind in ["line", "slack"] {
        assert_eq!(ask(&app.owner, "kind", json!(kind)).await?, (422, "/secret".to_owned()), "{kind} makes the secret itself");
    }
    assert_eq!(ask(&app.owner, "kind", json!("gitlab")).await?.0, 400);
    assert!(app.owner.all("/api/v1/hooks").await?.is_empty());
    let own = format!("whsec_{}", base64url::standard(&[9; 24]));
    assert_eq!(ask(&app.owner, "secret", json!(own)).await?.0, 201);
    let id = app.owner.all("/api/v1/hooks").await?[0]["id"].as_str().context("an id")?.to_owned();
    let door = Door { http: reqwest::Client::new(), kind: "standard", path: format!("/api/v1/hooks/{id}"), secret: own };
    assert_eq!(door.deliver(&app, "m1", BODY).await?.status, 202);
    assert_eq!(app.owner.send(Method::DELETE, &door.path, None, None).await?.status, 204);
    assert_eq!(app.owner.send(Method::DELETE, &door.path, None, None).await?.status, 404);
    assert_eq!(door.deliver(&app, "m2", BODY).await?.status, 401);
    Ok(())
}

//! Pushes: a fact becomes a row, the row a text that only its browser can read, and its right an answer, once. On both databases.

use crate::app::App;
use crate::devices::paired;
use crate::node::{Node, Play};
use anyhow::{Context, Result, ensure};
use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use fugue_domain::limits::{PUSH_AGAIN_MS, PUSH_SCREEN_MS, PUSH_TRIES_MAX};
use fugue_domain::world::World;
use futures_util::SinkExt;
use reqwest::{Method, StatusCode};
use rig::client::Client;
use rig::push_service::{AUTH, P256DH, PRIVATE, PushService, Pushed};
use rig::wait::until;
use serde_json::{Value, json};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const SOON: Duration = Duration::from_secs(20);
/// Less than the time after which a push that waits that long is too late.
const LATER: Duration = Duration::from_secs(50);
/// What an agent is told, which no push may repeat.
const PROMPT: &str = "the-prompt-itself";

/// A hub, the push service that it may send to, and one paired browser.
struct Stage {
    app: App,
    service: PushService,
    cookie: String,
}

macro_rules! on_both {
    ($($story:ident $sqlite:ident $postgres:ident;)*) => {$(
        #[tokio::test]
        async fn $sqlite() -> Result<()> {
            $story(Stage::on(None).await?).await
        }
        #[tokio::test]
        async fn $postgres() -> Result<()> {
            match rig::postgres::database("pushes")? {
                Some(database) => $story(Stage::on(Some(database)).await?).await,
                None => Ok(()),
            }
        }
    )*};
}

on_both! {
    a_question question_on_sqlite question_on_postgres;
    an_end end_on_sqlite end_on_postgres;
    a_service_that_is_not_well unwell_on_sqlite unwell_on_postgres;
    what_is_put_off put_off_on_sqlite put_off_on_postgres;
    what_is_refused refused_on_sqlite refused_on_postgres;
}

impl Stage {
    async fn on(database: Option<rig::postgres::Database>) -> Result<Self> {
        let service = PushService::start().await?;
        let app = App::pushing(database, &[service.origin()]).await?;
        let cookie = paired(&app, &app.owner).await?;
        Ok(Self { app, service, cookie })
    }

    fn as_device(&self, cookie: &str, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.app.request(method, path).header("cookie", cookie).header("origin", &self.app.url)
    }

    fn ask(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.as_device(&self.cookie, method, path)
    }

    fn subscription(&self, wish: &Value) -> Value {
        json!({"endpoint": format!("{}/send/one", self.service.origin()), "p256dh": P256DH, "auth": AUTH, "wish": wish})
    }

    /// Subscribes the browser.
    async fn wants(&self, wish: Value) -> Result<()> {
        let reply = self.ask(Method::PUT, "/api/v1/push").json(&self.subscription(&wish)).send().await?;
        ensure!(reply.status() == 200, "{}", reply.text().await?);
        let told: Value = reply.json().await?;
        let mut wish = wish;
        wish["answers"] = json!(wish["answers"] == true);
        assert_eq!(told["wish"], wish);
        Ok(())
    }

    /// Whether the browser is still subscribed.
    async fn wish(&self) -> Result<Value> {
        Ok(self.ask(Method::GET, "/api/v1/push").send().await?.json::<Value>().await?["wish"].clone())
    }

    async fn pushed(&self, count: usize) -> Result<Vec<Pushed>> {
        let came = async || Ok(Some(self.service.pushed()).filter(|pushed| pushed.len() >= count));
        let pushed = until("a push", SOON, came).await?;
        assert_eq!(pushed.len(), count, "more came than was to come");
        Ok(pushed)
    }

    /// The same while time passes.
    async fn pushed_in_time(&self, count: usize) -> Result<Vec<Pushed>> {
        let came = async || {
            let pushed = self.service.pushed();
            if pushed.len() < count {
                self.app.world.advance(3 * PUSH_AGAIN_MS);
                self.app.hub().wake.pushes();
            }
            Ok(Some(pushed).filter(|pushed| pushed.len() >= count))
        };
        let pushed = until("a push", LATER, came).await?;
        assert_eq!(pushed.len(), count, "more came than was to come");
        Ok(pushed)
    }

    /// How many pushes are on their way.
    async fn waiting(&self) -> Result<u64> {
        let page = self.app.request(Method::GET, "/metrics").bearer_auth(self.app.owner.token()).send().await?.text().await?;
        let line = page.lines().find_map(|line| line.strip_prefix("fugue_pushes_waiting "));
        Ok(line.context("no gauge")?.parse::<f64>()? as u64)
    }

    async fn nothing_waits(&self) -> Result<()> {
        until("nothing to be on its way", SOON, async || Ok((self.waiting().await? == 0).then_some(()))).await
    }

    async fn answer(&self, cookie: &str, right: &str, verdict: &str) -> Result<(StatusCode, Value)> {
        let request = self.as_device(cookie, Method::POST, "/api/v1/push/answers").json(&json!({"right": right, "verdict": verdict}));
        let reply = request.send().await?;
        Ok((reply.status(), reply.json().await?))
    }
}

fn wish(kinds: &[&str]) -> Value {
    json!({"kinds": kinds, "answers": false, "locale": "en"})
}

/// A session that was told something; its id.
async fn told(app: &App, node: &Node) -> Result<String> {
    let session = node.session(app).await?["id"].as_str().context("an id")?.to_owned();
    app.owner.message(&session, PROMPT).await?;
    Ok(session)
}

async fn pending(owner: &Client) -> Result<Value> {
    let asked = async || Ok(owner.all("/api/v1/approvals?state=pending").await?.pop());
    until("a question", SOON, asked).await
}

/// What a browser reads of a push (RFC 8291).
fn read(pushed: &Pushed) -> Result<Value> {
    struct Bytes(usize);
    impl KeyType for Bytes {
        fn len(&self) -> usize {
            self.0
        }
    }
    fn derive<const N: usize>(salt: &[u8], secret: &[u8], info: &[u8]) -> Result<[u8; N]> {
        let mut out = [0; N];
        let prk = Salt::new(HKDF_SHA256, salt).extract(secret);
        prk.expand(&[info], Bytes(N)).and_then(|okm| okm.fill(&mut out)).ok().context("a key")?;
        Ok(out)
    }
    let (salt, sender, body) = (&pushed.body[..16], &pushed.body[21..86], &pushed.body[86..]);
    let (own, public, auth) = (base64url(PRIVATE), base64url(P256DH), base64url(AUTH));
    let own = PrivateKey::from_private_key(&ECDH_P256, &own).ok().context("a private key")?;
    let info = [b"WebPush: info\0", public.as_slice(), sender].concat();
    let shared = agree(&own, UnparsedPublicKey::new(&ECDH_P256, sender), (), |shared| derive::<32>(&auth, shared, &info).map_err(drop));
    let secret = shared.ok().context("a shared secret")?;
    let key: [u8; 16] = derive(salt, &secret, b"Content-Encoding: aes128gcm\0")?;
    let nonce: [u8; 12] = derive(salt, &secret, b"Content-Encoding: nonce\0")?;
    let mut text = body.to_vec();
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).ok().context("a key")?);
    let plain = key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut text).ok().context("it does not open")?;
    let (2, json) = plain.split_last().map(|(last, rest)| (*last, rest)).context("empty")? else { anyhow::bail!("not the last record") };
    Ok(serde_json::from_slice(json)?)
}

fn base64url(text: &str) -> Vec<u8> {
    let value = |letter: u8| b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".iter().position(|known| *known == letter);
    let bits = text.bytes().filter_map(value).flat_map(|value| (0..6).rev().map(move |bit| (value >> bit & 1) as u8)).collect::<Vec<_>>();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |byte, bit| byte << 1 | bit)).collect()
}

async fn a_question(stage: Stage) -> Result<()> {
    stage.wants(json!({"kinds": ["approval"], "answers": true, "locale": "ja"})).await?;
    let other = paired(&stage.app, &stage.app.owner).await?;
    let node = Node::join(&stage.app, Play::Ask).await?;
    let session = told(&stage.app, &node).await?;
    let asked = pending(&stage.app.owner).await?;
    let pushed = stage.pushed(1).await?.remove(0);
    let id = asked["id"].as_str().context("an id")?;
    assert_eq!((pushed.path.as_str(), pushed.header("content-encoding"), pushed.header("urgency")), ("/send/one", "aes128gcm", "high"));
    assert_eq!((pushed.header("topic"), pushed.header("ttl")), (id, "86400"));
    assert!(pushed.header("authorization").starts_with("vapid t="), "{pushed:?}");

    let text = read(&pushed)?;
    let right = text["right"].as_str().context("a right")?.to_owned();
    let expected = json!({"kind": "approval", "tag": id, "path": format!("/approvals/{id}"), "title": "Fix login", "tool": asked["tool"],
        "locale": "ja", "waiting": 1, "right": right});
    assert_eq!(text, expected, "and nothing of what it was told, or wants to run: {session}");
    assert!(!text.to_string().contains(PROMPT) && !text.to_string().contains(asked["input"].as_str().context("an input")?));

    // Only this device, with its cookie, and only once.
    let bearer = stage.app.request(Method::POST, "/api/v1/push/answers").bearer_auth(stage.app.owner.token());
    let bearer = bearer.json(&json!({"right": right, "verdict": "approve"})).send().await?;
    assert_eq!((bearer.status(), stage.answer(&other, &right, "approve").await?.0), (StatusCode::CONFLICT, StatusCode::CONFLICT));
    assert_eq!(stage.answer(&stage.cookie, "fgr_wrong", "approve").await?.0, StatusCode::CONFLICT);
    let (status, decided) = stage.answer(&stage.cookie, &right, "approve").await?;
    assert_eq!(
        (status, &decided["state"], &decided["id"], &decided["hash"]),
        (StatusCode::OK, &json!("approved"), &asked["id"], &asked["hash"])
    );
    let (status, again) = stage.answer(&stage.cookie, &right, "deny").await?;
    assert_eq!((status, &again["type"]), (StatusCode::CONFLICT, &json!("/problems/already-answered")));
    stage.nothing_waits().await?;

    // Who may not approve is told, and gets no right; whoever answered elsewhere makes it void.
    let viewer = stage.app.caller("viewer").await?;
    let theirs = paired(&stage.app, &viewer).await?;
    let mut subscription = stage.subscription(&json!({"kinds": ["approval"], "answers": true, "locale": "en"}));
    subscription["endpoint"] = json!(format!("{}/send/two", stage.service.origin()));
    let put = stage.as_device(&theirs, Method::PUT, "/api/v1/push").json(&subscription).send().await?;
    assert_eq!(put.status(), 200);
    told(&stage.app, &node).await?;
    let pushed = stage.pushed(3).await?.split_off(1);
    let rights = pushed
        .iter()
        .map(|one| Ok((one.path.clone(), read(one)?["right"].is_string())))
        .collect::<Result<std::collections::BTreeMap<_, _>>>()?;
    assert_eq!(rights, [("/send/one".to_owned(), true), ("/send/two".to_owned(), false)].into());
    let mine = pushed.iter().find(|one| one.path == "/send/one").context("mine")?;
    let asked = pending(&stage.app.owner).await?;
    stage.app.owner.post(&format!("/api/v1/approvals/{}/deny", asked["id"].as_str().context("an id")?), &json!({})).await?;
    let late = read(mine)?["right"].as_str().context("a right")?.to_owned();
    assert_eq!(stage.answer(&stage.cookie, &late, "approve").await?.0, StatusCode::CONFLICT, "the first answer counts");
    Ok(())
}

async fn an_end(stage: Stage) -> Result<()> {
    stage.wants(wish(&["finished", "failed"])).await?;
    let node = Node::join(&stage.app, Play::Finish(1)).await?;
    let session = told(&stage.app, &node).await?;
    let pushed = stage.pushed(1).await?.remove(0);
    let text = read(&pushed)?;
    assert_eq!((&text["kind"], &text["path"], &text["tag"]), (&json!("finished"), &json!(format!("/sessions/{session}")), &json!(session)));
    assert_eq!((pushed.header("urgency"), pushed.header("ttl")), ("normal", "43200"));
    stage.nothing_waits().await?;

    let list: Value = stage.ask(Method::GET, "/api/v1/devices").send().await?.json().await?;
    assert_eq!(list["items"][0]["pushes"], json!(["finished", "failed"]));
    let test = stage.ask(Method::POST, "/api/v1/push/test").send().await?;
    assert_eq!(test.status(), StatusCode::NO_CONTENT);
    assert_eq!(read(&stage.pushed(2).await?[1])?["kind"], "test");

    // What it does not want to hear of is not said, and after it is gone nothing is.
    stage.wants(wish(&["approval"])).await?;
    told(&stage.app, &node).await?;
    assert_eq!(stage.ask(Method::DELETE, "/api/v1/push").send().await?.status(), StatusCode::NO_CONTENT);
    assert_eq!(stage.ask(Method::POST, "/api/v1/push/test").send().await?.status(), StatusCode::CONFLICT);
    stage.wants(wish(&["finished"])).await?;
    let id = list["items"][0]["id"].as_str().context("an id")?;
    assert_eq!(stage.ask(Method::DELETE, &format!("/api/v1/devices/{id}")).send().await?.status(), StatusCode::NO_CONTENT);
    let session = told(&stage.app, &node).await?;
    let idle = async || Ok((stage.app.owner.get(&format!("/api/v1/sessions/{session}")).await?["state"] == "idle").then_some(()));
    until("the session to be idle", SOON, idle).await?;
    assert_eq!((stage.waiting().await?, stage.service.pushed().len()), (0, 2));
    Ok(())
}

async fn a_service_that_is_not_well(stage: Stage) -> Result<()> {
    stage.wants(wish(&["finished"])).await?;
    stage.service.answers(&[503, 429]);
    let node = Node::join(&stage.app, Play::Finish(1)).await?;
    told(&stage.app, &node).await?;
    let first = stage.pushed(1).await?;
    assert_eq!(stage.waiting().await?, 1);
    let before = stage.app.world.now();
    let pushed = stage.pushed_in_time(3).await?;
    assert!(stage.app.world.now() - before >= 4 * PUSH_AGAIN_MS, "a pause, and three times as long a one");
    assert_eq!(pushed.iter().map(|one| one.header("topic")).collect::<std::collections::BTreeSet<_>>().len(), 1);
    stage.nothing_waits().await?;
    assert_ne!(first[0].body, stage.service.pushed()[2].body, "it is encrypted anew each time");

    // It is given up in the end.
    stage.service.answers(&[500; PUSH_TRIES_MAX as usize]);
    // The node from before seems lost after all that time.
    let node = Node::join(&stage.app, Play::Finish(1)).await?;
    told(&stage.app, &node).await?;
    // Time passes only when its turn has ended: this node would seem lost too.
    stage.pushed(4).await?;
    stage.pushed_in_time(3 + PUSH_TRIES_MAX as usize).await?;
    stage.nothing_waits().await?;
    assert_ne!(stage.wish().await?, Value::Null, "the subscription is not to blame");

    // What the service no longer knows is forgotten, with all that was on its way.
    stage.service.answers(&[410]);
    let node = Node::join(&stage.app, Play::Finish(1)).await?;
    told(&stage.app, &node).await?;
    stage.pushed(4 + PUSH_TRIES_MAX as usize).await?;
    until("the subscription to be gone", SOON, async || Ok(stage.wish().await?.is_null().then_some(()))).await?;
    assert_eq!(stage.waiting().await?, 0);
    Ok(())
}

async fn what_is_put_off(stage: Stage) -> Result<()> {
    // 2026-11-21T00:58 is in the night of London and in the morning of Tokyo.
    let night = json!({"kinds": ["approval", "finished"], "answers": false, "locale": "en", "quiet": {"from": "22:00", "to": "07:00", "zone": "Europe/London"}});
    stage.wants(night).await?;
    let node = Node::join(&stage.app, Play::Ask).await?;
    let session = told(&stage.app, &node).await?;
    pending(&stage.app.owner).await?;
    until("it to be put off", SOON, async || Ok((stage.waiting().await? == 1).then_some(()))).await?;
    let test = stage.ask(Method::POST, "/api/v1/push/test").send().await?;
    assert_eq!(test.status(), StatusCode::NO_CONTENT);
    let pushed = stage.pushed(1).await?;
    assert_eq!(read(&pushed[0])?["kind"], "test", "who wants to see that it works sees it, and the question still waits");

    // A page of the device shows the session when the morning comes.
    let mut page = page(&stage).await?;
    let looks = |at: Value| Message::Text(json!({"looks": {"at": at}}).to_string().into());
    page.send(looks(json!(format!("/sessions/{session}")))).await?;
    // What was said before is heard before.
    page.send(Message::Text(json!({"subscribe": {"session": session, "after": 0}}).to_string().into())).await?;
    futures_util::StreamExt::next(&mut page).await.context("closed")??;
    stage.app.world.advance(7 * 60 * 60 * 1_000);
    page.send(looks(json!(format!("/sessions/{session}")))).await?;
    assert_eq!((stage.waiting().await?, stage.service.pushed().len()), (1, 1));
    // It looks away, and nobody has answered.
    page.send(looks(Value::Null)).await?;
    let away = async || {
        stage.app.world.advance(PUSH_SCREEN_MS);
        Ok((stage.service.pushed().len() == 2).then_some(()))
    };
    until("the question", SOON, away).await?;
    assert_eq!(read(&stage.service.pushed()[1])?["path"].as_str().map(|path| path.starts_with("/approvals/apr_")), Some(true));
    Ok(())
}

/// A page's live connection, opened with the device's cookie.
async fn page(stage: &Stage) -> Result<tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>> {
    let ticket: Value = stage.ask(Method::POST, "/api/v1/tickets").send().await?.json().await?;
    let mut request = format!("{}/api/v1/ws", stage.app.url.replacen("http", "ws", 1)).into_client_request()?;
    let offered = format!("fugue.v1, {}", ticket["ticket"].as_str().context("a ticket")?);
    request.headers_mut().insert("sec-websocket-protocol", offered.parse()?);
    Ok(tokio_tungstenite::connect_async(request).await?.0)
}

async fn what_is_refused(stage: Stage) -> Result<()> {
    let put = async |change: &dyn Fn(&mut Value)| -> Result<(u16, String)> {
        let mut body = stage.subscription(&wish(&["approval"]));
        change(&mut body);
        let reply = stage.ask(Method::PUT, "/api/v1/push").json(&body).send().await?;
        let status = reply.status().as_u16();
        let told: Value = reply.json().await?;
        Ok((status, told["errors"][0]["field"].as_str().unwrap_or_default().to_owned()))
    };
    for (field, pointer, value) in [
        ("/endpoint", "/endpoint", json!("https://fcm.googleapis.com.evil.example/x")),
        ("/endpoint", "/endpoint", json!("http://127.0.0.1:1/x")),
        ("/p256dh", "/p256dh", json!("BCVx")),
        ("/p256dh", "/auth", json!("")),
        ("/wish/kinds", "/wish/kinds", json!(["test"])),
        ("/wish/locale", "/wish/locale", json!("tlh")),
        ("/quiet/zone", "/wish/quiet", json!({"from": "22:00", "to": "07:00", "zone": "Mars/Olympus"})),
    ] {
        let change = |body: &mut Value| match body.pointer_mut(pointer) {
            Some(place) => *place = value.clone(),
            None => body["wish"]["quiet"] = value.clone(),
        };
        assert_eq!(put(&change).await?, (422, field.to_owned()), "{pointer} {value}");
    }
    assert_eq!(stage.wish().await?, Value::Null);
    // A bearer is no device.
    let body = stage.subscription(&wish(&["approval"]));
    let bearer = stage.app.owner.send(Method::PUT, "/api/v1/push", None, Some(&body)).await?;
    assert_eq!((bearer.status, &bearer.body["type"]), (409, &json!("/problems/wrong-state")));
    let key: Value = stage.ask(Method::GET, "/api/v1/push").send().await?.json().await?;
    assert_eq!(base64url(key["key"].as_str().context("a key")?).len(), 65);
    Ok(())
}

#[tokio::test]
async fn the_hubs_key_is_made_once_and_is_nobody_elses_to_read() -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mut stage = Stage::on(None).await?;
    let key = async |stage: &Stage| anyhow::Ok(stage.ask(Method::GET, "/api/v1/push").send().await?.json::<Value>().await?["key"].clone());
    let before = key(&stage).await?;
    let file = stage.app.options().home.join("push.key");
    assert_eq!(std::fs::metadata(&file)?.permissions().mode() & 0o777, 0o600);
    stage.wants(wish(&["approval"])).await?;
    stage.app.restart().await?;
    assert_eq!((key(&stage).await?, stage.wish().await?.is_null()), (before.clone(), false));
    // With another key the browser has to subscribe anew, and is told so.
    std::fs::remove_file(&file)?;
    stage.app.restart().await?;
    assert_ne!(key(&stage).await?, before);
    assert_eq!(stage.wish().await?, Value::Null);
    stage.app.stop().await;
    std::fs::write(&file, "nonsense")?;
    let refused = fugue_hub::start(stage.app.options(), stage.app.world.clone()).await.err().context("it started")?.to_string();
    assert!(refused.contains("push.key") && !refused.contains("nonsense"), "{refused}");
    Ok(())
}

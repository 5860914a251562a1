//! Devices: a code makes one browser a device, once; its cookie is a credential like any other, and only from pages of our own.

use crate::app::App;
use anyhow::{Context, Result};
use fugue_domain::limits::{DEVICE_CODE_SECONDS, DEVICE_DAYS};
use fugue_domain::world::World;
use reqwest::{Method, Response};
use rig::client::Client;
use serde_json::{Value, json};

async fn code(maker: &Client) -> Result<String> {
    let made = maker.post("/api/v1/devices/codes", &json!({})).await?;
    Ok(made["path"].as_str().context("a path")?.strip_prefix("/pair#").context("the code stands in the fragment")?.to_owned())
}

fn pair(app: &App, code: &str, origin: Option<&str>) -> reqwest::RequestBuilder {
    let request = app.request(Method::POST, "/api/v1/devices").json(&json!({"code": code, "name": "Firefox on Linux"}));
    if let Some(origin) = origin { request.header("origin", origin) } else { request }
}

/// The cookie that a reply sets, as a browser sends it back.
fn cookie(reply: &Response) -> Result<String> {
    let set = reply.headers().get("set-cookie").context("no cookie")?.to_str()?;
    Ok(set.split(';').next().unwrap_or_default().to_owned())
}

pub async fn paired(app: &App, maker: &Client) -> Result<String> {
    let reply = pair(app, &code(maker).await?, Some(&app.url)).send().await?;
    assert_eq!(reply.status(), 201);
    cookie(&reply)
}

async fn kind(request: reqwest::RequestBuilder) -> Result<(u16, String)> {
    let reply = request.send().await?;
    let status = reply.status().as_u16();
    let body: Value = reply.json().await.unwrap_or_default();
    Ok((status, body["type"].as_str().unwrap_or_default().trim_start_matches("/problems/").to_owned()))
}

#[tokio::test]
async fn a_code_makes_one_device_whose_cookie_no_script_can_read() -> Result<()> {
    let app = App::start().await?;
    let fresh = code(&app.owner).await?;
    assert_eq!(kind(pair(&app, &fresh, None)).await?, (403, "wrong-origin".into()), "only a page pairs");
    let reply = pair(&app, &fresh, Some(&app.url)).send().await?;
    let set = reply.headers()["set-cookie"].to_str()?.to_owned();
    let seconds = DEVICE_DAYS * 24 * 60 * 60;
    assert!(set.ends_with(&format!("; Max-Age={seconds}; Path=/api; HttpOnly; SameSite=Strict")), "{set}");
    let port = app.options().listen.port();
    assert!(set.starts_with(&format!("fugue_device_{port}=fgd_")), "{set}");
    assert_eq!(kind(pair(&app, &fresh, Some(&app.url))).await?, (401, "code-spent".into()), "it works once");

    let late = code(&app.owner).await?;
    app.world.advance(DEVICE_CODE_SECONDS * 1_000);
    assert_eq!(kind(pair(&app, &late, Some(&app.url))).await?, (401, "code-spent".into()), "and for a minute");
    let reply = pair(&app, &code(&app.owner).await?, Some("https://hub.example")).send().await?;
    assert!(reply.headers()["set-cookie"].to_str()?.ends_with("; Secure"));
    Ok(())
}

#[tokio::test]
async fn a_cookie_is_good_from_our_own_pages_only() -> Result<()> {
    let app = App::start().await?;
    let cookie = paired(&app, &app.owner).await?;
    let ask = |method, path: &str| app.request(method, path).header("cookie", &cookie);
    assert_eq!(kind(ask(Method::GET, "/api/v1/me")).await?.0, 200);
    let ticket = || ask(Method::POST, "/api/v1/tickets");
    assert_eq!(kind(ticket()).await?, (403, "wrong-origin".into()), "what changes something names its origin");
    assert_eq!(kind(ticket().header("origin", "http://localhost:1")).await?, (403, "wrong-origin".into()));
    assert_eq!(kind(ticket().header("origin", &app.url)).await?.0, 201);
    let socket = || ask(Method::GET, "/api/v1/ws").header("upgrade", "websocket").header("connection", "upgrade");
    assert_eq!(kind(socket()).await?, (403, "wrong-origin".into()));

    let secret = cookie.split_once('=').context("a pair")?.1;
    assert_eq!(kind(app.request(Method::GET, "/api/v1/me").bearer_auth(secret)).await?.0, 401, "a device's secret is no bearer's");
    let name = cookie.split_once('=').context("a pair")?.0;
    let bearer = app.request(Method::GET, "/api/v1/me").header("cookie", format!("{name}={}", app.owner.token()));
    assert_eq!(kind(bearer).await?.0, 401, "and a bearer's is no device's");
    let both = ask(Method::GET, "/api/v1/me").bearer_auth("fgt_wrong");
    assert_eq!(kind(both).await?.0, 401, "a header outdoes the cookie");
    Ok(())
}

#[tokio::test]
async fn a_device_may_no_more_and_lives_no_longer_than_its_maker() -> Result<()> {
    let app = App::start().await?;
    let viewer = app.token(json!({"name": "v", "role": "viewer", "expires_at": app.world.now() + 60_000})).await?;
    let cookie = paired(&app, &viewer).await?;
    let open = app.request(Method::POST, "/api/v1/nodes/join-codes").header("cookie", &cookie).header("origin", &app.url);
    assert_eq!(kind(open).await?, (403, "forbidden".into()));
    app.world.advance(60_001);
    assert_eq!(kind(app.request(Method::GET, "/api/v1/me").header("cookie", &cookie)).await?.0, 401);
    let unused = code(&app.owner).await?;
    let gone = app.token(json!({"name": "gone", "role": "viewer"})).await?;
    let theirs = code(&gone).await?;
    let tokens = app.owner.get("/api/v1/tokens").await?;
    let id = tokens["items"].as_array().context("items")?.iter().find(|one| one["name"] == "gone").context("the token")?["id"].clone();
    let path = format!("/api/v1/tokens/{}", id.as_str().context("an id")?);
    assert_eq!(app.request(Method::DELETE, &path).bearer_auth(app.owner.token()).send().await?.status(), 204);
    assert_eq!(kind(pair(&app, &theirs, Some(&app.url))).await?, (401, "code-spent".into()), "its maker is gone");
    assert_eq!(kind(pair(&app, &unused, Some(&app.url))).await?.0, 201);
    Ok(())
}

#[tokio::test]
async fn devices_are_listed_and_signed_out_by_their_person_only() -> Result<()> {
    let app = App::start().await?;
    let (first, second) = (paired(&app, &app.owner).await?, paired(&app, &app.owner).await?);
    let list: Value = app.request(Method::GET, "/api/v1/devices").header("cookie", &first).send().await?.json().await?;
    let items = list["items"].as_array().context("items")?;
    let id_of = |current: bool| items.iter().find(|one| one["current"] == current).and_then(|one| one["id"].as_str()).context("an id");
    let (id, own) = (id_of(false)?, id_of(true)?);
    assert_eq!(items.len(), 2);
    // Their credentials are tokens, and are known as what they are.
    let tokens = app.owner.all("/api/v1/tokens").await?;
    let of_devices = tokens.iter().filter(|token| token["device"] == true).count();
    assert_eq!((tokens.len(), of_devices), (3, 2), "{tokens:?}");
    let health: Value = app.request(Method::GET, "/api/v1/health").header("cookie", &first).send().await?.json().await?;
    assert_eq!((&health["version"], health["write_ms"].is_i64()), (&json!(env!("CARGO_PKG_VERSION")), true), "{health}");
    let other = app.token(json!({"name": "o", "role": "admin", "org": "elsewhere"})).await?;
    assert_eq!(other.get("/api/v1/devices").await?["items"], json!([]));
    let foreign = app.request(Method::DELETE, &format!("/api/v1/devices/{id}")).bearer_auth(other.token());
    assert_eq!(kind(foreign).await?, (404, "not-found".into()));
    let out = |cookie: &str, id: &str| {
        app.request(Method::DELETE, &format!("/api/v1/devices/{id}")).header("cookie", cookie).header("origin", &app.url)
    };
    assert_eq!(out(&first, id).send().await?.status(), 204);
    assert_eq!(kind(app.request(Method::GET, "/api/v1/me").header("cookie", &second)).await?.0, 401, "at once");
    assert_eq!(out(&first, id).send().await?.status(), 204, "what is signed out is signed out");
    let own = out(&first, own).send().await?;
    assert!(own.headers()["set-cookie"].to_str()?.contains("Max-Age=0"), "the browser forgets");
    assert_eq!(kind(app.request(Method::GET, "/api/v1/me").header("cookie", &first)).await?.0, 401);
    Ok(())
}

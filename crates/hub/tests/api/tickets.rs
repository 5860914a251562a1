//! Credentials and URLs: none is taken there, and what a browser sends instead, a ticket, works once, soon, and for its maker only.

use crate::app::App;
use crate::raw::{self, UPGRADE};
use anyhow::{Context, Result};
use fugue_domain::limits::TICKET_SECONDS;
use fugue_hub::http::route::{Access, Param};
use fugue_hub::http::routes;
use reqwest::Method;
use rig::client::Client;
use serde_json::json;

/// Names under which other products take credentials in a URL.
const NAMES: &[&str] = &[
    "token",
    "access_token",
    "auth",
    "auth_token",
    "authorization",
    "Authorization",
    "bearer",
    "key",
    "api_key",
    "apikey",
    "secret",
    "ticket",
    "password",
    "jwt",
    "session",
    "session_token",
    "t",
    "fgt",
    "credential",
    "code",
    "sig",
];

async fn ticket(client: &Client) -> Result<String> {
    Ok(client.post("/api/v1/tickets", &json!({})).await?["ticket"].as_str().context("a ticket")?.to_owned())
}

/// Opens a WebSocket with these further header lines; the status.
async fn open(app: &App, path: &str, more: &[&str]) -> Result<u16> {
    let host = format!("Host: {}", app.options().listen);
    let lines: Vec<&str> = [host.as_str()].into_iter().chain(UPGRADE).chain(more.iter().copied()).collect();
    Ok(raw::ask(app, &format!("GET {path} HTTP/1.1"), &lines).await?.status)
}

fn offered(ticket: &str) -> String {
    format!("Sec-WebSocket-Protocol: fugue.v1, {ticket}")
}

#[tokio::test]
async fn no_route_takes_a_credential_in_its_url() -> Result<()> {
    let app = App::start().await?;
    let secret = app.owner.token();
    for route in routes().iter().filter(|route| route.mark.access != Access::Public) {
        for param in &route.params {
            let (Param::Text(name)
            | Param::Words(name)
            | Param::Word(name, _)
            | Param::Number(name, ..)
            | Param::Id(name)
            | Param::Day(name)) = param;
            // Ours are conversations, and their ids open nothing.
            let ours = *name == "session";
            assert!(ours || !NAMES.contains(name), "{} declares the parameter {name}", route.mark.path);
        }
        let path = route.mark.path.replace("{id}", "x").replace("{name}", "x");
        let every = NAMES.iter().map(|name| format!("{name}={secret}")).collect::<Vec<_>>().join("&");
        let reply = app.request(route.mark.method.clone(), &format!("{path}?{every}")).send().await?;
        assert_eq!(reply.status().as_u16(), 401, "{} {path}", route.mark.method);
        assert!(!reply.text().await?.contains(secret), "{path} repeats the credential");
        let cookie = NAMES.iter().map(|name| format!("{name}={secret}")).collect::<Vec<_>>().join("; ");
        let reply = app.request(route.mark.method.clone(), &path).header("cookie", cookie).send().await?;
        assert_eq!(reply.status().as_u16(), 401, "{} {path} by cookie", route.mark.method);
        // A hook knows signatures and no credential, wherever it stands.
        if route.mark.access == Access::Signed {
            continue;
        }
        // The same credential where it belongs is known: what was refused above was only its place.
        let reply = app.request(route.mark.method.clone(), &path).bearer_auth(secret).send().await?;
        assert_ne!(reply.status().as_u16(), 401, "{} {path} by its header", route.mark.method);
    }
    // One by one where a browser cannot send a header.
    for name in NAMES {
        for path in ["/api/v1/ws", "/api/v1/link", "/api/v1/sessions/ses_00000000000000000000000001/events"] {
            assert_eq!(open(&app, &format!("{path}?{name}={secret}"), &[]).await?, 401, "{path} {name}");
        }
        assert_eq!(open(&app, &format!("/api/v1/ws?{name}={}", ticket(&app.owner).await?), &[]).await?, 401, "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn a_ticket_works_once_and_soon() -> Result<()> {
    let app = App::start().await?;
    let one = ticket(&app.owner).await?;
    assert_eq!(open(&app, "/api/v1/ws", &[&offered(&one)]).await?, 101);
    assert_eq!(open(&app, "/api/v1/ws", &[&offered(&one)]).await?, 401, "a replay");
    let raced = ticket(&app.owner).await?;
    let line = offered(&raced);
    let more = [line.as_str()];
    let tries = futures_util::future::join_all((0..20).map(|_| open(&app, "/api/v1/ws", &more))).await;
    assert_eq!(tries.into_iter().filter(|status| matches!(status, Ok(101))).count(), 1, "twenty at once");
    let late = ticket(&app.owner).await?;
    app.world.advance(TICKET_SECONDS * 1_000 - 1);
    let early = ticket(&app.owner).await?;
    app.world.advance(1);
    assert_eq!(open(&app, "/api/v1/ws", &[&offered(&late)]).await?, 401, "at its end");
    assert_eq!(open(&app, "/api/v1/ws", &[&offered(&early)]).await?, 101);
    // A failed upgrade has used it as well.
    let spent = ticket(&app.owner).await?;
    let host = format!("Host: {}", app.options().listen);
    assert_eq!(raw::ask(&app, "GET /api/v1/ws HTTP/1.1", &[&host, &offered(&spent)]).await?.status, 400);
    assert_eq!(open(&app, "/api/v1/ws", &[&offered(&spent)]).await?, 401);
    let mut cut = ticket(&app.owner).await?;
    cut.pop();
    for bad in ["", "x", "fgk_", &cut, &format!("{}0", ticket(&app.owner).await?)] {
        assert_eq!(open(&app, "/api/v1/ws", &[&offered(bad)]).await?, 401, "{bad:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_ticket_is_its_makers_and_for_one_door() -> Result<()> {
    let app = App::start().await?;
    let viewer = app.caller("viewer").await?;
    let id = viewer.get("/api/v1/me").await?["token"].as_str().context("an id")?.to_owned();
    let made = ticket(&viewer).await?;
    // It opens no other door, in no other way.
    let as_bearer = format!("Authorization: Bearer {made}");
    for path in ["/api/v1/link", "/api/v1/sessions/ses_00000000000000000000000001/events"] {
        assert_eq!(open(&app, path, &[&offered(&made)]).await?, 401, "{path}");
        assert_eq!(open(&app, path, &[&as_bearer]).await?, 401, "{path}");
    }
    assert_eq!(app.request(Method::GET, "/api/v1/me").bearer_auth(&made).send().await?.status().as_u16(), 401);
    assert_eq!(open(&app, "/api/v1/ws", &[&as_bearer]).await?, 401);
    // A bearer beside it changes nothing: the ticket is what counts.
    let owner = format!("Authorization: Bearer {}", app.owner.token());
    assert_eq!(open(&app, "/api/v1/ws", &[&offered("fgk_x"), &owner]).await?, 401);
    // With its maker's credential it is gone too.
    app.owner.send(Method::DELETE, &format!("/api/v1/tokens/{id}"), None, None).await?.ok().ok();
    assert_eq!(open(&app, "/api/v1/ws", &[&offered(&made)]).await?, 401, "its maker's credential was revoked");
    // Nodes make none, and an expired maker's is no good.
    let soon = fugue_domain::time::Time(fugue_domain::world::World::now(&*app.world) + 5_000).to_string();
    let brief = app.token(json!({"name": "brief", "role": "viewer", "expires_at": soon})).await?;
    let made = ticket(&brief).await?;
    app.world.advance(6_000);
    assert_eq!(open(&app, "/api/v1/ws", &[&offered(&made)]).await?, 401, "its maker's credential has expired");
    Ok(())
}

//! Every route of the table with every kind of caller: what happens is what the table says, and ids of another org answer
//! exactly like ids that do not exist.

use crate::app::{App, without_request_id};
use crate::node::{Node, Play};
use anyhow::Result;
use fugue_domain::caller::{Permission, Role};
use fugue_domain::id::{ApprovalId, MessageId, NodeId, ProjectId, SessionId, TokenId, TurnId};
use fugue_hub::http::route::Access;
use fugue_hub::http::routes;
use reqwest::Method;
use rig::client::Client;
use serde_json::{Value, json};
use std::time::Duration;

/// Ids that nothing has.
fn nowhere(path: &str) -> String {
    let id = match path.split('/').nth(3) {
        Some("sessions") => SessionId::from_bits(7).to_string(),
        Some("messages") => MessageId::from_bits(7).to_string(),
        Some("turns") => TurnId::from_bits(7).to_string(),
        Some("approvals") => ApprovalId::from_bits(7).to_string(),
        Some("nodes") => NodeId::from_bits(7).to_string(),
        Some("tokens") => TokenId::from_bits(7).to_string(),
        _ => ProjectId::from_bits(7).to_string(),
    };
    path.replace("{id}", &id).replace("{name}", "nobody").replace("{slug}", "nothing")
}

async fn status(app: &App, method: &Method, path: &str, bearer: Option<&str>) -> Result<(u16, String, Value)> {
    let mut request = app.request(method.clone(), path);
    if let Some(bearer) = bearer {
        request = request.bearer_auth(bearer);
    }
    let reply = request.timeout(Duration::from_secs(20)).send().await?;
    let kind = reply.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    let status = reply.status().as_u16();
    assert!(reply.headers().contains_key("x-request-id"), "{method} {path}: no request id");
    Ok((status, kind, serde_json::from_slice(&reply.bytes().await?).unwrap_or_default()))
}

#[tokio::test]
async fn every_route_asks_for_exactly_its_permission() -> Result<()> {
    let app = App::start().await?;
    let node = Node::join(&app, Play::Hold).await?;
    let soon = fugue_domain::time::Time(fugue_domain::world::World::now(&*app.world) + 1_000).to_string();
    let expired = app.token(json!({"name": "old", "role": "admin", "expires_at": soon})).await?;
    app.world.advance(2_000);
    let revoked = app.caller("admin").await?;
    let me = revoked.get("/api/v1/me").await?;
    let gone = app.owner.send(Method::DELETE, &format!("/api/v1/tokens/{}", me["token"].as_str().unwrap()), None, None).await?;
    assert_eq!(gone.status, 204);
    let mut callers = vec![(Role::Node, node.token.clone()), (Role::Owner, app.owner.token().to_owned())];
    for role in [Role::Viewer, Role::Operator, Role::Approver, Role::Admin] {
        callers.push((role, app.caller(role.word()).await?.token().to_owned()));
    }
    for route in routes() {
        let (method, path) = (&route.mark.method, nowhere(route.mark.path));
        for bearer in [None, Some("fgt_garbage"), Some(expired.token()), Some(revoked.token()), Some("")] {
            let (status, kind, body) = status(&app, method, &path, bearer).await?;
            match route.mark.access {
                Access::Public => assert!(status != 401 && status != 403, "{method} {path} is public: {status}"),
                Access::Needs(_) | Access::Ticket(_) => {
                    assert_eq!((status, kind.as_str()), (401, "application/problem+json"), "{method} {path} with {bearer:?}");
                    assert_eq!(body["type"], "/problems/unauthenticated");
                }
            }
        }
        for (role, bearer) in &callers {
            let (status, _, body) = status(&app, method, &path, Some(bearer)).await?;
            let allowed = match route.mark.access {
                Access::Public => true,
                Access::Needs(permission) | Access::Ticket(permission) => role.permits(permission),
            };
            assert_eq!(status == 403, !allowed, "{method} {path} as {role:?}: {status} {body}");
            assert!(status != 401 && status < 500, "{method} {path} as {role:?}: {status} {body}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn only_three_kinds_of_routes_are_public() {
    let mut public: Vec<_> = routes().iter().filter(|route| route.mark.access == Access::Public).map(|route| route.mark.path).collect();
    public.sort_unstable();
    assert_eq!(public, ["/api/v1/nodes/join", "/healthz", "/problems", "/problems/{slug}"]);
    assert!(routes().iter().any(|route| route.mark.access == Access::Needs(Permission::Link)));
}

/// Replaces an id by its length, so that bodies can be compared that name different ids.
fn nameless(body: Value, id: &str) -> String {
    without_request_id(body).to_string().replace(id, "(id)")
}

#[tokio::test]
async fn another_org_sees_nothing() -> Result<()> {
    let app = App::start().await?;
    let node = Node::join(&app, Play::Hold).await?;
    let session = node.session(&app).await?;
    let message = app.owner.message(session["id"].as_str().unwrap(), "hello").await?;
    let stranger: Client = app.token(json!({"name": "x", "role": "admin", "org": "other"})).await?;
    let token = app.owner.get("/api/v1/me").await?["token"].as_str().unwrap().to_owned();
    let ids = [
        ("sessions", session["id"].as_str().unwrap()),
        ("projects", session["project"].as_str().unwrap()),
        ("messages", message["id"].as_str().unwrap()),
        ("turns", message["turn"]["id"].as_str().unwrap()),
        ("nodes", node.id.as_str()),
        ("tokens", &token),
    ];
    let mut walked = 0;
    for route in routes().iter().filter(|route| route.mark.path.contains("{id}")) {
        let noun = route.mark.path.split('/').nth(3).unwrap();
        let Some((_, id)) = ids.iter().find(|(known, _)| *known == noun) else { continue };
        let path = route.mark.path.replace("{id}", id);
        let absent = nowhere(route.mark.path);
        let absent_id = absent.split('/').nth(4).unwrap().to_owned();
        let body = json!({"text": "x", "title": "x"});
        let body = route.takes.is_some().then(|| if noun == "messages" { json!({"text": "x"}) } else { body });
        let body = body.map(|body| {
            if route.mark.id == "changeSession" {
                json!({"title": "x"})
            } else if noun == "sessions" {
                json!({"text": "x"})
            } else {
                body
            }
        });
        let theirs = stranger.send(route.mark.method.clone(), &path, None, body.as_ref()).await?;
        let nobodys = stranger.send(route.mark.method.clone(), &absent, None, body.as_ref()).await?;
        assert_eq!(theirs.status, 404, "{} {path}: {}", route.mark.method, theirs.body);
        assert_eq!(nameless(theirs.body, id), nameless(nobodys.body, &absent_id), "{path}");
        walked += 1;
    }
    assert!(walked >= 15, "only {walked} routes were walked");
    for list in ["sessions", "projects", "nodes", "approvals"] {
        assert_eq!(stranger.get(&format!("/api/v1/{list}")).await?["items"], json!([]), "{list}");
    }
    Ok(())
}

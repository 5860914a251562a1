//! Every route of the table with every kind of caller: what happens is what the table says.

use crate::app::App;
use crate::node::{Node, Play};
use anyhow::Result;
use fugue_domain::caller::{Permission, Role};
use fugue_domain::id::{ApprovalId, DeviceId, HookId, MessageId, NodeId, ProjectId, RunId, SessionId, TokenId, TurnId};
use fugue_hub::http::route::Access;
use fugue_hub::http::routes;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// The path of a route with ids that nothing has.
pub fn nowhere(path: &str) -> String {
    let id = match path.split('/').nth(3) {
        Some("sessions") => SessionId::from_bits(7).to_string(),
        Some("messages") => MessageId::from_bits(7).to_string(),
        Some("turns") => TurnId::from_bits(7).to_string(),
        Some("approvals") => ApprovalId::from_bits(7).to_string(),
        Some("nodes") => NodeId::from_bits(7).to_string(),
        Some("runs") => RunId::from_bits(7).to_string(),
        Some("tokens") => TokenId::from_bits(7).to_string(),
        Some("hooks") => HookId::from_bits(7).to_string(),
        Some("devices") => DeviceId::from_bits(7).to_string(),
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
                Access::Needs(_) | Access::Ticket(_) | Access::Signed => {
                    assert_eq!((status, kind.as_str()), (401, "application/problem+json"), "{method} {path} with {bearer:?}");
                    assert_eq!(body["type"], "/problems/unauthenticated");
                }
            }
        }
        for (role, bearer) in &callers {
            let (status, _, body) = status(&app, method, &path, Some(bearer)).await?;
            let allowed = match route.mark.access {
                Access::Public => true,
                Access::Signed => {
                    assert_eq!(status, 401, "{method} {path} as {role:?}: a credential is no signature");
                    continue;
                }
                Access::Needs(permission) | Access::Ticket(permission) => role.permits(permission),
            };
            assert_eq!(status == 403, !allowed, "{method} {path} as {role:?}: {status} {body}");
            assert!(status != 401 && status < 500, "{method} {path} as {role:?}: {status} {body}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn only_five_kinds_of_routes_need_no_credential() {
    let with = |access| {
        let mut paths: Vec<_> = routes().iter().filter(|route| route.mark.access == access).map(|route| route.mark.path).collect();
        paths.sort_unstable();
        paths
    };
    assert_eq!(with(Access::Signed), ["/api/v1/hooks/{id}"]);
    assert_eq!(with(Access::Public), ["/api/v1/devices", "/api/v1/nodes/join", "/healthz", "/problems", "/problems/{slug}"]);
    assert!(routes().iter().any(|route| route.mark.access == Access::Needs(Permission::Link)));
}

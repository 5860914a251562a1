//! Idempotency keys: one effect, the same reply, also across a restart.

use crate::app::App;
use crate::node::{Node, Play};
use anyhow::Result;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use std::collections::HashSet;

#[tokio::test]
async fn fifty_at_once_are_one() -> Result<()> {
    let mut app = App::start().await?;
    let node = Node::join(&app, Play::Hold).await?;
    let session = node.session(&app).await?;
    let path = format!("/api/v1/sessions/{}/messages", session["id"].as_str().unwrap());
    let body = json!({"text": "once"});
    let replies = join_all((0..50).map(|_| app.owner.post_keyed(&path, "k", &body))).await;
    let mut bodies = HashSet::new();
    for reply in replies {
        let reply = reply?;
        assert!(reply.status == 201 || reply.status == 409, "{} {}", reply.status, reply.body);
        if reply.status == 201 {
            bodies.insert(reply.body.to_string());
        }
    }
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert_eq!(app.owner.all(&path).await?.len(), 1);
    let other = app.owner.post_keyed(&path, "k", &json!({"text": "twice"})).await?;
    assert_eq!((other.status, &other.body["type"]), (422, &json!("/problems/idempotency-mismatch")));
    let stranger = app.caller("operator").await?;
    assert_eq!(stranger.post_keyed(&path, "k", &body).await?.status, 201, "another caller's key is another key");
    app.restart().await?;
    let replayed =
        app.request(Method::POST, &path).bearer_auth(app.owner.token()).header("idempotency-key", "k").json(&body).send().await?;
    assert_eq!(replayed.headers()["idempotent-replayed"], "true");
    assert_eq!(replayed.json::<serde_json::Value>().await?.to_string(), bodies.into_iter().next().unwrap());
    Ok(())
}

#[tokio::test]
async fn slow_creations_are_one_too() -> Result<()> {
    let app = App::start().await?;
    let node = Node::join(&app, Play::Hold).await?;
    node.session(&app).await?;
    let body = json!({"project": "shop", "agent": "rehearse"});
    let replies = join_all((0..20).map(|_| app.owner.post_keyed("/api/v1/sessions", "s", &body))).await;
    let mut made = HashSet::new();
    for reply in replies {
        let reply = reply?;
        match reply.status {
            201 => drop(made.insert(reply.body["id"].to_string())),
            409 => assert_eq!(reply.body["type"], "/problems/idempotency-in-progress"),
            other => panic!("{other} {}", reply.body),
        }
    }
    assert_eq!(made.len(), 1);
    assert_eq!(app.owner.all("/api/v1/sessions").await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_credential_comes_again_only_to_its_maker() -> Result<()> {
    let app = App::start().await?;
    let body = json!({"name": "x", "role": "viewer"});
    let first = app.owner.post_keyed("/api/v1/tokens", "t", &body).await?;
    let again = app.owner.post_keyed("/api/v1/tokens", "t", &body).await?;
    assert_eq!(first.body["token"], again.body["token"]);
    let secret = first.body["token"].as_str().unwrap().as_bytes().to_vec();
    for file in ["hub.db", "hub.db-wal"] {
        let stored = std::fs::read(app.options().home.join(file))?;
        assert!(!stored.windows(secret.len()).any(|window| window == secret), "the credential lies in {file}");
    }
    Ok(())
}

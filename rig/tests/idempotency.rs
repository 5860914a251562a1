//! One Idempotency-Key, one effect: side by side, afterwards, and across a `kill -9` of the hub.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::Result;
use rig::fugue::{Fugue, program};
use rig::stage::{Stage, id};
use serde_json::json;

const SIDE_BY_SIDE: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_posts_with_one_key_have_one_effect() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let mut up = fugue.up().await?;
    let stage = Stage::on(fugue).await?;
    let session = stage.session("rehearse").await?;
    let path = format!("/api/v1/sessions/{session}/messages");
    let body = json!({"text": "say once"});

    let mut posts = tokio::task::JoinSet::new();
    for _ in 0..SIDE_BY_SIDE {
        let (client, path, body) = (stage.client.clone(), path.clone(), body.clone());
        posts.spawn(async move { client.post_keyed(&path, "one-key", &body).await });
    }
    let mut ids = Vec::new();
    while let Some(reply) = posts.join_next().await {
        let reply = reply??;
        match reply.status {
            201 => ids.push(id(&reply.body)?),
            409 => assert!(reply.body["type"].as_str().is_some_and(|kind| kind.ends_with("idempotency-in-progress")), "{}", reply.body),
            status => panic!("{status}: {}", reply.body),
        }
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 1, "one message, not {ids:?}");
    assert_eq!(stage.client.all(&path).await?.len(), 1);

    let first = stage.client.post_keyed(&path, "one-key", &body).await?;
    up.kill()?;
    up = stage.fugue.up().await?;
    let again = stage.client.post_keyed(&path, "one-key", &body).await?;
    assert_eq!((again.status, id(&again.body)?), (first.status, id(&first.body)?), "the stored reply, also after a restart");
    let other = stage.client.post_keyed(&path, "one-key", &json!({"text": "say twice"})).await?;
    assert_eq!(other.status, 422, "{}", other.body);
    assert_eq!(stage.client.all(&path).await?.len(), 1);
    drop(up);
    Ok(())
}

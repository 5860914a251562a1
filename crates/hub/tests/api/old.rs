//! A history that is in the archive, or gone, as a client meets it: as a page, as a stream, as a WebSocket; on both databases.

use crate::app::App;
use crate::node::{Link, Node, Play, hello};
use anyhow::{Context, Result};
use fugue_domain::limits::ARCHIVE_AFTER_DAYS;
use fugue_domain::link::{FromNode, PROTOCOL};
use fugue_hub::DAY_MS;
use futures_util::{SinkExt, StreamExt};
use rig::wait::until;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// The archivist looks every five seconds.
const SOON: Duration = Duration::from_secs(30);

#[tokio::test]
async fn an_old_history_on_sqlite() -> Result<()> {
    grows_old(App::start().await?).await
}

#[tokio::test]
async fn an_old_history_on_postgres() -> Result<()> {
    match rig::postgres::database("old")? {
        Some(database) => grows_old(App::on(Some(database)).await?).await,
        None => Ok(()),
    }
}

async fn grows_old(mut app: App) -> Result<()> {
    let id = closed(&app).await?;
    let (session, events) = (format!("/api/v1/sessions/{id}"), app.owner.events(&id).await?);
    assert_eq!(app.owner.get(&session).await?["history"], "stored");
    app.world.advance(ARCHIVE_AFTER_DAYS * DAY_MS);
    becomes(&app, &session, "archived").await?;
    reads(&app, &id, &events).await?;
    app.restart().await?;
    reads(&app, &id, &events).await?;
    // Its file goes, and comes back.
    let file = only_file(&app)?;
    let away = file.with_extension("away");
    std::fs::rename(&file, &away)?;
    refused(&app, &id, 500, "archive-damaged", "which is missing").await?;
    std::fs::rename(&away, &file)?;
    reads(&app, &id, &events).await?;
    // Now somebody wants such histories to be deleted.
    app.expire_after(ARCHIVE_AFTER_DAYS * DAY_MS).await?;
    becomes(&app, &session, "expired").await?;
    refused(&app, &id, 410, "history-expired", "because of their age").await?;
    let end = app.owner.get(&format!("{session}/events?after={}", events.len())).await?;
    assert_eq!(end, json!({"items": [], "next_cursor": null, "last_seq": events.len()}), "who has everything is told so");
    assert!(app.owner.all(&format!("{session}/messages")).await?.len() == 3, "messages stay");
    until("the file to go", SOON, async || Ok((!file.exists()).then_some(()))).await
}

/// A session that has worked, and whose worktree is gone.
async fn closed(app: &App) -> Result<String> {
    let node = Node::join(app, Play::Finish(200)).await?;
    let session = node.session(app).await?;
    let id = session["id"].as_str().context("an id")?.to_owned();
    for n in 0..3 {
        let message = app.owner.message(&id, &format!("{n} {}", "x".repeat(2_000))).await?;
        app.owner.turn_in(message["turn"]["id"].as_str().context("a turn")?, &["ended"], SOON).await?;
    }
    app.owner.post(&format!("/api/v1/sessions/{id}/close"), &json!({})).await?;
    let mut link = Link::dial(&app.url, &node.token).await?;
    link.say(&FromNode::Hello(hello(PROTOCOL))).await?;
    link.say(&FromNode::Released { session: id.parse()?, rescue: None, branch_removed: false }).await?;
    let released = async || Ok(app.owner.events(&id).await?.iter().any(|event| event["type"] == "session.released").then_some(()));
    until("the session to be released", SOON, released).await?;
    Ok(id)
}

async fn becomes(app: &App, session: &str, history: &str) -> Result<()> {
    let is = async || Ok((app.owner.get(session).await?["history"] == history).then_some(()));
    until(&format!("the history to be {history}"), SOON, is).await
}

fn only_file(app: &App) -> Result<PathBuf> {
    let files = |folder: PathBuf| -> Result<Vec<PathBuf>> {
        Ok(std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?)
    };
    let months = files(app.options().home.join("archive"))?;
    let found = files(months.first().context("a month")?.clone())?;
    assert_eq!((months.len(), found.len()), (1, 1), "{found:?}");
    Ok(found[0].clone())
}

/// All three ways tell the same as before.
async fn reads(app: &App, id: &str, events: &[Value]) -> Result<()> {
    assert_eq!(app.owner.events(id).await?, events);
    let (path, half) = (format!("/api/v1/sessions/{id}/events"), events.len() / 2);
    for from in [0, half] {
        let mut stream = app.owner.sse(&path, Some(from as i64)).await?;
        let mut socket = app.owner.ws(&format!("{path}?after={from}")).await?;
        for event in &events[from..] {
            let message = tokio::time::timeout(SOON, stream.next()).await??.context("an event")?;
            assert_eq!((message.id, &serde_json::from_str::<Value>(&message.data)?), (event["seq"].as_i64(), event));
            let text = tokio::time::timeout(SOON, socket.next()).await??.context("an event")?;
            assert_eq!(&serde_json::from_str::<Value>(&text)?, event);
        }
    }
    Ok(())
}

/// All ways say the same problem, and none of them hangs or leaves something out.
async fn refused(app: &App, id: &str, status: u16, slug: &str, said: &str) -> Result<()> {
    let path = format!("/api/v1/sessions/{id}/events");
    let is_told = |problem: &Value| {
        assert_eq!((&problem["type"], &problem["status"]), (&json!(format!("/problems/{slug}")), &json!(status)), "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(said)), "{problem}");
    };
    for accept in ["application/json", "text/event-stream"] {
        let reply = app.request(reqwest::Method::GET, &path).bearer_auth(app.owner.token()).header("accept", accept).send().await?;
        assert_eq!(reply.status(), status);
        is_told(&reply.json().await?);
    }
    let refused = app.owner.ws(&path).await.err().context("a WebSocket was opened")?;
    assert!(format!("{refused:#}").contains(&status.to_string()), "{refused:#}");
    let mut request = format!("{}/api/v1/ws", app.url.replacen("http", "ws", 1)).into_client_request()?;
    request.headers_mut().insert("authorization", format!("Bearer {}", app.owner.token()).parse()?);
    let (mut live, _) = tokio_tungstenite::connect_async(request).await?;
    live.send(Message::Text(json!({"subscribe": {"session": id}}).to_string().into())).await?;
    loop {
        if let Message::Text(text) = tokio::time::timeout(SOON, live.next()).await?.context("an ended socket")?? {
            is_told(&serde_json::from_str::<Value>(&text)?["problem"]);
            return Ok(());
        }
    }
}

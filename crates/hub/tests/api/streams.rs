//! Live streams: nothing lost, nothing twice, whatever is cut off; and they end with their credential.

use crate::app::App;
use crate::node::{Node, Play};
use anyhow::{Context, Result};
use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const SOON: Duration = Duration::from_secs(20);

/// Reads numbered events until there are this many in all; cuts the stream after a few each time.
async fn read_with_cuts(app: &App, path: &str, cut_after: usize, until: i64) -> Result<Vec<Value>> {
    let mut events: Vec<Value> = Vec::new();
    while events.last().and_then(|event| event["seq"].as_i64()).unwrap_or(0) < until {
        let last = events.last().and_then(|event| event["seq"].as_i64());
        let mut stream = app.owner.sse(path, last).await?;
        for _ in 0..cut_after {
            let message = timeout(SOON, stream.next()).await.context("a silent stream")??.context("an ended stream")?;
            if let Some(id) = message.id {
                let event: Value = serde_json::from_str(&message.data)?;
                assert_eq!(event["seq"], id);
                events.push(event);
            }
            if events.last().is_some_and(|event| event["seq"].as_i64() >= Some(until)) {
                break;
            }
        }
    }
    Ok(events)
}

#[tokio::test]
async fn a_stream_goes_on_where_it_was_cut_also_across_a_restart() -> Result<()> {
    let mut app = App::start().await?;
    let node = Node::join(&app, Play::Finish(60)).await?;
    let session = node.session(&app).await?;
    let id = session["id"].as_str().unwrap();
    let path = format!("/api/v1/sessions/{id}/events");
    let message = app.owner.message(id, "talk").await?;
    let reading = read_with_cuts(&app, &path, 3, 50);
    let mut events = reading.await?;
    app.owner.turn_in(message["turn"]["id"].as_str().unwrap(), &["ended"], SOON).await?;
    app.restart().await?;
    let all = app.owner.events(id).await?;
    let last = all.last().and_then(|event| event["seq"].as_i64()).unwrap();
    let from = events.last().unwrap()["seq"].as_i64().unwrap();
    events.extend(read_with_cuts(&app, &format!("{path}?after={from}"), 1_000, last).await?);
    let numbers: Vec<_> = events.iter().map(|event| event["seq"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (1..=last).collect::<Vec<_>>());
    assert_eq!(events, all, "the stream and the pages tell the same");
    Ok(())
}

#[tokio::test]
async fn a_cursor_beyond_the_end_waits() -> Result<()> {
    let app = App::start().await?;
    let node = Node::join(&app, Play::Finish(1)).await?;
    let session = node.session(&app).await?;
    let id = session["id"].as_str().unwrap();
    let mut stream = app.owner.sse(&format!("/api/v1/sessions/{id}/events?after=4"), None).await?;
    app.owner.message(id, "x").await?;
    let first = timeout(SOON, stream.next()).await??.context("an event")?;
    assert_eq!(first.id, Some(5));
    Ok(())
}

#[tokio::test]
async fn a_websocket_carries_the_same_events() -> Result<()> {
    let app = App::start().await?;
    let node = Node::join(&app, Play::Finish(5)).await?;
    let session = node.session(&app).await?;
    let id = session["id"].as_str().unwrap();
    let mut socket = app.owner.ws(&format!("/api/v1/sessions/{id}/events?after=0")).await?;
    app.owner.message(id, "x").await?;
    let mut events = Vec::new();
    while events.last().is_none_or(|event: &Value| event["type"] != "turn.ended") {
        events.push(serde_json::from_str(&timeout(SOON, socket.next()).await??.context("an event")?)?);
    }
    assert_eq!(events, app.owner.events(id).await?);
    Ok(())
}

#[tokio::test]
async fn a_revoked_token_ends_its_streams() -> Result<()> {
    let app = App::start().await?;
    let node = Node::join(&app, Play::Hold).await?;
    let session = node.session(&app).await?;
    let path = format!("/api/v1/sessions/{}/events", session["id"].as_str().unwrap());
    let viewer = app.caller("viewer").await?;
    let token = viewer.get("/api/v1/me").await?["token"].as_str().unwrap().to_owned();
    let mut stream = viewer.sse(&path, None).await?;
    let mut socket = viewer.ws(&path).await?;
    timeout(SOON, stream.next()).await??.context("the first event")?;
    timeout(SOON, socket.next()).await??.context("the first event")?;
    app.owner.send(Method::DELETE, &format!("/api/v1/tokens/{token}"), None, None).await?;
    assert!(timeout(Duration::from_secs(5), stream.next()).await.context("the stream goes on")??.is_none());
    assert!(timeout(Duration::from_secs(5), socket.next()).await.context("the socket goes on")??.is_none());
    Ok(())
}

#[tokio::test]
async fn one_websocket_carries_many_sessions_and_hints() -> Result<()> {
    let app = App::start().await?;
    let node = Node::join(&app, Play::Finish(2)).await?;
    let (one, two) = (node.session(&app).await?, node.session(&app).await?);
    let ticket = app.owner.post("/api/v1/tickets", &json!({})).await?;
    let protocols = format!("fugue.v1, {}", ticket["ticket"].as_str().unwrap());
    let request = || -> Result<_> {
        let mut request = format!("{}/api/v1/ws", app.url.replacen("http", "ws", 1)).into_client_request()?;
        request.headers_mut().insert("sec-websocket-protocol", protocols.parse()?);
        Ok(request)
    };
    let (mut socket, answer) = tokio_tungstenite::connect_async(request()?).await?;
    assert_eq!(answer.headers()["sec-websocket-protocol"], "fugue.v1");
    assert!(tokio_tungstenite::connect_async(request()?).await.is_err(), "a ticket works once");
    let say = [
        json!({"subscribe": {"all": true}}),
        json!({"subscribe": {"session": one["id"], "after": 0}}),
        json!({"subscribe": {"session": two["id"]}}),
    ];
    for message in say {
        socket.send(Message::Text(message.to_string().into())).await?;
    }
    let nobody = fugue_domain::id::SessionId::from_bits(9);
    socket.send(Message::Text(json!({"subscribe": {"session": nobody}}).to_string().into())).await?;
    for session in [&one, &two] {
        app.owner.message(session["id"].as_str().unwrap(), "x").await?;
    }
    let (mut ended, mut hints, mut problems) = (Vec::new(), 0, 0);
    while ended.len() < 2 || hints == 0 || problems == 0 {
        let Message::Text(text) = timeout(SOON, socket.next()).await?.context("an ended socket")?? else { continue };
        let message: Value = serde_json::from_str(&text)?;
        hints += usize::from(message["hint"].is_object());
        problems += usize::from(message["problem"]["status"] == 404);
        if message["event"]["type"] == "turn.ended" {
            ended.push(message["session"].clone());
        }
    }
    assert_ne!(ended[0], ended[1]);
    Ok(())
}

#[tokio::test]
async fn a_slow_reader_holds_up_nobody() -> Result<()> {
    let app = App::start().await?;
    let node = Node::join(&app, Play::Finish(400)).await?;
    let session = node.session(&app).await?;
    let id = session["id"].as_str().unwrap();
    let path = format!("/api/v1/sessions/{id}/events");
    let mut slow = Vec::new();
    for _ in 0..20 {
        slow.push((app.owner.sse(&path, None).await?, app.owner.ws(&path).await?));
    }
    let message = app.owner.message(id, &"x".repeat(4_000)).await?;
    app.owner.turn_in(message["turn"]["id"].as_str().unwrap(), &["ended"], SOON).await?;
    let last = app.owner.get(&format!("/api/v1/sessions/{id}")).await?["last_seq"].as_i64().unwrap();
    let quick = read_with_cuts(&app, &path, 10_000, last).await?;
    assert_eq!(quick.len() as i64, last);
    let (mut stream, _) = slow.pop().context("a slow reader")?;
    for seq in 1..=last {
        assert_eq!(timeout(SOON, stream.next()).await??.context("an event")?.id, Some(seq));
    }
    Ok(())
}

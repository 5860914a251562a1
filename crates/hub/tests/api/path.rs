//! The main path: a message is accepted, carried out by a node, and everything about it can be read.

use crate::app::App;
use crate::node::{Link, Node, Play, hello, made_up_lease};
use anyhow::Result;
use fugue_domain::link::{Batch, FromHub, FromNode, PROTOCOL, Report};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);

async fn main_path(app: App) -> Result<()> {
    let node = Node::join(&app, Play::Finish(3)).await?;
    let session = node.session(&app).await?;
    let id = session["id"].as_str().unwrap();
    assert_eq!(session["state"], "idle");
    assert!(session["place"]["branch"].as_str().unwrap().starts_with("fugue/fix-login-"), "{session}");
    let first = app.owner.message(id, "hello").await?;
    let second = app.owner.message(id, "again").await?;
    assert_eq!(first["turn"]["position"], 1);
    for message in [&first, &second] {
        let turn = app.owner.turn_in(message["turn"]["id"].as_str().unwrap(), &["ended"], SOON).await?;
        assert_eq!((&turn["outcome"], &turn["attempts"]), (&json!("succeeded"), &json!(1)), "{turn}");
        assert_eq!(turn["cost_usd"], 0.0025);
        assert_eq!(turn["tokens"]["input"], 100);
    }
    let events = app.owner.events(id).await?;
    let numbers: Vec<_> = events.iter().map(|event| event["seq"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (1..=events.len() as i64).collect::<Vec<_>>());
    let texts: Vec<_> = events.iter().filter(|event| event["type"] == "agent.text").map(|event| event["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["hello 0", "hello 1", "hello 2", "again 0", "again 1", "again 2"]);
    let session = app.owner.get(&format!("/api/v1/sessions/{id}")).await?;
    assert_eq!((&session["state"], &session["cost_usd"]), (&json!("idle"), &json!(0.005)), "{session}");
    let metrics = app.request(Method::GET, "/metrics").bearer_auth(app.owner.token()).send().await?.text().await?;
    for line in
        ["fugue_sessions{state=\"idle\"} 1", "fugue_nodes{state=\"online\"} 1", "fugue_link_connected 1", "fugue_http_requests_total{"]
    {
        assert!(metrics.contains(line), "no {line} in\n{metrics}");
    }
    Ok(())
}

#[tokio::test]
async fn a_message_is_carried_out_on_sqlite() -> Result<()> {
    main_path(App::start().await?).await
}

#[tokio::test]
async fn a_message_is_carried_out_on_postgres() -> Result<()> {
    match rig::postgres::database("api")? {
        Some(database) => main_path(App::on(Some(database)).await?).await,
        None => Ok(()),
    }
}

#[tokio::test]
async fn bad_creations_name_what_is_wrong() -> Result<()> {
    let app = App::start().await?;
    let ask = async |path: &str, body| app.owner.send(Method::POST, path, None, Some(&body)).await;
    let problem = ask("/api/v1/projects", json!({"path": "/srv/shop"})).await?;
    assert_eq!((problem.status, &problem.body["type"]), (503, &json!("/problems/no-node")));
    let _node = Node::join(&app, Play::Hold).await?;
    let problem = ask("/api/v1/projects", json!({"path": "/etc"})).await?;
    assert_eq!((problem.status, &problem.body["type"]), (422, &json!("/problems/not-a-repository")));
    let project = ask("/api/v1/projects", json!({"path": "/srv/shop/src"})).await?;
    assert_eq!(project.status, 201, "{}", project.body);
    let wrong = [
        (json!({"project": "shop", "agent": "nobody"}), 422, "agent"),
        (json!({"project": "shop", "agent": "rehearse", "base": "nowhere"}), 422, "nowhere"),
        (json!({"project": "nothing", "agent": "rehearse"}), 422, "project"),
        (json!({"project": "shop", "agent": "rehearse", "place": "moon"}), 400, "place"),
        (json!({"project": "shop", "agent": "rehearse", "budget_usd": -1}), 400, "budget_usd"),
    ];
    for (body, status, word) in wrong {
        let problem = ask("/api/v1/sessions", body).await?;
        assert!(problem.body.to_string().contains(word), "{}", problem.body);
        assert!(problem.status == status || problem.status == 404, "{} {}", problem.status, problem.body);
    }
    Ok(())
}

#[tokio::test]
async fn the_link_refuses_what_it_must() -> Result<()> {
    let app = App::start().await?;
    let node = Node::join(&app, Play::Hold).await?;
    // Another version of the protocol.
    let mut link = Link::dial(&app.url, &node.token).await?;
    link.say(&FromNode::Hello(hello(PROTOCOL + 1))).await?;
    let (code, reason) = link.hear().await?.unwrap_err();
    assert!(code == 4002 && reason.contains("version"), "{code} {reason}");
    // Something before hello, and something that is no message.
    for text in
        [r#"{"released":{"session":"ses_00000000000000000000000001","rescue":null}}"#, "{", "[]", &format!("{{\"{}\":1}}", "x".repeat(500))]
    {
        let mut link = Link::dial(&app.url, &node.token).await?;
        link.say_text(text.to_owned()).await?;
        assert_eq!(link.hear().await?.unwrap_err().0, 4000);
    }
    // A lease that nobody gave is refused, and the connection goes on.
    let mut link = Link::dial(&app.url, &node.token).await?;
    link.say(&FromNode::Hello(hello(PROTOCOL))).await?;
    assert!(matches!(link.hear().await?, Ok(FromHub::Welcome { .. })));
    link.say(&FromNode::Batch(Batch { lease: made_up_lease(), first: 1, reports: vec![Report::Delivered] })).await?;
    loop {
        match link.hear().await? {
            Ok(FromHub::Refused { lease }) if lease == made_up_lease() => break,
            Ok(FromHub::Ack { .. }) | Err(_) => panic!("a lease that nobody gave was not refused"),
            Ok(_) => {}
        }
    }
    // A newer connection of the same node replaces it.
    let mut newer = Link::dial(&app.url, &node.token).await?;
    newer.say(&FromNode::Hello(hello(PROTOCOL))).await?;
    loop {
        if let Err((code, _)) = link.hear().await? {
            assert_eq!(code, 4009);
            break;
        }
    }
    // More than a message may hold.
    let mut link = Link::dial(&app.url, &node.token).await?;
    link.say_text(format!("\"{}\"", "x".repeat(fugue_domain::limits::LINK_BYTES_MAX))).await.ok();
    let ended = loop {
        match link.hear().await {
            Ok(Ok(_)) => {}
            Ok(Err((code, _))) => break Some(code),
            Err(_) => break None,
        }
    };
    assert!(ended.is_none_or(|code| code == 1009), "{ended:?}");
    Ok(())
}

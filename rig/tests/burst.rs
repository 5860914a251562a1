//! Messages that come all at once are accepted in a short form first. Nobody can tell: not who reads right afterwards, not who changes
//! the line meanwhile, and not a hub that was killed in between.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Context, Result, ensure};
use rig::client::{Client, Reply};
use rig::fugue::{Fugue, Part, program};
use rig::stage::{Stage, id};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const SESSIONS: usize = 3;
/// Many, so that groups are large; each sends one message after the other.
const SENDERS: usize = 24;
const EACH: usize = 12;
const KILLS: usize = 5;

/// What was acknowledged: the message's id, and its place in line at that moment, by session.
type Acked = Arc<Mutex<BTreeMap<String, Vec<(String, i64)>>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_in_a_burst_is_there_for_whoever_looks() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let (mut hub, node) = (fugue.hub().await?, fugue.node().await?);
    let stage = Stage::on(fugue).await?;
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        sessions.push(stage.session("rehearse").await?);
    }
    // Without a node everything stays in line, where it can be counted.
    drop(node);
    let acked = Acked::default();
    for round in 0..=KILLS {
        burst(&stage, &sessions, &acked, round, (round < KILLS).then_some(&mut hub)).await?;
        if round < KILLS {
            hub = stage.fugue.hub().await?;
        }
        look(&stage, &acked).await?;
    }
    change(&stage, &sessions[0]).await
}

/// Everybody sends at once; in the middle of it the hub is killed, if it is given.
async fn burst(stage: &Stage, sessions: &[String], acked: &Acked, round: usize, hub: Option<&mut Part>) -> Result<()> {
    let mut senders = tokio::task::JoinSet::new();
    for sender in 0..SENDERS {
        let (client, session, acked) = (stage.client.clone(), sessions[sender % sessions.len()].clone(), acked.clone());
        senders.spawn(async move {
            for n in 0..EACH {
                let body = json!({"text": format!("say {round}-{sender}-{n}")});
                let path = format!("/api/v1/sessions/{session}/messages");
                let key = format!("burst-{round}-{sender}-{n}");
                // No reply: it may be there or not, and is looked for by nobody.
                let message = if sender % 2 == 0 { once(&client, &path, &key, &body).await } else { client.post(&path, &body).await };
                let Ok(message) = message else { return Ok(()) };
                let place = message["turn"]["position"].as_i64().context("a place")?;
                acked.lock().expect("nobody panics").entry(session.clone()).or_default().push((id(&message)?, place));
                // Who sent it finds it at once.
                let path = format!("/api/v1/messages/{}", id(&message)?);
                if let Ok(found) = client.send(reqwest::Method::GET, &path, None, None).await {
                    ensure!(found.status == 200 && found.body["text"] == body["text"], "{}: {}", found.status, found.body);
                }
            }
            Ok(())
        });
    }
    if let Some(hub) = hub {
        let begun = acked.lock().expect("nobody panics").values().map(Vec::len).sum::<usize>();
        let enough =
            async || Ok((acked.lock().expect("nobody panics").values().map(Vec::len).sum::<usize>() > begun + SENDERS).then_some(()));
        rig::wait::until("some messages to be acknowledged", std::time::Duration::from_secs(20), enough).await?;
        hub.kill()?;
    }
    while let Some(sent) = senders.join_next().await {
        sent??;
    }
    Ok(())
}

/// Sends with a key, twice: the second reply is the first one.
async fn once(client: &Client, path: &str, key: &str, body: &Value) -> Result<Value> {
    let (first, second) = tokio::join!(client.post_keyed(path, key, body), client.post_keyed(path, key, body));
    let replies: Vec<Value> = [first?, second?].into_iter().filter(|reply| reply.status != 409).map(Reply::ok).collect::<Result<_>>()?;
    assert!(replies.windows(2).all(|pair| pair[0] == pair[1]), "one key has two replies: {replies:?}");
    replies.into_iter().next().context("both were told that the other is under way")
}

/// Every acknowledged message is there once, at the place that it was given, and its session's history tells of it.
async fn look(stage: &Stage, acked: &Acked) -> Result<()> {
    let acked = acked.lock().expect("nobody panics").clone();
    for (session, mut sent) in acked {
        let mut listed = stage.client.all(&format!("/api/v1/sessions/{session}/messages")).await?;
        listed.reverse();
        listed.sort_by_key(|message| message["turn"]["position"].as_i64());
        let places: Vec<i64> = listed.iter().filter_map(|message| message["turn"]["position"].as_i64()).collect();
        assert_eq!(places, (1..=places.len() as i64).collect::<Vec<_>>(), "a line has no hole and no place twice");
        let held = stage.client.get(&format!("/api/v1/sessions/{session}")).await?;
        assert_eq!(held["queued"], places.len(), "{held}");
        sent.sort_by_key(|(_, place)| *place);
        for (message, place) in &sent {
            let found: Vec<&Value> = listed.iter().filter(|listed| listed["id"] == message.as_str()).collect();
            ensure!(found.len() == 1, "{message} is there {} times", found.len());
            assert_eq!(found[0]["turn"]["position"], *place, "{message} was told another place");
        }
        let events = stage.client.events(&session).await?;
        let numbers: Vec<i64> = events.iter().filter_map(|event| event["seq"].as_i64()).collect();
        assert_eq!(numbers, (1..=numbers.len() as i64).collect::<Vec<_>>());
        let queued = events.iter().filter(|event| event["type"] == "message.queued").count();
        assert_eq!(queued, listed.len(), "one event for each message");
    }
    Ok(())
}

/// A line that is changed right after a burst is changed as it was told.
async fn change(stage: &Stage, session: &str) -> Result<()> {
    let path = format!("/api/v1/sessions/{session}/messages");
    let mut sends = tokio::task::JoinSet::new();
    for n in 0..SENDERS {
        let (client, path) = (stage.client.clone(), path.clone());
        sends.spawn(async move { client.post(&path, &json!({"text": format!("say late {n}")})).await });
    }
    let mut last = Value::Null;
    while let Some(sent) = sends.join_next().await {
        last = sent??;
    }
    let last = id(&last)?;
    let moved = stage.client.send(reqwest::Method::PATCH, &format!("/api/v1/messages/{last}"), None, Some(&json!({"position": 1}))).await?;
    assert_eq!(moved.ok()?["turn"]["position"], 1);
    let stopped = stage.client.post(&format!("/api/v1/sessions/{session}/stop"), &json!({})).await?;
    assert_eq!(stopped["queued"], 0, "stop takes the whole line back: {stopped}");
    Ok(())
}

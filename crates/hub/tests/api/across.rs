//! Events of all sessions at once, page by page, and search. On both databases.

use crate::app::{App, on_both};
use crate::turns::{Desk, ended};
use anyhow::{Context, Result, ensure};
use fugue_domain::link::Report;
use fugue_domain::reason::Reason;
use fugue_domain::turn::Ending;
use reqwest::Method;
use rig::client::Client;
use serde_json::{Value, json};
use std::collections::BTreeSet;

on_both! {
    merged merged_on_sqlite merged_on_postgres;
    while_it_goes_on while_it_goes_on_on_sqlite while_it_goes_on_on_postgres;
    filtered filtered_on_sqlite filtered_on_postgres;
    found found_on_sqlite found_on_postgres;
}

/// A message that stays in line, so that nothing else happens.
async fn later(app: &App, session: &str, text: &str) -> Result<()> {
    let message = json!({"text": text, "not_before": "2040-01-01T00:00:00Z"});
    app.owner.post(&format!("/api/v1/sessions/{session}/messages"), &message).await?;
    app.world.advance(1_000);
    Ok(())
}

fn name(event: &Value) -> (String, i64) {
    (event["session"].as_str().unwrap_or_default().to_owned(), event["seq"].as_i64().unwrap_or_default())
}

/// All events of these sessions, as their own histories have them.
async fn known(app: &App, sessions: &[String]) -> Result<BTreeSet<(String, i64)>> {
    let mut known = BTreeSet::new();
    for session in sessions {
        let events = app.owner.events(session).await?;
        known.extend(events.iter().map(|event| (session.clone(), event["seq"].as_i64().unwrap_or_default())));
    }
    Ok(known)
}

/// One page, and where the next begins.
async fn page(client: &Client, query: &str, cursor: Option<&str>) -> Result<(Vec<Value>, Option<String>)> {
    let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
    let page = client.get(&format!("/api/v1/events?{query}{cursor}")).await?;
    Ok((page["items"].as_array().context("items")?.clone(), page["next_cursor"].as_str().map(str::to_owned)))
}

/// All pages from one on.
async fn walk(client: &Client, query: &str, mut cursor: Option<String>) -> Result<Vec<Value>> {
    let mut all = Vec::new();
    for _ in 0..500 {
        let (items, next) = page(client, query, cursor.as_deref()).await?;
        all.extend(items);
        match next {
            Some(next) => cursor = Some(next),
            None => return Ok(all),
        }
    }
    anyhow::bail!("the pages come to no end")
}

async fn sessions(app: &App, desk: &mut Desk, count: usize) -> Result<Vec<String>> {
    let mut sessions = Vec::new();
    for n in 0..count {
        sessions.push(desk.session(app, json!({"title": format!("Session {n}")})).await?);
        app.world.advance(100);
    }
    Ok(sessions)
}

async fn merged(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    let sessions = sessions(&app, &mut desk, 4).await?;
    // Long histories, short ones, and one that rests since it was opened.
    for n in 0..150 {
        later(&app, &sessions[[0, 0, 1, 0, 2][n % 5]], &format!("message {n}")).await?;
    }
    desk.while_hearing(app.owner.post(&format!("/api/v1/sessions/{}/close", sessions[2]), &json!({}))).await?;
    let known = known(&app, &sessions).await?;
    for limit in [7, 200] {
        let all = walk(&app.owner, &format!("limit={limit}"), None).await?;
        assert_eq!(all.len(), known.len(), "by {limit}");
        assert_eq!(all.iter().map(name).collect::<BTreeSet<_>>(), known, "by {limit}");
        let times: Vec<&str> = all.iter().map(|event| event["at"].as_str().unwrap_or_default()).collect();
        assert!(times.is_sorted_by(|one, next| one >= next), "newest first");
        for session in &sessions {
            let numbers: Vec<i64> = all.iter().filter(|event| event["session"] == *session).map(|event| name(event).1).collect();
            assert!(numbers.is_sorted_by(|one, next| one > next), "within a session the numbers decide");
        }
    }
    let stranger = app.token(json!({"name": "x", "role": "admin", "org": "other"})).await?;
    assert_eq!(walk(&stranger, "limit=50", None).await?, Vec::<Value>::new());
    let (_, cursor) = page(&app.owner, "limit=5", None).await?;
    let (items, _) = page(&stranger, "limit=50", cursor.as_deref()).await?;
    assert_eq!(items, Vec::<Value>::new(), "a cursor is no right");
    let foreign = stranger.send(Method::GET, &format!("/api/v1/events?session={}", sessions[0]), None, None).await?;
    assert_eq!(foreign.status, 404);
    Ok(())
}

async fn while_it_goes_on(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    let sessions = sessions(&app, &mut desk, 6).await?;
    for n in 0..40 {
        later(&app, &sessions[n * 6 / 40], &format!("message {n}")).await?;
    }
    let before = known(&app, &sessions).await?;
    let (first, cursor) = page(&app.owner, "limit=5", None).await?;
    // The session that was quiet for longest is at work again, and there is a new one.
    for n in 0..10 {
        later(&app, &sessions[0], &format!("again {n}")).await?;
    }
    let new = desk.session(&app, json!({"title": "New"})).await?;
    later(&app, &new, "hello").await?;
    let rest = walk(&app.owner, "limit=5", cursor).await?;
    let seen: BTreeSet<_> = first.iter().chain(&rest).map(name).collect();
    let missing: Vec<_> = before.difference(&seen).collect();
    ensure!(missing.is_empty(), "left out: {missing:?}");
    assert!(rest.iter().all(|event| event["session"] != new), "what came since comes at the head, not in the middle");
    Ok(())
}

async fn filtered(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    let session = desk.session(&app, json!({})).await?;
    app.owner.message(&session, &"長い".repeat(600)).await?;
    let lease = desk.assigned().await?.lease;
    desk.report(&lease, vec![Report::Delivered, ended(Ending::Failed { reason: Reason::Auth })]).await?;
    let other = desk.session(&app, json!({"title": "Other"})).await?;
    let kinds = async |query: &str| -> Result<Vec<String>> {
        let all = walk(&app.owner, query, None).await?;
        Ok(all.iter().map(|event| event["type"].as_str().unwrap_or_default().to_owned()).collect())
    };
    assert_eq!(kinds("kind=session").await?, ["session.opened", "session.opened"]);
    assert_eq!(kinds("kind=turn.ended").await?, ["turn.ended"]);
    assert_eq!(kinds("level=error").await?, ["turn.ended"]);
    assert_eq!(kinds(&format!("session={other}")).await?, ["session.opened"]);
    assert_eq!(kinds("project=shop&kind=session").await?.len(), 2);
    assert_eq!(kinds("kind=gap").await?, Vec::<String>::new());
    let message = &walk(&app.owner, "kind=message", None).await?[0];
    assert_eq!((message["text"].as_str().context("a text")?.chars().count(), &message["cut"]), (400, &json!(true)));
    for (query, status) in
        [("kind=nonsense", 400), ("level=loud", 400), ("session=x", 400), ("project=none", 404), ("cursor=x", 422), ("limit=0", 400)]
    {
        assert_eq!(app.owner.send(Method::GET, &format!("/api/v1/events?{query}"), None, None).await?.status, status, "{query}");
    }
    Ok(())
}

async fn found(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    desk.session(&app, json!({"title": "ログイン画面を直す 100%"})).await?;
    let english = desk.session(&app, json!({"title": "Fix the Login page"})).await?;
    let tasks =
        json!({"project": "shop", "draft": true, "tasks": [{"title": "Rename", "description": "The login screen has the wrong name."}]});
    app.owner.post("/api/v1/tasks", &tasks).await?;
    let plan = json!({"project": "shop", "goal": "Login with a key\nand nothing else", "agent": "coordinator"});
    desk.while_hearing(app.owner.post("/api/v1/plans", &plan)).await?;
    let find = async |words: &str| -> Result<Vec<(String, String)>> {
        let found = app.owner.get(&format!("/api/v1/search?q={words}")).await?;
        let one =
            |item: &Value| (item["kind"].as_str().unwrap_or_default().to_owned(), item["title"].as_str().unwrap_or_default().to_owned());
        Ok(found["items"].as_array().context("items")?.iter().map(one).collect())
    };
    let of = |kind: &str, title: &str| (kind.to_owned(), title.to_owned());
    let login = find("LOGIN").await?;
    assert!(login.contains(&of("session", "Fix the Login page")) && login.contains(&of("task", "Rename")), "{login:?}");
    assert!(login.contains(&of("plan", "Login with a key")), "a goal shows its first line: {login:?}");
    assert_eq!(find("ログイン%E3%80%80直す").await?, [of("session", "ログイン画面を直す 100%")], "words are parted by a wide space too");
    assert_eq!(find("page+fix").await?, [of("session", "Fix the Login page")], "all words, in any order");
    assert_eq!(find("100%25").await?.len(), 1);
    assert_eq!(find("0%25%25").await?.len(), 0, "a sign of the pattern language is a letter");
    assert_eq!(find(&english).await?.len(), 1);
    let stranger = app.token(json!({"name": "x", "role": "admin", "org": "other"})).await?;
    assert_eq!(stranger.get("/api/v1/search?q=login").await?["items"], json!([]));
    for query in ["", "?q=", "?q=%20%20"] {
        assert_eq!(app.owner.send(Method::GET, &format!("/api/v1/search{query}"), None, None).await?.status, 422, "{query}");
    }
    Ok(())
}

//! Looking through one session's history, and at the raw output that its node keeps. On both databases.

use crate::app::{App, on_both};
use crate::node::{event, question};
use crate::turns::Desk;
use anyhow::{Context, Result, ensure};
use fugue_domain::api::{RawKind, RawPage};
use fugue_domain::base64url;
use fugue_domain::id::TurnId;
use fugue_domain::limits::FIND_BYTES_MAX;
use fugue_domain::link::Report;
use fugue_domain::raw::{RawFrame, RawFrom};
use fugue_domain::time::Time;
use reqwest::Method;
use serde_json::value::RawValue;
use serde_json::{Value, json};

on_both! {
    found found_on_sqlite found_on_postgres;
    bounded bounded_on_sqlite bounded_on_postgres;
    raw raw_on_sqlite raw_on_postgres;
}

/// All hits, page by page, and how many pages that took.
async fn hits(app: &App, session: &str, query: &str) -> Result<(Vec<Value>, usize)> {
    let (mut all, mut after) = (Vec::new(), "0".to_owned());
    for pages in 1..100 {
        let page = app.owner.get(&format!("/api/v1/sessions/{session}/find?{query}&after={after}")).await?;
        all.extend(page["items"].as_array().context("items")?.clone());
        match page["next_cursor"].as_str() {
            Some(next) => after = next.to_owned(),
            None => return Ok((all, pages)),
        }
    }
    anyhow::bail!("the pages come to no end")
}

/// An event of a turn.
fn fact(turn: &TurnId, mut fields: Value) -> Result<Report> {
    fields["at"] = json!("2026-11-21T00:58:20.776Z");
    fields["turn"] = json!(turn);
    Ok(Report::Event(RawValue::from_string(fields.to_string())?))
}

async fn found(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    let session = desk.session(&app, json!({})).await?;
    app.owner.message(&session, "Look for the Nadel").await?;
    let lease = desk.assigned().await?.lease;
    let failed = json!({"type": "tool.ended", "call": "c", "ok": false, "output": "exit\n針がない", "exit_code": 1});
    let (before, after) = (event(&lease.turn, "no NADEL here")?, event(&lease.turn, "the end")?);
    desk.report(&lease, vec![Report::Delivered, before, fact(&lease.turn, failed)?, Report::Asked(question("k", "{}")), after]).await?;
    let types = async |query: &str| -> Result<Vec<String>> {
        let (all, _) = hits(&app, &session, query).await?;
        Ok(all.iter().map(|hit| hit["type"].as_str().unwrap_or_default().to_owned()).collect())
    };
    assert_eq!(types("q=nadel").await?, ["message.queued", "agent.text"]);
    assert_eq!(types("q=nadel&limit=1").await?, ["message.queued", "agent.text"], "page by page");
    assert_eq!(types("q=%E9%87%9D").await?, ["tool.ended"]);
    assert_eq!(types("what=errors").await?, ["tool.ended"]);
    assert_eq!(types("what=questions").await?, ["approval.asked"]);
    assert_eq!(types("what=errors&q=end").await?, Vec::<String>::new());
    let (all, _) = hits(&app, &session, "q=nadel").await?;
    let events = app.owner.events(&session).await?;
    for hit in &all {
        let told = events.iter().find(|event| event["seq"] == hit["seq"]).context("a hit is an event")?;
        assert_eq!((&told["type"], &told["at"]), (&hit["type"], &hit["at"]));
    }
    assert_eq!(all[1]["excerpt"], "no NADEL here");
    let path = format!("/api/v1/sessions/{session}/find");
    for (query, status) in [("", 422), ("?q=%20", 422), ("?what=all", 400), ("?q=x&after=-1", 400), ("?q=x&limit=0", 400), ("?w=1", 400)] {
        assert_eq!(app.owner.send(Method::GET, &format!("{path}{query}"), None, None).await?.status, status, "{query}");
    }
    let stranger = app.token(json!({"name": "x", "role": "admin", "org": "other"})).await?;
    assert_eq!(stranger.send(Method::GET, &format!("{path}?q=nadel"), None, None).await?.status, 404);
    Ok(())
}

async fn bounded(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    let session = desk.session(&app, json!({})).await?;
    app.owner.message(&session, "go").await?;
    let lease = desk.assigned().await?.lease;
    desk.report(&lease, vec![Report::Delivered]).await?;
    let text = "x".repeat(200_000);
    let count = FIND_BYTES_MAX / text.len() + 5;
    for _ in 0..count {
        desk.report(&lease, vec![event(&lease.turn, &text)?]).await?;
    }
    desk.report(&lease, vec![event(&lease.turn, "needle")?]).await?;
    let (all, pages) = hits(&app, &session, "q=needle").await?;
    assert_eq!((all.len(), pages), (1, 2), "a request looks through so many bytes, and the next one goes on");
    Ok(())
}

/// What a simulated node has of raw output.
pub fn page(from: &RawFrom) -> RawPage {
    let frame = |text: &str| RawFrame { at: Time(0), kind: RawKind::Stdout, data: base64url::encode(text.as_bytes()), missing: 0 };
    let items = match from {
        RawFrom::End => vec![frame("the end")],
        RawFrom::After(place) => vec![frame(&format!("after {place}"))],
        RawFrom::Before(place) => vec![frame(&format!("before {place}"))],
    };
    RawPage { items, earlier: Some("1.20".into()), later: "2.40".into(), more: false }
}

async fn raw(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    let session = desk.session(&app, json!({})).await?;
    let path = format!("/api/v1/sessions/{session}/raw");
    for (query, expected) in [("", "the end"), ("?before=1.20", "before 1.20"), ("?after=2.40", "after 2.40")] {
        let page = desk.while_hearing(app.owner.get(&format!("{path}{query}"))).await?;
        let data = page["items"][0]["data"].as_str().context("data")?;
        assert_eq!(base64url::decode(data).as_deref(), Some(expected.as_bytes()), "{query}");
        assert_eq!((&page["earlier"], &page["later"]), (&json!("1.20"), &json!("2.40")));
    }
    for (query, status) in [("?before=x", 400), ("?after=1", 400), ("?before=1.0&after=1.0", 422), ("?limit=1", 400)] {
        assert_eq!(app.owner.send(Method::GET, &format!("{path}{query}"), None, None).await?.status, status, "{query}");
    }
    let stranger = app.token(json!({"name": "x", "role": "admin", "org": "other"})).await?;
    assert_eq!(stranger.send(Method::GET, &path, None, None).await?.status, 404);
    drop(desk);
    let away = app.owner.send(Method::GET, &path, None, None).await?;
    ensure!(away.status == 409 || away.status == 503, "{} {}", away.status, away.body);
    assert_eq!(away.body["type"].as_str().and_then(|kind| kind.rsplit('/').next()), Some("no-node"), "{}", away.body);
    Ok(())
}

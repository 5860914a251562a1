//! What has changed in a session's place: asked of its node, and said clearly where nobody can answer. On both databases.

use crate::app::{App, on_both};
use crate::turns::Desk;
use anyhow::Result;
use fugue_domain::api::{ChangedFile, Changes, FileState};
use fugue_domain::link::Place;
use fugue_domain::time::Time;
use reqwest::Method;
use serde_json::json;

on_both! {
    changes changes_on_sqlite changes_on_postgres;
}

/// What a simulated node says has changed: nothing of a place that is another branch's, and no place at all where the title says so.
pub fn seen(place: &Place) -> Option<Changes> {
    let branch = place.branch.clone()?;
    if branch.contains("nowhere") {
        return None;
    }
    let file = ChangedFile {
        path: "auth/mod.rs".into(),
        from: None,
        state: FileState::Modified,
        added: Some(31),
        removed: Some(12),
        committed: false,
        staged: true,
    };
    let base = place.base.clone().unwrap_or_default();
    Some(Changes { base, head: Some("f00d".into()), branch: Some(branch), ahead: 2, files: vec![file], more: Some(7), at: Time(0) })
}

async fn changes(app: App) -> Result<()> {
    let mut desk = Desk::at(&app).await?;
    let session = desk.session(&app, json!({})).await?;
    let path = format!("/api/v1/sessions/{session}/changes");
    let seen = desk.while_hearing(app.owner.get(&path)).await?;
    let branch = app.owner.get(&format!("/api/v1/sessions/{session}")).await?["place"]["branch"].clone();
    assert_eq!((&seen["base"], &seen["head"], &seen["branch"]), (&json!("c0ffee"), &json!("f00d"), &branch));
    assert_eq!((&seen["ahead"], &seen["more"], &seen["at"]), (&json!(2), &json!(7), &json!("1970-01-01T00:00:00.000Z")));
    let file = json!({"path": "auth/mod.rs", "state": "modified", "added": 31, "removed": 12, "committed": false, "staged": true});
    assert_eq!(seen["files"], json!([file]));
    let ask = async |path: &str| {
        let reply = app.owner.send(Method::GET, path, None, None).await?;
        Ok((reply.status, reply.body["type"].as_str().unwrap_or_default().to_owned()))
    };
    let nowhere = desk.session(&app, json!({"title": "nowhere"})).await?;
    let answer = desk.while_hearing(ask(&format!("/api/v1/sessions/{nowhere}/changes"))).await?;
    assert_eq!(answer, (404, "/problems/not-found".into()), "a worktree that is not there");
    let stranger = app.token(json!({"name": "x", "role": "admin", "org": "other"})).await?;
    assert_eq!(stranger.send(Method::GET, &path, None, None).await?.status, 404);
    desk.while_hearing(app.owner.post(&format!("/api/v1/sessions/{nowhere}/close"), &json!({}))).await?;
    assert_eq!(ask(&format!("/api/v1/sessions/{nowhere}/changes")).await?, (409, "/problems/session-closed".into()));
    drop(desk);
    assert_eq!(ask(&path).await?, (503, "/problems/no-node".into()), "a node that is away");
    Ok(())
}

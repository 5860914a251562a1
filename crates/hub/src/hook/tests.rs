//! Deliveries as rows, on both databases: all of one, or nothing.

use super::*;
use crate::fixture::{Desk, on_both};
use fugue_domain::hook::Headers;
use fugue_domain::limits::QUEUE_MESSAGES_MAX;

const SECRET: &str = "8c570fa6dd201bb328f1c1eac23a96d8";

on_both! { begin, "hooks";
    a_full_line nothing_of_a_delivery_is_stored_in_a_full_line_on_sqlite nothing_of_a_delivery_is_stored_in_a_full_line_on_postgres;
    no_ground nothing_is_stored_without_a_node_on_sqlite nothing_is_stored_without_a_node_on_postgres;
}

async fn begin(database: Option<rig::postgres::Database>) -> (Desk, HookId) {
    let desk = Desk::plain(database).await;
    let new = NewHook {
        name: "ci".to_owned(),
        kind: HookKind::Line,
        project: "p".to_owned(),
        agent: "rehearse".to_owned(),
        title: None,
        secret: Some(SECRET.to_owned()),
    };
    let made = create(&desk.hub, &desk.caller, new, None).await.unwrap();
    let hook: Hook = serde_json::from_str(&made.body).unwrap();
    assert_eq!((hook.title.as_str(), hook.secret.as_deref()), ("ci", Some(SECRET)));
    (desk, hook.id)
}

/// Delivers so many new events.
async fn deliver_events(desk: &Desk, hook: &HookId, ids: std::ops::Range<usize>) -> Result<(), Kind> {
    let events: Vec<String> = ids.map(|id| format!(r#"{{"webhookEventId":"{id}"}}"#)).collect();
    let body = format!(r#"{{"events":[{}]}}"#, events.join(","));
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = base64url::standard(aws_lc_rs::hmac::sign(&key, body.as_bytes()).as_ref());
    let headers = Headers(vec![("x-line-signature", signature.as_bytes())]);
    deliver(&desk.hub, hook, &headers, body.as_bytes()).await.map(drop).map_err(|fault| fault.problem().kind)
}

async fn change(desk: &Desk, sql: &'static str, hook: &HookId, number: i64) {
    let hook = hook.clone();
    let changed =
        desk.hub.db.write(move |tx| Box::pin(async move { Ok(query(sql).bind(hook.as_str()).bind(number).execute(tx.conn).await?) }));
    assert_eq!(changed.await.unwrap(), 1);
}

/// How many deliveries, sessions, turns and pages of events there are, and when something was last taken.
async fn rows(desk: &Desk) -> (Vec<i64>, Option<i64>) {
    let mut conn = desk.hub.db.read().await.unwrap();
    let mut counts = Vec::new();
    for table in ["hook_deliveries", "sessions", "turns", "event_pages"] {
        let row = composed(format!("SELECT COUNT(*) FROM {table}")).fetch_one(&mut conn).await.unwrap();
        counts.push(row.get(0).unwrap());
    }
    let row = query("SELECT delivered_at FROM hooks").fetch_one(&mut conn).await.unwrap();
    (counts, row.get(0).unwrap())
}

async fn a_full_line((desk, hook): (Desk, HookId)) {
    let session = desk.session().await;
    change(&desk, "UPDATE hooks SET session_id = (SELECT MAX(id) FROM sessions) WHERE id = $1 AND $2 = 0", &hook, 0).await;
    let line = "UPDATE sessions SET in_line = $2 WHERE id = (SELECT session_id FROM hooks WHERE id = $1)";
    for waiting in [QUEUE_MESSAGES_MAX, QUEUE_MESSAGES_MAX - 2] {
        change(&desk, line, &hook, waiting).await;
        assert_eq!(deliver_events(&desk, &hook, 0..3).await, Err(Kind::QueueFull), "{waiting} wait");
        assert_eq!(rows(&desk).await, (vec![0, 1, 0, 0], None), "a part of it is there");
    }
    change(&desk, line, &hook, QUEUE_MESSAGES_MAX - 3).await;
    assert_eq!(deliver_events(&desk, &hook, 0..3).await, Ok(()));
    assert_eq!(rows(&desk).await, (vec![3, 1, 3, 1], Some(crate::fixture::NOW)));
    assert_eq!(deliver_events(&desk, &hook, 0..3).await, Ok(()), "a full line asks nobody to send again what is in it");
    assert_eq!(deliver_events(&desk, &hook, 2..4).await, Err(Kind::QueueFull));
    assert_eq!(rows(&desk).await.0, [3, 1, 3, 1]);
    assert_eq!(get(&desk.hub, &desk.caller, &hook).await.unwrap().session, Some(session));
}

async fn no_ground((desk, hook): (Desk, HookId)) {
    assert_eq!(deliver_events(&desk, &hook, 0..3).await, Err(Kind::NoNode));
    assert_eq!(deliver_events(&desk, &HookId::from_bits(9), 0..3).await, Err(Kind::Unauthenticated));
    assert_eq!(deliver_events(&desk, &hook, 0..0).await, Ok(()));
    assert_eq!(rows(&desk).await, (vec![0, 0, 0, 0], None));
}

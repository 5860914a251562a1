//! The events of a session: one URL, as a page, as server-sent events or as a WebSocket. And those of all sessions, as pages.

use crate::event::find::{Looking, What};
use crate::event::{self, across::EventFilter};
use crate::fault::Done;
use crate::http::caller::Asking;
use crate::http::page::Params;
use crate::http::path::Id;
use crate::http::tail::Tail;
use crate::http::{App, socket, sse};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use axum::response::{IntoResponse, Response};
use fugue_domain::api::{EventHits, EventList};
use fugue_domain::event::{FAMILIES, Level};
use fugue_domain::id::SessionId;
use fugue_domain::problem::{Kind, Problem};

/// `GET /api/v1/sessions/{id}/events`.
pub async fn read(
    State(app): State<App>,
    asking: Asking,
    Id(session): Id<SessionId>,
    mut params: Params,
    request: Request,
) -> Done<Response> {
    let after = params.parse::<u32>("after", "give the number of the last event you have, 0 for none")?.map_or(0, i64::from);
    let limit = params.limit()?;
    params.end()?;
    let after = last_event_id(request.headers())?.unwrap_or(after);
    if socket::is_upgrade(&request) {
        return socket::reply(&app, request, Tail::open(&app, &asking, session, after).await?).await;
    }
    let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if accept.split(',').any(|kind| kind.trim().starts_with("text/event-stream")) {
        return Ok(sse::reply(&app, Tail::open(&app, &asking, session, after).await?));
    }
    Ok(axum::Json(event::page(&app.hub, &asking, &session, after, limit).await?).into_response())
}

/// `GET /api/v1/sessions/{id}/find`.
pub async fn find(State(app): State<App>, asking: Asking, Id(session): Id<SessionId>, mut params: Params) -> Done<axum::Json<EventHits>> {
    let looking = Looking {
        words: params.text("q")?,
        what: params.word("what", What::from_word, &format!("give one of {}", What::WORDS.join(", ")))?,
        after: params.parse::<u32>("after", "give the number of an event, 0 for the beginning")?.map_or(0, i64::from),
        limit: params.limit()?,
    };
    params.end()?;
    event::find::find(&app.hub, &asking, &session, looking).await.map(axum::Json)
}

/// `GET /api/v1/events`.
pub async fn across(State(app): State<App>, asking: Asking, mut params: Params) -> Done<axum::Json<EventList>> {
    let kind = |word: &str| FAMILIES.contains(&word.split('.').next().unwrap_or_default()).then(|| word.to_owned());
    let filter = EventFilter {
        session: params.parse("session", "give the id of a session")?,
        project: params.text("project")?,
        kind: params.word("kind", kind, &format!("give a type, or its beginning: {}", FAMILIES.join(", ")))?,
        level: params.word("level", Level::from_word, &format!("give one of {}", Level::WORDS.join(", ")))?,
    };
    let (limit, cursor) = (params.limit()?, params.text("cursor")?);
    params.end()?;
    event::across::list(&app.hub, &asking, filter, limit, cursor).await.map(axum::Json)
}

/// Where a browser's stream was cut off. It wins over the URL, which a browser sends unchanged when it comes back.
fn last_event_id(headers: &HeaderMap) -> Done<Option<i64>> {
    let Some(value) = headers.get("last-event-id") else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.trim().parse::<u32>().ok());
    match number {
        Some(number) => Ok(Some(i64::from(number))),
        None => Err(Problem::new(Kind::Malformed, "The Last-Event-ID is not the number of an event.").into()),
    }
}

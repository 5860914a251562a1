//! Routes of sessions.

use crate::fault::Done;
use crate::http::body::{Creation, Json};
use crate::http::caller::Asking;
use crate::http::page::Params;
use crate::http::path::Id;
use crate::http::{App, SESSION_STATES};
use crate::idempotency::Reply;
use crate::session::{self, SessionFilter};
use axum::extract::State;
use fugue_domain::api::{Changes, NewSession, RawPage, Session, SessionChange};
use fugue_domain::id::SessionId;
use fugue_domain::page::Page;
use fugue_domain::problem::Problem;
use fugue_domain::raw::{RawFrom, RawPlace};

/// `GET /api/v1/sessions`.
pub async fn list(State(app): State<App>, asking: Asking, mut params: Params) -> Done<axum::Json<Page<Session>>> {
    let state = |word: &str| SESSION_STATES.contains(&word).then(|| word.to_owned());
    let filter = SessionFilter {
        state: params.word("state", state, &format!("give one of {}", SESSION_STATES.join(", ")))?,
        project: params.text("project")?,
        q: params.text("q")?,
    };
    session::list(&app.hub, &asking, filter, params.page()?).await.map(axum::Json)
}

/// `POST /api/v1/sessions`.
pub async fn open(State(app): State<App>, Creation { asking, body, key }: Creation<NewSession>) -> Done<Reply> {
    let _running = app.creating.begin(key.as_ref())?;
    session::open(&app.hub, &asking, body, key).await
}

/// `GET /api/v1/sessions/{id}`.
pub async fn get(State(app): State<App>, asking: Asking, Id(id): Id<SessionId>) -> Done<axum::Json<Session>> {
    session::get(&app.hub, &asking, &id).await.map(axum::Json)
}

/// `PATCH /api/v1/sessions/{id}`.
pub async fn change(
    State(app): State<App>,
    asking: Asking,
    Id(id): Id<SessionId>,
    Json(change): Json<SessionChange>,
) -> Done<axum::Json<Session>> {
    session::change(&app.hub, &asking, &id, change).await.map(axum::Json)
}

/// `GET /api/v1/sessions/{id}/raw`.
pub async fn raw(State(app): State<App>, asking: Asking, Id(id): Id<SessionId>, mut params: Params) -> Done<axum::Json<RawPage>> {
    let place = |text: &str| text.parse::<RawPlace>().ok().map(|place| place.to_string());
    let (before, after) =
        (params.word("before", place, "give `earlier` of another page")?, params.word("after", place, "give `later` of another page")?);
    params.end()?;
    let from = match (before, after) {
        (Some(_), Some(_)) => return Err(Problem::invalid("before", "give `before` or `after`, not both").into()),
        (Some(place), None) => RawFrom::Before(place),
        (None, Some(place)) => RawFrom::After(place),
        (None, None) => RawFrom::End,
    };
    session::raw::raw(&app.hub, &asking, &id, from).await.map(axum::Json)
}

/// `GET /api/v1/sessions/{id}/changes`.
pub async fn changes(State(app): State<App>, asking: Asking, Id(id): Id<SessionId>) -> Done<axum::Json<Changes>> {
    session::changes::changes(&app.hub, &asking, &id).await.map(axum::Json)
}

/// `POST /api/v1/sessions/{id}/stop`.
pub async fn stop(State(app): State<App>, asking: Asking, Id(id): Id<SessionId>) -> Done<axum::Json<Session>> {
    session::stop(&app.hub, &asking, &id).await.map(axum::Json)
}

/// `POST /api/v1/sessions/{id}/close`.
pub async fn close(State(app): State<App>, asking: Asking, Id(id): Id<SessionId>) -> Done<axum::Json<Session>> {
    session::close(&app.hub, &asking, &id).await.map(axum::Json)
}

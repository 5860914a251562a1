//! Routes of turns.

use crate::fault::Done;
use crate::http::App;
use crate::http::caller::Asking;
use crate::http::page::Params;
use crate::http::path::Id;
use crate::turn;
use axum::extract::State;
use fugue_domain::api::Turn;
use fugue_domain::id::{SessionId, TurnId};
use fugue_domain::page::Page;

/// `GET /api/v1/sessions/{id}/turns`.
pub async fn list(State(app): State<App>, asking: Asking, Id(session): Id<SessionId>, params: Params) -> Done<axum::Json<Page<Turn>>> {
    turn::list(&app.hub, &asking, &session, params.page()?).await.map(axum::Json)
}

/// `GET /api/v1/turns/{id}`.
pub async fn get(State(app): State<App>, asking: Asking, Id(id): Id<TurnId>) -> Done<axum::Json<Turn>> {
    turn::get(&app.hub, &asking, &id).await.map(axum::Json)
}

/// `POST /api/v1/turns/{id}/interrupt`.
pub async fn interrupt(State(app): State<App>, asking: Asking, Id(id): Id<TurnId>) -> Done<axum::Json<Turn>> {
    turn::interrupt(&app.hub, &asking, &id).await.map(axum::Json)
}

/// `POST /api/v1/turns/{id}/resume`.
pub async fn resume(State(app): State<App>, asking: Asking, Id(id): Id<TurnId>) -> Done<axum::Json<Turn>> {
    turn::resume(&app.hub, &asking, &id).await.map(axum::Json)
}

//! Routes of the caller's own org.

use crate::fault::Done;
use crate::http::App;
use crate::http::body::Json;
use crate::http::caller::Asking;
use crate::org;
use axum::extract::State;
use fugue_domain::api::{Me, OrgSettings};

/// `GET /api/v1/me`.
pub async fn me(State(app): State<App>, asking: Asking) -> Done<axum::Json<Me>> {
    org::me(&app.hub, &asking).await.map(axum::Json)
}

/// `GET /api/v1/org`.
pub async fn settings(State(app): State<App>, asking: Asking) -> Done<axum::Json<OrgSettings>> {
    org::settings(&app.hub, &asking).await.map(axum::Json)
}

/// `PATCH /api/v1/org`.
pub async fn change(State(app): State<App>, asking: Asking, Json(settings): Json<OrgSettings>) -> Done<axum::Json<OrgSettings>> {
    org::change(&app.hub, &asking, settings).await.map(axum::Json)
}

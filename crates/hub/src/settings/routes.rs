//! Routes of project settings.

use crate::fault::Done;
use crate::http::App;
use crate::http::caller::Asking;
use crate::http::path::Name;
use crate::settings;
use axum::extract::State;
use fugue_domain::api::ProjectSettings;

/// `GET /api/v1/projects/{id}/settings`.
pub async fn show(State(app): State<App>, asking: Asking, Name(name): Name) -> Done<axum::Json<ProjectSettings>> {
    settings::show(&app.hub, &asking, &name).await.map(axum::Json)
}

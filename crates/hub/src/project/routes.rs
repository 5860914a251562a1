//! Routes of projects.

use crate::fault::Done;
use crate::http::App;
use crate::http::body::Creation;
use crate::http::caller::Asking;
use crate::http::page::Params;
use crate::http::path::Name;
use crate::idempotency::Reply;
use crate::project;
use axum::extract::State;
use fugue_domain::api::{NewProject, Project};
use fugue_domain::page::Page;

/// `GET /api/v1/projects`.
pub async fn list(State(app): State<App>, asking: Asking, params: Params) -> Done<axum::Json<Page<Project>>> {
    project::list(&app.hub, &asking, params.page()?).await.map(axum::Json)
}

/// `POST /api/v1/projects`.
pub async fn add(State(app): State<App>, Creation { asking, body, key }: Creation<NewProject>) -> Done<Reply> {
    let _running = app.creating.begin(key.as_ref())?;
    project::add(&app.hub, &asking, body, key).await
}

/// `GET /api/v1/projects/{id}`.
pub async fn get(State(app): State<App>, asking: Asking, Name(name): Name) -> Done<axum::Json<Project>> {
    project::get(&app.hub, &asking, &name).await.map(axum::Json)
}

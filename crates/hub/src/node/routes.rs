//! Routes of nodes.

use crate::fault::Done;
use crate::http::App;
use crate::http::body::{Creation, Json, Nothing};
use crate::http::caller::Asking;
use crate::http::page::Params;
use crate::http::path::Name;
use crate::idempotency::Reply;
use crate::node;
use axum::extract::State;
use axum::http::StatusCode;
use fugue_domain::api::{Join, Joined, Node};
use fugue_domain::page::Page;

/// `GET /api/v1/nodes`.
pub async fn list(State(app): State<App>, asking: Asking, params: Params) -> Done<axum::Json<Page<Node>>> {
    node::list(&app.hub, &asking, params.page()?).await.map(axum::Json)
}

/// `GET /api/v1/nodes/{id}`.
pub async fn get(State(app): State<App>, asking: Asking, Name(name): Name) -> Done<axum::Json<Node>> {
    node::get(&app.hub, &asking, &name).await.map(axum::Json)
}

/// `POST /api/v1/nodes/join-codes`.
pub async fn join_code(State(app): State<App>, Creation { asking, key, .. }: Creation<Nothing>) -> Done<Reply> {
    node::join_code(&app.hub, &asking, key).await
}

/// `POST /api/v1/nodes/join`.
pub async fn join(State(app): State<App>, Json(join): Json<Join>) -> Done<axum::Json<Joined>> {
    node::join(&app.hub, join).await.map(axum::Json)
}

/// `POST /api/v1/nodes/{id}/drain`.
pub async fn drain(State(app): State<App>, asking: Asking, Name(name): Name) -> Done<axum::Json<Node>> {
    node::drain(&app.hub, &asking, &name).await.map(axum::Json)
}

/// `POST /api/v1/nodes/{id}/resume`.
pub async fn resume(State(app): State<App>, asking: Asking, Name(name): Name) -> Done<axum::Json<Node>> {
    node::resume(&app.hub, &asking, &name).await.map(axum::Json)
}

/// `DELETE /api/v1/nodes/{id}`.
pub async fn remove(State(app): State<App>, asking: Asking, Name(name): Name, mut params: Params) -> Done<StatusCode> {
    let gone = params.parse("gone", "give true or false")?.unwrap_or(false);
    params.end()?;
    node::remove(&app.hub, &asking, &name, gone).await?;
    Ok(StatusCode::NO_CONTENT)
}

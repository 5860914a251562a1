//! Routes of merge queues.

use crate::fault::Done;
use crate::http::App;
use crate::http::body::Creation;
use crate::http::caller::Asking;
use crate::http::page::Params;
use crate::http::path::Id;
use crate::idempotency::Reply;
use crate::merge_queue;
use axum::extract::State;
use axum::http::StatusCode;
use fugue_domain::api::{MergeQueue, NewTrial};
use fugue_domain::id::TaskId;
use fugue_domain::page::Page;

/// `GET /api/v1/merge-queue`.
pub async fn list(State(app): State<App>, asking: Asking, mut params: Params) -> Done<axum::Json<Page<MergeQueue>>> {
    let project = params.text("project")?;
    params.end()?;
    merge_queue::list(&app.hub, &asking, project).await.map(axum::Json)
}

/// `POST /api/v1/merge-queue/dry-run`.
pub async fn trial(State(app): State<App>, Creation { asking, body, key }: Creation<NewTrial>) -> Done<Reply> {
    merge_queue::trial(&app.hub, &asking, body, key).await
}

/// `DELETE /api/v1/merge-queue/{id}`.
pub async fn remove(State(app): State<App>, asking: Asking, Id(task): Id<TaskId>) -> Done<StatusCode> {
    merge_queue::remove(&app.hub, &asking, &task).await?;
    Ok(StatusCode::NO_CONTENT)
}

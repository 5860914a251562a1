//! Routes of reviews.

use crate::fault::Done;
use crate::http::App;
use crate::http::body::Creation;
use crate::http::caller::Asking;
use crate::http::page::Params;
use crate::http::path::Id;
use crate::idempotency::Reply;
use crate::review;
use axum::extract::State;
use fugue_domain::api::{NewReview, Review};
use fugue_domain::id::TaskId;
use fugue_domain::page::Page;

/// `GET /api/v1/tasks/{id}/reviews`.
pub async fn list(State(app): State<App>, asking: Asking, Id(task): Id<TaskId>, params: Params) -> Done<axum::Json<Page<Review>>> {
    review::list(&app.hub, &asking, &task, params.page()?).await.map(axum::Json)
}

/// `POST /api/v1/tasks/{id}/review`.
pub async fn judge(State(app): State<App>, Id(task): Id<TaskId>, Creation { asking, body, key }: Creation<NewReview>) -> Done<Reply> {
    review::judge(&app.hub, &asking, &task, body, key).await
}

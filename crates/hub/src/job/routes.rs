//! Routes of jobs.

use crate::fault::Done;
use crate::http::App;
use crate::http::caller::Asking;
use crate::http::page::Params;
use crate::http::path::Id;
use crate::job;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use fugue_domain::api::Job;
use fugue_domain::id::JobId;

/// `GET /api/v1/jobs/{id}`.
pub async fn get(State(app): State<App>, asking: Asking, Id(id): Id<JobId>) -> Done<axum::Json<Job>> {
    job::get(&app.hub, &asking, &id).await.map(axum::Json)
}

/// `GET /api/v1/jobs/{id}/output`.
pub async fn output(State(app): State<App>, asking: Asking, Id(id): Id<JobId>, mut params: Params) -> Done<Response> {
    let name = params.text("check")?;
    params.end()?;
    let text = job::output(&app.hub, &asking, &id, name.as_deref()).await?;
    Ok(([(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))], text).into_response())
}

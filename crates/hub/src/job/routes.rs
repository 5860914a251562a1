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
use fugue_domain::problem::Problem;

/// `GET /api/v1/jobs/{id}`.
pub async fn get(State(app): State<App>, asking: Asking, Id(id): Id<JobId>) -> Done<axum::Json<Job>> {
    job::get(&app.hub, &asking, &id).await.map(axum::Json)
}

/// `GET /api/v1/jobs/{id}/output`.
pub async fn output(State(app): State<App>, asking: Asking, Id(id): Id<JobId>, mut params: Params) -> Done<Response> {
    let name = params.text("check")?;
    params.end()?;
    let name = name.ok_or_else(|| Problem::invalid("check", "give the name of a command that the job ran"))?;
    let text = job::output(&app.hub, &asking, &id, &name).await?;
    Ok(([(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))], text).into_response())
}

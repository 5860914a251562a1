//! Routes of plans.

use crate::fault::Done;
use crate::http::App;
use crate::http::body::{Creation, Json};
use crate::http::caller::Asking;
use crate::http::page::Params;
use crate::http::path::Id;
use crate::idempotency::Reply;
use crate::plan::{self, PlanFilter};
use axum::extract::State;
use fugue_domain::api::{NewPlan, Plan, PlanDetail, PlanTasks};
use fugue_domain::id::PlanId;
use fugue_domain::page::Page;

/// What `state` may be when plans are listed.
pub const STATES: &[&str] = &["planning", "proposed", "accepted", "rejected", "failed", "over"];

/// `GET /api/v1/plans`.
pub async fn list(State(app): State<App>, asking: Asking, mut params: Params) -> Done<axum::Json<Page<Plan>>> {
    let state = |word: &str| STATES.contains(&word).then(|| word.to_owned());
    let filter =
        PlanFilter { state: params.word("state", state, &format!("give one of {}", STATES.join(", ")))?, project: params.text("project")? };
    plan::list(&app.hub, &asking, filter, params.page()?).await.map(axum::Json)
}

/// `POST /api/v1/plans`.
pub async fn create(State(app): State<App>, Creation { asking, body, key }: Creation<NewPlan>) -> Done<Reply> {
    let _running = app.creating.begin(key.as_ref())?;
    plan::create(&app.hub, &asking, body, key).await
}

/// `GET /api/v1/plans/{id}`.
pub async fn get(State(app): State<App>, asking: Asking, Id(id): Id<PlanId>) -> Done<axum::Json<PlanDetail>> {
    plan::get(&app.hub, &asking, &id).await.map(axum::Json)
}

/// `PUT /api/v1/plans/{id}/tasks`.
pub async fn replace(
    State(app): State<App>,
    asking: Asking,
    Id(id): Id<PlanId>,
    Json(body): Json<PlanTasks>,
) -> Done<axum::Json<PlanDetail>> {
    plan::replace(&app.hub, &asking, &id, body).await.map(axum::Json)
}

/// `POST /api/v1/plans/{id}/accept`.
pub async fn accept(State(app): State<App>, asking: Asking, Id(id): Id<PlanId>) -> Done<axum::Json<PlanDetail>> {
    plan::accept(&app.hub, &asking, &id).await.map(axum::Json)
}

/// `POST /api/v1/plans/{id}/reject`.
pub async fn reject(State(app): State<App>, asking: Asking, Id(id): Id<PlanId>) -> Done<axum::Json<PlanDetail>> {
    plan::reject(&app.hub, &asking, &id).await.map(axum::Json)
}

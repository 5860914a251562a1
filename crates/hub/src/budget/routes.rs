//! Routes of budgets.

use crate::budget;
use crate::fault::Done;
use crate::http::App;
use crate::http::caller::Asking;
use crate::http::page::Params;
use axum::extract::State;
use fugue_domain::api::Budgets;

/// `GET /api/v1/budgets`.
pub async fn show(State(app): State<App>, asking: Asking, params: Params) -> Done<axum::Json<Budgets>> {
    params.end()?;
    budget::show(&app.hub, &asking).await.map(axum::Json)
}

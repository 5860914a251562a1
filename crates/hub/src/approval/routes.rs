//! Routes of approvals.

use crate::approval;
use crate::fault::Done;
use crate::http::App;
use crate::http::body::MaybeJson;
use crate::http::caller::Asking;
use crate::http::page::Params;
use crate::http::path::Id;
use axum::extract::State;
use fugue_domain::api::{Approval, Decision};
use fugue_domain::approval::ApprovalState;
use fugue_domain::id::ApprovalId;
use fugue_domain::page::Page;

/// `GET /api/v1/approvals`.
pub async fn list(State(app): State<App>, asking: Asking, mut params: Params) -> Done<axum::Json<Page<Approval>>> {
    let state = params.word("state", ApprovalState::from_word, "give pending, approved, denied, expired or withdrawn")?;
    approval::list(&app.hub, &asking, state, params.page()?).await.map(axum::Json)
}

/// `GET /api/v1/approvals/{id}`.
pub async fn get(State(app): State<App>, asking: Asking, Id(id): Id<ApprovalId>) -> Done<axum::Json<Approval>> {
    approval::get(&app.hub, &asking, &id).await.map(axum::Json)
}

/// `POST /api/v1/approvals/{id}/approve`.
pub async fn approve(
    State(app): State<App>,
    asking: Asking,
    Id(id): Id<ApprovalId>,
    MaybeJson(decision): MaybeJson<Decision>,
) -> Done<axum::Json<Approval>> {
    approval::decide(&app.hub, &asking, &id, true, decision).await.map(axum::Json)
}

/// `POST /api/v1/approvals/{id}/deny`.
pub async fn deny(
    State(app): State<App>,
    asking: Asking,
    Id(id): Id<ApprovalId>,
    MaybeJson(decision): MaybeJson<Decision>,
) -> Done<axum::Json<Approval>> {
    approval::decide(&app.hub, &asking, &id, false, decision).await.map(axum::Json)
}

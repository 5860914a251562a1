//! Routes of credentials.

use crate::fault::Done;
use crate::http::App;
use crate::http::body::Creation;
use crate::http::caller::Asking;
use crate::http::page::Params;
use crate::http::path::Id;
use crate::idempotency::Reply;
use crate::token;
use axum::extract::State;
use axum::http::StatusCode;
use fugue_domain::api::{NewToken, Token};
use fugue_domain::id::TokenId;
use fugue_domain::page::Page;

/// `GET /api/v1/tokens`.
pub async fn list(State(app): State<App>, asking: Asking, params: Params) -> Done<axum::Json<Page<Token>>> {
    token::list(&app.hub, &asking, params.page()?).await.map(axum::Json)
}

/// `POST /api/v1/tokens`.
pub async fn create(State(app): State<App>, Creation { asking, body, key }: Creation<NewToken>) -> Done<Reply> {
    token::create(&app.hub, &asking, body, key).await
}

/// `DELETE /api/v1/tokens/{id}`.
pub async fn revoke(State(app): State<App>, asking: Asking, Id(id): Id<TokenId>) -> Done<StatusCode> {
    token::revoke(&app.hub, &asking, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

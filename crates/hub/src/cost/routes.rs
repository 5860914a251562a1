//! Routes of costs.

use crate::cost::{self, Span};
use crate::fault::Done;
use crate::http::App;
use crate::http::caller::Asking;
use crate::http::page::Params;
use axum::extract::State;
use fugue_domain::api::{CostBy, Costs};

const A_DAY: &str = "give a day such as 2026-11-21";

/// `GET /api/v1/costs`.
pub async fn list(State(app): State<App>, asking: Asking, mut params: Params) -> Done<axum::Json<Costs>> {
    let by = params.word("by", CostBy::from_word, &format!("give one of {}", CostBy::WORDS.join(", ")))?.unwrap_or(CostBy::Day);
    let span = Span { from: params.parse("from", A_DAY)?, to: params.parse("to", A_DAY)? };
    params.end()?;
    cost::list(&app.hub, &asking, by, span).await.map(axum::Json)
}

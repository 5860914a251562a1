//! The route of search.

use crate::fault::Done;
use crate::http::App;
use crate::http::caller::Asking;
use crate::http::page::Params;
use crate::search;
use axum::extract::State;
use fugue_domain::api::Found;
use fugue_domain::limits::TITLE_CHARS_MAX;
use fugue_domain::page::Page;

/// `GET /api/v1/search`.
pub async fn find(State(app): State<App>, asking: Asking, mut params: Params) -> Done<axum::Json<Page<Found>>> {
    let words = params.text("q")?.unwrap_or_default();
    params.end()?;
    let words: String = words.chars().take(TITLE_CHARS_MAX).collect();
    search::find(&app.hub, &asking, &words).await.map(axum::Json)
}

//! Routes of hooks, and the address at which others deliver.

use crate::fault::{Done, Fault};
use crate::hook::{self, Answer};
use crate::http::App;
use crate::http::body::{Creation, Raw};
use crate::http::caller::Asking;
use crate::http::page::Params;
use crate::http::path::Id;
use crate::idempotency::Reply;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use fugue_domain::api::{Hook, NewHook};
use fugue_domain::hook::{Headers, HookKind};
use fugue_domain::id::HookId;
use fugue_domain::page::Page;

/// `GET /api/v1/hooks`.
pub async fn list(State(app): State<App>, asking: Asking, params: Params) -> Done<axum::Json<Page<Hook>>> {
    hook::list(&app.hub, &asking, params.page()?).await.map(axum::Json)
}

/// `POST /api/v1/hooks`.
pub async fn create(State(app): State<App>, Creation { asking, body, key }: Creation<NewHook>) -> Done<Reply> {
    hook::create(&app.hub, &asking, body, key).await
}

/// `GET /api/v1/hooks/{id}`.
pub async fn get(State(app): State<App>, asking: Asking, Id(id): Id<HookId>) -> Done<axum::Json<Hook>> {
    hook::get(&app.hub, &asking, &id).await.map(axum::Json)
}

/// `DELETE /api/v1/hooks/{id}`.
pub async fn remove(State(app): State<App>, asking: Asking, Id(id): Id<HookId>) -> Done<StatusCode> {
    hook::remove(&app.hub, &asking, &id).await.map(|()| StatusCode::NO_CONTENT)
}

/// `POST /api/v1/hooks/{id}`. What is no id of a hook is answered like one that nothing has.
pub async fn deliver(State(app): State<App>, id: Result<Id<HookId>, Fault>, headers: HeaderMap, body: Raw) -> Done<Response> {
    let Ok(Id(id)) = id else { return Err(hook::refused()) };
    let headers = Headers(headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect());
    Ok(match hook::deliver(&app.hub, &id, &headers, body.bytes()).await? {
        // LINE asks for exactly this one.
        Answer::Stored(HookKind::Line) | Answer::Known => StatusCode::OK.into_response(),
        Answer::Stored(_) => StatusCode::ACCEPTED.into_response(),
        Answer::Says(text) => text.into_response(),
    })
}

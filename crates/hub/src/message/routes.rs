//! Routes of messages.

use crate::fault::Done;
use crate::http::App;
use crate::http::body::{Creation, Json};
use crate::http::caller::Asking;
use crate::http::page::Params;
use crate::http::path::Id;
use crate::idempotency::Reply;
use crate::message;
use axum::extract::State;
use fugue_domain::api::{Message, MessageChange, NewMessage};
use fugue_domain::id::{MessageId, SessionId};
use fugue_domain::page::Page;

/// `POST /api/v1/sessions/{id}/messages`.
pub async fn send(State(app): State<App>, Id(session): Id<SessionId>, Creation { asking, body, key }: Creation<NewMessage>) -> Done<Reply> {
    message::send(&app.hub, &asking, &session, body, key).await
}

/// `POST /api/v1/sessions/{id}/steer`.
pub async fn steer(
    State(app): State<App>,
    Id(session): Id<SessionId>,
    Creation { asking, body, key }: Creation<NewMessage>,
) -> Done<Reply> {
    message::steer(&app.hub, &asking, &session, body, key).await
}

/// `GET /api/v1/sessions/{id}/messages`.
pub async fn list(State(app): State<App>, asking: Asking, Id(session): Id<SessionId>, params: Params) -> Done<axum::Json<Page<Message>>> {
    message::list(&app.hub, &asking, &session, params.page()?).await.map(axum::Json)
}

/// `GET /api/v1/messages/{id}`.
pub async fn get(State(app): State<App>, asking: Asking, Id(id): Id<MessageId>) -> Done<axum::Json<Message>> {
    message::get(&app.hub, &asking, &id).await.map(axum::Json)
}

/// `PATCH /api/v1/messages/{id}`.
pub async fn change(
    State(app): State<App>,
    asking: Asking,
    Id(id): Id<MessageId>,
    Json(change): Json<MessageChange>,
) -> Done<axum::Json<Message>> {
    message::change(&app.hub, &asking, &id, change).await.map(axum::Json)
}

/// `DELETE /api/v1/messages/{id}`.
pub async fn take_back(State(app): State<App>, asking: Asking, Id(id): Id<MessageId>) -> Done<axum::Json<Message>> {
    message::take_back(&app.hub, &asking, &id).await.map(axum::Json)
}

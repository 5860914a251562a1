//! Routes of web push. All of them are about the device that asks.

use crate::fault::Done;
use crate::http::App;
use crate::http::body::Json;
use crate::http::caller::Asking;
use crate::push;
use axum::extract::State;
use axum::http::header::ORIGIN;
use axum::http::{HeaderMap, StatusCode};
use fugue_domain::api::{Approval, NewPush, PushAnswer, PushState};

/// `GET /api/v1/push`.
pub async fn get(State(app): State<App>, asking: Asking) -> Done<axum::Json<PushState>> {
    push::get(&app.hub, &asking).await.map(axum::Json)
}

/// `PUT /api/v1/push`.
pub async fn put(State(app): State<App>, asking: Asking, headers: HeaderMap, Json(new): Json<NewPush>) -> Done<axum::Json<PushState>> {
    // It was checked before; a device always names one.
    let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()).unwrap_or_default();
    push::put(&app.hub, &asking, new, origin.to_owned()).await.map(axum::Json)
}

/// `DELETE /api/v1/push`.
pub async fn remove(State(app): State<App>, asking: Asking) -> Done<StatusCode> {
    push::remove(&app.hub, &asking).await.map(|()| StatusCode::NO_CONTENT)
}

/// `POST /api/v1/push/test`.
pub async fn test(State(app): State<App>, asking: Asking) -> Done<StatusCode> {
    push::test(&app.hub, &asking).await.map(|()| StatusCode::NO_CONTENT)
}

/// `POST /api/v1/push/answers`.
pub async fn answer(State(app): State<App>, asking: Asking, Json(answer): Json<PushAnswer>) -> Done<axum::Json<Approval>> {
    push::answer(&app.hub, &asking, answer).await.map(axum::Json)
}

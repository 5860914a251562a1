//! Routes of devices, and the cookie that they set.

use crate::device;
use crate::fault::Done;
use crate::http::App;
use crate::http::body::Json;
use crate::http::caller::Asking;
use crate::http::cookie;
use crate::http::page::Params;
use crate::http::path::Id;
use axum::extract::State;
use axum::http::header::{ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use fugue_domain::api::{Device, DeviceCode, NewDevice};
use fugue_domain::id::DeviceId;
use fugue_domain::page::Page;
use fugue_domain::problem::{Kind, Problem};

/// `POST /api/v1/devices/codes`.
pub async fn code(State(app): State<App>, asking: Asking) -> Done<(StatusCode, axum::Json<DeviceCode>)> {
    Ok((StatusCode::CREATED, axum::Json(device::code(&app.hub, &asking).await?)))
}

/// `POST /api/v1/devices`. Only a page of ours may: otherwise another site could sign a person in as somebody else.
pub async fn pair(State(app): State<App>, headers: HeaderMap, Json(new): Json<NewDevice>) -> Done<Response> {
    let Some(origin) = headers.get(ORIGIN) else {
        return Err(Problem::new(Kind::WrongOrigin, "A device is paired by a web page, which names its origin.").into());
    };
    let secure = origin.as_bytes().starts_with(b"https://");
    let (device, secret) = device::pair(&app.hub, new).await?;
    let seconds = (device.expires_at.0 - device.created_at.0) / 1_000;
    let cookie = cookie::set(&app.hosts, &secret, seconds, secure);
    Ok((StatusCode::CREATED, [(SET_COOKIE, cookie)], axum::Json(device)).into_response())
}

/// `GET /api/v1/devices`.
pub async fn list(State(app): State<App>, asking: Asking, params: Params) -> Done<axum::Json<Page<Device>>> {
    device::list(&app.hub, &asking, params.page()?).await.map(axum::Json)
}

/// `DELETE /api/v1/devices/{id}`.
pub async fn revoke(State(app): State<App>, asking: Asking, Id(id): Id<DeviceId>) -> Done<Response> {
    if device::revoke(&app.hub, &asking, &id).await? {
        return Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie::unset(&app.hosts))]).into_response());
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

//! What belongs to no noun: health, metrics, the API's own description, and answers outside the table.

use crate::fault::{Done, Fault};
use crate::http::{App, cockpit, openapi, routes};
use crate::metrics;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use fugue_domain::api::Health;
use fugue_domain::problem::{Kind, Problem};
use std::future::{Ready, ready};
use std::sync::OnceLock;

/// `GET /healthz`.
pub async fn alive() -> &'static str {
    "alive\n"
}

/// `GET /readyz`.
pub async fn database(State(app): State<App>) -> Done<&'static str> {
    app.hub.db.write(|_| Box::pin(async { Ok(()) })).await?;
    Ok("ready\n")
}

/// `GET /api/v1/health`: the same for a page, whose cookie goes no further than the API.
pub async fn show(State(app): State<App>) -> Done<axum::Json<Health>> {
    let begun = app.hub.world.now();
    app.hub.db.write(|_| Box::pin(async { Ok(()) })).await?;
    let write_ms = (app.hub.world.now() - begun).max(0);
    Ok(axum::Json(Health { version: env!("CARGO_PKG_VERSION").to_owned(), write_ms }))
}

/// `GET /metrics`.
pub async fn metrics(State(app): State<App>) -> Done<Response> {
    let page = metrics::page(&app.hub).await?;
    Ok(([(CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"))], page).into_response())
}

/// `GET /api/v1/openapi.json`.
pub async fn openapi() -> Response {
    static DOCUMENT: OnceLock<String> = OnceLock::new();
    let document = DOCUMENT.get_or_init(|| openapi::document(&routes())).as_str();
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], document).into_response()
}

/// What is not in the table.
#[derive(Debug, Clone, Copy)]
pub enum Outside {
    /// No such path.
    Path,
    /// The path has no such method; the router adds `Allow`.
    Method,
}

impl Handler<(), App> for Outside {
    type Future = Ready<Response>;
    fn call(self, request: Request, app: App) -> Self::Future {
        let page = cockpit::answer(app.cockpit, request.method(), request.uri().path(), request.headers());
        if let (Self::Path, Some(page)) = (self, page) {
            return ready(page);
        }
        let path: String = request.uri().path().chars().take(200).collect();
        let problem = match self {
            Self::Path => {
                Problem::new(Kind::NotFound, format!("There is nothing at {path:?}.")).hint("See /api/v1/openapi.json for all paths.")
            }
            Self::Method => Problem::new(Kind::MethodNotAllowed, format!("{path:?} does not take {}.", request.method())),
        };
        ready(Fault::from(problem).into_response())
    }
}

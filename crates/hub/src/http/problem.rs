//! Faults as replies: `application/problem+json`, whatever went wrong and wherever.
//!
//! A handler's fault travels as an extension of its reply to the end of the middleware, which alone knows the request's id, writes the body
//! and logs the cause. Here are also the pages of the problem types.

use crate::fault::{Done, Fault};
use crate::http::path::Name;
use crate::idempotency::Reply;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use fugue_domain::id::RequestId;
use fugue_domain::problem::{Kind, Problem};
use std::fmt::Write;
use std::sync::Arc;

/// A fault on its way out.
#[derive(Clone)]
struct Pending(Arc<Fault>);

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(Pending(Arc::new(self)));
        response
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if self.replayed {
            response.headers_mut().insert(HeaderName::from_static("idempotent-replayed"), HeaderValue::from_static("true"));
        }
        response
    }
}

/// Writes the body of a fault, if the reply is one, and gives the fault back for the log.
pub fn write(response: &mut Response, id: &RequestId) -> Option<Arc<Fault>> {
    let Pending(fault) = response.extensions_mut().remove::<Pending>()?;
    let problem = fault.problem();
    let body = serde_json::to_vec(&problem.body(Some(id.to_string()))).expect("a problem has only texts and numbers");
    *response.body_mut() = Body::from(body);
    *response.status_mut() = StatusCode::from_u16(problem.kind.status()).expect("every kind has a real status");
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if problem.kind.status() == 401 {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if problem.kind.retryable() && problem.kind != Kind::Internal {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    Some(fault)
}

/// `GET /problems`: all types on one page.
pub async fn index() -> Response {
    let list = Kind::ALL.iter().fold(String::from("# Problems\n\n"), |mut list, kind| {
        writeln!(list, "- [{}](/problems/{}) ({})", kind.title(), kind.slug(), kind.status()).expect("writing to a string cannot fail");
        list
    });
    markdown(list)
}

/// `GET /problems/{slug}`: what one type means.
pub async fn page(Name(slug): Name) -> Done<Response> {
    match Kind::from_slug(&slug) {
        Some(kind) => Ok(markdown(format!(
            "# {}\n\nType `/problems/{}`, status {}.\n\n{}\n\n**What to do.** {}\n",
            kind.title(),
            kind.slug(),
            kind.status(),
            kind.meaning().trim(),
            kind.hint()
        ))),
        None => Err(Problem::not_found("problem type", &slug).into()),
    }
}

fn markdown(text: String) -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static("text/markdown; charset=utf-8"))], text).into_response()
}

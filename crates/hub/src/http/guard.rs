//! The middleware, all of it, in the order in which it happens, around every handler and around "no such path".
//!
//! Invariant: no handler runs before host, origin, credential and permission were checked, and no reply leaves without a request id,
//! a count in the metrics and, when it is an error, a problem as its body.

use crate::fault::{Done, Fault};
use crate::http::caller::{self, Asking};
use crate::http::route::Access;
use crate::http::{App, body, problem, ticket};
use crate::metrics::Meter;
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, TRANSFER_ENCODING, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use axum::response::{IntoResponse, Response};
use fugue_domain::caller::Permission;
use fugue_domain::id::RequestId;
use fugue_domain::limits::{BODY_BYTES_MAX, HOOK_BODY_BYTES_MAX};
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::world::Mint;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

/// What the middleware knows of a route.
pub struct Mark {
    /// Its method.
    pub method: Method,
    /// Its path, with placeholders.
    pub path: &'static str,
    /// Who may use it.
    pub access: Access,
    /// Its name in OpenAPI.
    pub id: &'static str,
    meter: Meter,
}

impl Mark {
    /// The mark of a route.
    pub fn new(method: Method, path: &'static str, access: Access, id: &'static str) -> Self {
        Self { method, path, access, id, meter: Meter::new(id) }
    }
}

/// A handler behind the middleware.
#[derive(Clone)]
pub struct Guarded<H> {
    /// The route.
    pub mark: Arc<Mark>,
    /// Who answers it.
    pub handler: H,
}

impl<H: Handler<T, App>, T: 'static> Handler<T, App> for Guarded<H> {
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, mut request: Request, app: App) -> Self::Future {
        Box::pin(async move {
            let begun = Instant::now();
            let id = RequestId::mint(&*app.hub.world);
            let admitted = admit(&self.mark, &app, request.method(), request.uri(), request.headers()).await;
            let asking = admitted.as_ref().ok().cloned().flatten();
            let response = match admitted {
                Ok(asking) => {
                    asking.map(|asking| request.extensions_mut().insert(asking));
                    let answer = AssertUnwindSafe(async { self.handler.call(request, app).await });
                    answer.catch_unwind().await.unwrap_or_else(|_| Fault::internal("a handler panicked").into_response())
                }
                Err(fault) => fault.into_response(),
            };
            finish(&self.mark, &id, begun, asking.as_ref(), response)
        })
    }
}

/// Everything that is checked before a handler runs, in this order.
async fn admit(mark: &Mark, app: &App, method: &Method, uri: &Uri, headers: &HeaderMap) -> Done<Option<Asking>> {
    if app.closing.is_cancelled() {
        return Err(Problem::new(Kind::ShuttingDown, "The hub is about to end.").into());
    }
    app.hosts.check(uri, headers)?;
    let asking = match mark.access {
        Access::Public | Access::Signed => None,
        Access::Needs(permission) => Some(permitted(permission, caller::authenticate(app, method, headers).await?)?),
        Access::Ticket(permission) => {
            let asking = match ticket::presented(headers) {
                Some(ticket) => caller::renew(&app.hub, app.tickets.redeem(&*app.hub.world, ticket)?).await?,
                None => caller::authenticate(app, method, headers).await?,
            };
            Some(permitted(permission, asking)?)
        }
    };
    check_body(mark.access, headers)?;
    Ok(asking)
}

fn permitted(permission: Permission, asking: Asking) -> Done<Asking> {
    if asking.may(permission) {
        return Ok(asking);
    }
    let needed = crate::column::stored(&permission);
    Err(Problem::new(Kind::Forbidden, format!("The role {:?} does not include the permission {needed:?}.", asking.role.word())).into())
}

/// A body says how long it is and that it is JSON, which a web page of another origin cannot say unasked. One that is signed may be longer
/// and of any kind: no page can sign it.
fn check_body(access: Access, headers: &HeaderMap) -> Done<()> {
    let length = body::length(headers);
    let most = if access == Access::Signed { HOOK_BODY_BYTES_MAX } else { BODY_BYTES_MAX };
    if length.is_some_and(|length| length > most as u64) {
        return Err(body::too_large(most).into());
    }
    if access == Access::Signed {
        return Ok(());
    }
    let has_body = length.unwrap_or(0) > 0 || headers.contains_key(TRANSFER_ENCODING);
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).and_then(|kind| kind.split(';').next());
    if has_body && !kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json")) {
        return Err(Problem::new(Kind::NotJson, "The body does not say that it is application/json.").into());
    }
    Ok(())
}

/// Everything that happens to a reply, in this order.
fn finish(mark: &Mark, id: &RequestId, begun: Instant, asking: Option<&Asking>, mut response: Response) -> Response {
    let fault = problem::write(&mut response, id);
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id.as_str()) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    mark.meter.count(status, took);
    let ms = took.as_secs_f64() * 1e3;
    let (token, org) = (asking.map(|asking| asking.token.as_str()), asking.map(|asking| asking.org.as_str()));
    // Levels by who must act: our own faults are for the operator, the caller's, and what passes by itself, for who looks closer.
    match fault.as_deref() {
        Some(cause) if status >= 500 && !cause.is_expected() => {
            tracing::error!(request.id = %id, http.method = %mark.method, http.route = mark.path, http.status = status, ms, token.id = token, org.id = org, cause = %cause, "request failed");
        }
        Some(_) => {
            tracing::info!(request.id = %id, http.method = %mark.method, http.route = mark.path, http.status = status, ms, token.id = token, org.id = org, "request refused");
        }
        None => {
            tracing::debug!(request.id = %id, http.method = %mark.method, http.route = mark.path, http.status = status, ms, token.id = token, org.id = org, "request done");
        }
    }
    response
}

//! Who is asking: the bearer's credential and the caller that our records name for it.
//!
//! Invariant: a credential is read from the `Authorization` header, or a device's from its cookie (or was, when its ticket was made), and
//! from nowhere else. A stream
//! that it opened ends within five seconds of its end. Looking it up, and remembering it for a moment, is `token`'s.

use crate::fault::{Done, Fault};
use crate::http::{App, cookie};
use crate::hub::Hub;
use crate::token;
use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, ORIGIN, UPGRADE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use fugue_domain::caller::Caller;
use fugue_domain::id::TokenId;
use fugue_domain::problem::{Kind, Problem};
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the credentials behind open streams are looked up. With what `token` remembers, less than five seconds together.
const WATCH: Duration = Duration::from_secs(2);

/// Who asks, as a handler receives it.
#[derive(Debug, Clone)]
pub struct Asking {
    caller: Arc<Caller>,
    secret: Secret,
}

impl Asking {
    /// The credential that was shown.
    pub fn secret(&self) -> &str {
        &self.secret.0
    }
}

impl Deref for Asking {
    type Target = Caller;
    fn deref(&self) -> &Caller {
        &self.caller
    }
}

/// A credential in memory. It has no readable form.
#[derive(Clone)]
struct Secret(Arc<str>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl FromRequestParts<App> for Asking {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Fault> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Fault::internal("a public route asked for its caller"))
    }
}

/// The caller behind `Authorization: Bearer …`, or behind a device's cookie.
///
/// A browser sends the cookie along with whatever a page of this site asks for, also a page of another port. So what changes
/// something, or opens a socket, must name its origin, which was checked before; a header outdoes the cookie.
pub async fn authenticate(app: &App, method: &Method, headers: &HeaderMap) -> Done<Asking> {
    let secret = match (headers.contains_key(AUTHORIZATION), cookie::presented(&app.hosts, headers)) {
        (true, _) => bearer(headers).filter(|secret| !cookie::is_device(secret)),
        (false, Some(secret)) => {
            let reads = (*method == Method::GET || *method == Method::HEAD) && !headers.contains_key(UPGRADE);
            if !reads && !headers.contains_key(ORIGIN) {
                return Err(Problem::new(Kind::WrongOrigin, "A request with a device's cookie names the origin of its page.").into());
            }
            Some(secret)
        }
        (false, None) => None,
    };
    let Some(secret) = secret else {
        return Err(Problem::new(Kind::Unauthenticated, "The request carries no credential.").into());
    };
    look_up(&app.hub, Secret(secret.into())).await
}

/// The same caller once more, if the credential is still good.
pub async fn renew(hub: &Hub, asking: Asking) -> Done<Asking> {
    look_up(hub, asking.secret).await
}

async fn look_up(hub: &Hub, secret: Secret) -> Done<Asking> {
    match token::authenticate(hub, &secret.0).await? {
        Some(caller) => Ok(Asking { caller: Arc::new(caller), secret }),
        None => Err(Problem::new(Kind::Unauthenticated, "The credential is unknown, expired or revoked.").into()),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, None) = (values.next()?.to_str().ok()?, values.next()) else { return None };
    let (scheme, secret) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !secret.trim().is_empty()).then(|| secret.trim())
}

/// The right of open streams to go on: one for all streams of a credential.
pub struct Standing {
    secret: Secret,
    over: CancellationToken,
}

impl Standing {
    /// Comes back when the credential is no longer good.
    pub async fn over(&self) {
        self.over.cancelled().await;
    }
}

/// The credentials behind open streams.
#[derive(Default)]
pub struct Standings(Mutex<HashMap<TokenId, Weak<Standing>>>);

impl Standings {
    /// Watches a credential on behalf of a stream, as long as the stream keeps what it gets here.
    pub fn of(&self, asking: &Asking) -> Arc<Standing> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = open.entry(asking.token.clone()).or_default();
        if let Some(standing) = slot.upgrade().filter(|standing| !standing.over.is_cancelled()) {
            return standing;
        }
        let standing = Arc::new(Standing { secret: asking.secret.clone(), over: CancellationToken::new() });
        *slot = Arc::downgrade(&standing);
        standing
    }

    fn open(&self) -> Vec<Arc<Standing>> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, standing| standing.strong_count() > 0);
        open.values().filter_map(Weak::upgrade).collect()
    }

    /// Looks the credentials up again and again, and ends the streams of those that are over.
    pub async fn watch(&self, hub: &Hub, closing: &CancellationToken) {
        while closing.run_until_cancelled(tokio::time::sleep(WATCH)).await.is_some() {
            for standing in self.open() {
                // A database that does not answer says nothing about the credential.
                if let Ok(None) = token::authenticate(hub, &standing.secret.0).await {
                    standing.over.cancel();
                }
            }
        }
    }
}

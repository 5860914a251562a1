//! The cockpit's files, as the program that starts the hub brings them along.
//!
//! Invariant: a page from here runs no script but its own files: no inline code, no other origin, and no text that becomes code. Two
//! policies may make a script's address of a text, and each makes one and no other: `fugue-worker` that of the service worker
//! (web/src/api/worker.ts), `fugue-syntax` that of the worker which colours code (web/src/ui/syntax.ts).

use axum::http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::{IntoResponse, Response};

/// What a page of the cockpit may do.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types fugue-worker fugue-syntax";
/// Paths that are the API's: what is not there is a problem, never a page.
const NOT_OURS: &[&str] = &["/api/", "/problems/", "/mcp", "/hooks/"];

/// One file.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Its media type.
    pub kind: &'static str,
    /// It never changes under this name.
    pub lasting: bool,
    /// Its bytes.
    pub plain: &'static [u8],
    /// The same, compressed with gzip, where that is shorter.
    pub gzip: Option<&'static [u8]>,
}

/// The file of a path such as `/index.html`.
pub type Cockpit = fn(&str) -> Option<File>;

/// A hub without a cockpit.
pub fn none(_: &str) -> Option<File> {
    None
}

/// The answer to a request that no route takes: a file, or the page for a path of the cockpit's own; none when it is neither.
pub fn answer(cockpit: Cockpit, method: &Method, path: &str, headers: &HeaderMap) -> Option<Response> {
    if method != Method::GET && method != Method::HEAD || NOT_OURS.iter().any(|begin| path.starts_with(begin)) {
        return None;
    }
    let wants =
        |header, word: &str| headers.get_all(header).iter().filter_map(|value| value.to_str().ok()).any(|value| value.contains(word));
    let is_page = path == "/" || path == "/index.html";
    let file = match cockpit(if is_page { "/index.html" } else { path }) {
        Some(file) => file,
        // A path inside the cockpit is asked for by somebody who wants a page; everything else asks for a thing that is not there.
        None if wants(ACCEPT, "text/html") && !path.starts_with("/assets/") => cockpit("/index.html")?,
        None => return None,
    };
    let gzip = file.gzip.filter(|_| wants(ACCEPT_ENCODING, "gzip"));
    let mut response = gzip.unwrap_or(file.plain).into_response();
    let out = response.headers_mut();
    let mut say = |name: HeaderName, value: &'static str| drop(out.insert(name, HeaderValue::from_static(value)));
    say(CONTENT_TYPE, file.kind);
    say(CACHE_CONTROL, if file.lasting { "public, max-age=31536000, immutable" } else { "no-cache" });
    say(VARY, "accept-encoding");
    say(CONTENT_SECURITY_POLICY, POLICY);
    say(REFERRER_POLICY, "no-referrer");
    say(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    say(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    say(HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=(), payment=()");
    if gzip.is_some() {
        say(CONTENT_ENCODING, "gzip");
    }
    Some(response)
}

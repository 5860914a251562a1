//! JSON bodies: read up to the limit, parsed once, and refused with the place and the field that is wrong.

use crate::fault::{Done, Fault};
use crate::http::App;
use crate::http::caller::Asking;
use crate::idempotency::Key;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use fugue_domain::limits::{BODY_BYTES_MAX, HOOK_BODY_BYTES_MAX, HOOK_BODY_MS, IDEMPOTENCY_KEY_BYTES_MAX};
use fugue_domain::problem::{FieldError, Kind, Problem};
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

/// A body.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Fault;
    async fn from_request(request: Request, _: &App) -> Result<Self, Fault> {
        parse(&read(request.into_body()).await?).map(Self)
    }
}

/// A body that may be left out.
pub struct MaybeJson<T>(pub T);

impl<T: DeserializeOwned + Default> FromRequest<App> for MaybeJson<T> {
    type Rejection = Fault;
    async fn from_request(request: Request, _: &App) -> Result<Self, Fault> {
        let bytes = read(request.into_body()).await?;
        if bytes.is_empty() { Ok(Self(T::default())) } else { parse(&bytes).map(Self) }
    }
}

/// A creating request: who, what, and the key under which its reply is kept.
pub struct Creation<T> {
    /// Who asks.
    pub asking: Asking,
    /// What for.
    pub body: T,
    /// The Idempotency-Key, bound to this very request.
    pub key: Option<Key>,
}

impl<T: DeserializeOwned> FromRequest<App> for Creation<T> {
    type Rejection = Fault;
    async fn from_request(request: Request, app: &App) -> Result<Self, Fault> {
        let (mut parts, body) = request.into_parts();
        let asking = Asking::from_request_parts(&mut parts, app).await?;
        let header = key(&parts.headers)?;
        let mut bytes = read(body).await?;
        if bytes.is_empty() {
            // A creation without fields, such as a join code, reads like an empty object.
            bytes = Bytes::from_static(b"{}");
        }
        let key = header.map(|key| Key::new(&asking.token, asking.secret(), key, parts.method.as_str(), parts.uri.path(), &bytes));
        Ok(Self { body: parse(&bytes)?, asking, key })
    }
}

/// The fields of a creation that has none.
#[derive(Debug, Clone, Copy, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

fn key(headers: &HeaderMap) -> Done<Option<&str>> {
    let mut values = headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else { return Ok(None) };
    let good = |text: &&str| (1..=IDEMPOTENCY_KEY_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    match value.to_str().ok().filter(good) {
        Some(text) if values.next().is_none() => Ok(Some(text)),
        _ => Err(Problem::new(Kind::BadIdempotencyKey, "The Idempotency-Key is empty, too long, repeated or not printable ASCII.").into()),
    }
}

/// A body as it came, for who verifies it before anything of it is read.
pub struct Raw {
    bytes: Bytes,
    /// A large one takes one of few places, for as long as it is in memory.
    _place: Option<OwnedSemaphorePermit>,
}

impl Raw {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl FromRequest<App> for Raw {
    type Rejection = Fault;
    async fn from_request(request: Request, app: &App) -> Result<Self, Fault> {
        let large = length(request.headers()).is_none_or(|length| length > BODY_BYTES_MAX as u64);
        let full = |_| Problem::new(Kind::QueueFull, "As many large deliveries as may be are being read.");
        let _place = large.then(|| app.large.clone().try_acquire_owned()).transpose().map_err(full)?;
        let body = read_up_to(request.into_body(), HOOK_BODY_BYTES_MAX);
        let late = |_| Problem::new(Kind::Malformed, "The body did not come in time.");
        Ok(Self { bytes: tokio::time::timeout(Duration::from_millis(HOOK_BODY_MS), body).await.map_err(late)??, _place })
    }
}

/// How long a body says that it is; none says nothing.
pub fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn read(body: Body) -> Done<Bytes> {
    read_up_to(body, BODY_BYTES_MAX).await
}

async fn read_up_to(body: Body, most: usize) -> Done<Bytes> {
    to_bytes(body, most).await.map_err(|error| {
        let too_long = std::error::Error::source(&error).is_some_and(|cause| cause.is::<http_body_util::LengthLimitError>());
        if too_long { too_large(most).into() } else { Problem::new(Kind::Malformed, "The body broke off.").into() }
    })
}

/// The body is over the limit.
pub fn too_large(most: usize) -> Problem {
    Problem::new(Kind::TooLarge, format!("The body is larger than {most} bytes."))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Done<T> {
    // Into a structure, serde would read a list as well: its fields in their order, and none at all from `[]`.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(Problem::new(Kind::Malformed, "The body is a list where an object is expected.").into());
    }
    let body = serde_json::from_slice(bytes).map_err(|error| Fault::from(explain::<T>(bytes, error)))?;
    if holds_nul(bytes) {
        return Err(Problem::new(Kind::Invalid, "A text in the body holds a NUL character, which cannot be stored.").into());
    }
    Ok(body)
}

/// Whether JSON that can be read holds `\u0000`. PostgreSQL keeps no such text, so neither database is given one.
fn holds_nul(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        if rest[at..].starts_with(b"\\u0000") {
            return true;
        }
        // A backslash and what it escapes: the second of two escapes nothing.
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    false
}

/// Reads the body a second time, slower, to know which field it was. Values are not repeated: they may be secrets.
fn explain<T: DeserializeOwned>(bytes: &[u8], error: serde_json::Error) -> Problem {
    let place = format!("line {}, column {}", error.line(), error.column());
    if !error.is_data() {
        let what = if bytes.is_empty() { "The body is empty".to_owned() } else { format!("The body is not JSON: {place}") };
        return Problem::new(Kind::Malformed, format!("{what}."));
    }
    let field = match serde_path_to_error::deserialize::<_, T>(&mut serde_json::Deserializer::from_slice(bytes)) {
        Err(error) => pointer(error.path()),
        Ok(_) => String::new(),
    };
    let text = error.to_string();
    let message = text.split(" at line ").next().unwrap_or_default();
    // "invalid type: string \"…\", expected …" quotes the value, and so does "unknown variant"; only what was expected is told.
    let message = match message.rsplit_once(", expected ") {
        Some((_, expected)) if message.starts_with("invalid") || message.starts_with("unknown variant") => format!("expected {expected}"),
        _ => message.chars().take(300).collect(),
    };
    let mut problem =
        Problem::new(Kind::Malformed, format!("The body cannot be read at {place}: {field}: {message}.").replace(": : ", ": "));
    problem.errors.push(FieldError { field, message });
    problem
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |text, segment| match segment {
        Segment::Seq { index } => format!("{text}/{index}"),
        Segment::Map { key } => format!("{text}/{}", key.chars().take(80).collect::<String>()),
        Segment::Enum { variant } => format!("{text}/{variant}"),
        Segment::Unknown => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use fugue_domain::api::NewMessage;

    #[test]
    fn errors_name_place_and_field_but_not_the_value() {
        let problem = |body: &str| match parse::<NewMessage>(body.as_bytes()) {
            Err(fault) => fault.problem(),
            Ok(_) => panic!("{body} was read"),
        };
        assert_eq!(problem("").detail, "The body is empty.");
        assert_eq!(problem("{\"text\":\n}").detail, "The body is not JSON: line 2, column 1.");
        assert!(problem("{}").detail.contains("missing field `text`"), "{}", problem("{}").detail);
        let wrong = problem(r#"{"text":"x","not_before":"hunter2"}"#);
        assert_eq!(wrong.errors[0].field, "/not_before");
        assert!(!wrong.detail.contains("hunter2") && wrong.detail.contains("2026-11-21T09:00:00Z"), "{}", wrong.detail);
        assert!(problem(r#"{"txt":"x"}"#).detail.contains("`txt`"));
        assert!([r#"["x"]"#, " []"].iter().all(|list| problem(list).detail.contains("list where an object")));
        let wrong = problem(r#"{"text":"x","on_interruption":"hunter2, expected x"}"#);
        assert!(!wrong.detail.contains("hunter2") && wrong.detail.contains("`resume`"), "{}", wrong.detail);
    }

    #[test]
    fn a_nul_is_found_and_a_text_about_one_is_not() {
        assert!(holds_nul(br#"{"a":"\u0000"}"#) && holds_nul(br#"{"a":"\\\u0000"}"#));
        assert!(!holds_nul(br#"{"a":"\\u0000 \n u0000"}"#) && !holds_nul(b"{}") && !holds_nul(b"\\"));
    }

    #[test]
    fn keys_are_printable_and_single() {
        let read = |values: &[&'static [u8]]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("idempotency-key", axum::http::HeaderValue::from_bytes(value).unwrap());
            }
            key(&headers).map(|key| key.map(str::to_owned)).map_err(|fault| fault.problem().kind)
        };
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[b"a b"]), Ok(Some("a b".into())));
        for bad in [&[b"".as_slice()][..], &[b"a", b"b"], &["é".as_bytes()], &[&[b'x'; 256]]] {
            assert_eq!(read(bad), Err(Kind::BadIdempotencyKey));
        }
    }
}

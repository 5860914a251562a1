//! The REST client: finds the hub and the credential, and turns every answer into a value or a failure with a next step.
//!
//! Invariant: a credential that was found in the data folder goes to that folder's own hub, to loopback, or to the hub that the
//! folder's `config.toml` names, and nowhere else. Creating requests carry an Idempotency-Key, so one that was cut off is sent
//! again without harm.

use crate::config::{Config, LISTEN, Source};
use crate::error::{Failure, Kind};
use crate::home::Home;
use fugue_domain::digest::hex;
use fugue_domain::page::Page;
use fugue_domain::problem::{Kind as ProblemKind, ProblemBody};
use fugue_domain::world::SharedWorld;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// How long one request may take. Looking at a repository is the slowest: the node has 15 seconds for it.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Times that a request which may be repeated is sent.
const SENDS_MAX: u32 = 4;
/// How long to wait before sending it again, times the number of the try.
const SEND_AGAIN: Duration = Duration::from_millis(300);
/// The file with the owner's credential, in the data folder.
pub const TOKEN_FILE: &str = "token";
/// The file that says where the data folder's hub listens.
pub const URL_FILE: &str = "hub.url";

/// A connection to a hub's API.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    world: SharedWorld,
}

impl Client {
    /// A client for the hub that flags, environment, configuration or the data folder name.
    pub fn find(config: &Config, home: &Home, token: Option<String>, world: &SharedWorld) -> Result<Self, Failure> {
        let (base, trusted) = match &config.hub {
            Some((url, source)) => (url.clone(), matches!(source, Source::File(_)) || loopback(url)),
            None => (home.read(URL_FILE)?.unwrap_or_else(|| format!("http://{LISTEN}")), true),
        };
        let token = match token {
            Some(token) => Some(token),
            None if trusted => home.read(TOKEN_FILE)?,
            None => None,
        };
        Self::new(base, token, world)
    }

    /// A client for this address, with this credential.
    pub fn new(base: String, token: Option<String>, world: &SharedWorld) -> Result<Self, Failure> {
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("fugue/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT);
        if loopback(&base) {
            http = http.no_proxy();
        }
        let http = http.build().map_err(|error| Failure::failed(format!("cannot set up HTTP: {error}")))?;
        Ok(Self { http, base, token, world: world.clone() })
    }

    /// The hub's address.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Reads a thing.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.json(true, || self.request(Method::GET, path)).await
    }

    /// Reads a text.
    pub async fn text(&self, path: &str) -> Result<String, Failure> {
        let response = self.request(Method::GET, path).send().await.map_err(|error| self.broken(&error))?;
        match response.status().is_success() {
            true => response.text().await.map_err(|error| self.broken(&error)),
            false => Err(self.refusal(response).await),
        }
    }

    /// Makes a thing: sent again if the connection breaks, and made once all the same.
    pub async fn create<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        let key = hex(&self.world.random().to_be_bytes());
        self.json(true, || self.request(Method::POST, path).header("idempotency-key", &key).json(body)).await
    }

    /// Asks for something to be done.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        self.json(false, || self.request(Method::POST, path).json(body)).await
    }

    /// Replaces a thing.
    pub async fn put<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        self.json(true, || self.request(Method::PUT, path).json(body)).await
    }

    /// Changes a thing.
    pub async fn patch<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        self.json(false, || self.request(Method::PATCH, path).json(body)).await
    }

    /// Removes a thing.
    pub async fn delete(&self, path: &str) -> Result<(), Failure> {
        self.json::<serde_json::Value>(false, || self.request(Method::DELETE, path)).await.map(drop)
    }

    /// The first `max` items of a list. `path` may have a query already.
    pub async fn list<T: DeserializeOwned>(&self, path: &str, max: usize) -> Result<Vec<T>, Failure> {
        let limit = max.min(fugue_domain::limits::PAGE_ITEMS_MAX as usize);
        let first = format!("{path}{}limit={limit}", if path.contains('?') { '&' } else { '?' });
        let mut page: Page<T> = self.get(&first).await?;
        let mut items = std::mem::take(&mut page.items);
        while let (Some(cursor), true) = (&page.next_cursor, items.len() < max) {
            page = self.get(&format!("{first}&cursor={}", segment(cursor))).await?;
            items.append(&mut page.items);
        }
        items.truncate(max);
        Ok(items)
    }

    /// Opens a stream of server-sent events after a number. The stream itself has no time limit.
    pub async fn stream(&self, path: &str, after: i64) -> Result<Response, Failure> {
        let request =
            self.authorized(self.http.get(self.url(path))).header("accept", "text/event-stream").header("last-event-id", after.to_string());
        let opened = tokio::time::timeout(REQUEST_TIMEOUT, request.send()).await;
        let response = opened.map_err(|_| self.unreachable("it does not answer"))?.map_err(|error| self.broken(&error))?;
        if response.status().is_success() { Ok(response) } else { Err(self.refusal(response).await) }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.authorized(self.http.request(method, self.url(path))).timeout(REQUEST_TIMEOUT)
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends, and sends again what was cut off, where that does no harm.
    async fn json<T: DeserializeOwned>(&self, repeatable: bool, request: impl Fn() -> RequestBuilder) -> Result<T, Failure> {
        for sent in 1.. {
            let again = repeatable && sent < SENDS_MAX;
            match request().send().await {
                Ok(response) if response.status().is_success() => return self.value(response).await,
                Ok(response) => {
                    let status = response.status();
                    let body = response.bytes().await.unwrap_or_default();
                    let running = serde_json::from_slice::<ProblemBody>(&body).ok().and_then(|problem| problem.kind());
                    if !(again && running == Some(ProblemKind::IdempotencyInProgress)) {
                        return Err(self.refused(status, &body));
                    }
                }
                // A connection that was never made will not be made by trying harder; one that was cut off may be.
                Err(error) if !again || error.is_connect() || error.is_timeout() => return Err(self.broken(&error)),
                Err(_) => {}
            }
            tokio::time::sleep(SEND_AGAIN * sent).await;
        }
        unreachable!("the last try returns")
    }

    async fn value<T: DeserializeOwned>(&self, response: Response) -> Result<T, Failure> {
        let body = response.bytes().await.map_err(|error| self.broken(&error))?;
        let body: &[u8] = if body.is_empty() { b"null" } else { &body };
        serde_json::from_slice(body).map_err(|error| {
            Failure::failed(format!("the answer of {} is not what this version knows: {error}", self.base))
                .hint("Compare `fugue version` with the version of the hub in `fugue doctor`.")
        })
    }

    async fn refusal(&self, response: Response) -> Failure {
        let status = response.status();
        match response.bytes().await {
            Ok(body) => self.refused(status, &body),
            Err(error) => self.broken(&error),
        }
    }

    fn refused(&self, status: StatusCode, body: &[u8]) -> Failure {
        match serde_json::from_slice::<ProblemBody>(body) {
            Ok(problem) if problem.kind() == Some(ProblemKind::Unauthenticated) => {
                let failure = Failure::problem(&problem);
                match self.token {
                    Some(_) => failure,
                    None => {
                        failure.hint("No credential was sent: set FUGUE_TOKEN, or name the hub in `config.toml` beside its `token` file.")
                    }
                }
            }
            Ok(problem) => Failure::problem(&problem),
            Err(_) => Failure::failed(format!("{} answered {status}, but not as a Fugue hub does", self.base))
                .hint("Check the address: --hub, FUGUE_HUB, or `hub` in config.toml."),
        }
    }

    fn broken(&self, error: &reqwest::Error) -> Failure {
        // The innermost cause is the one that says something: "connection refused", "invalid peer certificate".
        let mut cause: &dyn std::error::Error = error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        self.unreachable(&if error.is_timeout() { "it does not answer in time".to_owned() } else { cause.to_string() })
    }

    fn unreachable(&self, why: &str) -> Failure {
        Failure::new(Kind::Unreachable, format!("no hub answers at {}: {why}", self.base))
            .hint("Start one with `fugue up`, or say where it is: --hub URL, FUGUE_HUB, or `hub` in config.toml.")
    }
}

/// Whether an address is one of this machine, for itself only.
pub fn loopback(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let host = match rest.strip_prefix('[') {
        Some(six) => six.split(']').next(),
        None => rest.split([':', '/']).next(),
    };
    host.is_some_and(|host| host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback()))
}

/// A text as one part of a path or one value of a query.
pub fn segment(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~' | b'.');
    // A dot alone is a path of its own.
    let dots = matches!(text, "." | "..");
    text.bytes().map(|byte| if plain(byte) && !dots { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for url in ["http://127.0.0.1:4747", "https://localhost", "http://[::1]:1/"] {
            assert!(loopback(url), "{url}");
        }
        for url in ["http://127.0.0.1.example", "http://example/127.0.0.1", "http://192.168.0.1", "127.0.0.1", "http://localhost.example:1"]
        {
            assert!(!loopback(url), "{url}");
        }
    }

    #[test]
    fn what_a_person_types_stays_one_part_of_the_path() {
        assert_eq!(segment("a/../b?c"), "a%2F..%2Fb%3Fc");
        assert_eq!(segment(".."), "%2E%2E");
        assert_eq!(segment("直す"), "%E7%9B%B4%E3%81%99");
    }
}

//! Repositories over HTTP on loopback, as git itself serves them: `git http-backend` behind a server that asks for a user and a password.
//!
//! Invariant: nothing is served without the credential, and each request is counted by whether it had it. It can be away.

use anyhow::{Context, Result};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Bytes of the largest request.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

struct Desk {
    /// The folder whose repositories are served.
    folder: PathBuf,
    /// The header of who may come.
    credential: String,
    away: AtomicBool,
    welcome: AtomicUsize,
    refused: AtomicUsize,
}

/// A running server. It ends when it is dropped.
pub struct GitServer {
    address: SocketAddr,
    desk: Arc<Desk>,
    task: tokio::task::JoinHandle<()>,
}

impl GitServer {
    /// Serves the repositories of a folder to whoever knows the credential, which is `user:password` in Base64.
    pub async fn start(folder: &Path, base64: &str) -> Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (folder, credential) = (folder.to_owned(), format!("Basic {base64}"));
        let (welcome, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let desk = Arc::new(Desk { folder, credential, away: AtomicBool::new(false), welcome, refused });
        let app = axum::Router::new().fallback(served).with_state(desk.clone());
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                eprintln!("the git server ended: {error}");
            }
        });
        Ok(Self { address, desk, task })
    }

    /// The address of a repository, without any credential.
    pub fn url(&self, repository: &str) -> String {
        format!("http://{}/{repository}", self.address)
    }

    /// Its host and port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on it answers nobody, or everybody again.
    pub fn away(&self, away: bool) {
        self.desk.away.store(away, Ordering::SeqCst);
    }

    /// Requests with the credential, and without.
    pub fn requests(&self) -> (usize, usize) {
        (self.desk.welcome.load(Ordering::SeqCst), self.desk.refused.load(Ordering::SeqCst))
    }
}

impl Drop for GitServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn served(State(desk): State<Arc<Desk>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    if desk.away.load(Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given != Some(&desk.credential) {
        desk.refused.fetch_add(1, Ordering::SeqCst);
        return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Basic realm=\"rig\"")]).into_response();
    }
    desk.welcome.fetch_add(1, Ordering::SeqCst);
    let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let folder = desk.folder.clone();
    let backend = move || backend(&folder, &parts.method, &parts.uri, &parts.headers, &body);
    match tokio::task::spawn_blocking(backend).await.map_err(anyhow::Error::from).flatten() {
        Ok(response) => response,
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// One request, by the rules of CGI.
fn backend(folder: &Path, method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Result<Response> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let mut git = Command::new("git");
    git.arg("http-backend").current_dir(folder).env_clear();
    git.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("GIT_CONFIG_GLOBAL", "/dev/null");
    git.env("GIT_PROJECT_ROOT", folder).env("GIT_HTTP_EXPORT_ALL", "1").env("REMOTE_USER", "rig");
    git.env("REQUEST_METHOD", method.as_str()).env("PATH_INFO", uri.path()).env("QUERY_STRING", uri.query().unwrap_or_default());
    git.env("CONTENT_TYPE", header("content-type")).env("CONTENT_LENGTH", body.len().to_string());
    git.env("HTTP_CONTENT_ENCODING", header("content-encoding")).env("GIT_PROTOCOL", header("git-protocol"));
    let mut child = git.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("cannot start git http-backend")?;
    let mut stdin = child.stdin.take().context("a pipe")?;
    let sent = body.clone();
    // Beside, because it may answer before it has read everything.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&sent)));
    let out = child.wait_with_output()?;
    let _ = writer.join();
    let end = out.stdout.windows(4).position(|four| four == b"\r\n\r\n").context("an answer without headers")?;
    let head = String::from_utf8_lossy(&out.stdout[..end]).into_owned();
    let mut response = Response::builder();
    for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
        response = match name {
            "Status" => response.status(value.split(' ').next().unwrap_or_default()),
            _ => response.header(name, value),
        };
    }
    Ok(response.body(Body::from(out.stdout[end + 4..].to_vec()))?)
}

//! The simulated network, as the hub listens on it and as a person's program asks through it.

use anyhow::{Context, Result, bail};
use axum::serve::Listener;
use serde_json::Value;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use turmoil::net::{TcpListener, TcpStream};

/// The hub's name and port.
pub const HUB: (&str, u16) = ("hub", 7400);
/// How long a person's program waits for a reply.
const REPLY: Duration = Duration::from_secs(3);

/// A simulated listener, as the hub takes any.
pub struct Simulated(pub TcpListener);

impl Listener for Simulated {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            if let Ok(accepted) = self.0.accept().await {
                return accepted;
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Sends a request of a person's program.
pub async fn ask(token: &str, method: &str, path: &str, key: Option<&str>, body: Option<&Value>) -> Result<(u16, Value)> {
    tokio::time::timeout(REPLY, exchange(token, method, path, key, body)).await.context("no reply in time")?
}

async fn exchange(token: &str, method: &str, path: &str, key: Option<&str>, body: Option<&Value>) -> Result<(u16, Value)> {
    let mut stream = TcpStream::connect(HUB).await?;
    let body = body.map(Value::to_string).unwrap_or_default();
    let key = key.map(|key| format!("idempotency-key: {key}\r\n")).unwrap_or_default();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: hub\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n{key}connection: close\r\n\r\n"
    );
    stream.write_all((head + &body).as_bytes()).await?;
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await?;
    let reply = String::from_utf8(reply)?;
    let (head, body) = reply.split_once("\r\n\r\n").context("no whole head")?;
    let status: u16 = head.split(' ').nth(1).context("no status")?.parse()?;
    let whole = head.lines().filter_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok()).next();
    if whole.is_some_and(|whole| body.len() < whole) {
        bail!("cut off in the middle of a reply");
    }
    Ok((status, if body.is_empty() { Value::Null } else { serde_json::from_str(body)? }))
}

/// Follows the events of a session after a number, as server-sent events, until the stream ends; gives each to `heard`.
pub async fn follow(token: &str, path: &str, after: i64, mut heard: impl FnMut(i64, &str)) -> Result<()> {
    let mut stream = tokio::time::timeout(REPLY, TcpStream::connect(HUB)).await??;
    // Version 1.0 gets the stream without chunks.
    let head = format!(
        "GET {path} HTTP/1.0\r\nhost: hub\r\nauthorization: Bearer {token}\r\naccept: text/event-stream\r\nlast-event-id: {after}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let mut text = String::new();
    let mut piece = [0; 4096];
    loop {
        // The hub gives a sign of life every 15 seconds.
        let count = tokio::time::timeout(Duration::from_secs(20), stream.read(&mut piece)).await??;
        if count == 0 {
            return Ok(());
        }
        text.push_str(std::str::from_utf8(&piece[..count])?);
        while let Some((block, rest)) = text.split_once("\n\n") {
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
            if let (Some(seq), Some(data)) = (field("id: "), field("data: ")) {
                heard(seq.parse()?, data);
            }
            text = rest.to_owned();
        }
    }
}

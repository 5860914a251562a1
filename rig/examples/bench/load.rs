//! The load: requests made beforehand, sent over kept connections, each after the reply to the one before.
//!
//! It must never be the slow part, so it knows just enough HTTP/1.1 to find the end of a reply.

use anyhow::{Context, Result, bail, ensure};
use std::net::SocketAddr;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Nanoseconds since 1970, as the child prints them.
pub fn now_ns() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos())
}

/// What came of it.
pub struct Outcome {
    /// Replies per second, over all connections.
    pub rate: f64,
    /// Microseconds from request to reply.
    pub latencies: Vec<f64>,
}

/// A `POST` as bytes.
pub fn post(path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// A `GET` as bytes.
pub fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n").into_bytes()
}

/// Sends each list of requests over a connection of its own, all at the same time.
pub async fn drive(address: SocketAddr, connections: Vec<Vec<Vec<u8>>>) -> Result<Outcome> {
    let mut open = Vec::new();
    for requests in connections {
        open.push((Connection::open(address).await?, requests));
    }
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for (connection, requests) in open {
        tasks.spawn(one(connection, requests));
    }
    let mut latencies = Vec::new();
    while let Some(done) = tasks.join_next().await {
        latencies.extend(done??);
    }
    Ok(Outcome { rate: latencies.len() as f64 / begun.elapsed().as_secs_f64(), latencies })
}

async fn one(mut connection: Connection, requests: Vec<Vec<u8>>) -> Result<Vec<f64>> {
    let mut latencies = Vec::with_capacity(requests.len());
    for request in requests {
        let begun = Instant::now();
        connection.send(&request).await?;
        latencies.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    Ok(latencies)
}

/// A kept connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(8192) })
    }

    /// Sends one request and gives back the body of the reply, which must be a 2xx.
    pub async fn send(&mut self, request: &[u8]) -> Result<Vec<u8>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the connection was closed");
            let Some(head) = memchr::memmem::find(&self.buffer, b"\r\n\r\n") else { continue };
            let length = content_length(&self.buffer[..head])?;
            if self.buffer.len() >= head + 4 + length {
                let body = self.buffer[head + 4..head + 4 + length].to_vec();
                if !self.buffer.starts_with(b"HTTP/1.1 2") {
                    bail!("answered {}", String::from_utf8_lossy(&self.buffer));
                }
                return Ok(body);
            }
        }
    }
}

fn content_length(head: &[u8]) -> Result<usize> {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let line = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    line.with_context(|| format!("a reply without a length: {head}"))?.trim().parse().context("a length that is no number")
}

//! Requests as bytes, for what a client library would tidy up or refuse to send.

use crate::app::App;
use anyhow::{Context, Result};
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longer than any answer takes. A stream that was opened does not end before it.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status code; 0 when the connection was closed without a word.
    pub status: u16,
    /// The header lines, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub body: String,
}

impl Answer {
    /// The slug of the problem, if it is one.
    pub fn problem(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        body["type"].as_str().unwrap_or_default().trim_start_matches("/problems/").to_owned()
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Sends bytes and reads the head of the answer, and its body as far as its length is told.
pub async fn send(app: &App, request: &[u8]) -> Result<Answer> {
    let mut stream = TcpStream::connect(app.options().listen).await?;
    stream.write_all(request).await?;
    let mut read = Vec::new();
    let answer = async {
        let mut chunk = [0u8; 4096];
        loop {
            let came = stream.read(&mut chunk).await.unwrap_or(0);
            read.extend_from_slice(&chunk[..came]);
            if came == 0 || whole(&read) {
                return;
            }
        }
    };
    tokio::time::timeout(ANSWER_MAX, answer).await.with_context(|| format!("no answer to {:?}", String::from_utf8_lossy(request)))?;
    Ok(parse(&read))
}

/// A request line and headers, ended and without a body. Headers are given as whole lines.
pub async fn ask(app: &App, line: &str, headers: &[&str]) -> Result<Answer> {
    let mut request = format!("{line}\r\n");
    for header in headers {
        request += &format!("{header}\r\n");
    }
    send(app, format!("{request}\r\n").as_bytes()).await
}

/// The lines that ask for a WebSocket.
pub const UPGRADE: [&str; 4] =
    ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];

fn whole(read: &[u8]) -> bool {
    let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let answer = parse(read);
    let length = answer.header("content-length").and_then(|length| length.parse::<usize>().ok());
    // An upgrade and a stream have no length: their head is all that is waited for.
    length.is_none_or(|length| read.len() >= end + 4 + length)
}

fn parse(read: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(read).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap_or(0);
    let headers = lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
    Answer { status, headers: headers.collect(), body: body.to_owned() }
}

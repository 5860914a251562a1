//! Many readers of server-sent events over bare sockets: they count messages and read the times in them, and do nothing else.

use crate::load::now_ns;
use anyhow::{Context, Result, ensure};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How long a stream may be silent.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// Digits of a time in nanoseconds since 1970.
const DIGITS: usize = 19;
const READ_BYTES: usize = 64 * 1024;

/// An open stream whose reply has begun.
pub struct Subscriber(TcpStream);

/// What one reader or all of them got.
#[derive(Debug, Default)]
pub struct Got {
    /// Milliseconds from the time in a message to its receive.
    pub latencies: Vec<f64>,
    /// The earliest time in any message.
    pub first: Option<u128>,
    /// When the last message came.
    pub last: u128,
}

impl Got {
    /// Messages per second, from the first one's time to the last one's receive.
    pub fn rate(&self) -> Result<f64> {
        let first = self.first.context("no message came")?;
        Ok(self.latencies.len() as f64 / (self.last.saturating_sub(first) as f64 / 1e9))
    }

    fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.first = self.first.into_iter().chain(other.first).min();
        self.last = self.last.max(other.last);
    }
}

impl Subscriber {
    /// Opens one.
    pub async fn open(address: SocketAddr, path: &str, headers: &str) -> Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        // The head alone, so that nothing of the body is taken away.
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            ensure!(stream.read(&mut byte).await? > 0, "the stream {path} ended before it began");
            head.push(byte[0]);
        }
        ensure!(head.starts_with(b"HTTP/1.1 200"), "{path} answered {}", String::from_utf8_lossy(&head));
        Ok(Self(stream))
    }

    /// Reads until so many messages came. A message's time stands right behind the mark.
    async fn read(mut self, mark: &'static [u8], messages: usize) -> Result<(Self, Got)> {
        let (mut got, mut buffer) = (Got::default(), Vec::with_capacity(READ_BYTES));
        while got.latencies.len() < messages {
            let read = tokio::time::timeout(SILENCE_MAX, self.0.read_buf(&mut buffer)).await;
            let length = read.with_context(|| format!("a subscriber got {} of {messages} messages", got.latencies.len()))??;
            ensure!(length > 0, "a stream ended after {} of {messages} messages", got.latencies.len());
            let now = now_ns();
            let mut done = 0;
            for at in memchr::memmem::find_iter(&buffer, mark) {
                let Some(digits) = buffer.get(at + mark.len()..at + mark.len() + DIGITS) else { break };
                done = at + mark.len() + DIGITS;
                // Other texts are not ours.
                let Some(wrote) = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u128>().ok()) else { continue };
                got.latencies.push(now.saturating_sub(wrote) as f64 / 1e6);
                got.first = Some(got.first.map_or(wrote, |first| first.min(wrote)));
                got.last = now;
            }
            // What may be the beginning of a message stays.
            let keep = (mark.len() + DIGITS).min(buffer.len() - done);
            buffer.drain(..buffer.len() - keep);
        }
        ensure!(got.latencies.len() == messages, "{} messages came instead of {messages}", got.latencies.len());
        Ok((self, got))
    }
}

/// Lets all of them read so many messages each, side by side.
pub async fn read(subscribers: Vec<Subscriber>, mark: &'static [u8], messages: usize) -> Result<(Vec<Subscriber>, Got)> {
    let mut tasks = JoinSet::new();
    for subscriber in subscribers {
        tasks.spawn(subscriber.read(mark, messages));
    }
    let (mut open, mut all) = (Vec::new(), Got::default());
    while let Some(done) = tasks.join_next().await {
        let (subscriber, got) = done??;
        open.push(subscriber);
        all.add(got);
    }
    Ok((open, all))
}

//! Following a session: server-sent events with resume by `Last-Event-ID` and back-off, over restarts of the hub.
//!
//! Invariant: events come out in order of their numbers and each once, however often the connection breaks.

use crate::client::Client;
use crate::error::{Failure, Kind};
use fugue_domain::event::Delta;
use fugue_domain::id::SessionId;
use fugue_domain::limits::STREAM_PING_MS;
use futures_util::StreamExt;
use serde_json::Value;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// The first wait before connecting again; it doubles up to the longest.
const WAIT_FIRST: Duration = Duration::from_millis(200);
/// The longest wait before connecting again.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// A stream that is silent for this long is dead: the hub gives a sign of life far more often.
const SILENCE_MAX: Duration = Duration::from_millis(3 * STREAM_PING_MS);
/// Bytes of one line of the stream. The largest event and its escapes are far smaller.
const LINE_MAX: usize = 16 * 1024 * 1024;

/// What is heard while following.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// An event, as it came, with its number.
    Event(i64, Value),
    /// Typing.
    Delta(Delta),
    /// The hub is away; it is being called again.
    Away(String),
    /// The hub is back.
    Back,
}

/// A session that is being followed. `next` may be dropped and called again at any time.
pub struct Follow {
    client: Client,
    path: String,
    last: i64,
    bytes: Option<Bytes>,
    parser: Parser,
    heard: VecDeque<Heard>,
    wait: Duration,
    again_at: Instant,
    away: bool,
}

type Bytes = futures_util::stream::BoxStream<'static, Result<Vec<u8>, reqwest::Error>>;

impl Follow {
    /// Follows a session from the event after `after`.
    pub fn new(client: &Client, session: &SessionId, after: i64) -> Self {
        Self {
            client: client.clone(),
            path: format!("/api/v1/sessions/{session}/events"),
            last: after,
            bytes: None,
            parser: Parser::default(),
            heard: VecDeque::new(),
            wait: WAIT_FIRST,
            again_at: Instant::now(),
            away: false,
        }
    }

    /// The next thing that is heard. Fails when the hub refuses, or was never there.
    pub async fn next(&mut self) -> Result<Heard, Failure> {
        loop {
            if let Some(heard) = self.heard.pop_front() {
                return Ok(heard);
            }
            let Some(bytes) = &mut self.bytes else {
                self.connect().await?;
                continue;
            };
            match tokio::time::timeout(SILENCE_MAX, bytes.next()).await {
                Ok(Some(Ok(chunk))) => self.take(&chunk)?,
                Ok(Some(Err(error))) => self.lost(error.to_string()),
                Ok(None) => self.lost("it closed the stream".to_owned()),
                Err(_) => self.lost("it is silent".to_owned()),
            }
        }
    }

    /// The number of the last event that was given out.
    pub fn last(&self) -> i64 {
        let waiting = self.heard.iter().find_map(|heard| if let Heard::Event(seq, _) = heard { Some(seq - 1) } else { None });
        waiting.unwrap_or(self.last)
    }

    async fn connect(&mut self) -> Result<(), Failure> {
        tokio::time::sleep_until(self.again_at).await;
        match self.client.stream(&self.path, self.last).await {
            Ok(response) => {
                self.bytes = Some(response.bytes_stream().map(|chunk| chunk.map(|bytes| bytes.to_vec())).boxed());
                self.parser = Parser::default();
                if std::mem::take(&mut self.away) {
                    self.heard.push_back(Heard::Back);
                }
            }
            // A hub that was there before comes back; one that never answered is a wrong address.
            Err(failure) if self.away && failure.kind() != Kind::Refused => self.back_off(),
            Err(failure) => return Err(failure),
        }
        Ok(())
    }

    fn take(&mut self, chunk: &[u8]) -> Result<(), Failure> {
        let frames = self.parser.feed(chunk).map_err(Failure::failed)?;
        self.wait = WAIT_FIRST;
        for frame in frames {
            if let Some(heard) = frame.read(self.last).map_err(Failure::failed)? {
                if let Heard::Event(seq, _) = heard {
                    self.last = seq;
                }
                self.heard.push_back(heard);
            }
        }
        Ok(())
    }

    fn lost(&mut self, why: String) {
        self.bytes = None;
        self.back_off();
        if !std::mem::replace(&mut self.away, true) {
            self.heard.push_back(Heard::Away(why));
        }
    }

    fn back_off(&mut self) {
        self.again_at = Instant::now() + self.wait;
        self.wait = (self.wait * 2).min(WAIT_MAX);
    }
}

/// Cuts bytes into frames.
#[derive(Default)]
struct Parser {
    line: Vec<u8>,
    frame: Frame,
}

/// One frame of the stream.
#[derive(Default, Debug, PartialEq)]
struct Frame {
    id: Option<String>,
    event: String,
    data: String,
}

impl Parser {
    fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Frame>, String> {
        let mut frames = Vec::new();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if self.line.len() > LINE_MAX {
                return Err(format!("the hub sent a line of more than {LINE_MAX} bytes"));
            }
            if self.line.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                frames.extend(self.line(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r'])));
            }
        }
        Ok(frames)
    }

    fn line(&mut self, line: &str) -> Option<Frame> {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" if line.is_empty() => return Some(std::mem::take(&mut self.frame)).filter(|frame| !frame.data.is_empty()),
            "id" => self.frame.id = Some(value.to_owned()),
            "event" => value.clone_into(&mut self.frame.event),
            "data" if self.frame.data.is_empty() => value.clone_into(&mut self.frame.data),
            "data" => {
                self.frame.data.push('\n');
                self.frame.data.push_str(value);
            }
            _ => {}
        }
        None
    }
}

impl Frame {
    /// What the frame says; nothing for what was heard before and for kinds that this version does not know.
    fn read(&self, last: i64) -> Result<Option<Heard>, String> {
        let value: Value = serde_json::from_str(&self.data).map_err(|error| format!("the hub sent an event that is not JSON: {error}"))?;
        let number = self.id.as_deref().and_then(|id| id.parse().ok()).or_else(|| value.get("seq").and_then(Value::as_i64));
        match number {
            Some(seq) => Ok((seq > last).then_some(Heard::Event(seq, value))),
            None if self.event == "delta" => Ok(serde_json::from_value(value).ok().map(Heard::Delta)),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str, chunk: usize) -> Vec<Heard> {
        let mut parser = Parser::default();
        let mut last = 3;
        let mut all = Vec::new();
        for bytes in text.as_bytes().chunks(chunk) {
            for frame in parser.feed(bytes).unwrap() {
                if let Some(heard) = frame.read(last).unwrap() {
                    if let Heard::Event(seq, _) = heard {
                        last = seq;
                    }
                    all.push(heard);
                }
            }
        }
        all
    }

    #[test]
    fn frames_are_the_same_however_the_bytes_are_cut() {
        let text = ": hello\n\nid: 3\ndata: {\"seq\":3}\n\nid: 4\r\ndata: {\"seq\":4,\r\ndata: \"text\":\"か\"}\r\n\r\nevent: delta\ndata: {\"kind\":\"text\",\"text\":\"a\"}\n\nid: 4\ndata: {}\n\nid: 5\ndata: {\"seq\":5}";
        let whole = heard(text, text.len());
        assert_eq!(
            whole,
            [Heard::Event(4, serde_json::json!({"seq": 4, "text": "か"})), Heard::Delta(Delta::Text { text: "a".into() })],
            "what is old is skipped, what is not finished is not shown"
        );
        for chunk in 1..12 {
            assert_eq!(heard(text, chunk), whole, "{chunk}");
        }
    }
}

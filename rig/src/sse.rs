//! A reader of server-sent events: bytes in, messages out.

use anyhow::Result;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

/// One message of the stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// The number after `id:`, where the stream goes on after a reconnect.
    pub id: Option<i64>,
    /// The name after `event:`; empty for plain messages.
    pub event: String,
    /// What stands after `data:`, several lines joined.
    pub data: String,
}

/// An open stream. Dropping it closes the connection.
pub struct Sse {
    chunks: BoxStream<'static, reqwest::Result<Vec<u8>>>,
    parser: Parser,
}

impl Sse {
    /// Reads the body of a reply.
    pub fn new(reply: reqwest::Response) -> Self {
        Self { chunks: reply.bytes_stream().map(|chunk| chunk.map(|bytes| bytes.to_vec())).boxed(), parser: Parser::default() }
    }

    /// The milliseconds after which the server wants to be asked again, as it said last.
    pub fn retry(&self) -> Option<u64> {
        self.parser.retry
    }

    /// The next message; `None` when the server ended the stream.
    pub async fn next(&mut self) -> Result<Option<Message>> {
        loop {
            if let Some(message) = self.parser.take() {
                return Ok(Some(message));
            }
            match self.chunks.next().await {
                Some(chunk) => self.parser.feed(&chunk?),
                None => return Ok(None),
            }
        }
    }
}

/// Takes bytes in any portions.
#[derive(Default)]
pub struct Parser {
    rest: Vec<u8>,
    open: Message,
    has_data: bool,
    retry: Option<u64>,
    ready: std::collections::VecDeque<Message>,
}

impl Parser {
    /// Takes in some bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        let mut begin = 0;
        while let Some(length) = self.rest[begin..].iter().position(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(&self.rest[begin..begin + length]).into_owned();
            begin += length + 1;
            self.line(line.trim_end_matches('\r'));
        }
        self.rest.drain(..begin);
    }

    /// The next whole message.
    pub fn take(&mut self) -> Option<Message> {
        self.ready.pop_front()
    }

    fn line(&mut self, line: &str) {
        if line.is_empty() {
            let message = std::mem::take(&mut self.open);
            if std::mem::take(&mut self.has_data) {
                self.ready.push_back(message);
            }
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.open.id = value.parse().ok(),
            "retry" => self.retry = value.parse().ok(),
            "event" => self.open.event = value.to_owned(),
            "data" => {
                if self.has_data {
                    self.open.data.push('\n');
                }
                self.open.data.push_str(value);
                self.has_data = true;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_any_cut() {
        let text = ": hello\r\n\r\nid: 7\nevent: x\ndata: a\ndata:b\n\nid: 8\ndata: {\"c\":1}\n\n:ping\n\ndata: unfinished\n";
        for size in 1..text.len() {
            let mut parser = Parser::default();
            for chunk in text.as_bytes().chunks(size) {
                parser.feed(chunk);
            }
            let first = Message { id: Some(7), event: "x".to_owned(), data: "a\nb".to_owned() };
            let second = Message { id: Some(8), event: String::new(), data: "{\"c\":1}".to_owned() };
            assert_eq!([parser.take(), parser.take(), parser.take()], [Some(first), Some(second), None], "cut every {size} bytes");
        }
    }
}

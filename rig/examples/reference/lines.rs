//! A child's lines: split at memory speed, each framed as a server-sent event, stored as a page before they are shown if wanted.

use crate::journal::Journal;
use axum::body::Bytes;
use futures_util::Stream;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStdout};

const READ_BYTES: usize = 256 * 1024;

struct Relay {
    // Held so that the child ends with its reader.
    _child: Child,
    stdout: ChildStdout,
    journal: Option<Journal>,
    rest: Vec<u8>,
    seq: u64,
}

/// The lines as the body of an event stream.
pub fn as_events(mut child: Child, journal: Option<Journal>) -> impl Stream<Item = std::io::Result<Bytes>> {
    let relay = child.stdout.take().map(|stdout| Relay { _child: child, stdout, journal, rest: Vec::new(), seq: 0 });
    futures_util::stream::unfold(relay, async |relay| {
        let mut relay = relay?;
        let page = relay.page().await?;
        Some((Ok(page), Some(relay)))
    })
}

impl Relay {
    /// All lines that are whole after the next read.
    async fn page(&mut self) -> Option<Bytes> {
        loop {
            let begin = self.rest.len();
            self.rest.resize(begin + READ_BYTES, 0);
            let length = self.stdout.read(&mut self.rest[begin..]).await.ok()?;
            self.rest.truncate(begin + length);
            if length == 0 {
                return None;
            }
            let mut page = Vec::with_capacity(self.rest.len() * 5 / 4);
            let mut done = 0;
            for end in memchr::memchr_iter(b'\n', &self.rest) {
                self.seq += 1;
                page.extend_from_slice(b"id: ");
                page.extend_from_slice(self.seq.to_string().as_bytes());
                page.extend_from_slice(b"\ndata: ");
                page.extend_from_slice(&self.rest[done..end]);
                page.extend_from_slice(b"\n\n");
                done = end + 1;
            }
            if done == 0 {
                continue;
            }
            if let Some(journal) = &self.journal {
                journal.store(String::from_utf8_lossy(&self.rest[..done]).into_owned()).await;
            }
            self.rest.drain(..done);
            return Some(Bytes::from(page));
        }
    }
}

//! Cuts a stream of bytes into lines at memory speed.
//!
//! Invariant: at most [`LINE_BYTES_MAX`] bytes are held, whatever is printed. A longer line is counted and never shown. Called by
//! the fold of a turn, one for stdout and one for stderr; saved with the turn so that a replay begins in the same place.

use fugue_domain::limits::LINE_BYTES_MAX;
use serde::{Deserialize, Serialize};

/// A piece of the stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A whole line, without its end.
    Line(&'a [u8]),
    /// A line of this many bytes that was too long to show.
    TooLong(u64),
}

/// What was seen of a line that has not ended yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines {
    begun: Vec<u8>,
    skipped: u64,
}

impl Lines {
    /// Takes the next bytes and hands out each piece that they complete.
    pub fn push(&mut self, mut bytes: &[u8], mut take: impl FnMut(Piece<'_>)) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
            bytes = rest;
            if self.begun.is_empty() && self.skipped == 0 && line.len() <= LINE_BYTES_MAX {
                take(Piece::Line(line));
            } else {
                self.hold(line);
                self.finish(&mut take);
            }
        }
        if !bytes.is_empty() {
            self.hold(bytes);
        }
    }

    /// The stream is over: what has begun counts as a line.
    pub fn finish(&mut self, mut take: impl FnMut(Piece<'_>)) {
        let line = std::mem::take(self);
        match line.skipped {
            0 if line.begun.is_empty() => {}
            0 => take(Piece::Line(&line.begun)),
            skipped => take(Piece::TooLong(skipped)),
        }
    }

    fn hold(&mut self, part: &[u8]) {
        if self.skipped > 0 || self.begun.len() + part.len() > LINE_BYTES_MAX {
            self.skipped += (std::mem::take(&mut self.begun).len() + part.len()) as u64;
        } else {
            self.begun.extend_from_slice(part);
        }
    }
}

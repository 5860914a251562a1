//! What a program prints besides its protocol: greetings of a wrapper, warnings, or the wrong program's output.
//!
//! Invariant: a few odd lines are notices; a program that prints many in a row, or ends before its first proper line,
//! fails the turn with a detail that shows what it printed. Used by the drivers that speak a protocol.

use super::{Output, bound};
use fugue_domain::event::Level;
use fugue_domain::reason::Reason;
use fugue_domain::turn::Ending;
use serde::{Deserialize, Serialize};

/// Odd lines in a row. No honest wrapper greets at such length.
const LINES_MAX: u32 = 50;
/// Bytes of odd lines that are kept for the detail.
const SAMPLE_BYTES_MAX: usize = 2_000;

/// What one process printed besides its protocol.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Nonsense {
    /// Whether the protocol was spoken at all.
    spoken: bool,
    lines: u32,
    sample: String,
}

impl Nonsense {
    /// A line of the protocol was read.
    pub fn spoke(&mut self) {
        self.spoken = true;
        self.lines = 0;
    }

    /// The beginning of what else was printed.
    pub fn sample(&self) -> &str {
        &self.sample
    }

    /// A line of stderr, as a notice.
    pub fn error_line(&mut self, line: &[u8]) -> Vec<Output> {
        let line = String::from_utf8_lossy(line);
        if line.trim().is_empty() {
            return Vec::new();
        }
        self.note(&line);
        vec![Output::Event(bound::notice(Level::Warning, &line))]
    }

    /// A line of stdout that is not the protocol: what follows, and whether that ends the running turn.
    pub fn garbled(&mut self, line: &[u8], running: bool) -> (Vec<Output>, bool) {
        let line = String::from_utf8_lossy(line);
        self.note(&line);
        self.lines += 1;
        if running && self.lines >= LINES_MAX {
            self.lines = 0;
            return (vec![self.failed("prints something that is not its protocol")], true);
        }
        (vec![Output::Event(bound::notice(Level::Warning, &line))], false)
    }

    /// What it means that the process ended in the middle of a turn, when that is known: by itself, without a proper word.
    pub fn exited(&self, how: Result<i32, i32>) -> Option<Output> {
        // Shells and programs report their end by a signal as 128 and more: that was done to them, and is no nonsense.
        match how {
            Ok(code @ ..=127) if !self.spoken => Some(self.failed(&format!("ended with exit code {code} before it said anything"))),
            _ => None,
        }
    }

    fn note(&mut self, line: &str) {
        if self.sample.len() < SAMPLE_BYTES_MAX {
            self.sample.push_str(bound::head(line, SAMPLE_BYTES_MAX / 4));
            self.sample.push('\n');
        }
    }

    fn failed(&self, what: &str) -> Output {
        let detail = bound::detail(&format!("the program {what}: {}", self.sample));
        Output::Ended { ending: Ending::Failed { reason: Reason::Nonsense }, detail: Some(detail) }
    }
}

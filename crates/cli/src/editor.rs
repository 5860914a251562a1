//! A line that is being typed while events arrive above it.
//!
//! The terminal neither echoes nor collects lines meanwhile: [`Line`] holds what was typed and [`Screen`] draws it again below
//! whatever is printed, so that the two never mix. Only appending, deleting from the end and pasting are understood.

use crate::error::Failure;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::io::{Read, Write};
use tokio::sync::mpsc;
use unicode_width::UnicodeWidthChar;

/// Characters of one message that are kept while typing.
const TYPED_MAX: usize = 64 * 1024;

/// What a person does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// The line changed and should be drawn again.
    Changed,
    /// A line is finished.
    Line(String),
    /// Ctrl-C, or Ctrl-D on an empty line.
    Leave,
}

/// What has been typed of the line.
#[derive(Debug, Default)]
pub struct Line {
    text: String,
    bytes: Vec<u8>,
    escape: Vec<u8>,
    pasting: bool,
}

impl Line {
    /// Takes in what the terminal sent.
    pub fn feed(&mut self, input: &[u8]) -> Vec<Key> {
        input.iter().filter_map(|byte| self.byte(*byte)).collect()
    }

    fn byte(&mut self, byte: u8) -> Option<Key> {
        if !self.escape.is_empty() || byte == 0x1b {
            self.escape(byte);
            return None;
        }
        match byte {
            b'\r' | b'\n' if self.pasting => self.text.push('\n'),
            b'\r' | b'\n' => return Some(Key::Line(std::mem::take(&mut self.text))),
            0x03 => return Some(Key::Leave),
            0x04 if self.text.is_empty() => return Some(Key::Leave),
            0x08 | 0x7f => drop(self.text.pop()),
            0x15 => self.text.clear(),
            0x17 => {
                let kept = self.text.trim_end().rfind(char::is_whitespace).map_or(0, |at| at + 1);
                self.text.truncate(kept);
            }
            b'\t' => self.text.push('\t'),
            0..0x20 => return None,
            _ => self.letter(byte),
        }
        Some(Key::Changed)
    }

    /// Letters of more than one byte arrive byte by byte.
    fn letter(&mut self, byte: u8) {
        self.bytes.push(byte);
        match std::str::from_utf8(&self.bytes) {
            Ok(letter) if self.text.len() < TYPED_MAX => self.text.push_str(letter),
            Ok(_) => {}
            Err(error) if error.error_len().is_none() => return,
            Err(_) => {}
        }
        self.bytes.clear();
    }

    /// Arrow keys and the like are passed over; only the frame of a paste means something.
    fn escape(&mut self, byte: u8) {
        self.escape.push(byte);
        let over = match self.escape.as_slice() {
            [_] => false,
            [_, b'[' | b'O'] => false,
            [_, b'[', .., last] => (0x40..=0x7e).contains(last),
            _ => true,
        };
        if over {
            match self.escape.as_slice() {
                b"\x1b[200~" => self.pasting = true,
                b"\x1b[201~" => self.pasting = false,
                _ => {}
            }
            self.escape.clear();
        }
    }

    /// The end of the line that fits into a number of columns.
    pub fn tail(&self, columns: usize) -> String {
        let mut used = 0;
        let fits = |letter: &char| {
            used += letter.width().unwrap_or(0);
            used <= columns
        };
        let shown: Vec<char> = self
            .text
            .chars()
            .map(|c| {
                if c == '\n' {
                    '⏎'
                } else if c == '\t' {
                    ' '
                } else {
                    c
                }
            })
            .rev()
            .take_while(fits)
            .collect();
        shown.into_iter().rev().collect()
    }
}

/// A terminal that leaves typing to us, until it is dropped.
pub struct Screen {
    before: Termios,
    prompt: String,
    /// Whether colours are unwanted; moving the cursor is not a colour.
    plain: bool,
}

impl Screen {
    /// Takes over the terminal that standard input is.
    pub fn take() -> Result<Self, Failure> {
        let failed = |error: rustix::io::Errno| Failure::failed(format!("cannot set up the terminal: {error}"));
        let before = tcgetattr(std::io::stdin()).map_err(failed)?;
        let mut ours = before.clone();
        ours.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN);
        tcsetattr(std::io::stdin(), OptionalActions::Now, &ours).map_err(failed)?;
        let _ = control("\x1b[?2004h");
        let plain = anstream::AutoStream::choice(&std::io::stdout()) == anstream::ColorChoice::Never;
        Ok(Self { before, prompt: "› ".to_owned(), plain })
    }

    /// What stands before the line.
    pub fn prompt(&mut self, prompt: &str) {
        prompt.clone_into(&mut self.prompt);
    }

    /// Prints lines above the line that is being typed.
    pub fn print(&self, lines: &[String], line: &Line) -> Result<(), Failure> {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let text = if self.plain { anstream::adapter::strip_str(&text).to_string() } else { text };
        control(&format!("\r\x1b[K{text}{}", self.row(line)))
    }

    /// Draws the line again.
    pub fn draw(&self, line: &Line) -> Result<(), Failure> {
        control(&format!("\r\x1b[K{}", self.row(line)))
    }

    fn row(&self, line: &Line) -> String {
        let columns = crate::output::columns().unwrap_or(80);
        format!("{}{}", self.prompt, line.tail(columns.saturating_sub(unicode_width::UnicodeWidthStr::width(self.prompt.as_str()) + 1)))
    }
}

fn control(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(crate::output::write_failed)
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = control("\r\x1b[K\x1b[?2004l");
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.before);
    }
}

/// Reads standard input on a thread of its own, because a terminal cannot be waited for in any other way; it ends with the process.
pub fn typed() -> mpsc::Receiver<Vec<u8>> {
    let (to, from) = mpsc::channel(64);
    std::thread::spawn(move || {
        let mut buffer = [0u8; 4096];
        while let Ok(read @ 1..) = std::io::stdin().lock().read(&mut buffer) {
            if to.blocking_send(buffer[..read].to_vec()).is_err() {
                break;
            }
        }
    });
    from
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &str) -> (Vec<Key>, String) {
        let mut line = Line::default();
        let keys = line.feed(input.as_bytes()).into_iter().filter(|key| *key != Key::Changed).collect();
        (keys, line.text)
    }

    #[test]
    fn typing_deleting_and_pasting() {
        assert_eq!(lines("直すx\x7f\r").0, [Key::Line("直す".into())]);
        assert_eq!(lines("one two\x17three"), (vec![], "one three".into()));
        assert_eq!(lines("gone\x15kept\x1b[A\x1b[1;5C\x1bOP!").1, "kept!");
        assert_eq!(lines("\x1b[200~a\nb\x1b[201~\r").0, [Key::Line("a\nb".into())]);
        assert_eq!(lines("x\x04\x03").0, [Key::Leave]);
        assert_eq!(lines("\x04").0, [Key::Leave]);
    }

    #[test]
    fn letters_that_arrive_in_pieces_are_whole_and_garbage_is_dropped() {
        let mut line = Line::default();
        for byte in "か".bytes().chain([0xff]).chain("b".bytes()) {
            line.feed(&[byte]);
        }
        assert_eq!(line.text, "かb");
        assert_eq!((line.tail(2), line.tail(3)), ("b".into(), "かb".into()));
    }
}

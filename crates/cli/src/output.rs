//! What goes to the terminal: data on stdout, talk on stderr, colours only where a person looks.
//!
//! Invariant: text from agents, messages and repositories passes through [`tame`] before a terminal sees it, so that no
//! output of an agent can move the cursor, change the title or hide what it did.

use crate::error::{Failure, Kind};
use anstyle::{AnsiColor, Style};
use serde::Serialize;
use std::fmt::Display;
use std::io::{IsTerminal, Write};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Names and headings.
pub const BOLD: Style = Style::new().bold();
/// What matters less.
pub const DIM: Style = Style::new().dimmed();
/// Went well.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// Needs attention.
pub const WARN: Style = AnsiColor::Yellow.on_default();
/// Went wrong.
pub const ERROR: Style = AnsiColor::Red.on_default().bold();
/// What a person said.
pub const PERSON: Style = AnsiColor::Cyan.on_default().bold();

/// Tells the person something, on stderr. If nobody listens, that is no failure.
pub fn say(text: impl Display) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Where a command puts its results.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// Whether results are JSON.
    pub json: bool,
}

impl Output {
    /// Prints a line of data.
    pub fn line(self, text: impl Display) -> Result<(), Failure> {
        writeln!(anstream::stdout().lock(), "{text}").map_err(write_failed)
    }

    /// Prints an agent's bytes: exactly as they are to a file or a pipe, and tamed to a terminal.
    pub fn bytes(self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = std::io::stdout().lock();
        let written = match stdout.is_terminal() {
            true => stdout.write_all(tame(&String::from_utf8_lossy(bytes)).as_bytes()),
            false => stdout.write_all(bytes),
        };
        written.and_then(|()| stdout.flush()).map_err(write_failed)
    }

    /// Prints one JSON value on one line.
    pub fn json(self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value).map_err(|error| Failure::failed(format!("cannot write JSON: {error}")))?;
        self.line(text)
    }

    /// Prints the value as JSON where that is wanted, and otherwise lets `show` print it for people.
    pub fn value<T: Serialize>(self, value: &T, show: impl FnOnce(&T) -> Result<(), Failure>) -> Result<(), Failure> {
        if self.json { self.json(value) } else { show(value) }
    }
}

/// What it means that standard output takes nothing more.
pub fn write_failed(error: std::io::Error) -> Failure {
    match error.kind() {
        std::io::ErrorKind::BrokenPipe => Failure::new(Kind::PipeClosed, "the reader of the output has gone"),
        _ => Failure::failed(format!("cannot write to standard output: {error}")),
    }
}

/// Whether a person can be asked: both sides of the conversation are a terminal.
pub fn interactive() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Columns of the terminal, if standard output is one.
pub fn columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}

/// Text in which everything that could steer a terminal or reverse its direction is spelled out. Line breaks and tabs stay.
pub fn tame(text: &str) -> String {
    let mut tamed = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\t' => tamed.push(letter),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' => {
                tamed.extend(letter.escape_unicode())
            }
            letter if letter.is_control() => tamed.extend(letter.escape_unicode()),
            letter => tamed.push(letter),
        }
    }
    tamed
}

/// The text on one line, cut to a width in columns; a cut is shown.
pub fn cut(text: &str, width: usize) -> String {
    let line: String = tame(text).chars().map(|c| if c == '\n' || c == '\t' { ' ' } else { c }).collect();
    if line.width() <= width {
        return line;
    }
    let mut kept = String::new();
    let mut used = 0;
    for letter in line.chars() {
        used += letter.width().unwrap_or(0);
        if used >= width {
            break;
        }
        kept.push(letter);
    }
    kept + "…"
}

/// Rows under headings, aligned by what a terminal shows rather than by letters or bytes.
pub struct Table {
    headings: Vec<&'static str>,
    rows: Vec<Vec<(Style, String)>>,
}

impl Table {
    /// An empty table.
    pub fn new(headings: &[&'static str]) -> Self {
        Self { headings: headings.to_vec(), rows: Vec::new() }
    }

    /// Adds a row of plain cells.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.styled(cells.map(|cell| (Style::new(), cell)));
    }

    /// Adds a row of cells with their colours.
    pub fn styled<const N: usize>(&mut self, cells: [(Style, String); N]) {
        self.rows.push(cells.into_iter().map(|(style, cell)| (style, cut(&cell, usize::MAX))).collect());
    }

    /// Prints it. The last column is cut to the terminal's width; in a pipe nothing is cut.
    pub fn print(&self, out: Output) -> Result<(), Failure> {
        for line in self.lines(columns()) {
            out.line(line)?;
        }
        Ok(())
    }

    /// Prints it among the talk, on stderr.
    pub fn say(&self) {
        self.lines(columns()).iter().for_each(say);
    }

    fn lines(&self, columns: Option<usize>) -> Vec<String> {
        let headings: Vec<(Style, String)> = self.headings.iter().map(|heading| (DIM, (*heading).to_owned())).collect();
        let widths: Vec<usize> = (0..headings.len())
            .map(|column| self.rows.iter().chain([&headings]).map(|row| row[column].1.width()).max().unwrap_or(0))
            .collect();
        let before_last: usize = widths.iter().rev().skip(1).map(|width| width + 2).sum();
        let room = columns.map_or(usize::MAX, |columns| columns.saturating_sub(before_last).max(10));
        let line = |row: &Vec<(Style, String)>| {
            let mut line = String::new();
            for (column, (style, cell)) in row.iter().enumerate() {
                let last = column + 1 == row.len();
                let cell = if last { cut(cell, room) } else { cell.clone() };
                line += &format!("{style}{cell}{style:#}");
                if !last {
                    line += &" ".repeat(widths[column] - cell.width() + 2);
                }
            }
            line.trim_end().to_owned()
        };
        let headings = Some(&headings).filter(|headings| headings.iter().any(|(_, heading)| !heading.is_empty()));
        headings.into_iter().chain(&self.rows).map(line).collect()
    }
}

/// A span of time in the two largest units that say enough: `3s`, `4m 10s`, `2h 5m`, `3d 1h`.
pub fn span(ms: i64) -> String {
    let seconds = ms.max(0) / 1_000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m {}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h {}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d {}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_letters_align_and_the_last_column_is_cut() {
        let mut table = Table::new(&["ID", "NAME", "TITLE"]);
        table.row(["1".into(), "認証".into(), "直す".into()]);
        table.row(["22".into(), "plain".into(), "a long title that does not fit".into()]);
        let plain =
            |columns| -> Vec<String> { table.lines(columns).iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect() };
        assert_eq!(plain(None), ["ID  NAME   TITLE", "1   認証   直す", "22  plain  a long title that does not fit"]);
        assert_eq!(plain(Some(25))[2], "22  plain  a long title …");
        assert_eq!(plain(Some(25))[2].width(), 25);
    }

    #[test]
    fn an_agent_cannot_steer_the_terminal() {
        assert_eq!(tame("a\u{1b}]0;x\u{7}b\r\u{202e}c\n\tか👍🏽"), "a\\u{1b}]0;x\\u{7}b\\u{d}\\u{202e}c\n\tか👍🏽");
        assert_eq!(cut("二行\nです", 80), "二行 です");
        assert_eq!(cut("日本語", 5), "日本…");
    }

    #[test]
    fn spans_are_short() {
        assert_eq!([0, 59_999, 250_000, 7_500_000, 90_000_000].map(span), ["0s", "59s", "4m 10s", "2h 5m", "1d 1h"]);
    }
}

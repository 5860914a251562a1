//! The `command` driver: any program, one process per turn, message on stdin, lines on stdout.
//!
//! Invariant: the outcome is the exit code, and every byte that the program printed is an `output` event or counted in a
//! `gap`. The program has no memory, so going on means being given the text again. This is the path of the flood, so a line
//! costs one check and one copy.

use super::{Context, Launch, Output, Say, Seen, Write, bound};
use fugue_domain::event::{Event, Stream};
use fugue_domain::limits::OUTPUT_LINE_BYTES_MAX;
use fugue_domain::reason::Reason;
use fugue_domain::remark::Remark;
use fugue_domain::turn::Ending;
use serde::{Deserialize, Serialize};

/// A program that is run once for each message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Command {
    context: Context,
}

impl Command {
    /// The driver of an agent, before its process is started.
    pub fn new(context: Context) -> Self {
        Self { context }
    }

    /// How to start the process, or why it cannot be started.
    pub fn launch(&self) -> Result<Launch, String> {
        let [program, args @ ..] = self.context.agent.program.as_slice() else {
            return Err(format!("agent {:?} names no program", self.context.agent.name));
        };
        Ok(Launch { program: program.into(), args: args.to_vec(), env: Vec::new(), pass: Vec::new() })
    }

    /// The message, a line end, and the end of stdin.
    pub fn open(&mut self, say: &Say) -> Vec<Write> {
        vec![Write { key: say.key(), bytes: format!("{}\n", say.text).into_bytes(), close: true }]
    }

    /// Folds one thing that the spool holds.
    pub fn fold(&mut self, seen: Seen<'_>) -> Vec<Output> {
        match seen {
            Seen::Line(line) => printed(Stream::Stdout, line),
            Seen::ErrorLine(line) => printed(Stream::Stderr, line),
            Seen::TooLong(bytes) => vec![Output::Event(bound::too_long(bytes))],
            Seen::Exited(Ok(0)) => vec![Output::Ended { ending: Ending::Succeeded, detail: None }],
            Seen::Exited(Ok(code)) => vec![Output::Ended {
                ending: Ending::Failed { reason: Reason::ExitCode },
                detail: Some(format!("{} ended with exit code {code}", self.context.agent.program[0])),
            }],
            Seen::Exited(Err(_)) | Seen::Written(_) => Vec::new(),
        }
    }
}

fn printed(stream: Stream, line: &[u8]) -> Vec<Output> {
    let kept = &line[..line.len().min(OUTPUT_LINE_BYTES_MAX)];
    let event = |text: &str| Output::Event(Event::Output { stream, text: text.to_owned() });
    if kept.len() == line.len() {
        return vec![event(&String::from_utf8_lossy(line))];
    }
    // A letter that the cut would halve belongs to the gap, so that text and gap add up to the line.
    let kept = match std::str::from_utf8(kept) {
        Err(half) if half.error_len().is_none() => &kept[..half.valid_up_to()],
        _ => kept,
    };
    let gap = Event::gap(line.len() - kept.len(), Remark::OutputTooLong { bytes: OUTPUT_LINE_BYTES_MAX as i64 });
    vec![event(&String::from_utf8_lossy(kept)), Output::Event(gap)]
}

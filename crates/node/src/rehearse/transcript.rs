//! What the program remembers of a conversation: one file of JSON lines, and marks of what happens only once.
//!
//! Invariant: a line is appended before what it tells of can be seen from outside, except that a step is finished before it is
//! noted; a kill in between repeats that one step. The witness is a file of the tests, to which every execution is appended.

use super::protocol::Message;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// One line of the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Note {
    /// A message was begun, or begun again.
    Began(String),
    /// It is played by the first of the scripts that were kept.
    Plays(String),
    /// A script is kept for a later message.
    Kept(String),
    /// So many of its steps are finished.
    Finished(usize),
    /// It is over, and the conversation has used this much in all.
    Over(Spent),
}

/// What a conversation has used in all.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Spent {
    /// Tokens read.
    pub input: i64,
    /// Tokens written.
    pub output: i64,
    /// US dollars.
    pub usd: f64,
}

/// A message that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Broken {
    /// What it says.
    text: String,
    /// What is played.
    script: String,
    /// How many steps of that are finished.
    done: usize,
}

/// An open transcript.
pub struct Transcript {
    home: PathBuf,
    conversation: String,
    file: File,
    /// The message that was begun last and is not over.
    broken: Option<Broken>,
    /// Scripts for the messages that come next.
    kept: VecDeque<String>,
    /// The whole conversation.
    pub spent: Spent,
}

impl Transcript {
    /// Opens the transcript of a conversation; `None` when it is to be brought back and is not there.
    pub fn open(conversation: &str, resume: bool) -> io::Result<Option<Self>> {
        let home = std::env::var_os("FUGUE_REHEARSE_HOME").map(PathBuf::from);
        let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".fugue-rehearse")));
        let home = home.unwrap_or_else(|| std::env::temp_dir().join("fugue-rehearse"));
        std::fs::create_dir_all(&home)?;
        // The name comes from an argument and becomes a file's: nothing in it may lead elsewhere.
        let conversation = conversation.replace(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-', "_");
        let path = home.join(format!("{conversation}.jsonl"));
        if resume && !path.exists() {
            return Ok(None);
        }
        let (mut broken, mut kept, mut spent) = (None::<Broken>, VecDeque::new(), Spent::default());
        let text = if path.exists() { std::fs::read_to_string(&path)? } else { String::new() };
        for note in text.lines().filter_map(|line| serde_json::from_str(line).ok()) {
            match note {
                // Begun again, it is played as before.
                Note::Began(text) => {
                    let script = broken.filter(|broken| broken.text == text).map_or_else(|| text.clone(), |broken| broken.script);
                    broken = Some(Broken { text, script, done: 0 });
                }
                Note::Plays(script) => {
                    kept.retain(|other| *other != script);
                    broken = broken.map(|broken| Broken { script, ..broken });
                }
                Note::Kept(script) => kept.push_back(script),
                Note::Finished(done) => broken = broken.map(|broken| Broken { done, ..broken }),
                Note::Over(sum) => (broken, spent) = (None, sum),
            }
        }
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        if !text.is_empty() && !text.ends_with('\n') {
            // A kill has cut the last line: what follows must not become part of it.
            file.write_all(b"\n")?;
        }
        Ok(Some(Self { home, conversation, file, broken, kept, spent }))
    }

    fn note(&mut self, note: &Note) -> io::Result<()> {
        let mut line = serde_json::to_vec(note)?;
        line.push(b'\n');
        self.file.write_all(&line)
    }

    /// A message begins: how many of its steps are finished already, when it goes on where it broke off, and what is played.
    pub fn begin(&mut self, text: &str, continued: bool) -> io::Result<(usize, String)> {
        let broken = self.broken.take().filter(|broken| broken.text == text);
        self.note(&Note::Began(text.to_owned()))?;
        let (done, script) = match broken {
            Some(Broken { script, done, .. }) => (if continued { done } else { 0 }, script),
            None => match self.kept.pop_front() {
                Some(script) => {
                    self.note(&Note::Plays(script.clone()))?;
                    (0, script)
                }
                None => (0, text.to_owned()),
            },
        };
        self.finished(done)?;
        Ok((done, script))
    }

    /// Keeps a script for a later message. One that is kept already is the same, because a step may be played twice.
    pub fn keep(&mut self, script: &str) -> io::Result<()> {
        if self.kept.iter().any(|kept| kept == script) {
            return Ok(());
        }
        self.kept.push_back(script.to_owned());
        self.note(&Note::Kept(script.to_owned()))
    }

    /// So many steps of the message are finished.
    pub fn finished(&mut self, steps: usize) -> io::Result<()> {
        self.note(&Note::Finished(steps))
    }

    /// The message is over, and has used this much.
    pub fn over(&mut self, used: Spent) -> io::Result<()> {
        self.spent.input += used.input;
        self.spent.output += used.output;
        self.spent.usd += used.usd;
        self.note(&Note::Over(self.spent))
    }

    /// Whether this is the first time that `name` is met in a turn; it is noted as met.
    pub fn first_time(&self, message: &Message, name: &str) -> io::Result<bool> {
        let of = message.turn.as_deref().unwrap_or(&self.conversation);
        let name: String = name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
        match File::create_new(self.home.join(format!("{of}-{name}.once"))) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A file of its own for what a command prints.
    pub fn scratch(&self) -> PathBuf {
        self.home.join(format!("{}.{}.out", self.conversation, std::process::id()))
    }

    /// Tells the witness, if there is one, that a message is being executed: one line, appended at once.
    pub fn witness(&self, message: &Message, text: &str, continued: bool) -> io::Result<()> {
        let Some(path) = std::env::var_os("FUGUE_WITNESS") else { return Ok(()) };
        let line = serde_json::json!({"message": text, "uuid": message.uuid, "turn": message.turn, "epoch": message.epoch,
            "continued": continued, "pid": std::process::id(), "at": now_ms()});
        OpenOptions::new().create(true).append(true).open(path)?.write_all(format!("{line}\n").as_bytes())
    }
}

/// The wall clock.
pub fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

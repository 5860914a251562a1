//! The `codex` driver: `codex app-server` on stdio, one process per live session.
//!
//! Invariant: nothing is sent before the program is ready for it, so the handshake is driven by `fold`: greeting, thread, turn. A
//! turn ends with `turn/completed`, never with an `error` line. The lines are read in `codex/line.rs`, the things that the agent
//! does in `codex/item.rs`, ends in `codex/ending.rs`.

use super::nonsense::Nonsense;
use super::{Context, Launch, Output, Say, Seen, Verdict, Write, bound};
use fugue_domain::id::MessageId;
use fugue_domain::money::Tokens;
use fugue_domain::world::Millis;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The program's own variables that reach it.
const PASS: [&str; 5] = ["CODEX_HOME", "CODEX_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL", "SSL_CERT_FILE"];

/// What outlives the process.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Memory {
    /// The program's own name of the conversation.
    thread: Option<String>,
    /// Whether a turn of it was ever finished: before that, a thread that is not found was never stored, and nothing is lost.
    #[serde(default)]
    finished: bool,
}

/// The message that is being answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Turn {
    say: Say,
    /// The program's own name of the turn, once it has one.
    id: Option<String>,
}

/// A question that is open.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Question {
    /// The program's name for the request, as JSON.
    id: Value,
    /// What a yes is answered with.
    yes: Value,
    /// What a no is answered with.
    no: Value,
}

/// A process that speaks the protocol.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Codex {
    context: Context,
    memory: Memory,
    /// Whether the greeting was asked for in this process.
    greeted: bool,
    /// Whether the thread is there in this process.
    ready: bool,
    /// The version, from the greeting.
    version: Option<String>,
    model: Option<String>,
    turn: Option<Turn>,
    questions: BTreeMap<String, Question>,
    /// Changes of files that were begun, by their item: what a question about them is about.
    changes: BTreeMap<String, String>,
    /// The cumulative figure that was counted last, to know a repetition.
    counted: Option<Tokens>,
    /// When the usage limit ends, as far as the program said so.
    reset: Option<Millis>,
    nonsense: Nonsense,
}

impl Codex {
    /// The driver of an agent, before its process is started.
    pub fn new(context: Context) -> Self {
        Self {
            memory: context.memory.clone().and_then(|memory| serde_json::from_value(memory).ok()).unwrap_or_default(),
            model: context.agent.model.clone(),
            context,
            greeted: false,
            ready: false,
            version: None,
            turn: None,
            questions: BTreeMap::new(),
            changes: BTreeMap::new(),
            counted: None,
            reset: None,
            nonsense: Nonsense::default(),
        }
    }

    /// How to start the process, or why it cannot be started.
    pub fn launch(&self) -> Result<Launch, String> {
        let Some(program) = self.context.program.clone() else {
            return Err("the program of the codex driver was not found on this node".to_owned());
        };
        Ok(Launch { program, args: vec!["app-server".to_owned()], env: vec![("NO_COLOR".to_owned(), "1".to_owned())], pass: PASS.to_vec() })
    }

    /// Begins a turn: at once when the thread is there, otherwise with the greeting.
    pub fn open(&mut self, say: &Say) -> Vec<Write> {
        self.turn = Some(Turn { say: say.clone(), id: None });
        self.reset = None;
        if self.ready {
            return self.begin().into_iter().collect();
        }
        if std::mem::replace(&mut self.greeted, true) {
            return Vec::new();
        }
        let client = json!({"name": "fugue", "title": "Fugue", "version": env!("CARGO_PKG_VERSION")});
        vec![request("greet", "initialize", &json!({"clientInfo": client}))]
    }

    /// The program has answered the greeting: the thread comes next.
    fn greeted(&self) -> Vec<Write> {
        let mut params = json!({
            "cwd": self.context.cwd,
            "approvalPolicy": "untrusted",
            "sandbox": "workspace-write",
            "model": self.context.agent.model,
            "developerInstructions": self.context.agent.instructions,
        });
        let method = match &self.memory.thread {
            Some(thread) => {
                params["threadId"] = json!(thread);
                params["excludeTurns"] = json!(true);
                "thread/resume"
            }
            None => "thread/start",
        };
        // Each start is a new write: a thread that was not found is followed by one that is begun.
        let key = if self.memory.thread.is_some() { "resume" } else { "thread" };
        vec![line("greeted", &json!({"method": "initialized"})), request(key, method, &params)]
    }

    /// The message goes to the thread.
    fn begin(&self) -> Option<Write> {
        let (turn, thread) = (self.turn.as_ref()?, self.memory.thread.as_ref()?);
        let input = json!([{"type": "text", "text": turn.say.words()}]);
        Some(request(&turn.say.key(), "turn/start", &json!({"threadId": thread, "input": input})))
    }

    /// Folds one thing that the spool holds.
    pub fn fold(&mut self, seen: Seen<'_>, at: Millis) -> Vec<Output> {
        match seen {
            Seen::Line(line) => self.line(line, at),
            Seen::ErrorLine(line) => self.nonsense.error_line(line),
            Seen::TooLong(bytes) => vec![Output::Event(bound::too_long(bytes))],
            Seen::Written(key) => {
                if let Some(name) = key.strip_prefix("answer:") {
                    self.questions.remove(name);
                }
                Vec::new()
            }
            Seen::Exited(how) => {
                self.questions.clear();
                let ended = self.turn.is_some().then(|| self.nonsense.exited(how)).flatten();
                if ended.is_some() {
                    self.turn = None;
                }
                ended.into_iter().collect()
            }
        }
    }

    fn remember(&self) -> Output {
        Output::Memory(json!(self.memory))
    }

    /// Answers a question; the program holds the bytes that it is about.
    pub fn answer(&mut self, verdict: &Verdict) -> Vec<Write> {
        let Some(question) = self.questions.get(&verdict.key) else { return Vec::new() };
        let result = if verdict.approved { &question.yes } else { &question.no };
        vec![line(&format!("answer:{}", verdict.key), &json!({"id": question.id, "result": result}))]
    }

    /// Breaks off the running turn, once the program has named it.
    pub fn interrupt(&mut self) -> Vec<Write> {
        self.about_turn(|turn, thread, id| {
            let key = turn.say.key().replacen("say:", "interrupt:", 1);
            request(&key, "turn/interrupt", &json!({"threadId": thread, "turnId": id}))
        })
    }

    /// Hands a message to the running turn, once the program has named it.
    pub fn steer(&mut self, message: &MessageId, text: &str) -> Vec<Write> {
        self.about_turn(|_, thread, id| {
            let input = json!([{"type": "text", "text": text}]);
            request(&format!("steer:{message}"), "turn/steer", &json!({"threadId": thread, "expectedTurnId": id, "input": input}))
        })
    }

    fn about_turn(&self, write: impl FnOnce(&Turn, &str, &str) -> Write) -> Vec<Write> {
        let (Some(turn), Some(thread)) = (&self.turn, &self.memory.thread) else { return Vec::new() };
        turn.id.as_ref().map(|id| write(turn, thread, id)).into_iter().collect()
    }
}

/// A request whose name is the key of its write, so that the answer tells what it answers.
fn request(key: &str, method: &str, params: &Value) -> Write {
    line(key, &json!({"id": key, "method": method, "params": params}))
}

fn line(key: &str, body: &Value) -> Write {
    Write { key: key.to_owned(), bytes: format!("{body}\n").into_bytes(), close: false }
}

mod ending;
mod item;
mod line;

//! The `claude` driver: one long-lived `claude -p` with stream-json on stdin and stdout; also our own rehearsal program.
//!
//! Invariant: the end of a turn is the `result` line that answers its message, never an exit code and never the `result` of
//! another message; what runs is the very text that was asked about. A process that was lost is brought back with `--resume`.
//! What the program prints is read in `claude/line.rs`, its ends in `claude/ending.rs`, its figures in `claude/ledger.rs`.

use super::nonsense::Nonsense;
use super::{Context, Launch, Output, Say, Seen, Verdict, Write, bound};
use fugue_domain::agent::Driver as Kind;
use fugue_domain::digest::sha256_hex;
use fugue_domain::id::MessageId;
use fugue_domain::world::Millis;
use ledger::Ledger;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// The program reads the conventions of a repository only together with the settings of that repository, which do not count here.
const CONVENTIONS: &str = "If the repository has a CLAUDE.md or AGENTS.md at its top, read it before you change anything and keep to it.";
/// Milliseconds after which the program has surely written down that the conversation exists. It was seen to take up to a tenth of a
/// second; a process that is lost earlier leaves nothing to come back to.
const STORED_MS: Millis = 1_000;

/// The program's own variables that reach it: where it logs in, and how a person has set it up.
const PASS: [&str; 14] = [
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_CUSTOM_HEADERS",
    "ANTHROPIC_DEFAULT_*",
    "ANTHROPIC_MODEL",
    "ANTHROPIC_SMALL_FAST_MODEL",
    "API_TIMEOUT_MS",
    "CLAUDE_CODE_*",
    "CLAUDE_CONFIG_DIR",
    "DISABLE_*",
    "MAX_THINKING_TOKENS",
    "MCP_*",
    "NODE_EXTRA_CA_CERTS",
];
/// What the rehearsal program is told by tests, besides its folder.
const PASS_REHEARSE: [&str; 2] = ["FUGUE_REHEARSE_HOME", "FUGUE_WITNESS"];

/// What outlives the process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Memory {
    /// The program's own name of the conversation, once it is certain that it can be brought back.
    conversation: Option<String>,
    /// Conversations that were begun; each has a name of its own, because a name that was used cannot be used again.
    begun: u32,
}

/// The message that is being answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Turn {
    say: String,
    /// Our names of the user lines that are not answered yet, the message itself first.
    unanswered: Vec<String>,
    /// When the provider lets us go on, as far as it said so in this turn.
    reset: Option<Millis>,
}

/// A process that speaks the protocol.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claude {
    context: Context,
    memory: Memory,
    /// Whether `initialize` was asked for in this process.
    greeted: bool,
    /// The conversation, and when the program told its name: with its first message.
    conversation: Option<(String, Millis)>,
    turn: Option<Turn>,
    /// Open questions: the program's name of each, and the exact text of its input.
    asks: BTreeMap<String, String>,
    ledger: Ledger,
    /// What was printed besides the protocol.
    nonsense: Nonsense,
}

impl Claude {
    /// The driver of an agent, before its process is started.
    pub fn new(context: Context) -> Self {
        let memory: Memory = context.memory.clone().and_then(|memory| serde_json::from_value(memory).ok()).unwrap_or_default();
        Self {
            context,
            memory,
            greeted: false,
            conversation: None,
            turn: None,
            asks: BTreeMap::new(),
            ledger: Ledger::default(),
            nonsense: Nonsense::default(),
        }
    }

    fn rehearses(&self) -> bool {
        self.context.agent.driver == Kind::Rehearse
    }

    /// How to start the process, or why it cannot be started.
    pub fn launch(&self) -> Result<Launch, String> {
        let Some(program) = self.context.program.clone() else {
            return Err(format!("the program of the {} driver was not found on this node", self.context.agent.driver.word()));
        };
        let mut args: Vec<String> = Vec::new();
        let mut add = |words: &[&str]| args.extend(words.iter().map(ToString::to_string));
        if self.rehearses() {
            add(&["rehearse"]);
        }
        add(&["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose", "--include-partial-messages"]);
        add(&["--permission-prompt-tool", "stdio"]);
        // Settings of the repository could allow tools, add hooks and choose keys: only the person's own count.
        add(&["--setting-sources", if self.context.agent.isolated { "" } else { "user" }]);
        match &self.memory.conversation {
            Some(conversation) => add(&["--resume", conversation]),
            None => add(&["--session-id", &self.new_name()]),
        }
        if let Some(model) = &self.context.agent.model {
            add(&["--model", model]);
        }
        if let Some(left) = self.context.budget_left {
            add(&["--max-budget-usd", &format!("{:.6}", left.usd())]);
        }
        let mut pass = PASS.to_vec();
        if self.rehearses() {
            pass.extend(PASS_REHEARSE);
        }
        // Its version is the node's to choose, not to change under a running fleet.
        let env = vec![("DISABLE_AUTOUPDATER".to_owned(), "1".to_owned())];
        Ok(Launch { program, args, env, pass })
    }

    /// The name of a conversation that is begun now.
    fn new_name(&self) -> String {
        match self.memory.begun {
            0 => uuid(self.context.session.bits()),
            earlier => uuid_of(&format!("{}:{earlier}", self.context.session)),
        }
    }

    /// Greets a new process and gives it the message; both can be written at once.
    pub fn open(&mut self, say: &Say) -> Vec<Write> {
        let name = uuid_of(&say.key());
        let mut line = user_line(&name, &say.words());
        if self.rehearses() {
            line["fugue"] = json!({"turn": say.turn, "epoch": say.epoch});
        }
        self.turn = Some(Turn { say: say.key(), unanswered: vec![name], reset: None });
        let mut writes = Vec::new();
        if !std::mem::replace(&mut self.greeted, true) {
            writes.push(control("greet", "greet".to_owned(), self.greeting()));
        }
        writes.push(write(say.key(), &line));
        writes
    }

    fn greeting(&self) -> serde_json::Value {
        let instructions = self.context.agent.instructions.iter().map(String::as_str);
        let instructions: Vec<&str> = instructions.chain([CONVENTIONS]).collect();
        json!({"subtype": "initialize", "hooks": null, "appendSystemPrompt": instructions.join("\n\n")})
    }

    /// Folds one thing that the spool holds.
    pub fn fold(&mut self, seen: Seen<'_>, at: Millis) -> Vec<Output> {
        match seen {
            Seen::Line(line) => self.line(line, at),
            Seen::ErrorLine(line) => self.nonsense.error_line(line),
            Seen::TooLong(bytes) => vec![Output::Event(bound::too_long(bytes))],
            Seen::Written(key) => {
                self.written(key);
                Vec::new()
            }
            Seen::Exited(how) => self.exited(how),
        }
    }

    /// What was written is what counts: a replay hears of it here, and of nothing that was only meant to be written.
    fn written(&mut self, key: &str) {
        if let Some(name) = key.strip_prefix("answer:") {
            self.asks.remove(name);
        } else if let (Some(Ok(message)), Some(turn)) = (key.strip_prefix("steer:").map(MessageId::parse), &mut self.turn) {
            turn.unanswered.push(uuid(message.bits()));
        }
    }

    /// Reads a line that is not the protocol.
    fn garbled(&mut self, line: &[u8]) -> Vec<Output> {
        let (outputs, ended) = self.nonsense.garbled(line, self.turn.is_some());
        if ended {
            self.turn = None;
        }
        outputs
    }

    /// The last figures of a process that ends inside a message, and what its end means where only its last words tell.
    fn exited(&mut self, how: Result<i32, i32>) -> Vec<Output> {
        let mut outputs = self.ledger.close();
        self.asks.clear();
        if self.turn.is_some()
            && let Some(ended) = self.nonsense.exited(how)
        {
            self.turn = None;
            if self.nonsense.sample().contains("already in use") {
                outputs.push(self.forget());
            }
            outputs.push(ended);
        }
        outputs
    }

    /// There is no conversation to come back to: the next message begins a new one.
    fn forget(&mut self) -> Output {
        self.memory = Memory { conversation: None, begun: self.memory.begun + 1 };
        Output::Memory(json!(self.memory))
    }

    /// Answers a tool request with the very bytes that were asked about.
    pub fn answer(&mut self, verdict: &Verdict) -> Vec<Write> {
        let Some(input) = self.asks.get(&verdict.key) else { return Vec::new() };
        let response = if verdict.approved {
            // Put together by hand: reading and printing the input again could change its bytes.
            format!(r#"{{"behavior":"allow","updatedInput":{input}}}"#)
        } else {
            let reason = verdict.reason.as_deref().unwrap_or("This was not allowed. Do without it, or say what you need it for.");
            json!({"behavior": "deny", "message": reason}).to_string()
        };
        let name = json!(verdict.key);
        let line =
            format!(r#"{{"type":"control_response","response":{{"subtype":"success","request_id":{name},"response":{response}}}}}"#) + "\n";
        vec![Write { key: format!("answer:{}", verdict.key), bytes: line.into_bytes(), close: false }]
    }

    /// Breaks off the running message.
    pub fn interrupt(&mut self) -> Vec<Write> {
        let Some(turn) = &self.turn else { return Vec::new() };
        let key = turn.say.replacen("say:", "interrupt:", 1);
        vec![control(&key.clone(), key, json!({"subtype": "interrupt"}))]
    }

    /// Hands a message to the running one: the program folds it in between two steps, or answers it right afterwards.
    pub fn steer(&mut self, message: &MessageId, text: &str) -> Vec<Write> {
        match self.turn {
            Some(_) => vec![write(format!("steer:{message}"), &user_line(&uuid(message.bits()), text))],
            None => Vec::new(),
        }
    }
}

fn user_line(name: &str, text: &str) -> serde_json::Value {
    json!({"type": "user", "uuid": name, "message": {"role": "user", "content": text}, "parent_tool_use_id": null})
}

fn control(request: &str, key: String, body: serde_json::Value) -> Write {
    write(key, &json!({"type": "control_request", "request_id": request, "request": body}))
}

fn write(key: String, line: &serde_json::Value) -> Write {
    Write { key, bytes: format!("{line}\n").into_bytes(), close: false }
}

/// 128 bits as a UUID is written.
fn uuid(bits: u128) -> String {
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// The UUID that always belongs to a text (version 8: made by a rule of our own).
fn uuid_of(text: &str) -> String {
    let hash = sha256_hex(text.as_bytes());
    let bits = u128::from_str_radix(&hash[..32], 16).unwrap_or_default();
    uuid(bits & !(0xf << 76) & !(0b11 << 62) | 0x8 << 76 | 0b10 << 62)
}

mod ending;
mod ledger;
mod line;

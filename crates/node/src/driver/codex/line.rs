//! The lines that the program prints, read into outputs: answers, questions and notifications.
//!
//! Invariant: only what belongs to our thread and turn is told; a notification of an unknown kind passes through.

use super::super::{Ask, Output, bound, price};
use super::item::{self, Item};
use super::{Codex, Question, ending, line};
use fugue_domain::event::{Delta, Event, Level};
use fugue_domain::money::{Tokens, Usage};
use fugue_domain::reason::Reason;
use fugue_domain::remark::Remark;
use fugue_domain::turn::Ending;
use fugue_domain::world::Millis;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Beginnings of notifications that tell nothing a person or the rules need, or tell it a second time.
const SILENT: [&str; 20] = [
    "account/",
    "app/",
    "command/",
    "fs/",
    "hook/",
    "item/commandExecution/",
    "item/fileChange/",
    "item/mcpToolCall/",
    "item/plan/",
    "item/reasoning/summaryPartAdded",
    "mcpServer/",
    "model/",
    "process/",
    "project/",
    "remoteControl/",
    "skills/",
    "thread/",
    "turn/diff/",
    "turn/moderationMetadata",
    "turn/plan/",
];

#[derive(Deserialize)]
struct Line<'a> {
    id: Option<Value>,
    #[serde(default)]
    method: String,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    result: Option<Value>,
    error: Option<Value>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Params {
    item: Option<Item>,
    item_id: String,
    delta: String,
    turn: Option<Value>,
    turn_id: String,
    token_usage: Option<TokenUsage>,
    request_id: Option<Value>,
    error: Option<Value>,
    will_retry: bool,
    message: String,
    summary: String,
    rate_limits: Option<Value>,
    command: Option<String>,
    cwd: Option<String>,
    reason: Option<String>,
    permissions: Option<Value>,
}

#[derive(Deserialize)]
struct TokenUsage {
    total: Figures,
    last: Figures,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Figures {
    input_tokens: i64,
    cached_input_tokens: i64,
    cache_write_input_tokens: i64,
    output_tokens: i64,
}

impl From<&Figures> for Tokens {
    /// Here `input` counts what came from the cache or went into it as well.
    fn from(figures: &Figures) -> Self {
        let (cache_read, cache_write) = (figures.cached_input_tokens, figures.cache_write_input_tokens);
        Self { input: (figures.input_tokens - cache_read - cache_write).max(0), output: figures.output_tokens, cache_read, cache_write }
    }
}

impl Codex {
    /// Reads one line of stdout.
    pub(super) fn line(&mut self, bytes: &[u8], at: Millis) -> Vec<Output> {
        let Ok(line) = serde_json::from_slice::<Line<'_>>(bytes) else { return self.garbled(bytes) };
        if line.id.is_none() && line.method.is_empty() {
            return self.garbled(bytes);
        }
        self.nonsense.spoke();
        let params = || line.params.and_then(|params| serde_json::from_str::<Params>(params.get()).ok()).unwrap_or_default();
        match (line.id, line.method.is_empty()) {
            (Some(id), true) => self.answered(id.as_str().unwrap_or_default(), line.result.unwrap_or_default(), line.error),
            (Some(id), false) => self.asked(id, &line.method, params()),
            (None, _) => self.notified(&line.method, params(), bytes, at),
        }
    }

    fn garbled(&mut self, bytes: &[u8]) -> Vec<Output> {
        if bytes.trim_ascii().is_empty() {
            return Vec::new();
        }
        let (outputs, ended) = self.nonsense.garbled(bytes, self.turn.is_some());
        if ended {
            self.turn = None;
        }
        outputs
    }

    /// An answer to a request of ours, whose name is the key of its write.
    fn answered(&mut self, key: &str, result: Value, error: Option<Value>) -> Vec<Output> {
        if let Some(error) = error {
            return self.refused(key, error["message"].as_str().unwrap_or("no reason given"));
        }
        match key {
            "greet" => {
                let agent = result["userAgent"].as_str().unwrap_or_default();
                self.version = agent.split_once('/').and_then(|(_, rest)| Some(rest.split(' ').next()?.to_owned()));
                self.greeted().into_iter().map(Output::Write).collect()
            }
            "thread" | "resume" => self.threaded(&result, key == "resume"),
            key if key.starts_with("say:") => self.named(result["turn"]["id"].as_str()),
            _ => Vec::new(),
        }
    }

    /// The thread is there: the message goes to it.
    fn threaded(&mut self, result: &Value, resumed: bool) -> Vec<Output> {
        let Some(thread) = result["thread"]["id"].as_str() else { return self.refused("thread", "the thread has no name") };
        self.memory.thread = Some(thread.to_owned());
        self.ready = true;
        self.model = result["model"].as_str().map(str::to_owned).or(self.model.take());
        let started =
            Event::AgentStarted { program: "codex".to_owned(), version: self.version.clone(), model: self.model.clone(), resumed };
        let mut outputs = vec![self.remember(), Output::Event(started)];
        outputs.extend(self.begin().map(Output::Write));
        outputs
    }

    fn named(&mut self, id: Option<&str>) -> Vec<Output> {
        if let (Some(turn), Some(id)) = (&mut self.turn, id) {
            turn.id = Some(id.to_owned());
        }
        Vec::new()
    }

    fn refused(&mut self, key: &str, message: &str) -> Vec<Output> {
        if key == "resume" && !self.memory.finished {
            // Lost before anything was stored: nothing is forgotten by beginning anew.
            self.memory.thread = None;
            return self.greeted().into_iter().skip(1).map(Output::Write).collect();
        }
        let reason = match key {
            "resume" => Reason::ResumeFailed,
            "greet" => Reason::Nonsense,
            "thread" => Reason::BadRequest,
            key if key.starts_with("say:") => Reason::BadRequest,
            _ => {
                let refused = Remark::Refused { words: bound::detail(message) };
                return vec![Output::Event(Event::notice(Level::Warning, refused))];
            }
        };
        let mut outputs = Vec::new();
        if key == "resume" {
            // The next message begins a new conversation: there is nothing left to come back to.
            self.memory = super::Memory::default();
            outputs.push(self.remember());
        }
        self.greeted = key.starts_with("say:");
        if self.turn.take().is_some() {
            outputs.push(Output::Ended { ending: Ending::Failed { reason }, detail: Some(bound::detail(message)) });
        }
        outputs
    }

    /// A request of the program's.
    fn asked(&mut self, id: Value, method: &str, params: Params) -> Vec<Output> {
        let decision = |yes: &str| json!({"decision": yes});
        let (tool, input, yes, no) = match method {
            "item/commandExecution/requestApproval" => {
                let command = params.command.as_deref().map(item::script).unwrap_or_default();
                ("Bash", item::command_input(&command, params.cwd.as_deref()), decision("accept"), decision("decline"))
            }
            "item/fileChange/requestApproval" => {
                let input = self.changes.get(&params.item_id).cloned().unwrap_or_else(|| "{}".to_owned());
                ("Edit", input, decision("accept"), decision("decline"))
            }
            "item/permissions/requestApproval" => {
                let permissions = params.permissions.unwrap_or_default();
                let input = json!({"permissions": permissions, "cwd": params.cwd}).to_string();
                ("Permissions", input, json!({"permissions": permissions, "scope": "turn"}), json!({"permissions": {}, "scope": "turn"}))
            }
            // What is not answered is waited for without end.
            _ => {
                let error = json!({"code": -32601, "message": "not supported by this host"});
                return vec![Output::Write(line(&format!("refuse:{id}"), &json!({"id": id, "error": error})))];
            }
        };
        let key = id.to_string();
        self.questions.insert(key.clone(), Question { id, yes, no });
        let purpose = params.reason.map(|reason| bound::detail(&reason));
        vec![Output::Ask(Ask { key, tool: tool.to_owned(), input, purpose })]
    }

    fn notified(&mut self, method: &str, params: Params, bytes: &[u8], at: Millis) -> Vec<Output> {
        let event = |event: Event| vec![Output::Event(event)];
        match method {
            "turn/started" => self.named(params.turn.as_ref().and_then(|turn| turn["id"].as_str())),
            "turn/completed" => self.completed(&params.turn.unwrap_or_default(), at),
            "item/started" | "item/completed" => self.item(params.item, method == "item/completed"),
            "item/agentMessage/delta" => vec![Output::Delta(Delta::Text { text: params.delta })],
            "item/reasoning/summaryTextDelta" | "item/reasoning/textDelta" => vec![Output::Delta(Delta::Thought { text: params.delta })],
            "thread/tokenUsage/updated" => self.used(params.token_usage, &params.turn_id),
            "account/rateLimits/updated" => self.limited(&params.rate_limits.unwrap_or_default()),
            "serverRequest/resolved" => {
                let key = params.request_id.unwrap_or_default().to_string();
                self.questions.remove(&key).map(|_| Output::Withdrawn { key }).into_iter().collect()
            }
            "error" => {
                let level = if params.will_retry { Level::Warning } else { Level::Error };
                let error = params.error.unwrap_or_default();
                event(bound::notice(level, &ending::words(&error)))
            }
            "warning" | "guardianWarning" | "deprecationNotice" | "configWarning" => {
                let text = if params.message.is_empty() { params.summary } else { params.message };
                event(bound::notice(Level::Warning, &text))
            }
            silent if SILENT.iter().any(|beginning| silent.starts_with(beginning)) => Vec::new(),
            _ => event(Event::AgentRaw { body: bound::value(&String::from_utf8_lossy(bytes)) }),
        }
    }

    fn item(&mut self, item: Option<Item>, completed: bool) -> Vec<Output> {
        let Some(item) = item else { return Vec::new() };
        if let Some((id, input)) = item.change() {
            if completed {
                self.changes.remove(id);
            } else {
                self.changes.insert(id.to_owned(), input);
            }
        }
        item.events(completed).into_iter().map(Output::Event).collect()
    }

    /// One call to the model has ended. The total only tells a repetition from news: it begins again at nothing after a crash.
    fn used(&mut self, usage: Option<TokenUsage>, turn: &str) -> Vec<Output> {
        let Some(usage) = usage else { return Vec::new() };
        let total = Tokens::from(&usage.total);
        let ours = self.turn.as_ref().is_some_and(|running| running.id.as_deref() == Some(turn));
        if self.counted.replace(total) == Some(total) || !ours {
            return Vec::new();
        }
        let tokens = Tokens::from(&usage.last);
        let cost_usd = self.model.as_deref().map(|model| price::of(model, &tokens)).unwrap_or_default();
        vec![Output::Used { usage: Usage { cost_usd, tokens }, model: self.model.clone() }]
    }

    fn limited(&mut self, limits: &Value) -> Vec<Output> {
        let windows = [&limits["primary"], &limits["secondary"]];
        let full = windows.iter().filter(|window| window["usedPercent"].as_i64().is_some_and(|percent| percent >= 100));
        let resets = full.filter_map(|window| window["resetsAt"].as_i64()).max();
        self.reset = resets.map(|seconds| seconds * 1_000).or(self.reset);
        Vec::new()
    }

    fn completed(&mut self, turn: &Value, at: Millis) -> Vec<Output> {
        let ours = self.turn.as_ref().is_some_and(|running| running.id.is_none() || running.id.as_deref() == turn["id"].as_str());
        if !ours {
            return Vec::new();
        }
        self.turn = None;
        let (ending, detail) = ending::of(turn, self.reset, at);
        let questions = std::mem::take(&mut self.questions);
        let mut outputs: Vec<Output> = questions.into_keys().map(|key| Output::Withdrawn { key }).collect();
        if !std::mem::replace(&mut self.memory.finished, true) {
            outputs.push(self.remember());
        }
        outputs.push(Output::Ended { ending, detail });
        outputs
    }
}

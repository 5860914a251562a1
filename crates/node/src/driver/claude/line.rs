//! The lines that the program prints, read into outputs.
//!
//! Invariant: a line is read by its fields, never by its beginning, and a line of an unknown type passes through. Called by
//! `fold` for each whole line of stdout.

use super::super::{Ask, Output, bound};
use super::ledger::CallFigures;
use super::{Claude, STORED_MS, write};
use fugue_domain::event::{Delta, Event, Level};
use fugue_domain::remark::Remark;
use fugue_domain::world::Millis;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

/// Types that tell nothing a person or the rules need, or tell it a second time.
const SILENT: [&str; 6] = ["keep_alive", "tool_progress", "tool_use_summary", "prompt_suggestion", "auth_status", "attachment"];
/// The same among the types of `system`.
const SILENT_SYSTEM: [&str; 10] = [
    "status",
    "thinking_tokens",
    "hook_started",
    "hook_progress",
    "hook_response",
    "task_started",
    "task_progress",
    "task_updated",
    "task_notification",
    "session_state_changed",
];

/// What the lines say, as far as it is read here. One shape for all: a field that a type does not have is absent.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Line<'a> {
    #[serde(rename = "type")]
    kind: String,
    subtype: String,
    request_id: String,
    #[serde(borrow)]
    request: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    parent_tool_use_id: Option<String>,
    rate_limit_info: Option<RateLimit>,
    /// Why an `assistant` line is an error, or what a retry is about.
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    error_status: Option<i64>,
    attempt: i64,
    max_retries: i64,
    retry_delay_ms: f64,
    session_id: String,
    claude_code_version: Option<String>,
    model: Option<String>,
    content: Option<String>,
    level: String,
    command_uuid: String,
    state: String,
}

#[derive(Deserialize)]
struct RateLimit {
    status: String,
    #[serde(rename = "resetsAt")]
    resets_at: Option<f64>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    content: &'a RawValue,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Block<'a> {
    #[serde(rename = "type")]
    kind: String,
    text: String,
    thinking: String,
    id: String,
    name: String,
    tool_use_id: String,
    is_error: bool,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct StreamEvent {
    #[serde(rename = "type")]
    kind: String,
    delta: Option<StreamDelta>,
    message: Option<StreamMessage>,
    usage: Option<CallFigures>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct StreamDelta {
    #[serde(rename = "type")]
    kind: String,
    text: String,
    thinking: String,
}

#[derive(Deserialize)]
struct StreamMessage {
    model: String,
    #[serde(default)]
    usage: CallFigures,
}

#[derive(Deserialize)]
struct Request<'a> {
    subtype: String,
    #[serde(default)]
    tool_name: String,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    description: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Response {
    subtype: String,
    error: String,
}

impl Claude {
    /// Reads one line of stdout.
    pub(super) fn line(&mut self, bytes: &[u8], at: Millis) -> Vec<Output> {
        let Ok(line) = serde_json::from_slice::<Line<'_>>(bytes) else {
            return if bytes.trim_ascii().is_empty() { Vec::new() } else { self.garbled(bytes) };
        };
        self.nonsense.spoke();
        let mut outputs = self.read(&line, bytes, at);
        // Our own program stores first and speaks then.
        let after = if self.rehearses() { 0 } else { STORED_MS };
        if self.conversation.as_ref().is_some_and(|(_, told)| at - told >= after) {
            outputs.extend(self.stored());
        }
        outputs
    }

    fn read(&mut self, line: &Line<'_>, bytes: &[u8], at: Millis) -> Vec<Output> {
        match line.kind.as_str() {
            "stream_event" => self.stream(line),
            "assistant" => assistant(line),
            "user" => tool_results(line),
            "result" => self.result(bytes, at),
            "control_request" => self.request(line),
            "control_cancel_request" => self.withdrawn(&line.request_id),
            "control_response" => response(line),
            "system" => self.system(line, bytes, at),
            "command_lifecycle" => self.lifecycle(line),
            "rate_limit_event" => self.rate_limit(line.rate_limit_info.as_ref()),
            known if SILENT.contains(&known) => Vec::new(),
            _ => passed_through(bytes),
        }
    }

    fn stream(&mut self, line: &Line<'_>) -> Vec<Output> {
        let Some(event) = line.event.and_then(|event| serde_json::from_str::<StreamEvent>(event.get()).ok()) else { return Vec::new() };
        match (event.kind.as_str(), event.message, event.usage, event.delta) {
            ("message_start", Some(message), ..) => self.ledger.begin(&message.model, &message.usage),
            ("message_delta", _, Some(figures), _) => self.ledger.update(&figures),
            // The typing of a helper belongs to no text of the agent.
            ("content_block_delta", _, _, Some(delta)) if line.parent_tool_use_id.is_none() => {
                return match delta.kind.as_str() {
                    "text_delta" => vec![Output::Delta(Delta::Text { text: delta.text })],
                    "thinking_delta" => vec![Output::Delta(Delta::Thought { text: delta.thinking })],
                    _ => Vec::new(),
                };
            }
            _ => {}
        }
        Vec::new()
    }

    fn system(&mut self, line: &Line<'_>, bytes: &[u8], at: Millis) -> Vec<Output> {
        match line.subtype.as_str() {
            "init" => self.began(line, at),
            "api_retry" => {
                let (status, attempt, most) = (line.error_status, line.attempt, line.max_retries);
                let retrying = Remark::Retrying { status, attempt, most, wait_ms: line.retry_delay_ms as i64 };
                vec![Output::Event(Event::notice(Level::Warning, retrying))]
            }
            "compact_boundary" => vec![Output::Event(Event::notice(Level::Info, Remark::Compacted))],
            known if SILENT_SYSTEM.contains(&known) => Vec::new(),
            _ => match &line.content {
                Some(content) => {
                    let level = if line.level == "warning" { Level::Warning } else { Level::Info };
                    vec![Output::Event(bound::notice(level, content))]
                }
                None => passed_through(bytes),
            },
        }
    }

    /// `init` comes with each message; the first one tells that the process is there, and the conversation its name.
    fn began(&mut self, line: &Line<'_>, at: Millis) -> Vec<Output> {
        if self.conversation.is_some() {
            return Vec::new();
        }
        let resumed = self.memory.conversation.is_some();
        let mut outputs = Vec::new();
        if !resumed {
            self.memory.begun += 1;
            outputs.push(Output::Memory(json!(self.memory)));
        }
        self.conversation = Some((line.session_id.clone(), at));
        outputs.push(Output::Event(Event::AgentStarted {
            program: if self.rehearses() { "fugue rehearse" } else { "claude" }.to_owned(),
            version: line.claude_code_version.clone(),
            model: line.model.clone(),
            resumed,
        }));
        outputs
    }

    /// The conversation can be brought back from now on.
    pub(super) fn stored(&mut self) -> Option<Output> {
        let (name, _) = self.conversation.as_ref()?;
        if self.memory.conversation.as_ref() == Some(name) {
            return None;
        }
        self.memory.conversation = Some(name.clone());
        Some(Output::Memory(json!(self.memory)))
    }

    fn request(&mut self, line: &Line<'_>) -> Vec<Output> {
        let request = line.request.and_then(|request| serde_json::from_str::<Request<'_>>(request.get()).ok());
        match request {
            Some(Request { subtype, tool_name, input: Some(input), description }) if subtype == "can_use_tool" => {
                self.asks.insert(line.request_id.clone(), input.get().to_owned());
                let purpose = description.map(|text| bound::detail(&text));
                vec![Output::Ask(Ask { key: line.request_id.clone(), tool: tool_name, input: input.get().to_owned(), purpose })]
            }
            // What is not answered is waited for without end.
            _ => {
                let refusal = json!({"subtype": "error", "request_id": line.request_id, "error": "not supported by this host"});
                let line_out = json!({"type": "control_response", "response": refusal});
                vec![Output::Write(write(format!("refuse:{}", line.request_id), &line_out))]
            }
        }
    }

    fn withdrawn(&mut self, key: &str) -> Vec<Output> {
        self.asks.remove_entry(key).map(|(key, _)| Output::Withdrawn { key }).into_iter().collect()
    }

    /// A steered message that was taken back or dropped will get no answer.
    fn lifecycle(&mut self, line: &Line<'_>) -> Vec<Output> {
        if let Some(turn) = &mut self.turn
            && matches!(line.state.as_str(), "cancelled" | "dropped")
            && turn.unanswered.first() != Some(&line.command_uuid)
        {
            turn.unanswered.retain(|name| *name != line.command_uuid);
        }
        Vec::new()
    }

    fn rate_limit(&mut self, info: Option<&RateLimit>) -> Vec<Output> {
        let Some(info) = info.filter(|info| info.status == "rejected") else { return Vec::new() };
        if let (Some(turn), Some(seconds)) = (&mut self.turn, info.resets_at) {
            turn.reset = Some((seconds * 1_000.0) as Millis);
        }
        Vec::new()
    }
}

fn blocks(message: &RawValue) -> Vec<Block<'_>> {
    let Ok(message) = serde_json::from_str::<Message<'_>>(message.get()) else { return Vec::new() };
    match serde_json::from_str::<Vec<Block<'_>>>(message.content.get()) {
        Ok(blocks) => blocks,
        Err(_) => {
            let text = serde_json::from_str(message.content.get()).unwrap_or_default();
            vec![Block { kind: "text".to_owned(), text, ..Block::default() }]
        }
    }
}

fn assistant(line: &Line<'_>) -> Vec<Output> {
    let failed = line.error.is_some();
    let helper = line.parent_tool_use_id.is_some();
    let event = |block: Block<'_>| match block.kind.as_str() {
        "text" if block.text.trim().is_empty() => None,
        // The program's own words about an error, in the shape of an answer.
        "text" if failed => Some(bound::notice(Level::Error, &block.text)),
        "text" if helper => Some(Event::notice(Level::Info, Remark::Helper { words: bound::detail(&block.text) })),
        "text" => Some(Event::AgentText { text: bound::text(&block.text) }),
        "thinking" if helper || block.thinking.trim().is_empty() => None,
        "thinking" => Some(Event::AgentThought { text: bound::text(&block.thinking) }),
        "tool_use" | "server_tool_use" | "mcp_tool_use" => {
            let input = block.input.map_or(serde_json::Value::Null, |input| bound::value(input.get()));
            Some(Event::ToolCalled { call: block.id, tool: block.name, input })
        }
        _ => None,
    };
    line.message.map(blocks).unwrap_or_default().into_iter().filter_map(event).map(Output::Event).collect()
}

fn tool_results(line: &Line<'_>) -> Vec<Output> {
    let blocks = line.message.map(blocks).unwrap_or_default();
    let results = blocks.into_iter().filter(|block| block.kind == "tool_result");
    let event = |block: Block<'_>| {
        let output = block.content.map(plain).unwrap_or_default();
        let exit_code = output.strip_prefix("Exit code ").and_then(|rest| rest.lines().next()?.trim().parse().ok());
        Event::ToolEnded { call: block.tool_use_id, ok: !block.is_error, output: bound::text(&output), exit_code }
    };
    results.map(event).map(Output::Event).collect()
}

/// The text of a tool's result, which is one text or a list of blocks.
fn plain(content: &RawValue) -> String {
    if let Ok(text) = serde_json::from_str::<String>(content.get()) {
        return text;
    }
    let Ok(blocks) = serde_json::from_str::<Vec<Block<'_>>>(content.get()) else { return content.get().to_owned() };
    let shown = |block: &Block<'_>| if block.kind == "text" { block.text.clone() } else { format!("[{}]", block.kind) };
    blocks.iter().map(shown).collect::<Vec<_>>().join("\n")
}

fn response(line: &Line<'_>) -> Vec<Output> {
    let response: Response = line.response.and_then(|response| serde_json::from_str(response.get()).ok()).unwrap_or_default();
    if response.subtype != "error" {
        return Vec::new();
    }
    vec![Output::Event(Event::notice(Level::Warning, Remark::Refused { words: bound::detail(&response.error) }))]
}

fn passed_through(bytes: &[u8]) -> Vec<Output> {
    vec![Output::Event(Event::AgentRaw { body: bound::value(&String::from_utf8_lossy(bytes)) })]
}

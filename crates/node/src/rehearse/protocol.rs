//! Claude Code's protocol from the program's side: what is heard on stdin, and what is said on stdout.
//!
//! Invariant: each line is whole when it is printed, and printed at once. A line that is not understood is ignored.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::sync::mpsc::Sender;

/// A message of the user.
#[derive(Debug, Clone)]
pub struct Message {
    /// The name that the host gave it.
    pub uuid: String,
    /// The text.
    pub text: String,
    /// The turn and the epoch of its lease, as the host told them.
    pub turn: Option<String>,
    /// The epoch.
    pub epoch: Option<i64>,
}

/// What can be heard.
pub enum Input {
    /// A message.
    Message(Message),
    /// The host wants something.
    Request {
        /// The name of the request.
        id: String,
        /// Whether the message is to be broken off.
        interrupt: bool,
        /// The instructions, in the first request of all.
        instructions: Option<String>,
    },
    /// The host answers a question.
    Answer {
        /// The name of the question.
        id: String,
        /// The exact input that was approved; otherwise the reason why not.
        allowed: Result<String, String>,
    },
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    uuid: String,
    #[serde(default)]
    message: Value,
    #[serde(default)]
    fugue: Value,
    #[serde(default)]
    request_id: String,
    #[serde(default)]
    request: Value,
    #[serde(borrow)]
    response: Option<Response<'a>>,
}

#[derive(Deserialize)]
struct Response<'a> {
    #[serde(default)]
    request_id: String,
    #[serde(borrow)]
    response: Option<Verdict<'a>>,
}

#[derive(Deserialize)]
struct Verdict<'a> {
    behavior: String,
    #[serde(rename = "updatedInput", borrow)]
    updated_input: Option<&'a RawValue>,
    #[serde(default)]
    message: String,
}

/// Hears until stdin is closed.
pub fn listen(to: &Sender<Input>) {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let Ok(line) = serde_json::from_str::<Line<'_>>(&line) else { continue };
        let input = match line.kind.as_str() {
            "user" => Input::Message(Message {
                uuid: line.uuid,
                text: line.message["content"].as_str().unwrap_or_default().to_owned(),
                turn: line.fugue["turn"].as_str().map(str::to_owned),
                epoch: line.fugue["epoch"].as_i64(),
            }),
            "control_request" => Input::Request {
                id: line.request_id,
                interrupt: line.request["subtype"] == "interrupt",
                instructions: line.request["appendSystemPrompt"].as_str().map(str::to_owned),
            },
            "control_response" => {
                let Some(response) = line.response else { continue };
                let allowed = match response.response {
                    Some(Verdict { behavior, updated_input: Some(input), .. }) if behavior == "allow" => Ok(input.get().to_owned()),
                    Some(verdict) => Err(verdict.message),
                    None => Err("the host could not answer".to_owned()),
                };
                Input::Answer { id: response.request_id, allowed }
            }
            _ => continue,
        };
        if to.send(input).is_err() {
            return;
        }
    }
}

/// What is said.
pub struct Voice {
    conversation: String,
    /// The name of the model that is pretended.
    pub model: String,
    results: u64,
}

impl Voice {
    /// The voice of one process.
    pub fn new(conversation: &str, model: &str) -> Self {
        Self { conversation: conversation.to_owned(), model: model.to_owned(), results: 0 }
    }

    /// Prints one line. Nobody who listens is no reason to stop: the end comes with stdin's.
    pub fn print(&self, mut line: Value) {
        line["session_id"] = json!(self.conversation);
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }

    /// Answers a request of the host.
    pub fn acknowledge(&self, id: &str) {
        let response = json!({"subtype": "success", "request_id": id, "response": {"pid": std::process::id()}});
        self.print(json!({"type": "control_response", "response": response}));
    }

    /// The beginning of a message.
    pub fn init(&self) {
        self.print(json!({"type": "system", "subtype": "init", "model": self.model, "tools": ["Bash", "Write"], "mcp_servers": [],
            "permissionMode": "default", "claude_code_version": env!("CARGO_PKG_VERSION"), "cwd": std::env::current_dir().unwrap_or_default()}));
    }

    /// An event of the stream.
    pub fn stream(&self, event: Value) {
        self.print(json!({"type": "stream_event", "event": event, "parent_tool_use_id": null}));
    }

    /// One block of an answer.
    pub fn assistant(&self, block: Value) {
        let message = json!({"role": "assistant", "type": "message", "model": self.model, "content": [block]});
        self.print(json!({"type": "assistant", "message": message, "parent_tool_use_id": null}));
    }

    /// A text or a thought: its typing, then the whole.
    pub fn speak(&self, kind: &str, text: &str) {
        for word in text.split_inclusive(' ') {
            let delta = json!({"type": format!("{kind}_delta"), (if kind == "text" { "text" } else { "thinking" }): word});
            self.stream(json!({"type": "content_block_delta", "index": 0, "delta": delta}));
        }
        self.assistant(json!({"type": kind, kind: text}));
    }

    /// The result of a tool.
    pub fn tool_result(&self, call: &str, ok: bool, text: &str) {
        let block = json!({"type": "tool_result", "tool_use_id": call, "content": text, "is_error": !ok});
        self.print(json!({"type": "user", "message": {"role": "user", "content": [block]}, "parent_tool_use_id": null}));
    }

    /// The end of a message; `fields` say how.
    pub fn result(&mut self, fields: Value) {
        let mut line = json!({"type": "result", "subtype": "success", "is_error": false, "terminal_reason": "completed",
            "stop_reason": "end_turn", "api_error_status": null, "num_turns": 1, "queued_turn_count": 0, "result_index": self.results});
        if let (Some(line), Value::Object(fields)) = (line.as_object_mut(), fields) {
            line.extend(fields);
        }
        self.results += 1;
        self.print(line);
    }

    /// The conversation that was to be brought back is not there.
    pub fn not_found(&mut self) {
        let error = format!("No conversation found with session ID: {}", self.conversation);
        self.result(json!({"subtype": "error_during_execution", "is_error": true, "terminal_reason": null, "errors": [error],
            "total_cost_usd": 0, "modelUsage": {}}));
    }
}

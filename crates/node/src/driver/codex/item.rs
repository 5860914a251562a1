//! The things that the agent says and does, which codex calls items.
//!
//! Invariant: a tool is called by the words of the rules (`Bash`, `Edit`, `mcp__server__tool`) wherever it appears, and a question
//! about it shows the same input. An item of an unknown kind passes through.

use super::super::bound;
use fugue_domain::event::{Event, Level};
use fugue_domain::remark::Remark;
use serde::Deserialize;
use serde_json::{Value, json};

/// One item, as far as it is read here.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub struct Item {
    #[serde(rename = "type")]
    kind: String,
    id: String,
    /// The rest, which each kind has of its own.
    #[serde(flatten)]
    rest: serde_json::Map<String, Value>,
}

impl Item {
    fn text(&self, field: &str) -> &str {
        self.rest.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// For a change of files: its name, and the input of a question about it.
    pub fn change(&self) -> Option<(&str, String)> {
        (self.kind == "fileChange").then(|| (self.id.as_str(), self.change_input().to_string()))
    }

    /// One file is named as the rules name it. Several are listed, and no rule about a path covers them.
    fn change_input(&self) -> Value {
        let changes = self.rest.get("changes").cloned().unwrap_or_default();
        match changes.as_array().map(Vec::as_slice) {
            Some([one]) if one["kind"]["move_path"].is_null() => {
                json!({"file_path": one["path"], "kind": one["kind"]["type"], "diff": one["diff"]})
            }
            _ => json!({"changes": changes}),
        }
    }

    /// What it tells, when it begins or when it is over.
    pub fn events(&self, completed: bool) -> Vec<Event> {
        match (self.kind.as_str(), completed) {
            ("agentMessage", true) => self.said(self.text("text"), |text| Event::AgentText { text }),
            ("reasoning", true) => {
                let parts = ["summary", "content"].iter().filter_map(|field| self.rest.get(*field)?.as_array()).flatten();
                let text = parts.filter_map(Value::as_str).collect::<Vec<_>>().join("\n\n");
                self.said(&text, |text| Event::AgentThought { text })
            }
            ("error", true) => vec![bound::notice(Level::Warning, self.text("message"))],
            ("contextCompaction", true) => vec![Event::notice(Level::Info, Remark::Compacted)],
            (
                "agentMessage" | "reasoning" | "userMessage" | "plan" | "hookPrompt" | "error" | "contextCompaction" | "functionCallOutput",
                _,
            ) => Vec::new(),
            _ => match (self.tool(), completed) {
                (Some((tool, input)), false) => {
                    vec![Event::ToolCalled { call: self.id.clone(), tool, input: bound::value(&input.to_string()) }]
                }
                (Some(_), true) => vec![self.ended()],
                (None, true) => vec![Event::AgentRaw { body: bound::value(&json!({"type": self.kind, "item": self.rest}).to_string()) }],
                (None, false) => Vec::new(),
            },
        }
    }

    fn said(&self, text: &str, event: fn(String) -> Event) -> Vec<Event> {
        if text.trim().is_empty() { Vec::new() } else { vec![event(bound::text(text))] }
    }

    /// The tool in the words of the rules, with its input.
    fn tool(&self) -> Option<(String, Value)> {
        let field = |name: &str| self.rest.get(name).cloned().unwrap_or_default();
        Some(match self.kind.as_str() {
            "commandExecution" => {
                let input = command_input(&script(self.text("command")), Some(self.text("cwd")));
                ("Bash".to_owned(), serde_json::from_str(&input).unwrap_or_default())
            }
            "fileChange" => ("Edit".to_owned(), self.change_input()),
            "mcpToolCall" => (format!("mcp__{}__{}", self.text("server"), self.text("tool")), field("arguments")),
            "dynamicToolCall" => (self.text("tool").to_owned(), field("arguments")),
            "webSearch" => ("WebSearch".to_owned(), json!({"query": field("query")})),
            "collabAgentToolCall" => ("Task".to_owned(), json!({"tool": field("tool"), "prompt": field("prompt")})),
            _ => return None,
        })
    }

    fn ended(&self) -> Event {
        let exit_code = self.rest.get("exitCode").and_then(Value::as_i64);
        let status = self.text("status");
        let printed = self.text("aggregatedOutput");
        let output = match self.rest.get("error").or(self.rest.get("result")) {
            _ if !printed.is_empty() => printed.to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Null) | None if status == "completed" => String::new(),
            Some(Value::Null) | None => status.to_owned(),
            Some(other) => other.to_string(),
        };
        let ok = matches!(status, "completed" | "") && exit_code.unwrap_or(0) == 0;
        Event::ToolEnded { call: self.id.clone(), ok, output: bound::text(&output), exit_code }
    }
}

/// The input of a command, with its fields in this order always: its text is what is approved.
pub fn command_input(command: &str, cwd: Option<&str>) -> String {
    let cwd = cwd.map_or(String::new(), |cwd| format!(r#","cwd":{}"#, json!(cwd)));
    format!(r#"{{"command":{}{cwd}}}"#, json!(command))
}

/// The script in `/bin/bash -lc 'script'`, by which codex runs every command; another form stays as it is.
pub fn script(command: &str) -> String {
    let quoted = command.split_once(' ').filter(|(shell, _)| matches!(shell.rsplit('/').next(), Some("bash" | "sh" | "zsh")));
    let quoted = quoted.and_then(|(_, rest)| rest.strip_prefix("-lc ").or(rest.strip_prefix("-c ")));
    quoted.and_then(unquoted).unwrap_or_else(|| command.to_owned())
}

/// One word of a shell without its quotes; `None` when it is not exactly one plain word.
fn unquoted(word: &str) -> Option<String> {
    let mut text = String::with_capacity(word.len());
    let mut letters = word.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => loop {
                match letters.next()? {
                    '\'' => break,
                    other => text.push(other),
                }
            },
            '"' => loop {
                match letters.next()? {
                    '"' => break,
                    '$' | '`' => return None,
                    '\\' => match letters.next()? {
                        escaped @ ('"' | '\\' | '$' | '`') => text.push(escaped),
                        other => text.extend(['\\', other]),
                    },
                    other => text.push(other),
                }
            },
            plain if plain.is_ascii_alphanumeric() || "_-./=:,@%+".contains(plain) => text.push(plain),
            _ => return None,
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_comes_out_of_its_quotes_or_stays_as_it_is() {
        let table = [
            (r"/bin/bash -lc 'echo a > b; cat b'", "echo a > b; cat b"),
            (r"/bin/bash -lc ls", "ls"),
            (r#"/usr/bin/zsh -lc "echo 'a' \$HOME""#, "echo 'a' $HOME"),
            (r#"bash -c 'it'"'"'s'"#, "it's"),
            (r"/bin/bash -lc 'a' 'b'", r"/bin/bash -lc 'a' 'b'"),
            (r"/bin/bash -lc 'a", r"/bin/bash -lc 'a"),
            (r#"/bin/bash -lc "$HOME""#, r#"/bin/bash -lc "$HOME""#),
            (r"/bin/bash -lc a;b", r"/bin/bash -lc a;b"),
            (r"python -c 'x'", r"python -c 'x'"),
            ("", ""),
        ];
        for (command, want) in table {
            assert_eq!(script(command), want);
        }
    }
}

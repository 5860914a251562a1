//! OpenAI's Responses: `POST /v1/responses`, streamed or whole.
//!
//! Invariant: an item is added, filled and done before the next one, and `response.completed` is the only end that counts.

use super::Tokens;
use super::script::{Prompt, Step};
use super::stream::{Asked, Due, Piece, words};
use serde_json::{Value, json};

/// Reads a request.
pub fn read(body: &Value) -> Asked {
    let mut prompt = Prompt::default();
    let mut cwd = None;
    for item in body["input"].as_array().into_iter().flatten() {
        match item["type"].as_str() {
            Some("function_call_output" | "custom_tool_call_output") => prompt.came(&item["output"]),
            _ if item["role"] == "user" => {
                for part in item["content"].as_array().into_iter().flatten() {
                    let text = part["text"].as_str().unwrap_or_default();
                    if let Some((_, rest)) = text.split_once("<cwd>") {
                        cwd = rest.split("</cwd>").next().map(str::to_owned);
                    }
                    prompt.said(text);
                }
            }
            _ => {}
        }
    }
    let name = |tool: &Value| Some(tool["name"].as_str().or(tool["type"].as_str())?.to_owned());
    let tools: Vec<String> = body["tools"].as_array().into_iter().flatten().filter_map(name).collect();
    Asked { prompt, background: tools.is_empty(), streamed: body["stream"] == true, cwd, tools }
}

/// Puts the answer together.
pub fn compose(due: &Due<'_>) -> Result<Vec<Piece>, Value> {
    let id = format!("resp_scripted_{:06}", due.number);
    let response = |status: &str, output: &[Value], tokens: Option<Tokens>| json!({"id": id, "object": "response", "status": status, "model": due.model, "output": output, "usage": tokens.map(usage)});
    let items: Vec<Value> = due.steps.iter().enumerate().filter_map(|(at, step)| item(due, at, step)).collect();
    if !due.asked.streamed {
        return Err(response("completed", &items, Some(due.tokens)));
    }
    let mut pieces = vec![Piece::Event(json!({"type": "response.created", "response": response("in_progress", &[], None)}))];
    let mut index = 0;
    for (at, step) in due.steps.iter().enumerate() {
        match step {
            Step::Sleep(ms) => pieces.push(Piece::Wait(*ms)),
            Step::Cut(_) => {
                pieces.push(Piece::Cut);
                return Ok(pieces);
            }
            _ => {
                let Some(item) = item(due, at, step) else { continue };
                pieces.push(Piece::Event(json!({"type": "response.output_item.added", "output_index": index, "item": empty(&item)})));
                pieces.extend(deltas(index, step, &item));
                pieces.push(Piece::Event(json!({"type": "response.output_item.done", "output_index": index, "item": item})));
                index += 1;
            }
        }
    }
    pieces.push(Piece::Told(due.tokens));
    pieces.push(Piece::Event(json!({"type": "response.completed", "response": response("completed", &items, Some(due.tokens))})));
    Ok(pieces)
}

/// Here `input` counts what was read from a cache as well.
fn usage(tokens: Tokens) -> Value {
    let input = tokens.input + tokens.cache_read + tokens.cache_write;
    json!({"input_tokens": input, "input_tokens_details": {"cached_tokens": tokens.cache_read}, "output_tokens": tokens.output,
        "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": input + tokens.output})
}

fn item(due: &Due<'_>, index: usize, step: &Step) -> Option<Value> {
    let id = |kind: &str| format!("{kind}_scripted_{:06}_{index}", due.number);
    let text = |text: String| {
        json!({"type": "message", "id": id("msg"), "role": "assistant", "status": "completed",
            "content": [{"type": "output_text", "text": text, "annotations": []}]})
    };
    let call = |name: &str, arguments: Value| json!({"type": "function_call", "id": id("fc"), "call_id": id("call"), "name": name, "arguments": arguments.to_string(), "status": "completed"});
    Some(match step {
        Step::Think(thought) => {
            json!({"type": "reasoning", "id": id("rs"), "summary": [{"type": "summary_text", "text": thought}], "content": []})
        }
        Step::Say(words) => text(words.clone()),
        Step::Long(count, _) => text(words(*count).collect()),
        Step::Bash(command) => {
            match due.asked.tools.iter().find(|tool| matches!(tool.as_str(), "exec_command" | "shell_command" | "shell")) {
                Some(tool) if tool == "exec_command" => call(tool, json!({"cmd": command})),
                Some(tool) if tool == "shell_command" => call(tool, json!({"command": command})),
                _ => call("shell", json!({"command": ["bash", "-lc", command]})),
            }
        }
        Step::Write(path, content) => {
            let lines: String = content.lines().map(|line| format!("+{line}\n")).collect();
            let patch = format!("*** Begin Patch\n*** Add File: {path}\n{lines}*** End Patch\n");
            if !due.asked.tools.iter().any(|tool| tool == "apply_patch") {
                // The program takes the patch out of the command by itself.
                return Some(call("exec_command", json!({"cmd": format!("apply_patch <<'EOF'\n{patch}EOF\n")})));
            }
            json!({"type": "custom_tool_call", "id": id("ctc"), "call_id": id("call"), "name": "apply_patch", "input": patch, "status": "completed"})
        }
        Step::Tool(name, input) => call(name, input.clone()),
        _ => return None,
    })
}

fn empty(item: &Value) -> Value {
    let mut empty = item.clone();
    if item["type"] == "message" {
        empty["content"] = json!([]);
    }
    empty
}

fn deltas(index: usize, step: &Step, item: &Value) -> Vec<Piece> {
    let delta = |text: &str| {
        Piece::Event(
            json!({"type": "response.output_text.delta", "item_id": item["id"], "output_index": index, "content_index": 0, "delta": text}),
        )
    };
    match step {
        Step::Say(text) => text.split_inclusive(' ').map(delta).collect(),
        Step::Long(count, ms) => words(*count).flat_map(|word| [delta(&word), Piece::Wait(*ms)]).collect(),
        Step::Think(text) => vec![Piece::Event(
            json!({"type": "response.reasoning_summary_text.delta", "item_id": item["id"], "output_index": index, "summary_index": 0, "delta": text}),
        )],
        _ => Vec::new(),
    }
}

//! Anthropic's Messages: `POST /v1/messages`, streamed or whole.
//!
//! Invariant: a block is begun, filled and ended before the next one begins, as the real server does it.

use super::Tokens;
use super::script::{Prompt, Step};
use super::stream::{Asked, Due, Piece, words};
use serde_json::{Value, json};

/// Reads a request.
pub fn read(body: &Value) -> Asked {
    let mut prompt = Prompt::default();
    // What a user says in the middle of a turn comes as a message of the system.
    let heard = |message: &&Value| message["role"] == "user" || message["role"] == "system" && message.to_string().contains("[[");
    for message in body["messages"].as_array().into_iter().flatten().filter(heard) {
        match &message["content"] {
            Value::String(text) => prompt.said(text),
            content => content.as_array().into_iter().flatten().for_each(|block| match block["type"].as_str() {
                Some("tool_result") => prompt.came(&block["content"]),
                Some("text") => prompt.said(block["text"].as_str().unwrap_or_default()),
                _ => {}
            }),
        }
    }
    let tools: Vec<String> =
        body["tools"].as_array().into_iter().flatten().filter_map(|tool| Some(tool["name"].as_str()?.to_owned())).collect();
    Asked { prompt, background: tools.is_empty(), streamed: body["stream"] == true, cwd: cwd(body), tools }
}

/// The working folder stands in the program's instructions.
fn cwd(body: &Value) -> Option<String> {
    let system = body["system"].to_string();
    let rest = ["orking directory: "].iter().find_map(|sign| system.split_once(sign))?.1;
    Some(rest.split(['\\', '"', '\n']).next()?.trim().to_owned())
}

/// Puts the answer together.
pub fn compose(due: &Due<'_>) -> Result<Vec<Piece>, Value> {
    let blocks: Vec<Value> = due.steps.iter().enumerate().filter_map(|(index, step)| block(due, index, step)).collect();
    let stop = if blocks.iter().any(|block| block["type"] == "tool_use") { "tool_use" } else { "end_turn" };
    let message = |content: &[Value], stop: Option<&str>, tokens: Tokens| {
        json!({"id": format!("msg_scripted_{:06}", due.number), "type": "message", "role": "assistant", "model": due.model,
            "content": content, "stop_reason": stop, "stop_sequence": null, "usage": usage(tokens)})
    };
    if !due.asked.streamed {
        return Err(message(&blocks, Some(stop), due.tokens));
    }
    let begun = Tokens { output: 1, ..due.tokens };
    let mut pieces = vec![Piece::Told(begun), Piece::Event(json!({"type": "message_start", "message": message(&[], None, begun)}))];
    let mut index = 0;
    for (at, step) in due.steps.iter().enumerate() {
        match step {
            Step::Sleep(ms) => pieces.push(Piece::Wait(*ms)),
            Step::Cut(_) => {
                pieces.push(Piece::Cut);
                return Ok(pieces);
            }
            _ => {
                let Some(block) = block(due, at, step) else { continue };
                pieces.push(Piece::Event(json!({"type": "content_block_start", "index": index, "content_block": empty(&block)})));
                pieces.extend(deltas(index, step, &block));
                pieces.push(Piece::Event(json!({"type": "content_block_stop", "index": index})));
                index += 1;
            }
        }
    }
    let delta = json!({"stop_reason": stop, "stop_sequence": null});
    pieces.push(Piece::Told(due.tokens));
    pieces.push(Piece::Event(json!({"type": "message_delta", "delta": delta, "usage": usage(due.tokens)})));
    pieces.push(Piece::Event(json!({"type": "message_stop"})));
    Ok(pieces)
}

fn usage(tokens: Tokens) -> Value {
    json!({"input_tokens": tokens.input, "output_tokens": tokens.output,
        "cache_read_input_tokens": tokens.cache_read, "cache_creation_input_tokens": tokens.cache_write})
}

/// The whole block of a step, if it makes one.
fn block(due: &Due<'_>, index: usize, step: &Step) -> Option<Value> {
    let tool = |name: &str, input: Value| json!({"type": "tool_use", "id": format!("toolu_scripted_{:06}_{index}", due.number), "name": name, "input": input});
    Some(match step {
        Step::Think(text) => json!({"type": "thinking", "thinking": text, "signature": "c2ln"}),
        Step::Say(text) => json!({"type": "text", "text": text}),
        Step::Long(count, _) => json!({"type": "text", "text": words(*count).collect::<String>()}),
        Step::Bash(command) => tool("Bash", json!({"command": command, "description": "scripted command"})),
        Step::Write(path, content) => tool("Write", json!({"file_path": due.asked.absolute(path), "content": content})),
        Step::Tool(name, input) => tool(name, input.clone()),
        _ => return None,
    })
}

fn empty(block: &Value) -> Value {
    let mut empty = block.clone();
    for (field, nothing) in [("text", json!("")), ("thinking", json!("")), ("signature", json!("")), ("input", json!({}))] {
        if !block[field].is_null() {
            empty[field] = nothing;
        }
    }
    empty
}

fn deltas(index: usize, step: &Step, block: &Value) -> Vec<Piece> {
    let event = |delta: Value| Piece::Event(json!({"type": "content_block_delta", "index": index, "delta": delta}));
    match step {
        Step::Think(text) => {
            vec![event(json!({"type": "thinking_delta", "thinking": text})), event(json!({"type": "signature_delta", "signature": "c2ln"}))]
        }
        Step::Say(text) => text.split_inclusive(' ').map(|word| event(json!({"type": "text_delta", "text": word}))).collect(),
        Step::Long(count, ms) => {
            words(*count).flat_map(|word| [event(json!({"type": "text_delta", "text": word})), Piece::Wait(*ms)]).collect()
        }
        _ => vec![event(json!({"type": "input_json_delta", "partial_json": block["input"].to_string()}))],
    }
}

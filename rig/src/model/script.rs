//! The words of a script, as they stand in a prompt between double brackets.
//!
//! ```text
//! [[think: text]]  [[say: text]]  [[reply: text]]      the model thinks, speaks
//! [[long: 200 words, 10 ms]]                           speaks slowly
//! [[bash: command]]  [[write: path | content]]         uses a tool; the answer ends there, the next one begins with what follows
//! [[tool: name | {json}]]                              uses any tool
//! [[usage: input=1000, output=20, cache_read=5]]       tells this usage for the answer in which it stands
//! [[status: 529 x 2 | message]]                        refuses two times (without `x`: always)
//! [[silent: 5000]]  [[sleep: 100]]  [[cut x 1]]        says nothing before the answer, pauses in it, breaks it off
//! ```
//!
//! Everything outside the brackets is ignored. `$RESULT` in what is said is the first line of the last tool's result. A script whose
//! answers are all given is answered with "done".

use super::Tokens;
use serde_json::{Value, json};

/// One word of a script.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// A thought.
    Think(String),
    /// A text.
    Say(String),
    /// A slow text: words, and milliseconds between them.
    Long(u64, u64),
    /// A command in a shell.
    Bash(String),
    /// A new file.
    Write(String, String),
    /// Any tool.
    Tool(String, Value),
    /// The usage that is told.
    Usage(Tokens),
    /// A refusal, for the first so many times.
    Status(u16, Option<u32>, String),
    /// Milliseconds of silence before anything is sent.
    Silent(u64),
    /// Milliseconds of a pause.
    Sleep(u64),
    /// The connection breaks here, for the first so many times.
    Cut(Option<u32>),
}

impl Step {
    fn uses_a_tool(&self) -> bool {
        matches!(self, Step::Bash(_) | Step::Write(..) | Step::Tool(..))
    }
}

/// Reads all steps of a text.
fn steps(text: &str) -> Vec<Step> {
    let pieces = text.split("[[").skip(1);
    pieces.filter_map(|piece| step(piece.split_once("]]")?.0)).collect()
}

fn step(text: &str) -> Option<Step> {
    let (word, rest) = text.split_once(':').unwrap_or((text, ""));
    let rest = rest.trim();
    let (word, times) = match word.trim().split_once(" x ") {
        Some((word, times)) => (word, times.trim().parse().ok()),
        None => (word.trim(), None),
    };
    let number = || rest.split_whitespace().next()?.parse().ok();
    Some(match word {
        "think" => Step::Think(rest.to_owned()),
        "say" | "reply" => Step::Say(rest.to_owned()),
        "long" => {
            let mut numbers = rest.split(|letter: char| !letter.is_ascii_digit()).filter_map(|digits| digits.parse().ok());
            Step::Long(numbers.next()?, numbers.next().unwrap_or(0))
        }
        "bash" => Step::Bash(rest.to_owned()),
        "write" => {
            let (path, content) = rest.split_once('|')?;
            Step::Write(path.trim().to_owned(), content.trim().to_owned())
        }
        "tool" => {
            let (name, input) = rest.split_once('|').unwrap_or((rest, "{}"));
            Step::Tool(name.trim().to_owned(), serde_json::from_str(input.trim()).unwrap_or(json!({})))
        }
        "usage" => Step::Usage(usage(rest)),
        "status" => {
            let (numbers, message) = rest.split_once('|').unwrap_or((rest, "scripted"));
            let (status, times) = numbers.split_once('x').map_or((numbers, None), |(status, times)| (status, times.trim().parse().ok()));
            Step::Status(status.trim().parse().ok()?, times, message.trim().to_owned())
        }
        "silent" => Step::Silent(number()?),
        "sleep" => Step::Sleep(number()?),
        "cut" => Step::Cut(times),
        _ => return None,
    })
}

fn usage(text: &str) -> Tokens {
    let mut tokens = Tokens::default();
    for pair in text.split(',') {
        let Some((name, count)) = pair.split_once('=') else { continue };
        let Ok(count) = count.trim().parse() else { continue };
        match name.trim() {
            "input" => tokens.input = count,
            "output" => tokens.output = count,
            "cache_read" => tokens.cache_read = count,
            "cache_write" => tokens.cache_write = count,
            _ => {}
        }
    }
    tokens
}

/// What a request says, once its own words are taken off.
#[derive(Debug, Default)]
pub struct Prompt {
    /// The last text of the user that holds a script.
    pub script: Option<String>,
    /// Results of tools since then.
    pub results: usize,
    /// The first line of the last of them.
    pub result: String,
    /// The last text of the user.
    pub last: String,
}

impl Prompt {
    /// The user said this.
    pub fn said(&mut self, text: &str) {
        self.last = text.to_owned();
        // A text that quotes the script, as one does to an agent that was interrupted, begins nothing anew.
        let quoted = self.script.as_deref().is_some_and(|script| text.len() > script.len() && text.ends_with(script));
        if !quoted && !steps(text).is_empty() {
            self.script = Some(text.to_owned());
            self.results = 0;
        }
    }

    /// A tool has come back with this.
    pub fn came(&mut self, result: &Value) {
        let text = result.as_str().or_else(|| result[0]["text"].as_str()).unwrap_or_default();
        self.results += 1;
        // Codex says first how long it took, and more of the kind.
        let text = text.split_once("\nOutput:\n").map_or(text, |(_, output)| output);
        self.result = text.lines().next().unwrap_or_default().trim().to_owned();
    }

    /// The steps of the answer that is due: those after the tools whose results are there, up to the next tool.
    pub fn due(&self) -> Vec<Step> {
        let Some(script) = &self.script else {
            return vec![Step::Say(format!("ok: {}", self.last.chars().take(60).collect::<String>()))];
        };
        let steps = steps(script);
        let answers: Vec<&[Step]> = steps.split_inclusive(Step::uses_a_tool).collect();
        match answers.get(self.results) {
            Some(answer) => answer.iter().map(|step| self.filled(step)).collect(),
            None => vec![Step::Say("done".to_owned())],
        }
    }

    fn filled(&self, step: &Step) -> Step {
        match step {
            Step::Say(text) => Step::Say(text.replace("$RESULT", &self.result)),
            other => other.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_with_a_tool_and_the_next_begins_after_its_result() {
        let mut prompt = Prompt::default();
        prompt
            .said("please [[think: hm]] [[status: 529 x 2]] [[bash: ls | wc]] and [[usage: input=5, output=6]] [[cut x 1]] [[reply: fin $RESULT]]");
        assert_eq!(prompt.due(), [Step::Think("hm".into()), Step::Status(529, Some(2), "scripted".into()), Step::Bash("ls | wc".into())]);
        prompt.came(&json!([{"type": "text", "text": " 3 \nrest"}]));
        let tokens = Tokens { input: 5, output: 6, ..Tokens::default() };
        assert_eq!(prompt.due(), [Step::Usage(tokens), Step::Cut(Some(1)), Step::Say("fin 3".into())]);
        prompt.results = 2;
        assert_eq!(prompt.due(), [Step::Say("done".into())]);
    }
}

//! A run: an agent's work on one question, up to an answer that fits its schema. And the only function that changes where it stands.
//!
//! The session of a run is one like any other, and so are its turns. The hub calls [`step`] in the transaction in which the awaited turn
//! ends; the `UPDATE` repeats the old state, so an answer is judged once.

use crate::agent::Agent;
use crate::limits::{RUN_ASKED_MAX, RUN_SUMMARY_CHARS_MAX};
use crate::saying::Saying;
use crate::schema::Schema;
use crate::turn::Outcome;
use crate::world::Millis;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where a run stands, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Its agent is at work, or will be.
    Running,
    /// It has given an answer that fits.
    Succeeded,
    /// Its agent failed, or was lost.
    Failed,
    /// A person ended it.
    Cancelled,
    /// Its agent gave an answer, was told what is wrong with it, and gave another one that does not fit.
    Invalid,
}

impl Status {
    /// Every status, in the words of the API.
    pub const WORDS: &'static [&'static str] = &["running", "succeeded", "failed", "cancelled", "invalid"];
}

/// Where a run stands, with what is only true there.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// The end of a turn is awaited.
    Running {
        /// How often the agent was asked for its answer.
        asked: i64,
        /// What was wrong with the answer before.
        reasons: Vec<String>,
    },
    /// There is an answer.
    Succeeded {
        /// The answer.
        result: Value,
        /// When.
        at: Millis,
    },
    /// There is none, and will be none.
    Over {
        /// `failed`, `cancelled` or `invalid`.
        status: Status,
        /// Why.
        reasons: Vec<Saying>,
        /// When.
        at: Millis,
    },
}

impl State {
    /// The word for it.
    pub fn status(&self) -> Status {
        match self {
            State::Running { .. } => Status::Running,
            State::Succeeded { .. } => Status::Succeeded,
            State::Over { status, .. } => *status,
        }
    }
}

/// How the awaited turn ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Its agent finished.
    Answered {
        /// The answer, or what is wrong with it.
        answer: Result<Value, Vec<String>>,
        /// Whether its session can take another message.
        open: bool,
    },
    /// It ended otherwise.
    Ended {
        /// How.
        outcome: Outcome,
        /// Why, for people.
        why: Saying,
    },
}

/// What follows besides the new state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Tell the agent the reasons; the end of that turn is awaited next.
    Ask(Vec<String>),
}

/// The run was over already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

/// Decides what the end of the awaited turn makes of a run.
pub fn step(state: &State, input: Input, now: Millis) -> Result<(State, Option<Effect>), Refused> {
    let State::Running { asked, .. } = state else { return Err(Refused) };
    let over = |status, reasons| (State::Over { status, reasons, at: now }, None);
    Ok(match input {
        Input::Answered { answer: Ok(result), .. } => (State::Succeeded { result, at: now }, None),
        Input::Answered { answer: Err(reasons), open: true } if *asked < RUN_ASKED_MAX => {
            (State::Running { asked: asked + 1, reasons: reasons.clone() }, Some(Effect::Ask(reasons)))
        }
        Input::Answered { answer: Err(reasons), .. } => over(Status::Invalid, reasons.into_iter().map(Saying::from).collect()),
        Input::Ended { outcome: Outcome::Cancelled, why } => over(Status::Cancelled, vec![why]),
        Input::Ended { why, .. } => over(Status::Failed, vec![why]),
    })
}

/// The agent of a run: told how to answer, if its answers have a form.
pub fn briefed(mut agent: Agent) -> Agent {
    if let Some(schema) = &agent.output {
        let own = agent.instructions.take().map(|text| text + "\n\n").unwrap_or_default();
        agent.instructions = Some(format!("{own}{BRIEFING}\n\n```json\n{}\n```", schema.text()));
    }
    agent
}

/// The schema that instructions name, if they are those of [`briefed`].
pub fn schema_in(instructions: &str) -> Option<Schema> {
    let (_, told) = instructions.split_once(BRIEFING)?;
    let (text, _) = told.strip_prefix("\n\n```json\n")?.split_once("\n```")?;
    Schema::parse(serde_json::from_str(text).ok()?).ok()
}

/// Begins what an agent is told about the form of its answer. The schema follows in a block of its own.
pub const BRIEFING: &str = "# Your answer\n\nThe last thing you say must be your answer: one JSON value that fits the JSON Schema below, in a block \
that begins with ```json, with nothing after it. A program reads it, so it holds no comments and is complete. Do the work first; what you \
say before does not count. If something cannot be found out, say so inside the answer instead of making it up. The schema:";

/// What an agent is told whose answer did not fit.
pub fn correction(reasons: &[String]) -> String {
    let list: Vec<String> = reasons.iter().map(|reason| format!("- {reason}")).collect();
    format!(
        "Your answer cannot be used:\n\n{}\n\nGive the whole answer once more, corrected, as one JSON value in a block that begins with ```json, \
         with nothing after it.",
        list.join("\n")
    )
}

/// Judges the last thing that an agent said.
pub fn judge(schema: Option<&Schema>, said: Option<&str>) -> Result<Value, Vec<String>> {
    let found = said.map(find_json);
    let Some(schema) = schema else {
        return Ok(match (found, said) {
            (Some(Ok(value)), _) => value,
            (_, said) => Value::from(said.unwrap_or_default()),
        });
    };
    match found {
        None => Err(vec!["/: nothing was said".to_owned()]),
        Some(Err(why)) => Err(vec![format!("/: {why}")]),
        Some(Ok(value)) => match schema.judge(&value) {
            reasons if reasons.is_empty() => Ok(value),
            reasons => Err(reasons),
        },
    }
}

/// The JSON value in a text: all of it, or its last block between two lines of three backticks.
fn find_json(text: &str) -> Result<Value, String> {
    let text = text.trim();
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    let (mut block, mut open) = (None, None::<Vec<&str>>);
    for line in text.lines() {
        match (line.trim_start().starts_with("```"), open.as_mut()) {
            (true, Some(_)) => block = open.take(),
            (true, None) => open = Some(Vec::new()),
            (false, Some(lines)) => lines.push(line),
            (false, None) => {}
        }
    }
    let block = block.ok_or("there is no JSON in the last thing you said: put it in a block that begins with ```json and ends with ```")?;
    serde_json::from_str(&block.join("\n")).map_err(|error| format!("the last block is no JSON: {error}"))
}

/// A result in a sentence or two: what it says of itself, or its beginning.
pub fn summary(result: &Value) -> String {
    let own = result.get("summary").and_then(Value::as_str).or(result.as_str()).map(str::to_owned);
    let text: String = own.unwrap_or_else(|| result.to_string()).split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = text.chars().take(RUN_SUMMARY_CHARS_MAX).collect();
    if short.len() < text.len() { short + "…" } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::Driver;
    use serde_json::json;

    #[test]
    fn the_whole_table() {
        let reasons = || vec!["/a: wrong".to_owned()];
        let (first, second) = (State::Running { asked: 1, reasons: vec![] }, State::Running { asked: 2, reasons: reasons() });
        let done = State::Succeeded { result: json!(1), at: 5 };
        let over = |status, reasons: Vec<String>| State::Over { status, reasons: reasons.into_iter().map(Saying::from).collect(), at: 7 };
        let answered = |answer, open| Input::Answered { answer, open };
        let ended = |outcome| Input::Ended { outcome, why: "so".into() };
        let why = || vec!["so".to_owned()];
        let succeeded = || Ok((State::Succeeded { result: json!({}), at: 7 }, None));
        let table = [
            (&first, answered(Ok(json!({})), true), succeeded()),
            (&first, answered(Ok(json!({})), false), succeeded()),
            (&first, answered(Err(reasons()), true), Ok((second.clone(), Some(Effect::Ask(reasons()))))),
            (&first, answered(Err(reasons()), false), Ok((over(Status::Invalid, reasons()), None))),
            (&first, ended(Outcome::Failed), Ok((over(Status::Failed, why()), None))),
            (&first, ended(Outcome::Interrupted), Ok((over(Status::Failed, why()), None))),
            (&first, ended(Outcome::Cancelled), Ok((over(Status::Cancelled, why()), None))),
            (&second, answered(Ok(json!({})), true), succeeded()),
            (&second, answered(Err(reasons()), true), Ok((over(Status::Invalid, reasons()), None))),
            (&second, answered(Err(reasons()), false), Ok((over(Status::Invalid, reasons()), None))),
            (&second, ended(Outcome::Failed), Ok((over(Status::Failed, why()), None))),
            (&second, ended(Outcome::Interrupted), Ok((over(Status::Failed, why()), None))),
            (&second, ended(Outcome::Cancelled), Ok((over(Status::Cancelled, why()), None))),
        ];
        for (state, input, expected) in table {
            assert_eq!(step(state, input.clone(), 7), expected, "{state:?} {input:?}");
            for over in [&done, &over(Status::Invalid, vec![]), &over(Status::Failed, vec![])] {
                assert_eq!(step(over, input.clone(), 7), Err(Refused), "what is over stays: {over:?} {input:?}");
            }
        }
    }

    #[test]
    fn the_answer_is_the_whole_text_or_its_last_block() {
        let schema = Schema::parse(json!({"type": "object", "required": ["a"]})).unwrap();
        for said in ["{\"a\": 1}", "Here:\n```json\n{\"a\":\n 1}\n```", "```\n{\"a\": 0}\n```\nbetter:\n  ```json\n{\"a\": 1}\n```\n"] {
            assert_eq!(judge(Some(&schema), Some(said)), Ok(json!({"a": 1})), "{said}");
        }
        for (said, reason) in [
            (None, "/: nothing was said"),
            (Some("done"), "/: there is no JSON"),
            (Some("```json\n{\"a\": 1}"), "/: there is no JSON"),
            (Some("```json\n{\"a\": 1,}\n```"), "/: the last block is no JSON"),
            (Some("{\"b\": 1}"), "/: \"a\" is missing"),
        ] {
            let reasons = judge(Some(&schema), said).unwrap_err();
            assert!(reasons.len() == 1 && reasons[0].starts_with(reason), "{said:?}: {reasons:?}");
        }
        assert_eq!(judge(None, Some("just words")), Ok(json!("just words")));
        assert_eq!(judge(None, Some("```\n[1]\n```")), Ok(json!([1])));
        assert_eq!(judge(None, None), Ok(json!("")));
    }

    #[test]
    fn an_agent_with_a_schema_is_told_it_and_others_are_left_alone() {
        let plain = Agent::plain("a", Driver::Claude, "");
        assert_eq!(briefed(plain.clone()), plain);
        let told = briefed(Agent {
            instructions: Some("Be brief.".to_owned()),
            output: Some(Schema::parse(json!({"type": "object"})).unwrap()),
            ..plain
        });
        let text = told.instructions.unwrap();
        assert!(text.starts_with("Be brief.\n\n# Your answer") && text.ends_with("```json\n{\"type\":\"object\"}\n```"), "{text}");
        assert_eq!(schema_in(&format!("{text}\n\nMore.")).map(|schema| schema.text()).as_deref(), Some("{\"type\":\"object\"}"));
        assert_eq!(schema_in("Be brief."), None);
        assert!(correction(&["/a: x".to_owned()]).contains("\n- /a: x\n"));
        assert_eq!(summary(&json!({"summary": "one\n two"})), "one two");
        assert_eq!(summary(&json!([1])), "[1]");
        assert!(summary(&json!("x".repeat(1_000))).ends_with('…'));
    }
}

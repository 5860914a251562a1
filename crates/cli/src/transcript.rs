//! A session as a person reads it: each event as a few lines.
//!
//! `log`, `send --wait` and `attach` print these lines. All text in them is tamed; what is cut says how much, and `--raw` cuts
//! nothing.

use crate::output::{BOLD, DIM, ERROR, GOOD, PERSON, WARN, cut, tame};
use fugue_domain::event::{Event, Level, Stamped};
use fugue_domain::money::Usage;
use fugue_domain::rule::Verdict;
use fugue_domain::time::Time;
use fugue_domain::turn::{Outcome, Wish};
use serde_json::Value;

/// Lines of a tool's output that are shown.
const OUTPUT_LINES: usize = 8;
/// Columns of one line of a tool's input or output that are shown.
const LINE_COLUMNS: usize = 160;
/// What stands before lines that go on.
const INDENT: &str = "          ";

/// The time of day here, for people.
pub fn clock(time: Time) -> String {
    let moment = jiff::Timestamp::from_millisecond(time.0).unwrap_or_default();
    moment.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S").to_string()
}

/// Day and time here, for people.
pub fn day(time: Time) -> String {
    let moment = jiff::Timestamp::from_millisecond(time.0).unwrap_or_default();
    moment.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// What was used, in one line.
pub fn usage(usage: &Usage) -> String {
    let read = usage.tokens.input + usage.tokens.cache_read + usage.tokens.cache_write;
    match read + usage.tokens.output {
        0 => usage.cost_usd.to_string(),
        _ => format!("{}, {read} tokens in, {} out", usage.cost_usd, usage.tokens.output),
    }
}

/// How a person wants to read.
#[derive(Debug, Clone, Copy)]
pub struct Transcript {
    /// Everything whole, thoughts and what is not understood included.
    pub raw: bool,
}

impl Transcript {
    /// The lines of an event; none when it says nothing to a person.
    pub fn lines(self, event: &Value) -> Vec<String> {
        let Ok(stamped) = serde_json::from_value::<Stamped>(event.clone()) else {
            return if self.raw { vec![cut(&event.to_string(), usize::MAX)] } else { Vec::new() };
        };
        let time = clock(stamped.at);
        let mut lines = self.told(&stamped.event).into_iter();
        let first = lines.next().map(|line| format!("{DIM}{time}{DIM:#}  {line}"));
        first.into_iter().chain(lines.map(|line| format!("{INDENT}{line}"))).collect()
    }

    /// The lines of an event without its time.
    pub fn told(self, event: &Event) -> Vec<String> {
        match event {
            Event::SessionOpened { .. }
            | Event::SessionClosed {}
            | Event::SessionReleased { .. }
            | Event::MessageQueued { .. }
            | Event::MessageEdited { .. }
            | Event::MessageMoved { .. }
            | Event::MessageSteered { .. } => self.of_session(event),
            Event::TurnAssigned { .. }
            | Event::TurnStarted { .. }
            | Event::TurnWished { .. }
            | Event::TurnParked { .. }
            | Event::TurnRequeued { .. }
            | Event::TurnEnded { .. } => self.of_turn(event),
            Event::ApprovalAsked { .. } | Event::ApprovalAnswered { .. } => self.of_approval(event),
            Event::AgentStarted { .. }
            | Event::AgentText { .. }
            | Event::AgentThought { .. }
            | Event::AgentNotice { .. }
            | Event::AgentRaw { .. }
            | Event::ToolCalled { .. }
            | Event::ToolJudged { .. }
            | Event::ToolEnded { .. }
            | Event::Output { .. }
            | Event::Gap { .. } => self.of_agent(event),
        }
    }

    fn of_session(self, event: &Event) -> Vec<String> {
        match event {
            Event::SessionOpened { title, agent, branch } => {
                let branch = branch.as_deref().map(|branch| format!(" on {}", tame(branch))).unwrap_or_default();
                vec![format!("{BOLD}{}{BOLD:#} {DIM}with {}{branch}{DIM:#}", cut(title, usize::MAX), tame(agent))]
            }
            Event::SessionClosed {} => vec![format!("{DIM}session closed{DIM:#}")],
            Event::SessionReleased { branch, rescue } => {
                let branch = branch.as_deref().map(|branch| format!("; commits are on {}", tame(branch))).unwrap_or_default();
                let rescue = rescue.as_deref().map(|rescue| format!("; what was not committed is in {}", tame(rescue))).unwrap_or_default();
                vec![format!("{DIM}worktree removed{branch}{rescue}{DIM:#}")]
            }
            Event::MessageQueued { text, not_before, .. } => {
                let later = not_before.map(|at| format!(" {DIM}(not before {}){DIM:#}", day(at))).unwrap_or_default();
                said(&format!("{PERSON}you{PERSON:#}{later} "), text)
            }
            Event::MessageEdited { text, .. } => said(&format!("{PERSON}you{PERSON:#} {DIM}(changed){DIM:#} "), text),
            Event::MessageSteered { text, .. } => said(&format!("{PERSON}you{PERSON:#} {DIM}(in the middle){DIM:#} "), text),
            Event::MessageMoved { message, position } => {
                vec![format!("{DIM}message {} is now at place {position}{DIM:#}", message.short())]
            }
            _ => Vec::new(),
        }
    }

    fn of_turn(self, event: &Event) -> Vec<String> {
        match event {
            Event::TurnAssigned { node, epoch } if self.raw => vec![format!("{DIM}assigned to {node}, epoch {epoch}{DIM:#}")],
            Event::TurnStarted { attempt } if *attempt > 1 => vec![format!("{WARN}● attempt {attempt}{WARN:#}")],
            Event::TurnStarted { .. } => vec![format!("{DIM}● started{DIM:#}")],
            Event::TurnWished { wish } => {
                let wish = if *wish == Wish::Stop { "stop" } else { "interrupt" };
                vec![format!("{WARN}{wish} was asked for{WARN:#}")]
            }
            Event::TurnParked { reason, until } => {
                let until = until.map(|until| format!(" until {}", day(until))).unwrap_or_default();
                vec![format!("{WARN}waits{until}: {}{WARN:#} {DIM}{}{DIM:#}", reason.meaning(), reason.hint())]
            }
            Event::TurnRequeued { reason, maybe_executed } => {
                let why = reason.map_or("the waiting time is over.", |reason| reason.meaning());
                let care = if *maybe_executed { " What it did before may be done already." } else { "" };
                vec![format!("{WARN}back in line:{WARN:#} {why}{DIM}{care}{DIM:#}")]
            }
            Event::TurnEnded { outcome, reason, maybe_executed, usage: used, attempts, .. } => {
                let (style, sign, word) = outcome_word(*outcome);
                let attempts = if *attempts > 1 { format!(", {attempts} attempts") } else { String::new() };
                let mut lines = vec![format!("{style}{sign} {word}{style:#} {DIM}{}{attempts}{DIM:#}", usage(used))];
                if let Some(reason) = reason {
                    lines.push(format!("{}: {} {DIM}{}{DIM:#}", reason.word(), reason.meaning(), reason.hint()));
                }
                if *maybe_executed && *outcome != Outcome::Succeeded {
                    lines.push(format!("{WARN}An attempt was lost that may have done some of it: look at the worktree first.{WARN:#}"));
                }
                lines
            }
            _ => Vec::new(),
        }
    }

    fn of_approval(self, event: &Event) -> Vec<String> {
        match event {
            Event::ApprovalAsked { approval, tool, input, .. } => {
                let mut lines = vec![format!("{WARN}? may it use {}?{WARN:#} {DIM}fugue approve {}{DIM:#}", tame(tool), approval.short())];
                lines.extend(self.block(&fugue_domain::approval::visible(input)));
                lines
            }
            Event::ApprovalAnswered { approval, state, reason } => {
                let reason = reason.as_deref().map(|reason| format!(": {}", cut(reason, LINE_COLUMNS))).unwrap_or_default();
                vec![format!("{DIM}question {} is {}{reason}{DIM:#}", approval.short(), state.word())]
            }
            _ => Vec::new(),
        }
    }

    fn of_agent(self, event: &Event) -> Vec<String> {
        match event {
            Event::AgentStarted { program, version, model, resumed } => {
                let resumed = if *resumed { ", resumed" } else { "" };
                let more: String = [version, model].into_iter().flatten().map(|word| format!(" {}", tame(word))).collect();
                vec![format!("{DIM}{}{more}{resumed}{DIM:#}", tame(program))]
            }
            Event::AgentText { text } => tame(text).trim_end().lines().map(str::to_owned).collect(),
            Event::AgentThought { text } if self.raw => tame(text).lines().map(|line| format!("{DIM}{line}{DIM:#}")).collect(),
            Event::AgentNotice { level, text, .. } => {
                let style = match level {
                    Level::Info => DIM,
                    Level::Warning => WARN,
                    Level::Error => ERROR,
                };
                tame(text).lines().map(|line| format!("{style}{line}{style:#}")).collect()
            }
            Event::AgentRaw { body } if self.raw => vec![format!("{DIM}{}{DIM:#}", cut(&body.to_string(), usize::MAX))],
            Event::ToolCalled { tool, input, .. } => {
                let mut lines =
                    vec![format!("{BOLD}▸ {}{BOLD:#} {}", tame(tool), cut(&gist(input), if self.raw { usize::MAX } else { LINE_COLUMNS }))];
                if self.raw {
                    lines.extend(self.block(&input.to_string()));
                }
                lines
            }
            Event::ToolJudged { tool, verdict: Verdict::Deny, rule, .. } => {
                let rule = rule.as_deref().map(|rule| format!(" by the rule {}", tame(rule))).unwrap_or_default();
                vec![format!("{WARN}{} was denied{rule}{WARN:#}", tame(tool))]
            }
            Event::ToolEnded { ok, output, exit_code, .. } => {
                let code = exit_code.filter(|code| *code != 0).map(|code| format!(" exit code {code}")).unwrap_or_default();
                let mut lines = self.block(output);
                let sign = if *ok { format!("{GOOD}✓{GOOD:#}") } else { format!("{ERROR}✗{ERROR:#}{code}") };
                match lines.first_mut() {
                    Some(first) => *first = format!("{sign} {}", first.trim_start()),
                    None => lines.push(sign),
                }
                lines
            }
            Event::Output { text, .. } => vec![cut(text, if self.raw { usize::MAX } else { LINE_COLUMNS })],
            Event::Gap { bytes, why, .. } => vec![format!("{WARN}{bytes} bytes of output were not kept: {}{WARN:#}", tame(why))],
            _ => Vec::new(),
        }
    }

    /// Text of a tool, indented, and cut unless everything is wanted.
    fn block(self, text: &str) -> Vec<String> {
        let all: Vec<&str> = text.trim_end().lines().collect();
        let shown = if self.raw { all.len() } else { all.len().min(OUTPUT_LINES) };
        let width = if self.raw { usize::MAX } else { LINE_COLUMNS };
        let mut lines: Vec<String> = all[..shown].iter().map(|line| format!("  {DIM}{}{DIM:#}", cut(line, width))).collect();
        if shown < all.len() {
            lines.push(format!("  {DIM}… {} more lines (--raw shows them){DIM:#}", all.len() - shown));
        }
        lines
    }
}

/// How an outcome looks: its colour, its sign and its word.
pub fn outcome_word(outcome: Outcome) -> (anstyle::Style, &'static str, &'static str) {
    match outcome {
        Outcome::Succeeded => (GOOD, "✓", "succeeded"),
        Outcome::Failed => (ERROR, "✗", "failed"),
        Outcome::Cancelled => (WARN, "–", "cancelled"),
        Outcome::Interrupted => (WARN, "!", "interrupted"),
    }
}

fn said(who: &str, text: &str) -> Vec<String> {
    let text = tame(text);
    let mut lines = text.trim_end().lines();
    let first = format!("{who}{}", lines.next().unwrap_or_default());
    [first].into_iter().chain(lines.map(str::to_owned)).collect()
}

/// What a tool's input is about: the command, the path, the pattern; otherwise all of it.
fn gist(input: &Value) -> String {
    let keys = ["command", "file_path", "path", "notebook_path", "pattern", "url", "query", "description"];
    let text = keys.iter().find_map(|key| input.get(key).and_then(Value::as_str));
    text.map_or_else(|| if input.as_object().is_some_and(|all| all.is_empty()) { String::new() } else { input.to_string() }, str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lines(raw: bool, event: Value) -> Vec<String> {
        let mut event = event;
        event["at"] = json!("2026-11-21T00:58:20.776Z");
        let lines = Transcript { raw }.lines(&event);
        lines
            .iter()
            .map(|line| anstream::adapter::strip_str(line).to_string())
            .map(|line| line.get(10..).unwrap_or_default().to_owned())
            .collect()
    }

    #[test]
    fn an_ending_says_how_why_and_what_next() {
        let ended = json!({"type": "turn.ended", "outcome": "interrupted", "reason": "crashed", "maybe_executed": true, "attempts": 2,
            "cost_usd": 0.0123, "tokens": {"input": 1, "output": 2, "cache_read": 3, "cache_write": 4}, "on_interruption": "ask"});
        let lines = lines(false, ended);
        assert_eq!(lines[0], "! interrupted $0.01, 8 tokens in, 2 out, 2 attempts");
        assert!(lines[1].starts_with("crashed: The agent's process ended"), "{lines:?}");
        assert!(lines[2].contains("may have done"), "{lines:?}");
    }

    #[test]
    fn long_output_is_cut_visibly_and_raw_is_whole() {
        let output: String = (0..20).map(|n| format!("line {n}\n")).collect();
        let ended = json!({"type": "tool.ended", "call": "1", "ok": true, "output": output});
        assert_eq!(lines(false, ended.clone()).last().unwrap(), "  … 12 more lines (--raw shows them)");
        assert_eq!(lines(true, ended).len(), 20);
    }

    #[test]
    fn what_is_asked_hides_nothing() {
        let asked = json!({"type": "approval.asked", "approval": "apr_00000000000000000000000000", "tool": "Bash",
            "input": "{\"command\":\"ls \u{200b}\u{1b}[2K\"}", "hash": "x"});
        let lines = lines(false, asked);
        assert!(lines[1].contains("\\u{200b}\\u{1b}[2K"), "{lines:?}");
    }

    #[test]
    fn an_event_of_a_later_version_is_passed_over() {
        assert!(lines(false, json!({"type": "agent.dreamt"})).is_empty());
        assert_eq!(lines(true, json!({"type": "agent.dreamt"})).len(), 1);
    }
}

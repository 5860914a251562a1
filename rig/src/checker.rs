//! The history checker: what was acknowledged, what the product says happened, and what the witness saw, held against each other.
//!
//! Invariant: it believes nobody. Every message that was acknowledged must have exactly one ending; every execution that the witness
//! saw must be explained by exactly one attempt; more than one only where the record says `maybe_executed`; numbers are
//! contiguous from 1; what is final stays final; an approval is used at most once. It gives back violations, and the tests beside it
//! prove that it finds each kind.

use crate::witness::Execution;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

mod story;
#[cfg(test)]
mod tests;

pub use story::check_story;

/// A message that a test sent.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Its text. Unique.
    pub text: String,
    /// The reply, if one came: the message and its turn. Without a reply, the message may be there or not.
    pub acked: Option<(String, String)>,
    /// What the agent says in one whole execution, line by line.
    pub says: Vec<String>,
}

/// One session, as all sides tell it, when nothing happens any more.
#[derive(Debug, Default, Clone)]
pub struct History {
    /// What was sent to it.
    pub sent: Vec<Sent>,
    /// `GET /sessions/{id}/messages`, all pages.
    pub messages: Vec<Value>,
    /// `GET /turns/{id}` of each of them.
    pub turns: Vec<Value>,
    /// `GET /sessions/{id}/events`, all pages.
    pub events: Vec<Value>,
    /// What the witness saw of this session's turns.
    pub executions: Vec<Execution>,
    /// Marks that approved commands of this session left behind when they ran, one for each run.
    pub ran: Vec<String>,
}

impl History {
    fn events_of(&self, kind: &'static str) -> impl Iterator<Item = &Value> {
        self.events.iter().filter(move |event| event["type"] == kind)
    }
}

/// A broken promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which promise.
    pub rule: Rule,
    /// About what.
    pub about: String,
}

/// The promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// What was acknowledged is there.
    Lost,
    /// What was sent once is there once.
    Doubled,
    /// A turn ends, once, and stays so.
    Ending,
    /// An execution belongs to an assignment of a turn.
    Stranger,
    /// A message is executed at most once, unless its record says otherwise.
    Repeated,
    /// What the record says is executed was executed.
    Unexecuted,
    /// Numbers are contiguous from 1.
    Numbers,
    /// First in, first out.
    Order,
    /// Each lease is newer than the one before.
    Epochs,
    /// The stream equals the agent's output.
    Output,
    /// A question is settled once, as it was answered, and an approval runs its command once.
    Approval,
    /// What was refused is not there.
    Refused,
    /// What a client saw to be final stays so.
    Changed,
    /// A stream shows what is stored, each event once, in order.
    Seen,
    /// Enough went well for the run to mean something.
    Few,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.rule, self.about)
    }
}

/// Finds every broken promise of a session.
pub fn check(history: &History) -> Vec<Violation> {
    let mut check = Check { history, found: Vec::new() };
    check.messages();
    check.turns();
    check.executions();
    check.numbers();
    check.order();
    check.output();
    check.approvals();
    check.found
}

/// Panics with every broken promise of these sessions, if there are any. `witnessed` is all that the witness saw: what belongs to none of
/// the sessions is a broken promise too.
#[track_caller]
pub fn assert_sound(histories: &[History], witnessed: &[Execution]) {
    let mut found: Vec<String> = histories.iter().flat_map(check).map(|violation| violation.to_string()).collect();
    let known: usize = histories.iter().map(|history| history.executions.len()).sum();
    if known != witnessed.len() {
        found.push(format!("the witness saw {} executions, and only {known} belong to turns of the sessions", witnessed.len()));
    }
    assert!(found.is_empty(), "{} promises were broken:\n{}", found.len(), found.join("\n"));
}

struct Check<'a> {
    history: &'a History,
    found: Vec<Violation>,
}

impl<'a> Check<'a> {
    fn broken(&mut self, rule: Rule, about: String) {
        self.found.push(Violation { rule, about });
    }

    /// The turn that carries out what was sent, if it is there.
    fn turn_of(&self, sent: &Sent) -> Option<&'a Value> {
        let message = self.history.messages.iter().find(|message| text(&message["text"]) == sent.text)?;
        self.history.turns.iter().find(|turn| turn["message"] == message["id"])
    }

    fn messages(&mut self) {
        let history = self.history;
        for sent in &history.sent {
            let there = history.messages.iter().filter(|message| text(&message["text"]) == sent.text).count();
            if there > 1 {
                self.broken(Rule::Doubled, format!("{} was sent once and is there {there} times", sent.text));
            }
            let Some((message, turn)) = &sent.acked else { continue };
            if !history.messages.iter().any(|there| text(&there["id"]) == message && text(&there["text"]) == sent.text) {
                self.broken(Rule::Lost, format!("{message} ({}) was acknowledged and is not there", sent.text));
            }
            if !history.turns.iter().any(|there| text(&there["id"]) == turn && text(&there["message"]) == message) {
                self.broken(Rule::Lost, format!("{turn} ({}) was acknowledged and is not there", sent.text));
            }
        }
    }

    fn turns(&mut self) {
        for turn in &self.history.turns {
            let id = text(&turn["id"]);
            let outcome = text(&turn["outcome"]);
            if turn["state"] != "ended" || !["succeeded", "failed", "cancelled", "interrupted"].contains(&outcome) {
                self.broken(Rule::Ending, format!("{id} is {} with outcome {}", turn["state"], turn["outcome"]));
                continue;
            }
            let of_turn: Vec<&Value> = self.history.events.iter().filter(|event| text(&event["turn"]) == id).collect();
            let endings: Vec<usize> = (0..of_turn.len()).filter(|index| of_turn[*index]["type"] == "turn.ended").collect();
            let [ending] = endings[..] else {
                self.broken(Rule::Ending, format!("{id} has {} turn.ended events", endings.len()));
                continue;
            };
            for name in ["outcome", "maybe_executed", "attempts"] {
                if of_turn[ending][name] != turn[name] {
                    self.broken(Rule::Ending, format!("{id} ended with {name} {} and now says {}", of_turn[ending][name], turn[name]));
                }
            }
            if let Some(later) = of_turn.get(ending + 1) {
                self.broken(Rule::Ending, format!("{id} ended, and then event {} {} came", later["seq"], later["type"]));
            }
        }
    }

    fn executions(&mut self) {
        let history = self.history;
        let mut times: BTreeMap<(&str, i64), i64> = BTreeMap::new();
        for execution in &history.executions {
            *times.entry((&execution.turn, execution.epoch)).or_default() += 1;
        }
        for ((turn, epoch), times) in &times {
            let assigned = |event: &&Value| text(&event["turn"]) == *turn && event["epoch"].as_i64() == Some(*epoch);
            if !history.events_of("turn.assigned").any(|event| assigned(&event)) {
                self.broken(Rule::Stranger, format!("{turn} was executed under epoch {epoch}, which was never given"));
            }
            if *times > 1 {
                self.broken(Rule::Repeated, format!("{turn} was executed {times} times under the one epoch {epoch}"));
            }
        }
        for turn in &history.turns {
            let id = text(&turn["id"]);
            let times: i64 = times.iter().filter(|((turn, _), _)| *turn == id).map(|(_, times)| times).sum();
            let attempts = turn["attempts"].as_i64().unwrap_or_default();
            let doubtful = turn["maybe_executed"] == true;
            if times > attempts {
                self.broken(Rule::Repeated, format!("{id} was executed {times} times in {attempts} attempts"));
            }
            if times > 1 && !doubtful {
                self.broken(Rule::Repeated, format!("{id} was executed {times} times and its record has no maybe_executed"));
            }
            if times > 0 && !doubtful && turn["outcome"] == "interrupted" {
                self.broken(Rule::Repeated, format!("{id} was executed, and its record says that it was not"));
            }
            if times == 0 && turn["outcome"] == "succeeded" {
                self.broken(Rule::Unexecuted, format!("{id} succeeded and was never executed"));
            }
        }
    }

    fn numbers(&mut self) {
        for (index, event) in self.history.events.iter().enumerate() {
            if event["seq"].as_i64() != Some(index as i64 + 1) {
                self.broken(Rule::Numbers, format!("event {} has the number {}", index + 1, event["seq"]));
                return;
            }
        }
    }

    fn order(&mut self) {
        let history = self.history;
        let queued: Vec<&str> = history.events_of("message.queued").map(|event| text(&event["message"])).collect();
        let mut seen = BTreeSet::new();
        let mut last = 0;
        for event in history.events_of("turn.assigned").filter(|event| seen.insert(text(&event["turn"]))) {
            let turn = history.turns.iter().find(|turn| turn["id"] == event["turn"]);
            let place = turn.and_then(|turn| queued.iter().position(|message| *message == text(&turn["message"])));
            match place {
                Some(place) if place >= last => last = place,
                Some(_) => self.broken(Rule::Order, format!("{} overtook an older message", event["turn"])),
                None => self.broken(Rule::Order, format!("{} was assigned before its message was in line", event["turn"])),
            }
        }
        let epochs: Vec<i64> = history.events_of("turn.assigned").filter_map(|event| event["epoch"].as_i64()).collect();
        if let Some(pair) = epochs.windows(2).find(|pair| pair[0] >= pair[1]) {
            self.broken(Rule::Epochs, format!("epoch {} came after {}", pair[1], pair[0]));
        }
    }

    /// Each question has one answer at most, and what ran was approved for it, as often as it was approved.
    fn approvals(&mut self) {
        let history = self.history;
        let asked: Vec<(&str, &str)> =
            history.events_of("approval.asked").map(|event| (text(&event["approval"]), text(&event["input"]))).collect();
        let settled: Vec<(&str, &str)> =
            history.events_of("approval.answered").map(|event| (text(&event["approval"]), text(&event["state"]))).collect();
        for (index, (id, state)) in settled.iter().enumerate() {
            if settled[..index].iter().any(|(earlier, _)| earlier == id) {
                self.broken(Rule::Approval, format!("{id} was settled again, as {state}"));
            }
            if !asked.iter().any(|(known, _)| known == id) {
                self.broken(Rule::Approval, format!("{id} was settled and never asked"));
            }
        }
        for mark in history.ran.iter().collect::<BTreeSet<_>>() {
            let ran = history.ran.iter().filter(|other| *other == mark).count();
            let of_mark = asked.iter().filter(|(_, input)| input.contains(mark.as_str()));
            let approved = of_mark.filter(|(id, _)| settled.contains(&(id, "approved"))).count();
            if ran > approved {
                self.broken(Rule::Approval, format!("the command of {mark} ran {ran} times and was approved {approved} times"));
            }
        }
    }

    /// A turn that was carried out once and whole says what the agent said, no more and no less; a broken one a beginning of it.
    fn output(&mut self) {
        for sent in self.history.sent.iter().filter(|sent| !sent.says.is_empty()) {
            let Some(turn) = self.turn_of(sent) else { continue };
            let said: Vec<&str> = self
                .history
                .events_of("agent.text")
                .filter(|event| event["turn"] == turn["id"])
                .map(|event| text(&event["text"]))
                .collect();
            let whole = said.iter().eq(sent.says.iter());
            let beginning = said.len() <= sent.says.len() && said.iter().zip(&sent.says).all(|(said, says)| *said == says);
            let once = turn["attempts"].as_i64() == Some(1);
            if once && (turn["outcome"] == "succeeded" && !whole || !beginning) {
                self.broken(Rule::Output, format!("{} said {said:?} and not {:?}", turn["id"], sent.says));
            }
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

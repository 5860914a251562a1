//! The journal of the clients held against what the product says in the end.
//!
//! Invariant: an operation that went well happened, one that was refused did not, one whose end is unknown happened at most once;
//! what a client once saw to be final no later look contradicts; what a stream showed is what is stored.

use super::{History, Rule, Violation, text};
use crate::history::{Ask, End, Operation, Story, digest};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What of a turn never changes once it has ended.
const FINAL: &[&str] = &["state", "outcome", "reason", "maybe_executed", "attempts"];

/// Finds every broken promise between the clients' story and the end of these sessions. A run in which less than `minimum` operations
/// went well proved nothing, and is broken too.
pub fn check_story(story: &Story, histories: &BTreeMap<String, History>, minimum: usize) -> Vec<Violation> {
    let mut check = Check { story, histories, found: Vec::new() };
    check.enough(minimum);
    check.sends();
    check.looks();
    check.answers();
    check.streams();
    check.found
}

struct Check<'a> {
    story: &'a Story,
    histories: &'a BTreeMap<String, History>,
    found: Vec<Violation>,
}

impl<'a> Check<'a> {
    fn broken(&mut self, rule: Rule, about: String) {
        self.found.push(Violation { rule, about });
    }

    fn enough(&mut self, minimum: usize) {
        let oks = self.story.operations.iter().filter(|operation| matches!(operation.end, End::Ok(_))).count();
        if oks < minimum {
            self.broken(Rule::Few, format!("{oks} operations went well, less than {minimum}: nothing is proved"));
        }
        if self.story.dropped > 0 {
            self.broken(Rule::Few, format!("{} entries did not fit into the journal", self.story.dropped));
        }
    }

    fn sends(&mut self) {
        let mut there: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for message in self.histories.values().flat_map(|history| &history.messages) {
            there.entry(text(&message["text"])).or_default().push(text(&message["id"]));
        }
        let mut sends: BTreeMap<&str, (&str, Vec<&End>)> = BTreeMap::new();
        for operation in &self.story.operations {
            if let Ask::Send { key, text } = &operation.ask {
                sends.entry(key).or_insert((text, Vec::new())).1.push(&operation.end);
            }
        }
        for (key, (text_sent, ends)) in sends {
            let there = there.get(text_sent).map_or(&[][..], Vec::as_slice);
            let told: BTreeSet<&str> =
                ends.iter().filter_map(|end| if let End::Ok(body) = end { body["id"].as_str() } else { None }).collect();
            if there.len() > 1 {
                self.broken(Rule::Doubled, format!("the message of key {key} is there {} times", there.len()));
            }
            if told.len() > 1 {
                self.broken(Rule::Doubled, format!("key {key} was answered with {told:?}"));
            }
            for id in told.iter().filter(|id| !there.contains(id)) {
                self.broken(Rule::Lost, format!("{id} (key {key}) was acknowledged and is not there"));
            }
            if ends.iter().all(|end| matches!(end, End::Fail(_))) && !there.is_empty() {
                self.broken(Rule::Refused, format!("the message of key {key} was refused and is there"));
            }
        }
    }

    fn looks(&mut self) {
        let ended: BTreeMap<&str, &Value> =
            self.histories.values().flat_map(|history| &history.turns).map(|turn| (text(&turn["id"]), turn)).collect();
        let mut looks: BTreeMap<&str, Vec<(&Operation, &Value)>> = BTreeMap::new();
        for operation in &self.story.operations {
            if let (Ask::Look { turn }, End::Ok(view)) = (&operation.ask, &operation.end) {
                looks.entry(turn).or_default().push((operation, view));
            }
        }
        for (turn, looks) in looks {
            let first = looks.iter().filter(|(_, view)| view["state"] == "ended").min_by_key(|(operation, _)| operation.ended);
            let Some((first, was)) = first else { continue };
            let later = looks.iter().filter(|(operation, _)| Some(operation.began) >= first.ended).map(|(_, view)| *view);
            for view in later.chain(ended.get(turn).copied()) {
                if let Some(name) = FINAL.iter().find(|name| view[**name] != was[**name]) {
                    self.broken(Rule::Changed, format!("{turn} had ended with {name} {}, and later it was {}", was[*name], view[*name]));
                }
            }
        }
    }

    fn answers(&mut self) {
        let mut oks: BTreeMap<&str, Vec<bool>> = BTreeMap::new();
        for operation in &self.story.operations {
            if let (Ask::Answer { approval, approve }, End::Ok(_)) = (&operation.ask, &operation.end) {
                oks.entry(approval).or_default().push(*approve);
            }
        }
        let answered = |id: &str| {
            let events = self.histories.values().flat_map(|history| history.events_of("approval.answered"));
            events.filter(|event| event["approval"] == id).map(|event| text(&event["state"])).collect::<Vec<_>>()
        };
        let mut found = Vec::new();
        for (id, told) in oks {
            let settled = answered(id);
            if told.len() > 1 {
                found.push(format!("{id} was settled for {} clients", told.len()));
            }
            let wanted = if told[0] { "approved" } else { "denied" };
            if settled != [wanted] {
                found.push(format!("{id} was settled as {wanted}, and the record has {settled:?}"));
            }
        }
        found.into_iter().for_each(|about| self.broken(Rule::Approval, about));
    }

    fn streams(&mut self) {
        for (session, seen) in &self.story.seen {
            let events = self.histories.get(session).map_or(&[][..], |history| &history.events);
            for pair in seen.windows(2).filter(|pair| pair[1].0 != pair[0].0 + 1) {
                self.broken(Rule::Seen, format!("in the stream of {session}, {} came after {}", pair[1].0, pair[0].0));
            }
            let differs = |(number, told): &&(i64, u64)| {
                let stored = usize::try_from(number - 1).ok().and_then(|index| events.get(index));
                stored.map(digest) != Some(*told)
            };
            if let Some((number, _)) = seen.iter().find(differs) {
                self.broken(Rule::Seen, format!("the stream of {session} showed another event {number} than is stored"));
            }
        }
    }
}

#[cfg(test)]
mod tests;

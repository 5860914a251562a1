//! What must be true after a seed, whatever failed: the hub's books held against the witness and against what people were told.

use crate::people::{Accepted, People, Talk};
use crate::stage::Stage;
use crate::witness::{End, Execution, Witness};
use crate::world::EPOCH;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Checks everything.
pub fn everything(people: &People) {
    for talk in people.talks.borrow().iter() {
        let check = Check { talk, stage: &people.stage, witness: &people.witness };
        check.stream();
        check.leases();
        check.accepted();
        check.apart();
        let turns = talk.turns.borrow().clone();
        for turn in &turns {
            check.turn(turn);
            check.executions(turn);
        }
        // The books are part of the trace: the same seed must write the same ones.
        for event in talk.events.borrow().iter() {
            people.stage.note(format_args!("{event}"));
        }
    }
}

struct Check<'a> {
    talk: &'a Talk,
    stage: &'a Stage,
    witness: &'a Witness,
}

impl Check<'_> {
    fn must(&self, good: bool, what: impl FnOnce() -> String) {
        if !good {
            self.stage.broken(format!("session {}: {}", self.talk.id, what()));
        }
    }

    fn events_of(&self, turn: &str) -> Vec<Value> {
        self.talk.events.borrow().iter().filter(|event| event["turn"] == turn).cloned().collect()
    }

    /// Numbers without a gap, and what was read along is what is written.
    fn stream(&self) {
        let events = self.talk.events.borrow();
        for (number, event) in (1..).zip(events.iter()) {
            self.must(event["seq"] == number, || format!("event {} stands where {number} should", event["seq"]));
        }
        for (seq, read) in self.talk.read.borrow().iter() {
            // Who reads along may be ahead of who collects.
            let Some(written) = events.get(*seq as usize - 1).cloned().map(unnumbered) else { continue };
            let read = serde_json::from_str::<Value>(read).ok().map(unnumbered);
            self.must(read.as_ref() == Some(&written), || format!("event {seq} was read as {read:?} and is written as {written:?}"));
        }
    }

    /// Epochs grow by one, and a lease begins only after the one before is over.
    fn leases(&self) {
        let (mut epoch, mut live) = (0, None::<Value>);
        for event in self.talk.events.borrow().iter() {
            let kind = event["type"].as_str().unwrap_or_default();
            if kind == "turn.assigned" {
                self.must(live.is_none(), || format!("turn {} was assigned while {live:?} was live", event["turn"]));
                self.must(event["epoch"] == epoch + 1, || format!("epoch {} came after {epoch}", event["epoch"]));
                epoch = event["epoch"].as_i64().unwrap_or_default();
                live = Some(event["turn"].clone());
            } else if ["turn.ended", "turn.requeued", "turn.parked"].contains(&kind) && live.as_ref() == Some(&event["turn"]) {
                live = None;
            }
        }
    }

    /// What people were told is in the line once.
    fn accepted(&self) {
        let events = self.talk.events.borrow();
        let queued: Vec<&Value> = events.iter().filter(|event| event["type"] == "message.queued").collect();
        for Accepted { turn, text } in self.talk.accepted.borrow().iter() {
            let same: Vec<_> = queued.iter().filter(|event| event["text"] == text.as_str()).collect();
            self.must(same.len() == 1, || format!("message {text:?} stands in the history {} times", same.len()));
            let known = self.talk.turns.borrow().iter().any(|known| known["id"] == turn.as_str());
            self.must(known, || format!("turn {turn} of an accepted message is gone"));
        }
        let mut texts: Vec<&str> = queued.iter().filter_map(|event| event["text"].as_str()).collect();
        texts.sort_unstable();
        self.must(texts.windows(2).all(|pair| pair[0] != pair[1]), || "a message stands in the history twice".to_owned());
        self.must(queued.len() == self.talk.turns.borrow().len(), || "there are more turns than messages".to_owned());
    }

    /// No two agents worked on the session at the same time.
    fn apart(&self) {
        let mut all = self.witness.of_session(&self.talk.id);
        all.sort_by_key(|execution| execution.begun);
        for pair in all.windows(2) {
            let good = pair[0].ended.is_some_and(|(ended, _)| ended <= pair[1].begun);
            self.must(good, || format!("two agents at once: {:?} and {:?}", pair[0], pair[1]));
        }
        self.must(all.iter().all(|execution| execution.ended.is_some()), || "an agent lives on".to_owned());
    }

    /// One ending, and nothing after it.
    fn turn(&self, turn: &Value) {
        let id = turn["id"].as_str().unwrap_or_default();
        let events = self.events_of(id);
        let endings = events.iter().filter(|event| event["type"] == "turn.ended").count();
        self.must(endings == 1, || format!("turn {id} has {endings} endings"));
        let Some(last) = events.last() else { return };
        self.must(last["type"] == "turn.ended", || format!("turn {id} went on after its end: {last}"));
        self.must(last["outcome"] == turn["outcome"], || format!("turn {id} ended as {last} and is {turn}"));
        self.must(turn["attempts"].as_i64().is_some_and(|attempts| attempts <= 3 + parked(&events)), || {
            format!("too many attempts: {turn}")
        });
        if let Some(seen) = self.talk.seen.borrow().get(id) {
            self.must(*seen == json!([turn["outcome"], turn["reason"], turn["ended_at"]]), || {
                format!("turn {id} was seen as {seen}, and is {turn}")
            });
        }
    }

    /// Every execution is explained by a lease, and a second one by what the turn says of itself.
    fn executions(&self, turn: &Value) {
        let id = turn["id"].as_str().unwrap_or_default();
        let executions = id.parse().map(|id| self.witness.of_turn(&id)).unwrap_or_default();
        let events = self.events_of(id);
        let mut epochs = BTreeMap::new();
        for execution in &executions {
            *epochs.entry(execution.lease.epoch).or_insert(0) += 1;
            self.explained(execution, &events);
        }
        self.must(epochs.values().all(|count| *count == 1), || format!("a lease of turn {id} was carried out twice: {executions:?}"));
        let whole: Vec<&Execution> =
            executions.iter().filter(|execution| !matches!(execution.ended, Some((_, End::Said("parked"))))).collect();
        if whole.len() > 1 {
            self.stage.count("carried out again");
            self.must(turn["maybe_executed"] == true, || {
                format!("turn {id} was carried out {} times and does not say so: {executions:?}", whole.len())
            });
            self.must(turn["on_interruption"] != "ask", || format!("turn {id} was to ask, and was carried out {} times", whole.len()));
        }
        let done = executions.last().is_some_and(|last| matches!(last.ended, Some((_, End::Succeeded))));
        self.must(turn["outcome"] != "succeeded" || done, || format!("turn {id} succeeded, and its agents say {executions:?}"));
        self.must(turn["maybe_executed"] == true || lost(&executions) == 0 || turn["outcome"] == "cancelled", || {
            format!("turn {id} does not say that an agent was lost: {executions:?}")
        });
        if let Some(last) = executions.last().filter(|_| done && turn["outcome"] == "succeeded") {
            let said = self.said(last, &events).len();
            self.must(said == last.texts, || format!("of {last:?} only {said} texts are written"));
        }
    }

    fn explained(&self, execution: &Execution, events: &[Value]) {
        let (epoch, turn) = (execution.lease.epoch, &execution.lease.turn);
        let given = events
            .iter()
            .any(|event| event["type"] == "turn.assigned" && event["epoch"] == epoch && event["node"] == execution.node.as_str());
        self.must(given, || format!("nobody gave {execution:?} its lease"));
        // What an agent said came in order, once, without a hole.
        let mine = self.said(execution, events);
        let in_order = mine.iter().enumerate().all(|(number, text)| *text == format!("{turn}/{epoch} {number}"));
        self.must(in_order && mine.len() <= execution.texts, || format!("of {execution:?} this is written: {mine:?}"));
        self.fenced(execution, events);
    }

    /// The texts of an execution, as they are written.
    fn said<'e>(&self, execution: &Execution, events: &'e [Value]) -> Vec<&'e str> {
        let mark = format!("{}/{} ", execution.lease.turn, execution.lease.epoch);
        events.iter().filter_map(|event| event["text"].as_str()).filter(|text| text.starts_with(&mark)).collect()
    }

    /// When the hub says that a lease ran out, its agent is at rest.
    fn fenced(&self, execution: &Execution, events: &[Value]) {
        let after = events.iter().skip_while(|event| event["epoch"] != execution.lease.epoch);
        let over = after.into_iter().find(|event| event["type"] == "turn.ended" || event["type"] == "turn.requeued");
        let Some(over) = over.filter(|event| event["reason"] == "node_lost") else { return };
        self.stage.count("lease ran out");
        let at = over["at"].as_str().and_then(|at| serde_json::from_value::<fugue_domain::time::Time>(json!(at)).ok());
        let Some(at) = at else { return };
        let rested = execution.ended.is_some_and(|(ended, _)| EPOCH + ended <= at.0);
        self.must(rested, || format!("at {} the hub took the lease of {execution:?} for over", at.0 - EPOCH));
    }
}

fn unnumbered(mut event: Value) -> Value {
    if let Some(event) = event.as_object_mut() {
        event.remove("seq");
    }
    event
}

/// Executions that a lease, the power or a newer lease broke off.
fn lost(executions: &[Execution]) -> usize {
    executions.iter().filter(|execution| matches!(execution.ended, Some((_, End::Killed(why))) if why != "wish")).count()
}

/// A turn that waits for a usage limit may be begun once more for each time.
fn parked(events: &[Value]) -> i64 {
    events.iter().filter(|event| event["type"] == "turn.parked").count() as i64
}

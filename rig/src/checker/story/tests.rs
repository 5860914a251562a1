//! Each rule between the clients' story and the end finds its planted violation.

use super::*;
use serde_json::json;
use std::time::Duration;

fn operation(ask: Ask, began: u64, end: End) -> Operation {
    let ended = (end != End::Unknown).then(|| Duration::from_millis(began + 10));
    Operation { ask, began: Duration::from_millis(began), ended, end }
}

fn send(key: &str, end: End) -> Operation {
    operation(Ask::Send { key: key.to_owned(), text: format!("do {key}") }, 0, end)
}

fn look(began: u64, view: Value) -> Operation {
    operation(Ask::Look { turn: "trn_1".to_owned() }, began, End::Ok(view))
}

fn turn(state: &str, outcome: Value) -> Value {
    json!({"id": "trn_1", "state": state, "outcome": outcome, "reason": null, "maybe_executed": false, "attempts": 1})
}

/// A message that was sent twice under its key, another of which nobody knows, a third that was refused; a turn, a question, a stream.
fn sound() -> (Story, BTreeMap<String, History>) {
    let answer = |end| operation(Ask::Answer { approval: "apr_1".to_owned(), approve: true }, 0, end);
    let events =
        vec![json!({"seq": 1, "type": "x"}), json!({"seq": 2, "type": "approval.answered", "approval": "apr_1", "state": "approved"})];
    let story = Story {
        operations: vec![
            send("k1", End::Unknown),
            send("k1", End::Ok(json!({"id": "msg_1"}))),
            send("k2", End::Unknown),
            send("k3", End::Fail(422)),
            look(0, turn("running", Value::Null)),
            look(100, turn("ended", json!("succeeded"))),
            // It was begun before the end was seen, and may have been answered before it was reached.
            look(105, turn("running", Value::Null)),
            look(200, turn("ended", json!("succeeded"))),
            answer(End::Ok(Value::Null)),
            answer(End::Fail(409)),
        ],
        seen: BTreeMap::from([("ses_1".to_owned(), vec![(1, digest(&events[0])), (2, digest(&events[1]))])]),
        dropped: 0,
    };
    let history = History {
        messages: vec![json!({"id": "msg_1", "text": "do k1"})],
        turns: vec![turn("ended", json!("succeeded"))],
        events,
        ..History::default()
    };
    (story, BTreeMap::from([("ses_1".to_owned(), history)]))
}

#[track_caller]
fn finds(rule: Rule, plant: impl FnOnce(&mut Story, &mut History)) {
    let (mut story, mut histories) = sound();
    plant(&mut story, histories.get_mut("ses_1").unwrap());
    let found = check_story(&story, &histories, 5);
    assert!(found.iter().any(|violation| violation.rule == rule), "wanted {rule:?}, found {found:?}");
}

#[test]
fn a_sound_story_is_sound() {
    let (story, mut histories) = sound();
    assert_eq!(check_story(&story, &histories, 5), []);
    // What is unknown may have happened as well.
    histories.get_mut("ses_1").unwrap().messages.push(json!({"id": "msg_2", "text": "do k2"}));
    assert_eq!(check_story(&story, &histories, 5), []);
}

#[test]
fn a_run_in_which_too_little_went_well_is_broken() {
    let (story, histories) = sound();
    assert_eq!(check_story(&story, &histories, 7)[0].rule, Rule::Few);
    finds(Rule::Few, |story, _| story.dropped = 1);
}

#[test]
fn sends_that_are_lost_doubled_or_refused_and_there_are_found() {
    finds(Rule::Lost, |_, history| history.messages.clear());
    finds(Rule::Doubled, |story, _| story.operations.push(send("k1", End::Ok(json!({"id": "msg_9"})))));
    finds(Rule::Doubled, |_, history| {
        let twice = json!({"id": "msg_2", "text": "do k2"});
        history.messages.extend([twice.clone(), twice]);
    });
    finds(Rule::Refused, |_, history| history.messages.push(json!({"id": "msg_3", "text": "do k3"})));
}

#[test]
fn looks_that_contradict_each_other_are_found() {
    finds(Rule::Changed, |story, _| story.operations.push(look(300, turn("running", Value::Null))));
    finds(Rule::Changed, |story, _| story.operations.push(look(300, turn("ended", json!("failed")))));
    finds(Rule::Changed, |_, history| history.turns[0]["maybe_executed"] = json!(true));
}

#[test]
fn answers_that_are_taken_twice_or_not_kept_are_found() {
    let denied = || operation(Ask::Answer { approval: "apr_1".to_owned(), approve: false }, 0, End::Ok(Value::Null));
    finds(Rule::Approval, |story, _| story.operations.push(denied()));
    finds(Rule::Approval, |_, history| history.events[1]["state"] = json!("denied"));
    finds(Rule::Approval, |_, history| drop(history.events.pop()));
}

#[test]
fn streams_with_holes_repeats_or_other_words_are_found() {
    finds(Rule::Seen, |story, _| story.seen.get_mut("ses_1").unwrap().push((4, 0)));
    finds(Rule::Seen, |story, _| {
        let again = story.seen["ses_1"][1];
        story.seen.get_mut("ses_1").unwrap().push(again);
    });
    finds(Rule::Seen, |_, history| history.events[0]["type"] = json!("y"));
    finds(Rule::Seen, |_, history| drop(history.events.pop()));
}

//! The checker must find every planted violation, and nothing in a sound history.

use super::*;
use serde_json::json;

/// Two messages: one succeeded, one was resumed after a loss.
fn sound() -> History {
    let sent = |n: i64| Sent {
        text: format!("do {n}"),
        acked: Some((format!("msg_{n}"), format!("trn_{n}"))),
        says: vec![format!("a{n}"), format!("b{n}")],
    };
    let ended = |seq: i64, n: i64, attempts: i64, maybe: bool| json!({"seq": seq, "turn": format!("trn_{n}"), "type": "turn.ended", "outcome": "succeeded", "maybe_executed": maybe, "attempts": attempts});
    let said = |seq: i64, n: i64, text: &str| json!({"seq": seq, "turn": format!("trn_{n}"), "type": "agent.text", "text": text});
    let assigned = |seq: i64, n: i64, epoch: i64| json!({"seq": seq, "turn": format!("trn_{n}"), "type": "turn.assigned", "epoch": epoch});
    let turn = |n: i64, attempts: i64, maybe: bool| json!({"id": format!("trn_{n}"), "message": format!("msg_{n}"), "state": "ended", "outcome": "succeeded", "maybe_executed": maybe, "attempts": attempts});

    History {
        sent: vec![sent(1), sent(2)],
        messages: vec![json!({"id": "msg_2", "text": "do 2"}), json!({"id": "msg_1", "text": "do 1"})],
        turns: vec![turn(1, 1, false), turn(2, 2, true)],
        events: vec![
            json!({"seq": 1, "type": "message.queued", "message": "msg_1"}),
            json!({"seq": 2, "type": "message.queued", "message": "msg_2"}),
            assigned(3, 1, 1),
            said(4, 1, "a1"),
            said(5, 1, "b1"),
            ended(6, 1, 1, false),
            assigned(7, 2, 2),
            said(8, 2, "a2"),
            assigned(9, 2, 3),
            ended(10, 2, 2, true),
        ],
        executions: vec![seen(1, 1), seen(2, 2), seen(2, 3)],
        ran: vec![],
    }
}

fn seen(turn: i64, epoch: i64) -> Execution {
    Execution { turn: format!("trn_{turn}"), epoch, pid: 1, at: 0 }
}

#[track_caller]
fn finds(rule: Rule, plant: impl FnOnce(&mut History)) {
    let mut history = sound();
    plant(&mut history);
    let found = check(&history);
    assert!(found.iter().any(|violation| violation.rule == rule), "wanted {rule:?}, found {found:?}");
}

#[test]
fn a_sound_history_is_sound() {
    assert_eq!(check(&sound()), []);
    assert_eq!(check(&History::default()), []);
    // A message whose reply was cut may be there or not.
    let mut history = sound();
    history.sent.push(Sent { text: "do 3".into(), acked: None, says: vec![] });
    assert_eq!(check(&history), []);
}

#[test]
fn what_is_lost_or_doubled_is_found() {
    finds(Rule::Lost, |history| history.messages.retain(|message| message["id"] != "msg_1"));
    finds(Rule::Lost, |history| history.turns.retain(|turn| turn["id"] != "trn_2"));
    finds(Rule::Doubled, |history| history.messages.push(json!({"id": "msg_9", "text": "do 1"})));
}

#[test]
fn endings_that_are_none_or_change_are_found() {
    finds(Rule::Ending, |history| history.turns[0]["state"] = json!("running"));
    finds(Rule::Ending, |history| history.turns[0]["outcome"] = json!("failed"));
    finds(Rule::Ending, |history| history.turns[1]["maybe_executed"] = json!(false));
    finds(Rule::Ending, |history| history.events.push(json!({"seq": 11, "turn": "trn_1", "type": "agent.text", "text": "x"})));
    finds(Rule::Ending, |history| {
        let again = history.events[5].clone();
        history.events.push(again);
    });
    finds(Rule::Ending, |history| {
        history.events.remove(5);
    });
}

#[test]
fn executions_without_explanation_are_found() {
    finds(Rule::Repeated, |history| history.executions.push(seen(1, 1)));
    finds(Rule::Repeated, |history| history.executions.push(seen(2, 3)));
    finds(Rule::Repeated, |history| {
        history.turns[1]["maybe_executed"] = json!(false);
        history.events[9]["maybe_executed"] = json!(false);
    });
    finds(Rule::Repeated, |history| {
        history.turns[0]["outcome"] = json!("interrupted");
        history.events[5]["outcome"] = json!("interrupted");
    });
    finds(Rule::Stranger, |history| history.executions.push(seen(9, 1)));
    finds(Rule::Stranger, |history| history.executions.push(seen(1, 2)));
    finds(Rule::Unexecuted, |history| {
        history.executions.remove(0);
    });
}

#[test]
fn broken_streams_are_found() {
    finds(Rule::Numbers, |history| {
        history.events.remove(3);
    });
    finds(Rule::Numbers, |history| history.events[3]["seq"] = json!(3));
    finds(Rule::Order, |history| history.events.swap(0, 1));
    finds(Rule::Epochs, |history| history.events[8]["epoch"] = json!(2));
    finds(Rule::Output, |history| history.events[4]["text"] = json!("b2"));
    finds(Rule::Output, |history| {
        history.events.remove(4);
    });
}

#[test]
fn approvals_that_are_used_twice_are_found() {
    let with = |history: &mut History, states: &[&str], ran: usize| {
        history.events.push(json!({"seq": 11, "type": "approval.asked", "approval": "apr_1", "input": "{\"command\":\"touch mark-1;\"}"}));
        for (index, state) in states.iter().enumerate() {
            history.events.push(json!({"seq": 12 + index, "type": "approval.answered", "approval": "apr_1", "state": state}));
        }
        history.ran = vec!["mark-1;".to_owned(); ran];
    };
    let mut history = sound();
    with(&mut history, &["approved"], 1);
    assert_eq!(check(&history), []);
    finds(Rule::Approval, |history| with(history, &["approved"], 2));
    finds(Rule::Approval, |history| with(history, &["denied"], 1));
    finds(Rule::Approval, |history| with(history, &[], 1));
    finds(Rule::Approval, |history| with(history, &["approved", "approved"], 1));
    finds(Rule::Approval, |history| history.ran.push("mark-2;".to_owned()));
    finds(Rule::Approval, |history| {
        history.events.push(json!({"seq": 11, "type": "approval.answered", "approval": "apr_9", "state": "denied"}));
    });
}

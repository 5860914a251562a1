//! The fold: delivery, questions, wishes and every way in which a turn can end, and that a replay says the same again.

use super::*;
use crate::driver::Context;
use crate::fixture::assignment;
use fugue_domain::link::{Batch, FromNode};
use std::path::Path;

fn talk(assignment: &Assignment) -> Talk {
    let context = Context {
        session: assignment.lease.session.clone(),
        agent: assignment.agent.clone(),
        cwd: "/w".into(),
        memory: None,
        budget_left: None,
        program: None,
    };
    Talk::new(Driver::new(context))
}

fn frame<'a>(end: u64, kind: Kind, key: &'a str, bytes: &'a [u8]) -> Frame<'a> {
    Frame { at: end as Millis * 1_000, kind, key, bytes, end }
}

fn fold(frames: &[(Kind, &str, &[u8])], gone: Option<Gone>) -> Vec<String> {
    let assignment = assignment(Path::new("/h"));
    let (mut talk, mut turn, mut acts) = (talk(&assignment), Turn::new(&assignment), Vec::new());
    talk.driver.open(&say(&assignment));
    for (number, (kind, key, bytes)) in frames.iter().enumerate() {
        talk.fold(&frame(number as u64 + 1, *kind, key, bytes), Some(&mut turn), &mut acts);
    }
    if let Some(gone) = gone {
        talk.finish(99_000, Some(&mut turn), &mut acts);
        turn.lose(gone, 99_000);
    }
    let texts: Vec<_> = std::iter::from_fn(|| turn.ledger.send(0)).collect();
    let batches = texts.iter().map(|text| match serde_json::from_str(text).unwrap() {
        FromNode::Batch(Batch { reports, .. }) => reports,
        other => panic!("{other:?}"),
    });
    batches.flatten().map(|report| serde_json::to_string(&report).unwrap()).collect()
}

fn key() -> String {
    say(&assignment(Path::new("/h"))).key()
}

#[test]
fn the_same_spool_gives_the_same_reports_with_the_times_of_its_frames() {
    let key = key();
    let frames: [(Kind, &str, &[u8]); 4] =
        [(Kind::Started, "", b"1"), (Kind::In, &key, b"hello\n"), (Kind::Out, "", b"one\ntw"), (Kind::Out, "", b"o\nthree")];
    let ended: Vec<_> = frames.into_iter().chain([(Kind::Exit, "", &br#"{"Ok":0}"#[..])]).collect();
    let reports = fold(&ended, None);
    assert_eq!(reports, fold(&ended, None));
    assert_eq!(reports.len(), 5, "{reports:#?}");
    assert_eq!(reports[0], r#""delivered""#);
    assert!(reports[1].contains("1970-01-01T00:00:03.000Z") && reports[2].contains(r#""text":"two""#), "{reports:#?}");
    assert!(reports[3].contains("three") && reports[4].contains("succeeded"), "{reports:#?}");
    // The same without an end: its keeper died.
    let reports = fold(&frames, Some(Gone::Died));
    assert!(reports[4].contains(r#""reason":"keeper_died","delivered":true"#), "{reports:#?}");
}

#[test]
fn a_recorded_stop_decides_how_the_turn_ended() {
    let key = key();
    let exit: (Kind, &str, &[u8]) = (Kind::Exit, "", br#"{"Err":15}"#);
    for (why, wanted) in [
        (Why::Stop, r#""ending":"cancelled","reason":"stop""#),
        (Why::Interrupt, r#""ending":"cancelled","reason":"interrupt""#),
        (Why::Timeout, r#""ending":"failed","reason":"timeout""#),
        (Why::Hung, r#""ending":"interrupted","reason":"hung","delivered":true"#),
        (Why::Lease, r#""ending":"interrupted","reason":"node_lost","delivered":true"#),
        (Why::Spool, r#""ending":"interrupted","reason":"spool_failed","delivered":true"#),
    ] {
        let why_text = serde_json::to_vec(&why).unwrap();
        let reports = fold(&[(Kind::In, &key, b""), (Kind::Stop, "", &why_text), exit], None);
        assert!(reports.last().unwrap().contains(wanted), "{why:?}: {reports:?}");
        assert_eq!(reports.iter().any(|report| report.contains("agent.notice")), why == Why::Hung);
    }
    let reports = fold(&[exit], None);
    assert!(reports[0].contains(r#""reason":"crashed","delivered":false"#), "{reports:?}");
    let reports = fold(&[(Kind::NotStarted, "", b"no such file")], None);
    assert!(reports[0].contains(r#""reason":"program_missing","delivered":false"#) && reports[0].contains("no such file"), "{reports:?}");
}

#[test]
fn an_agent_that_was_gone_three_times_before_it_had_the_message_is_given_up() {
    let assignment = assignment(Path::new("/h"));
    let (key, exit) = (key(), (Kind::Exit, "", &br#"{"Err":9}"#[..]));
    let end = |before: i64, frames: &[(Kind, &str, &[u8])]| {
        let (mut talk, mut turn) = (talk(&assignment), Turn::new(&assignment).after(before));
        for (number, (kind, key, bytes)) in frames.iter().enumerate() {
            talk.fold(&frame(number as u64 + 1, *kind, key, bytes), Some(&mut turn), &mut Vec::new());
        }
        (turn.stillborn(), String::from_utf8_lossy(turn.ledger.send(0).unwrap().as_bytes()).into_owned())
    };
    for before in [0, 1] {
        let (times, said) = end(before, &[exit]);
        assert!(times == before + 1 && said.contains(r#""ending":"interrupted""#), "{times}: {said}");
    }
    let (_, said) = end(2, &[exit]);
    assert!(said.contains(r#""ending":"failed","reason":"crashed""#) && said.contains("3 times in a row"), "{said}");
    // With the message delivered it is the policy's business, and the count begins again.
    let (times, said) = end(2, &[(Kind::In, &key, b""), exit]);
    assert!(times == 0 && said.contains(r#""delivered":true"#), "{times}: {said}");
}

#[test]
fn a_request_is_judged_by_the_rules_and_what_cannot_be_judged_is_denied() {
    let mut assignment = assignment(Path::new("/h"));
    assignment.agent.rules = Rules::of(&["Read"], &[], &["Bash(rm *)"]);
    let mut turn = Turn::new(&assignment);
    let mut judge = |tool: &str, input: &str| {
        let ask = Ask { key: format!("{tool} {}", input.len()), tool: tool.into(), input: input.into(), purpose: None };
        turn.judge(0, ask).map(|verdict| verdict.approved)
    };
    assert_eq!(judge("Read", "{}"), Some(true));
    assert_eq!(judge("Bash", r#"{"command":"rm -rf x"}"#), Some(false));
    assert_eq!(judge("Bash", r#"{"command":"make"}"#), None);
    assert_eq!(judge("Bash", "{"), Some(false));
    let long = format!(r#"{{"command":"{}"}}"#, "x".repeat(APPROVAL_BYTES_MAX));
    assert_eq!(judge("Bash", &long), Some(false));
    assert_eq!(turn.asked.len(), 1);
    assert_eq!(turn.asked.values().next().unwrap().input, r#"{"command":"make"}"#);
}

#[test]
fn a_name_is_good_for_one_question() {
    let mut turn = Turn::new(&assignment(Path::new("/h")));
    let mut judge = |key: &str, tool: &str, command: &str| {
        let ask = Ask { key: key.into(), tool: tool.into(), input: format!(r#"{{"command":"{command}"}}"#), purpose: None };
        turn.judge(0, ask).map(|verdict| verdict.approved)
    };
    assert_eq!(judge("1", "Bash", "ls"), None);
    assert_eq!(judge("1", "Bash", "rm -rf x"), Some(false), "an answer to the first could be taken for one to the second");
    assert_eq!(judge("2", "Bash", "ls"), None);
    for (key, tool) in [("x".repeat(201).as_str(), "Bash"), ("3", &"x".repeat(201)), ("4", "Ba\0sh"), ("5\u{1b}", "Bash")] {
        assert_eq!(judge(key, tool, "ls"), Some(false), "{key:?} {tool:?}");
    }
    assert_eq!(turn.asked.keys().collect::<Vec<_>>(), ["2"]);
    let text = turn.ledger.send(0).unwrap();
    assert_eq!(text.matches(r#"{"withdrawn":{"key":"1"}}"#).count(), 1, "{text}");
    assert_eq!(text.matches(r#"{"asked""#).count(), 2, "{text}");
}

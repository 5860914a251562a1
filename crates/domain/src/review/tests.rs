//! What becomes of answers and comments.

use super::*;
use crate::agent::Agent;
use serde_json::json;

const HEAD: &str = "0123456789abcdef0123456789abcdef01234567";

fn run() -> RunId {
    RunId::from_bits(1)
}

fn answer(verdict: &str, commit: &str, findings: Value) -> Value {
    json!({"summary": "It rounds what it should not.", "verdict": verdict, "commit": commit, "findings": findings})
}

fn found(severity: &str) -> Value {
    json!({"severity": severity, "file": "src/bill.rs", "line": 7, "what": "Half a yen is lost.", "why": "0.5 is cut.", "suggestion": "Round."})
}

#[test]
fn an_answer_that_fits_the_role_is_a_verdict() {
    let role = Agent::built_in().iter().find(|agent| agent.name == REVIEWER).unwrap();
    let schema = role.output.as_ref().unwrap();
    for (verdict, findings, decision) in [
        ("approve", json!([]), Decision::Approve),
        ("approve", json!([found("should"), found("could")]), Decision::Approve),
        ("approve", json!([found("blocking")]), Decision::RequestChanges),
        ("request_changes", json!([found("blocking")]), Decision::RequestChanges),
        ("request_changes", json!([]), Decision::RequestChanges),
    ] {
        for commit in [HEAD, &HEAD[..7]] {
            let answer = answer(verdict, commit, findings.clone());
            assert_eq!(schema.judge(&answer), Vec::<String>::new(), "the role asks for something else: {answer}");
            let read = Verdict::read(&answer, HEAD, run());
            assert_eq!((read.decision, read.commit.as_str(), read.findings.len()), (decision, HEAD, findings.as_array().unwrap().len()));
        }
    }
    let read = Verdict::read(&answer("approve", HEAD, json!([found("should")])), HEAD, run());
    let expected = Finding {
        file: "src/bill.rs".to_owned(),
        line: 7,
        severity: Severity::Advice,
        text: "Half a yen is lost.\n0.5 is cut.\nRound.".to_owned(),
    };
    assert_eq!(read.findings, [expected]);
    assert!(!read.is_stale(HEAD) && read.is_stale("0123456789abcdef0123456789abcdef01234568"));
}

#[test]
fn an_answer_about_something_else_is_no_judgement() {
    for commit in ["HEAD", "", "012", "fedcba9876543210", &format!("{HEAD}0")] {
        let read = Verdict::read(&answer("approve", commit, json!([])), HEAD, run());
        assert_eq!(read.decision, Decision::Unable, "{commit:?}");
        assert!(read.summary.contains("0123456789ab") && read.findings.is_empty(), "{}", read.summary);
    }
    assert_eq!(Verdict::read(&json!("fine"), HEAD, run()).decision, Decision::Unable);
}

#[test]
fn findings_become_one_message_with_places_and_those_that_block_first() {
    let finding = |file: &str, line, severity, text: &str| Finding { file: file.to_owned(), line, severity, text: text.to_owned() };
    let verdict = Verdict {
        commit: HEAD.to_owned(),
        decision: Decision::RequestChanges,
        summary: "Nearly.".to_owned(),
        findings: vec![
            finding("README.md", 0, Severity::Advice, "Tell of it."),
            finding("src/bill.rs", 7, Severity::Blocking, "Half a yen is lost.\nRound."),
            finding("", 0, Severity::Blocking, "There is no test."),
        ],
        by: By::Person(UserId::from_bits(1)),
    };
    let expected = "A person has read the change as it is in commit 0123456789ab and asks for changes.\n\nNearly.\n\n\
         What must be changed:\n- src/bill.rs:7: Half a yen is lost.\n  Round.\n- There is no test.\n\n\
         What you should think about:\n- README.md: Tell of it.\n\n";
    let message = verdict.message();
    assert!(message.starts_with(expected), "{message}");
    let longest = Verdict { findings: vec![finding("f", 1, Severity::Blocking, &"x".repeat(FINDING_BYTES_MAX)); FINDINGS_MAX], ..verdict };
    assert!(longest.message().len() < crate::limits::MESSAGE_BYTES_MAX);
}

#[test]
fn what_a_person_sends_is_checked() {
    let good = Finding { file: "src/bill.rs".to_owned(), line: 7, severity: Severity::Blocking, text: "Why?".to_owned() };
    assert_eq!(good.check(), Ok(()));
    for (bad, field) in [
        (Finding { file: "/etc/passwd".to_owned(), ..good.clone() }, "file"),
        (Finding { file: "a\nb".to_owned(), ..good.clone() }, "file"),
        (Finding { line: -1, ..good.clone() }, "line"),
        (Finding { text: " ".to_owned(), ..good.clone() }, "text"),
        (Finding { text: "x".repeat(FINDING_BYTES_MAX + 1), ..good.clone() }, "text"),
    ] {
        assert_eq!(bad.check().unwrap_err().0, field, "{bad:?}");
    }
}

#[test]
fn a_reviewer_is_told_the_task_and_the_commits() {
    let acceptance = "- Totals are whole.\n- All tests pass.\n";
    let subject = Subject { title: "Round", description: "Half a yen is lost.\n", acceptance, base: "base1", commit: HEAD };
    let text = question(&subject);
    assert!(text.contains(&format!("git diff base1...{HEAD}")), "{text}");
    let told = "The task was: Round\n\nHalf a yen is lost.\n\nWhat must be true when it is done:\n\n- Totals are whole.\n- All tests pass.";
    assert!(text.ends_with(told), "{text}");
    let bare = question(&Subject { description: "", acceptance: "", ..subject });
    assert!(bare.ends_with("The task was: Round"), "{bare}");
}

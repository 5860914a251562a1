//! What is shown, what is judged and what is run are one byte string, whatever it says.

use super::*;
use crate::rule::{Rules, Verdict};
use crate::shell;
use proptest::prelude::*;

fn request() -> Request {
    Request { key: "1".into(), tool: "Bash".into(), input: r#"{"command":"ls"}"#.into(), cwd: "/w".into(), purpose: None, rule: None }
}

#[test]
fn any_other_byte_session_or_epoch_has_another_hash() {
    let session = SessionId::from_bits(1);
    let hash = request().hash(&session, 1);
    let others = [
        Request { input: r#"{"command":"ls "}"#.into(), ..request() },
        Request { input: r#"{"command": "ls"}"#.into(), ..request() },
        Request { cwd: "/w/".into(), ..request() },
        Request { tool: "bash".into(), ..request() },
    ];
    assert!(others.iter().all(|other| other.hash(&session, 1) != hash));
    assert_ne!(request().hash(&session, 2), hash);
    assert_ne!(request().hash(&SessionId::from_bits(2), 1), hash);
    assert_eq!(Request { purpose: Some("tidy up".into()), key: "9".into(), ..request() }.hash(&session, 1), hash);
}

#[test]
fn nothing_hides() {
    assert_eq!(visible("rm \u{202e}txt.exe\u{1b}[2K\u{200b}\r"), "rm \\u{202e}txt.exe\\u{1b}[2K\\u{200b}\\u{d}");
    assert_eq!(visible("ls\n\tか привет Ελλάδα (naïve)"), "ls\n\tか привет Ελλάδα (naïve)");
    assert_eq!(visible("rm ｒm sh\u{43e}w e\u{301} a\u{3000}b \u{2800}"), "rm \\u{ff52}m sh\\u{43e}w e\\u{301} a\\u{3000}b \\u{2800}");
}

/// Texts of letters that somebody could misread, and of any others.
fn any_text() -> impl Strategy<Value = String> {
    let tricky = prop::sample::select(
        "ab \t\n\r\0\u{1b}\u{7f}\\u{}\"'`$;&|<>()#*~\u{a0}\u{ad}\u{34f}\u{200b}\u{202e}\u{2028}\u{2066}\u{2800}\u{3000}\u{430}\u{ff41}\u{301}é語"
            .chars()
            .collect::<Vec<_>>(),
    );
    prop::collection::vec(prop_oneof![4 => tricky, 1 => any::<char>()], 0..40).prop_map(String::from_iter)
}

/// Everything that an answer is bound to.
fn any_question() -> impl Strategy<Value = (Request, SessionId, i64)> {
    (any_text(), any_text(), any_text(), 0..3u128, 0..3i64)
        .prop_map(|(tool, input, cwd, session, epoch)| (Request { tool, input, cwd, ..request() }, SessionId::from_bits(session), epoch))
}

/// Another question that looks much like one: a letter more, fewer or changed, or the same letters cut at another place.
fn nearly((request, session, epoch): (Request, SessionId, i64), way: usize, at: usize) -> (Request, SessionId, i64) {
    let mut letters: Vec<char> = request.input.chars().collect();
    let at = at % (letters.len() + 1);
    let edited = |letters: Vec<char>| Request { input: letters.into_iter().collect(), ..request.clone() };
    match way {
        0 => (
            edited({
                letters.insert(at, ' ');
                letters
            }),
            session,
            epoch,
        ),
        1 => (
            edited({
                letters.insert(at, '\u{200b}');
                letters
            }),
            session,
            epoch,
        ),
        2 => (
            edited({
                letters.truncate(at);
                letters
            }),
            session,
            epoch,
        ),
        3 => (Request { tool: format!("{}{}", request.tool, request.cwd), cwd: String::new(), ..request }, session, epoch),
        4 => (Request { cwd: request.input.clone(), input: request.cwd.clone(), ..request }, session, epoch),
        5 => (request, session, epoch + 1),
        _ => (request, SessionId::from_bits(9), epoch),
    }
}

fn bound(question: &(Request, SessionId, i64)) -> (&str, &str, &str, &SessionId, i64) {
    let (request, session, epoch) = question;
    (&request.tool, &request.input, &request.cwd, session, *epoch)
}

/// What is shown, read back. A `\\` of the JSON itself has its letter with it; one that stands before `u{` spells a letter out.
fn read_back(shown: &str) -> String {
    let (mut text, mut rest) = (String::new(), shown);
    while let Some(at) = rest.find('\\') {
        text += &rest[..at];
        rest = &rest[at..];
        let spelled = rest.strip_prefix("\\u{").and_then(|code| code.split_once('}'));
        let length = if spelled.is_some() { 0 } else { 1 + rest[1..].chars().next().map_or(0, char::len_utf8) };
        text += &rest[..length];
        rest = &rest[length..];
        if let Some((code, after)) = spelled {
            text.extend(u32::from_str_radix(code, 16).ok().and_then(char::from_u32));
            rest = after;
        }
    }
    text + rest
}

proptest! {
    #[test]
    fn an_answer_is_used_for_nothing_but_its_question(
        asked in any_question(), other in any_question(), way in 0..7usize, at in any::<usize>(), cut in 0..64usize,
    ) {
        let hash = asked.0.hash(&asked.1, asked.2);
        prop_assert!(asked.0.is_meant(&hash, &asked.1, asked.2));
        for run in [other, nearly(asked.clone(), way, at)] {
            prop_assert_eq!(run.0.is_meant(&hash, &run.1, run.2), bound(&run) == bound(&asked), "decided {:?}, run {:?}", asked, run);
        }
        let (upper, longer) = (hash.to_uppercase(), format!("{hash} "));
        for almost in [&hash[..cut], &hash[cut + 1..], &longer, ""] {
            prop_assert!(!asked.0.is_meant(almost, &asked.1, asked.2), "{:?} is taken for {}", almost, hash);
        }
        prop_assert!(upper == hash || !asked.0.is_meant(&upper, &asked.1, asked.2));
    }

    #[test]
    fn what_is_shown_is_one_text_and_no_other(command in any_text()) {
        // As an agent prints it: without spelling out what JSON allows to stand.
        let input = serde_json::json!({ "command": command }).to_string();
        let shown = visible(&input);
        prop_assert!(!shown.contains(|letter: char| letter.is_control() && letter != '\n' && letter != '\t'), "{:?}", shown);
        prop_assert_eq!(read_back(&shown), input);
    }

    #[test]
    fn what_is_judged_is_the_text_that_runs(command in any_text(), more in any_text()) {
        let rules = Rules::of(&["Bash(a *)", "Bash(b *)"], &[], &["Bash(rm *)"]);
        let judged = |text: &str| rules.judge("Bash", &serde_json::from_str(text).unwrap(), "/srv/tree").verdict;
        let plain = serde_json::json!({ "command": command }).to_string();
        // Other spellings of the same JSON say the same; a second command in it is the one that counts, for us and for the agent.
        let spelled: String = command.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        prop_assert_eq!(judged(&plain), judged(&format!("{{\"command\":\"{spelled}\"}}")));
        let first = serde_json::json!(more);
        prop_assert_eq!(judged(&plain), judged(&format!("{{\"command\":{first},{}", &plain[1..])));
        // Unasked runs only what is words of allowed programs, all of them.
        if judged(&plain) == Verdict::Allow {
            let programs = shell::commands(&command).expect("what cannot be read is not allowed");
            prop_assert!(programs.iter().all(|words| words[0] == "a" || words[0] == "b"), "{:?}", programs);
        }
    }
}

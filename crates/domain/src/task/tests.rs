//! The whole transition table, which is also the documentation, and the promises that hold over all of it.

use super::*;
use crate::check::Exit;
use crate::saying::Red;
use proptest::prelude::*;
use std::fmt::Write;

const NOW: Millis = 1_000;

fn states() -> Vec<Task> {
    let task = |state: State, session: bool, head: bool| {
        let told = session && !matches!(state, State::Working(Phase::Preparing) | State::NeedsHuman { need: Need::SetupFailed, .. });
        Task { session, told, head: head.then(|| "c1".to_owned()), ..Task::new(state, 2) }
    };
    let human = |need: Need| State::NeedsHuman { need, why: "so".into() };
    vec![
        task(State::Draft, false, false),
        task(State::Blocked, false, false),
        task(State::Ready, false, false),
        task(State::Working(Phase::Preparing), true, false),
        task(State::Working(Phase::Agent), true, false),
        Task { attempt: 2, signature: Some("s1".to_owned()), ..task(State::Working(Phase::Agent), true, true) },
        task(State::Checking, true, false),
        Task { attempt: 2, signature: Some("s1".to_owned()), ..task(State::Checking, true, true) },
        task(State::Review, true, true),
        Task { attempt: 2, ..task(State::Review, true, true) },
        task(State::Merging { waits: None }, true, true),
        Task { attempt: 2, ..task(State::Merging { waits: None }, true, true) },
        task(human(Need::AgentFailed), true, true),
        task(human(Need::SetupFailed), true, false),
        task(human(Need::ChecksEdited), true, true),
        task(human(Need::ReviewFailed), true, true),
        task(human(Need::TakenOver), true, true),
        task(human(Need::Impossible), false, false),
        task(State::Done { at: 500 }, false, true),
        task(State::Cancelled { at: 500 }, false, false),
    ]
}

fn failure(signature: &str) -> Failure {
    Failure { signature: signature.to_owned(), red: vec![Red { name: "test".to_owned(), exit: Exit::Code(1) }] }
}

fn proof() -> Proof {
    Proof { head: "c1".into(), changed: true, denied: false, failure: None, edited: vec![], may_edit: false, review: true }
}

fn inputs() -> Vec<(&'static str, Input)> {
    let edited = || Proof { edited: vec!["fugue.toml".into()], ..proof() };
    let red = |signature: &str| Input::Checked(Proof { failure: Some(failure(signature)), ..edited() });
    let merge = Input::Merge;
    let uprooted = |elsewhere, blocked| Input::Uprooted { elsewhere, blocked, why: "so".into() };
    vec![
        ("start", Input::Start { blocked: false }),
        ("start, must wait", Input::Start { blocked: true }),
        ("needs are met", Input::Needs { blocked: false }),
        ("needs are not met", Input::Needs { blocked: true }),
        ("begin", Input::Begin { setup: false }),
        ("begin, with set-up", Input::Begin { setup: true }),
        ("prepared", Input::Prepared(Ok(()))),
        ("set-up failed", Input::Prepared(Err("so".into()))),
        ("turn finished", Input::Finished),
        ("turn broke", Input::Broke { need: Need::AgentFailed, why: "so".into() }),
        ("green, to be reviewed", Input::Checked(proof())),
        ("green, no review", Input::Checked(Proof { review: false, ..proof() })),
        ("green, checks edited", Input::Checked(edited())),
        ("green, checks edited as allowed", Input::Checked(Proof { may_edit: true, ..edited() })),
        ("red", red("s2")),
        ("red, the same as before", red("s1")),
        ("nothing changed", Input::Checked(Proof { changed: false, ..proof() })),
        ("nothing changed, writes denied", Input::Checked(Proof { changed: false, denied: true, ..proof() })),
        ("review: approved", Input::Reviewed { head: "c1".into(), approved: true }),
        ("review: findings", Input::Reviewed { head: "c1".into(), approved: false }),
        ("review of another commit", Input::Reviewed { head: "c0".into(), approved: true }),
        ("merge: landed", merge(MergeEnd::Landed { head: "c1".into() })),
        ("merge: another commit landed", merge(MergeEnd::Landed { head: "c0".into() })),
        ("merge: conflict", merge(MergeEnd::Conflict)),
        ("merge: red", merge(MergeEnd::Red(failure("s2")))),
        ("merge: waits", merge(MergeEnd::Waits("so".into()))),
        ("impossible", Input::Impossible("so".into())),
        ("node gone, another is there", uprooted(true, false)),
        ("node gone, another is there, must wait", uprooted(true, true)),
        ("node gone, no other", uprooted(false, false)),
        ("retry", Input::Retry { blocked: false }),
        ("retry, must wait", Input::Retry { blocked: true }),
        ("submit", Input::Submit),
        ("approve", Input::Approve),
        ("take over", Input::TakeOver),
        ("cancel", Input::Cancel),
    ]
}

fn name(task: &Task) -> String {
    let mut name = match &task.state {
        State::Working(Phase::Preparing) => "working(preparing)".to_owned(),
        State::Working(Phase::Agent) => "working(agent)".to_owned(),
        State::Merging { waits: Some(_) } => "merging(waits)".to_owned(),
        State::NeedsHuman { need, .. } => format!("needs_human({})", need.word()),
        other => other.word().to_owned(),
    };
    if task.attempt > 1 {
        write!(name, ", try {} of {}", task.attempt, task.attempts_max).unwrap();
    }
    if matches!(task.state, State::NeedsHuman { .. }) && !task.session {
        name.push_str(", without a session");
    }
    name
}

fn word(effect: Effect) -> String {
    match effect {
        Effect::Halt => "halt what is under way".to_owned(),
        Effect::Prepare => "prepare".to_owned(),
        Effect::Tell(topic) => format!("tell the agent: {}", format!("{topic:?}").to_lowercase()),
        Effect::Check => "check".to_owned(),
        Effect::Review => "review".to_owned(),
        Effect::Enter => "enter the merge queue".to_owned(),
        Effect::Close => "close the session".to_owned(),
        Effect::Wake => "wake those that wait".to_owned(),
        Effect::Foreman => "foreman".to_owned(),
    }
}

fn row(task: &Task, input: Input) -> Option<String> {
    match step(task, input, NOW) {
        Err(Refused::State) => None,
        Err(Refused::Stale) => Some("refused: another commit".to_owned()),
        Ok(Step { task, effects }) => {
            Some(std::iter::once(name(&task)).chain(effects.into_iter().map(word)).collect::<Vec<_>>().join("; "))
        }
    }
}

#[test]
fn the_transition_table() {
    let mut table = String::from(
        "# What can happen to a task\n\nGenerated by `cargo xtask gen` from `crates/domain/src/task.rs`. What is not listed has no meaning there \
         and is refused. Two tries are allowed here; in the second one the last failure was `s1`.\n",
    );
    for task in states() {
        write!(table, "\n## {}\n\n| input | result |\n|---|---|\n", name(&task)).unwrap();
        for (label, input) in inputs() {
            if let Some(result) = row(&task, input) {
                writeln!(table, "| {label} | {result} |").unwrap();
            }
        }
    }
    table.push_str("\n## What a person is needed for\n\n| word | meaning | what to do |\n|---|---|---|\n");
    for need in Need::ALL {
        writeln!(table, "| `{}` | {} | {} |", need.word(), need.meaning(), need.hint()).unwrap();
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/task-transitions.md");
    if std::env::var_os("FUGUE_GEN").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    let stored = std::fs::read_to_string(path).unwrap_or_default();
    assert!(stored == table, "docs/task-transitions.md is out of date: run `cargo xtask gen`");
}

#[test]
fn every_word_of_a_state_is_listed() {
    let mut words: Vec<_> = states().iter().map(|task| task.state.word()).collect();
    words.dedup();
    assert_eq!(words, State::WORDS);
}

#[test]
fn the_loop_ends_early_when_the_same_checks_fail_in_the_same_way() {
    let mut task = Task { session: true, ..Task::new(State::Working(Phase::Agent), 9) };
    let red = |signature: &str| Input::Checked(Proof { failure: Some(failure(signature)), ..proof() });
    for (signature, word) in [("s1", "working"), ("s2", "working"), ("s1", "working"), ("s1", "needs_human")] {
        task = step(&task, Input::Finished, NOW).unwrap().task;
        task = step(&task, red(signature), NOW).unwrap().task;
        assert_eq!(task.state.word(), word);
    }
    let State::NeedsHuman { need: Need::SameFailure, why } = &task.state else { panic!("{task:?}") };
    assert!(why.to_string().ends_with("test ended with 1."), "{why}");
    assert_eq!(task.attempt, 4, "the repeated failure used up no further try");
}

fn any_input() -> impl Strategy<Value = Input> {
    let inputs: Vec<Input> = inputs().into_iter().map(|(_, input)| input).collect();
    (0..inputs.len()).prop_map(move |index| inputs[index].clone())
}

proptest! {
    #[test]
    fn whatever_happens_the_promises_hold(inputs in prop::collection::vec(any_input(), 0..80), attempts_max in 1..5_i64) {
        let mut task = Task::new(State::Draft, attempts_max);
        let (mut tries, mut checked) = (1, false);
        for input in inputs {
            let before = task.clone();
            let Ok(Step { task: next, effects }) = step(&task, input.clone(), NOW) else { continue };
            task = next;
            prop_assert!(!matches!(before.state, State::Done { .. }), "what is done stays done");
            prop_assert!(!matches!(input, Input::Uprooted { .. }) || !task.session && task.head.is_none(), "nothing of what is lost is left");
            prop_assert!(task.attempt >= 1 && task.attempt <= attempts_max);
            prop_assert!(task.session == before.session || effects.contains(&Effect::Close) || matches!(input, Input::Begin { .. }), "a session comes and goes visibly");
            prop_assert!(!task.told || task.session, "whoever was told has a session");
            prop_assert!(task.state != State::Working(Phase::Agent) || task.told, "an agent at work knows what for");
            prop_assert!(!task.state.is_over() || !task.session, "what is over holds no worktree");
            prop_assert!(!task.state.is_under_way() || task.session, "what is under way has a worktree");
            checked = match &input {
                Input::Checked(proof) => proof.changed && proof.failure.is_none(),
                Input::Retry { .. } if effects == [Effect::Review] => checked,
                Input::Retry { .. } | Input::Submit | Input::Finished | Input::Uprooted { .. } => false,
                _ => checked,
            };
            // Whoever merges has checked this commit, and with what it has: done is proved.
            prop_assert!(!effects.contains(&Effect::Enter) || checked, "{:?} {:?}", before, input);
            prop_assert!(!matches!(task.state, State::Done { .. }) || effects.contains(&Effect::Wake), "those that wait are told");
            tries = if matches!(input, Input::Uprooted { .. }) || matches!(input, Input::Retry { .. }) && effects != [Effect::Review] { 1 } else { tries + i64::from(matches!(effects[..], [Effect::Tell(topic)] if !matches!(topic, Topic::Goal | Topic::Again))) };
            prop_assert!(tries <= attempts_max, "a person is asked after {} tries", attempts_max);
            prop_assert!(!before.state.is_under_way() || task.state.is_under_way() || effects.contains(&Effect::Foreman), "a free place is told");
        }
    }

    #[test]
    fn a_thing_that_comes_twice_counts_once(index in 0..states().len(), input in any_input()) {
        let before = &states()[index];
        // Reports of nodes are told apart by their ids before they come here; what people say twice is caught by the state.
        let once = matches!(input, Input::Retry { .. } | Input::Submit | Input::Approve | Input::TakeOver | Input::Cancel | Input::Begin { .. } | Input::Start { .. } | Input::Uprooted { .. });
        if let (true, Ok(Step { task, .. })) = (once, step(before, input.clone(), NOW)) {
            prop_assert_eq!(step(&task, input, NOW), Err(Refused::State));
        }
    }
}

//! Each saying has the sentence that it had before there was data beside it, and survives its being stored.

use super::*;
use crate::id::TaskId;
use crate::money::MicroUsd;

/// Sayings with something to get wrong, each with its sentence.
fn said() -> Vec<(Saying, &'static str)> {
    let red = |name: &str, exit| Red { name: name.to_owned(), exit };
    let change = Counted { commits: 1, files: 2, added: 3, deleted: 4 };
    let checked = |checks, red| Saying::Checked { change, checks, red };
    let held = |held| Saying::Held { held, title: Some("Add login".to_owned()) };
    let uprooted = |elsewhere| Saying::Uprooted { node: "mugen".to_owned(), elsewhere };
    vec![
        (Saying::Wished { verb: Verb::Retry, remark: Some("use \"x\"".into()) }, "It shall be tried again. \"use \\\"x\\\"\""),
        (Saying::SetupFailed { red: red("npm", Exit::Code(2)) }, "The set-up command npm ended with 2."),
        (
            Saying::AgentFailed { reason: Some(Reason::Hung), maybe_executed: true, detail: Some("Last: x".into()) },
            "hung: The agent printed nothing for longer than its silence limit and was stopped. It may have done a part. Last: x",
        ),
        (Saying::AgentFailed { reason: None, maybe_executed: false, detail: None }, "failed: It did not end well."),
        (checked(2, Vec::new()), "1 commit in 2 files, +3 -4. The checks passed."),
        (checked(0, Vec::new()), "1 commit in 2 files, +3 -4. There is nothing to check it with."),
        (
            checked(2, vec![red("test", Exit::Signal(9)), red("lint", Exit::TimedOut)]),
            "1 commit in 2 files, +3 -4. Red: test was ended by signal 9, lint took too long.",
        ),
        (Saying::Judged { by: "mona".into(), approved: false, head: "0123456789ab".into() }, "mona asks for changes in 0123456789."),
        (
            Saying::Needs { need: Need::SameFailure, red: vec![red("test", Exit::Code(1))] },
            "The same checks failed in the same way twice running. test ended with 1.",
        ),
        (
            Saying::Landed { commit: "0123456789ab".into(), remote: Some("origin".into()), behind: Some("it is locked".into()) },
            "It is on the target branch of origin, at 0123456789. The branch on its node stays behind: it is locked",
        ),
        (
            Hindrance::Changes { folder: "/srv/shop".into(), file: "README.md".into() }.into(),
            "/srv/shop has changes that are not committed (README.md): commit or stash them.",
        ),
        (
            Hindrance::OfBranch { folder: "/srv/shop".into(), what: "rebase".into(), branch: "main".into() }.into(),
            "In /srv/shop a `git rebase` of the branch \"main\" is under way.",
        ),
        (held(Held::Limit(3)), "the project lets 3 tasks be worked on at once"),
        (held(Held::Budget(MicroUsd(1_500_000))), "its plan has $1.50 left"),
        (
            Saying::After { now: Box::new(uprooted(false)), before: Box::new("It failed.".into()) },
            "The node \"mugen\", which had its worktree, was removed. No other node has its project. Before that: It failed.",
        ),
        (
            Saying::NoPlan { status: Status::Invalid, why: Some(Box::new(Saying::AgentFinished)) },
            "its agent's answer cannot be used: The agent has finished.",
        ),
    ]
}

#[test]
fn each_says_its_sentence_and_comes_back_from_where_it_was_stored() {
    for (saying, sentence) in said() {
        assert_eq!(saying.to_string(), sentence);
        assert_eq!(Saying::read("", saying.stored().as_deref()), saying);
    }
}

#[test]
fn what_was_only_words_once_is_read_as_those() {
    use crate::job::{Merged, Outcome};
    let words = Outcome::Merged(Merged::Waits("somebody works there".into()));
    assert_eq!(serde_json::from_str::<Outcome>(r#"{"merged":{"waits":"somebody works there"}}"#).unwrap(), words);
    let known = Outcome::Merged(Merged::Waits(Hindrance::Moved { branch: "main".into() }.into()));
    assert_eq!(serde_json::from_str::<Outcome>(&serde_json::to_string(&known).unwrap()).unwrap(), known);
}

#[test]
fn another_task_is_called_by_its_title_if_that_is_known() {
    let task = TaskId::from_bits(7);
    let clash = |title: Option<&str>| Saying::Held { held: Held::Clash(task.clone()), title: title.map(str::to_owned) };
    let short = task.short();
    assert_eq!(clash(None).to_string(), format!("held back: it would touch the files of {short}"));
    let named = clash(Some("Add login"));
    assert_eq!(named.to_string(), format!("held back: it would touch the files of \"Add login\" ({short})"));
    assert_eq!(Saying::read("", named.stored().as_deref()), named);
}

#[test]
fn what_this_version_does_not_know_is_its_sentence() {
    assert_eq!(Saying::from("so").stored(), None);
    assert_eq!(Saying::from("so").known(), None);
    for stored in [None, Some("{\"says\": \"something_later\"}"), Some("{\"says\": \"wished\", \"verb\": \"dance\"}"), Some("no json")] {
        assert_eq!(Saying::read("so", stored), Saying::from("so"), "{stored:?}");
    }
    // Fields that a later version adds do not hide what this one knows.
    assert_eq!(Saying::read("so", Some("{\"says\": \"prepared\", \"later\": 1}")), Saying::Prepared);
}

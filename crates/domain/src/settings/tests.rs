//! What a file says, what is wrong with one, and that nothing in it widens what is allowed.

use super::*;
use crate::job::Strategy;
use proptest::prelude::*;

#[test]
fn a_file_is_settings() {
    let settings = Settings::read(file::EXAMPLE).unwrap();
    assert_eq!(settings.target.as_deref(), Some("main"));
    assert_eq!((settings.merge.strategy, settings.merge.batch, settings.merge.push.as_deref()), (Strategy::Rebase, 4, Some("origin")));
    let names = |when| settings.checks(when).into_iter().map(|check| check.command.name).collect::<Vec<_>>();
    assert_eq!((names(When::Task), names(When::Merge)), (vec!["tests".to_owned(), "format".to_owned()], vec!["tests".to_owned()]));
    assert_eq!((settings.setup[0].timeout_s, settings.checks[0].check.command.timeout_s), (600, 1800));
    assert_eq!(settings.limits.budget_usd, Some(MicroUsd(5_000_000)));
    let env: Vec<_> = settings.checks[0].check.command.environment("/c", 3).collect();
    assert_eq!(env, [("CARGO_TARGET_DIR", "/c/3".to_owned())], "every command gets the environment of the file");
    assert!(settings.needs_person() && settings.needs_agent());
    let stored = serde_json::to_string(&settings).unwrap();
    assert_eq!(serde_json::from_str::<Settings>(&stored).unwrap(), settings);
}

#[test]
fn without_proof_a_person_is_asked() {
    assert!(Settings::default().needs_person(), "no file");
    assert_eq!(Settings::read("").unwrap(), Settings::default(), "an empty file says nothing");
    let with = |more: &str| Settings::read(&format!("[[checks]]\nname = \"a\"\ncommand = \"a\"\n{more}")).unwrap().needs_person();
    assert!(!with(""));
    assert!(with("required = false"), "it holds up nothing");
    assert!(with("when = [\"task\"]"), "nothing proves the merged tree");
    assert!(with("[merge]\nreview = [\"person\"]"));
    assert!(!with("[merge]\nreview = []"));
}

#[test]
fn what_is_wrong_is_said_with_line_and_key() {
    for (text, expected) in [
        ("chekcs = []", "line 1, `chekcs`: unknown; did you mean \"checks\"?"),
        ("\n[merge]\nstratgy = \"rebase\"", "line 3, `merge.stratgy`: unknown; did you mean \"strategy\"?"),
        ("[limits]\nbanana = 1", "line 2, `limits.banana`: unknown; known here are parallel, attempts"),
        ("[[checks]]\nname = \"a\"\ncommand = \"a\"\n\n[[checks]]\nname = \"b\"\ncmd = \"x\"", "line 7, `checks[1].cmd`: unknown; "),
        ("[[teardown]]\ncommand = \"x\"\n[[teardown]]\ncommand = \" \"", "line 4, `teardown[1].command`: it is missing"),
        ("[[teardown]]\ncommand = \"x\"\nwhen = 1", "line 3, `teardown[0].when`: unknown"),
        ("[[setup]]\nname = \"x\"", "line 1, `setup[0].command`: it is missing"),
        ("[[checks]]\nname = \"a\"", "line 1, `checks[0].command`: it is missing"),
        ("[[checks]]\ncommand = \"a\"", "line 1, `checks[0].name`: it is missing"),
        ("[[checks]]\nname = \"a\"\ncommand = \"a\"\n[[checks]]\nname = \"a\"\ncommand = \"b\"", "line 5, `checks[1].name`: another check"),
        (
            "[[checks]]\nname = \"a\"\ncommand = \"a\"\nwhen = [\n  \"task\",\n  \"tsk\",\n]",
            "line 6, `checks[0].when[1]`: unknown variant `tsk`",
        ),
        ("[[checks]]\nname = \"a\"\ncommand = \"a\"\nwhen = []", "line 4, `checks[0].when`: it would never be run"),
        ("[[checks]]\nname = \"a\"\ncommand = \"a\"\ntimeout = 0", "line 4, `checks[0].timeout`: 0 makes no sense"),
        ("[[checks]]\nname = \"a\"\ncommand = \"a\"\ntimeout = \"1h\"", "line 4, `checks[0].timeout`: invalid type"),
        ("[merge]\nstrategy = \"octopus\"", "line 2, `merge.strategy`: unknown variant `octopus`, expected one of `rebase`"),
        ("merge = 1", "line 1, `merge`: invalid type"),
        ("target = \"a b\"", "line 1, `target`: \"a b\" is no name"),
        ("target = \"--upload-pack=x\"", "line 1, `target`: "),
        ("[merge]\npush = \"-x\"", "line 2, `merge.push`: "),
        ("[agents]\nwork = \"Big\"", "line 2, `agents.work`: \"Big\" is no name of an agent"),
        ("[limits]\nbudget_usd = -1", "line 2, `limits.budget_usd`: an amount in dollars"),
        ("[env]\nFUGUE_HOME = \"x\"", "line 2, `env.FUGUE_HOME`: names that begin with FUGUE_"),
        ("[env]\nA = \"{home}/x\"", "line 2, `env.A`: {home} stands for nothing"),
        ("[env]\n\"A B\" = \"x\"", "line 2, `env.A B`: a name of a variable"),
        ("target = main", "line 1: this is no TOML"),
    ] {
        let said = Settings::read(text).unwrap_err().to_string();
        assert!(said.starts_with(expected), "{text:?}: {said}");
    }
    assert!(Settings::read(&"#".repeat(REPOSITORY_FILE_BYTES_MAX + 1)).unwrap_err().to_string().contains("bytes"));
    assert!(Settings::read("[env]\nA = \"${HOME} {} {A}\"").is_ok(), "only what looks like a place of ours is one");
}

#[test]
fn every_documented_key_works_and_stands_in_the_example() {
    let plain = |text: &str| text.replace("[]", "").replace(".*", "");
    for key in file::KEYS {
        let name = plain(key.name);
        let last = name.rsplit('.').next().unwrap();
        assert!(file::EXAMPLE.contains(last), "{}", key.name);
        let value = key.example;
        let base = "name = \"n\"\ncommand = \"c\"\n";
        let text = match key.name.split_once("[].") {
            Some((list, last)) => format!(
                "[[{list}]]\n{}{last} = {value}",
                base.lines().filter(|line| !line.starts_with(last)).map(|line| format!("{line}\n")).collect::<String>()
            ),
            None => match key.name.split_once('.') {
                Some((above, "*")) => format!("[{above}]\nX = {value}"),
                Some((above, last)) => format!("[{above}]\n{last} = {value}"),
                None => format!("{} = {value}", key.name),
            },
        };
        if let Err(wrong) = Settings::read(&text) {
            panic!("{}: {wrong}\n{text}", key.name);
        }
    }
}

#[test]
fn who_allows_less_wins_and_is_named() {
    let text = "[limits]\nparallel = 50\nattempts = 9\nbudget_usd = 9\n[merge]\npush = \"origin\"\n[[checks]]\nname = \"t\"\ncommand = \"t\"\ntimeout = 100";
    let settings = Settings::read(text).unwrap();
    let allowed = Allowed::by_product()
        .at_most(Bounded::Parallel, 8, "the nodes have 8 slots")
        .at_most(Bounded::TaskBudget, 2_000_000, "the org")
        .at_most(Bounded::Seconds, 60, "the node")
        .without_push("the hub");
    let (held, cuts) = settings.narrowed(&allowed);
    assert_eq!((held.limits.parallel, held.limits.attempts, held.limits.budget_usd), (8, 9, Some(MicroUsd(2_000_000))));
    assert_eq!((held.limits.plan_budget_usd, held.merge.push.clone()), (None, None));
    let keys: Vec<_> = cuts.iter().map(|cut| (cut.key.as_str(), cut.wanted.as_str(), cut.holds.as_str(), cut.by.as_str())).collect();
    assert_eq!(
        keys,
        [
            ("limits.parallel", "50", "8", "the nodes have 8 slots"),
            ("limits.budget_usd", "$9.00", "$2.00", "the org"),
            ("checks.t.timeout", "100 s", "60 s", "the node"),
            ("merge.push", "origin", "no push", "the hub"),
        ]
    );
    assert_eq!(held.narrowed(&allowed), (held.clone(), Vec::new()), "once narrowed, nothing is left to cut");
}

proptest! {
    #[test]
    fn nothing_in_a_file_widens_what_is_allowed(parallel in 1..200_i64, attempts in 1..50_i64, budget in 0..100_i64, seconds in 1..100_000_i64, most in 1..40_i64) {
        let text = format!(
            "[limits]\nparallel = {parallel}\nattempts = {attempts}\nbudget_usd = {budget}\n[[setup]]\ncommand = \"x\"\ntimeout = {seconds}\n[[teardown]]\ncommand = \"x\"\ntimeout = {seconds}"
        );
        let allowed = Allowed::by_product().at_most(Bounded::Parallel, most, "a").at_most(Bounded::TaskBudget, most * 1_000_000, "b");
        let (held, _) = Settings::read(&text).unwrap().narrowed(&allowed);
        prop_assert!(held.limits.parallel <= parallel.min(most) && held.limits.attempts <= attempts.min(TASK_ATTEMPTS_MAX));
        prop_assert!(held.limits.budget_usd.unwrap().0 <= most.min(budget) * 1_000_000);
        prop_assert!(held.setup[0].timeout_s <= seconds.min(CHECK_SECONDS_MAX));
        prop_assert!(held.teardown[0].timeout_s <= seconds.min(CHECK_SECONDS_MAX));
    }

    #[test]
    fn no_text_makes_it_panic(text in "(\\PC|\\n){0,200}") {
        let _ = Settings::read(&text);
    }
}

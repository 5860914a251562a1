//! The plan: seven tasks that depend on each other, what their agents do as scripts of `fugue rehearse`, and what must come of each.
//!
//! Three begin side by side. Two of those change the same lines, so the second to be merged does not fit and its agent brings both together.
//! One breaks its check and repairs it, one never passes and is left to a person, one asks before it runs a command.

use super::script::Script;

/// What a check of the plan's repository says when the first try of a task is red.
pub const RED: &str = "FAIL tax-food";

/// The program and its tests: each `*.awk` reads lines and prints something, each case says what. `fugue.toml` says how work is proved.
pub const FILES: &[(&str, &str)] = &[
    ("README.md", "# till\n\nSmall programs for a shop. `./test.sh` runs the tests.\n"),
    ("bill.awk", "{ total += $2 * $3 }\nEND { printf \"total %d\\n\", total }\n"),
    ("cases/bill-plain.in", "tea 120 2\nrice 80 3\n"),
    ("cases/bill-plain.out", "total 480\n"),
    (
        "test.sh",
        "#!/bin/sh\n# Runs every case: the program of cases/tax-food.in is tax.awk, and it must print what is in cases/tax-food.out.\nstatus=0\nfor case in cases/*.in; do\n  name=$(basename \"$case\" .in)\n  if [ \"$(awk -f \"${name%%-*}.awk\" \"$case\" 2>&1)\" = \"$(cat \"cases/$name.out\")\" ]; then\n    echo \"ok   $name\"\n  else\n    echo \"FAIL $name\"; status=1\n  fi\ndone\nexit $status\n",
    ),
    (
        "fugue.toml",
        "# How work on this repository is proved and merged. docs/PROJECT-SETTINGS.md of Fugue has every key.\n\n[[checks]]\nname = \"tests\"\ncommand = \"./test.sh\"\ntimeout = 60\n\n[merge]\n# The agents of the demo play scripts; nobody would learn from a script that reviews a script.\nreview = []\n\n[limits]\nparallel = 3\nattempts = 3\n",
    ),
];

/// What must become of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Its change is merged.
    Done,
    /// A person must look.
    Person,
}

/// A task of the plan.
pub struct Card {
    /// Its name, by which the others need it; also its title.
    pub key: &'static str,
    /// What its agent does, and what people would be told is wanted.
    pub script: String,
    /// What must be done before.
    pub needs: &'static [&'static str],
    /// What must become of it.
    pub end: End,
    /// The subject of its commit on the branch, if it is to be merged.
    pub subject: &'static str,
}

/// The two that change the same lines.
pub const RIVALS: [&str; 2] = ["totals", "discount"];
/// The one that repairs itself.
pub const REPAIRED: &str = "tax";
/// The one that asks.
pub const ASKING: &str = "stock";
/// The one that never passes.
pub const HOPELESS: &str = "coupon";

/// The tasks, in an order in which each comes after what it needs.
pub fn cards() -> Vec<Card> {
    let card = |key, needs, subject, script: Script| Card { key, script: script.text, needs, end: End::Done, subject };
    vec![
        card("totals", &[], "Show the total of each line", totals()),
        card("discount", &[], "Give ten percent above a thousand", discount()),
        card("tax", &[], "Add the tax on food", tax()),
        card("empty", &["totals"], "Test an empty bill", empty()),
        card("stock", &["tax"], "Count the stock", stock()),
        Card { end: End::Person, ..card("coupon", &["tax"], "", coupon()) },
        card("readme", &["totals", "discount", "empty", "stock"], "Tell of the programs", readme()),
    ]
}

const BOTH: &str = "{ line = $2 * $3; total += line; printf \"%s %d\\n\", $1, line }\nEND { if (total > 1000) total -= int(total / 10); printf \"total %d\\n\", total }\n";

fn totals() -> Script {
    let program = "{ line = $2 * $3; total += line; printf \"%s %d\\n\", $1, line }\nEND { printf \"total %d\\n\", total }\n";
    Script::new("")
        .say("Each line of the bill shows its own total.")
        .write("bill.awk", program)
        .write("cases/bill-plain.out", "tea 240\nrice 240\ntotal 480\n")
        .test()
        .commit("Show the total of each line")
        .next(&together())
}

fn discount() -> Script {
    let program = "{ sum = $2 * $3; total += sum }\nEND { if (total > 1000) total -= int(total / 10); printf \"total %d\\n\", total }\n";
    Script::new("")
        .say("Ten percent off above a thousand.")
        .write("bill.awk", program)
        .write("cases/bill-large.in", "rice 400 5\n")
        .write("cases/bill-large.out", "total 1800\n")
        .test()
        .commit("Give ten percent above a thousand")
        .next(&together())
}

/// What either of the two does when the other one was merged before it.
fn together() -> Script {
    let git = "git -c user.name=Rehearsal -c user.email=rehearse@fugue.invalid -c core.editor=true";
    Script::new("")
        .say("Both sides want something of the same lines. I keep both.")
        .run_unasked(&format!("{git} rebase main"))
        .write("bill.awk", BOTH)
        .write("cases/bill-plain.out", "tea 240\nrice 240\ntotal 480\n")
        .write("cases/bill-large.in", "rice 400 5\n")
        .write("cases/bill-large.out", "rice 2000\ntotal 1800\n")
        .run_unasked("git add --all")
        .run_unasked(&format!("{git} rebase --continue"))
        .test()
}

fn tax() -> Script {
    let program = |round: &str| format!("{{ printf \"%s %d\\n\", $1, int($2 * 8 / 100{round}) }}\n");
    let repair = Script::new("").say("A part of a yen counts as a whole one.").write("tax.awk", &program(" + 0.99")).test();
    Script::new("")
        .say("Eight percent on food.")
        .write("tax.awk", &program(""))
        .write("cases/tax-food.in", "tea 101\n")
        .write("cases/tax-food.out", "tea 9\n")
        .commit("Add the tax on food")
        .next(&repair)
}

fn empty() -> Script {
    Script::new("")
        .say("A bill without lines has a total, too.")
        .write("cases/bill-empty.in", "")
        .write("cases/bill-empty.out", "total 0\n")
        .test()
        .commit("Test an empty bill")
}

fn stock() -> Script {
    Script::new("")
        .say("What is left of each thing.")
        .write("stock.awk", "{ left[$1] += $2 }\nEND { printf \"tea %d\\n\", left[\"tea\"] }\n")
        .write("cases/stock-tea.in", "tea 10\ntea -3\n")
        .write("cases/stock-tea.out", "tea 7\n")
        .say("I would like to see it once with my own eyes. No rule allows that command, so a person is asked.")
        .run("awk -f stock.awk cases/stock-tea.in")
        .test()
        .commit("Count the stock")
}

fn coupon() -> Script {
    Script::new("")
        .say("Ten off with a coupon. The case says so; the program does not do it yet.")
        .write("coupon.awk", "{ print $1 }\n")
        .write("cases/coupon-ten.in", "100\n")
        .write("cases/coupon-ten.out", "90\n")
        .commit("Take coupons")
}

fn readme() -> Script {
    let text = "# till\n\nSmall programs for a shop: `bill.awk` adds up a bill, `tax.awk` the tax, `stock.awk` what is left. `./test.sh` runs the tests.\n";
    Script::new("")
        .say("Now that they are there, the README should tell of them.")
        .write("README.md", text)
        .test()
        .commit("Tell of the programs")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_task_comes_after_what_it_needs_and_nothing_waits_for_the_hopeless_one() {
        let cards = cards();
        assert_eq!(cards.len(), 7);
        let mut before = BTreeSet::new();
        for card in &cards {
            assert!(card.needs.iter().all(|need| before.contains(need)), "{} comes before what it needs", card.key);
            assert!(!card.needs.contains(&HOPELESS), "{} would never begin", card.key);
            before.insert(card.key);
        }
        let begin: Vec<&str> = cards.iter().filter(|card| card.needs.is_empty()).map(|card| card.key).collect();
        assert_eq!(begin.len(), 3, "three side by side: {begin:?}");
        assert!(RIVALS.iter().all(|key| begin.contains(key)));
        assert_eq!(cards.iter().filter(|card| card.end == End::Person).map(|card| card.key).collect::<Vec<_>>(), [HOPELESS]);
    }
}

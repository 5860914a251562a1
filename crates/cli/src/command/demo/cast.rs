//! Who plays what: three sessions, their messages as scripts of `fugue rehearse`, and what must be true afterwards.
//!
//! The scripts edit real files, run real tests and make real commits; `docs/REHEARSE.md` has their language.

use super::repository::{FILES, Repository};
use super::script::Script;
use fugue_domain::agent::{Agent, Driver};
use fugue_domain::rule::Rules;
use fugue_domain::turn::OnInterruption;

/// What an agent says when it is to be killed.
pub const HALF_WAY: &str = "half-way through";
/// What the command prints that a person is asked about.
pub const BILL: &str = "total 1800";

/// A session of the demo.
pub struct Part {
    /// Its title.
    pub title: &'static str,
    /// Its messages, in order.
    pub messages: Vec<String>,
    /// Subjects of the commits that its branch must have, oldest first.
    pub commits: Vec<&'static str>,
    /// Files that its branch must have, and a text that must be in each.
    pub files: Vec<(&'static str, &'static str)>,
}

/// The role that all three play: edits and tests run unasked, everything else is asked, and who is lost goes on.
pub fn performer() -> Agent {
    let allow = ["Edit(**)", "Write(**)", "Bash(./test.sh)", "Bash(cd fugue-demo)", "Bash(git log *)"];
    Agent {
        rules: Rules::of(&allow, &[], &[]),
        on_interruption: OnInterruption::Resume,
        ..Agent::plain("performer", Driver::Rehearse, "Plays the demo's scripts.")
    }
}

/// The sessions.
pub fn parts(repository: &Repository) -> Vec<Part> {
    let script = || Script::new(repository.below);
    let mut parts = vec![totals(script), discount(script), rounding(script)];
    if !repository.below.is_empty() {
        const SUBJECT: &str = "Bring a small program to work on";
        for part in &mut parts {
            let prelude =
                FILES.iter().fold(script(), |script, (name, text)| script.write(name, text)).executable("test.sh").commit(SUBJECT);
            part.messages[0].insert_str(0, &prelude.text);
            part.commits.insert(0, SUBJECT);
        }
    }
    parts
}

fn totals(script: impl Fn() -> Script) -> Part {
    let program = "{ line = $2 * $3; total += line; printf \"%s %d\\n\", $1, line }\nEND { printf \"total %d\\n\", total }\n";
    let first = script()
        .say("Each line of the bill should show its own total.")
        .write("bill.awk", program)
        .test()
        .say("The old case knows nothing of that. It gets the new bill.")
        .write("cases/plain.out", "tea 240\nrice 240\ntotal 480\n")
        .test()
        .commit("Show the total of each line");
    let second = script()
        .say("A longer bill as a second case.")
        .write("cases/long.in", "tea 120 1\nrice 80 1\nmiso 300 2\n")
        .write("cases/long.out", "tea 120\nrice 80\nmiso 600\ntotal 800\n")
        .test()
        .commit("Test a longer bill");
    let third = script().run("git log --oneline -2").say("Two commits, and all cases pass.");
    Part {
        title: "totals",
        messages: vec![first.used(1_200, 340), second.used(900, 210), third.used(300, 60)],
        commits: vec!["Show the total of each line", "Test a longer bill"],
        files: vec![("bill.awk", "line = $2 * $3"), ("cases/long.out", "total 800")],
    }
}

fn discount(script: impl Fn() -> Script) -> Part {
    let program = "{ total += $2 * $3 }\nEND { if (total > 1000) total -= int(total / 10); printf \"total %d\\n\", total }\n";
    let first = script()
        .say("Ten percent off above a thousand.")
        .write("bill.awk", program)
        .write("cases/large.in", "rice 400 5\n")
        .write("cases/large.out", &format!("{BILL}\n"))
        .test()
        .commit("Give ten percent above a thousand");
    let below = first.below;
    let second = script()
        .say("I would like to see a real bill. No rule allows that command, so a person is asked.")
        .run(&format!("awk -f {below}bill.awk {below}cases/large.in"));
    let third = script()
        .say("The README should tell of the discount.")
        .write("README.md", "# bill\n\nAbove a thousand the bill is ten percent lower. `./test.sh` runs the tests.\n")
        .test()
        .commit("Describe the discount");
    Part {
        title: "discount",
        messages: vec![first.used(1_500, 420), second.used(700, 120), third.used(800, 150)],
        commits: vec!["Give ten percent above a thousand", "Describe the discount"],
        files: vec![("bill.awk", "int(total / 10)"), ("README.md", "ten percent lower")],
    }
}

fn rounding(script: impl Fn() -> Script) -> Part {
    let program = "{ total += $2 * $3 }\nEND { printf \"total %d\\n\", int(total + 0.5) }\n";
    let first = script()
        .say("First a case for an empty bill.")
        .write("cases/empty.in", "")
        .write("cases/empty.out", "total 0\n")
        .test()
        .commit("Test an empty bill");
    let second = script()
        .say("Half a yen is lost. I round it.")
        .write("bill.awk", program)
        .say(&format!("I am {HALF_WAY} this message."))
        .loss()
        .write("cases/half.in", "sweet 0.5 3\n")
        .write("cases/half.out", "total 2\n")
        .test()
        .commit("Round to whole numbers");
    let third = script().say("And once more all cases.").test();
    Part {
        title: "rounding",
        messages: vec![first.used(600, 140), second.used(1_100, 300), third.used(200, 40)],
        commits: vec!["Test an empty bill", "Round to whole numbers"],
        files: vec![("bill.awk", "int(total + 0.5)"), ("cases/half.out", "total 2")],
    }
}

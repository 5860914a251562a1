//! Who plays what: three sessions, their messages as scripts of `fugue rehearse`, and what must be true afterwards.
//!
//! The scripts edit real files, run real tests and make real commits; `docs/REHEARSE.md` has their language.

use super::repository::Repository;
use fugue_domain::agent::{Agent, Driver};
use fugue_domain::rule::Rules;
use fugue_domain::turn::OnInterruption;

/// What an agent says when it is to be killed.
pub const HALF_WAY: &str = "half-way through";

/// A session of the demo.
pub struct Part {
    /// Its title.
    pub title: &'static str,
    /// Its messages, in order.
    pub messages: Vec<String>,
    /// Subjects of the commits that its branch must have, oldest first.
    pub commits: Vec<String>,
    /// Files that its branch must have, and a text that must be in each.
    pub files: Vec<(&'static str, &'static str)>,
}

/// The role that all three play: edits and tests run unasked, everything else is asked, and who is lost goes on.
pub fn performer() -> Agent {
    let allow = ["Read(**)", "Edit(**)", "Write(**)", "Bash(sh test.sh)", "Bash(cd fugue-demo)", "Bash(git add *)", "Bash(git commit *)", "Bash(git log *)"];
    Agent {
        rules: Rules::of(&allow, &[], &[]),
        on_interruption: OnInterruption::Resume,
        ..Agent::plain("performer", Driver::Rehearse, "Plays the demo's scripts.")
    }
}

/// The step that writes a file.
pub fn write(name: &str, text: &str) -> String {
    format!("write {name} <<END\n{}\nEND\n", text.trim_end_matches('\n'))
}

/// The sessions.
pub fn parts(repository: &Repository) -> Vec<Part> {
    let below = repository.below;
    let test = if below.is_empty() { "run sh test.sh\n".to_owned() } else { format!("run cd {} && sh test.sh\n", below.trim_end_matches('/')) };
    let file = |name: &str, text: &str| write(&format!("{below}{name}"), text);
    let mut parts = vec![totals(&test, &file), discount(below, &test, &file), cents(&test, &file)];
    if !below.is_empty() {
        for part in &mut parts {
            part.messages[0].insert_str(0, &repository.prelude());
            part.commits.insert(0, "Bring a small program to work on".to_owned());
        }
    }
    parts
}

type File<'a> = &'a dyn Fn(&str, &str) -> String;

fn totals(test: &str, file: File<'_>) -> Part {
    let program = "{ line = $2 * $3; total += line; printf \"%s %d\\n\", $1, line }\nEND { printf \"total %d\\n\", total }\n";
    Part {
        title: "totals",
        messages: vec![
            format!(
                "say Each line of the bill should show its own total.\n{}{test}say The old case knows nothing of that. It gets the new bill.\n{}{test}commit Show the total of each line\nusage 1200 340\n",
                file("bill.awk", program),
                file("cases/plain.out", "tea 240\nrice 240\ntotal 480\n"),
            ),
            format!(
                "say A longer bill as a second case.\n{}{}{test}commit Test a longer bill\nusage 900 210\n",
                file("cases/long.in", "tea 120 1\nrice 80 1\nmiso 300 2\n"),
                file("cases/long.out", "tea 120\nrice 80\nmiso 600\ntotal 800\n"),
            ),
            "run git log --oneline\nsay Two commits, all cases pass.\nusage 300 60\n".to_owned(),
        ],
        commits: vec!["Show the total of each line".to_owned(), "Test a longer bill".to_owned()],
        files: vec![("bill.awk", "line = $2 * $3"), ("cases/long.out", "total 800")],
    }
}

fn discount(below: &str, test: &str, file: File<'_>) -> Part {
    let program = "{ total += $2 * $3 }\nEND { if (total > 1000) total -= int(total / 10); printf \"total %d\\n\", total }\n";
    Part {
        title: "discount",
        messages: vec![
            format!(
                "say Ten percent off above a thousand.\n{}{}{}{test}commit Give ten percent above a thousand\nusage 1500 420\n",
                file("bill.awk", program),
                file("cases/large.in", "rice 400 5\n"),
                file("cases/large.out", "total 1800\n"),
            ),
            format!("say I would like to see a real bill; no rule allows that command, so it asks.\nrun awk -f {below}bill.awk {below}cases/large.in\nusage 700 120\n"),
            format!(
                "say The README should tell of it.\n{}{test}commit Describe the discount\nusage 800 150\n",
                file("README.md", "# bill\n\nAbove a thousand the bill is ten percent lower. `sh test.sh` runs the tests.\n"),
            ),
        ],
        commits: vec!["Give ten percent above a thousand".to_owned(), "Describe the discount".to_owned()],
        files: vec![("bill.awk", "int(total / 10)"), ("README.md", "ten percent lower")],
    }
}

fn cents(test: &str, file: File<'_>) -> Part {
    let program = "{ total += $2 * $3 }\nEND { printf \"total %d\\n\", int(total + 0.5) }\n";
    // Only where processes can be seen can the demo kill one; elsewhere the agent ends itself.
    let loss = if cfg!(target_os = "linux") { "sleep 20\n" } else { "crash-once\n" };
    Part {
        title: "rounding",
        messages: vec![
            format!(
                "say First a case for an empty bill.\n{}{}{test}commit Test an empty bill\nusage 600 140\n",
                file("cases/empty.in", ""),
                file("cases/empty.out", "total 0\n"),
            ),
            format!(
                "say Half cents are lost. I round them.\n{}say I am {HALF_WAY} this message.\n{loss}{}{}{test}commit Round to whole numbers\nusage 1100 300\n",
                file("bill.awk", program),
                file("cases/half.in", "sweet 0.5 3\n"),
                file("cases/half.out", "total 2\n"),
            ),
            format!("say And once more all cases.\n{test}usage 200 40\n"),
        ],
        commits: vec!["Test an empty bill".to_owned(), "Round to whole numbers".to_owned()],
        files: vec![("bill.awk", "int(total + 0.5)"), ("cases/half.out", "total 2")],
    }
}

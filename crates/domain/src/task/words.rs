//! What a task's agent is told: what is wanted, and later what was wrong with it.
//!
//! Titles, outputs and conflicts are data from outside. They are quoted as they are, in blocks that they cannot end.

use super::proof::ended;
use crate::check::Ran;
use crate::limits::{CONFLICT_BYTES_MAX, TASK_EVIDENCE_TOLD_BYTES_MAX};
use crate::quote::quoted;

/// What is wanted.
#[derive(Debug, Clone, Default)]
pub struct Goal<'a> {
    /// In a line.
    pub title: &'a str,
    /// In full.
    pub description: &'a str,
    /// What must be true at the end.
    pub acceptance: &'a str,
    /// The titles of the tasks before it, whose results are there already.
    pub after: &'a [String],
    /// Files that it is probably about.
    pub paths: &'a [String],
    /// Where more is written.
    pub links: &'a [String],
    /// The checks that will be run, each with its command.
    pub checks: &'a [(String, String)],
}

/// The first message of a task.
pub fn goal(goal: &Goal<'_>) -> String {
    let mut text = format!("# {}\n", goal.title);
    let mut part = |heading: &str, body: String| {
        if !body.trim().is_empty() {
            text.push_str(&format!("\n{heading}{body}\n"));
        }
    };
    part("", goal.description.trim().to_owned());
    part("## What must be true at the end\n\n", goal.acceptance.trim().to_owned());
    part("## What is done already\n\n", list(goal.after.iter().cloned()));
    part("## Where it probably is\n\n", list(goal.paths.iter().map(|path| format!("`{path}`"))));
    part("## More about it\n\n", list(goal.links.iter().cloned()));
    part("## How it is checked\n\n", list(goal.checks.iter().map(|(name, command)| format!("{name}: `{command}`"))));
    text.push_str(&format!("\n{RULES}"));
    text
}

const RULES: &str = "You work alone in a working copy of your own, on a branch of your own. Do exactly this task. When you are finished, stop: \
what you left is committed for you, the checks are run by a program, and if one fails you are told what it said. Do not change the checks or what \
they are made of unless the task says so. Do not switch branches, do not push, and do not touch files outside of this folder.";

/// What is told after red checks.
pub fn red(ran: &[Ran], edited: &[String], (attempt, attempts_max): (i64, i64)) -> String {
    let mut text = format!("The checks were run on what you left. {}\n", reports(ran));
    if !edited.is_empty() {
        text.push_str(&format!(
            "\nYour change touches what it is checked with: {}. Undo that unless the task asks for it.\n",
            edited.join(", ")
        ));
    }
    text.push_str(&format!("\nMend the cause, not the check. {}", tries(attempt, attempts_max)));
    text
}

/// What is told after red checks of the merged tree.
pub fn red_merge(target: &str, onto: &str, ran: &[Ran], tries_: (i64, i64)) -> String {
    format!(
        "Your change was brought onto {target} as it is now ({}), and the checks fail on the result, although they passed on your branch: what \
         others changed meanwhile and your change do not go together. {}\n\nRun `git rebase {onto}` in this folder (the commit is there), mend the \
         cause, and stop. {}",
        short(onto),
        reports(ran),
        tries(tries_.0, tries_.1),
    )
}

/// What is told after a conflict.
pub fn conflict(target: &str, onto: &str, files: &[String], detail: &str, tries_: (i64, i64)) -> String {
    format!(
        "Your change does not fit onto {target} any more: others have changed the same places meanwhile. In conflict:\n\n{}\n\nBoth sides, as git \
         marks them (the first is {target}, the second is yours):\n\n{}\n\nRun `git rebase {onto}` in this folder (the commit is there), resolve each \
         conflict so that what both sides want is kept, go on with `git rebase --continue` until it is finished, and see that it still works. Do not \
         drop the other side. {}",
        list(files.iter().map(|file| format!("`{file}`"))),
        quoted(end(detail, CONFLICT_BYTES_MAX)),
        tries(tries_.0, tries_.1),
    )
}

/// What the agent for conflicts is told: what this side wanted, and then what [`conflict`] says. What the other side wanted is in the history.
pub fn resolve(title: &str, goal: &str, conflict: &str) -> String {
    format!(
        "# Bring two changes together\n\nAnother agent made the change in this worktree for the task {title:?}, and it does not fit onto its target branch. \
         You did not write it; you are asked because both sides must keep their purpose. What its author was told, so that you know what this side \
         wanted:\n\n{}\n\nWhat the other side wanted is in the commits that this branch does not have: `git log` shows them.\n\n{conflict}",
        quoted(goal.strip_suffix(RULES).unwrap_or(goal).trim()),
    )
}

/// What is told when a person wants it tried again.
pub fn again(why: &str, said: Option<&str>) -> String {
    match said {
        Some(said) => format!("A person has looked at your work and says:\n\n{}\n\nGo on with the task.", said.trim()),
        None => format!("A person has looked at your work ({}) and wants you to go on with the task.", why.trim_end_matches('.')),
    }
}

/// What each red check said, and which were green.
fn reports(ran: &[Ran]) -> String {
    let (green, red): (Vec<&Ran>, Vec<&Ran>) = ran.iter().partition(|ran| ran.is_green());
    let share = TASK_EVIDENCE_TOLD_BYTES_MAX / red.len().max(1);
    let red: Vec<String> = red
        .iter()
        .map(|ran| {
            let optional = if ran.required { "" } else { " (not required)" };
            let head = format!("**{}**{optional} {}: `{}`", ran.name, ended(&ran.exit), ran.command);
            let said = ran.tail.trim_end();
            let cut = if said.len() > share || (said.len() as i64) < ran.bytes { "The end of its output" } else { "Its output" };
            if said.is_empty() {
                format!("{head}\n\nIt printed nothing.")
            } else {
                format!("{head}\n\n{cut}:\n\n{}", quoted(end(said, share)))
            }
        })
        .collect();
    let green: Vec<&str> = green.iter().map(|ran| ran.name.as_str()).collect();
    let passed = if green.is_empty() { String::new() } else { format!("\n\nPassed: {}.", green.join(", ")) };
    format!("These do not pass:\n\n{}{passed}", red.join("\n\n"))
}

fn tries(attempt: i64, attempts_max: i64) -> String {
    format!("This is try {attempt} of {attempts_max}.")
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.map(|item| format!("- {item}")).collect::<Vec<_>>().join("\n")
}

fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

/// The end of a text, from the beginning of a line.
fn end(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    let from = text.ceil_char_boundary(text.len() - bytes);
    let rest = &text[from..];
    rest.split_once('\n').map_or(rest, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Exit;

    fn ran(name: &str, exit: Exit, tail: &str) -> Ran {
        Ran { name: name.into(), command: format!("make {name}"), required: true, exit, ms: 1, tail: tail.into(), bytes: tail.len() as i64 }
    }

    #[test]
    fn the_first_message_has_only_what_there_is() {
        let bare = goal(&Goal { title: "Add login", ..Goal::default() });
        assert!(bare.starts_with("# Add login\n\nYou work alone") && !bare.contains("##"), "{bare}");
        let checks = [("test".to_owned(), "make test".to_owned())];
        let full =
            goal(&Goal { title: "t", description: "d", acceptance: "a", after: &["b".to_owned()], checks: &checks, ..Goal::default() });
        for part in ["\nd\n", "at the end\n\na\n", "already\n\n- b\n", "- test: `make test`\n"] {
            assert!(full.contains(part), "{part:?} in {full}");
        }
    }

    #[test]
    fn evidence_is_bounded_and_cannot_leave_its_block() {
        let long = format!("{}\nthe last line ```", "noise ".repeat(40_000));
        let text = red(&[ran("build", Exit::Code(0), ""), ran("test", Exit::Code(2), &long), ran("lint", Exit::TimedOut, "")], &[], (2, 3));
        assert!(text.len() < TASK_EVIDENCE_TOLD_BYTES_MAX + 2_000, "{}", text.len());
        assert!(text.contains("**test** ended with 2: `make test`") && text.contains("````\nthe last line ```\n````"), "{text}");
        assert!(text.contains("**lint** took too long") && text.contains("It printed nothing.") && text.contains("Passed: build."));
        assert!(text.ends_with("This is try 2 of 3."));
    }

    #[test]
    fn a_conflict_shows_both_sides() {
        let text = conflict("main", "abc", &["a.rs".to_owned()], "<<<<<<< main\nx\n=======\ny\n>>>>>>> yours", (2, 3));
        for part in ["- `a.rs`", "<<<<<<< main", "git rebase abc", "try 2 of 3"] {
            assert!(text.contains(part), "{part:?} in {text}");
        }
        let resolve = resolve("Add `x`", &goal(&Goal { title: "Add `x`", description: "```\nx\n```", ..Goal::default() }), &text);
        assert!(resolve.contains("````\n# Add `x`\n\n```\nx\n```\n````") && resolve.ends_with(&text), "{resolve}");
        assert!(!resolve.contains(RULES), "{resolve}");
        assert!(again("It failed.", Some(" use x \n")).contains("says:\n\nuse x\n\nGo on"));
        assert!(again("It failed.", None).contains("(It failed)"));
    }
}

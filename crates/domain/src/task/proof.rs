//! What a node found, as the rules want to know it.

use super::{Failure, signature};
use crate::check::{Check, Exit, Ran};
use crate::job::Checked;
use crate::limits::TASK_WORD_CHARS_MAX;
use crate::saying::Red;
use std::collections::BTreeSet;

/// The settings of a project, which name its checks.
const SETTINGS: &str = "fugue.toml";

/// What is red among the required checks.
pub fn failure(ran: &[Ran]) -> Option<Failure> {
    let signature = signature(ran)?;
    let red = ran.iter().filter(|ran| ran.required && !ran.is_green()).map(Red::from).collect();
    Some(Failure { signature, red })
}

/// How a command ended, in words.
pub fn ended(exit: &Exit) -> String {
    match exit {
        Exit::Code(code) => format!("ended with {code}"),
        Exit::Signal(signal) => format!("was ended by signal {signal}"),
        Exit::TimedOut => "took too long".to_owned(),
        Exit::NotRun(why) => format!("was not run: {why}"),
    }
}

/// The paths that may be part of the proof: the project's settings, and every word of a check's command, as itself or without `./` before it.
pub fn guarded(checks: &[Check]) -> Vec<String> {
    let apart = |letter: char| letter.is_whitespace() || "'\"`;|&()<>=,".contains(letter);
    let words = checks.iter().flat_map(|check| check.command.command.split(apart)).map(|word| word.trim_start_matches("./"));
    let words = words.filter(|word| !word.is_empty() && !word.starts_with('-') && word.len() <= TASK_WORD_CHARS_MAX);
    let all: BTreeSet<&str> = std::iter::once(SETTINGS).chain(words).collect();
    all.into_iter().map(str::to_owned).collect()
}

/// The files of a change that are part of the proof. A node that does not say which has listed only the first of a large change.
pub fn edited(checked: &Checked, checks: &[Check]) -> Vec<String> {
    if let Some(edited) = &checked.edited {
        return edited.clone();
    }
    let guarded = guarded(checks);
    checked.change.files.iter().map(|file| &file.path).filter(|path| guarded.contains(path)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Command;
    use crate::job::{Change, FileChange};

    #[test]
    fn a_change_of_the_checks_is_seen() {
        let check = |command: &str| Check {
            command: Command { name: "c".into(), command: command.into(), timeout_s: 1, env: Default::default() },
            required: true,
        };
        let checked = |path: &str, edited| {
            let files = vec![FileChange { path: path.into(), added: Some(1), deleted: None }];
            let change = Change { files, files_total: 1, ..Change::default() };
            Checked { head: "h".into(), base: "b".into(), change, ran: Vec::new(), edited }
        };
        let checks = [check("sh ./ci/test.sh --all"), check("cd web && (npm test -- 'a b.js')")];
        for (path, seen) in [("fugue.toml", true), ("ci/test.sh", true), ("test.sh", false), ("src/a.rs", false), ("web", true)] {
            assert_eq!(!edited(&checked(path, None), &checks).is_empty(), seen, "{path}");
        }
        // What the node has seen counts: it looks at all of a change, not at the first of its files.
        assert_eq!(edited(&checked("src/a.rs", Some(vec!["ci/test.sh".into()])), &checks), ["ci/test.sh"]);
        let guarded = guarded(&checks);
        assert!(guarded.contains(&"fugue.toml".to_owned()) && !guarded.iter().any(|word| word.starts_with('-')), "{guarded:?}");
    }

    #[test]
    fn a_failure_is_told_in_a_line() {
        let ran =
            |name: &str, exit| Ran { name: name.into(), command: "x".into(), required: true, exit, ms: 1, tail: String::new(), bytes: 0 };
        let red = failure(&[ran("build", Exit::Code(0)), ran("test", Exit::Code(2)), ran("lint", Exit::TimedOut)]).unwrap().red;
        let words = red.iter().map(Red::to_string).collect::<Vec<_>>().join(", ");
        assert_eq!(words, "test ended with 2, lint took too long");
        assert_eq!(failure(&[ran("build", Exit::Code(0))]), None);
    }
}

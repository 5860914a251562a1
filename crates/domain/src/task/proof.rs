//! What a node found, as the rules want to know it.

use super::{Failure, signature};
use crate::check::{Check, Exit, Ran};
use crate::job::Change;

/// The settings of a project, which name its checks.
const SETTINGS: &str = "fugue.toml";

/// What is red among the required checks.
pub fn failure(ran: &[Ran]) -> Option<Failure> {
    let signature = signature(ran)?;
    let red: Vec<String> =
        ran.iter().filter(|ran| ran.required && !ran.is_green()).map(|ran| format!("{} {}", ran.name, ended(&ran.exit))).collect();
    Some(Failure { signature, words: red.join(", ") })
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

/// The files of a change that are part of the proof: the project's settings, and what a check's command names.
pub fn edited(change: &Change, checks: &[Check]) -> Vec<String> {
    let named = |path: &str| path == SETTINGS || checks.iter().any(|check| names(&check.command.command, path));
    change.files.iter().map(|file| &file.path).filter(|path| named(path)).cloned().collect()
}

/// Whether a command names a file, as itself or with `./` before it.
fn names(command: &str, path: &str) -> bool {
    let apart = |letter: char| letter.is_whitespace() || "'\"`;|&()<>=,".contains(letter);
    command.split(apart).any(|word| word.trim_start_matches("./") == path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Command;
    use crate::job::FileChange;

    #[test]
    fn a_change_of_the_checks_is_seen() {
        let check = |command: &str| Check {
            command: Command { name: "c".into(), command: command.into(), timeout_s: 1, env: Default::default() },
            required: true,
        };
        let change = |path: &str| Change {
            files: vec![FileChange { path: path.into(), added: Some(1), deleted: None }],
            files_total: 1,
            ..Change::default()
        };
        let checks = [check("sh ./ci/test.sh --all"), check("cd web && (npm test -- 'a b.js')")];
        for (path, seen) in [("fugue.toml", true), ("ci/test.sh", true), ("test.sh", false), ("src/a.rs", false), ("web", true)] {
            assert_eq!(!edited(&change(path), &checks).is_empty(), seen, "{path}");
        }
    }

    #[test]
    fn a_failure_is_told_in_a_line() {
        let ran =
            |name: &str, exit| Ran { name: name.into(), command: "x".into(), required: true, exit, ms: 1, tail: String::new(), bytes: 0 };
        let words = failure(&[ran("build", Exit::Code(0)), ran("test", Exit::Code(2)), ran("lint", Exit::TimedOut)]).unwrap().words;
        assert_eq!(words, "test ended with 2, lint took too long");
        assert_eq!(failure(&[ran("build", Exit::Code(0))]), None);
    }
}

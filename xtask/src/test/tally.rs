//! The sum over all test runners.
//!
//! Invariant: a test that printed `skipped: why` is counted as skipped and not as passed, although its runner calls it passed; a
//! step that is no test counts only when it fails.

use std::collections::BTreeMap;
use std::fmt;

/// What passed, failed and was skipped so far.
#[derive(Debug, Default)]
pub struct Tally {
    passed: usize,
    failures: Vec<String>,
    failed: usize,
    skipped: usize,
    reasons: BTreeMap<String, usize>,
}

impl Tally {
    /// Reads one line of a runner's output.
    pub fn read(&mut self, line: &str) {
        if let Some(counts) = line.strip_prefix("test result: ") {
            let count = |word: &str| {
                let part = counts.split([';', '.']).map(str::trim).find_map(|part| part.strip_suffix(word));
                part.and_then(|part| part.trim().parse().ok()).unwrap_or(0usize)
            };
            self.passed += count(" passed");
            self.failed += count(" failed");
            self.skipped += count(" ignored");
        } else if let Some(name) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")) {
            self.failures.push(name.to_owned());
        }
    }

    /// Takes in a step that is no test.
    pub fn check(&mut self, name: &str, ok: bool) {
        if !ok {
            self.failed += 1;
            self.failures.push(format!("step {name}"));
        }
    }

    /// Takes in what the tests wrote about skipping: a line `name: why` each.
    pub fn skips(&mut self, lines: &str) {
        let mut tests: Vec<_> = lines.lines().filter_map(|line| line.split_once(": ")).collect();
        tests.sort_unstable();
        tests.dedup_by_key(|(test, _)| *test);
        self.skipped += tests.len();
        self.passed = self.passed.saturating_sub(tests.len());
        for (_, why) in tests {
            *self.reasons.entry(why.to_owned()).or_default() += 1;
        }
    }

    /// How many failed so far.
    pub fn failed(&self) -> usize {
        self.failed
    }

    /// Whether something was proved and nothing failed.
    pub fn good(&self) -> bool {
        self.failed == 0 && self.passed > 0
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for name in &self.failures {
            writeln!(f, "failed: {name}")?;
        }
        for (why, times) in &self.reasons {
            writeln!(f, "skipped: {why} ({times})")?;
        }
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_the_sum_over_all_runners() {
        let mut tally = Tally::default();
        tally.read("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s");
        tally.read("test walks ... FAILED");
        tally.read("test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.25s");
        tally.skips("postgres::main: no PostgreSQL\npostgres::main: no PostgreSQL\nother: no PostgreSQL\n");
        assert!(!tally.good());
        let text = tally.to_string();
        assert_eq!(text.lines().last(), Some("13 passed, 1 failed, 3 skipped"));
        assert!(text.contains("failed: walks\n") && text.contains("skipped: no PostgreSQL (2)\n"), "{text}");
    }

    #[test]
    fn a_failed_step_counts_and_nothing_at_all_is_not_good() {
        let mut tally = Tally::default();
        assert!(!tally.good());
        tally.read("test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s");
        tally.check("tidy", true);
        assert!(tally.good());
        assert_eq!(tally.to_string(), "1 passed, 0 failed");
        tally.check("clippy", false);
        assert_eq!(tally.to_string().lines().last(), Some("1 passed, 1 failed"));
    }
}

//! How a command fails: a kind, which decides the exit code, what happened to which thing, and what to do next.
//!
//! Invariant: every failure that a person can meet ends here, so that wording and exit codes are the same everywhere. `main`
//! prints it: the detail and the hints on stderr, or one JSON object there with `--json`.

use fugue_domain::problem::ProblemBody;
use serde_json::json;
use std::fmt::Display;

/// What a command gives back when it fails.
#[derive(Debug)]
pub struct Failure {
    kind: Kind,
    detail: String,
    hints: Vec<String>,
}

/// Why a command failed, as far as scripts need to tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It was done, and it did not go well.
    Failed,
    /// The arguments or the configuration cannot be used.
    Usage,
    /// No hub answers.
    Unreachable,
    /// The hub said no.
    Refused,
    /// The person pressed Ctrl-C.
    Interrupted,
    /// Whoever reads our output has gone: nothing to say and nobody to say it to.
    PipeClosed,
}

impl Kind {
    /// The documented kinds, in the order of their exit codes.
    pub const DOCUMENTED: &'static [Kind] = &[Kind::Failed, Kind::Usage, Kind::Unreachable, Kind::Refused, Kind::Interrupted];

    /// What the process ends with.
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::PipeClosed => 0,
            Kind::Failed => 1,
            Kind::Usage => 2,
            Kind::Unreachable => 3,
            Kind::Refused => 4,
            Kind::Interrupted => 130,
        }
    }

    /// What it means, for the reference.
    pub fn meaning(self) -> &'static str {
        match self {
            Kind::PipeClosed => "the reader of the output has gone",
            Kind::Failed => "it did not go well: a turn failed (`send --wait`), `doctor` found something, the hub had an error of its own",
            Kind::Usage => "the arguments, the configuration or a file that was named cannot be used",
            Kind::Unreachable => "no hub answers at the address",
            Kind::Refused => "the hub refused: no such thing, wrong state, not allowed, …",
            Kind::Interrupted => "ended with Ctrl-C",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Kind::PipeClosed => "pipe_closed",
            Kind::Failed => "failed",
            Kind::Usage => "usage",
            Kind::Unreachable => "unreachable",
            Kind::Refused => "refused",
            Kind::Interrupted => "interrupted",
        }
    }
}

impl Failure {
    /// A failure of a kind.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), hints: Vec::new() }
    }

    /// It was done, and it did not go well.
    pub fn failed(detail: impl Into<String>) -> Self {
        Self::new(Kind::Failed, detail)
    }

    /// What was given cannot be used.
    pub fn usage(detail: impl Into<String>) -> Self {
        Self::new(Kind::Usage, detail)
    }

    /// A file or folder could not be read, written or made.
    pub fn file(doing: &str, path: &std::path::Path, error: &dyn Display) -> Self {
        Self::failed(format!("cannot {doing} {}: {error}", path.display()))
    }

    /// Adds what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// What the hub said.
    pub fn problem(body: &ProblemBody) -> Self {
        // A fault of the hub's own may pass; what no repetition mends is a no, and whoever follows a stream must hear it.
        let final_word = body.kind().is_some_and(|kind| !kind.retryable());
        let kind = if body.status < 500 || final_word { Kind::Refused } else { Kind::Failed };
        let mut failure = Self::new(kind, body.detail.clone());
        // With one wrong field the detail says it already.
        if body.errors.len() > 1 {
            failure.hints.extend(body.errors.iter().map(|error| format!("{}: {}", error.field, error.message)));
        }
        failure.hints.extend(body.hint.clone());
        if let (Kind::Failed, Some(request)) = (kind, &body.request_id) {
            failure.hints.push(format!("The hub's log has the cause under {request}."));
        }
        failure
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Tells the person, on stderr.
    pub fn print(&self, json: bool) {
        use crate::output::{BOLD, ERROR, say};
        // Who pressed Ctrl-C knows it; who has gone hears nothing.
        if self.kind == Kind::PipeClosed || (self.kind == Kind::Interrupted && self.detail.is_empty()) {
            return;
        }
        if json {
            return say(json!({"error": self.kind.word(), "detail": self.detail, "hints": self.hints}));
        }
        say(format_args!("{ERROR}error:{ERROR:#} {}", self.detail));
        for hint in &self.hints {
            say(format_args!(" {BOLD}hint:{BOLD:#} {hint}"));
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fugue_domain::problem::{Kind as Problem, Problem as P};

    #[test]
    fn what_the_client_did_wrong_and_what_the_hub_did_wrong_differ() {
        let refused = Failure::problem(&P::not_found("session", "last").body(None));
        assert_eq!((refused.kind().exit_code(), refused.to_string().as_str()), (4, "There is no session \"last\"."));
        let failed = Failure::problem(&P::new(Problem::Internal, "It broke.").body(Some("req_1".into())));
        assert_eq!(failed.kind().exit_code(), 1);
        let damaged = Failure::problem(&P::new(Problem::ArchiveDamaged, "x.zst is missing.").body(None));
        assert_eq!(damaged.kind().exit_code(), 4, "asking again does not bring the file back");
        assert!(failed.hints.iter().any(|hint| hint.contains("req_1")), "{:?}", failed.hints);
    }
}

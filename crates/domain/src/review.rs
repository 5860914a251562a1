//! Reviews: what somebody who did not write a change says about it, bound to the commit that was judged.
//!
//! Invariant: a verdict is about one commit. When the change has another head it is stale, and a stale verdict neither lets anything through
//! nor sends anything back. The findings of an agent and the comments of a person become the same message for the agent that wrote the change.

use crate::id::{RunId, UserId};
use crate::limits::{FINDING_BYTES_MAX, FINDINGS_MAX, TITLE_CHARS_MAX};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[cfg(test)]
mod tests;

/// The agent that reviews, unless the project says otherwise.
pub const REVIEWER: &str = "reviewer";

/// What is said about a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The commit that was judged.
    pub commit: String,
    /// The short of it.
    pub decision: Decision,
    /// In a sentence or two.
    pub summary: String,
    /// In detail.
    pub findings: Vec<Finding>,
    /// Who says so.
    pub by: By,
}

/// The short of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReviewDecision)]
pub enum Decision {
    /// It may be merged.
    Approve,
    /// It must not be merged as it is.
    RequestChanges,
    /// There is no judgement: the reviewer failed, or spoke of something else. The summary says why.
    Unable,
}

/// Who judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// An agent, in this run.
    Agent(RunId),
    /// A person.
    Person(UserId),
    /// No one: nobody could be asked.
    Nobody,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The path in the repository; empty for the change as a whole.
    #[serde(default)]
    pub file: String,
    /// The line in the new version of the file; 0 for the whole file.
    #[serde(default)]
    pub line: i64,
    /// How serious it is.
    #[serde(default)]
    pub severity: Severity,
    /// What, why, and what to do instead.
    pub text: String,
}

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The change must not be merged with it.
    #[default]
    Blocking,
    /// Worth thinking about.
    Advice,
}

impl Verdict {
    /// Whether the change has gone on since.
    pub fn is_stale(&self, head: &str) -> bool {
        self.commit != head
    }

    /// What an agent answered in the form of the role `reviewer`, about the commit that it was given. An approval with a finding that blocks
    /// is none; an answer about another commit is no judgement.
    pub fn read(answer: &Value, given: &str, run: RunId) -> Self {
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        let by = By::Agent(run);
        let judged = text(answer, "commit");
        let meant = judged.len() >= COMMIT_LETTERS_MIN && given.starts_with(judged.as_str());
        if !meant {
            let summary = format!("The reviewer was given {} and judged {:?} instead.", short(given), bounded(&judged, TITLE_CHARS_MAX));
            return Self { commit: given.to_owned(), decision: Decision::Unable, summary, findings: Vec::new(), by };
        }
        let listed = answer.get("findings").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let findings: Vec<Finding> = listed.iter().take(FINDINGS_MAX).map(|found| finding(found, &text)).collect();
        let blocked = findings.iter().any(|finding| finding.severity == Severity::Blocking);
        let approved = text(answer, "verdict") == "approve" && !blocked;
        let decision = if approved { Decision::Approve } else { Decision::RequestChanges };
        Self { commit: given.to_owned(), decision, summary: bounded(&text(answer, "summary"), FINDING_BYTES_MAX), findings, by }
    }

    /// What the agent that wrote the change is told.
    pub fn message(&self) -> String {
        let who = match self.by {
            By::Agent(_) => "A reviewer",
            By::Person(_) => "A person",
            By::Nobody => "Nobody",
        };
        let mut text = format!("{who} has read the change as it is in commit {} and asks for changes.", short(&self.commit));
        if !self.summary.is_empty() {
            text += &format!("\n\n{}", self.summary);
        }
        for (severity, heading) in [(Severity::Blocking, "What must be changed"), (Severity::Advice, "What you should think about")] {
            let mut some = self.findings.iter().filter(|finding| finding.severity == severity).peekable();
            if some.peek().is_some() {
                text += &format!("\n\n{heading}:");
            }
            for finding in some {
                let indented = finding.text.replace('\n', "\n  ");
                text += &format!("\n- {}{indented}", finding.place().map(|place| format!("{place}: ")).unwrap_or_default());
            }
        }
        text + "\n\nMake the changes, or say why one of them would be wrong. Then run the checks, commit, and end: the result is checked and read again."
    }
}

impl Finding {
    /// `file:line`, `file`, or nothing when it is about the whole change.
    pub fn place(&self) -> Option<String> {
        match (self.file.as_str(), self.line) {
            ("", _) => None,
            (file, ..=0) => Some(file.to_owned()),
            (file, line) => Some(format!("{file}:{line}")),
        }
    }

    /// Checks what a person sent.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let sound = |path: &str| !path.starts_with('/') && path.len() <= 4_096 && !path.chars().any(char::is_control);
        if !sound(&self.file) {
            return Err(("file", "give the path from the top of the repository".to_owned()));
        }
        if self.line < 0 {
            return Err(("line", "lines are counted from 1; 0 is the whole file".to_owned()));
        }
        if self.text.trim().is_empty() || self.text.len() > FINDING_BYTES_MAX {
            return Err(("text", format!("give 1 to {FINDING_BYTES_MAX} bytes")));
        }
        Ok(())
    }
}

/// What a reviewer needs to know of a change.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The task's title.
    pub title: &'a str,
    /// What was asked for.
    pub description: &'a str,
    /// What must be true.
    pub acceptance: &'a str,
    /// Where the change left its branch.
    pub base: &'a str,
    /// The commit to judge.
    pub commit: &'a str,
}

/// What a reviewer is asked.
pub fn question(subject: &Subject<'_>) -> String {
    let Subject { title, description, acceptance, base, commit } = subject;
    let mut text = format!(
        "Review the change `git diff {base}...{commit}`. Your working copy is at its last commit, {commit}: that is the commit that you judge, and \
         what `commit` in your answer must say.\n\nThe task was: {title}"
    );
    if !description.trim().is_empty() {
        text += &format!("\n\n{}", description.trim());
    }
    if !acceptance.trim().is_empty() {
        text += &format!("\n\nWhat must be true when it is done:\n\n{}", acceptance.trim());
    }
    text
}

/// Letters of a commit that are enough to mean it; the schema of the role asks for as many.
const COMMIT_LETTERS_MIN: usize = 4;
/// Letters of a commit that people are shown.
const COMMIT_LETTERS_SHOWN: usize = 12;

fn short(commit: &str) -> String {
    commit.chars().take(COMMIT_LETTERS_SHOWN).collect()
}

fn bounded(text: &str, bytes: usize) -> String {
    text[..text.floor_char_boundary(bytes)].to_owned()
}

fn finding(found: &Value, text: &impl Fn(&Value, &str) -> String) -> Finding {
    let parts = [text(found, "what"), text(found, "why"), text(found, "suggestion")];
    let said: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    let severity = if text(found, "severity") == "blocking" { Severity::Blocking } else { Severity::Advice };
    let line = found.get("line").and_then(Value::as_i64).unwrap_or(0).max(0);
    Finding { file: bounded(&text(found, "file"), TITLE_CHARS_MAX * 4), line, severity, text: bounded(&said.join("\n"), FINDING_BYTES_MAX) }
}

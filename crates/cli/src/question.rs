//! Approvals at the terminal: the exact bytes, spelled out, and one key for the answer.
//!
//! Invariant: a decision carries the hash of what was shown here, so that nothing else can be decided by it.

use crate::client::Client;
use crate::error::{Failure, Kind};
use crate::output::{BOLD, DIM, Output, WARN, cut, interactive, say, span, tame};
use fugue_domain::api::{Approval, Decision};
use fugue_domain::approval::ApprovalKind;
use fugue_domain::world::Millis;
use std::io::{BufRead, Write};

/// What a person says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It may.
    Approve,
    /// It may not.
    Deny,
    /// Somebody else, or later.
    Later,
}

/// The lines that show a question whole.
pub fn lines(approval: &Approval, now: Millis) -> Vec<String> {
    let what = match approval.kind {
        ApprovalKind::Tool => format!("may use {}", tame(&approval.tool)),
        ApprovalKind::Budget => "may go on spending".to_owned(),
    };
    let mut lines = vec![format!("{WARN}?{WARN:#} {BOLD}{} {what}{BOLD:#} in {}", tame(&approval.agent), cut(&approval.title, 60))];
    lines.extend(approval.shown.lines().map(|line| format!("    {}", tame(line))));
    if let Some(purpose) = &approval.purpose {
        lines.push(format!("  {DIM}it says:{DIM:#} {}", cut(purpose, 200)));
    }
    let rule = approval.rule.as_deref().map(|rule| format!(" by the rule {}", tame(rule))).unwrap_or_default();
    let left = span(approval.expires_at.0 - now);
    lines.push(format!("  {DIM}{} in {}, asked{rule}, becomes a no in {left}{DIM:#}", approval.id.short(), tame(&approval.cwd)));
    lines
}

/// Shows a question and waits for one line from the person. Only on a terminal.
pub fn ask(approval: &Approval, now: Millis) -> Result<Answer, Failure> {
    if !interactive() {
        return Err(Failure::usage("nobody can be asked here: this is no terminal")
            .hint(format!("Say it outright: `fugue approve {0}` or `fugue deny {0}`.", approval.id.short())));
    }
    for line in lines(approval, now) {
        say(line);
    }
    loop {
        let _ = write!(anstream::stderr().lock(), "  approve? [y]es, [n]o, [l]ater: ");
        let mut typed = String::new();
        match std::io::stdin().lock().read_line(&mut typed) {
            Ok(0) => return Ok(Answer::Later),
            Ok(_) => {}
            Err(error) => return Err(Failure::new(Kind::Failed, format!("cannot read the answer: {error}"))),
        }
        match typed.trim().to_lowercase().as_str() {
            "y" | "yes" | "はい" => return Ok(Answer::Approve),
            "n" | "no" | "いいえ" => return Ok(Answer::Deny),
            "l" | "later" | "" => return Ok(Answer::Later),
            _ => say("  Type y, n or l."),
        }
    }
}

/// Tells the hub, bound to the bytes that were shown.
pub async fn decide(client: &Client, approval: &Approval, approved: bool, reason: Option<String>) -> Result<Approval, Failure> {
    let verb = if approved { "approve" } else { "deny" };
    let decision = Decision { reason, hash: Some(approval.hash.clone()) };
    client.post(&format!("/api/v1/approvals/{}/{verb}", approval.id), &decision).await
}

/// Says how it ended.
pub fn settled(approval: &Approval, out: Output) -> Result<(), Failure> {
    out.value(approval, |approval| out.line(format_args!("{} {}", approval.state.word(), approval.id)))
}

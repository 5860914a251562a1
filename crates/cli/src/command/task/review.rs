//! `fugue task review`: a person's verdict about a task's change, with comments on lines.

use super::super::Context;
use crate::client::Client;
use crate::error::Failure;
use crate::output::{DIM, GOOD, Table, WARN, say, tame};
use clap::Args;
use fugue_domain::api::{NewReview, Review as View, TaskDetail};
use fugue_domain::review::{Decision, Finding, Severity};
use serde_json::json;

/// What is said.
#[derive(Args)]
pub struct Review {
    /// Which task.
    task: String,
    /// It may be merged.
    #[arg(long, conflicts_with = "reject")]
    approve: bool,
    /// It must be changed. The agent that wrote it gets the comments as one message.
    #[arg(long)]
    reject: bool,
    /// A comment, for example `src/bill.rs:7:Half a yen is lost.`; several are allowed. Without a line it is about the file, and without a
    /// file about the whole change.
    #[arg(long = "comment", value_name = "FILE:LINE:TEXT", value_parser = comment)]
    comments: Vec<Finding>,
    /// The verdict in a sentence or two.
    #[arg(long, default_value = "", hide_default_value = true)]
    text: String,
    /// The commit that was read; the task's present one when absent. A verdict about another one is refused.
    #[arg(long)]
    commit: Option<String>,
}

impl Review {
    /// Gives the verdict, or shows what was said so far.
    pub async fn run(self, context: &Context, client: &Client) -> Result<(), Failure> {
        let path = super::path(&super::find(client, &self.task).await?);
        if !self.approve && !self.reject {
            if !self.comments.is_empty() || !self.text.is_empty() {
                return Err(Failure::usage("is it good or not?").hint("Add --approve or --reject."));
            }
            let reviews: Vec<View> = client.list(&format!("{path}/reviews"), usize::MAX).await?;
            return context.out.value(&json!({ "items": reviews }), |_| show(context, &reviews));
        }
        let commit = match self.commit {
            Some(commit) => commit,
            None => present(client, &path).await?,
        };
        let verdict = if self.approve { Decision::Approve } else { Decision::RequestChanges };
        let new = NewReview { verdict, commit, summary: self.text, comments: self.comments };
        let review: View = client.create(&format!("{path}/review"), &new).await?;
        context.out.value(&review, |review| {
            say(format_args!("{} {}.", if self.approve { "Approved" } else { "Asked for changes in" }, short(&review.commit)));
            context.out.line(&review.id)
        })
    }
}

/// The commit that the task has now.
async fn present(client: &Client, path: &str) -> Result<String, Failure> {
    let task: TaskDetail = client.get(path).await?;
    task.task.head.ok_or_else(|| {
        Failure::usage("the task has no checked commit yet").hint("Its agent is still at work: `fugue task show` tells how far it is.")
    })
}

fn show(context: &Context, reviews: &[View]) -> Result<(), Failure> {
    let mut table = Table::new(&["ID", "VERDICT", "COMMIT", "BY", "WHAT"]);
    for review in reviews {
        let (style, word) = match review.verdict {
            None => (DIM, review.state.as_str()),
            Some(Decision::Approve) => (GOOD, "approved"),
            Some(Decision::RequestChanges) => (WARN, "changes wanted"),
            Some(Decision::Unable) => (WARN, "no judgement"),
        };
        let by = if review.person.is_some() { "a person" } else { "an agent" };
        let commit = format!("{}{}", short(&review.commit), if review.stale { " (stale)" } else { "" });
        let plain = |text: String| (anstyle::Style::new(), text);
        table.styled([
            plain(review.id.short().to_owned()),
            (style, word.to_owned()),
            plain(commit),
            plain(by.to_owned()),
            plain(review.summary.clone().unwrap_or_default()),
        ]);
    }
    table.print(context.out)?;
    for finding in reviews.first().map(|review| review.findings.as_slice()).unwrap_or_default() {
        let style = if finding.severity == Severity::Blocking { WARN } else { DIM };
        let place = finding.place().map(|place| format!("{place}: ")).unwrap_or_default();
        say(format_args!("  {style}{}{}{style:#}", tame(&place), tame(&finding.text)));
    }
    Ok(())
}

fn short(commit: &str) -> String {
    commit.chars().take(10).collect()
}

/// `FILE:LINE:TEXT`, `FILE::TEXT`, or `::TEXT`. A text without colons is about the whole change.
fn comment(text: &str) -> Result<Finding, String> {
    let parts: Vec<&str> = text.splitn(3, ':').collect();
    let (file, line, said) = match parts[..] {
        [file, line, said] if line.is_empty() || line.parse::<i64>().is_ok() => (file, line.parse().unwrap_or(0), said),
        _ => ("", 0, text),
    };
    let finding = Finding { file: file.to_owned(), line, severity: Severity::Blocking, text: said.trim().to_owned() };
    finding.check().map(|()| finding).map_err(|(field, wrong)| format!("{field}: {wrong}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_about_a_line_a_file_or_the_whole() {
        let read = |text: &str| comment(text).map(|finding| (finding.file, finding.line, finding.text));
        let found = |file: &str, line, text: &str| Ok((file.to_owned(), line, text.to_owned()));
        assert_eq!(read("src/bill.rs:7:Half a yen: lost."), found("src/bill.rs", 7, "Half a yen: lost."));
        assert_eq!(read("README.md::Tell of it."), found("README.md", 0, "Tell of it."));
        assert_eq!(read("Why not the other way: around: it?"), found("", 0, "Why not the other way: around: it?"));
        assert!(read("a:1:").unwrap_err().starts_with("text:"), "{:?}", read("a:1:"));
        assert!(read("/etc/passwd:1:x").unwrap_err().starts_with("file:"));
        assert!(read("a:-1:x").unwrap_err().starts_with("line:"));
    }
}

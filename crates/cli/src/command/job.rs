//! `fugue job`: what nodes do without an agent, and what commands of projects printed there.

use super::Context;
use crate::client::segment;
use crate::error::Failure;
use crate::output::{DIM, ERROR, GOOD, Output, Table, WARN, say, span, tame};
use anstyle::Style;
use clap::Subcommand;
use fugue_domain::api::Job as View;
use fugue_domain::check::{Exit, Ran};
use fugue_domain::id::JobId;
use fugue_domain::job::{Kind, Merged, Outcome, State};
use serde_json::json;

/// Jobs: what nodes do without an agent: prepare worktrees, check changes, merge them.
#[derive(Subcommand)]
pub enum Job {
    /// Show one job and what came of it.
    Show {
        /// Its id.
        job: JobId,
        /// Print the whole output of one of its commands instead, by the command's name.
        #[arg(long, value_name = "NAME")]
        output: Option<String>,
    },
}

impl Job {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let (client, out) = (context.client()?, context.out);
        let Job::Show { job, output } = self;
        let path = format!("/api/v1/jobs/{job}");
        let Some(name) = output else {
            let job: View = client.get(&path).await?;
            return out.value(&job, |job| show(job, context.world.now(), out));
        };
        let text = client.text(&format!("{path}/output?check={}", segment(&name))).await?;
        out.value(&json!({ "name": name, "output": text }), |_| text.lines().try_for_each(|line| out.line(tame(line))))
    }
}

fn show(job: &View, now: i64, out: Output) -> Result<(), Failure> {
    let kind = match job.kind {
        Kind::Prepare => "prepare",
        Kind::Check => "check",
        Kind::Merge => "merge",
        Kind::TearDown => "tear-down",
    };
    let state = match job.state {
        State::Waiting => "waits for its node",
        State::Running => "is under way",
        State::Ended => "has ended",
        State::Dropped => "was dropped",
    };
    let whose = job.session.as_ref().map(|session| format!(" for {session}")).unwrap_or_default();
    let lasted = job.begun_at.map(|begun| format!(", after {}", span(job.ended_at.map_or(now, |at| at.0) - begun.0))).unwrap_or_default();
    out.line(format_args!("{} {kind}{whose} {state} {DIM}(on {}{lasted}){DIM:#}", job.id, job.node))?;
    let Some(outcome) = &job.outcome else { return Ok(()) };
    told(outcome, out)?;
    if !outcome.ran().is_empty() {
        table(outcome.ran()).print(out)?;
    }
    for ran in outcome.ran().iter().filter(|ran| !ran.is_green() && !ran.tail.is_empty()) {
        say(format_args!("{DIM}The end of what {} printed; all of it: fugue job show {} --output {:?}{DIM:#}", ran.name, job.id, ran.name));
        ran.tail.lines().try_for_each(|line| out.line(format_args!("  {}", tame(line))))?;
    }
    Ok(())
}

fn told(outcome: &Outcome, out: Output) -> Result<(), Failure> {
    match outcome {
        Outcome::Prepared(_) | Outcome::TornDown(_) => Ok(()),
        Outcome::Checked(checked) => {
            let change = &checked.change;
            let (commits, files) = (change.commits.len(), change.files_total);
            out.line(format_args!("{}: {commits} commits, {files} files, +{} -{}", checked.head, change.added, change.deleted))
        }
        Outcome::Merged(Merged::Landed { from, to, published, behind, .. }) => {
            out.line(format_args!("{GOOD}landed{GOOD:#} from {from} to {to}"))?;
            published.iter().try_for_each(|remote| out.line(format_args!("{} has it", tame(remote))))?;
            behind.iter().try_for_each(|why| out.line(format_args!("{WARN}the branch on its node stays behind:{WARN:#} {}", tame(why))))
        }
        Outcome::Merged(Merged::Red { onto, .. }) => out.line(format_args!("{ERROR}red{ERROR:#} on top of {onto}: nothing was moved")),
        Outcome::Merged(Merged::Conflict { task, onto, files, detail }) => {
            out.line(format_args!("{ERROR}conflict{ERROR:#} of {task} with {onto} in {}", tame(&files.join(", "))))?;
            detail.lines().try_for_each(|line| out.line(format_args!("  {}", tame(line))))
        }
        Outcome::Merged(Merged::Waits(why)) => out.line(format_args!("{WARN}waits:{WARN:#} {}", tame(&why.to_string()))),
        Outcome::Impossible(why) => out.line(format_args!("{ERROR}not possible:{ERROR:#} {}", tame(why))),
    }
}

fn table(ran: &[Ran]) -> Table {
    let mut table = Table::new(&["CHECK", "RESULT", "TOOK", "BYTES", "COMMAND"]);
    for ran in ran {
        let plain = |text: String| (Style::new(), text);
        let style = if ran.is_green() { GOOD } else { ERROR };
        let (took, bytes) = (span(ran.ms), ran.bytes.to_string());
        table.styled([plain(tame(&ran.name)), (style, exit(&ran.exit)), plain(took), plain(bytes), plain(tame(&ran.command))]);
    }
    table
}

fn exit(exit: &Exit) -> String {
    match exit {
        Exit::Code(0) => "green".to_owned(),
        Exit::Code(code) => format!("exit {code}"),
        Exit::Signal(signal) => format!("signal {signal}"),
        Exit::TimedOut => "timed out".to_owned(),
        Exit::NotRun(why) => format!("not run: {}", tame(why)),
    }
}

//! `fugue task show`: one task with its evidence and its story.

use super::super::Context;
use super::board::{mark, moves, progress};
use super::path;
use crate::client::Client;
use crate::error::Failure;
use crate::live::Changes;
use crate::output::{BOLD, DIM, ERROR, GOOD, Output, WARN, say, span, tame};
use crate::transcript::day;
use fugue_domain::api::{Entry, Evidence, Shown, TaskDetail, Verdict};
use fugue_domain::check::Ran;
use fugue_domain::id::TaskId;
use fugue_domain::job::{Change, Commit};
use fugue_domain::task::proof::ended;
use std::process::ExitCode;

/// Lines of a red check's output that are shown.
const LINES: usize = 20;
/// Files of a change that are shown.
const FILES: usize = 20;

/// Shows a task, and perhaps what happens to it from then on.
pub async fn run(context: &Context, client: &Client, id: &TaskId, follow: bool) -> Result<ExitCode, Failure> {
    let mut task: TaskDetail = client.get(&path(id)).await?;
    let out = context.out;
    out.value(&task, |task| print(out, task))?;
    if !follow {
        return Ok(ExitCode::SUCCESS);
    }
    // Listened first and looked afterwards, so that nothing is missed in between.
    let mut changes = Changes::of(client).await;
    let mut told = task.story.last().map_or(0, |entry| entry.n);
    loop {
        task = client.get(&path(id)).await?;
        for entry in task.story.iter().filter(|entry| entry.n > told) {
            out.value(entry, |entry| out.line(story(entry)))?;
        }
        told = task.story.last().map_or(told, |entry| entry.n);
        if !moves(&task.task) && task.task.state != "blocked" {
            break;
        }
        changes.wait().await;
    }
    if let (Some(hint), false) = (&task.hint, out.json) {
        say(hint);
    }
    Ok(if task.task.state == "done" { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(out: Output, detail: &TaskDetail) -> Result<(), Failure> {
    let task = &detail.task;
    let (style, sign) = mark(&task.state);
    out.line(format_args!("{style}{sign} {}{style:#} {BOLD}{}{BOLD:#} {DIM}{}{DIM:#}", task.state, tame(&task.title), task.id))?;
    if let Some(why) = &task.why {
        out.line(format_args!("  {WARN}{}{WARN:#}", tame(why)))?;
    }
    if let Some(hint) = &detail.hint {
        out.line(format_args!("  {DIM}{hint}{DIM:#}"))?;
    }
    facts(out, detail)?;
    for (heading, text) in [("", &detail.description), ("What must be true", &detail.acceptance)] {
        if !text.trim().is_empty() {
            part(out, heading)?;
            out.line(indented(text.trim()))?;
        }
    }
    evidence(out, &detail.evidence)?;
    part(out, "Story")?;
    detail.story.iter().try_for_each(|entry| out.line(story(entry)))
}

/// What is known of it, one after the other, without what is not there.
fn facts(out: Output, detail: &TaskDetail) -> Result<(), Failure> {
    let task = &detail.task;
    let titles = |briefs: &[fugue_domain::api::TaskBrief]| {
        briefs.iter().map(|other| format!("{} ({}, {})", other.title, other.id.short(), other.state)).collect::<Vec<_>>().join(", ")
    };
    let budget = task.budget_usd.map(|usd| format!(" of {usd}")).unwrap_or_default();
    let sessions = |session: &fugue_domain::api::TaskSession| format!("{} by {}, {}", session.id, session.agent, session.cost_usd);
    let rows = [
        ("waits for", titles(&task.blocked_by)),
        ("blocks", titles(&detail.blocks)),
        ("try", if task.started_at.is_some() { format!("{} of {}", task.attempt, task.attempts_max) } else { String::new() }),
        ("now", task.progress.as_ref().map(progress).unwrap_or_default()),
        ("cost", format!("{}{budget}", task.cost_usd)),
        ("sessions", detail.sessions.iter().map(sessions).collect::<Vec<_>>().join("; ")),
        ("branch", task.branch.clone().unwrap_or_default()),
        ("commit", task.head.clone().unwrap_or_default()),
        ("checks", detail.checks.join(", ")),
        ("labels", task.labels.join(", ")),
        ("links", detail.links.join(", ")),
        ("paths", detail.paths.join(", ")),
        ("written", day(task.created_at)),
        ("over", task.ended_at.map(day).unwrap_or_default()),
    ];
    rows.into_iter()
        .filter(|(_, value)| !value.is_empty())
        .try_for_each(|(name, value)| out.line(format_args!("  {DIM}{name:<9}{DIM:#} {}", tame(&value))))
}

fn part(out: Output, heading: &str) -> Result<(), Failure> {
    out.line("")?;
    if heading.is_empty() { Ok(()) } else { out.line(format_args!("{BOLD}{heading}{BOLD:#}")) }
}

fn evidence(out: Output, evidence: &Evidence) -> Result<(), Failure> {
    if let Some(change) = &evidence.change {
        part(out, "Change")?;
        changed(out, change)?;
    }
    checks(out, "Checks", &evidence.ran)?;
    if !evidence.verdicts.is_empty() {
        part(out, "Review")?;
        evidence.verdicts.iter().try_for_each(|verdict| out.line(judged(verdict)))?;
    }
    checks(out, "Checks of the merged tree", &evidence.merge_ran)?;
    if !evidence.landed.is_empty() {
        part(out, "On the target branch")?;
        evidence.landed.iter().try_for_each(|commit| out.line(committed(commit)))?;
    }
    checks(out, "Tear-down of the worktree", &evidence.torn_down)
}

fn changed(out: Output, change: &Change) -> Result<(), Failure> {
    let files = if change.files_total == 1 { "1 file".to_owned() } else { format!("{} files", change.files_total) };
    out.line(format_args!("  {files}, {GOOD}+{}{GOOD:#} {ERROR}-{}{ERROR:#}", change.added, change.deleted))?;
    change.commits.iter().try_for_each(|commit| out.line(committed(commit)))?;
    for file in change.files.iter().take(FILES) {
        let lines = |count: Option<i64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
        out.line(format_args!("  {DIM}+{:<5} -{:<5}{DIM:#} {}", lines(file.added), lines(file.deleted), tame(&file.path)))?;
    }
    let more = change.files_total - change.files.len().min(FILES) as i64;
    if more > 0 { out.line(format_args!("  {DIM}and {more} more{DIM:#}")) } else { Ok(()) }
}

fn committed(commit: &Commit) -> String {
    format!("  {DIM}{}{DIM:#} {}", commit.id.get(..10).unwrap_or(&commit.id), tame(&commit.title))
}

fn checks(out: Output, heading: &str, ran: &[Ran]) -> Result<(), Failure> {
    if ran.is_empty() {
        return Ok(());
    }
    part(out, heading)?;
    for ran in ran {
        let (style, sign) = if ran.is_green() { (GOOD, "✓") } else { (ERROR, "✗") };
        let optional = if ran.required { "" } else { ", not required" };
        let how = if ran.is_green() { String::new() } else { format!(" {}", ended(&ran.exit)) };
        out.line(format_args!(
            "  {style}{sign}{style:#} {}{} {DIM}{}{optional}, {}{DIM:#}",
            tame(&ran.name),
            tame(&how),
            tame(&ran.command),
            span(ran.ms)
        ))?;
        if !ran.is_green() {
            let lines: Vec<&str> = ran.tail.trim_end().lines().collect();
            let from = lines.len().saturating_sub(LINES);
            lines[from..].iter().try_for_each(|line| out.line(format_args!("      {DIM}{}{DIM:#}", tame(line))))?;
        }
    }
    Ok(())
}

fn judged(verdict: &Verdict) -> String {
    let (style, sign) = if verdict.approved { (GOOD, "✓") } else { (WARN, "✗") };
    let stale = if verdict.stale { ", of an earlier commit" } else { "" };
    let words = verdict.words.as_deref().map(|words| format!(": {}", tame(words))).unwrap_or_default();
    let head = verdict.head.get(..10).unwrap_or(&verdict.head);
    format!("  {style}{sign}{style:#} {}{words} {DIM}{head}{stale}, {}{DIM:#}", tame(&verdict.by), day(verdict.at))
}

/// An entry of the story in a line or two.
fn story(entry: &Entry) -> String {
    let (style, sign) = mark(&entry.state);
    let by = entry.by.as_deref().map(|by| format!(" {DIM}by {}{DIM:#}", tame(by))).unwrap_or_default();
    let more = match &entry.shown {
        Some(Shown::Checked { edited, .. }) if !edited.is_empty() => {
            format!("\n      {WARN}It touches what it is checked with: {}{WARN:#}", tame(&edited.join(", ")))
        }
        Some(Shown::Conflict { files, .. }) => format!("\n      {DIM}{}{DIM:#}", tame(&files.join(", "))),
        _ => String::new(),
    };
    format!("  {DIM}{}{DIM:#} {style}{sign} {:<11}{style:#} {}{by}{more}", day(entry.at), entry.state, tame(&entry.words))
}

fn indented(text: &str) -> String {
    tame(text).lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

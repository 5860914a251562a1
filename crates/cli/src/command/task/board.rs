//! `fugue task list`: the board, and what happens on it.

use super::super::Context;
use super::items;
use crate::client::{Client, segment};
use crate::error::Failure;
use crate::live::Changes;
use crate::output::{BOLD, DIM, ERROR, GOOD, Table, WARN, cut, span, tame};
use anstyle::Style;
use clap::Args;
use fugue_domain::api::Task as View;
use fugue_domain::check::Progress;
use fugue_domain::id::TaskId;
use fugue_domain::session::SessionState;
use std::collections::HashMap;
use std::process::ExitCode;

/// Which tasks are listed.
#[derive(Args)]
pub struct List {
    /// Only those in this state: draft, blocked, ready, working, checking, review, merging, needs_human, done, cancelled, or open.
    #[arg(long)]
    state: Option<String>,
    /// Only those of this project, by id or name.
    #[arg(long)]
    project: Option<String>,
    /// Only those of this plan, by its whole id.
    #[arg(long)]
    plan: Option<String>,
    /// Only those with this label.
    #[arg(long)]
    label: Option<String>,
    /// Only those in whose title or description these words stand.
    #[arg(long, value_name = "WORDS")]
    search: Option<String>,
    /// How many at most.
    #[arg(long, default_value_t = 200, value_name = "N")]
    limit: usize,
    /// Go on showing what happens, until nothing more happens by itself. The exit code is 1 if one of them needs a person then.
    #[arg(long, short)]
    follow: bool,
}

impl List {
    /// Carries it out.
    pub async fn run(self, context: &Context, client: &Client) -> Result<ExitCode, Failure> {
        let mut query = Vec::new();
        let filters =
            [("state", &self.state), ("project", &self.project), ("plan", &self.plan), ("label", &self.label), ("q", &self.search)];
        for (name, value) in filters {
            query.extend(value.as_ref().map(|value| format!("{name}={}", segment(value))));
        }
        let path = format!("/api/v1/tasks{}{}", if query.is_empty() { "" } else { "?" }, query.join("&"));
        if self.follow {
            return follow(context, client, &path, self.limit).await;
        }
        let mut tasks: Vec<View> = client.list(&path, self.limit).await?;
        tasks.sort_by_key(|task| (rank(&task.state), std::cmp::Reverse(task.priority)));
        context.out.value(&items(&tasks), |_| table(&tasks, context.world.now()).print(context.out))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Shows each change in a line, until nothing more happens by itself.
async fn follow(context: &Context, client: &Client, path: &str, limit: usize) -> Result<ExitCode, Failure> {
    let mut seen: HashMap<TaskId, String> = HashMap::new();
    // Listened first and looked afterwards, so that nothing is missed in between.
    let mut changes = Changes::of(client).await;
    let mut tasks: Vec<View> = client.list(path, limit).await?;
    tasks.sort_by_key(|task| (rank(&task.state), std::cmp::Reverse(task.priority)));
    loop {
        for task in &tasks {
            let now = format!("{} {} {}", task.state, task.attempt, task.why.as_deref().unwrap_or_default());
            if seen.insert(task.id.clone(), now.clone()).is_none_or(|before| before != now) {
                context.out.value(task, |task| context.out.line(line(task)))?;
            }
        }
        if !tasks.iter().any(moves) {
            let good = !tasks.iter().any(|task| task.state == "needs_human");
            return Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        changes.wait().await;
        tasks = client.list(path, limit).await?;
        tasks.reverse();
    }
}

/// Whether something happens to it by itself.
pub fn moves(task: &View) -> bool {
    matches!(task.state.as_str(), "ready" | "working" | "checking" | "review" | "merging")
}

/// A task in a line.
fn line(task: &View) -> String {
    let (style, mark) = mark(&task.state);
    let tries = if task.attempt > 1 { format!(" try {} of {}", task.attempt, task.attempts_max) } else { String::new() };
    let why = note(task).map(|why| format!(" {DIM}{}{DIM:#}", cut(&why, 120))).unwrap_or_default();
    format!("{style}{mark} {:<11}{style:#} {} {BOLD}{}{BOLD:#}{tries}{why}", task.state, task.id.short(), cut(&task.title, 80))
}

/// What there is to say of where it stands.
fn note(task: &View) -> Option<String> {
    match task.session_state {
        Some(SessionState::Waiting) if task.state == "working" => return Some("asks a person: fugue approvals".to_owned()),
        Some(SessionState::Parked) if task.state == "working" => return Some("parked: fugue queue".to_owned()),
        _ => {}
    }
    if !task.blocked_by.is_empty() && task.state == "blocked" {
        let names: Vec<&str> = task.blocked_by.iter().map(|need| need.title.as_str()).collect();
        return Some(format!("waits for {}", tame(&names.join(", "))));
    }
    task.progress.as_ref().map(progress).or_else(|| task.why.as_deref().map(tame))
}

/// How far the commands have come that run for it.
pub fn progress(at: &Progress) -> String {
    let failed = if at.failed > 0 { format!(", {} failed", at.failed) } else { String::new() };
    format!("runs {} ({} of {}){failed}", tame(&at.command), (at.ended + 1).min(at.total), at.total)
}

/// The sign of a state.
pub fn mark(state: &str) -> (Style, &'static str) {
    match state {
        "draft" => (DIM, "·"),
        "blocked" => (DIM, "◌"),
        "ready" => (Style::new(), "○"),
        "working" => (GOOD, "●"),
        "checking" => (GOOD, "◑"),
        "review" => (WARN, "◇"),
        "merging" => (GOOD, "»"),
        "needs_human" => (WARN, "!"),
        "done" => (GOOD, "✓"),
        "cancelled" => (DIM, "✗"),
        _ => (ERROR, "?"),
    }
}

/// The place of a state on the board.
fn rank(state: &str) -> usize {
    let order = ["needs_human", "review", "working", "checking", "merging", "ready", "blocked", "draft", "done", "cancelled"];
    order.iter().position(|other| *other == state).unwrap_or(order.len())
}

fn table(tasks: &[View], now: i64) -> Table {
    let mut table = Table::new(&["", "STATE", "ID", "TRY", "COST", "AGE", "TITLE", "NOTE"]);
    for task in tasks {
        let plain = |text: String| (Style::new(), text);
        let (style, mark) = mark(&task.state);
        table.styled([
            (style, mark.to_owned()),
            (style, task.state.clone()),
            plain(task.id.short().to_owned()),
            plain(if task.started_at.is_some() { format!("{}/{}", task.attempt, task.attempts_max) } else { String::new() }),
            plain(task.cost_usd.to_string()),
            plain(span(now - task.created_at.0)),
            plain(cut(&task.title, 60)),
            (DIM, note(task).unwrap_or_default()),
        ]);
    }
    table
}

//! `fugue task`: what people want, worked off by agents, each up to its proof on the target branch.

use super::{Context, agent, send, session};
use crate::client::{Client, segment};
use crate::error::Failure;
use crate::output::{say, tame};
use crate::repository;
use clap::{Args, Subcommand};
use fugue_domain::agent::Driver;
use fugue_domain::api::{Diff, MadeTasks, NewTask, NewTasks, Remark, Task as View, TaskChange, TaskDetail};
use fugue_domain::id::TaskId;
use fugue_domain::money::MicroUsd;
use serde_json::json;
use std::process::ExitCode;

mod board;
mod file;
mod review;
mod show;

pub use board::progress;

/// Tasks among which an end of an id is looked for.
const SEARCHED_MAX: usize = 5_000;

/// Tasks: what is wanted, worked off by agents, each up to its proof on the target branch.
#[derive(Subcommand)]
pub enum Task {
    /// Write a task down. It begins as soon as what it needs is done and there is room.
    Add(Box<Add>),
    /// List tasks as a board: what needs a person first.
    List(board::List),
    /// Show one task: where it stands, its evidence, and its story.
    Show {
        /// Which: a whole id, any end of one that fits only one, or `last`.
        #[arg(default_value = "last")]
        task: String,
        /// Go on showing what happens, until nothing more happens by itself. The exit code is 1 unless it is done.
        #[arg(long, short)]
        follow: bool,
    },
    /// Change a task, while that means something.
    Edit(Box<Edit>),
    /// Let drafts begin.
    Start(Which),
    /// Let tasks be tried again that need a person, or were cancelled.
    Retry(Which),
    /// Let a change pass: yours is the review. Also lets pass a change that touches its own checks.
    Approve(Which),
    /// Say what you think of a change, with comments on its lines; without a verdict, show what was said so far.
    Review(review::Review),
    /// Stop the agent, and have the worktree to yourself. `submit` hands in what you make of it, `retry` gives it back.
    TakeOver(Which),
    /// Hand in what the worktree of a task holds: it is checked, reviewed and merged like the work of an agent.
    Submit(Which),
    /// Give tasks up. What their agents did stays on the branches.
    Cancel(Which),
    /// Write down the tasks of a file: a check list, JSON or TOML (docs/TASKS.md).
    Import(file::Import),
    /// Print tasks in the form of such a file.
    Export(file::Export),
    /// Show the change as text: as it was merged, as it was checked last, or as the worktree holds it.
    Diff {
        /// Which.
        #[arg(default_value = "last")]
        task: String,
    },
}

/// Which tasks, and what there is to say.
#[derive(Args)]
pub struct Which {
    /// Which.
    #[arg(required = true, value_name = "TASK")]
    tasks: Vec<String>,
    /// What you say about it: to the agent when it tries again, otherwise for the record. `-` reads it from standard input.
    #[arg(long, value_name = "TEXT")]
    say: Option<String>,
}

/// What a new task is.
#[derive(Args)]
pub struct Add {
    /// What is wanted, in a line.
    title: String,
    /// What is wanted, in full; `-` reads it from standard input.
    #[arg(long, short, value_name = "TEXT")]
    description: Option<String>,
    /// What must be true at the end.
    #[arg(long, value_name = "TEXT")]
    acceptance: Option<String>,
    /// The project, by id or name. Default: the repository that this folder is in, which is added if it is not known.
    #[arg(long)]
    project: Option<String>,
    /// Only write it down; `fugue task start` lets it begin.
    #[arg(long)]
    draft: bool,
    #[command(flatten)]
    more: More,
}

/// What is to be changed.
#[derive(Args)]
pub struct Edit {
    /// Which.
    task: String,
    /// Another title.
    #[arg(long)]
    title: Option<String>,
    /// Another description; `-` reads it from standard input.
    #[arg(long, short, value_name = "TEXT")]
    description: Option<String>,
    /// What must be true at the end.
    #[arg(long, value_name = "TEXT")]
    acceptance: Option<String>,
    /// It needs nothing any more.
    #[arg(long, conflicts_with = "needs")]
    needs_nothing: bool,
    #[command(flatten)]
    more: More,
}

/// What new and changed tasks have in common. A list replaces the one before.
#[derive(Args)]
struct More {
    /// A task that must be done before; repeat it for more.
    #[arg(long, value_name = "TASK")]
    needs: Vec<String>,
    /// The name of a check that proves it; repeat it for more. Default: all of the project.
    #[arg(long = "check", value_name = "NAME")]
    checks: Vec<String>,
    /// The agent, by name; the project's own choice when absent.
    #[arg(long)]
    agent: Option<String>,
    /// The program that plays the agent: claude, codex or rehearse. Default: the agent's own.
    #[arg(long, value_parser = agent::driver)]
    driver: Option<Driver>,
    /// A word to find it by; repeat it for more.
    #[arg(long = "label", value_name = "WORD")]
    labels: Vec<String>,
    /// Higher is earlier; 0 is usual.
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    priority: Option<i64>,
    /// What it may cost, in US dollars.
    #[arg(long, value_name = "USD", value_parser = session::usd)]
    budget: Option<f64>,
    /// Where more is written; repeat it for more.
    #[arg(long = "link", value_name = "URL")]
    links: Vec<String>,
    /// A file or folder that it will probably touch; repeat it for more.
    #[arg(long = "path", value_name = "PATH")]
    paths: Vec<String>,
}

impl Task {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        match self {
            // These need no hub to say that a file is wrong.
            Task::Import(import) => return import.run(context).await.map(|()| ExitCode::SUCCESS),
            Task::Export(export) => return export.run(context).await.map(|()| ExitCode::SUCCESS),
            _ => {}
        }
        let client = context.client()?;
        match self {
            Task::Import(_) | Task::Export(_) => {}
            Task::List(list) => return list.run(context, &client).await,
            Task::Show { task, follow } => return show::run(context, &client, &find(&client, &task).await?, follow).await,
            Task::Add(add) => add.run(context, &client).await?,
            Task::Edit(edit) => edit.run(context, &client).await?,
            Task::Start(some) => some.each(context, &client, "start").await?,
            Task::Retry(some) => some.each(context, &client, "retry").await?,
            Task::Approve(some) => some.each(context, &client, "approve").await?,
            Task::Review(review) => review.run(context, &client).await?,
            Task::TakeOver(some) => some.each(context, &client, "take-over").await?,
            Task::Submit(some) => some.each(context, &client, "submit").await?,
            Task::Cancel(some) => some.each(context, &client, "cancel").await?,
            Task::Diff { task } => {
                let diff: Diff = client.get(&format!("{}/diff", path(&find(&client, &task).await?))).await?;
                context.out.value(&diff, |diff| {
                    if diff.cut {
                        say("The change is longer than what is shown; its end is missing here.");
                    }
                    context.out.line(tame(diff.text.trim_end()))
                })?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Add {
    async fn run(self, context: &Context, client: &Client) -> Result<(), Failure> {
        let more = self.more;
        let task = NewTask {
            key: None,
            title: self.title,
            description: said(self.description)?.unwrap_or_default(),
            acceptance: self.acceptance.unwrap_or_default(),
            needs: ids(client, &more.needs).await?,
            checks: more.checks,
            priority: more.priority.unwrap_or(0),
            labels: more.labels,
            agent: more.agent,
            driver: more.driver,
            budget_usd: more.budget.map(MicroUsd::from_usd),
            links: more.links,
            paths: more.paths,
        };
        let new = NewTasks { project: repository::meant(client, self.project).await?, draft: self.draft, tasks: vec![task] };
        let made: MadeTasks = client.create("/api/v1/tasks", &new).await?;
        let Some(task) = made.items.first() else { return Err(Failure::failed("the hub made no task")) };
        context.out.value(task, |task| {
            say(format_args!("{} is {}{}. Next: fugue task list, fugue task show -f.", task.id, task.state, waiting(task)));
            context.out.line(&task.id)
        })
    }
}

impl Edit {
    async fn run(self, context: &Context, client: &Client) -> Result<(), Failure> {
        let (id, more) = (find(client, &self.task).await?, self.more);
        let list = |words: Vec<String>| (!words.is_empty()).then_some(words);
        let needs = ids(client, &more.needs).await?;
        let change = TaskChange {
            title: self.title,
            description: said(self.description)?,
            acceptance: self.acceptance,
            needs: if self.needs_nothing { Some(Vec::new()) } else { list(needs) },
            checks: list(more.checks),
            priority: more.priority,
            labels: list(more.labels),
            agent: more.agent,
            driver: more.driver,
            budget_usd: more.budget.map(MicroUsd::from_usd),
            links: list(more.links),
            paths: list(more.paths),
        };
        let task: TaskDetail = client.patch(&path(&id), &change).await?;
        told(context, &task)
    }
}

impl Which {
    async fn each(self, context: &Context, client: &Client, verb: &str) -> Result<(), Failure> {
        let remark = Remark { text: said(self.say)? };
        for task in &self.tasks {
            let id = find(client, task).await?;
            let task: TaskDetail = client.post(&format!("{}/{verb}", path(&id)), &remark).await?;
            told(context, &task)?;
            if verb == "take-over"
                && let (Some(session), false) = (&task.task.session, context.out.json)
            {
                let session: fugue_domain::api::Session = client.get(&session::path(session)).await?;
                say(format_args!("The worktree is yours: {}. Then: fugue task submit {}.", tame(&session.place.path), id.short()));
            }
        }
        Ok(())
    }
}

/// Says where a task stands after something was done with it.
fn told(context: &Context, task: &TaskDetail) -> Result<(), Failure> {
    context.out.value(task, |detail| {
        let task = &detail.task;
        say(format_args!("{} ({}) is {} now{}.", tame(&task.title), task.id.short(), task.state, waiting(task)));
        Ok(())
    })
}

/// What a task waits for, in a few words.
fn waiting(task: &View) -> String {
    if task.state != "blocked" {
        return String::new();
    }
    let names: Vec<String> = task.blocked_by.iter().map(|need| format!("{:?}", tame(&need.title))).collect();
    format!(", it waits for {}", names.join(", "))
}

/// A text, or what standard input holds for `-`.
fn said(text: Option<String>) -> Result<Option<String>, Failure> {
    text.map(|text| if text == "-" { send::from_stdin() } else { Ok(text) }).transpose()
}

/// Where a task is in the API.
fn path(id: &TaskId) -> String {
    format!("/api/v1/tasks/{}", segment(id.as_str()))
}

async fn ids(client: &Client, tasks: &[String]) -> Result<Vec<String>, Failure> {
    let mut ids = Vec::with_capacity(tasks.len());
    for task in tasks {
        ids.push(find(client, task).await?.to_string());
    }
    Ok(ids)
}

/// The task that a person means: a whole id, `last`, or any end of an id that fits only one.
async fn find(client: &Client, text: &str) -> Result<TaskId, Failure> {
    if let Ok(task) = text.parse() {
        return Ok(task);
    }
    if text == "last" {
        let newest: Vec<View> = client.list("/api/v1/tasks", 1).await?;
        let newest = newest.into_iter().next().map(|task| task.id);
        return newest.ok_or_else(|| Failure::usage("there is no task yet").hint("Write one: `fugue task add \"…\"`."));
    }
    let all: Vec<View> = client.list("/api/v1/tasks", SEARCHED_MAX).await?;
    session::only("task", text, all.into_iter().map(|task| task.id)).map_err(|failure| failure.hint("`fugue task list` shows them."))
}

/// Tasks as JSON.
fn items(tasks: &[View]) -> serde_json::Value {
    json!({ "items": tasks })
}

//! `fugue merge`: the changes on their way to their branches, and what would happen to them.

use super::task::progress;
use super::{Context, session};
use crate::client::{Client, segment};
use crate::error::Failure;
use crate::output::{DIM, GOOD, Table, WARN, say, span, tame};
use crate::repository;
use clap::{Args, Subcommand};
use fugue_domain::api::{Job, MergeEntry, MergeQueue, NewTrial, Trial};
use fugue_domain::id::{JobId, TaskId};
use fugue_domain::job::{Merged, Outcome, State};
use fugue_domain::merge_queue::Standing;
use fugue_domain::page::Page;
use serde::Serialize;
use serde_json::json;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How long the outcome of a trial is waited for: the checks of a merged tree are run in it.
const TRIAL_LIMIT: Duration = Duration::from_secs(60 * 60);
/// How often it is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// The merge queues. Finished tasks enter them by themselves and are merged one after the other.
#[derive(Args)]
#[command(subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
pub struct Merge {
    #[command(subcommand)]
    command: Option<Command>,
    /// Say what would happen, and move nothing. The exit code is 1 unless everything would be merged.
    #[arg(long, required = true)]
    dry_run: bool,
    /// The tasks to try together, in this order; all that are in the queue when absent.
    #[arg(value_name = "TASK")]
    tasks: Vec<String>,
    /// The project, by id or name. Default: the repository that this folder is in.
    #[arg(long)]
    project: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// List what is in the merge queues, in the order in which it is tried.
    List {
        /// Only those of this project, by id or name.
        #[arg(long)]
        project: Option<String>,
    },
    /// Take a task's change out of its queue. A person is asked what becomes of the task.
    Remove {
        /// Which task: a whole id, or any end of one that fits only one.
        task: String,
    },
}

/// What a trial has shown.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    trial: Trial,
    outcome: Outcome,
}

impl Merge {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let client = context.client()?;
        match self.command {
            Some(Command::List { project }) => list(context, &client, project).await?,
            Some(Command::Remove { task }) => {
                let task = meant(&client, None, &task).await?;
                client.delete(&format!("/api/v1/merge-queue/{task}")).await?;
                say(format_args!("The change of {task} is taken out. Next: fugue task show {0}.", task.short()));
            }
            None => return self.trial(context, &client).await,
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn trial(self, context: &Context, client: &Client) -> Result<ExitCode, Failure> {
        let project = repository::meant(client, self.project).await?;
        let mut tasks = Vec::with_capacity(self.tasks.len());
        for task in &self.tasks {
            tasks.push(meant(client, Some(&project), task).await?);
        }
        let trial: Trial = client.create("/api/v1/merge-queue/dry-run", &NewTrial { project, tasks }).await?;
        say(format_args!("{DIM}{} tries {} on {} and moves nothing{DIM:#}", trial.job, many(trial.entries.len()), trial.target));
        let outcome = ended(client, &trial.job).await?;
        let good = matches!(outcome, Outcome::Merged(Merged::Landed { .. }));
        let shown = Shown { trial, outcome };
        context.out.value(&shown, |shown| tell(context, shown))?;
        Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// The task that a person means, among those in the queues.
async fn meant(client: &Client, project: Option<&str>, text: &str) -> Result<TaskId, Failure> {
    if let Ok(task) = text.parse() {
        return Ok(task);
    }
    let queues = queues(client, project).await?;
    let tasks = queues.into_iter().flat_map(|queue| queue.entries).map(|entry| entry.task);
    session::only("task", text, tasks).map_err(|failure| failure.hint("`fugue merge list` shows what is in the queues."))
}

async fn queues(client: &Client, project: Option<&str>) -> Result<Vec<MergeQueue>, Failure> {
    let query = project.map(|project| format!("?project={}", segment(project))).unwrap_or_default();
    // All of them come at once.
    let page: Page<MergeQueue> = client.get(&format!("/api/v1/merge-queue{query}")).await?;
    Ok(page.items)
}

async fn list(context: &Context, client: &Client, project: Option<String>) -> Result<(), Failure> {
    let queues = queues(client, project.as_deref()).await?;
    context.out.value(&json!({ "items": queues }), |_| {
        let now = context.world.now();
        for queue in &queues {
            let pause = queue.again_at.map(|again| format!(" (again in {})", span(again.0 - now))).unwrap_or_default();
            let why = queue.why.as_deref().map(|why| format!(": {WARN}{}{WARN:#}{pause}", tame(why))).unwrap_or_default();
            let at = queue.progress.as_ref().map(|at| format!(", {}", progress(at))).unwrap_or_default();
            say(format_args!("{} waiting for {}{at}{why}", many(queue.entries.len()), queue.target));
        }
        let mut table = Table::new(&["PLACE", "TASK", "STANDING", "COMMIT", "ENTERED", "TARGET", "TITLE"]);
        for (queue, entry) in queues.iter().flat_map(|queue| queue.entries.iter().map(move |entry| (queue, entry))) {
            table.row([
                entry.place.to_string(),
                entry.task.short().to_owned(),
                standing(entry).to_owned(),
                entry.head.chars().take(10).collect(),
                format!("{} ago", span(now - entry.entered_at.0)),
                queue.target.clone(),
                entry.title.clone(),
            ]);
        }
        table.print(context.out)
    })
}

fn standing(entry: &MergeEntry) -> &'static str {
    match entry.standing {
        Standing::Waiting => "in line",
        Standing::Tried => "being tried",
        Standing::Leaving => "leaving",
    }
}

/// Waits for the outcome of a job.
async fn ended(client: &Client, job: &JobId) -> Result<Outcome, Failure> {
    let began = Instant::now();
    while began.elapsed() < TRIAL_LIMIT {
        let found: Job = client.get(&format!("/api/v1/jobs/{job}")).await?;
        if let Some(outcome) = found.outcome {
            return Ok(outcome);
        }
        if found.state == State::Dropped {
            return Err(Failure::failed(format!("{job} was dropped before it had an outcome")));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Err(Failure::failed(format!("{job} did not end within {}", span(TRIAL_LIMIT.as_millis() as i64))))
}

fn tell(context: &Context, shown: &Shown) -> Result<(), Failure> {
    let Trial { target, entries, .. } = &shown.trial;
    let title =
        |task: &TaskId| entries.iter().find(|entry| entry.task == *task).map_or_else(|| task.to_string(), |entry| entry.title.clone());
    match &shown.outcome {
        Outcome::Merged(Merged::Landed { from, to, commits, ran, .. }) => {
            for (entry, commits) in entries.iter().zip(commits) {
                context.out.line(format_args!("{} {}", entry.task.short(), tame(&entry.title)))?;
                for commit in commits {
                    context.out.line(format_args!("  {} {}", short(&commit.id), tame(&commit.title)))?;
                }
            }
            let checks = ran.iter().filter(|ran| ran.is_green()).count();
            say(format_args!("{GOOD}{target} would move{GOOD:#} from {} to {}; {checks} checks pass there.", short(from), short(to)));
            Ok(())
        }
        Outcome::Merged(Merged::Red { onto, ran }) => {
            say(format_args!("{WARN}{target} would stay{WARN:#} at {}: a check of the merged tree fails.", short(onto)));
            for ran in ran.iter().filter(|ran| !ran.is_green()) {
                say(format_args!("{}: {}", tame(&ran.name), tame(&ran.command)));
                context.out.line(tame(ran.tail.trim_end()))?;
            }
            Ok(())
        }
        Outcome::Merged(Merged::Conflict { task, onto, files, detail }) => {
            say(format_args!(
                "{WARN}{} does not fit{WARN:#} onto {target} at {}: {}",
                tame(&title(task)),
                short(onto),
                tame(&files.join(", "))
            ));
            context.out.line(tame(detail.trim_end()))
        }
        Outcome::Merged(Merged::Waits(why)) => {
            stays(target, &why.to_string());
            Ok(())
        }
        Outcome::Impossible(why) => {
            stays(target, why);
            Ok(())
        }
        Outcome::Prepared(_) | Outcome::Checked(_) | Outcome::TornDown(_) => {
            Err(Failure::failed("the node answered something else than a merge"))
        }
    }
}

fn stays(target: &str, why: &str) {
    say(format_args!("{WARN}{target} would stay:{WARN:#} {}", tame(why)));
}

fn short(commit: &str) -> String {
    commit.chars().take(10).collect()
}

fn many(count: usize) -> String {
    if count == 1 { "1 change".to_owned() } else { format!("{count} changes") }
}

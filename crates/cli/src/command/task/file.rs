//! `fugue task import` and `export`: tasks as a file that one can review.

use super::super::{Context, send};
use crate::client::{Client, segment};
use crate::error::Failure;
use crate::output::say;
use crate::repository;
use clap::Args;
use fugue_domain::api::{MadeTasks, NewTask, NewTasks, Task as View, TaskDetail};
use fugue_domain::limits::TASKS_AT_ONCE_MAX;
use fugue_domain::plan::file::{Format, Plan, read, write};
use fugue_domain::plan::{Card, named};
use std::path::{Path, PathBuf};

/// What is to be imported.
#[derive(Args)]
pub struct Import {
    /// A check list (.md), JSON (.json) or TOML (.toml); `-` reads standard input and finds out which it is.
    #[arg(default_value = fugue_domain::plan::FILE)]
    file: PathBuf,
    /// The project, by id or name. Default: the repository that this folder is in, which is added if it is not known.
    #[arg(long)]
    project: Option<String>,
    /// Only write them down; `fugue task start` lets them begin.
    #[arg(long)]
    draft: bool,
    /// Only check the file.
    #[arg(long)]
    check: bool,
}

/// What is to be exported.
#[derive(Args)]
pub struct Export {
    /// The form: md, json or toml.
    #[arg(long, default_value = "md", value_parser = format)]
    format: Format,
    /// The project, by id or name. Default: the repository that this folder is in.
    #[arg(long)]
    project: Option<String>,
    /// Only the tasks of this plan, by its whole id.
    #[arg(long)]
    plan: Option<String>,
    /// Also those that are done; cancelled ones are left out always.
    #[arg(long)]
    all: bool,
}

fn format(word: &str) -> Result<Format, String> {
    Format::from_word(word).ok_or_else(|| format!("give one of {}", Format::WORDS.join(", ")))
}

impl Import {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let (text, format) = text(&self.file)?;
        let wrong = |wrong| Failure::usage(format!("{}: {wrong}", self.file.display())).hint("docs/TASKS.md says how such a file looks.");
        let plan = read(&text, format).map_err(wrong)?;
        let tasks = open(plan.tasks);
        if tasks.is_empty() {
            return Err(Failure::usage(format!("{}: there is nothing to do in it", self.file.display())));
        }
        if self.check {
            say(format_args!("{} can be imported: {} tasks to do.", self.file.display(), tasks.len()));
            return Ok(());
        }
        let client = context.client()?;
        let project = repository::meant(&client, self.project).await?;
        let made: MadeTasks = client.create("/api/v1/tasks", &NewTasks { project, draft: self.draft, tasks }).await?;
        context.out.value(&made, |made| {
            say(format_args!("Wrote down {} tasks. Next: fugue task list.", made.items.len()));
            made.items.iter().try_for_each(|task| context.out.line(&task.id))
        })
    }
}

/// The text of a file, and its form.
fn text(file: &Path) -> Result<(String, Format), Failure> {
    if file == Path::new("-") {
        let text = send::from_stdin()?;
        let format = Format::guess(&text);
        return Ok((text, format));
    }
    let format = file.extension().and_then(|end| end.to_str()).and_then(Format::from_word);
    let format = format.ok_or_else(|| Failure::usage(format!("{}: the name must end in .md, .json or .toml", file.display())))?;
    let text = std::fs::read_to_string(file).map_err(|error| Failure::usage(format!("cannot read {}: {error}", file.display())))?;
    Ok((text, format))
}

/// What is left to do: what is done is not made again, and nothing waits for it.
fn open(cards: Vec<Card>) -> Vec<NewTask> {
    let done: Vec<String> = cards.iter().filter(|card| card.done).map(|card| card.key.clone()).collect();
    let open = cards.into_iter().filter(|card| !card.done);
    open.map(|card| NewTask::from(Card { needs: card.needs.into_iter().filter(|need| !done.contains(need)).collect(), ..card })).collect()
}

impl Export {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let project = repository::meant(&client, self.project).await?;
        let plan = self.plan.as_deref().map(|plan| format!("&plan={}", segment(plan))).unwrap_or_default();
        let path = format!("/api/v1/tasks?project={}{plan}", segment(&project));
        let mut tasks: Vec<View> = client.list(&path, TASKS_AT_ONCE_MAX).await?;
        tasks.retain(|task| task.state != "cancelled" && (self.all || task.state != "done"));
        tasks.reverse();
        let mut cards = Vec::with_capacity(tasks.len());
        for task in &tasks {
            cards.push(card(&client, task).await?);
        }
        // What is done and left out holds nobody up.
        let there: Vec<String> = cards.iter().map(|card| card.key.clone()).collect();
        cards.iter_mut().for_each(|card| card.needs.retain(|need| there.contains(need)));
        let goal = match &self.plan {
            Some(plan) => Some(client.get::<fugue_domain::api::PlanDetail>(&format!("/api/v1/plans/{}", segment(plan))).await?.plan.goal),
            None => None,
        };
        let text = write(&Plan { goal, tasks: named(cards) }, self.format);
        context.out.line(text.trim_end())
    }
}

async fn card(client: &Client, task: &View) -> Result<Card, Failure> {
    let detail: TaskDetail = client.get(&format!("/api/v1/tasks/{}", task.id)).await?;
    Ok(Card {
        key: task.id.to_string(),
        title: task.title.clone(),
        description: detail.description,
        acceptance: Card::acceptance_items(&detail.acceptance),
        checks: detail.checks,
        needs: task.needs.iter().map(ToString::to_string).collect(),
        priority: task.priority,
        labels: task.labels.clone(),
        agent: task.agent.clone(),
        budget_usd: task.budget_usd,
        paths: detail.paths,
        done: task.state == "done",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_is_not_made_again() {
        let card = |key: &str, needs: &[&str], done| Card {
            key: key.into(),
            title: key.into(),
            needs: needs.iter().map(|need| (*need).to_owned()).collect(),
            done,
            ..Card::default()
        };
        let left = open(vec![card("a", &[], true), card("b", &["a"], false), card("c", &["a", "b"], false)]);
        let needs: Vec<_> = left.iter().map(|task| (task.key.as_deref(), task.needs.clone())).collect();
        assert_eq!(needs, [(Some("b"), vec![]), (Some("c"), vec!["b".to_owned()])]);
    }
}

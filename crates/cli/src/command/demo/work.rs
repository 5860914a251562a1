//! The plan at work: the tasks are written down, looked at until nothing more happens by itself, and drawn whenever one of them has moved.
//!
//! It ends when every task is done, or waits for a person or for a task that does, or at the latest after [`WORK_LIMIT`].

use super::board::{self, Shown};
use super::cast;
use super::plan::Card;
use super::play::{ANSWER_LIMIT, Keys};
use super::stage::LOOK_AGAIN;
use crate::client::Client;
use crate::command::Context;
use crate::error::Failure;
use crate::output::{BOLD, DIM, WARN, interactive, say, tame};
use crate::question;
use fugue_domain::api::{Approval, MadeTasks, NewTask, NewTasks, Task};
use fugue_domain::approval::ApprovalState;
use fugue_domain::id::{ApprovalId, ProjectId, TaskId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// How long all tasks together may take, apart from the time that a person thinks.
const WORK_LIMIT: Duration = Duration::from_secs(120);
/// The time between two drawings of the board: people shall be able to read it.
const DRAW_AGAIN: Duration = Duration::from_millis(1_500);
/// Tasks and approvals that are looked at; there are seven, and one.
const LIST_MAX: usize = 100;

/// What was seen.
pub struct Worked {
    /// The cards with their tasks, in the order of the plan.
    pub tasks: Vec<(Card, TaskId)>,
    /// The question, whether the answer was yes, and whose it was.
    pub answered: Option<(Approval, bool, &'static str)>,
    /// The most tasks that were seen in work at once.
    pub at_once: usize,
}

struct Work<'a> {
    context: &'a Context,
    client: &'a Client,
    began: Instant,
    worked: Worked,
    states: BTreeMap<TaskId, (String, i64)>,
    /// When the board was drawn last, and whether something has moved since.
    drawn: (Instant, bool),
    /// Questions that were shown already.
    asked: BTreeSet<ApprovalId>,
    /// The question that a person thinks about, and until when.
    open: Option<(Approval, Instant)>,
    limit: Instant,
    yes: bool,
}

/// Writes the plan down and watches it.
pub async fn watch(
    context: &Context,
    client: &Client,
    project: &ProjectId,
    cards: Vec<Card>,
    keys: &mut Keys,
    yes: bool,
) -> Result<Worked, Failure> {
    let agent = Some(cast::performer().name);
    let task = |card: &Card| NewTask {
        key: Some(card.key.to_owned()),
        title: card.key.to_owned(),
        description: card.script.clone(),
        needs: card.needs.iter().map(|need| (*need).to_owned()).collect(),
        agent: agent.clone(),
        ..NewTask::default()
    };
    let new = NewTasks { project: project.to_string(), draft: false, tasks: cards.iter().map(task).collect() };
    let before: BTreeSet<ApprovalId> = approvals(client).await?.into_iter().map(|approval| approval.id).collect();
    let made: MadeTasks = client.create("/api/v1/tasks", &new).await?;
    let began = Instant::now();
    let tasks = cards.into_iter().zip(made.items.into_iter().map(|task| task.id)).collect();
    let mut work = Work {
        context,
        client,
        began,
        worked: Worked { tasks, answered: None, at_once: 0 },
        states: BTreeMap::new(),
        drawn: (began, false),
        asked: before,
        open: None,
        limit: began + WORK_LIMIT,
        yes,
    };
    loop {
        let tasks = work.look(project).await?;
        // What is done wakes those that waited for it in the same moment: when all others are blocked, nothing more will happen.
        if tasks.iter().all(|task| ["done", "needs_human", "cancelled", "blocked"].contains(&task.state.as_str())) {
            say("");
            board::graph(&shown(&work.worked.tasks, &tasks)).iter().for_each(say);
            return Ok(work.worked);
        }
        work.questions().await?;
        tokio::select! {
            line = async { keys.as_mut()?.recv().await }, if keys.is_some() && work.open.is_some() => match line {
                Some(line) => work.typed(&String::from_utf8_lossy(&line)).await?,
                None => *keys = None,
            },
            () = tokio::time::sleep(LOOK_AGAIN) => work.overdue(&tasks).await?,
        }
    }
}

async fn approvals(client: &Client) -> Result<Vec<Approval>, Failure> {
    client.list("/api/v1/approvals", LIST_MAX).await
}

/// Tasks as they are drawn, in the order of the plan.
pub fn shown(tasks: &[(Card, TaskId)], now: &[Task]) -> Vec<Shown> {
    let of = |id: &TaskId| now.iter().find(|task| task.id == *id);
    let drawn = |(card, id): &(Card, TaskId)| {
        of(id).map(|task| Shown {
            name: card.key.to_owned(),
            state: task.state.clone(),
            attempt: task.attempt,
            needs: card.needs.iter().map(|need| (*need).to_owned()).collect(),
        })
    };
    tasks.iter().filter_map(drawn).collect()
}

impl Work<'_> {
    /// Looks at the tasks, and draws them if one has moved.
    async fn look(&mut self, project: &ProjectId) -> Result<Vec<Task>, Failure> {
        let tasks: Vec<Task> = self.client.list(&format!("/api/v1/tasks?project={project}"), LIST_MAX).await?;
        let under_way = |task: &&Task| ["working", "checking", "review", "merging"].contains(&task.state.as_str());
        self.worked.at_once = self.worked.at_once.max(tasks.iter().filter(under_way).count());
        let first = self.states.is_empty();
        for (card, id) in &self.worked.tasks {
            let Some(task) = tasks.iter().find(|task| task.id == *id) else { continue };
            let now = (task.state.clone(), task.attempt);
            let before = self.states.insert(id.clone(), now.clone());
            if before.as_ref() == Some(&now) {
                continue;
            }
            self.drawn.1 = true;
            if self.open.is_none() && !first {
                let at = self.began.elapsed().as_secs_f64();
                let try_ = if task.attempt > 1 { format!(", try {} of {}", task.attempt, task.attempts_max) } else { String::new() };
                let why = task.why.as_deref().map(|why| format!(": {}", tame(why))).unwrap_or_default();
                say(format_args!("{DIM}{at:5.1}s{DIM:#} {BOLD}{:<10}{BOLD:#} {}{try_}{why}", card.key, task.state.replace('_', " ")));
            }
        }
        // While a person thinks, nothing moves on the screen.
        let due = first || self.drawn.0.elapsed() >= DRAW_AGAIN;
        if self.drawn.1 && due && self.open.is_none() {
            let drawn = shown(&self.worked.tasks, &tasks);
            let lines = if first { board::graph(&drawn) } else { board::board(&drawn) };
            lines.iter().for_each(say);
            self.drawn = (Instant::now(), false);
        }
        Ok(tasks)
    }

    /// Shows questions that are new, and answers them where nobody can be asked.
    async fn questions(&mut self) -> Result<(), Failure> {
        if self.open.is_some() {
            return Ok(());
        }
        for approval in approvals(self.client).await? {
            if approval.state != ApprovalState::Pending || !self.asked.insert(approval.id.clone()) {
                continue;
            }
            say("");
            question::lines(&approval, self.context.world.now()).iter().for_each(say);
            if self.yes || !interactive() {
                let why = if self.yes { "--yes" } else { "there is no terminal to ask at" };
                say(format_args!("  {WARN}The demo answers yes{WARN:#} {DIM}({why}){DIM:#}\n"));
                self.answer(approval, true, "the demo").await?;
                continue;
            }
            say(format_args!(
                "  {BOLD}May it? Type y or n and Enter.{BOLD:#} {DIM}(in {} s the demo answers){DIM:#}",
                ANSWER_LIMIT.as_secs()
            ));
            self.limit += ANSWER_LIMIT;
            self.open = Some((approval, Instant::now() + ANSWER_LIMIT));
            break;
        }
        Ok(())
    }

    async fn typed(&mut self, line: &str) -> Result<(), Failure> {
        let approved = match line.trim().to_lowercase().as_str() {
            "y" | "yes" | "はい" => true,
            "n" | "no" | "いいえ" => false,
            _ => return Ok(()),
        };
        match self.open.take() {
            Some((approval, _)) => self.answer(approval, approved, "the person").await,
            None => Ok(()),
        }
    }

    async fn answer(&mut self, approval: Approval, approved: bool, by: &'static str) -> Result<(), Failure> {
        let settled = question::decide(self.client, &approval, approved, Some(format!("answered by {by}"))).await?;
        self.worked.answered = Some((settled, approved, by));
        Ok(())
    }

    /// Answers for a person who does not, and gives up on tasks that do not end.
    async fn overdue(&mut self, tasks: &[Task]) -> Result<(), Failure> {
        if self.open.as_ref().is_some_and(|(_, until)| Instant::now() > *until)
            && let Some((approval, _)) = self.open.take()
        {
            say(format_args!("  {WARN}Nobody answered, so the demo says yes.{WARN:#}"));
            return self.answer(approval, true, "the demo").await;
        }
        if Instant::now() < self.limit {
            return Ok(());
        }
        let late: Vec<String> = shown(&self.worked.tasks, tasks).iter().map(|task| format!("{} {}", task.name, task.state)).collect();
        Err(Failure::failed(format!("not every task came to an end within {} s: {}", WORK_LIMIT.as_secs(), late.join(", "))))
    }
}

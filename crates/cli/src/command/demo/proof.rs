//! The proof of the plan: what the demo claims of its tasks, looked up in the hub's database through its API, and in git.

use super::plan::{ASKING, Card, End, HOPELESS, RED, REPAIRED, RIVALS};
use super::repository::Repository;
use super::stage::{RELEASE_LIMIT, tests_pass, until};
use super::verdict::Check;
use super::work::Worked;
use crate::client::Client;
use crate::error::Failure;
use fugue_domain::api::{Approval, Shown, TaskDetail};
use fugue_domain::approval::ApprovalState;
use fugue_domain::id::TaskId;
use fugue_domain::money::MicroUsd;
use serde::Serialize;
use std::collections::BTreeMap;

/// How the plan went.
#[derive(Serialize)]
pub struct PlanSummary {
    /// The repository.
    pub repository: String,
    /// Each task, in the order of the plan.
    pub tasks: Vec<TaskSummary>,
    /// Each claim.
    pub checks: Vec<Check>,
}

/// How one task went.
#[derive(Serialize)]
pub struct TaskSummary {
    /// Its id.
    pub id: TaskId,
    /// Its name in the plan.
    pub title: String,
    /// Where it stands.
    pub state: String,
    /// Why it needs a person, if it does.
    pub why: Option<String>,
    /// Tries at its proof.
    pub attempts: i64,
    /// What it became on the target branch.
    pub commits: Vec<String>,
    /// From its first session to its end.
    pub seconds: Option<f64>,
    /// What it cost.
    pub cost_usd: MicroUsd,
}

/// What is known of the tasks.
struct Known<'a>(BTreeMap<&'static str, (&'a Card, TaskDetail)>);

/// Looks everything up.
pub async fn look(client: &Client, repository: &Repository, worked: &Worked) -> Result<PlanSummary, Failure> {
    let mut known = Known(BTreeMap::new());
    for (card, id) in &worked.tasks {
        known.0.insert(card.key, (card, client.get(&format!("/api/v1/tasks/{id}")).await?));
    }
    let mut checks = Vec::new();
    let mut claim = |claim: &str, (ok, found): (bool, String)| checks.push(Check { claim: claim.to_owned(), ok, found });
    claim("Three tasks were worked on side by side", known.side_by_side(worked.at_once));
    claim("No task began before what it needs was merged", known.in_order());
    claim("Two changed the same lines; the second was told, brought both together, and was merged", known.conflict());
    claim("One was red, was told so by its check, and repaired itself", known.repaired());
    claim("One never passed and waits for a person, with its story", known.hopeless());
    claim("One asked a person, and went on with the answer", asked(client, worked, &known).await?);
    claim("Everything else is done, and on main once", known.merged(repository));
    claim("The tests pass on main", (tests_pass(&repository.path), "./test.sh".to_owned()));
    claim("Of the work that is merged no worktree and no branch is left", left(repository, &known).await);
    claim("git finds nothing wrong with the repository", repository.sound());
    let tasks = worked.tasks.iter().filter_map(|(card, _)| known.0.get(card.key)).map(|(card, task)| summary(card, task)).collect();
    Ok(PlanSummary { repository: repository.path.display().to_string(), tasks, checks })
}

fn summary(card: &Card, task: &TaskDetail) -> TaskSummary {
    let (begun, ended) = (task.task.started_at, task.task.ended_at);
    TaskSummary {
        id: task.task.id.clone(),
        title: card.key.to_owned(),
        state: task.task.state.clone(),
        why: task.task.why.clone(),
        attempts: task.task.attempt,
        commits: task.evidence.landed.iter().map(|commit| format!("{} {}", short(&commit.id), commit.title)).collect(),
        seconds: begun.zip(ended).map(|(begun, ended)| (ended.0 - begun.0) as f64 / 1_000.0),
        cost_usd: task.task.cost_usd,
    }
}

fn short(commit: &str) -> &str {
    commit.get(..8).unwrap_or(commit)
}

impl Known<'_> {
    fn get(&self, key: &str) -> Option<&TaskDetail> {
        self.0.get(key).map(|(_, task)| task)
    }

    /// What there is to see in a task's story.
    fn story(&self, key: &str) -> impl Iterator<Item = &Shown> {
        self.get(key).into_iter().flat_map(|task| &task.story).filter_map(|entry| entry.shown.as_ref())
    }

    fn side_by_side(&self, seen: usize) -> (bool, String) {
        let first = self.0.values().filter(|(card, _)| card.needs.is_empty());
        let spans: Vec<_> = first.map(|(_, task)| (task.task.started_at, task.task.ended_at)).collect();
        let begun = spans.iter().filter_map(|(begun, _)| *begun).max();
        let ended = spans.iter().filter_map(|(_, ended)| *ended).min();
        let overlap = spans.iter().all(|(begun, ended)| begun.is_some() && ended.is_some()) && begun < ended;
        (overlap && seen >= 3, format!("{seen} at once"))
    }

    fn in_order(&self) -> (bool, String) {
        let mut pairs = 0;
        let ok = self.0.values().all(|(card, task)| {
            card.needs.iter().all(|need| {
                pairs += 1;
                let ended = self.get(need).and_then(|needed| needed.task.ended_at);
                ended.zip(task.task.started_at).is_some_and(|(ended, begun)| ended <= begun)
            })
        });
        (ok && pairs > 0, format!("{pairs} dependencies"))
    }

    fn conflict(&self) -> (bool, String) {
        let told = |key: &str| self.story(key).filter(|shown| matches!(shown, Shown::Conflict { .. })).count();
        let counts = RIVALS.map(told);
        let ok = counts.iter().sum::<usize>() == 1 && RIVALS.iter().all(|key| self.is_done(key));
        let second = RIVALS.iter().zip(counts).find(|(_, count)| *count > 0).map_or("nobody", |(key, _)| key);
        (ok, format!("{second} came second"))
    }

    fn repaired(&self) -> (bool, String) {
        let runs = self.story(REPAIRED).filter_map(|shown| if let Shown::Checked { ran, .. } = shown { Some(ran) } else { None });
        let runs: Vec<bool> = runs.map(|ran| ran.iter().all(|ran| ran.is_green())).collect();
        let mut said = self.story(REPAIRED).filter_map(|shown| if let Shown::Checked { ran, .. } = shown { ran.first() } else { None });
        let red = said.next().is_some_and(|ran| ran.tail.contains(RED));
        (runs == [false, true] && red && self.is_done(REPAIRED), format!("{REPAIRED}: {RED}, then green"))
    }

    fn hopeless(&self) -> (bool, String) {
        let Some(task) = self.get(HOPELESS) else { return (false, "it is not there".to_owned()) };
        let ok = task.task.state == "needs_human" && task.task.need.is_some() && task.task.why.is_some() && task.story.len() > 2;
        (ok, format!("{HOPELESS}: {}", task.task.why.clone().unwrap_or_else(|| task.task.state.clone())))
    }

    fn is_done(&self, key: &str) -> bool {
        self.get(key).is_some_and(|task| task.task.state == "done")
    }

    /// What is to be done is done, and each of its subjects is on the branch once.
    fn merged(&self, repository: &Repository) -> (bool, String) {
        let subjects = repository.subjects("main");
        let count = |subject: &str| subjects.iter().filter(|found| *found == subject).count();
        let ok = self.0.values().all(|(card, task)| match card.end {
            End::Done => task.task.state == "done" && count(card.subject) == 1 && !task.evidence.landed.is_empty(),
            End::Person => task.evidence.landed.is_empty(),
        });
        let done = self.0.values().filter(|(_, task)| task.task.state == "done").count();
        (ok, format!("{done} of {} tasks, {} commits on main", self.0.len(), subjects.len()))
    }
}

async fn asked(client: &Client, worked: &Worked, known: &Known<'_>) -> Result<(bool, String), Failure> {
    let Some((answered, approved, by)) = &worked.answered else { return Ok((false, "nothing was asked".to_owned())) };
    let kept: Approval = client.get(&format!("/api/v1/approvals/{}", answered.id)).await?;
    let wanted = if *approved { ApprovalState::Approved } else { ApprovalState::Denied };
    Ok((kept.state == wanted && known.is_done(ASKING), format!("{ASKING}: {} by {by}", wanted.word())))
}

/// Worktrees and branches of finished work. The one that waits for a person keeps its own.
async fn left(repository: &Repository, known: &Known<'_>) -> (bool, String) {
    let kept = known.0.values().filter_map(|(_, task)| task.task.branch.clone().filter(|_| task.task.state == "needs_human"));
    let kept: Vec<String> = kept.collect();
    // Nodes give worktrees back a moment after the merge.
    let gone = || repository.branches("fugue/").into_iter().all(|branch| kept.contains(&branch));
    let ok = until(RELEASE_LIMIT, async || gone()).await;
    (ok, format!("branches: {}", repository.branches("fugue/").join(", ")))
}

//! Editing a task, while that means something: what an agent was told is not changed behind its back, and what is over stays as it was.

use super::advance::{advance, is_blocked};
use super::making::{self, circle, depend, existing, known_agent, list};
use super::row::{self, Row};
use super::story::{self, Told};
use crate::db::{Tx, query};
use crate::effect::Effect;
use crate::fault::Done;
use crate::feed::Hint;
use crate::hub::Hub;
use crate::{budget, project};
use fugue_domain::api::{TaskChange, TaskDetail};
use fugue_domain::caller::Caller;
use fugue_domain::dag::Graph;
use fugue_domain::id::TaskId;
use fugue_domain::limits::TASK_NEEDS_MAX;
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::saying::Saying;
use fugue_domain::task::Input;

/// Changes a task.
pub async fn change(hub: &Hub, caller: &Caller, id: &TaskId, change: TaskChange) -> Done<TaskDetail> {
    check(&change)?;
    let (by, task) = (caller.clone(), id.clone());
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let found = row::load(tx.conn, &task).await?.filter(|row| row.org == by.org);
                let mut row = found.ok_or_else(|| Problem::not_found("task", task.as_str()))?;
                means_something(&row, &change)?;
                known_agent(tx, &by.org, change.agent.as_deref(), "/agent").await?;
                let fields: Vec<String> = fields(&change).into_iter().map(str::to_owned).collect();
                store(tx, &row, &change).await?;
                let told = || Told { by: Some(by.token.clone()), ..Told::of(Saying::Edited { fields: fields.clone() }) };
                story::add(tx, &task, row.rules.state.word(), told()).await?;
                if let Some(needs) = &change.needs {
                    need(tx, &row, needs).await?;
                    let blocked = is_blocked(tx, &task).await?;
                    // It waits as before, or it does not.
                    let _ = advance(tx, &mut row, Input::Needs { blocked }, told(), None).await?;
                }
                if let (Some(_), Some(session)) = (change.budget_usd, &row.session) {
                    budget::look_again(tx, &row.org, Some(session)).await?;
                }
                tx.after_commit(Effect::Hint(row.org.clone(), Hint::Task { task: task.clone() }));
                tx.after_commit(Effect::Foreman);
                Ok(())
            })
        })
        .await?;
    super::get(hub, caller, id).await
}

fn check(change: &TaskChange) -> Done<()> {
    if let Some(title) = &change.title {
        making::title(title, "/title")?;
    }
    making::text(change.description.as_deref().unwrap_or_default(), "/description")?;
    making::text(change.acceptance.as_deref().unwrap_or_default(), "/acceptance")?;
    making::priority(change.priority.unwrap_or(0), "/priority")?;
    for (field, words) in [("/labels", &change.labels), ("/checks", &change.checks), ("/paths", &change.paths), ("/links", &change.links)] {
        making::words(words.as_deref().unwrap_or_default(), field)?;
    }
    if change.needs.as_ref().is_some_and(|needs| needs.len() > TASK_NEEDS_MAX) {
        return Err(Problem::invalid("/needs", format!("at most {TASK_NEEDS_MAX}")).into());
    }
    if fields(change).is_empty() {
        return Err(Problem::invalid("/", "nothing is to be changed: give at least one field").into());
    }
    Ok(())
}

/// The fields that are to be changed.
fn fields(change: &TaskChange) -> Vec<&'static str> {
    [
        ("title", change.title.is_some()),
        ("description", change.description.is_some()),
        ("acceptance", change.acceptance.is_some()),
        ("checks", change.checks.is_some()),
        ("needs", change.needs.is_some()),
        ("priority", change.priority.is_some()),
        ("labels", change.labels.is_some()),
        ("agent", change.agent.is_some()),
        ("driver", change.driver.is_some()),
        ("budget", change.budget_usd.is_some()),
        ("links", change.links.is_some()),
        ("paths", change.paths.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, given)| given.then_some(name))
    .collect()
}

/// Refuses what has no effect any more.
fn means_something(row: &Row, change: &TaskChange) -> Done<()> {
    let state = row.rules.state.word();
    if row.rules.state.is_over() {
        let problem = Problem::new(Kind::WrongState, format!("The task is {state}; it stays as it was."));
        return Err(problem.hint("Write a new task; a cancelled one can be begun again with `fugue task retry`.").into());
    }
    if !row.rules.session {
        return Ok(());
    }
    for (field, given) in [
        ("/description", change.description.is_some()),
        ("/acceptance", change.acceptance.is_some()),
        ("/paths", change.paths.is_some()),
        ("/needs", change.needs.is_some()),
        ("/agent", change.agent.is_some()),
        ("/driver", change.driver.is_some()),
    ] {
        if given {
            let problem = Problem::new(Kind::WrongState, format!("{field}: the task is {state}, and its agent was told already."));
            let hint = "Tell the agent with `fugue send`, or cancel the task, change it, and let it begin again with `fugue task retry`.";
            return Err(problem.hint(hint).into());
        }
    }
    Ok(())
}

async fn store(tx: &mut Tx<'_>, row: &Row, change: &TaskChange) -> Done<()> {
    let lists = |words: &Option<Vec<String>>| words.as_deref().map(list).transpose();
    query(
        "UPDATE tasks SET title = COALESCE($2, title), description = COALESCE($3, description), acceptance = COALESCE($4, acceptance), \
         checks = COALESCE($5, checks), labels = COALESCE($6, labels), links = COALESCE($7, links), paths = COALESCE($8, paths), \
         priority = COALESCE($9, priority), agent = COALESCE($10, agent), driver = COALESCE($11, driver), budget = COALESCE($12, budget), \
         updated_at = $13 WHERE id = $1",
    )
    .bind(row.id.as_str())
    .bind(change.title.as_deref().map(str::trim))
    .bind(change.description.as_deref())
    .bind(change.acceptance.as_deref())
    .bind(lists(&change.checks)?)
    .bind(lists(&change.labels)?)
    .bind(lists(&change.links)?)
    .bind(lists(&change.paths)?)
    .bind(change.priority)
    .bind(change.agent.as_deref())
    .bind(change.driver.map(|driver| driver.word()))
    .bind(change.budget_usd.map(|budget| budget.0))
    .bind(tx.now)
    .execute(tx.conn)
    .await?;
    if let (Some(budget), Some(session)) = (change.budget_usd, &row.session) {
        query("UPDATE sessions SET budget = $2 WHERE id = $1").bind(session.as_str()).bind(budget.0).execute(tx.conn).await?;
    }
    Ok(())
}

/// Replaces what a task needs, unless that makes a circle.
async fn need(tx: &mut Tx<'_>, row: &Row, needs: &[String]) -> Done<()> {
    let project = project::find(tx.conn, &row.org, row.project.as_str()).await?;
    let mut ids = Vec::with_capacity(needs.len());
    for (at, need) in needs.iter().enumerate() {
        ids.push(existing(tx, &row.org, &project, need, &format!("/needs/{at}")).await?);
    }
    query("DELETE FROM task_dependencies WHERE task_id = $1").bind(row.id.as_str()).execute(tx.conn).await?;
    let mut edges = making::above(tx, &ids).await?;
    edges.push((row.id.clone(), ids.clone()));
    edges.extend(ids.iter().map(|id| (id.clone(), Vec::new())));
    if let Err(cycle) = Graph::new(edges).order() {
        let titles = making::titles(tx, &cycle.0).await?;
        return Err(circle("/needs", &cycle, |id| titles.get(id).cloned()));
    }
    depend(tx, &row.id, &ids).await
}

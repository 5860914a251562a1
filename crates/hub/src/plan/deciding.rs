//! What a person decides about a proposed plan: other tasks, yes, or no. Each counts once.

use super::{changed, find};
use crate::column;
use crate::db::{Tx, durable, query};
use crate::effect::Effect;
use crate::fault::Done;
use crate::hub::Hub;
use crate::project;
use crate::task;
use fugue_domain::api::{NewTasks, PlanDetail, PlanTasks};
use fugue_domain::caller::Caller;
use fugue_domain::id::{PlanId, TaskId};
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::task::Verb;

/// Lets the tasks of a plan begin.
pub async fn accept(hub: &Hub, caller: &Caller, id: &PlanId) -> Done<PlanDetail> {
    decide(hub, caller, id, "accepted", Verb::Start).await
}

/// Gives a plan up, with its tasks.
pub async fn reject(hub: &Hub, caller: &Caller, id: &PlanId) -> Done<PlanDetail> {
    decide(hub, caller, id, "rejected", Verb::Cancel).await
}

async fn decide(hub: &Hub, caller: &Caller, id: &PlanId, state: &'static str, verb: Verb) -> Done<PlanDetail> {
    let (by, plan) = (caller.clone(), id.clone());
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                proposed(tx, &by, &plan).await?;
                let sql = "UPDATE plans SET state = $2, decided_at = $3 WHERE id = $1 AND state = 'proposed'";
                query(sql).bind(plan.as_str()).bind(state).bind(tx.now).execute(tx.conn).await?;
                for task in drafts(tx, &plan).await? {
                    task::verb_in(tx, &by, &task, verb).await?;
                }
                durable!(tx, "hub.decided");
                changed(tx, &by.org, &plan);
                tx.after_commit(Effect::Foreman);
                Ok(())
            })
        })
        .await?;
    super::get(hub, caller, id).await
}

/// Other tasks instead of those that are proposed.
pub async fn replace(hub: &Hub, caller: &Caller, id: &PlanId, new: PlanTasks) -> Done<PlanDetail> {
    let (by, plan) = (caller.clone(), id.clone());
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let found = proposed(tx, &by, &plan).await?;
                let project = project::find(tx.conn, &by.org, found.project.as_str()).await?;
                let wanted = NewTasks { project: project.id.to_string(), draft: true, tasks: new.tasks };
                task::check(&wanted)?;
                // Drafts of a plan that nobody has accepted: nothing was done for them, and nothing but their plan names them.
                for task in drafts(tx, &plan).await? {
                    for sql in [
                        "DELETE FROM task_dependencies WHERE task_id = $1 OR needs_id = $1",
                        "DELETE FROM task_stories WHERE task_id = $1",
                        "DELETE FROM tasks WHERE id = $1 AND state = 'draft'",
                    ] {
                        query(sql).bind(task.as_str()).execute(tx.conn).await?;
                    }
                }
                task::make(tx, &by, &project, Some(&plan), &wanted.tasks, true).await?;
                query("UPDATE plans SET clashes = NULL WHERE id = $1").bind(plan.as_str()).execute(tx.conn).await?;
                durable!(tx, "hub.proposed");
                changed(tx, &by.org, &plan);
                Ok(())
            })
        })
        .await?;
    super::get(hub, caller, id).await
}

/// A plan about which nothing is decided yet.
async fn proposed(tx: &mut Tx<'_>, caller: &Caller, id: &PlanId) -> Done<fugue_domain::api::Plan> {
    let plan = find(tx.conn, &caller.org, id).await?;
    if plan.state == "proposed" {
        return Ok(plan);
    }
    let hint = match plan.state.as_str() {
        "planning" => "Its agent is still at work: `fugue plan show` says when it is done.",
        "failed" => "State the goal once more with `fugue plan`.",
        _ => "It was decided about already; its tasks can be changed one by one.",
    };
    Err(Problem::new(Kind::WrongState, format!("The plan is {}.", plan.state)).hint(hint).into())
}

/// The tasks of a plan that nobody has started or cancelled by hand.
async fn drafts(tx: &mut Tx<'_>, plan: &PlanId) -> Done<Vec<TaskId>> {
    let found =
        query("SELECT id FROM tasks WHERE plan_id = $1 AND state = 'draft' ORDER BY id").bind(plan.as_str()).fetch_all(tx.conn).await?;
    found.iter().map(|row| column::id(row, 0)).collect()
}

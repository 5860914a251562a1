//! Which tasks of a plan will probably meet. A node is asked for the repository's history once for each proposal; until it has answered, what
//! the tasks state themselves is all that is known, and nothing of the plan begins.

use super::graph;
use crate::column;
use crate::db::{Conn, query};
use crate::effect::Effect;
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use crate::link::CallError;
use crate::{project, settings};
use fugue_domain::api::PlanTask;
use fugue_domain::id::{OrgId, PlanId, ProjectId, TaskId};
use fugue_domain::link::{Answered, Ask};
use fugue_domain::plan::forecast::{self, Clash, Touch};
use std::collections::{BTreeSet, HashMap};

/// Plans that one look asks about.
const PLANS_MAX: i64 = 20;

/// What was found out about a plan.
pub async fn stored(conn: &mut Conn, plan: &PlanId) -> Done<Option<Vec<Clash>>> {
    let row = query("SELECT clashes FROM plans WHERE id = $1").bind(plan.as_str()).fetch_one(conn).await?;
    column::maybe_json(&row, 0)
}

/// Which of these tasks will probably meet.
pub fn forecast(tasks: &[PlanTask], history: &[Vec<String>]) -> Vec<Clash> {
    let needs: HashMap<&TaskId, &[TaskId]> = tasks.iter().map(|task| (&task.id, task.needs.as_slice())).collect();
    let touch = |task: &PlanTask| {
        let (mut after, mut open) = (BTreeSet::new(), task.needs.clone());
        while let Some(need) = open.pop() {
            if after.insert(need.to_string()) {
                open.extend(needs.get(&need).into_iter().flat_map(|more| more.iter().cloned()));
            }
        }
        Touch { key: task.id.to_string(), paths: task.task.paths.clone(), after }
    };
    forecast::forecast(&tasks.iter().map(touch).collect::<Vec<_>>(), history)
}

/// Plans whose repository's history was not looked at yet, each with its org and project.
pub async fn to_foresee(conn: &mut Conn) -> Done<Vec<(PlanId, OrgId, ProjectId)>> {
    let sql = "SELECT id, org_id, project_id FROM plans WHERE clashes IS NULL AND (state = 'proposed' OR state = 'accepted') ORDER BY id DESC LIMIT $1";
    let found = query(sql).bind(PLANS_MAX).fetch_all(conn).await?;
    found.iter().map(|row| Ok((column::id(row, 0)?, column::id(row, 1)?, column::id(row, 2)?))).collect()
}

/// Finds out what is not known yet, of plans whose project's node is there.
pub async fn foresee(hub: &Hub) -> Done<()> {
    let plans = {
        let mut conn = hub.db.read().await?;
        to_foresee(&mut conn).await?
    };
    for (id, org, project) in plans {
        match look(hub, &id, &org, &project).await {
            Ok(()) => {}
            // The node is away, or cannot look: it is asked again.
            Err(Fault::Problem(problem)) => tracing::debug!(plan.id = %id, detail = problem.detail, "nobody can look at the history"),
            Err(fault) => return Err(fault),
        }
    }
    Ok(())
}

async fn look(hub: &Hub, id: &PlanId, org: &OrgId, project: &ProjectId) -> Done<()> {
    let (project, target, tasks) = {
        let mut conn = hub.db.read().await?;
        let project = project::find(&mut conn, org, project.as_str()).await?;
        let target = settings::of(&mut conn, &project.id).await?.target;
        (project, target, graph::tasks(&mut conn, id).await?)
    };
    let node = settings::node(hub, org, &project).await?;
    let commit = target.unwrap_or_else(|| project.default_branch.clone());
    let history = match hub.nodes.call(&node, Ask::History { origin: project::origin(&project)?, commit }).await {
        Ok(Answered::History(history)) => history,
        Ok(other) => return Err(Fault::internal(format!("a node answered {other:?} to history"))),
        // A history that cannot be read will not be readable later: what the tasks state is all that will be known.
        Err(CallError::Failed(why)) => {
            tracing::warn!(plan.id = %id, error = %why, "the history of a repository cannot be read; the forecast does without");
            Vec::new()
        }
        Err(away) => return Err(project::call_failed(away)),
    };
    let clashes = serde_json::to_string(&forecast(&tasks, &history)).map_err(Fault::internal)?;
    let before: Vec<TaskId> = tasks.into_iter().map(|task| task.id).collect();
    let (id, org) = (id.clone(), org.clone());
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                // The tasks were replaced meanwhile: then this says nothing about them.
                let now = graph::tasks(tx.conn, &id).await?.into_iter().map(|task| task.id);
                if now.eq(before) {
                    let sql = "UPDATE plans SET clashes = $2 WHERE id = $1 AND clashes IS NULL";
                    query(sql).bind(id.as_str()).bind(&clashes).execute(tx.conn).await?;
                    tx.after_commit(Effect::Foreman);
                    super::changed(tx, &org, &id);
                }
                Ok(())
            })
        })
        .await
}

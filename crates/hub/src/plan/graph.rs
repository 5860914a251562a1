//! A plan with its graph: its tasks in order, by depth, the chain that decides how long it takes, and which of them will probably meet.

use super::{find, foresight};
use crate::column;
use crate::db::{Conn, Row, query};
use crate::fault::Done;
use crate::hub::Hub;
use crate::{foreman, task};
use fugue_domain::api::{NewTask, PlanDetail, PlanTask};
use fugue_domain::caller::Caller;
use fugue_domain::dag::Graph;
use fugue_domain::id::{PlanId, TaskId};
use fugue_domain::money::MicroUsd;
use fugue_domain::plan::layers;
use fugue_domain::saying::Saying;
use std::collections::HashMap;

/// One plan.
pub async fn get(hub: &Hub, caller: &Caller, id: &PlanId) -> Done<PlanDetail> {
    let (plan, mut tasks, stored) = {
        let mut conn = hub.db.read().await?;
        let plan = find(&mut conn, &caller.org, id).await?;
        (plan, tasks(&mut conn, id).await?, foresight::stored(&mut conn, id).await?)
    };
    if tasks.iter().any(|task| task.state == "ready") {
        let mut held = foreman::held(hub, &caller.org).await?;
        for task in tasks.iter_mut().filter(|task| task.state == "ready") {
            task::because(held.remove(&task.id), &mut task.why, &mut task.saying);
        }
    }
    let graph = Graph::new(tasks.iter().map(|task| (task.id.to_string(), task.needs.iter().map(TaskId::to_string).collect())));
    let layers = layers(&graph);
    let place: HashMap<&str, usize> = layers.iter().flatten().enumerate().map(|(at, id)| (id.as_str(), at)).collect();
    tasks.sort_by_key(|task| place.get(task.id.as_str()).copied());
    let critical = graph.longest(|_| 1).unwrap_or_default();
    let ids = |list: &[String]| list.iter().filter_map(|id| TaskId::parse(id).ok()).collect::<Vec<_>>();
    Ok(PlanDetail {
        // Until the history was looked at, what the tasks state themselves is known.
        clashes: stored.unwrap_or_else(|| foresight::forecast(&tasks, &[])),
        layers: layers.iter().map(|layer| ids(layer)).collect(),
        critical: ids(&critical),
        plan,
        tasks,
    })
}

/// The tasks of a plan, as they were written down.
pub async fn tasks(conn: &mut Conn, plan: &PlanId) -> Done<Vec<PlanTask>> {
    let found = query(
        "SELECT id, state, why, title, description, acceptance, checks, priority, labels, agent, driver, budget, links, paths, saying \
         FROM tasks WHERE plan_id = $1 ORDER BY id",
    )
    .bind(plan.as_str())
    .fetch_all(&mut *conn)
    .await?;
    let needs = query(
        "SELECT d.task_id, d.needs_id FROM tasks t JOIN task_dependencies d ON d.task_id = t.id WHERE t.plan_id = $1 ORDER BY d.needs_id",
    );
    let mut needed: HashMap<TaskId, Vec<TaskId>> = HashMap::new();
    for row in &needs.bind(plan.as_str()).fetch_all(conn).await? {
        needed.entry(column::id(row, 0)?).or_default().push(column::id(row, 1)?);
    }
    let read = |row: &Row| {
        let id: TaskId = column::id(row, 0)?;
        let needs = needed.remove(&id).unwrap_or_default();
        let task = NewTask {
            key: Some(id.to_string()),
            title: row.get(3)?,
            description: row.get(4)?,
            acceptance: row.get(5)?,
            checks: column::json(row.text(6)?)?,
            needs: needs.iter().map(TaskId::to_string).collect(),
            priority: row.get(7)?,
            labels: column::json(row.text(8)?)?,
            agent: row.get(9)?,
            driver: column::maybe_word(row, 10)?,
            budget_usd: row.get::<Option<i64>>(11)?.map(MicroUsd),
            links: column::json(row.text(12)?)?,
            paths: column::json(row.text(13)?)?,
        };
        let saying = Saying::parsed(row.get::<Option<String>>(14)?.as_deref());
        Ok(PlanTask { id, state: row.get(1)?, why: row.get(2)?, saying, needs, task })
    };
    found.iter().map(read).collect()
}

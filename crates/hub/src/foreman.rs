//! The foreman: starts tasks that are ready while there is room.
// H3: this file is a stand-in that starts the oldest ready task of each project up to its limit.

use crate::column;
use crate::db::query;
use crate::fault::{Done, caught};
use crate::hub::Hub;
use crate::{settings, task};
use fugue_domain::id::{ProjectId, TaskId};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it looks without being asked.
const PERIOD: Duration = Duration::from_secs(5);

/// Works until the hub ends.
pub async fn run(hub: Hub, shutdown: CancellationToken) {
    let mut period = tokio::time::interval(PERIOD);
    period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = hub.wake.foreman_rung() => {}
            _ = period.tick() => {}
        }
        if let Err(fault) = caught("the foreman", look(&hub)).await {
            tracing::warn!(error = %fault, "the foreman could not look; it looks again in a moment");
        }
    }
}

async fn look(hub: &Hub) -> Done<()> {
    let mut conn = hub.db.read().await?;
    let projects = query("SELECT DISTINCT project_id FROM tasks WHERE state = 'ready'").fetch_all(&mut conn).await?;
    let mut chosen: Vec<TaskId> = Vec::new();
    for row in &projects {
        let project: ProjectId = column::id(row, 0)?;
        let busy = query("SELECT COUNT(*) FROM tasks WHERE project_id = $1 AND (state = 'working' OR state = 'checking')");
        let busy: i64 = busy.bind(project.as_str()).fetch_one(&mut conn).await?.get(0)?;
        let room = settings::of(&mut conn, &project).await?.limits.parallel - busy;
        let ready = query("SELECT id FROM tasks WHERE project_id = $1 AND state = 'ready' ORDER BY priority DESC, id LIMIT $2");
        for row in &ready.bind(project.as_str()).bind(room.max(0)).fetch_all(&mut conn).await? {
            chosen.push(column::id(row, 0)?);
        }
    }
    drop(conn);
    for task in chosen {
        task::start(hub, &task).await?;
    }
    Ok(())
}

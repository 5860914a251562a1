//! The foreman: lets tasks begin that are ready, as many as slots, limits, budgets and each other's files allow.
//!
//! It keeps no state. Woken by the doorbell or by the clock it reads the site of each org, decides purely (`fugue_domain::foreman`), and
//! starts each task by its own transaction; what fails is looked at again. Why the others wait is not stored but decided again
//! when somebody asks ([`held`]), so that it cannot be out of date.

use crate::column;
use crate::db::{Conn, query};
use crate::fault::{Done, Fault, caught};
use crate::hub::Hub;
use crate::{plan, project, settings, task};
use fugue_domain::foreman::{Decision, Held, decide};
use fugue_domain::id::{NodeId, OrgId, ProjectId, TaskId};
use fugue_domain::settings::FILE;
use futures_util::future::join_all;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

mod site;

/// How often it looks without being asked.
const PERIOD: Duration = Duration::from_secs(5);
/// How many times as long as a look itself took, the next one begins at the earliest.
const IDLE_SHARE: u32 = 2;

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
        let begun = tokio::time::Instant::now();
        if let Err(fault) = caught("the foreman", look(&hub)).await {
            tracing::warn!(error = %fault, "the foreman could not look; it looks again in a moment");
        }
        // A busy hub rings all the time, and rings gather meanwhile.
        let _ = shutdown.run_until_cancelled(tokio::time::sleep_until(begun + begun.elapsed() * IDLE_SHARE)).await;
    }
}

/// Lets everything begin that can.
async fn look(hub: &Hub) -> Done<()> {
    plan::foresee(hub).await?;
    if hub.nodes.count() == 0 {
        return Ok(());
    }
    let orgs = {
        let mut conn = hub.db.read().await?;
        query("SELECT DISTINCT org_id FROM tasks WHERE state = 'ready'").fetch_all(&mut conn).await?
    };
    for row in &orgs {
        let org: OrgId = column::id(row, 0)?;
        let (decision, projects) = decision(hub, &org).await?;
        let sound = sound(hub, &org, decision.start.iter().filter_map(|(task, _)| projects.get(task))).await?;
        let begins = decision.start.iter().filter(|(task, _)| projects.get(task).is_some_and(|project| sound.contains(project)));
        // Asked for at the same time, they share what a node and the writer have to do.
        for result in join_all(begins.map(|(task, node)| task::start(hub, task, Some(node)))).await {
            if let Err(fault) = result {
                tracing::warn!(error = %fault, "a task could not begin; the foreman tries again");
            }
        }
    }
    Ok(())
}

/// What is to be done in an org now, and the project of each ready task.
async fn decision(hub: &Hub, org: &OrgId) -> Done<(Decision, HashMap<TaskId, ProjectId>)> {
    let mut conn = hub.db.read().await?;
    let mut site = site::of(&mut conn, org, site::heard_since(hub)).await?;
    drop(conn);
    site.slots.retain(|node: &NodeId, _| hub.nodes.is_connected(node));
    let projects = site.ready.iter().map(|ready| (ready.task.clone(), ready.project.clone())).collect();
    Ok((decide(&site, hub.world.now()), projects))
}

/// The projects whose settings can be read, as they are now.
async fn sound(hub: &Hub, org: &OrgId, projects: impl Iterator<Item = &ProjectId>) -> Done<BTreeSet<ProjectId>> {
    let mut sound = BTreeSet::new();
    for id in projects.cloned().collect::<BTreeSet<_>>() {
        let project = {
            let mut conn = hub.db.read().await?;
            project::find(&mut conn, org, id.as_str()).await?
        };
        match settings::fresh(hub, org, &project).await {
            Ok(()) => {
                sound.insert(id);
            }
            // Whoever looks at the task is told what is wrong, and it is tried again with the next look.
            Err(Fault::Problem(problem)) => {
                tracing::info!(project.id = %id, detail = problem.detail, "tasks of a project wait for its settings")
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(sound)
}

/// Why ready tasks of an org do not begin, in words.
pub async fn held(hub: &Hub, org: &OrgId) -> Done<HashMap<TaskId, String>> {
    let (decision, projects) = decision(hub, org).await?;
    let mut conn = hub.db.read().await?;
    let mut wrong: HashMap<&ProjectId, Option<String>> = HashMap::new();
    for project in projects.values().collect::<BTreeSet<_>>() {
        wrong.insert(project, settings::wrong(&mut conn, project).await?);
    }
    let others = decision.held.iter().filter_map(|(_, held)| match held {
        Held::Clash(task) | Held::Yields(task) => Some(task),
        _ => None,
    });
    let names = names(&mut conn, others).await?;
    let name = |task: &TaskId| names.get(task).cloned().unwrap_or_else(|| task.short().to_owned());
    let words = decision.held.iter().map(|(task, held)| (task.clone(), held.words(name)));
    let begins = decision.start.iter().map(|(task, _)| (task.clone(), "it begins in a moment".to_owned()));
    let mut all: HashMap<TaskId, String> = words.chain(begins).collect();
    for (task, project) in &projects {
        if let Some(Some(wrong)) = wrong.get(project) {
            all.insert(task.clone(), format!("{FILE} cannot be used: {wrong}"));
        }
    }
    Ok(all)
}

/// What people call tasks.
async fn names(conn: &mut Conn, tasks: impl Iterator<Item = &TaskId>) -> Done<HashMap<TaskId, String>> {
    let mut names = HashMap::new();
    for task in tasks.cloned().collect::<BTreeSet<_>>() {
        let row = query("SELECT title FROM tasks WHERE id = $1").bind(task.as_str()).fetch_one(conn).await?;
        names.insert(task.clone(), format!("{:?} ({})", row.get::<String>(0)?, task.short()));
    }
    Ok(names)
}

//! Reading the site of an org: what the foreman's decision is made of.

use crate::column;
use crate::db::{Conn, query};
use crate::fault::Done;
use crate::hub::Hub;
use crate::settings;
use fugue_domain::foreman::{Busy, Ready, Site};
use fugue_domain::id::{NodeId, OrgId, PlanId, ProjectId, TaskId};
use fugue_domain::lease;
use fugue_domain::money::MicroUsd;
use fugue_domain::node::Load;
use fugue_domain::plan::forecast::Clash;
use fugue_domain::settings::Settings;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Nodes that were heard of before this do not count.
pub fn heard_since(hub: &Hub) -> i64 {
    hub.world.now() - lease::silent_at_most_ms(hub.settings.lease_ms)
}

/// The site of an org, with the slots of all its nodes that take work.
pub async fn of(conn: &mut Conn, org: &OrgId, heard_since: i64) -> Done<Site> {
    let mut site = Site { ready: ready(conn, org).await?, busy: busy(conn, org).await?, ..Site::default() };
    if site.ready.is_empty() {
        return Ok(site);
    }
    (site.slots, site.no_room) = slots(conn, org, heard_since).await?;
    let mut held: HashMap<ProjectId, Settings> = HashMap::new();
    for project in site.ready.iter().map(|ready| ready.project.clone()).collect::<BTreeSet<_>>() {
        let settings = settings::of(conn, &project).await?;
        site.parallel.insert(project.clone(), settings.limits.parallel);
        held.insert(project, settings);
    }
    let plans: BTreeSet<(PlanId, ProjectId)> =
        site.ready.iter().filter_map(|ready| Some((ready.plan.clone()?, ready.project.clone()))).collect();
    for (plan, project) in plans {
        if let Some(budget) = held.get(&project).and_then(|settings| settings.limits.plan_budget_usd) {
            site.left.insert(plan.clone(), MicroUsd(budget.0 - spent(conn, &plan).await?));
        }
        apart(conn, &plan, &mut site.ready).await?;
    }
    // What a task may cost by its project's settings counts as if it said so itself.
    for ready in &mut site.ready {
        let usual = held.get(&ready.project).and_then(|settings| settings.limits.budget_usd);
        ready.budget = ready.budget.into_iter().chain(usual).min();
    }
    Ok(site)
}

async fn ready(conn: &mut Conn, org: &OrgId) -> Done<Vec<Ready>> {
    let found = query(
        "SELECT t.id, t.project_id, t.plan_id, t.priority, t.updated_at, COALESCE(p.node_id, p.target_node_id), t.budget, t.paths FROM tasks t \
         JOIN projects p ON p.id = t.project_id WHERE t.org_id = $1 AND t.state = 'ready'",
    )
    .bind(org.as_str())
    .fetch_all(conn)
    .await?;
    let read = |row: &crate::db::Row| {
        Ok(Ready {
            task: column::id(row, 0)?,
            project: column::id(row, 1)?,
            plan: column::maybe_id(row, 2)?,
            priority: row.get(3)?,
            since: row.get(4)?,
            node: column::maybe_id(row, 5)?,
            budget: row.get::<Option<i64>>(6)?.map(MicroUsd),
            paths: column::json(row.text(7)?)?,
            apart: Vec::new(),
        })
    };
    found.iter().map(read).collect()
}

async fn busy(conn: &mut Conn, org: &OrgId) -> Done<Vec<Busy>> {
    let found = query(
        "SELECT id, project_id, plan_id, paths, state FROM tasks WHERE org_id = $1 AND ended_at IS NULL \
         AND (state = 'working' OR state = 'checking' OR state = 'review' OR state = 'merging') ORDER BY id",
    )
    .bind(org.as_str())
    .fetch_all(conn)
    .await?;
    let read = |row: &crate::db::Row| {
        let at_work = matches!(row.text(4)?, "working" | "checking");
        Ok(Busy {
            task: column::id(row, 0)?,
            project: column::id(row, 1)?,
            plan: column::maybe_id(row, 2)?,
            paths: column::json(row.text(3)?)?,
            at_work,
        })
    };
    found.iter().map(read).collect()
}

/// Free slots: a task at work has one, also between two turns; so has every other session's turn. And the nodes without room for worktrees.
async fn slots(conn: &mut Conn, org: &OrgId, heard_since: i64) -> Done<(HashMap<NodeId, i64>, HashSet<NodeId>)> {
    let (mut slots, mut no_room) = (HashMap::new(), HashSet::new());
    let nodes = query("SELECT id, slots, load FROM nodes WHERE org_id = $1 AND removed_at IS NULL AND draining = 0 AND seen_at >= $2")
        .bind(org.as_str())
        .bind(heard_since)
        .fetch_all(&mut *conn)
        .await?;
    for row in &nodes {
        let id: NodeId = column::id(row, 0)?;
        let load: Option<Load> = column::maybe_json(row, 2)?;
        if load.and_then(|load| load.room).is_some_and(|room| room.full) {
            no_room.insert(id.clone());
        }
        slots.insert(id, row.get::<i64>(1)?);
    }
    let tasks = query(
        "SELECT s.node_id, COUNT(*) FROM tasks t JOIN sessions s ON s.id = t.session_id WHERE t.org_id = $1 AND t.ended_at IS NULL \
         AND (t.state = 'working' OR t.state = 'checking') GROUP BY s.node_id",
    );
    let turns = query(
        "SELECT node_id, COUNT(*) FROM turns WHERE org_id = $1 AND renewed_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM tasks t \
         WHERE t.session_id = turns.session_id AND (t.state = 'working' OR t.state = 'checking')) GROUP BY node_id",
    );
    for taken in [tasks, turns] {
        for row in &taken.bind(org.as_str()).fetch_all(&mut *conn).await? {
            if let Some(free) = slots.get_mut(&column::id::<NodeId>(row, 0)?) {
                *free -= row.get::<i64>(1)?;
            }
        }
    }
    Ok((slots, no_room))
}

/// What a plan has cost, and what its tasks at work may still cost.
async fn spent(conn: &mut Conn, plan: &PlanId) -> Done<i64> {
    let cost = query(
        "SELECT CAST(COALESCE(SUM(s.cost), 0) AS BIGINT) FROM tasks t JOIN task_sessions x ON x.task_id = t.id \
         JOIN sessions s ON s.id = x.session_id WHERE t.plan_id = $1",
    );
    let mut spent: i64 = cost.bind(plan.as_str()).fetch_one(&mut *conn).await?.get(0)?;
    let open = query(
        "SELECT s.budget, s.cost FROM tasks t JOIN sessions s ON s.id = t.session_id WHERE t.plan_id = $1 \
         AND (t.state = 'working' OR t.state = 'checking')",
    );
    for row in &open.bind(plan.as_str()).fetch_all(conn).await? {
        spent += row.get::<Option<i64>>(0)?.map_or(0, |budget| budget).saturating_sub(row.get(1)?).max(0);
    }
    Ok(spent)
}

/// Tasks of a plan that should not run side by side because of what the forecast found.
async fn apart(conn: &mut Conn, plan: &PlanId, ready: &mut [Ready]) -> Done<()> {
    let row = query("SELECT clashes FROM plans WHERE id = $1").bind(plan.as_str()).fetch_optional(conn).await?;
    let Some(clashes) = row.map(|row| row.get::<Option<String>>(0)).transpose()?.flatten() else { return Ok(()) };
    let clashes: Vec<Clash> = column::json(&clashes)?;
    for ready in ready.iter_mut().filter(|ready| ready.plan.as_ref() == Some(plan)) {
        let me = ready.task.as_str();
        let others = clashes.iter().filter_map(|clash| match (clash.a == me, clash.b == me) {
            (true, _) => Some(&clash.b),
            (_, true) => Some(&clash.a),
            _ => None,
        });
        ready.apart = others.filter_map(|other| TaskId::parse(other).ok()).collect();
    }
    Ok(())
}

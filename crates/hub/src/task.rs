//! Tasks: what people want, worked off in dependency order, each up to its proof on the target branch.
//!
//! Invariant: [`advance`](advance::advance) is the only code that changes where a task stands. People come through [`verb`], everything else
//! through the hooks ([`turn_ended`], [`job_ended`], [`reviewed`], [`merge_ended`]) and [`start`], which the foreman calls.

use crate::column;
use crate::db::{Column, Conn, Row, Table, composed, query};
use crate::fault::Done;
use crate::hub::Hub;
use crate::page::PageQuery;
use crate::{foreman, node, project, session};
use fugue_domain::api::{Task, TaskBrief, TaskDetail, TaskSession};
use fugue_domain::caller::Caller;
use fugue_domain::id::{JobId, OrgId, TaskId};
use fugue_domain::money::MicroUsd;
use fugue_domain::page::Page;
use fugue_domain::problem::Problem;
use fugue_domain::saying::Saying;
use fugue_domain::time::Time;
use std::collections::HashMap;

mod advance;
mod diff;
mod edit;
mod hooks;
mod making;
mod resolver;
pub mod routes;
mod row;
mod starting;
mod story;
mod telling;
mod verb;

pub use diff::diff;
pub use edit::change;
pub use hooks::{Judged, MergeEnd, impossible, job_ended, merge_ended, reviewed, torn_down, turn_ended, uprooted};
pub use making::{check, create, make};
pub use starting::{start, told, waits};
pub use verb::{verb, verb_in};

/// What [`view`] reads.
const COLUMNS: &str = "t.id, t.project_id, t.plan_id, t.title, t.state, t.need, t.why, t.priority, t.labels, t.agent, t.driver, t.attempt, \
     t.attempts_max, t.head, t.session_id, t.budget, t.created_at, t.updated_at, t.started_at, t.ended_at, \
     (SELECT CAST(COALESCE(SUM(s.cost), 0) AS BIGINT) FROM task_sessions x JOIN sessions s ON s.id = x.session_id WHERE x.task_id = t.id), \
     t.saying, (SELECT j.progress FROM jobs j WHERE j.ended_at IS NULL AND j.id = COALESCE(t.job_id, \
     (SELECT m.job_id FROM merge_entries e JOIN merge_jobs m ON m.project_id = e.project_id AND m.target = e.target AND m.ended_at IS NULL \
     WHERE e.task_id = t.id AND e.standing = 'tried')))";

fn view(row: &Row) -> Done<Task> {
    Ok(Task {
        id: column::id(row, 0)?,
        project: column::id(row, 1)?,
        plan: column::maybe_id(row, 2)?,
        title: row.get(3)?,
        state: row.get(4)?,
        need: column::maybe_word(row, 5)?,
        why: row.get(6)?,
        saying: Saying::parsed(row.get::<Option<String>>(21)?.as_deref()),
        priority: row.get(7)?,
        labels: column::json(row.text(8)?)?,
        needs: Vec::new(),
        blocked_by: Vec::new(),
        agent: row.get(9)?,
        driver: column::maybe_word(row, 10)?,
        attempt: row.get(11)?,
        attempts_max: row.get(12)?,
        head: row.get(13)?,
        session: column::maybe_id(row, 14)?,
        session_state: None,
        node: None,
        branch: None,
        progress: column::maybe_json(row, 22)?,
        budget_usd: row.get::<Option<i64>>(15)?.map(MicroUsd),
        created_at: Time(row.get(16)?),
        updated_at: Time(row.get(17)?),
        started_at: row.get::<Option<i64>>(18)?.map(Time),
        ended_at: row.get::<Option<i64>>(19)?.map(Time),
        cost_usd: MicroUsd(row.get(20)?),
    })
}

/// The tasks that wait for a job: the one whose worktree it is about, or those whose changes it merges.
pub async fn with_job(conn: &mut Conn, job: &JobId) -> Done<Vec<TaskId>> {
    let found = query(
        "SELECT id FROM tasks WHERE job_id = $1 UNION SELECT e.task_id FROM merge_jobs m JOIN merge_entries e \
         ON e.project_id = m.project_id AND e.target = m.target AND e.standing = 'tried' WHERE m.job_id = $1 AND m.ended_at IS NULL",
    )
    .bind(job.as_str())
    .fetch_all(conn)
    .await?;
    found.iter().map(|row| column::id(row, 0)).collect()
}

/// Adds what stands in other tables: what the tasks need, and what their sessions are doing.
async fn complete(conn: &mut Conn, org: &OrgId, tasks: &mut [Task]) -> Done<()> {
    let rows = tasks.iter().fold(Table::new(&[Column::Text]), |rows, task| rows.bind(task.id.as_str()));
    let text = |rows: &str| {
        format!(
            "SELECT d.task_id, n.id, n.title, n.state FROM (VALUES {rows}) AS v JOIN task_dependencies d ON d.task_id = v.column1 \
             JOIN tasks n ON n.id = d.needs_id"
        )
    };
    let mut needs: HashMap<TaskId, Vec<TaskBrief>> = HashMap::new();
    if !tasks.is_empty() {
        for row in rows.fetch_all(conn, text).await? {
            needs.entry(column::id(&row, 0)?).or_default().push(brief(&row, 1)?);
        }
    }
    for task in tasks {
        let mut needed = needs.remove(&task.id).unwrap_or_default();
        needed.sort_by(|a, b| a.id.cmp(&b.id));
        task.needs = needed.iter().map(|need| need.id.clone()).collect();
        task.blocked_by = needed.into_iter().filter(|need| need.state != "done").collect();
        if let Some(id) = &task.session {
            let session = session::find(conn, org, id).await?;
            task.session_state = Some(session.state);
            (task.node, task.branch) = (Some(session.place.node), session.place.branch);
        }
    }
    Ok(())
}

fn brief(row: &Row, at: usize) -> Done<TaskBrief> {
    Ok(TaskBrief { id: column::id(row, at)?, title: row.get(at + 1)?, state: row.get(at + 2)? })
}

/// Which tasks a list shows.
#[derive(Debug, Clone, Default)]
pub struct TaskFilter {
    /// A state, or `open`: neither done nor cancelled.
    pub state: Option<String>,
    /// A project's id or name.
    pub project: Option<String>,
    /// A plan's id.
    pub plan: Option<String>,
    /// A label.
    pub label: Option<String>,
    /// Words of the title or the description.
    pub q: Option<String>,
}

/// The org's tasks, newest first.
pub async fn list(hub: &Hub, caller: &Caller, filter: TaskFilter, page: PageQuery) -> Done<Page<Task>> {
    let mut conn = hub.db.read().await?;
    let project = match &filter.project {
        Some(name) => Some(project::find(&mut conn, &caller.org, name).await?.id),
        None => None,
    };
    let (open, state) = match filter.state.as_deref() {
        Some("open") => ("AND t.ended_at IS NULL", None),
        state => ("", state),
    };
    // Labels are stored as a list in JSON: one stands in it between its quotes.
    let label = filter.label.map(|label| crate::page::containing(&serde_json::Value::from(label).to_string()));
    let sql = format!(
        "SELECT {COLUMNS} FROM tasks t WHERE t.org_id = $1 {open} AND ($2 IS NULL OR t.id < $2) AND ($3 IS NULL OR t.state = $3) \
         AND ($4 IS NULL OR t.project_id = $4) AND ($5 IS NULL OR t.plan_id = $5) AND ($6 IS NULL OR LOWER(t.labels) LIKE $6 ESCAPE '\\') \
         AND ($7 IS NULL OR LOWER(t.title) LIKE $7 ESCAPE '\\' OR LOWER(t.description) LIKE $7 ESCAPE '\\') ORDER BY t.id DESC LIMIT $8"
    );
    let found = composed(sql)
        .bind(caller.org.as_str())
        .bind(page.cursor.as_deref())
        .bind(state)
        .bind(project.as_ref().map(|id| id.as_str()))
        .bind(filter.plan.as_deref())
        .bind(label)
        .bind(filter.q.as_deref().map(crate::page::containing))
        .bind(page.limit + 1)
        .fetch_all(&mut conn)
        .await?;
    let items = found.iter().map(view).collect::<Done<Vec<_>>>()?;
    let mut page = Page::of(items, page.limit, |task| task.id.to_string());
    complete(&mut conn, &caller.org, &mut page.items).await?;
    Ok(page)
}

/// A task of an org, inside or outside a transaction.
async fn find(conn: &mut Conn, org: &OrgId, id: &TaskId) -> Done<Task> {
    let sql = format!("SELECT {COLUMNS} FROM tasks t WHERE t.org_id = $1 AND t.id = $2");
    let row = composed(sql).bind(org.as_str()).bind(id.as_str()).fetch_optional(conn).await?;
    let mut task = row.as_ref().map(view).transpose()?.ok_or_else(|| Problem::not_found("task", id.as_str()))?;
    complete(conn, org, std::slice::from_mut(&mut task)).await?;
    Ok(task)
}

/// One task, with everything that is known of it.
pub async fn get(hub: &Hub, caller: &Caller, id: &TaskId) -> Done<TaskDetail> {
    let mut conn = hub.db.read().await?;
    let mut task = find(&mut conn, &caller.org, id).await?;
    let sql = "SELECT description, acceptance, checks, links, paths FROM tasks WHERE id = $1";
    let words = query(sql).bind(id.as_str()).fetch_one(&mut conn).await?;
    let sql = "SELECT n.id, n.title, n.state FROM task_dependencies d JOIN tasks n ON n.id = d.task_id WHERE d.needs_id = $1 ORDER BY n.id";
    let blocks = query(sql).bind(id.as_str()).fetch_all(&mut conn).await?;
    let sql = "SELECT s.id, s.agent, s.cost, s.created_at, s.closed_at FROM task_sessions x JOIN sessions s ON s.id = x.session_id \
               WHERE x.task_id = $1 ORDER BY s.id";
    let sessions = query(sql).bind(id.as_str()).fetch_all(&mut conn).await?;
    let session = |row: &Row| {
        Ok(TaskSession {
            id: column::id(row, 0)?,
            agent: row.get(1)?,
            cost_usd: MicroUsd(row.get(2)?),
            created_at: Time(row.get(3)?),
            closed_at: row.get::<Option<i64>>(4)?.map(Time),
        })
    };
    let story = story::read(&mut conn, id).await?;
    if let (Some(at), Some(session), "working" | "checking" | "review" | "merging") = (&task.node, &task.session, task.state.as_str()) {
        let still = node::standstill(&mut conn, at, session, hub.world.now()).await?;
        because(still, &mut task.why, &mut task.saying);
    }
    drop(conn);
    if task.state == "ready" {
        let waits = foreman::held(hub, &caller.org).await?.remove(id);
        because(waits, &mut task.why, &mut task.saying);
    }
    Ok(TaskDetail {
        description: words.get(0)?,
        acceptance: words.get(1)?,
        checks: column::json(words.text(2)?)?,
        links: column::json(words.text(3)?)?,
        paths: column::json(words.text(4)?)?,
        blocks: blocks.iter().map(|row| brief(row, 0)).collect::<Done<_>>()?,
        hint: hint(&task),
        evidence: story::evidence(&story, task.head.as_deref()),
        sessions: sessions.iter().map(session).collect::<Done<_>>()?,
        story,
        task,
    })
}

/// Says why, as it is just now, instead of what was stored about it.
pub fn because(now: Option<Saying>, why: &mut Option<String>, saying: &mut Option<Saying>) {
    if let Some(now) = now {
        *why = Some(now.to_string());
        *saying = now.known();
    }
}

/// What a person can do for a task, if one is needed.
fn hint(task: &Task) -> Option<String> {
    match (task.need, task.state.as_str()) {
        (Some(need), _) => Some(need.hint().to_owned()),
        (None, "draft") => Some("`fugue task start` lets it begin.".to_owned()),
        (None, "review") => Some("Look at it with `fugue task diff`; `fugue task approve` lets it pass.".to_owned()),
        _ => None,
    }
}

//! What people see of the queues, and taking an entry out by hand.

use super::leave;
use super::line::{COLUMNS, Member, ORDER, member};
use crate::column;
use crate::db::{Conn, composed, query};
use crate::fault::Done;
use crate::hub::Hub;
use crate::task::MergeEnd;
use crate::{project, task};
use fugue_domain::api::{MergeEntry, MergeQueue};
use fugue_domain::caller::Caller;
use fugue_domain::id::{OrgId, ProjectId, TaskId};
use fugue_domain::merge_queue::Standing;
use fugue_domain::page::Page;
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::saying::Saying;
use fugue_domain::time::Time;

/// The org's queues in which something is, or that of one project.
pub async fn list(hub: &Hub, caller: &Caller, of: Option<String>) -> Done<Page<MergeQueue>> {
    let mut conn = hub.db.read().await?;
    let of = match of {
        Some(name) => Some(project::find(&mut conn, &caller.org, &name).await?.id),
        None => None,
    };
    let sql = format!(
        "SELECT {COLUMNS}, entered_at, project_id, target FROM merge_entries WHERE org_id = $1 AND ended_at IS NULL \
         AND ($2 IS NULL OR project_id = $2) ORDER BY project_id, target, {ORDER}"
    );
    let found = composed(sql).bind(caller.org.as_str()).bind(of.as_ref().map(ProjectId::as_str)).fetch_all(&mut conn).await?;
    let mut queues: Vec<MergeQueue> = Vec::new();
    for row in &found {
        let (project, target): (ProjectId, String) = (column::id(row, 12)?, row.get(13)?);
        if queues.last().is_none_or(|queue| (&queue.project, &queue.target) != (&project, &target)) {
            queues.push(head(&mut conn, project, target).await?);
        }
        if let Some(queue) = queues.last_mut() {
            queue.entries.push(view(&member(row)?, queue.entries.len(), row.get(11)?));
        }
    }
    Ok(Page { items: queues, next_cursor: None })
}

/// A queue without its entries.
async fn head(conn: &mut Conn, project: ProjectId, target: String) -> Done<MergeQueue> {
    let row = query(
        "SELECT q.why, q.until, m.job_id, j.progress, q.saying FROM merge_queues q \
         LEFT JOIN merge_jobs m ON m.project_id = q.project_id AND m.target = q.target AND m.ended_at IS NULL \
         LEFT JOIN jobs j ON j.id = m.job_id WHERE q.project_id = $1 AND q.target = $2",
    )
    .bind(project.as_str())
    .bind(&target)
    .fetch_one(conn)
    .await?;
    let again_at = row.get::<Option<i64>>(1)?.map(Time);
    let (job, progress) = (column::maybe_id(&row, 2)?, column::maybe_json(&row, 3)?);
    let saying = Saying::parsed(row.get::<Option<String>>(4)?.as_deref());
    Ok(MergeQueue { project, target, job, progress, why: row.get(0)?, saying, again_at, entries: Vec::new() })
}

/// An entry as people see it, at this place counted from 0.
pub fn view(member: &Member, at: usize, entered_at: i64) -> MergeEntry {
    MergeEntry {
        task: member.entry.task.clone(),
        title: member.title.clone(),
        branch: member.branch.clone(),
        head: member.entry.head.clone(),
        priority: member.entry.priority,
        place: at as i64 + 1,
        standing: member.entry.standing,
        entered_at: Time(entered_at),
    }
}

/// A person takes a task's change out of its queue. What is tried at the moment is decided in a moment, and stays.
pub async fn remove(hub: &Hub, caller: &Caller, task: &TaskId) -> Done<()> {
    let (org, task) = (caller.org.clone(), task.clone());
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let standing = standing(tx.conn, &org, &task).await?;
                match standing {
                    None => Err(nothing_to_remove(tx.conn, &org, &task).await?.into()),
                    Some(Standing::Tried | Standing::Leaving) => {
                        let detail = format!("The change of {task} is being merged at this moment.");
                        let hint = "Wait until its job has ended: `fugue merge list` shows it. `fugue task cancel` gives up the task.";
                        Err(Problem::new(Kind::WrongState, detail).hint(hint).into())
                    }
                    Some(Standing::Waiting) => {
                        leave(tx, &task).await?;
                        task::merge_ended(tx, &task, MergeEnd::Impossible(Saying::TakenOut)).await
                    }
                }
            })
        })
        .await
}

/// Why no entry of a task can be removed. A task of another org is like none.
async fn nothing_to_remove(conn: &mut Conn, org: &OrgId, task: &TaskId) -> Done<Problem> {
    let known = query("SELECT 1 FROM tasks WHERE org_id = $1 AND id = $2").bind(org.as_str()).bind(task.as_str()).fetch_optional(conn);
    Ok(match known.await? {
        None => Problem::not_found("task", task.as_str()),
        Some(_) => Problem::new(Kind::WrongState, format!("The change of {task} is in no merge queue."))
            .hint("`fugue merge list` shows what is; `fugue task show` tells where the task stands."),
    })
}

/// Where the task's newest entry stands.
async fn standing(conn: &mut Conn, org: &OrgId, task: &TaskId) -> Done<Option<Standing>> {
    let row = query("SELECT standing FROM merge_entries WHERE org_id = $1 AND task_id = $2 AND ended_at IS NULL ORDER BY entered_at DESC, number DESC LIMIT 1")
        .bind(org.as_str())
        .bind(task.as_str())
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(|row| column::word(row, 0)).transpose()
}

//! Merge queues: finished changes on their way to the branches that they are for.
//!
//! Invariant: what happens to a queue is what `fugue_domain::merge_queue::step` says. It is taken in the transaction of what it follows from:
//! an entry that comes or goes, or the end of the one job that the queue has at a time. A unique index sees to "one at a time".

use crate::db::{Tx, query};
use crate::effect::Effect as After;
use crate::fault::Done;
use crate::feed::Hint;
use crate::hub::Hub;
use crate::task::MergeEnd;
use crate::{column, job, project, settings, task};
use fugue_domain::id::{JobId, NodeId, OrgId, ProjectId, TaskId};
use fugue_domain::job::{self as work, Merge, Merged, Outcome, Publish, Work};
use fugue_domain::merge_queue::{Effect, Ending, Entry, Input, Told, step};
use futures_util::future::BoxFuture;

mod line;
mod list;
pub mod routes;
#[cfg(test)]
mod tests;
mod trial;

use line::{Line, Member};
pub use list::{list, remove};
pub use trial::trial;

/// Queues of one look at those whose pause is over; the rest comes a second later.
const DUE_MAX: i64 = 100;

/// A change that is checked and approved.
struct Arrival {
    org: OrgId,
    project: ProjectId,
    /// The branch that it is for.
    target: String,
    /// The node that has the commit.
    node: NodeId,
    title: String,
    /// The branch of its worktree.
    branch: String,
    head: String,
    priority: i64,
}

/// Puts a task's checked commit in the queue of its branch. What the task had in a queue before leaves it; the same commit again is the same
/// entry.
pub async fn enter(tx: &mut Tx<'_>, task: &TaskId) -> Done<()> {
    let row = query(
        "SELECT t.org_id, t.project_id, s.node_id, t.title, s.branch, t.head, t.priority, p.default_branch FROM tasks t \
         JOIN sessions s ON s.id = t.session_id JOIN projects p ON p.id = t.project_id WHERE t.id = $1",
    )
    .bind(task.as_str())
    .fetch_one(tx.conn)
    .await?;
    let project: ProjectId = column::id(&row, 1)?;
    let target = match settings::of(tx.conn, &project).await?.target {
        Some(target) => target,
        None => row.get(7)?,
    };
    let arrival = Arrival {
        org: column::id(&row, 0)?,
        project,
        target,
        node: column::id(&row, 2)?,
        title: row.get(3)?,
        branch: row.get(4)?,
        head: row.get(5)?,
        priority: row.get(6)?,
    };
    put(tx, task, arrival).await
}

async fn put(tx: &mut Tx<'_>, task: &TaskId, new: Arrival) -> Done<()> {
    let mut line = Line::open(tx, &new.org, &new.project, &new.target).await?;
    let entry = Entry::new(task.clone(), new.head, new.node, new.priority, line.last_number + 1);
    line.arriving = Some(Member { entry: entry.clone(), title: new.title, branch: new.branch });
    advance(tx, line, Input::Entered(entry), None).await?;
    Ok(())
}

/// Takes a task's change out of its queue. One that is tried at the moment may land all the same, and its task is told if it does.
pub async fn leave(tx: &mut Tx<'_>, task: &TaskId) -> Done<()> {
    let found = query("SELECT DISTINCT org_id, project_id, target FROM merge_entries WHERE task_id = $1 AND ended_at IS NULL")
        .bind(task.as_str())
        .fetch_all(tx.conn)
        .await?;
    for row in &found {
        let line = Line::open(tx, &column::id(row, 0)?, &column::id(row, 1)?, &row.get::<String>(2)?).await?;
        advance(tx, line, Input::Withdrawn(task.clone()), None).await?;
    }
    Ok(())
}

/// A job has ended. The answer is whether it was one of a queue; if so, all that follows has happened.
pub async fn job_ended(tx: &mut Tx<'_>, job: &JobId, outcome: &Outcome) -> Done<bool> {
    let found = query("UPDATE merge_jobs SET ended_at = $2 WHERE job_id = $1 AND ended_at IS NULL RETURNING project_id, target")
        .bind(job.as_str())
        .bind(tx.now)
        .fetch_optional(tx.conn)
        .await?;
    let Some(row) = found else { return Ok(false) };
    let (project, target): (ProjectId, String) = (column::id(&row, 0)?, row.get(1)?);
    let org = query("SELECT org_id FROM merge_queues WHERE project_id = $1 AND target = $2").bind(project.as_str()).bind(&target);
    let org: OrgId = column::id(&org.fetch_one(tx.conn).await?, 0)?;
    if let Outcome::Merged(Merged::Landed { published: Some(_), .. }) = outcome {
        project::target::publish(tx, &project).await?;
    }
    let line = Line::open(tx, &org, &project, &target).await?;
    // The end of the job is one commit with this.
    advance(tx, line, Input::Ended(Ending::of(outcome)), Some((job, outcome))).await?;
    Ok(true)
}

/// Queues whose pause is over are tried again. Called by the reaper.
pub async fn look_again(hub: &Hub) -> Done<()> {
    let mut conn = hub.db.read().await?;
    let due = query("SELECT org_id, project_id, target FROM merge_queues WHERE until <= $1 ORDER BY until LIMIT $2")
        .bind(hub.world.now())
        .bind(DUE_MAX)
        .fetch_all(&mut conn)
        .await?;
    drop(conn);
    for row in &due {
        let (org, project, target): (OrgId, ProjectId, String) = (column::id(row, 0)?, column::id(row, 1)?, row.get(2)?);
        hub.db
            .write(move |tx| {
                Box::pin(async move {
                    let line = Line::open(tx, &org, &project, &target).await?;
                    advance(tx, line, Input::Looked, None).await
                })
            })
            .await?;
    }
    Ok(())
}

/// Takes a step of a queue, and lets everything happen that follows. `false` means that there was nothing to be done.
async fn advance(tx: &mut Tx<'_>, line: Line, input: Input, ended: Option<(&JobId, &Outcome)>) -> Done<bool> {
    let terms = settings::of(tx.conn, &line.project).await?;
    let size = usize::try_from(terms.merge.batch).unwrap_or(1);
    let Ok(taken) = step(&line.queue(), input, size, tx.now) else { return Ok(false) };
    let batch = line.batch();
    line.store(tx, &taken).await?;
    let mut tried = None;
    for effect in taken.effects {
        match effect {
            Effect::Try(numbers) => tried = Some(numbers),
            Effect::Tell(number, told) => tell(tx, &line, &batch, number, told, ended).await?,
        }
    }
    if let Some(numbers) = tried {
        let members: Vec<&Member> = numbers.iter().filter_map(|number| line.member(*number)).collect();
        let job = ask(tx, &line, &members, &terms, false).await?;
        for member in &members {
            let task = member.entry.task.clone();
            tx.after_commit(After::Hint(line.org.clone(), Hint::Task { task }));
        }
        query("INSERT INTO merge_jobs (job_id, project_id, target, asked_at) VALUES ($1, $2, $3, $4)")
            .bind(job.as_str())
            .bind(line.project.as_str())
            .bind(&line.target)
            .bind(tx.now)
            .execute(tx.conn)
            .await?;
    }
    Ok(true)
}

/// Tells a task what became of its entry. Boxed, because what follows there may lead back to a queue.
fn tell<'a>(
    tx: &'a mut Tx<'_>,
    line: &'a Line,
    batch: &'a [i64],
    number: i64,
    told: Told,
    ended: Option<(&'a JobId, &'a Outcome)>,
) -> BoxFuture<'a, Done<()>> {
    Box::pin(async move {
        let (Some(member), Some((job, outcome))) = (line.member(number), ended) else { return Ok(()) };
        let place = batch.iter().position(|other| *other == number).unwrap_or_default();
        match meant(told, job, outcome, &member.entry, place) {
            Some(end) => task::merge_ended(tx, &member.entry.task, end).await,
            None => Ok(()),
        }
    })
}

/// What a task is told, with the evidence of the batch in which its entry was at this place. Who withdrew hears nothing.
fn meant(told: Told, job: &JobId, outcome: &Outcome, entry: &Entry, place: usize) -> Option<MergeEnd> {
    Some(match (told, outcome) {
        (Told::Landed, Outcome::Merged(Merged::Landed { from, to, commits, ran, published, behind })) => MergeEnd::Landed {
            head: entry.head.clone(),
            from: from.clone(),
            to: to.clone(),
            commits: commits.get(place).cloned().unwrap_or_default(),
            ran: ran.clone(),
            published: published.clone(),
            behind: behind.clone(),
            job: job.clone(),
        },
        (Told::Red, Outcome::Merged(Merged::Red { onto, ran })) => MergeEnd::Red { onto: onto.clone(), ran: ran.clone(), job: job.clone() },
        (Told::Conflict, Outcome::Merged(Merged::Conflict { onto, files, detail, .. })) => {
            MergeEnd::Conflict { onto: onto.clone(), files: files.clone(), detail: detail.clone() }
        }
        (Told::Waits(why), _) => MergeEnd::Waits(why),
        (Told::Impossible(why), _) => MergeEnd::Impossible(why.into()),
        (Told::Withdrawn, _) => return None,
        (told, _) => MergeEnd::Impossible(format!("There is no evidence for what became of it: {told:?}.").into()),
    })
}

/// Asks the node that has these changes to merge them.
async fn ask(tx: &mut Tx<'_>, line: &Line, members: &[&Member], terms: &settings::Settings, dry_run: bool) -> Done<JobId> {
    let project = project::find(tx.conn, &line.org, line.project.as_str()).await?;
    let entry = |member: &&Member| work::Entry {
        task: member.entry.task.clone(),
        title: member.title.clone(),
        branch: member.branch.clone(),
        head: member.entry.head.clone(),
    };
    let merge = Merge {
        origin: project::origin(&project)?,
        target: line.target.clone(),
        entries: members.iter().map(entry).collect(),
        strategy: terms.merge.strategy,
        checks: terms.checks(settings::When::Merge),
        publish: terms.merge.push.clone().map(|remote| Publish::Push { remote }),
        dry_run,
    };
    let node = members.first().map(|member| member.entry.node.clone());
    let node = node.ok_or_else(|| crate::fault::Fault::internal("a batch without entries"))?;
    job::ask(tx, &line.org, &node, &Work::Merge(merge)).await
}

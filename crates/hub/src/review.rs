//! Reviews: who is asked to judge a change, what they said, and to which commit it belongs.
//!
//! Invariant: a review that is wanted is a row, which a loop turns into a run exactly once ([`begin_wanted`]); the end of that run is the end
//! of the review, in one transaction. A person's verdict counts only for the commit that the task has at that moment.

use crate::column;
use crate::db::{Conn, Row, Tx, composed, query};
use crate::effect::Effect;
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use crate::idempotency::{self, Key, Reply};
use crate::page::PageQuery;
use crate::task::{self, Judged};
use crate::{run, settings};
use fugue_domain::agent::Driver;
use fugue_domain::api::{NewReview, Review, Shown};
use fugue_domain::caller::{Caller, Who};
use fugue_domain::id::{NodeId, OrgId, ProjectId, ReviewId, RunId, TaskId, UserId};
use fugue_domain::limits::{FINDING_BYTES_MAX, FINDINGS_MAX, TITLE_CHARS_MAX};
use fugue_domain::page::Page;
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::review::{By, Decision, Subject, Verdict, question};
use fugue_domain::run::State;
use fugue_domain::time::Time;
use fugue_domain::world::Mint;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

mod beginning;
pub mod routes;

pub use beginning::{begin_wanted, node_is_back};

const COLUMNS: &str = "r.id, r.task_id, r.head, r.state, r.verdict, r.run_id, r.user_id, r.created_at, r.ended_at";

/// What an agent is to be asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Wish {
    /// The repository.
    pub project: ProjectId,
    /// The node that has the commit.
    pub node: NodeId,
    /// The agent's name.
    pub agent: String,
    /// The program that plays it; the agent's own when absent.
    pub driver: Option<Driver>,
    /// The commit.
    pub head: String,
    /// The title of the session.
    pub title: String,
    /// The question, as [`fugue_domain::review::question`] puts it.
    pub text: String,
}

fn view(row: &Row, head: Option<&str>) -> Done<Review> {
    let verdict: Option<Verdict> = column::maybe_json(row, 4)?;
    let commit: String = row.get(2)?;
    Ok(Review {
        id: column::id(row, 0)?,
        task: column::id(row, 1)?,
        stale: head != Some(commit.as_str()),
        commit,
        state: row.get(3)?,
        verdict: verdict.as_ref().map(|verdict| verdict.decision),
        summary: verdict.as_ref().map(|verdict| verdict.summary.clone()),
        findings: verdict.map(|verdict| verdict.findings).unwrap_or_default(),
        run: column::maybe_id(row, 5)?,
        person: column::maybe_id(row, 6)?,
        created_at: Time(row.get(7)?),
        ended_at: row.get::<Option<i64>>(8)?.map(Time),
    })
}

/// Lets the agent for reviews judge a task's checked commit. One that is still at an earlier commit ends.
pub async fn begin(tx: &mut Tx<'_>, task: &TaskId) -> Done<()> {
    let row = query(
        "SELECT t.org_id, t.project_id, s.node_id, t.head, t.title, t.description, t.acceptance, t.driver FROM tasks t \
         JOIN sessions s ON s.id = t.session_id WHERE t.id = $1",
    )
    .bind(task.as_str())
    .fetch_one(tx.conn)
    .await?;
    let checked = query("SELECT shown FROM task_stories WHERE task_id = $1 AND kind = 'checked' ORDER BY n DESC LIMIT 1");
    let checked: Shown = column::json(checked.bind(task.as_str()).fetch_one(tx.conn).await?.text(0)?)?;
    let Shown::Checked { base, .. } = checked else { return Err(Fault::internal(format!("{task} was not checked"))) };
    let (project, head): (ProjectId, String) = (column::id(&row, 1)?, row.get(3)?);
    let (title, description, acceptance): (String, String, String) = (row.get(4)?, row.get(5)?, row.get(6)?);
    let subject = Subject { title: &title, description: &description, acceptance: &acceptance, base: &base, commit: &head };
    let text = question(&subject);
    let agent = settings::of(tx.conn, &project).await?.agents.review;
    let title = format!("review {title}").chars().take(TITLE_CHARS_MAX).collect();
    let wish = Wish { project, node: column::id(&row, 2)?, agent, driver: column::maybe_word(&row, 7)?, head, title, text };
    want(tx, &column::id(&row, 0)?, task, &wish).await
}

async fn want(tx: &mut Tx<'_>, org: &OrgId, task: &TaskId, wish: &Wish) -> Done<()> {
    drop_(tx, task).await?;
    query("INSERT INTO reviews (id, org_id, task_id, head, state, wish, not_before, created_at) VALUES ($1, $2, $3, $4, 'wanted', $5, $6, $6)")
        .bind(ReviewId::mint(&*tx.world).as_str())
        .bind(org.as_str())
        .bind(task.as_str())
        .bind(&wish.head)
        .bind(serde_json::to_string(wish).map_err(Fault::internal)?)
        .bind(tx.now)
        .execute(tx.conn)
        .await?;
    tx.after_commit(Effect::Review);
    Ok(())
}

/// Nobody wants an agent's judgement about the task any more: one that is under way ends.
pub async fn drop_(tx: &mut Tx<'_>, task: &TaskId) -> Done<()> {
    let found = query(
        "UPDATE reviews SET state = 'dropped', ended_at = $2 WHERE task_id = $1 AND (state = 'wanted' OR state = 'running') \
         RETURNING org_id, run_id",
    )
    .bind(task.as_str())
    .bind(tx.now)
    .fetch_optional(tx.conn)
    .await?;
    let Some(row) = found else { return Ok(()) };
    match column::maybe_id::<RunId>(&row, 1)? {
        Some(run) => run::close(tx, &column::id(&row, 0)?, &run).await,
        None => Ok(()),
    }
}

/// A run is over. If a review waited for it, there is a verdict now, and its task goes on.
pub async fn run_ended(tx: &mut Tx<'_>, run: &RunId, state: &State) -> Done<()> {
    if matches!(state, State::Running { .. }) {
        return Ok(());
    }
    let found = query("SELECT id, org_id, task_id, head FROM reviews WHERE run_id = $1 AND state = 'running'");
    let Some(row) = found.bind(run.as_str()).fetch_optional(tx.conn).await? else { return Ok(()) };
    let head: String = row.get(3)?;
    let verdict = match state {
        State::Succeeded { result, .. } => Verdict::read(result, &head, run.clone()),
        State::Over { reasons, .. } => unable(
            head,
            format!("The reviewer gave no answer. {}", reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")),
            By::Agent(run.clone()),
        ),
        State::Running { .. } => return Ok(()),
    };
    let org: OrgId = column::id(&row, 1)?;
    run::close(tx, &org, run).await?;
    end(tx, &column::id(&row, 0)?, &column::id(&row, 2)?, verdict).await
}

/// No judgement could be had.
fn unable(commit: String, summary: String, by: By) -> Verdict {
    Verdict { commit, decision: Decision::Unable, summary, findings: Vec::new(), by }
}

/// Stores the verdict of an agent's review, once, and tells the task.
fn end<'a>(tx: &'a mut Tx<'_>, id: &'a ReviewId, task: &'a TaskId, verdict: Verdict) -> BoxFuture<'a, Done<()>> {
    Box::pin(async move {
        let done = query(
            "UPDATE reviews SET state = 'ended', verdict = $2, ended_at = $3 WHERE id = $1 AND (state = 'wanted' OR state = 'running')",
        )
        .bind(id.as_str())
        .bind(serde_json::to_string(&verdict).map_err(Fault::internal)?)
        .bind(tx.now)
        .execute(tx.conn)
        .await?;
        if done == 1 { tell(tx, task, &verdict).await } else { Ok(()) }
    })
}

/// Tells a task what was said about its change.
async fn tell(tx: &mut Tx<'_>, task: &TaskId, verdict: &Verdict) -> Done<()> {
    let sql = match &verdict.by {
        _ if verdict.decision == Decision::Unable => return task::impossible(tx, task, verdict.summary.as_str().into()).await,
        By::Nobody => return Ok(()),
        By::Agent(run) => query("SELECT agent FROM runs WHERE id = $1").bind(run.as_str()),
        By::Person(person) => query("SELECT name FROM users WHERE id = $1").bind(person.as_str()),
    };
    let by: String = sql.fetch_one(tx.conn).await?.get(0)?;
    let judged = Judged {
        head: verdict.commit.clone(),
        approved: verdict.decision == Decision::Approve,
        by,
        run: if let By::Agent(run) = &verdict.by { Some(run.clone()) } else { None },
        words: Some(verdict.summary.clone()).filter(|summary| !summary.is_empty()),
        message: verdict.message(),
    };
    task::reviewed(tx, task, judged).await
}

/// A person's verdict about a task's change. An agent that is still at it need not go on.
pub async fn judge(hub: &Hub, caller: &Caller, task: &TaskId, new: NewReview, key: Option<Key>) -> Done<Reply> {
    check(&new)?;
    let Who::User(person) = caller.who.clone() else {
        return Err(Problem::new(Kind::Forbidden, "Only people judge here; an agent's review is a run of its own.").into());
    };
    let (org, task) = (caller.org.clone(), task.clone());
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                if let Some(reply) = idempotency::find(tx, key.as_ref()).await? {
                    return Ok(reply);
                }
                let Some(head) = head(tx.conn, &org, &task).await? else {
                    let hint = "Its agent is still at work: `fugue task show` tells how far it is.";
                    return Err(Problem::new(Kind::WrongState, format!("{task} has no checked commit yet.")).hint(hint).into());
                };
                if head != new.commit {
                    let detail = format!("The verdict is about {}, but the change of {task} is at {head} by now.", new.commit);
                    return Err(Problem::new(Kind::StaleReview, detail).into());
                }
                let id = keep(tx, &org, &task, &person, new).await?;
                let sql = format!("SELECT {COLUMNS} FROM reviews r WHERE r.id = $1");
                let row = composed(sql).bind(id.as_str()).fetch_one(tx.conn).await?;
                let reply = Reply::new(201, &view(&row, Some(&head))?)?;
                idempotency::store(tx, key.as_ref(), &reply).await?;
                Ok(reply)
            })
        })
        .await
}

/// Stores a person's verdict and tells the task.
async fn keep(tx: &mut Tx<'_>, org: &OrgId, task: &TaskId, person: &UserId, new: NewReview) -> Done<ReviewId> {
    drop_(tx, task).await?;
    let id = ReviewId::mint(&*tx.world);
    let verdict = Verdict {
        commit: new.commit,
        decision: new.verdict,
        summary: new.summary.trim().to_owned(),
        findings: new.comments,
        by: By::Person(person.clone()),
    };
    query(
        "INSERT INTO reviews (id, org_id, task_id, head, state, user_id, verdict, created_at, ended_at) \
         VALUES ($1, $2, $3, $4, 'ended', $5, $6, $7, $7)",
    )
    .bind(id.as_str())
    .bind(org.as_str())
    .bind(task.as_str())
    .bind(&verdict.commit)
    .bind(person.as_str())
    .bind(serde_json::to_string(&verdict).map_err(Fault::internal)?)
    .bind(tx.now)
    .execute(tx.conn)
    .await?;
    tell(tx, task, &verdict).await?;
    Ok(id)
}

fn check(new: &NewReview) -> Done<()> {
    if new.verdict == Decision::Unable {
        return Err(Problem::invalid("/verdict", "give `approve` or `request_changes`").into());
    }
    if new.summary.len() > FINDING_BYTES_MAX {
        return Err(Problem::invalid("/summary", format!("give at most {FINDING_BYTES_MAX} bytes")).into());
    }
    if new.comments.len() > FINDINGS_MAX {
        return Err(Problem::invalid("/comments", format!("give at most {FINDINGS_MAX} comments")).into());
    }
    for (at, comment) in new.comments.iter().enumerate() {
        comment.check().map_err(|(field, wrong)| Problem::invalid(&format!("/comments/{at}/{field}"), wrong))?;
    }
    let silent = new.summary.trim().is_empty() && new.comments.is_empty();
    if new.verdict == Decision::RequestChanges && silent {
        let hint = "Say it in `summary`, or in a comment on a line.";
        return Err(Problem::invalid("/comments", "nobody can tell from this what should be changed").hint(hint).into());
    }
    Ok(())
}

/// What was said about a task's change, newest first.
pub async fn list(hub: &Hub, caller: &Caller, task: &TaskId, page: PageQuery) -> Done<Page<Review>> {
    let mut conn = hub.db.read().await?;
    let head = head(&mut conn, &caller.org, task).await?;
    let sql = format!(
        "SELECT {COLUMNS} FROM reviews r WHERE r.org_id = $1 AND r.task_id = $2 AND ($3 IS NULL OR r.id < $3) ORDER BY r.id DESC LIMIT $4"
    );
    let found = composed(sql)
        .bind(caller.org.as_str())
        .bind(task.as_str())
        .bind(page.cursor.as_deref())
        .bind(page.limit + 1)
        .fetch_all(&mut conn)
        .await?;
    let items = found.iter().map(|row| view(row, head.as_deref())).collect::<Done<Vec<_>>>()?;
    Ok(Page::of(items, page.limit, |review| review.id.to_string()))
}

/// The commit that the task has at the moment.
async fn head(conn: &mut Conn, org: &OrgId, task: &TaskId) -> Done<Option<String>> {
    let row =
        query("SELECT head FROM tasks WHERE org_id = $1 AND id = $2").bind(org.as_str()).bind(task.as_str()).fetch_optional(conn).await?;
    Ok(row.ok_or_else(|| Problem::not_found("task", task.as_str()))?.get(0)?)
}

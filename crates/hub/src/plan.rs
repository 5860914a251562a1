//! Plans: a goal, the run of the agent that makes tasks of it, and what a person decides about them.
//!
//! Invariant: nothing of a plan begins before a person has accepted it. Its tasks are drafts until then, written down in the transaction in
//! which its run ends; they are accepted or rejected all together, once.

use crate::column;
use crate::db::{Conn, Row, Tx, composed, durable, query};
use crate::effect::Effect;
use crate::fault::Done;
use crate::feed::Hint;
use crate::hub::Hub;
use crate::page::PageQuery;
use crate::{project, run, settings, task, token};
use fugue_domain::api::{NewTask, Plan};
use fugue_domain::caller::Caller;
use fugue_domain::id::{OrgId, PlanId, ProjectId, RunId};
use fugue_domain::money::MicroUsd;
use fugue_domain::page::Page;
use fugue_domain::plan::answer;
use fugue_domain::problem::Problem;
use fugue_domain::run::State as RunState;
use fugue_domain::saying::Saying;
use fugue_domain::time::Time;
use serde_json::Value;

mod deciding;
mod foresight;
mod graph;
pub mod routes;
mod starting;

pub use deciding::{accept, reject, replace};
pub use foresight::{foresee, to_foresee};
pub use graph::get;
pub use starting::create;

/// What [`view`] reads.
const COLUMNS: &str = "p.id, p.project_id, p.goal, p.state, p.summary, p.questions, p.why, p.run_id, r.session_id, \
     (SELECT COUNT(*) FROM tasks t WHERE t.plan_id = p.id), (SELECT COUNT(*) FROM tasks t WHERE t.plan_id = p.id AND t.state = 'done'), \
     (SELECT COUNT(*) FROM tasks t WHERE t.plan_id = p.id AND t.ended_at IS NULL), s.cost + (SELECT CAST(COALESCE(SUM(o.cost), 0) AS BIGINT) \
     FROM tasks t JOIN task_sessions x ON x.task_id = t.id JOIN sessions o ON o.id = x.session_id WHERE t.plan_id = p.id), \
     p.created_at, p.decided_at, p.saying";
const FROM: &str = "FROM plans p JOIN runs r ON r.id = p.run_id JOIN sessions s ON s.id = r.session_id";

fn view(row: &Row) -> Done<Plan> {
    let (state, open): (String, i64) = (row.get(3)?, row.get(11)?);
    Ok(Plan {
        id: column::id(row, 0)?,
        project: column::id(row, 1)?,
        goal: row.get(2)?,
        // Not stored twice: it follows from the tasks.
        state: if state == "accepted" && open == 0 { "over".to_owned() } else { state },
        summary: row.get(4)?,
        questions: column::json(row.text(5)?)?,
        why: row.get(6)?,
        saying: Saying::parsed(row.get::<Option<String>>(15)?.as_deref()),
        run: column::id(row, 7)?,
        session: column::id(row, 8)?,
        tasks_total: row.get(9)?,
        tasks_done: row.get(10)?,
        cost_usd: MicroUsd(row.get(12)?),
        created_at: Time(row.get(13)?),
        decided_at: row.get::<Option<i64>>(14)?.map(Time),
    })
}

/// Which plans a list shows.
#[derive(Debug, Clone, Default)]
pub struct PlanFilter {
    /// A state.
    pub state: Option<String>,
    /// A project's id or name.
    pub project: Option<String>,
}

/// The org's plans, newest first.
pub async fn list(hub: &Hub, caller: &Caller, filter: PlanFilter, page: PageQuery) -> Done<Page<Plan>> {
    let mut conn = hub.db.read().await?;
    let project = match &filter.project {
        Some(name) => Some(project::find(&mut conn, &caller.org, name).await?.id),
        None => None,
    };
    let open = "EXISTS (SELECT 1 FROM tasks t WHERE t.plan_id = p.id AND t.ended_at IS NULL)";
    let (over, state) = match filter.state.as_deref() {
        Some("over") => (format!("AND NOT {open}"), Some("accepted")),
        Some("accepted") => (format!("AND {open}"), Some("accepted")),
        state => (String::new(), state),
    };
    let sql = format!(
        "SELECT {COLUMNS} {FROM} WHERE p.org_id = $1 AND ($2 IS NULL OR p.id < $2) AND ($3 IS NULL OR p.state = $3) \
         AND ($4 IS NULL OR p.project_id = $4) {over} ORDER BY p.id DESC LIMIT $5"
    );
    let found = composed(sql)
        .bind(caller.org.as_str())
        .bind(page.cursor.as_deref())
        .bind(state)
        .bind(project.as_ref().map(ProjectId::as_str))
        .bind(page.limit + 1)
        .fetch_all(&mut conn)
        .await?;
    let items = found.iter().map(view).collect::<Done<Vec<_>>>()?;
    Ok(Page::of(items, page.limit, |plan| plan.id.to_string()))
}

/// A plan of an org, inside or outside a transaction.
async fn find(conn: &mut Conn, org: &OrgId, id: &PlanId) -> Done<Plan> {
    let sql = format!("SELECT {COLUMNS} {FROM} WHERE p.org_id = $1 AND p.id = $2");
    let row = composed(sql).bind(org.as_str()).bind(id.as_str()).fetch_optional(conn).await?;
    row.as_ref().map(view).transpose()?.ok_or_else(|| Problem::not_found("plan", id.as_str()).into())
}

/// Those who look at plans are told that this one is another.
fn changed(tx: &mut Tx<'_>, org: &OrgId, id: &PlanId) {
    tx.after_commit(Effect::Hint(org.clone(), Hint::Plan { plan: id.clone() }));
}

/// The plan that awaits the end of a run.
async fn awaiting(conn: &mut Conn, run: &RunId) -> Done<Option<Row>> {
    let sql = "SELECT id, org_id, project_id, token_id FROM plans WHERE run_id = $1 AND state = 'planning'";
    Ok(query(sql).bind(run.as_str()).fetch_optional(conn).await?)
}

/// What is wrong with the answer of a run that makes a plan; `None` when nothing is, or no plan awaits it.
pub async fn judge(tx: &mut Tx<'_>, run: &RunId, said: &Value) -> Done<Option<Vec<String>>> {
    let Some(row) = awaiting(tx.conn, run).await? else { return Ok(None) };
    let settings = settings::of(tx.conn, &column::id(&row, 2)?).await?;
    Ok(answer::read(said, &settings).err())
}

/// A run has changed where it stands. If it was to make a plan and is over, its tasks are written down, as drafts.
pub async fn run_ended(tx: &mut Tx<'_>, ended: &RunId, state: &RunState) -> Done<()> {
    let Some(row) = awaiting(tx.conn, ended).await? else { return Ok(()) };
    let (id, org): (PlanId, OrgId) = (column::id(&row, 0)?, column::id(&row, 1)?);
    match state {
        RunState::Running { .. } => return Ok(()),
        RunState::Succeeded { result, .. } => propose(tx, &row, &id, result).await?,
        RunState::Over { status, reasons, .. } => {
            if let Some(why) = answer::failed(*status, reasons) {
                fail(tx, &id, &why).await?;
            }
        }
    }
    changed(tx, &org, &id);
    // It has nothing to add: what a person changes about the plan is no business of its agent.
    run::close(tx, &org, ended).await
}

async fn propose(tx: &mut Tx<'_>, row: &Row, id: &PlanId, result: &Value) -> Done<()> {
    let (org, project): (OrgId, ProjectId) = (column::id(row, 1)?, column::id(row, 2)?);
    let settings = settings::of(tx.conn, &project).await?;
    let proposal = match answer::read(result, &settings) {
        Ok(proposal) => proposal,
        // The settings have changed since the answer was judged.
        Err(reasons) => return fail(tx, id, &reasons.join("; ").into()).await,
    };
    let questions = serde_json::to_string(&proposal.questions).map_err(crate::fault::Fault::internal)?;
    let done = query("UPDATE plans SET state = 'proposed', summary = $2, questions = $3 WHERE id = $1 AND state = 'planning'")
        .bind(id.as_str())
        .bind(&proposal.summary)
        .bind(questions)
        .execute(tx.conn)
        .await?;
    if done == 1 {
        // The tasks are written down in the name of whoever stated the goal.
        let caller = token::maker(tx.conn, &column::id(row, 3)?).await?;
        let project = project::find(tx.conn, &org, project.as_str()).await?;
        let cards: Vec<_> = proposal.cards.into_iter().map(NewTask::from).collect();
        task::make(tx, &caller, &project, Some(id), &cards, true).await?;
        durable!(tx, "hub.proposed");
    }
    Ok(())
}

async fn fail(tx: &mut Tx<'_>, id: &PlanId, why: &Saying) -> Done<()> {
    let sql = "UPDATE plans SET state = 'failed', why = $2, saying = $3 WHERE id = $1 AND state = 'planning'";
    query(sql).bind(id.as_str()).bind(why.to_string()).bind(why.stored()).execute(tx.conn).await?;
    durable!(tx, "hub.proposed");
    Ok(())
}

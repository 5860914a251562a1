//! Starting a ready task: the agent as it is now, a session in a worktree of its own at the target's commit, and the first step, in one
//! transaction. What a node must be asked is asked before.

use super::advance::advance;
use super::resolver;
use super::row::{self, Row};
use super::story::Told;
use crate::column;
use crate::db::query;
use crate::effect::Effect;
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use crate::{project, run, session, settings};
use fugue_domain::agent::{Agent, Driver};
use fugue_domain::api::NewSession;
use fugue_domain::caller::{Caller, Who};
use fugue_domain::id::{NodeId, TaskId, UserId};
use fugue_domain::money::MicroUsd;
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::saying::Saying;
use fugue_domain::session::PlaceKind;
use fugue_domain::task::{Input, State};

/// What a session of the task is made of.
struct Wanted {
    caller: Caller,
    agent: Option<String>,
    driver: Option<Driver>,
    budget: Option<i64>,
}

/// Starts a task if it is ready. `false`: it is not, or not yet. Called by the foreman, who knows that there is room.
pub async fn start(hub: &Hub, id: &TaskId, node: Option<&NodeId>) -> Done<bool> {
    let mut conn = hub.db.read().await?;
    let Some(row) = row::load(&mut conn, id).await?.filter(|row| row.rules.state == State::Ready) else { return Ok(false) };
    drop(conn);
    match open(hub, &row, node).await {
        Err(Fault::Problem(problem)) if problem.kind == Kind::NoNode => {
            waits(hub, id, told(problem)).await?;
            Ok(false)
        }
        // What the caller of an ordinary session would be told, a person is told here.
        Err(Fault::Problem(problem)) => {
            give_up(hub, id, told(problem)).await?;
            Ok(false)
        }
        other => other,
    }
}

async fn open(hub: &Hub, row: &Row, node: Option<&NodeId>) -> Done<bool> {
    let wanted = wanted(hub, &row.id).await?;
    let (new, agent, ground, setup, resolver) = {
        let mut conn = hub.db.read().await?;
        let settings = settings::of(&mut conn, &row.project).await?;
        let project = project::find(&mut conn, &row.org, row.project.as_str()).await?;
        drop(conn);
        let new = NewSession {
            project: row.project.to_string(),
            agent: wanted.agent.clone().unwrap_or(settings.agents.work),
            title: Some(row.title.clone()),
            node: node.map(NodeId::to_string),
            base: Some(settings.target.unwrap_or(project.default_branch)),
            place: PlaceKind::Worktree,
            budget_usd: wanted.budget.map(MicroUsd).into_iter().chain(settings.limits.budget_usd).min(),
        };
        let (role, resolver) =
            tokio::join!(run::role(hub, &wanted.caller, &new.agent, &new), run::role(hub, &wanted.caller, &settings.agents.resolve, &new),);
        let (agent, ground) = role?;
        let agent = driven(agent, wanted.driver)?;
        // Without one a conflict goes to the task's own agent.
        let resolver = resolver.inspect_err(|fault| {
            tracing::info!(task.id = %row.id, detail = fault.problem().detail, "there is no agent for conflicts; the task's own would resolve them");
        });
        let resolver = resolver.ok().and_then(|(resolver, _)| resolver::playing(resolver, &agent, wanted.driver));
        (new, agent, ground, !settings.setup.is_empty(), resolver)
    };
    let plan = session::plan(hub, &wanted.caller, new, Some((agent, ground))).await?;
    let id = row.id.clone();
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let found = row::load(tx.conn, &id).await?;
                let Some(mut row) = found.filter(|row| row.rules.state == State::Ready) else { return Ok(false) };
                let publishes = settings::of(tx.conn, &row.project).await?.merge.push.is_some();
                if !project::target::settle(tx, &row.project, plan.node(), publishes).await? {
                    // Another task was faster, elsewhere. The foreman looks again and finds its node.
                    tx.after_commit(Effect::Foreman);
                    return Ok(false);
                }
                let session = session::store(tx, &plan).await?;
                query("INSERT INTO task_sessions (task_id, session_id, resolver) VALUES ($1, $2, $3)")
                    .bind(row.id.as_str())
                    .bind(session.id.as_str())
                    .bind(resolver.as_ref().map(serde_json::to_string).transpose().map_err(Fault::internal)?)
                    .execute(tx.conn)
                    .await?;
                let told = Told::of(Saying::Begun { agent: session.agent, session: session.id.clone() });
                row.session = Some(session.id);
                let begun = advance(tx, &mut row, Input::Begin { setup }, told, None).await?;
                begun.map(|()| true).map_err(|_| Fault::internal("a ready task cannot begin"))
            })
        })
        .await
}

/// The agent with the driver that the task asks for.
fn driven(agent: Agent, driver: Option<Driver>) -> Done<Agent> {
    let Some(driver) = driver else { return Ok(agent) };
    let refused = |wrong: fugue_domain::agent::NotAnAgent| {
        Problem::invalid("/driver", format!("the agent cannot be driven by {}: {}", driver.word(), wrong.wrong))
    };
    Ok(agent.driven_by(driver).map_err(refused)?)
}

/// The session is opened in the name of whoever wanted the task last.
async fn wanted(hub: &Hub, id: &TaskId) -> Done<Wanted> {
    let mut conn = hub.db.read().await?;
    let row = query(
        "SELECT t.org_id, k.id, k.role, k.user_id, t.agent, t.driver, t.budget FROM tasks t JOIN tokens k ON k.id = t.token_id WHERE t.id = $1",
    )
    .bind(id.as_str())
    .fetch_one(&mut conn)
    .await?;
    let user: UserId = column::maybe_id(&row, 3)?.ok_or_else(|| Fault::internal("a machine wanted a task"))?;
    Ok(Wanted {
        caller: Caller { org: column::id(&row, 0)?, who: Who::User(user), token: column::id(&row, 1)?, role: column::word(&row, 2)? },
        agent: row.get(4)?,
        driver: column::maybe_word(&row, 5)?,
        budget: row.get(6)?,
    })
}

/// A problem, as a task tells of it.
pub fn told(problem: Problem) -> Saying {
    Saying::Problem { problem: problem.kind.slug().to_owned(), detail: problem.detail }
}

/// It could begin, but for this.
pub async fn waits(hub: &Hub, id: &TaskId, why: Saying) -> Done<()> {
    let id = id.clone();
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let sql = "UPDATE tasks SET why = $2, updated_at = $3, saying = $4 WHERE id = $1 AND state = 'ready' AND (why IS NULL OR why <> $2)";
                query(sql).bind(id.as_str()).bind(why.to_string()).bind(tx.now).bind(why.stored()).execute(tx.conn).await?;
                Ok(())
            })
        })
        .await
}

async fn give_up(hub: &Hub, id: &TaskId, why: Saying) -> Done<()> {
    let id = id.clone();
    hub.db.write(move |tx| Box::pin(async move { super::impossible(tx, &id, why).await })).await
}

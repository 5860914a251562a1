//! Stating a goal: the project's settings as they are now, and the run of the agent for plans, in one transaction with the plan.

use crate::db::{durable, query};
use crate::fault::Done;
use crate::hub::Hub;
use crate::idempotency::{self, Key, Reply};
use crate::{project, run, settings};
use fugue_domain::api::{NewPlan, NewRun};
use fugue_domain::caller::Caller;
use fugue_domain::id::PlanId;
use fugue_domain::plan::answer;
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::world::Mint;

/// Characters of the goal that become part of the session's title.
const TITLE_CHARS: usize = 60;

/// Lets the agent for plans make a plan of a goal.
pub async fn create(hub: &Hub, caller: &Caller, new: NewPlan, key: Option<Key>) -> Done<Reply> {
    if let Some(reply) = idempotency::find_first(hub, key.as_ref()).await? {
        return Ok(reply);
    }
    if new.goal.trim().is_empty() {
        return Err(Problem::invalid("/goal", "say what shall be reached").into());
    }
    let project = project::get(hub, caller, &new.project).await.map_err(|fault| match fault {
        crate::fault::Fault::Problem(problem) if problem.kind == Kind::NotFound => Problem::invalid("/project", problem.detail).into(),
        other => other,
    })?;
    settings::fresh(hub, &caller.org, &project).await?;
    let settings = {
        let mut conn = hub.db.read().await?;
        settings::of(&mut conn, &project.id).await?
    };
    let agent = new.agent.clone().unwrap_or_else(|| settings.agents.plan.clone());
    let words: String =
        new.goal.split_whitespace().collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).take(TITLE_CHARS).collect();
    let wanted = NewRun {
        project: project.id.to_string(),
        text: answer::question(&new.goal, &settings),
        driver: new.driver,
        title: Some(format!("plan: {words}")),
        base: Some(settings.target.clone().unwrap_or_else(|| project.default_branch.clone())),
        budget_usd: new.budget_usd,
        ..NewRun::default()
    };
    let ready = run::ready(hub, caller, &agent, wanted).await?;
    let caller = caller.clone();
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                if let Some(reply) = idempotency::find(tx, key.as_ref()).await? {
                    return Ok(reply);
                }
                let run = run::begin(tx, &ready).await?;
                let id = PlanId::mint(&*tx.world);
                query("INSERT INTO plans (id, org_id, project_id, token_id, run_id, state, created_at, goal) VALUES ($1, $2, $3, $4, $5, 'planning', $6, $7)")
                    .bind(id.as_str())
                    .bind(caller.org.as_str())
                    .bind(project.id.as_str())
                    .bind(caller.token.as_str())
                    .bind(run.as_str())
                    .bind(tx.now)
                    .bind(new.goal.trim())
                    .execute(tx.conn)
                    .await?;
                durable!(tx, "hub.planned");
                super::changed(tx, &caller.org, &id);
                let reply = Reply::new(201, &super::find(tx.conn, &caller.org, &id).await?)?;
                idempotency::store(tx, key.as_ref(), &reply).await?;
                Ok(reply)
            })
        })
        .await
}

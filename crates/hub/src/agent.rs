//! The agents of an org: those that come with Fugue, and those that an admin stored, which win over them.

use crate::column;
use crate::db::{Conn, query};
use crate::fault::Done;
use crate::hub::Hub;
use fugue_domain::agent::{Agent, Driver};
use fugue_domain::api::{AgentView, Session};
use fugue_domain::caller::Caller;
use fugue_domain::id::OrgId;
use fugue_domain::page::Page;
use fugue_domain::problem::{Kind, Problem};
use std::collections::BTreeMap;

pub mod routes;

/// The org's agent of this name.
pub async fn find(conn: &mut Conn, org: &OrgId, name: &str) -> Done<Option<AgentView>> {
    let row = query("SELECT spec FROM agents WHERE org_id = $1 AND name = $2").bind(org.as_str()).bind(name).fetch_optional(conn).await?;
    match row {
        Some(row) => Ok(Some(AgentView { agent: column::json(&row.get::<String>(0)?)?, built_in: false })),
        None => Ok(built_in().find(|view| view.agent.name == name)),
    }
}

/// The agent that somebody names in a request.
pub async fn wanted(conn: &mut Conn, org: &OrgId, name: &str) -> Done<Agent> {
    let unknown = || {
        Problem::invalid("/agent", format!("there is no agent {:?}", name.chars().take(80).collect::<String>()))
            .hint("`fugue agent list` shows the agents; `fugue agent set` adds one.")
    };
    Ok(find(conn, org, name).await?.ok_or_else(unknown)?.agent)
}

fn built_in() -> impl Iterator<Item = AgentView> {
    Agent::built_in().iter().map(|agent| AgentView { agent: agent.clone(), built_in: true })
}

/// The agent of a session: the one that it keeps, or the org's of that name as it is now.
pub async fn of_session(conn: &mut Conn, org: &OrgId, session: &Session) -> Done<Option<Agent>> {
    let kept = query("SELECT spec FROM sessions WHERE id = $1").bind(session.id.as_str()).fetch_one(conn).await?;
    match kept.get::<Option<String>>(0)? {
        Some(spec) => Ok(Some(column::json(&spec)?)),
        None => Ok(find(conn, org, &session.agent).await?.map(|view| view.agent)),
    }
}

/// The agent of a session that keeps none, and whose org has none of that name.
pub fn of_name(name: &str, driver: Driver) -> Agent {
    // Removed meanwhile: its driver is still known, and a plain agent asks about everything.
    built_in().find(|view| view.agent.name == name).map_or_else(|| Agent::plain(name, driver, ""), |view| view.agent)
}

/// All agents of the org, by name.
pub async fn list(hub: &Hub, caller: &Caller) -> Done<Page<AgentView>> {
    let mut conn = hub.db.read().await?;
    let found = query("SELECT spec FROM agents WHERE org_id = $1 ORDER BY name").bind(caller.org.as_str()).fetch_all(&mut conn).await?;
    let mut agents: BTreeMap<String, AgentView> = built_in().map(|view| (view.agent.name.clone(), view)).collect();
    for row in found {
        let agent: Agent = column::json(&row.get::<String>(0)?)?;
        agents.insert(agent.name.clone(), AgentView { agent, built_in: false });
    }
    Ok(Page { items: agents.into_values().collect(), next_cursor: None })
}

/// One agent.
pub async fn get(hub: &Hub, caller: &Caller, name: &str) -> Done<AgentView> {
    let mut conn = hub.db.read().await?;
    find(&mut conn, &caller.org, name).await?.ok_or_else(|| Problem::not_found("agent", name).into())
}

/// Stores an agent. Sessions use it from their next turn on.
pub async fn put(hub: &Hub, caller: &Caller, agent: Agent) -> Done<AgentView> {
    agent.check().map_err(|wrong| Problem::invalid(&format!("/{}", wrong.field), wrong.wrong))?;
    let (org, stored) = (caller.org.clone(), agent.clone());
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let spec = serde_json::to_string(&stored).map_err(crate::fault::Fault::internal)?;
                query(
                    "INSERT INTO agents (org_id, name, spec, updated_at) VALUES ($1, $2, $3, $4) \
                     ON CONFLICT (org_id, name) DO UPDATE SET spec = $3, updated_at = $4",
                )
                .bind(org.as_str())
                .bind(&stored.name)
                .bind(spec)
                .bind(tx.now)
                .execute(tx.conn)
                .await?;
                Ok(())
            })
        })
        .await?;
    Ok(AgentView { agent, built_in: false })
}

/// Removes a stored agent. A built-in one of the same name shows again.
pub async fn remove(hub: &Hub, caller: &Caller, name: &str) -> Done<()> {
    let (org, gone_name) = (caller.org.clone(), name.to_owned());
    let gone = hub
        .db
        .write(move |tx| {
            Box::pin(async move {
                let done =
                    query("DELETE FROM agents WHERE org_id = $1 AND name = $2").bind(org.as_str()).bind(gone_name).execute(tx.conn).await?;
                Ok(done)
            })
        })
        .await?;
    match gone {
        0 if Agent::built_in().iter().any(|agent| agent.name == name) => {
            Err(Problem::new(Kind::WrongState, format!("The agent {name:?} comes with Fugue and was not changed.")).into())
        }
        0 => Err(Problem::not_found("agent", name).into()),
        _ => Ok(()),
    }
}

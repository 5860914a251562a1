//! The agent for conflicts: where a task's change does not fit onto the target branch, it has the next turn in the task's own worktree.
//!
//! Invariant: it is a turn of the task's session, so nobody else works in the worktree meanwhile, and what comes of it is checked like any other
//! work. It knows only what it is told here: its conversation is its own, and the task's agent goes on with its own afterwards.

use super::row::Row;
use super::story::{self, Told};
use crate::column;
use crate::db::{Tx, query};
use crate::fault::Done;
use crate::{node, run, session, turn};
use fugue_domain::agent::{Agent, Driver};
use fugue_domain::api::Shown;
use fugue_domain::id::TurnId;
use fugue_domain::rule::{Rule, Verdict};
use fugue_domain::run::judge;
use fugue_domain::saying::Saying;

/// The agent for conflicts as it would work for a task: played by the program that the task asks for. None where the task's own agent follows
/// a script, which nobody else can go on with, unless this one does too.
pub fn playing(resolver: Agent, own: &Agent, driver: Option<Driver>) -> Option<Agent> {
    let scripted = |agent: &Agent| agent.driver == Driver::Rehearse;
    if scripted(own) && !scripted(&resolver) {
        return None;
    }
    match driver {
        Some(driver) => resolver.driven_by(driver).ok(),
        None => Some(resolver),
    }
}

/// The agent that resolves a task's conflict, if it can run where the worktree is.
pub async fn of(tx: &mut Tx<'_>, row: &Row) -> Done<Option<Agent>> {
    let session = row.its_session()?;
    let found = query("SELECT resolver FROM task_sessions WHERE task_id = $1 AND session_id = $2")
        .bind(row.id.as_str())
        .bind(session.as_str())
        .fetch_one(tx.conn)
        .await?;
    let Some(agent) = found.get::<Option<String>>(0)?.map(|spec| column::json::<Agent>(&spec)).transpose()? else { return Ok(None) };
    let place = session::find(tx.conn, &row.org, session).await?.place;
    let programs = node::facts(tx.conn, &place.node).await?.map(|facts| facts.programs).unwrap_or_default();
    let is_there = programs.iter().any(|program| program.driver == agent.driver && program.path.is_some());
    Ok(Some(agent).filter(|agent| is_there || agent.driver == Driver::Command))
}

/// The same agent, which may also begin the rebase that it is told to make, onto that very commit, if its rules let it finish one.
fn beginning(agent: &Agent, shown: Option<&Shown>) -> Agent {
    let mut agent = agent.clone();
    let may = |command: String| agent.rules.judge("Bash", &serde_json::json!({ "command": command }), "/").verdict == Verdict::Allow;
    if let Some(Shown::Conflict { onto, .. }) = shown
        && may("git rebase --continue".to_owned())
        && onto.chars().all(|letter| letter.is_ascii_alphanumeric())
        && let Ok(rule) = Rule::parse(&format!("Bash(git rebase {onto})"))
    {
        agent.rules.allow.push(rule);
    }
    agent
}

/// Gives it the turn that is in line.
pub async fn take_on(tx: &mut Tx<'_>, row: &Row, turn: &TurnId, agent: &Agent, shown: Option<&Shown>) -> Done<()> {
    turn::carried_out_by(tx, turn, &beginning(agent, shown)).await?;
    let told = Told::of(Saying::Resolving { agent: agent.name.clone() });
    story::add(tx, &row.id, row.rules.state.word(), told).await
}

/// What the agent for conflicts says that it could not decide, if this was its turn. An answer that does not fit its schema says nothing:
/// the checks and the merge will tell.
pub async fn undecided(tx: &mut Tx<'_>, ended: &turn::Row) -> Done<Option<Saying>> {
    let Some(agent) = turn::own_agent(tx.conn, &ended.id).await? else { return Ok(None) };
    let said = run::last_words(tx, &ended.session, &ended.id).await?;
    let Ok(answer) = judge(agent.output.as_ref(), said.as_deref()) else { return Ok(None) };
    if answer["resolved"] != false {
        return Ok(None);
    }
    let asks = answer["needs_person"].as_array().into_iter().flatten().filter_map(|question| question.as_str());
    let asks: Vec<&str> = asks.collect();
    let why = if asks.is_empty() { answer["summary"].as_str().unwrap_or_default().to_owned() } else { asks.join(" ") };
    Ok(Some(Saying::Undecided { agent: agent.name, words: why.trim().to_owned() }))
}

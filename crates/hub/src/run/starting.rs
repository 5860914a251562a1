//! Starting a run: the agent as it is now, a session of its own, and the question as its first message, in one transaction.

use super::find;
use crate::db::{Tx, query};
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use crate::idempotency::{self, Key, Reply};
use crate::session::Ground;
use crate::{agent, message, project, session, turn};
use fugue_domain::agent::file::Proposal;
use fugue_domain::agent::{Agent, NotAnAgent};
use fugue_domain::api::{NewMessage, NewRun, NewSession};
use fugue_domain::caller::Caller;
use fugue_domain::front_matter::Wrong;
use fugue_domain::id::{OrgId, RunId, TurnId};
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::run::briefed;
use fugue_domain::session::PlaceKind;
use fugue_domain::turn::OnInterruption;
use fugue_domain::world::Mint;

/// Characters of the question that become part of the session's title.
const TITLE_CHARS: usize = 60;

/// A run for which everything is found out that a node must be asked for. It only has to be stored.
pub struct Ready {
    org: OrgId,
    plan: session::Plan,
    /// The agent's name.
    name: String,
    /// What was asked, for lists.
    asked: String,
    /// What the agent is told.
    text: String,
    issue: Option<i64>,
    policy: OnInterruption,
}

/// Starts a run.
pub async fn start(hub: &Hub, caller: &Caller, name: &str, new: NewRun, key: Option<Key>) -> Done<Reply> {
    if let Some(reply) = idempotency::find_first(hub, key.as_ref()).await? {
        return Ok(reply);
    }
    let ready = ready(hub, caller, name, new).await?;
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                if let Some(reply) = idempotency::find(tx, key.as_ref()).await? {
                    return Ok(reply);
                }
                let id = store(tx, &ready).await?;
                let reply = Reply::new(201, &find(tx.conn, &ready.org, &id).await?)?;
                idempotency::store(tx, key.as_ref(), &reply).await?;
                Ok(reply)
            })
        })
        .await
}

/// Gets a run ready: the agent as it is now, and the ground of its session.
pub async fn ready(hub: &Hub, caller: &Caller, name: &str, new: NewRun) -> Done<Ready> {
    let text = question(&new)?;
    let session = NewSession {
        project: new.project.clone(),
        agent: name.to_owned(),
        title: Some(new.title.clone().unwrap_or_else(|| title(name, &new.text))),
        node: new.node.clone(),
        base: new.base.clone(),
        place: PlaceKind::Worktree,
        budget_usd: new.budget_usd,
    };
    let (role, ground) = role(hub, caller, name, &session).await?;
    let agent = briefed(driven(role, &new)?);
    let policy = agent.on_interruption;
    let plan = session::plan(hub, caller, session, Some((agent, ground))).await?;
    Ok(Ready { org: caller.org.clone(), plan, name: name.to_owned(), asked: new.text, text, issue: new.issue, policy })
}

/// Stores a run, with its session and its first message.
pub async fn store(tx: &mut Tx<'_>, ready: &Ready) -> Done<RunId> {
    let session = session::store(tx, &ready.plan).await?;
    let (id, turn) = (RunId::mint(&*tx.world), TurnId::mint(&*tx.world));
    turn::say(tx, &ready.org, &session.id, &turn, &ready.text, ready.policy).await?;
    query("INSERT INTO runs (id, org_id, session_id, project_id, agent, turn_id, issue, created_at, text) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(id.as_str())
        .bind(ready.org.as_str())
        .bind(session.id.as_str())
        .bind(session.project.as_str())
        .bind(&ready.name)
        .bind(turn.as_str())
        .bind(ready.issue)
        .bind(tx.now)
        .bind(&ready.asked)
        .execute(tx.conn)
        .await?;
    Ok(id)
}

/// The agent of this name, as the project's own file narrows it at the commit at which the session begins.
pub async fn role(hub: &Hub, caller: &Caller, name: &str, session: &NewSession) -> Done<(Agent, Ground)> {
    let of_org = async |name: &str| -> Done<Option<Agent>> {
        let mut conn = hub.db.read().await?;
        Ok(agent::find(&mut conn, &caller.org, name).await?.map(|view| view.agent))
    };
    let unknown = || Fault::from(Problem::not_found("agent", name));
    let known = of_org(name).await?;
    let ground = match session::ground(hub, caller, session).await {
        // Who names neither an agent nor a project that there is asked for nothing.
        Err(Fault::Problem(problem)) if known.is_none() && problem.kind == Kind::Invalid => return Err(unknown()),
        ground => ground?,
    };
    let Some(commit) = ground.base.clone() else {
        let away = "The project's node is not connected, so nobody can see what the project's own agents are.";
        return Err(Problem::new(Kind::NoNode, away).into());
    };
    let text = match own_file(name) {
        Some(path) => project::file(hub, &ground.node, &ground.project, &commit, &path).await?,
        None => None,
    };
    let Some(text) = text else { return Ok((known.ok_or_else(unknown)?, ground)) };
    let refused = |wrong: Wrong| Problem::invalid("/project", format!(".fugue/agents/{name}.md at {commit} cannot be used: {wrong}"));
    let file = Proposal::read(&text, name).map_err(refused)?;
    let below = match known {
        Some(known) => known,
        None => of_org(file.driver().word()).await?.ok_or_else(unknown)?,
    };
    Ok((file.narrow(&below).map_err(refused)?, ground))
}

/// Where a project keeps its own file of an agent; nowhere, when the name is none that an agent can have.
fn own_file(name: &str) -> Option<String> {
    let tame = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let sound = !name.is_empty() && name.len() <= 60 && !name.starts_with('-') && name.chars().all(tame);
    sound.then(|| format!(".fugue/agents/{name}.md"))
}

/// What the agent is told.
fn question(new: &NewRun) -> Done<String> {
    let text = match new.issue {
        None => new.text.clone(),
        Some(number) if number > 0 => format!("Issue #{number}.\n\n{}", new.text),
        Some(_) => return Err(Problem::invalid("/issue", "numbers of issues begin at 1").into()),
    };
    message::check(&NewMessage { text: new.text.clone(), ..NewMessage::default() })?;
    message::check(&NewMessage { text: text.clone(), ..NewMessage::default() })?;
    Ok(text)
}

/// The agent with the driver that was asked for.
fn driven(agent: Agent, new: &NewRun) -> Done<Agent> {
    let Some(driver) = new.driver else { return Ok(agent) };
    let refused =
        |NotAnAgent { wrong, .. }| Problem::invalid("/driver", format!("the agent cannot be driven by {}: {wrong}", driver.word()));
    Ok(agent.driven_by(driver).map_err(refused)?)
}

/// The agent's name and the first words of the question.
fn title(name: &str, text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let words: String = words.chars().filter(|letter| !letter.is_control()).take(TITLE_CHARS).collect();
    format!("{name}: {words}")
}

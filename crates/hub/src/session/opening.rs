//! Opening a session: choose the node, pin the commit it begins at, write it down, let the node prepare the worktree.

use super::{Event, title};
use crate::column;
use crate::db::{Tx, durable, query};
use crate::effect::Effect;
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use crate::idempotency::{self, Key, Reply};
use crate::project::call_failed;
use crate::{agent, node, project};
use fugue_domain::agent::Agent;
use fugue_domain::api::{NewSession, Project, Session};
use fugue_domain::caller::Caller;
use fugue_domain::id::{NodeId, OrgId, SessionId};
use fugue_domain::link::{Answered, Ask, FromHub};
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::session::{PlaceKind, branch_name};
use fugue_domain::world::Mint;

/// A session that is about to be stored.
pub struct Plan {
    id: SessionId,
    org: OrgId,
    project: Project,
    agent: Agent,
    /// Whether the session keeps the agent as it is now, instead of looking it up by its name for each turn.
    keeps: bool,
    title: String,
    node: NodeId,
    kind: PlaceKind,
    path: String,
    branch: Option<String>,
    base: Option<String>,
    budget: Option<i64>,
}

impl Plan {
    /// The node.
    pub fn node(&self) -> &NodeId {
        &self.node
    }
}

/// Where a session will begin: its project, its node, and the commit, which is unknown while the node is away.
pub struct Ground {
    /// The project.
    pub project: Project,
    /// The node.
    pub node: NodeId,
    /// The commit.
    pub base: Option<String>,
}

/// Chooses the ground of a session.
pub async fn ground(hub: &Hub, caller: &Caller, new: &NewSession) -> Done<Ground> {
    let missing = |fault: Fault, field: &str| match fault {
        Fault::Problem(problem) if problem.kind == Kind::NotFound => Problem::invalid(field, problem.detail).into(),
        other => other,
    };
    let project = project::get(hub, caller, &new.project).await.map_err(|fault| missing(fault, "/project"))?;
    let node = choose(hub, caller, new, &project).await.map_err(|fault| missing(fault, "/node"))?;
    let base = pin(hub, &node, &project, new.base.as_deref()).await?;
    Ok(Ground { project, node, base })
}

/// Opens a session.
pub async fn open(hub: &Hub, caller: &Caller, new: NewSession, key: Option<Key>) -> Done<Reply> {
    if let Some(reply) = idempotency::find_first(hub, key.as_ref()).await? {
        return Ok(reply);
    }
    let plan = plan(hub, caller, new, None).await?;
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                if let Some(reply) = idempotency::find(tx, key.as_ref()).await? {
                    return Ok(reply);
                }
                let session = store(tx, &plan).await?;
                let reply = Reply::new(201, &Session { last_seq: session.last_seq + 1, ..session })?;
                idempotency::store(tx, key.as_ref(), &reply).await?;
                Ok(reply)
            })
        })
        .await
}

/// Stores a session, with its first event, and lets its node prepare the worktree.
pub async fn store(tx: &mut Tx<'_>, plan: &Plan) -> Done<Session> {
    insert(tx, plan).await?;
    durable!(tx, "hub.opened");
    let opened = Event::SessionOpened { title: plan.title.clone(), agent: plan.agent.name.clone(), branch: plan.branch.clone() };
    tx.event(&plan.org, &plan.id, None, opened);
    let session = super::find(tx.conn, &plan.org, &plan.id).await?;
    if plan.kind == PlaceKind::Worktree {
        let place = super::place(tx.conn, &plan.org, &session).await?;
        tx.after_commit(Effect::Say(plan.node.clone(), Box::new(FromHub::Prepare(place))));
    }
    Ok(session)
}

/// Chooses everything that a session needs. With an agent of its own, and its ground, it keeps those; otherwise it has the org's agent that
/// is named.
pub async fn plan(hub: &Hub, caller: &Caller, new: NewSession, own: Option<(Agent, Ground)>) -> Done<Plan> {
    let keeps = own.is_some();
    let (agent, Ground { project, node, base }) = match own {
        Some(own) => own,
        None => {
            let mut conn = hub.db.read().await?;
            let agent = agent::wanted(&mut conn, &caller.org, &new.agent).await?;
            drop(conn);
            (agent, ground(hub, caller, &new).await?)
        }
    };
    let title = new.title.as_deref().map_or_else(|| Ok(agent.name.clone()), title)?;
    let mut conn = hub.db.read().await?;
    let facts = node::facts(&mut conn, &node).await?.ok_or_else(|| Problem::new(Kind::NoNode, "The node has not connected yet."))?;
    let id = SessionId::mint(&*hub.world);
    let (path, branch) = match (new.place, &project.path) {
        (PlaceKind::Worktree, _) => (format!("{}/{id}", facts.worktrees.trim_end_matches('/')), Some(branch_name(&title, &id))),
        (PlaceKind::Checkout, Some(path)) => (path.clone(), None),
        (PlaceKind::Checkout, None) => {
            return Err(Problem::invalid("/place", "a project that is given by a URL has no checkout; use a worktree").into());
        }
    };
    let budget = new.budget_usd.or(agent.budget_usd).map(|budget| budget.0);
    Ok(Plan { id, org: caller.org.clone(), project, agent, keeps, title, node, kind: new.place, path, branch, base, budget })
}

/// The node: the one that has the folder, the one that was named, the one that alone has what was merged, or the connected one with the most
/// room.
async fn choose(hub: &Hub, caller: &Caller, new: &NewSession, project: &Project) -> Done<NodeId> {
    let named = match &new.node {
        Some(name) => Some(node::find(hub, caller, name).await?),
        None => None,
    };
    match (&project.node, named) {
        (Some(home), Some(named)) if *home != named => {
            Err(Problem::invalid("/node", format!("the folder of {:?} is on another node", project.name)).into())
        }
        (Some(home), _) => Ok(home.clone()),
        (None, Some(named)) => Ok(named),
        (None, None) => {
            let mut conn = hub.db.read().await?;
            if let Some(node) = project::target::node(&mut conn, &project.id).await? {
                return Ok(node);
            }
            drop(conn);
            let away = || Problem::new(Kind::NoNode, "No node is connected.");
            let mut nodes = Vec::new();
            for id in node::connected(hub, caller).await? {
                let node = node::get(hub, caller, id.as_str()).await?;
                nodes.push((node.busy - node.slots, node.id));
            }
            Ok(nodes.into_iter().min_by_key(|(room, _)| *room).ok_or_else(away)?.1)
        }
    }
}

/// The commit that the session begins at. With the node away, the default branch as it will be then.
async fn pin(hub: &Hub, node: &NodeId, project: &Project, base: Option<&str>) -> Done<Option<String>> {
    if base.is_some_and(|base| {
        base.is_empty() || base.len() > 255 || base.starts_with('-') || base.chars().any(|c| c.is_control() || c == ' ')
    }) {
        return Err(Problem::invalid("/base", "give a branch, a tag or a commit").into());
    }
    if base.is_none() && !hub.nodes.is_connected(node) {
        return Ok(None);
    }
    let base = base.unwrap_or(&project.default_branch).to_owned();
    match hub.nodes.call(node, Ask::Resolve { origin: project::origin(project)?, base }).await {
        Ok(Answered::Commit(commit)) => Ok(Some(commit)),
        Ok(other) => Err(Fault::internal(format!("a node answered {other:?} to resolve"))),
        Err(failed) => Err(call_failed(failed)),
    }
}

async fn insert(tx: &mut Tx<'_>, plan: &Plan) -> Done<()> {
    let spec = plan.keeps.then(|| serde_json::to_string(&plan.agent)).transpose().map_err(Fault::internal)?;
    query(
        "INSERT INTO sessions (id, org_id, project_id, agent, driver, title, node_id, place_kind, path, branch, base, budget, created_at, updated_at, spec) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14)",
    )
    .bind(plan.id.as_str())
    .bind(plan.org.as_str())
    .bind(plan.project.id.as_str())
    .bind(&plan.agent.name)
    .bind(plan.agent.driver.word())
    .bind(&plan.title)
    .bind(plan.node.as_str())
    .bind(column::stored(&plan.kind))
    .bind(&plan.path)
    .bind(plan.branch.as_deref())
    .bind(plan.base.as_deref())
    .bind(plan.budget)
    .bind(tx.now)
    .bind(spec)
    .execute(tx.conn)
    .await?;
    Ok(())
}

//! Nodes: the machines. One joins with a code that works once, and from then on has a credential of its own.

use crate::column;
use crate::db::{Conn, Row, composed, query};
use crate::effect::Effect;
use crate::fault::Done;
use crate::feed::Hint;
use crate::hub::Hub;
use crate::idempotency::{self, Key, Reply};
use crate::page::PageQuery;
use crate::token::{self, Issue};
use fugue_domain::api::{Join, JoinCode, Joined, Node};
use fugue_domain::caller::{Caller, Role, Who};
use fugue_domain::digest::sha256_hex;
use fugue_domain::id::{NodeId, OrgId, SessionId};
use fugue_domain::limits::JOIN_CODE_MINUTES;
use fugue_domain::node::{Load, NodeFacts, NodeState, Ownership};
use fugue_domain::page::Page;
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::saying::Saying;
use fugue_domain::session::slug;
use fugue_domain::time::Time;
use fugue_domain::world::{Millis, Mint};

mod removal;
pub mod routes;

pub use removal::{look_again, remove};

const COLUMNS: &str = "n.id, n.name, n.facts, n.load, n.draining, n.seen_at, n.created_at, \
     (SELECT COUNT(*) FROM turns t WHERE t.node_id = n.id AND t.renewed_at IS NOT NULL)";

fn view(row: &Row, now: Millis) -> Done<Node> {
    let facts: Option<NodeFacts> = column::maybe_json(row, 2)?;
    let load: Option<Load> = column::maybe_json(row, 3)?;
    let seen_at: i64 = row.get(5)?;
    // A node that joined but never connected has told nothing of itself.
    let unknown = || "unknown".to_owned();
    Ok(Node {
        id: column::id(row, 0)?,
        name: row.get(1)?,
        state: if facts.is_none() { NodeState::Lost } else { NodeState::derive(row.get::<i64>(4)? == 1, seen_at, now) },
        seen_at: Time(seen_at),
        version: facts.as_ref().map_or_else(unknown, |facts| facts.version.clone()),
        platform: facts.as_ref().map_or_else(unknown, |facts| facts.platform.clone()),
        ownership: facts.as_ref().map_or(Ownership::Sweep, |facts| facts.ownership),
        slots: facts.as_ref().map_or(0, |facts| facts.slots),
        busy: row.get(7)?,
        load: load.unwrap_or_default(),
        programs: facts.map(|facts| facts.programs).unwrap_or_default(),
        created_at: Time(row.get(6)?),
    })
}

/// The org's nodes, newest first.
pub async fn list(hub: &Hub, caller: &Caller, page: PageQuery) -> Done<Page<Node>> {
    let mut conn = hub.db.read().await?;
    let sql = format!(
        "SELECT {COLUMNS} FROM nodes n WHERE n.org_id = $1 AND n.removed_at IS NULL AND ($2 IS NULL OR n.id < $2) ORDER BY n.id DESC LIMIT $3"
    );
    let found = composed(sql).bind(caller.org.as_str()).bind(page.cursor.as_deref()).bind(page.limit + 1).fetch_all(&mut conn).await?;
    let items = found.iter().map(|row| view(row, hub.world.now())).collect::<Done<Vec<_>>>()?;
    Ok(Page::of(items, page.limit, |node| node.id.to_string()))
}

/// One node, by id or name.
pub async fn get(hub: &Hub, caller: &Caller, name_or_id: &str) -> Done<Node> {
    let mut conn = hub.db.read().await?;
    let sql = format!("SELECT {COLUMNS} FROM nodes n WHERE n.org_id = $1 AND n.removed_at IS NULL AND (n.id = $2 OR n.name = $2)");
    let row = composed(sql).bind(caller.org.as_str()).bind(name_or_id).fetch_optional(&mut conn).await?;
    match row {
        Some(row) => view(&row, hub.world.now()),
        None => Err(Problem::not_found("node", name_or_id).into()),
    }
}

/// The id of a node that is named by id or name.
pub async fn find(hub: &Hub, caller: &Caller, name_or_id: &str) -> Done<NodeId> {
    Ok(get(hub, caller, name_or_id).await?.id)
}

/// The org's nodes that are connected to this hub at the moment, the one heard last first.
pub async fn connected(hub: &Hub, caller: &Caller) -> Done<Vec<NodeId>> {
    let mut conn = hub.db.read().await?;
    let found = query("SELECT id FROM nodes WHERE org_id = $1 AND removed_at IS NULL AND draining = 0 ORDER BY seen_at DESC")
        .bind(caller.org.as_str())
        .fetch_all(&mut conn)
        .await?;
    let nodes = found.iter().map(|row| column::id(row, 0)).collect::<Done<Vec<NodeId>>>()?;
    Ok(nodes.into_iter().filter(|node| hub.nodes.is_connected(node)).collect())
}

/// Why a session's work on a node stands still: the node is away, or has no room for the worktree that is to be made there.
pub async fn standstill(conn: &mut Conn, node: &NodeId, session: &SessionId, now: Millis) -> Done<Option<Saying>> {
    let found = query(
        "SELECT n.name, n.seen_at, n.load, (SELECT COUNT(*) FROM jobs j WHERE j.session_id = $2 AND j.kind = 'prepare' AND j.ended_at IS NULL) \
         FROM nodes n WHERE n.id = $1 AND n.removed_at IS NULL",
    );
    let Some(row) = found.bind(node.as_str()).bind(session.as_str()).fetch_optional(conn).await? else { return Ok(None) };
    let name: String = row.get(0)?;
    let load: Option<Load> = column::maybe_json(&row, 2)?;
    if row.get::<i64>(3)? > 0 && load.and_then(|load| load.room).is_some_and(|room| room.full) {
        return Ok(Some(Saying::NodeFull { node: name }));
    }
    let lost = NodeState::derive(false, row.get(1)?, now) == NodeState::Lost;
    Ok(lost.then_some(Saying::NodeAway { node: name }))
}

/// What a node said of itself when it connected last.
pub async fn facts(conn: &mut Conn, node: &NodeId) -> Done<Option<NodeFacts>> {
    let row = query("SELECT facts FROM nodes WHERE id = $1").bind(node.as_str()).fetch_one(conn).await?;
    column::maybe_json(&row, 0)
}

/// Makes a code with which one machine can join.
pub async fn join_code(hub: &Hub, caller: &Caller, key: Option<Key>) -> Done<Reply> {
    let (world, org) = (hub.world.clone(), caller.org.clone());
    let url = hub.settings.address.as_ref().unwrap_or(&hub.settings.url).clone();
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                if let Some(reply) = idempotency::find(tx, key.as_ref()).await? {
                    return Ok(reply);
                }
                let code = token::secret(&*world, "fgj");
                let expires_at = tx.now + JOIN_CODE_MINUTES * 60_000;
                query("INSERT INTO join_codes (hash, org_id, expires_at) VALUES ($1, $2, $3)")
                    .bind(sha256_hex(code.as_bytes()))
                    .bind(org.as_str())
                    .bind(expires_at)
                    .execute(tx.conn)
                    .await?;
                let made = JoinCode { command: format!("fugue node join {code} --hub {url}"), code, expires_at: Time(expires_at) };
                let reply = Reply::new(201, &made)?;
                idempotency::store_sealed(tx, key.as_ref(), &reply).await?;
                Ok(reply)
            })
        })
        .await
}

/// Lets a machine join. The code is used up even if the machine never hears the answer.
pub async fn join(hub: &Hub, join: Join) -> Done<Joined> {
    let name = node_name(&join.name)?;
    let world = hub.world.clone();
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let used =
                    query("UPDATE join_codes SET used_at = $2 WHERE hash = $1 AND used_at IS NULL AND expires_at > $2 RETURNING org_id")
                        .bind(sha256_hex(join.code.as_bytes()))
                        .bind(tx.now)
                        .fetch_optional(tx.conn)
                        .await?;
                let spent =
                    || Problem::new(Kind::CodeSpent, format!("The join code is unknown, used, or older than {JOIN_CODE_MINUTES} minutes."));
                let org: OrgId = column::id(&used.ok_or_else(spent)?, 0)?;
                let (node, token) = enlist(tx, &*world, &org, &name).await?;
                Ok(Joined { node, token })
            })
        })
        .await
}

/// The node of this machine, for hub and node in one process: known by its credential, or made.
pub async fn local(hub: &Hub, name: &str, token: Option<&str>) -> Done<(NodeId, String)> {
    if let Some(token) = token
        && let Some(Caller { who: Who::Node(node), .. }) = token::authenticate(hub, token).await?
    {
        return Ok((node, token.to_owned()));
    }
    let (world, name) = (hub.world.clone(), node_name(name)?);
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let (org, _) = crate::org::ensure(tx, &world, crate::org::HOME).await?;
                enlist(tx, &*world, &org, &name).await
            })
        })
        .await
}

fn node_name(name: &str) -> Done<String> {
    let name = slug(name, 60);
    if name.is_empty() { Err(Problem::invalid("/name", "give the machine's name").into()) } else { Ok(name) }
}

async fn enlist(tx: &mut crate::db::Tx<'_>, world: &dyn fugue_domain::world::World, org: &OrgId, name: &str) -> Done<(NodeId, String)> {
    let node = NodeId::mint(world);
    let taken = query("SELECT 1 FROM nodes WHERE org_id = $1 AND name = $2 AND removed_at IS NULL")
        .bind(org.as_str())
        .bind(name)
        .fetch_optional(tx.conn)
        .await?;
    let name = if taken.is_some() { format!("{name}-{}", node.short()) } else { name.to_owned() };
    query("INSERT INTO nodes (id, org_id, name, seen_at, created_at) VALUES ($1, $2, $3, $4, $4)")
        .bind(node.as_str())
        .bind(org.as_str())
        .bind(&name)
        .bind(tx.now)
        .execute(tx.conn)
        .await?;
    let secret = token::secret(world, "fgn");
    let issued = Issue { org, who: Who::Node(node.clone()), name: &name, role: Role::Node, expires_at: None, secret: &secret };
    token::issue(tx, world, issued).await?;
    Ok((node, secret))
}

/// Gives a node nothing new. It goes on with what it has, and with the checks and merges of that.
pub async fn drain(hub: &Hub, caller: &Caller, name_or_id: &str) -> Done<Node> {
    set_draining(hub, caller, name_or_id, true).await
}

/// Gives a node work again.
pub async fn resume(hub: &Hub, caller: &Caller, name_or_id: &str) -> Done<Node> {
    set_draining(hub, caller, name_or_id, false).await
}

async fn set_draining(hub: &Hub, caller: &Caller, name_or_id: &str, draining: bool) -> Done<Node> {
    let (node, org) = (find(hub, caller, name_or_id).await?, caller.org.clone());
    let id = node.clone();
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                query("UPDATE nodes SET draining = $2 WHERE id = $1")
                    .bind(node.as_str())
                    .bind(i64::from(draining))
                    .execute(tx.conn)
                    .await?;
                tx.after_commit(Effect::Hint(org, Hint::Node { node }));
                Ok(())
            })
        })
        .await?;
    get(hub, caller, id.as_str()).await
}

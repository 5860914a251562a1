//! A delivery to a hook: judged, and then taken in one transaction, with the message that it becomes.
//!
//! Invariant: what is answered with success is on disk or was before; what is not signed by a hook's secret changes nothing and learns nothing,
//! not even whether there is such a hook. A hook has one session that stands; the first delivery after its end opens the next one.

use crate::column;
use crate::db::{Conn, Tx, durable, query};
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use crate::{message, session, token};
use fugue_domain::api::NewSession;
use fugue_domain::digest::sha256_hex;
use fugue_domain::hook::words::words;
use fugue_domain::hook::{Headers, HookKind, Refused, Secret, Verdict, judge};
use fugue_domain::id::{HookId, OrgId, SessionId, TokenId};
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::session::PlaceKind;
use std::collections::BTreeSet;

/// Times that a delivery is taken up anew because its session was closed, or opened by another delivery, at the same moment.
const TRIES: usize = 5;

/// What a delivery is answered.
pub enum Answer {
    /// Something of it is new, and on disk; with the kind of its hook.
    Stored(HookKind),
    /// There was nothing to do, or it was done before.
    Known,
    /// Its sender wants to read this.
    Says(String),
}

/// A hook, as far as taking needs it.
#[derive(Clone)]
struct Row {
    id: HookId,
    org: OrgId,
    name: String,
    kind: HookKind,
    project: String,
    agent: String,
    title: String,
    sealed: String,
    maker: TokenId,
}

/// What is to be said because of one delivery, and by what it is known again.
#[derive(Clone)]
struct Item {
    hash: String,
    text: String,
}

/// Judges what came to an address, and takes it.
pub async fn deliver(hub: &Hub, id: &HookId, headers: &Headers<'_>, body: &[u8]) -> Done<Answer> {
    let row = load(hub, id).await?.ok_or_else(refused)?;
    let secret = secret(hub, &row).inspect_err(|fault| {
        tracing::error!(hook.id = %row.id, cause = %fault, "the secret of a hook cannot be read: bring `hook.key` back, or make the hook anew");
    });
    let verdict = judge(row.kind, &secret.map_err(|_| refused())?, headers, body, hub.world.now());
    let deliveries = match verdict {
        Ok(Verdict::Answer(text)) => return Ok(Answer::Says(text)),
        Ok(Verdict::Take(deliveries)) => deliveries,
        Err(Refused::Unsigned) => return Err(refused()),
        Err(Refused::Unreadable(why)) => {
            return Err(Problem::new(Kind::Malformed, format!("The delivery is signed, but it cannot be taken: {why}.")).into());
        }
    };
    let item = |delivery| Item { hash: hash(&delivery), text: words(&row.name, row.kind, &delivery) };
    take(hub, &row, deliveries.into_iter().map(item).collect()).await
}

fn hash(delivery: &fugue_domain::hook::Delivery<'_>) -> String {
    sha256_hex(delivery.id.as_bytes())
}

/// What everybody hears who does not show that a hook knows them.
pub fn refused() -> Fault {
    Problem::new(Kind::Unauthenticated, "No hook takes this delivery.")
        .hint("Compare address and secret on both sides, and the clocks; a new hook has a new address and a new secret.")
        .into()
}

async fn load(hub: &Hub, id: &HookId) -> Done<Option<Row>> {
    let mut conn = hub.db.read().await?;
    let row = query("SELECT org_id, name, kind, project_id, agent, title, secret, token_id FROM hooks WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(&mut conn)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Row {
        id: id.clone(),
        org: column::id(&row, 0)?,
        name: row.get(1)?,
        kind: column::word(&row, 2)?,
        project: row.get(3)?,
        agent: row.get(4)?,
        title: row.get(5)?,
        sealed: row.get(6)?,
        maker: column::id(&row, 7)?,
    }))
}

fn secret(hub: &Hub, row: &Row) -> Done<Secret> {
    let text = hub.settings.hook_key.open(row.id.as_str(), &row.sealed)?;
    Secret::read(row.kind, &text).map_err(Fault::internal)
}

async fn take(hub: &Hub, row: &Row, items: Vec<Item>) -> Done<Answer> {
    for again in 0.. {
        let (fresh, standing) = {
            let mut conn = hub.db.read().await?;
            (any_fresh(&mut conn, &row.id, &items).await?, standing(&mut conn, &row.id).await?)
        };
        if !fresh {
            return Ok(Answer::Known);
        }
        let plan = if standing.is_some() { None } else { Some(plan(hub, row).await?) };
        let (row, items) = (row.clone(), items.clone());
        match hub.db.write(move |tx| Box::pin(async move { store(tx, &row, plan.as_ref(), &items).await })).await {
            Err(fault) if fault.is_raced() && again < TRIES => {}
            answer => return answer,
        }
    }
    unreachable!("the last try is answered")
}

/// Whether something of it was not taken before. A delivery that comes again asks nothing of a node.
async fn any_fresh(conn: &mut Conn, hook: &HookId, items: &[Item]) -> Done<bool> {
    for item in items {
        let known = query("SELECT 1 FROM hook_deliveries WHERE hook_id = $1 AND hash = $2").bind(hook.as_str()).bind(&item.hash);
        if known.fetch_optional(&mut *conn).await?.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The session that gets what the hook takes, while it is open.
async fn standing(conn: &mut Conn, hook: &HookId) -> Done<Option<SessionId>> {
    let row = query("SELECT s.id FROM hooks h JOIN sessions s ON s.id = h.session_id WHERE h.id = $1 AND s.closed_at IS NULL")
        .bind(hook.as_str())
        .fetch_optional(conn)
        .await?;
    row.map(|row| column::id(&row, 0)).transpose()
}

async fn plan(hub: &Hub, row: &Row) -> Done<session::Plan> {
    let caller = token::maker(&mut *hub.db.read().await?, &row.maker).await?;
    let new = NewSession {
        project: row.project.clone(),
        agent: row.agent.clone(),
        title: Some(row.title.clone()),
        node: None,
        base: None,
        place: PlaceKind::Worktree,
        budget_usd: None,
    };
    session::plan(hub, &caller, new, None).await.map_err(|fault| match fault {
        // The sender cannot mend it, and it is none of its business what our agents and repositories are called.
        Fault::Problem(problem) if !problem.kind.retryable() => {
            tracing::warn!(hook.id = %row.id, detail = problem.detail, "a hook cannot open its session");
            Problem::new(Kind::WrongState, "The hook's project or agent cannot be used at the moment.").into()
        }
        other => other,
    })
}

async fn store(tx: &mut Tx<'_>, row: &Row, plan: Option<&session::Plan>, items: &[Item]) -> Done<Answer> {
    let fresh = remember(tx, &row.id, items).await?;
    if fresh.is_empty() {
        return Ok(Answer::Known);
    }
    // From here on deliveries to this hook come one after the other, also to several hubs.
    let here = query("UPDATE hooks SET delivered_at = $2 WHERE id = $1").bind(row.id.as_str()).bind(tx.now).execute(tx.conn).await?;
    if here == 0 {
        return Err(refused());
    }
    let session = match (standing(tx.conn, &row.id).await?, plan) {
        (Some(session), _) => session,
        (None, Some(plan)) => {
            let session = session::store(tx, plan).await?.id;
            query("UPDATE hooks SET session_id = $2 WHERE id = $1").bind(row.id.as_str()).bind(session.as_str()).execute(tx.conn).await?;
            session
        }
        (None, None) => return Err(Fault::NotWritten),
    };
    message::accept(tx, &row.org, &session, fresh).await?;
    durable!(tx, "hub.delivered");
    Ok(Answer::Stored(row.kind))
}

/// Writes down what is taken, and gives the texts of what was not before, in their order.
async fn remember(tx: &mut Tx<'_>, hook: &HookId, items: &[Item]) -> Done<Vec<String>> {
    // In one order, so that two transactions cannot wait for each other.
    let hashes: BTreeSet<&str> = items.iter().map(|item| item.hash.as_str()).collect();
    let mut fresh = BTreeSet::new();
    for hash in hashes {
        let stored =
            query("INSERT INTO hook_deliveries (hook_id, hash, taken_at) VALUES ($1, $2, $3) ON CONFLICT (hook_id, hash) DO NOTHING")
                .bind(hook.as_str())
                .bind(hash)
                .bind(tx.now)
                .execute(tx.conn)
                .await?;
        if stored == 1 {
            fresh.insert(hash);
        }
    }
    Ok(items.iter().filter(|item| fresh.remove(item.hash.as_str())).map(|item| item.text.clone()).collect())
}

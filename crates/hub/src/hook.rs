//! Hooks: doors for deliveries from outside. Whoever knows a hook's secret can have something said to its session.
//!
//! Invariant: the secret is shown once, to its maker, and lies in the database sealed with a key that is not there. What comes in is judged
//! and taken in [`delivery`].

use crate::column;
use crate::db::{Row, Tx, composed, query};
use crate::fault::Done;
use crate::hub::Hub;
use crate::idempotency::{self, Key, Reply};
use crate::page::PageQuery;
use crate::session::one_line;
use crate::{agent, project, token};
use fugue_domain::api::{Hook, NewHook};
use fugue_domain::base64url;
use fugue_domain::caller::Caller;
use fugue_domain::hook::{HookKind, Secret};
use fugue_domain::id::HookId;
use fugue_domain::limits::{HOOK_DELIVERY_DAYS, HOOKS_MAX};
use fugue_domain::page::Page;
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::time::Time;
use fugue_domain::world::{Mint, World};

mod delivery;
pub mod routes;
#[cfg(test)]
mod tests;

pub use delivery::{Answer, deliver, refused};

const COLUMNS: &str = "id, name, kind, project_id, agent, title, session_id, delivered_at, created_at";

fn view(row: &Row, hub: &Hub) -> Done<Hook> {
    let id = column::id(row, 0)?;
    Ok(Hook {
        address: address(hub, &id),
        id,
        name: row.get(1)?,
        kind: column::word(row, 2)?,
        project: column::id(row, 3)?,
        agent: row.get(4)?,
        title: row.get(5)?,
        session: column::maybe_id(row, 6)?,
        delivered_at: row.get::<Option<i64>>(7)?.map(Time),
        created_at: Time(row.get(8)?),
        secret: None,
    })
}

fn address(hub: &Hub, id: &HookId) -> String {
    format!("{}/api/v1/hooks/{id}", hub.settings.address.as_ref().unwrap_or(&hub.settings.url))
}

/// The secret of a new hook: the one that was given, or one of ours.
fn secret(world: &dyn World, new: &NewHook) -> Done<String> {
    let text = match (&new.secret, new.kind) {
        (Some(theirs), _) => theirs.clone(),
        (None, HookKind::Github) => token::secret(world, "fgh"),
        (None, HookKind::Standard) => {
            format!("whsec_{}", base64url::standard(&[world.random().to_be_bytes(), world.random().to_be_bytes()].concat()))
        }
        (None, HookKind::Line) => return Err(Problem::invalid("/secret", "give the channel secret of the LINE channel").into()),
        (None, HookKind::Slack) => return Err(Problem::invalid("/secret", "give the signing secret of the Slack app").into()),
    };
    Secret::read(new.kind, &text).map_err(|wrong| Problem::invalid("/secret", wrong))?;
    Ok(text)
}

/// Makes a hook. The answer alone holds its secret.
pub async fn create(hub: &Hub, caller: &Caller, new: NewHook, key: Option<Key>) -> Done<Reply> {
    let name = one_line("/name", &new.name)?;
    let title = new.title.as_deref().map_or_else(|| Ok(name.clone()), |title| one_line("/title", title))?;
    let secret = secret(&*hub.world, &new)?;
    let id = HookId::mint(&*hub.world);
    let (sealed, address) = (hub.settings.hook_key.seal(id.as_str(), &secret)?, address(hub, &id));
    let caller = caller.clone();
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                if let Some(reply) = idempotency::find(tx, key.as_ref()).await? {
                    return Ok(reply);
                }
                let project = project::named(tx.conn, &caller.org, &new.project).await?.id;
                agent::wanted(tx.conn, &caller.org, &new.agent).await?;
                let (kind, agent, created_at) = (new.kind, new.agent, Time(tx.now));
                let hook = Hook {
                    id,
                    name,
                    kind,
                    project,
                    agent,
                    title,
                    address,
                    session: None,
                    delivered_at: None,
                    created_at,
                    secret: Some(secret),
                };
                insert(tx, &caller, &hook, &sealed).await?;
                let reply = Reply::new(201, &hook)?;
                idempotency::store_sealed(tx, key.as_ref(), &reply).await?;
                Ok(reply)
            })
        })
        .await
}

async fn insert(tx: &mut Tx<'_>, caller: &Caller, hook: &Hook, sealed: &str) -> Done<()> {
    let row = query("SELECT COUNT(*) FROM hooks WHERE org_id = $1").bind(caller.org.as_str()).fetch_one(tx.conn).await?;
    if row.get::<i64>(0)? >= HOOKS_MAX {
        let full = format!("The org has {HOOKS_MAX} hooks, which is as many as it may have.");
        return Err(Problem::new(Kind::WrongState, full).hint("Remove one that is not used any more: `fugue hook remove ID`.").into());
    }
    query("INSERT INTO hooks (id, org_id, name, kind, project_id, agent, title, secret, token_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
        .bind(hook.id.as_str())
        .bind(caller.org.as_str())
        .bind(&hook.name)
        .bind(hook.kind.word())
        .bind(hook.project.as_str())
        .bind(&hook.agent)
        .bind(&hook.title)
        .bind(sealed)
        .bind(caller.token.as_str())
        .bind(tx.now)
        .execute(tx.conn)
        .await?;
    Ok(())
}

/// The org's hooks, newest first.
pub async fn list(hub: &Hub, caller: &Caller, page: PageQuery) -> Done<Page<Hook>> {
    let mut conn = hub.db.read().await?;
    let sql = format!("SELECT {COLUMNS} FROM hooks WHERE org_id = $1 AND ($2 IS NULL OR id < $2) ORDER BY id DESC LIMIT $3");
    let found = composed(sql).bind(caller.org.as_str()).bind(page.cursor.as_deref()).bind(page.limit + 1).fetch_all(&mut conn).await?;
    let items = found.iter().map(|row| view(row, hub)).collect::<Done<Vec<_>>>()?;
    Ok(Page::of(items, page.limit, |hook| hook.id.to_string()))
}

/// One hook.
pub async fn get(hub: &Hub, caller: &Caller, id: &HookId) -> Done<Hook> {
    let mut conn = hub.db.read().await?;
    let sql = format!("SELECT {COLUMNS} FROM hooks WHERE org_id = $1 AND id = $2");
    let row = composed(sql).bind(caller.org.as_str()).bind(id.as_str()).fetch_optional(&mut conn).await?;
    row.map(|row| view(&row, hub)).transpose()?.ok_or_else(|| Problem::not_found("hook", id.as_str()).into())
}

/// Removes a hook with its secret. Its session stays.
pub async fn remove(hub: &Hub, caller: &Caller, id: &HookId) -> Done<()> {
    let (org, hook) = (caller.org.clone(), id.clone());
    let gone = hub
        .db
        .write(move |tx| {
            Box::pin(async move {
                let gone = query("DELETE FROM hooks WHERE org_id = $1 AND id = $2").bind(org.as_str()).bind(hook.as_str());
                Ok(gone.execute(tx.conn).await?)
            })
        })
        .await?;
    if gone == 0 { Err(Problem::not_found("hook", id.as_str()).into()) } else { Ok(()) }
}

/// Forgets what was taken long ago, a bounded number at a time.
pub async fn forget_old(tx: &mut Tx<'_>) -> Done<()> {
    query(
        "DELETE FROM hook_deliveries WHERE (hook_id, hash) IN \
         (SELECT hook_id, hash FROM hook_deliveries WHERE taken_at <= $1 ORDER BY taken_at LIMIT 10000)",
    )
    .bind(tx.now - HOOK_DELIVERY_DAYS * 24 * 60 * 60 * 1_000)
    .execute(tx.conn)
    .await?;
    Ok(())
}

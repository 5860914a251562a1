//! Orgs: the tenants. A fresh install has one, `home`, with one user, the owner.

use crate::db::{Tx, query};
use crate::fault::Done;
use crate::hub::Hub;
use fugue_domain::api::{Me, OrgSettings};
use fugue_domain::caller::Caller;
use fugue_domain::id::{OrgId, UserId};
use fugue_domain::money::MicroUsd;
use fugue_domain::world::{Mint, SharedWorld};

pub mod routes;

/// The org of a fresh install.
pub const HOME: &str = "home";

/// The org of this name and its first user, made if they are not there.
pub async fn ensure(tx: &mut Tx<'_>, world: &SharedWorld, name: &str) -> Done<(OrgId, UserId)> {
    query("INSERT INTO orgs (id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING")
        .bind(OrgId::mint(&**world).as_str())
        .bind(name)
        .bind(tx.now)
        .execute(tx.conn)
        .await?;
    let row = query("SELECT id FROM orgs WHERE name = $1").bind(name).fetch_one(tx.conn).await?;
    let org = crate::column::id::<OrgId>(&row, 0)?;
    let user = query("SELECT id FROM users WHERE org_id = $1 ORDER BY id LIMIT 1").bind(org.as_str()).fetch_optional(tx.conn).await?;
    if let Some(row) = user {
        return Ok((org, crate::column::id(&row, 0)?));
    }
    let user = UserId::mint(&**world);
    query("INSERT INTO users (id, org_id, name, created_at) VALUES ($1, $2, 'owner', $3)")
        .bind(user.as_str())
        .bind(org.as_str())
        .bind(tx.now)
        .execute(tx.conn)
        .await?;
    Ok((org, user))
}

/// Who the caller is.
pub async fn me(hub: &Hub, caller: &Caller) -> Done<Me> {
    let mut conn = hub.db.read().await?;
    let row = query("SELECT name FROM orgs WHERE id = $1").bind(caller.org.as_str()).fetch_one(&mut conn).await?;
    Ok(Me { org: caller.org.clone(), org_name: row.get(0)?, role: caller.role, token: caller.token.clone() })
}

/// The org's settings.
pub async fn settings(hub: &Hub, caller: &Caller) -> Done<OrgSettings> {
    let mut conn = hub.db.read().await?;
    let row = query("SELECT daily_budget FROM orgs WHERE id = $1").bind(caller.org.as_str()).fetch_one(&mut conn).await?;
    Ok(OrgSettings { daily_budget_usd: row.get::<Option<i64>>(0)?.map(MicroUsd) })
}

/// Changes the org's settings. Turns that the old daily budget stopped are looked at again.
pub async fn change(hub: &Hub, caller: &Caller, settings: OrgSettings) -> Done<OrgSettings> {
    let (org, kept) = (caller.org.clone(), settings.clone());
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                query("UPDATE orgs SET daily_budget = $2 WHERE id = $1")
                    .bind(org.as_str())
                    .bind(settings.daily_budget_usd.map(|budget| budget.0))
                    .execute(tx.conn)
                    .await?;
                crate::budget::look_again(tx, &org, None).await
            })
        })
        .await?;
    Ok(kept)
}

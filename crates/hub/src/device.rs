//! Devices: browsers of people. A code that works once, within a minute, makes one; a cookie that no script can read is its credential.
//!
//! Invariant: a device may do no more, and works no longer, than the credential that made its code. Its secret begins with [`PREFIX`]:
//! such a one is taken from the cookie and from nowhere else, and the cookie takes no other.

use crate::column;
use crate::db::{Row, composed, query};
use crate::fault::Done;
use crate::hub::Hub;
use crate::page::PageQuery;
use crate::push;
use crate::session::one_line;
use crate::token::{self, Issue};
use fugue_domain::api::{Device, DeviceCode, NewDevice};
use fugue_domain::caller::{Caller, Role, Who};
use fugue_domain::digest::sha256_hex;
use fugue_domain::id::{DeviceId, OrgId, TokenId, UserId};
use fugue_domain::limits::{DEVICE_CODE_SECONDS, DEVICE_DAYS};
use fugue_domain::page::Page;
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::time::Time;
use fugue_domain::world::{Millis, Mint};

pub mod routes;

/// What the secret of a device begins with.
pub const PREFIX: &str = "fgd";

/// Makes a code for one device of the caller.
pub async fn code(hub: &Hub, caller: &Caller) -> Done<DeviceCode> {
    if let Who::Node(_) = caller.who {
        return Err(Problem::new(Kind::Forbidden, "A node has no devices.").into());
    }
    let (world, maker, address) = (hub.world.clone(), caller.token.clone(), hub.settings.address.clone());
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let code = token::secret(&*world, "fgc");
                let expires_at = tx.now + DEVICE_CODE_SECONDS * 1_000;
                // A code that can no longer be used is of no use to anybody.
                query("DELETE FROM device_codes WHERE expires_at < $1").bind(tx.now).execute(tx.conn).await?;
                query("INSERT INTO device_codes (hash, token_id, expires_at) VALUES ($1, $2, $3)")
                    .bind(sha256_hex(code.as_bytes()))
                    .bind(maker.as_str())
                    .bind(expires_at)
                    .execute(tx.conn)
                    .await?;
                Ok(DeviceCode { path: format!("/pair#{code}"), address, expires_at: Time(expires_at) })
            })
        })
        .await
}

/// Makes a device of a code, and its secret. The code is used up even if the browser never hears the answer.
pub async fn pair(hub: &Hub, new: NewDevice) -> Done<(Device, String)> {
    let name = one_line("/name", &new.name)?;
    let world = hub.world.clone();
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let used = query(
                    "UPDATE device_codes SET used_at = $2 WHERE hash = $1 AND used_at IS NULL AND expires_at > $2 RETURNING token_id",
                )
                .bind(sha256_hex(new.code.as_bytes()))
                .bind(tx.now)
                .fetch_optional(tx.conn)
                .await?;
                let spent =
                    || Problem::new(Kind::CodeSpent, format!("The code is unknown, used, or older than {DEVICE_CODE_SECONDS} seconds."));
                let maker: TokenId = column::id(&used.ok_or_else(spent)?, 0)?;
                let row = query(
                    "SELECT org_id, user_id, role, expires_at FROM tokens \
                     WHERE id = $1 AND user_id IS NOT NULL AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)",
                )
                .bind(maker.as_str())
                .bind(tx.now)
                .fetch_optional(tx.conn)
                .await?;
                let row = row.ok_or_else(spent)?;
                let (org, user): (OrgId, UserId) = (column::id(&row, 0)?, column::id(&row, 1)?);
                let role: Role = column::word(&row, 2)?;
                let most = tx.now + DEVICE_DAYS * 24 * 60 * 60 * 1_000;
                let expires_at = row.get::<Option<Millis>>(3)?.map_or(most, |maker| maker.min(most));
                let secret = token::secret(&*world, PREFIX);
                let who = Who::User(user.clone());
                let issue = Issue { org: &org, who, name: &name, role, expires_at: Some(expires_at), secret: &secret };
                let token = token::issue(tx, &*world, issue).await?;
                let id = DeviceId::mint(&*world);
                query("INSERT INTO devices (id, org_id, user_id, token_id, name, created_at) VALUES ($1, $2, $3, $4, $5, $6)")
                    .bind(id.as_str())
                    .bind(org.as_str())
                    .bind(user.as_str())
                    .bind(token.as_str())
                    .bind(&name)
                    .bind(tx.now)
                    .execute(tx.conn)
                    .await?;
                let device =
                    Device { id, name, role, created_at: Time(tx.now), expires_at: Time(expires_at), current: true, pushes: Vec::new() };
                Ok((device, secret))
            })
        })
        .await
}

const COLUMNS: &str = "d.id, d.name, t.role, d.created_at, t.expires_at, d.token_id, p.kinds";

fn view(row: &Row, caller: &Caller) -> Done<Device> {
    Ok(Device {
        id: column::id(row, 0)?,
        name: row.get(1)?,
        role: column::word(row, 2)?,
        created_at: Time(row.get(3)?),
        expires_at: Time(row.get(4)?),
        current: column::id::<TokenId>(row, 5)? == caller.token,
        pushes: row.get::<Option<String>>(6)?.map_or_else(|| Ok(Vec::new()), |kinds| column::json(&kinds))?,
    })
}

/// The person whose devices are meant.
fn person(caller: &Caller) -> Done<&UserId> {
    match &caller.who {
        Who::User(user) => Ok(user),
        Who::Node(_) => Err(Problem::new(Kind::Forbidden, "A node has no devices.").into()),
    }
}

/// The caller's devices that still work.
pub async fn list(hub: &Hub, caller: &Caller, page: PageQuery) -> Done<Page<Device>> {
    let mut conn = hub.db.read().await?;
    let sql = format!(
        "SELECT {COLUMNS} FROM devices d JOIN tokens t ON t.id = d.token_id \
         LEFT JOIN push_subscriptions p ON p.device_id = d.id WHERE d.org_id = $1 AND d.user_id = $2 \
         AND t.revoked_at IS NULL AND t.expires_at > $3 AND ($4 IS NULL OR d.id < $4) ORDER BY d.id DESC LIMIT $5"
    );
    let found = composed(sql)
        .bind(caller.org.as_str())
        .bind(person(caller)?.as_str())
        .bind(hub.world.now())
        .bind(page.cursor.as_deref())
        .bind(page.limit + 1)
        .fetch_all(&mut conn)
        .await?;
    let items = found.iter().map(|row| view(row, caller)).collect::<Done<Vec<_>>>()?;
    Ok(Page::of(items, page.limit, |device| device.id.to_string()))
}

/// Signs one of the caller's devices out, at once; one that is out already stays so. Whether it is the one that asks.
pub async fn revoke(hub: &Hub, caller: &Caller, id: &DeviceId) -> Done<bool> {
    let (org, user, device) = (caller.org.clone(), person(caller)?.clone(), id.clone());
    let token = hub
        .db
        .write(move |tx| {
            Box::pin(async move {
                let row = query("SELECT token_id FROM devices WHERE id = $1 AND org_id = $2 AND user_id = $3")
                    .bind(device.as_str())
                    .bind(org.as_str())
                    .bind(user.as_str())
                    .fetch_optional(tx.conn)
                    .await?;
                let Some(row) = row else { return Ok(None) };
                let token: TokenId = column::id(&row, 0)?;
                push::drop_(tx, &device).await?;
                query("UPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL")
                    .bind(token.as_str())
                    .bind(tx.now)
                    .execute(tx.conn)
                    .await?;
                Ok(Some(token))
            })
        })
        .await?;
    hub.known.forget();
    match token {
        Some(token) => Ok(token == caller.token),
        None => Err(Problem::not_found("device", id.as_str()).into()),
    }
}

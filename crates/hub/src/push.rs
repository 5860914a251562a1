//! Web push: people hear of what needs them, or has ended, on devices where the cockpit is closed.
//!
//! Invariant: what is to be said is a row, written in the transaction of the fact that it tells. It goes when the push service has taken it, when
//! it is settled or seen meanwhile, or when it is too late. What is sent names things and says nothing of their contents, and only the browser
//! that it is for can read it. Facts call [`tell`]; `sending` is the loop behind it.

use crate::column;
use crate::db::{Conn, Tx, durable, query};
use crate::effect::Effect;
use crate::fault::Done;
use crate::hub::Hub;
use crate::turn;
use fugue_domain::api::{NewPush, PushState, PushWish};
use fugue_domain::caller::Caller;
use fugue_domain::id::{DeviceId, OrgId, PushId, TaskId};
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::push::PushKind;
use fugue_domain::reason::Reason;
use fugue_domain::task::State;
use fugue_domain::turn::Outcome;
use fugue_domain::world::Mint;
use std::sync::Arc;

mod host;
mod news;
mod quiet;
mod right;
pub mod routes;
mod screen;
mod seal;
mod sending;
mod vapid;

pub use host::Services;
pub use right::answer;
pub use screen::{Eye, Screens};
pub use sending::run;
pub use vapid::Key;

/// What is needed to push.
#[derive(Debug, Clone)]
pub struct Means {
    /// The hub's key.
    pub key: Arc<Key>,
    /// Where it may send.
    pub services: Services,
}

impl Means {
    /// With a key of its own, for tests of what has nothing to do with pushes.
    #[cfg(test)]
    pub fn none() -> Self {
        let key = Key::read(&Key::fresh(&*fugue_domain::world::TestWorld::new(0, 1)));
        Self::new(key.expect("a fresh key is one"), &[])
    }

    /// With this key, to the browsers' push services and these.
    pub fn new(key: Key, hosts: &[String]) -> Self {
        Self { key: Arc::new(key), services: Services::new(hosts) }
    }
}

/// The device that asks.
async fn device(conn: &mut Conn, caller: &Caller) -> Done<DeviceId> {
    let row = query("SELECT id FROM devices WHERE token_id = $1").bind(caller.token.as_str()).fetch_optional(conn).await?;
    let row = row.ok_or_else(|| {
        Problem::new(Kind::WrongState, "Only a paired browser receives pushes; this credential belongs to none.")
            .hint("Pair the browser with `fugue pair`, and switch pushes on in its settings.")
    })?;
    column::id(&row, 0)
}

/// What is pushed to the device that asks.
pub async fn get(hub: &Hub, caller: &Caller) -> Done<PushState> {
    let mut conn = hub.db.read().await?;
    let key = hub.settings.push.key.public().to_owned();
    let device = device(&mut conn, caller).await?;
    // A subscription with another key is of no use to this hub: the browser subscribes anew.
    let row = query("SELECT kinds, answers, quiet, locale FROM push_subscriptions WHERE device_id = $1 AND server_key = $2")
        .bind(device.as_str())
        .bind(&key)
        .fetch_optional(&mut conn)
        .await?;
    let Some(row) = row else { return Ok(PushState { key, wish: None }) };
    let wish = PushWish {
        kinds: column::json(row.text(0)?)?,
        answers: row.get::<i64>(1)? == 1,
        quiet: column::maybe_json(&row, 2)?,
        locale: row.get(3)?,
    };
    Ok(PushState { key, wish: Some(wish) })
}

/// Subscribes the device that asks, or changes what it wants.
pub async fn put(hub: &Hub, caller: &Caller, new: NewPush, origin: String) -> Done<PushState> {
    check(hub, &new)?;
    let (caller_copy, key) = (caller.clone(), hub.settings.push.key.public().to_owned());
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let device = device(tx.conn, &caller_copy).await?;
                let quiet = new.wish.quiet.as_ref().map(|quiet| serde_json::to_string(quiet).expect("hours are plain data"));
                query(
                    "INSERT INTO push_subscriptions (device_id, org_id, endpoint, p256dh, auth, server_key, origin, kinds, answers, quiet, locale, created_at) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (device_id) DO UPDATE SET endpoint = excluded.endpoint, \
                     p256dh = excluded.p256dh, auth = excluded.auth, server_key = excluded.server_key, origin = excluded.origin, \
                     kinds = excluded.kinds, answers = excluded.answers, quiet = excluded.quiet, locale = excluded.locale",
                )
                .bind(device.as_str())
                .bind(caller_copy.org.as_str())
                .bind(&new.endpoint)
                .bind(&new.p256dh)
                .bind(&new.auth)
                .bind(&key)
                .bind(&origin)
                .bind(serde_json::to_string(&new.wish.kinds).expect("words are plain data"))
                .bind(i64::from(new.wish.answers))
                .bind(quiet)
                .bind(&new.wish.locale)
                .bind(tx.now)
                .execute(tx.conn)
                .await?;
                Ok(())
            })
        })
        .await?;
    get(hub, caller).await
}

fn check(hub: &Hub, new: &NewPush) -> Done<()> {
    hub.settings.push.services.check(&new.endpoint)?;
    let browser = seal::Browser::read(&new.p256dh, &new.auth);
    // The keys are good when something can be encrypted for them.
    if browser.is_none_or(|browser| seal::seal(&*hub.world, &browser, b"").is_err()) {
        return Err(Problem::invalid("/p256dh", "give the keys of the browser's subscription, as base64url").into());
    }
    if let Some(other) = new.wish.kinds.iter().find(|kind| !PushKind::CHOICES.contains(kind)) {
        return Err(Problem::invalid("/wish/kinds", format!("{} cannot be chosen", other.word())).into());
    }
    if !["en", "ja"].contains(&new.wish.locale.as_str()) {
        return Err(Problem::invalid("/wish/locale", "use en or ja").into());
    }
    new.wish.quiet.as_ref().map_or(Ok(()), quiet::check)?;
    Ok(())
}

/// Pushes nothing to the device that asks any more.
pub async fn remove(hub: &Hub, caller: &Caller) -> Done<()> {
    let caller = caller.clone();
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let device = device(tx.conn, &caller).await?;
                drop_(tx, &device).await
            })
        })
        .await
}

/// Pushes something to the device that asks.
pub async fn test(hub: &Hub, caller: &Caller) -> Done<()> {
    let caller_copy = caller.clone();
    if get(hub, caller).await?.wish.is_none() {
        return Err(Problem::new(Kind::WrongState, "This device is not subscribed.").hint("Switch pushes on first.").into());
    }
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let device = device(tx.conn, &caller_copy).await?;
                let subject = device.as_str().to_owned();
                queue(tx, &[device], PushKind::Test, &subject).await
            })
        })
        .await
}

/// Forgets the subscription of a device, and what was on its way.
pub async fn drop_(tx: &mut Tx<'_>, device: &DeviceId) -> Done<()> {
    query("DELETE FROM pushes WHERE device_id = $1").bind(device.as_str()).execute(tx.conn).await?;
    query("DELETE FROM push_subscriptions WHERE device_id = $1").bind(device.as_str()).execute(tx.conn).await?;
    Ok(())
}

/// The org's devices that want to hear of this.
async fn listening(tx: &mut Tx<'_>, org: &OrgId, kind: PushKind) -> Done<Vec<DeviceId>> {
    let found = query(
        "SELECT s.device_id FROM push_subscriptions s JOIN devices d ON d.id = s.device_id JOIN tokens t ON t.id = d.token_id \
         WHERE s.org_id = $1 AND s.kinds LIKE $2 AND t.revoked_at IS NULL AND t.expires_at > $3 ORDER BY s.device_id",
    )
    .bind(org.as_str())
    .bind(format!("%\"{}\"%", kind.word()))
    .bind(tx.now)
    .fetch_all(tx.conn)
    .await?;
    found.iter().map(|row| column::id(row, 0)).collect()
}

/// Something happened: whoever wants to hear of it will.
pub async fn tell(tx: &mut Tx<'_>, org: &OrgId, kind: PushKind, subject: &str) -> Done<()> {
    let devices = listening(tx, org, kind).await?;
    queue(tx, &devices, kind, subject).await
}

async fn queue(tx: &mut Tx<'_>, devices: &[DeviceId], kind: PushKind, subject: &str) -> Done<()> {
    for device in devices {
        // One that is still on its way says the same.
        query(
            "INSERT INTO pushes (id, device_id, kind, subject, not_before, expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $5) \
             ON CONFLICT (device_id, kind, subject) DO NOTHING",
        )
        .bind(PushId::mint(&*tx.world).as_str())
        .bind(device.as_str())
        .bind(kind.word())
        .bind(subject)
        .bind(tx.now)
        .bind(tx.now + kind.lasts_ms())
        .execute(tx.conn)
        .await?;
    }
    if !devices.is_empty() {
        durable!(tx, "hub.push_queued");
        tx.after_commit(Effect::Push);
    }
    Ok(())
}

/// A turn ended. People hear of it when they are the ones who wait for it: not when a task or a run is, and not while more stands in line.
pub async fn turn_ended(tx: &mut Tx<'_>, row: &turn::Row, outcome: Outcome, reason: Option<Reason>) -> Done<()> {
    let kind = match (outcome, reason) {
        (Outcome::Cancelled, _) | (_, Some(Reason::Interrupt | Reason::Stop)) => return Ok(()),
        (Outcome::Succeeded, _) => PushKind::Finished,
        (Outcome::Failed | Outcome::Interrupted, _) => PushKind::Failed,
    };
    let devices = listening(tx, &row.org, kind).await?;
    if devices.is_empty() || is_awaited(tx, row, kind).await? {
        return Ok(());
    }
    queue(tx, &devices, kind, row.id.as_str()).await
}

async fn is_awaited(tx: &mut Tx<'_>, row: &turn::Row, kind: PushKind) -> Done<bool> {
    let session = row.session.as_str();
    let others = query("SELECT 1 FROM task_sessions WHERE session_id = $1 UNION ALL SELECT 1 FROM runs WHERE session_id = $1 LIMIT 1");
    if others.bind(session).fetch_optional(tx.conn).await?.is_some() {
        return Ok(true);
    }
    let more = query("SELECT 1 FROM turns WHERE session_id = $1 AND state IN ('queued', 'parked') LIMIT 1");
    Ok(kind == PushKind::Finished && more.bind(session).fetch_optional(tx.conn).await?.is_some())
}

/// A task went on from one state to another.
pub async fn task_moved(tx: &mut Tx<'_>, org: &OrgId, task: &TaskId, before: &State, after: &State) -> Done<()> {
    let kind = match (before, after) {
        (State::NeedsHuman { .. }, State::NeedsHuman { .. }) | (State::Done { .. }, State::Done { .. }) => return Ok(()),
        (_, State::NeedsHuman { .. }) => PushKind::NeedsHuman,
        (_, State::Done { .. }) => PushKind::Finished,
        _ => return Ok(()),
    };
    tell(tx, org, kind, task.as_str()).await
}

/// Forgets what is too late to say, and rights that are over.
pub async fn forget_old(tx: &mut Tx<'_>) -> Done<()> {
    query("DELETE FROM pushes WHERE expires_at <= $1").bind(tx.now).execute(tx.conn).await?;
    query("DELETE FROM push_rights WHERE expires_at <= $1").bind(tx.now).execute(tx.conn).await?;
    Ok(())
}

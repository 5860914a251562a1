//! Credentials. Only their hashes are stored; what a bearer may do comes from the record, never from the request.

use crate::column;
use crate::db::{Conn, Row, Tx, composed, query};
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use crate::idempotency::{self, Key, Reply};
use crate::page::PageQuery;
use fugue_domain::api::{NewToken, Token};
use fugue_domain::caller::{Caller, Role, Who};
use fugue_domain::digest::{hex, sha256_hex};
use fugue_domain::id::{NodeId, OrgId, TokenId, UserId};
use fugue_domain::limits::TITLE_CHARS_MAX;
use fugue_domain::page::Page;
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::time::Time;
use fugue_domain::world::{Millis, Mint, World};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

pub mod routes;

/// How long a credential that was looked up is taken as known; another hub's revocation shows after this time.
const KNOWN_MS: Millis = 2_000;
/// Credentials that are kept as known; more than a fleet has.
const KNOWN_MAX: usize = 10_000;

/// Credentials that were looked up a moment ago, by hash.
#[derive(Clone, Default)]
pub struct Known(Arc<Mutex<Lookups>>);

#[derive(Default)]
struct Lookups {
    by_hash: HashMap<String, Lookup>,
    /// Grows with every revocation, so that what was read before one is not kept after it.
    revocations: u64,
}

struct Lookup {
    caller: Caller,
    expires_at: Option<Millis>,
    at: Millis,
}

impl Known {
    fn lookups(&self) -> std::sync::MutexGuard<'_, Lookups> {
        self.0.lock().expect("nobody panics while holding it")
    }

    /// The caller, if known; otherwise what [`Known::put`] must be given with the result of the look-up that now begins.
    fn get(&self, hash: &str, now: Millis) -> Result<Caller, u64> {
        let lookups = self.lookups();
        let fresh = |lookup: &&Lookup| now.abs_diff(lookup.at) < KNOWN_MS as u64 && lookup.expires_at.is_none_or(|at| now < at);
        lookups.by_hash.get(hash).filter(fresh).map(|lookup| lookup.caller.clone()).ok_or(lookups.revocations)
    }

    fn put(&self, hash: String, lookup: Lookup, begun: u64) {
        let mut lookups = self.lookups();
        if lookups.revocations != begun {
            return;
        }
        if lookups.by_hash.len() >= KNOWN_MAX {
            lookups.by_hash.clear();
        }
        lookups.by_hash.insert(hash, lookup);
    }

    /// Forgets everything; the next request of each caller is looked up.
    pub fn forget(&self) {
        let mut lookups = self.lookups();
        lookups.by_hash.clear();
        lookups.revocations += 1;
    }
}

/// A fresh credential: a prefix that secret scanners can know, and 256 random bits.
pub fn secret(world: &dyn World, prefix: &str) -> String {
    format!("{prefix}_{}", hex(&[world.random().to_be_bytes(), world.random().to_be_bytes()].concat()))
}

/// Whose credential this is; nobody's when it is unknown, expired or revoked.
pub async fn authenticate(hub: &Hub, secret: &str) -> Done<Option<Caller>> {
    let hash = sha256_hex(secret.as_bytes());
    let now = hub.world.now();
    let begun = match hub.known.get(&hash, now) {
        Ok(caller) => return Ok(Some(caller)),
        Err(begun) => begun,
    };
    let mut conn = hub.db.read().await?;
    let row = query(
        "SELECT t.id, t.org_id, t.role, t.user_id, t.node_id, t.expires_at FROM tokens t LEFT JOIN nodes n ON n.id = t.node_id \
         WHERE t.hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2) AND n.removed_at IS NULL",
    )
    .bind(&hash)
    .bind(now)
    .fetch_optional(&mut conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let who = match (column::maybe_id::<UserId>(&row, 3)?, column::maybe_id::<NodeId>(&row, 4)?) {
        (Some(user), None) => Who::User(user),
        (None, Some(node)) => Who::Node(node),
        _ => return Ok(None),
    };
    let caller = Caller { org: column::id(&row, 1)?, who, token: column::id(&row, 0)?, role: column::word(&row, 2)? };
    hub.known.put(hash, Lookup { caller: caller.clone(), expires_at: row.get(5)?, at: now }, begun);
    Ok(Some(caller))
}

/// A credential to be stored.
pub struct Issue<'a> {
    /// Whose rows it sees.
    pub org: &'a OrgId,
    /// Who is behind it.
    pub who: Who,
    /// What it is for.
    pub name: &'a str,
    /// What its bearer may do.
    pub role: Role,
    /// When it stops working.
    pub expires_at: Option<Millis>,
    /// The credential, of which the hash is kept.
    pub secret: &'a str,
}

/// Stores a credential.
pub async fn issue(tx: &mut Tx<'_>, world: &dyn World, issue: Issue<'_>) -> Done<TokenId> {
    let id = TokenId::mint(world);
    let (user, node) = match &issue.who {
        Who::User(user) => (Some(user.as_str()), None),
        Who::Node(node) => (None, Some(node.as_str())),
    };
    query("INSERT INTO tokens (id, org_id, hash, name, role, user_id, node_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(id.as_str())
        .bind(issue.org.as_str())
        .bind(sha256_hex(issue.secret.as_bytes()))
        .bind(issue.name)
        .bind(issue.role.word())
        .bind(user)
        .bind(node)
        .bind(tx.now)
        .bind(issue.expires_at)
        .execute(tx.conn)
        .await?;
    Ok(id)
}

/// Makes a credential for a person.
pub async fn create(hub: &Hub, caller: &Caller, new: NewToken, key: Option<Key>) -> Done<Reply> {
    check(caller, &new)?;
    let (world, caller) = (hub.world.clone(), caller.clone());
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                if let Some(reply) = idempotency::find(tx, key.as_ref()).await? {
                    return Ok(reply);
                }
                let (org, user) = match (&new.org, &caller.who) {
                    (Some(name), _) => crate::org::ensure(tx, &world, name).await?,
                    (None, Who::User(user)) => (caller.org.clone(), user.clone()),
                    (None, Who::Node(_)) => return Err(Problem::new(Kind::Forbidden, "A node makes no credentials.").into()),
                };
                let secret = secret(&*world, "fgt");
                let expires_at = new.expires_at.map(|at| at.0);
                let issued = Issue { org: &org, who: Who::User(user), name: &new.name, role: new.role, expires_at, secret: &secret };
                let id = issue(tx, &*world, issued).await?;
                let token = Token {
                    id,
                    name: new.name,
                    role: new.role,
                    org,
                    created_at: Time(tx.now),
                    expires_at: new.expires_at,
                    device: false,
                    token: Some(secret),
                };
                let reply = Reply::new(201, &token)?;
                idempotency::store_sealed(tx, key.as_ref(), &reply).await?;
                Ok(reply)
            })
        })
        .await
}

fn check(caller: &Caller, new: &NewToken) -> Done<()> {
    if new.name.trim().is_empty() || new.name.chars().count() > TITLE_CHARS_MAX {
        return Err(Problem::invalid("/name", format!("give a name of 1 to {TITLE_CHARS_MAX} characters")).into());
    }
    if new.role == Role::Node {
        return Err(Problem::invalid("/role", "nodes get their credential through a join code").into());
    }
    let more = new.role.permissions().iter().any(|permission| !caller.may(*permission));
    if more || (new.role == Role::Owner && caller.role != Role::Owner) || (new.org.is_some() && caller.role != Role::Owner) {
        return Err(Problem::new(Kind::Forbidden, "A credential cannot be given more than its maker has.").into());
    }
    if new.org.as_deref().is_some_and(|org| fugue_domain::session::slug(org, 60) != org || org.is_empty()) {
        return Err(Problem::invalid("/org", "use 1 to 60 lower-case letters, digits and single hyphens").into());
    }
    Ok(())
}

const COLUMNS: &str = "id, name, role, org_id, created_at, expires_at, (SELECT COUNT(*) FROM devices d WHERE d.token_id = tokens.id)";

fn view(row: &Row) -> Done<Token> {
    let expires_at = row.get::<Option<i64>>(5)?.map(Time);
    Ok(Token {
        id: column::id(row, 0)?,
        name: row.get(1)?,
        role: column::word(row, 2)?,
        org: column::id(row, 3)?,
        created_at: Time(row.get(4)?),
        expires_at,
        device: row.get::<i64>(6)? > 0,
        token: None,
    })
}

/// The org's credentials that still work.
pub async fn list(hub: &Hub, caller: &Caller, page: PageQuery) -> Done<Page<Token>> {
    let mut conn = hub.db.read().await?;
    let sql = format!(
        "SELECT {COLUMNS} FROM tokens WHERE org_id = $1 AND revoked_at IS NULL AND ($2 IS NULL OR id < $2) ORDER BY id DESC LIMIT $3"
    );
    let found = composed(sql).bind(caller.org.as_str()).bind(page.cursor.as_deref()).bind(page.limit + 1).fetch_all(&mut conn).await?;
    let items = found.iter().map(view).collect::<Done<Vec<_>>>()?;
    Ok(Page::of(items, page.limit, |token| token.id.to_string()))
}

/// Takes a credential back, at once.
pub async fn revoke(hub: &Hub, caller: &Caller, id: &TokenId) -> Done<()> {
    let (org, token) = (caller.org.clone(), id.clone());
    let gone = hub
        .db
        .write(move |tx| {
            Box::pin(async move {
                let done = query("UPDATE tokens SET revoked_at = $3 WHERE id = $1 AND org_id = $2 AND revoked_at IS NULL")
                    .bind(token.as_str())
                    .bind(org.as_str())
                    .bind(tx.now)
                    .execute(tx.conn)
                    .await?;
                Ok(done)
            })
        })
        .await?;
    hub.known.forget();
    if gone == 0 { Err(Problem::not_found("token", id.as_str()).into()) } else { Ok(()) }
}

/// The person who did something with a credential, and what it was good for: what follows later is done in that name.
pub async fn maker(conn: &mut Conn, id: &TokenId) -> Done<Caller> {
    let row = query("SELECT org_id, id, role, user_id FROM tokens WHERE id = $1").bind(id.as_str()).fetch_one(conn).await?;
    let user: UserId = column::maybe_id(&row, 3)?.ok_or_else(|| Fault::internal("a machine did what only a person may"))?;
    Ok(Caller { org: column::id(&row, 0)?, who: Who::User(user), token: column::id(&row, 1)?, role: column::word(&row, 2)? })
}

/// Makes a new owner's credential for the home org; for the start of an install, and for an owner who lost theirs.
pub async fn issue_owner(hub: &Hub) -> Done<String> {
    let world = hub.world.clone();
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let (org, user) = crate::org::ensure(tx, &world, crate::org::HOME).await?;
                let secret = secret(&*world, "fgt");
                let owner = Issue { org: &org, who: Who::User(user), name: "owner", role: Role::Owner, expires_at: None, secret: &secret };
                issue(tx, &*world, owner).await?;
                Ok(secret)
            })
        })
        .await
}

//! Idempotency keys: the reply to a creating request is stored in the transaction of its effect, and given again.
//!
//! A reply that holds a credential is sealed with a key made of the caller's own credential and the idempotency key, both of
//! which only the caller has, so that nothing usable lies in the database.

use crate::db::{Column, Conn, Table, Tx, query};
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use crate::sealed;
use fugue_domain::digest::sha256_fields;
use fugue_domain::limits::IDEMPOTENCY_HOURS;
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::world::Millis;

/// A creating request's key.
#[derive(Clone)]
pub struct Key {
    /// Hash over the caller and the key.
    pub id: String,
    /// Hash over method, path and body.
    pub fingerprint: String,
    /// What seals a reply that holds a credential.
    seal: sealed::Key,
}

/// The reply to a creating request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body, as JSON.
    pub body: String,
    /// Whether it was given before.
    pub replayed: bool,
}

impl Reply {
    /// A fresh reply.
    pub fn new(status: u16, body: &impl serde::Serialize) -> Done<Self> {
        Ok(Self { status, body: serde_json::to_string(body).map_err(Fault::internal)?, replayed: false })
    }
}

impl Key {
    /// Makes the key of a request from the caller's token id, the caller's credential, the header and the request itself.
    pub fn new(token: &fugue_domain::id::TokenId, credential: &str, header: &str, method: &str, path: &str, body: &[u8]) -> Self {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, format!("fugue seal\0{credential}\0{header}").as_bytes());
        Self {
            id: sha256_fields(&[token.as_str().as_bytes(), header.as_bytes()]),
            fingerprint: sha256_fields(&[method.as_bytes(), path.as_bytes(), body]),
            seal: sealed::Key::new(digest.as_ref().try_into().expect("SHA-256 has 32 bytes")),
        }
    }
}

/// Looks for an earlier request with this key: its reply, or that it was another request.
pub async fn find(tx: &mut Tx<'_>, key: Option<&Key>) -> Done<Option<Reply>> {
    earlier(tx.conn, key).await
}

/// The same outside a transaction, for creations that do much before they write: a replay needs none of that.
pub async fn find_first(hub: &Hub, key: Option<&Key>) -> Done<Option<Reply>> {
    if key.is_none() {
        return Ok(None);
    }
    let mut conn = hub.db.read().await?;
    earlier(&mut conn, key).await
}

async fn earlier(conn: &mut Conn, key: Option<&Key>) -> Done<Option<Reply>> {
    let Some(key) = key else { return Ok(None) };
    let row = query("SELECT fingerprint, status, body FROM idempotency_keys WHERE id = $1").bind(&key.id).fetch_optional(conn).await?;
    row.map(|row| Kept { fingerprint: row.get(0)?, status: row.get(1)?, body: row.get(2)? }.again(key)).transpose()
}

/// A reply that was given with a key.
pub struct Kept {
    fingerprint: String,
    status: i64,
    body: String,
}

impl Kept {
    /// The reply to the request with this fingerprint.
    pub fn of(fingerprint: &str, reply: &Reply) -> Self {
        Self { fingerprint: fingerprint.to_owned(), status: i64::from(reply.status), body: reply.body.clone() }
    }

    /// The reply, if it belongs to the same request.
    pub fn again(&self, key: &Key) -> Done<Reply> {
        if self.fingerprint != key.fingerprint {
            return Err(
                Problem::new(Kind::IdempotencyMismatch, "This Idempotency-Key came with another method, path or body before.").into()
            );
        }
        let body = match self.body.strip_prefix("sealed:") {
            Some(sealed) => key.seal.open(&key.id, sealed)?,
            None => self.body.clone(),
        };
        Ok(Reply { status: self.status as u16, body, replayed: true })
    }
}

/// The replies that are kept under these keys.
pub async fn kept(tx: &mut Tx<'_>, keys: impl IntoIterator<Item = &str>) -> Done<Vec<(String, Kept)>> {
    let rows = keys.into_iter().fold(Table::new(&[Column::Text]), Table::bind);
    let text =
        |rows: &str| format!("SELECT id, fingerprint, status, body FROM (VALUES {rows}) AS v JOIN idempotency_keys k ON k.id = v.column1");
    let found = rows.fetch_all(tx.conn, text).await?;
    found.iter().map(|row| Ok((row.get(0)?, Kept { fingerprint: row.get(1)?, status: row.get(2)?, body: row.get(3)? }))).collect()
}

/// Keeps replies under their keys, each since its moment.
pub async fn keep(tx: &mut Tx<'_>, mut replies: Vec<(&str, Kept, Millis)>) -> Done<()> {
    if replies.is_empty() {
        return Ok(());
    }
    // Neighbours go into the same pages of the index.
    replies.sort_unstable_by_key(|(id, ..)| *id);
    let mut rows = Table::new(&[Column::Text, Column::Text, Column::Int, Column::Text, Column::Int]);
    for (id, kept, at) in &replies {
        rows = rows.bind(*id).bind(kept.fingerprint.as_str()).bind(kept.status).bind(kept.body.as_str()).bind(*at);
    }
    rows.insert(tx, "idempotency_keys (id, fingerprint, status, body, created_at)").await
}

/// Keys older than this are forgotten.
pub fn oldest(now: Millis) -> Millis {
    now - IDEMPOTENCY_HOURS * 60 * 60 * 1_000
}

/// Stores the reply beside its effect.
pub async fn store(tx: &mut Tx<'_>, key: Option<&Key>, reply: &Reply) -> Done<()> {
    let Some(key) = key else { return Ok(()) };
    insert(tx, key, reply.status, &reply.body).await
}

/// Stores a reply that holds a credential.
pub async fn store_sealed(tx: &mut Tx<'_>, key: Option<&Key>, reply: &Reply) -> Done<()> {
    let Some(key) = key else { return Ok(()) };
    let sealed = format!("sealed:{}", key.seal.seal(&key.id, &reply.body)?);
    insert(tx, key, reply.status, &sealed).await
}

async fn insert(tx: &mut Tx<'_>, key: &Key, status: u16, body: &str) -> Done<()> {
    let kept = Kept { fingerprint: key.fingerprint.clone(), status: i64::from(status), body: body.to_owned() };
    let now = tx.now;
    keep(tx, vec![(&key.id, kept, now)]).await
}

/// Forgets old keys, a bounded number at a time.
pub async fn forget_old(tx: &mut Tx<'_>) -> Done<u64> {
    let gone = query(
        "DELETE FROM idempotency_keys WHERE id IN (SELECT id FROM idempotency_keys WHERE created_at <= $1 ORDER BY created_at LIMIT 1000)",
    )
    .bind(oldest(tx.now))
    .execute(tx.conn)
    .await?;
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fugue_domain::id::TokenId;

    #[test]
    fn a_sealed_reply_opens_only_with_the_same_credential_and_key() {
        let key = |credential: &str, header: &str| Key::new(&TokenId::from_bits(1), credential, header, "POST", "/x", b"{}");
        let sealed = format!("sealed:{}", key("fgt_a", "k").seal.seal(&key("fgt_a", "k").id, "secret").unwrap());
        let kept = |key: &Key| Kept { fingerprint: key.fingerprint.clone(), status: 201, body: sealed.clone() };
        let open = |key: &Key| kept(key).again(key).map(|reply| reply.body);
        assert_eq!(open(&key("fgt_a", "k")).unwrap(), "secret");
        assert!(open(&key("fgt_b", "k")).is_err() && open(&key("fgt_a", "l")).is_err());
    }
}

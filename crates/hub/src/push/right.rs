//! The right to answer a question from its notification.
//!
//! Invariant: it works once, for one device, for one question with one hash, and only while the device may approve at all. Its hash alone is
//! stored; the right itself travels encrypted to the browser and nowhere else.

use crate::approval;
use crate::column;
use crate::db::{Tx, query};
use crate::fault::Done;
use crate::hub::Hub;
use crate::token;
use fugue_domain::api::{Approval, Decision, PushAnswer, PushVerdict};
use fugue_domain::caller::Caller;
use fugue_domain::digest::sha256_hex;
use fugue_domain::id::{ApprovalId, TokenId};
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::world::Millis;

/// What a right begins with, so that secret scanners can know it.
const PREFIX: &str = "fgr";

/// A question that may be answered.
pub struct Question {
    /// Which.
    pub approval: ApprovalId,
    /// The hash of what would be approved.
    pub hash: String,
    /// When nobody may answer it any more.
    pub expires_at: Millis,
}

/// Makes a right for the device with this credential.
pub async fn grant(tx: &mut Tx<'_>, device: &TokenId, question: &Question) -> Done<String> {
    let right = token::secret(&*tx.world, PREFIX);
    query("INSERT INTO push_rights (hash, token_id, approval_id, approval_hash, expires_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(sha256_hex(right.as_bytes()))
        .bind(device.as_str())
        .bind(question.approval.as_str())
        .bind(&question.hash)
        .bind(question.expires_at)
        .execute(tx.conn)
        .await?;
    Ok(right)
}

/// Uses a right. An answer that is not taken leaves it unused; the question is settled then anyway.
pub async fn answer(hub: &Hub, caller: &Caller, answer: PushAnswer) -> Done<Approval> {
    let caller_copy = caller.clone();
    let approval = hub
        .db
        .write(move |tx| {
            Box::pin(async move {
                let used = query(
                    "UPDATE push_rights SET used_at = $3 WHERE hash = $1 AND token_id = $2 AND used_at IS NULL AND expires_at > $3 \
                     RETURNING approval_id, approval_hash",
                )
                .bind(sha256_hex(answer.right.as_bytes()))
                .bind(caller_copy.token.as_str())
                .bind(tx.now)
                .fetch_optional(tx.conn)
                .await?;
                let used =
                    used.ok_or_else(|| Problem::new(Kind::AlreadyAnswered, "This notification's right is unknown, used or over."))?;
                let approval: ApprovalId = column::id(&used, 0)?;
                let decision = Decision { hash: Some(used.get(1)?), reason: None };
                let approved = answer.verdict == PushVerdict::Approve;
                approval::decide_in(tx, &caller_copy, &approval, approved, &decision).await?;
                Ok(approval)
            })
        })
        .await?;
    approval::get(hub, caller, &approval).await
}

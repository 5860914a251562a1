//! A turn's row: the columns, and how they become a state and go back.

use crate::column;
use crate::db::{self, Tx, query};
use crate::fault::{Done, Fault};
use fugue_domain::api;
use fugue_domain::id::{NodeId, OrgId, SessionId, TurnId};
use fugue_domain::lease::{Lease, LeaseKey};
use fugue_domain::money::{MicroUsd, Tokens, Usage};
use fugue_domain::time::Time;
use fugue_domain::turn::{Opening, State, Turn};

/// What a [`Row`] is read from, in order.
pub const COLUMNS: &str = "id, org_id, session_id, text, position, state, opening, not_before, parked_until, parked_by, node_id, epoch, \
     approval_id, wish, outcome, reason, detail, attempts, maybe_executed, on_interruption, cost, tokens_input, tokens_output, \
     tokens_cache_read, tokens_cache_write, created_at, started_at, ended_at, renewed_at";

/// A turn as it is stored.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its id.
    pub id: TurnId,
    /// Whose.
    pub org: OrgId,
    /// Its session.
    pub session: SessionId,
    /// What its message says.
    pub text: String,
    /// Its place in line; smaller is earlier.
    pub position: i64,
    /// What the rules know of it.
    pub rules: Turn,
    /// The node that has it, or had it last.
    pub node: Option<NodeId>,
    /// Its latest lease.
    pub epoch: i64,
    /// What a person should read about its end.
    pub detail: Option<String>,
    /// What it used.
    pub usage: Usage,
    /// When its message was accepted.
    pub created_at: i64,
    /// When an agent first had it.
    pub started_at: Option<i64>,
    /// When its node last renewed its lease.
    pub renewed_at: Option<i64>,
}

impl Row {
    /// Reads a row of [`COLUMNS`].
    pub fn read(row: &db::Row) -> Done<Self> {
        let rules = Turn {
            state: state(row)?,
            attempts: row.get(17)?,
            maybe_executed: row.get::<i64>(18)? == 1,
            on_interruption: column::word(row, 19)?,
            wish: column::maybe_word(row, 13)?,
        };
        let tokens = Tokens { input: row.get(21)?, output: row.get(22)?, cache_read: row.get(23)?, cache_write: row.get(24)? };
        Ok(Self {
            id: column::id(row, 0)?,
            org: column::id(row, 1)?,
            session: column::id(row, 2)?,
            text: row.get(3)?,
            position: row.get(4)?,
            rules,
            node: column::maybe_id(row, 10)?,
            epoch: row.get(11)?,
            detail: row.get(16)?,
            usage: Usage { cost_usd: MicroUsd(row.get(20)?), tokens },
            created_at: row.get(25)?,
            started_at: row.get(26)?,
            renewed_at: row.get(28)?,
        })
    }

    /// The name of the turn's latest lease.
    pub fn lease(&self) -> LeaseKey {
        LeaseKey { session: self.session.clone(), turn: self.id.clone(), epoch: self.epoch }
    }

    /// The turn as the API shows it.
    pub fn view(&self, position: i64) -> api::Turn {
        let (outcome, reason, ended_at) = match &self.rules.state {
            State::Ended { outcome, reason, at } => (Some(*outcome), *reason, Some(Time(*at))),
            State::Parked { by, .. } => (None, Some(by.reason()), None),
            _ => (None, None, None),
        };
        let parked_until = if let State::Parked { until, .. } = &self.rules.state { until.map(Time) } else { None };
        api::Turn {
            id: self.id.clone(),
            session: self.session.clone(),
            message: self.id.message(),
            state: self.rules.state.word().to_owned(),
            position,
            outcome,
            reason,
            detail: self.detail.clone(),
            parked_until,
            attempts: self.rules.attempts,
            maybe_executed: self.rules.maybe_executed,
            on_interruption: self.rules.on_interruption,
            node: self.node.clone(),
            epoch: (self.epoch > 0).then_some(self.epoch),
            cost_usd: self.usage.cost_usd,
            tokens: self.usage.tokens,
            created_at: Time(self.created_at),
            started_at: self.started_at.map(Time),
            ended_at,
        }
    }
}

fn state(row: &db::Row) -> Done<State> {
    let word: String = row.get(5)?;
    let opening: Opening = column::word(row, 6)?;
    let absent = |column: &str| Fault::internal(format!("a {word} turn has no {column}"));
    let lease = || -> Done<Lease> { Ok(Lease { node: column::maybe_id(row, 10)?.ok_or_else(|| absent("node"))?, epoch: row.get(11)? }) };
    Ok(match word.as_str() {
        "queued" => State::Queued { not_before: row.get(7)?, opening },
        "parked" => State::Parked { until: row.get(8)?, by: column::maybe_word(row, 9)?.ok_or_else(|| absent("cause"))?, opening },
        "leased" => State::Leased { lease: lease()?, opening },
        "running" => State::Running { lease: lease()? },
        "waiting" => State::Waiting { lease: lease()?, approval: column::maybe_id(row, 12)?.ok_or_else(|| absent("approval"))? },
        "ended" => State::Ended {
            outcome: column::maybe_word(row, 14)?.ok_or_else(|| absent("outcome"))?,
            reason: column::maybe_word(row, 15)?,
            at: row.get::<Option<i64>>(27)?.ok_or_else(|| absent("end"))?,
        },
        other => return Err(Fault::internal(format!("{other:?} is no state of a turn"))),
    })
}

/// Stores a turn's new state if its old one still holds. `false` means that somebody was faster.
pub async fn store(tx: &mut Tx<'_>, row: &mut Row, before: &Turn) -> Done<bool> {
    let old_epoch = row.epoch;
    let columns = Columns::of(&row.rules.state);
    if let Some(lease) = row.rules.state.lease() {
        row.node = Some(lease.node.clone());
        row.epoch = lease.epoch;
    }
    if matches!(row.rules.state, State::Running { .. }) && row.started_at.is_none() {
        row.started_at = Some(tx.now);
    }
    row.renewed_at = row.rules.state.lease().map(|_| tx.now);
    let done = query(
        "UPDATE turns SET state = $4, opening = COALESCE($5, opening), not_before = $6, parked_until = $7, parked_by = $8, node_id = $9, epoch = $10, \
         renewed_at = $11, approval_id = $12, wish = $13, outcome = $14, reason = $15, ended_at = $16, attempts = $17, maybe_executed = $18, \
         position = $19, started_at = $20, detail = $21 WHERE id = $1 AND state = $2 AND epoch = $3",
    )
    .bind(row.id.as_str())
    .bind(before.state.word())
    .bind(old_epoch)
    .bind(row.rules.state.word())
    .bind(columns.opening)
    .bind(columns.not_before)
    .bind(columns.parked_until)
    .bind(columns.parked_by)
    .bind(row.node.as_ref().map(NodeId::as_str))
    .bind(row.epoch)
    .bind(row.renewed_at)
    .bind(columns.approval)
    .bind(row.rules.wish.as_ref().map(column::stored))
    .bind(columns.outcome)
    .bind(columns.reason)
    .bind(columns.ended_at)
    .bind(row.rules.attempts)
    .bind(i64::from(row.rules.maybe_executed))
    .bind(row.position)
    .bind(row.started_at)
    .bind(row.detail.as_deref())
    .execute(tx.conn)
    .await?;
    Ok(done == 1)
}

/// What a state puts into its own columns; everything that is not its own is empty.
#[derive(Default)]
struct Columns {
    opening: Option<String>,
    not_before: Option<i64>,
    parked_until: Option<i64>,
    parked_by: Option<String>,
    approval: Option<String>,
    outcome: Option<String>,
    reason: Option<String>,
    ended_at: Option<i64>,
}

impl Columns {
    fn of(state: &State) -> Self {
        let empty = Self::default();
        match state {
            State::Queued { not_before, opening } => Self { not_before: *not_before, opening: Some(column::stored(opening)), ..empty },
            State::Parked { until, by, opening } => {
                Self { parked_until: *until, parked_by: Some(column::stored(by)), opening: Some(column::stored(opening)), ..empty }
            }
            State::Leased { opening, .. } => Self { opening: Some(column::stored(opening)), ..empty },
            State::Running { .. } => empty,
            State::Waiting { approval, .. } => Self { approval: Some(approval.to_string()), ..empty },
            State::Ended { outcome, reason, at } => {
                Self { outcome: Some(column::stored(outcome)), reason: reason.as_ref().map(column::stored), ended_at: Some(*at), ..empty }
            }
        }
    }
}

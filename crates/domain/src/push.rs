//! Web push: what a device may want to hear of, and how long the hub tries to say it.

use crate::limits::{APPROVAL_MS, PUSH_AGAIN_MAX_MS, PUSH_AGAIN_MS, PUSH_KEPT_MS};
use crate::world::Millis;
use serde::{Deserialize, Serialize};

/// What a device may want to hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PushKind {
    /// An agent asks whether it may.
    Approval,
    /// A task cannot go on without a person.
    NeedsHuman,
    /// A session has done everything that stood in its line, or a task is done.
    Finished,
    /// A turn failed or was lost.
    Failed,
    /// The person wants to see that it works.
    Test,
}

impl PushKind {
    /// What can be chosen.
    pub const CHOICES: &'static [PushKind] = &[Self::Approval, Self::NeedsHuman, Self::Finished, Self::Failed];

    /// The word used in the API and in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Approval => "approval",
            Self::NeedsHuman => "needs_human",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Test => "test",
        }
    }

    /// Whether somebody is waited for: such a push may wake a sleeping device, and comes later if it cannot come now.
    pub fn waits(self) -> bool {
        matches!(self, Self::Approval | Self::NeedsHuman)
    }

    /// How long it is worth saying.
    pub fn lasts_ms(self) -> Millis {
        match self {
            Self::Approval | Self::NeedsHuman => APPROVAL_MS,
            Self::Finished | Self::Failed => PUSH_KEPT_MS,
            Self::Test => PUSH_AGAIN_MAX_MS,
        }
    }
}

/// The pause after so many tries: three times as long after each.
pub fn again_after_ms(tries: i64) -> Millis {
    let times = 3_i64.checked_pow(tries.clamp(1, 20) as u32 - 1).unwrap_or(PUSH_AGAIN_MAX_MS);
    PUSH_AGAIN_MS.saturating_mul(times).min(PUSH_AGAIN_MAX_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_their_limit() {
        assert_eq!([0, 1, 2, 3, 100].map(again_after_ms), [5_000, 5_000, 15_000, 45_000, PUSH_AGAIN_MAX_MS]);
    }

    #[test]
    fn the_words_are_those_of_the_wire() {
        for kind in PushKind::CHOICES.iter().chain(&[PushKind::Test]) {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
        }
    }
}

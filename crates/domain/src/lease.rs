//! A node's right to carry out a turn, made harmless for older holders by its epoch.

use crate::id::{NodeId, SessionId, TurnId};
use crate::limits;
use crate::world::Millis;
use serde::{Deserialize, Serialize};

/// Who may carry out a turn.
///
/// Invariant: the epoch of a session only grows, by one with each assignment, and every write on behalf of a lease
/// names its epoch in the very statement that writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The holder.
    pub node: NodeId,
    /// Which assignment of the session this is.
    pub epoch: i64,
}

/// The name of a lease on the link: enough to find it and to refuse an old one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LeaseKey {
    /// Whose session.
    pub session: SessionId,
    /// Which turn.
    pub turn: TurnId,
    /// Which assignment.
    pub epoch: i64,
}

/// When a node must have stopped its agent, counted from the moment it sent the last renewal that was answered.
///
/// It lies before the end of the lease by a share of it, so that the hub never gives the turn to another while the
/// first agent still runs.
pub fn fence_after_ms(lease_ms: Millis) -> Millis {
    lease_ms - lease_ms / limits::LEASE_MARGIN_SHARE
}

/// How often a node says that it is there. A short lease needs more than the usual: several must fit in before the fence, or an agent
/// would be stopped while hub and node hear each other well.
pub fn heartbeat_every_ms(lease_ms: Millis) -> Millis {
    (lease_ms / limits::LEASE_MARGIN_SHARE).clamp(1, limits::HEARTBEAT_MS)
}

/// How long a node may have been silent and still be given work. A node that is paused or cut off would only use up a turn's attempts.
pub fn silent_at_most_ms(lease_ms: Millis) -> Millis {
    4 * heartbeat_every_ms(lease_ms)
}

/// How long a node that holds leases must have been silent to look lost, to somebody who counts how many do. It is over before the first of
/// their leases ends, whenever each of them was last renewed.
pub fn looks_lost_after_ms(lease_ms: Millis) -> Millis {
    2 * heartbeat_every_ms(lease_ms)
}

/// When the hub may call a lease ended, counted from its last renewal.
pub fn expires_at(renewed_at: Millis, lease_ms: Millis) -> Millis {
    renewed_at + lease_ms + lease_ms / limits::LEASE_MARGIN_SHARE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_node_fences_itself_before_the_hub_gives_the_turn_away() {
        for lease_ms in [3_000, 30_000, limits::LEASE_MS] {
            assert!(fence_after_ms(lease_ms) < lease_ms && lease_ms < expires_at(0, lease_ms));
            assert!(heartbeat_every_ms(lease_ms) * 4 <= fence_after_ms(lease_ms), "a lost heartbeat or two end no lease of {lease_ms} ms");
        }
    }

    #[test]
    fn nodes_that_fall_silent_together_all_look_lost_before_one_of_their_leases_ends() {
        for lease_ms in [3_000, 9_000, 60_000, limits::LEASE_MS] {
            // The last words of two nodes lie one heartbeat apart at most.
            let latest = looks_lost_after_ms(lease_ms) + heartbeat_every_ms(lease_ms);
            assert!(latest < expires_at(0, lease_ms), "a lease of {lease_ms} ms");
        }
    }
}

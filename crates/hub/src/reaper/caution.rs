//! When the reaper must not believe that leases have ended: after a jump of the hub's clock, and when too many nodes seem lost at once.
//!
//! Both are mostly our own mistake (a clock that was set, a network of the hub, a database that came back old), and ending leases
//! cannot be taken back, while a lease that ends later harms nobody: the node has stopped its agent by itself.

use fugue_domain::limits::{BREAKER_HOLD_MS, BREAKER_NODES, BREAKER_SHARE, CLOCK_JUMP_MS};
use fugue_domain::world::Millis;
use std::collections::BTreeSet;

/// What the reaper remembers from round to round. Losing it with the process costs nothing but caution.
#[derive(Debug, Default)]
pub struct Caution {
    /// The clock of the last round, and what a steady clock showed then.
    last: Option<(Millis, Millis)>,
    /// Leases are believed again from this moment of the steady clock on.
    clock_trusted: Option<Millis>,
    /// Since when too many nodes seem lost.
    held_since: Option<Millis>,
}

impl Caution {
    /// Looks at the clock; whether the times of leases can be believed. After a jump it takes a whole lease until every living
    /// node has been heard of by the new time.
    pub fn trusts_clock(&mut self, now: Millis, steady: Millis, lease_ms: Millis) -> bool {
        let jumped = self.last.is_some_and(|(then, since)| ((now - then) - (steady - since)).abs() > CLOCK_JUMP_MS);
        self.last = Some((now, steady));
        if jumped {
            tracing::error!(hub.time_ms = now, "the hub's clock jumped; no lease ends before the nodes had the time to be heard of again");
            self.clock_trusted = Some(steady + lease_ms);
        }
        self.clock_trusted.is_none_or(|from| steady >= from)
    }

    /// Whether the leases of these nodes may end, out of `all` that hold leases. Too many at once are held back for a while.
    pub fn lets_go(&mut self, lost: &BTreeSet<String>, all: usize, steady: Millis) -> bool {
        let many = lost.len() >= BREAKER_NODES || (all >= 2 * BREAKER_NODES && lost.len() * BREAKER_SHARE > all);
        if !many {
            self.held_since = None;
            return true;
        }
        let since = *self.held_since.get_or_insert_with(|| {
            tracing::error!(
                nodes.lost = lost.len(),
                nodes.all = all,
                "many nodes seem lost at once; their leases are held back. Look at the hub's clock, network and database first"
            );
            steady
        });
        steady - since >= BREAKER_HOLD_MS
    }

    /// Whether leases are being held back, for the metrics.
    pub fn holds_back(&self) -> bool {
        self.held_since.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE: Millis = 30_000;

    #[test]
    fn after_a_jump_of_the_clock_a_whole_lease_must_pass() {
        let (mut caution, start) = (Caution::default(), 7_000);
        assert!(caution.trusts_clock(1_000_000, start, LEASE));
        assert!(caution.trusts_clock(1_001_000, start + 1_000, LEASE));
        let ahead = 1_002_000 + 10 * 24 * 3_600_000;
        assert!(!caution.trusts_clock(ahead, start + 2_000, LEASE), "ten days in a second");
        assert!(!caution.trusts_clock(ahead + 29_000, start + 31_000, LEASE));
        assert!(caution.trusts_clock(ahead + 30_000, start + 32_000, LEASE));
        assert!(!caution.trusts_clock(ahead - 3_600_000, start + 33_000, LEASE), "an hour back");
    }

    #[test]
    fn many_nodes_at_once_are_held_back_for_a_while_and_few_are_not() {
        let (mut caution, start) = (Caution::default(), 7_000);
        let nodes = |count: usize| (0..count).map(|n| format!("nod_{n}")).collect::<BTreeSet<_>>();
        assert!(caution.lets_go(&nodes(1), 1, start), "a laptop that was closed is the whole fleet of many people");
        assert!(caution.lets_go(&nodes(4), 4, start) && !caution.holds_back());
        assert!(!caution.lets_go(&nodes(5), 200, start) && caution.holds_back());
        assert!(!caution.lets_go(&nodes(3), 12, start), "a quarter of the fleet");
        assert!(caution.lets_go(&nodes(2), 12, start) && !caution.holds_back(), "the others came back");
        assert!(!caution.lets_go(&nodes(5), 5, start));
        assert!(caution.lets_go(&nodes(5), 5, start + BREAKER_HOLD_MS), "they are lost after all");
    }
}

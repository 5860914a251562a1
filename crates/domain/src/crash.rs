//! Crash points: every durable step of the product has a name, and a test can let the process die right before or right after it.
//!
//! Invariant: each name stands in [`STEPS`], which the compiler sees to, and `rig/tests/crash_points.rs` crashes at both sides of each.
//! Without debug assertions nothing of this is left. The domain itself ends nothing: whoever starts the process says how it dies.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The durable steps by name, in the order of a session's life: what is written where a crash can leave it half done.
pub const STEPS: &[&str] = &[
    // A machine joins.
    "node.hub",
    "node.token",
    // The node begins.
    "sweep.folder",
    // A turn comes.
    "record.assigned",
    "worktree.intent",
    "worktree.add",
    "worktree.ready",
    "keeper.folder",
    "keeper.start",
    "keeper.identity",
    "spool.create",
    "record.opened",
    "record.settled",
    "record.failed",
    // The agent runs, in its keeper.
    "agent.launch",
    "spool.started",
    "spool.in",
    "agent.write",
    "spool.out",
    "spool.told",
    "spool.stop",
    "spool.exit",
    "spool.sync",
    // The hub hears of it.
    "reports.send",
    "spool.trim",
    "record.idle",
    "keeper.forget",
    // Work without an agent: a worktree is prepared, a change is checked, changes are merged.
    "hub.job_asked",
    "job.begun",
    "setup.done",
    "teardown.done",
    "check.commit",
    "check.index",
    "check.left",
    "scratch.intent",
    "scratch.add",
    "scratch.remove",
    "merge.intent",
    "merge.push",
    "merge.move",
    "job.ended",
    "hub.job_ended",
    "job.forget",
    "hub.job_dropped",
    // The session is closed.
    "rescue.ref",
    "worktree.removing",
    "worktree.remove",
    "branch.remove",
    "worktree.forget",
    "session.forget",
    "session.released",
    // The hub writes down what it decides.
    "hub.opened",
    "hub.accepted",
    "hub.greeted",
    "hub.assigned",
    "hub.reported",
    "hub.settings",
    "hub.planned",
    "hub.proposed",
    "hub.decided",
    "hub.closed",
    "hub.released",
    // A change is judged.
    "hub.review_begun",
    "hub.task",
    // A device is told.
    "hub.push_queued",
    "hub.push_sent",
    "hub.push_gone",
    // Something is delivered from outside.
    "hub.delivered",
    // Its history grows old.
    "hub.merged",
    "segment.write",
    "segment.rename",
    "hub.archived",
    "hub.cleared",
    "hub.expired",
    "segment.remove",
    "hub.forgotten",
];

/// Where at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Nothing of it is done.
    Before,
    /// All of it is done, and nobody was told.
    After,
}

/// The point at which this process dies.
#[derive(Debug)]
pub struct Point {
    step: &'static str,
    side: Side,
    /// Times that it is still passed unharmed.
    spared: AtomicU32,
}

impl Point {
    /// Reads `step:before`, `step:after` or `step:before:N`, where it is the N-th time that counts.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no crash point: write STEP:before, STEP:after or STEP:before:N");
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let step = STEPS.iter().find(|step| **step == name).ok_or_else(|| format!("there is no durable step {name:?}"))?;
        let side = match parts.next() {
            Some("before") => Side::Before,
            Some("after") => Side::After,
            _ => return Err(wrong()),
        };
        let time = parts.next().map_or(Some(1), |time| time.parse::<u32>().ok().filter(|time| *time > 0)).ok_or_else(wrong)?;
        if parts.next().is_some() {
            return Err(wrong());
        }
        Ok(Self { step, side, spared: AtomicU32::new(time - 1) })
    }

    /// Whether this is the place and the time.
    fn is_met(&self, step: &str, side: Side) -> bool {
        let spare = |left: u32| left.checked_sub(1);
        self.step == step && self.side == side && self.spared.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spare).is_err()
    }
}

struct Armed {
    point: Point,
    die: fn(),
}

static ARMED: OnceLock<Armed> = OnceLock::new();

/// Lets this process die at a point. Called once, by whoever starts it.
pub fn arm(point: Point, die: fn()) {
    let _ = ARMED.set(Armed { point, die });
}

/// Dies if this is the point. Called by [`durable!`](crate::durable).
pub fn reach(step: &str, side: Side) {
    if let Some(armed) = ARMED.get()
        && armed.point.is_met(step, side)
    {
        (armed.die)();
    }
}

/// Whether a step is in the list. The compiler asks.
pub const fn is_step(name: &str) -> bool {
    let mut at = 0;
    while at < STEPS.len() {
        if is_same(STEPS[at].as_bytes(), name.as_bytes()) {
            return true;
        }
        at += 1;
    }
    false
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    one.len() == other.len()
}

/// Carries out a durable step by name, so that a test can crash before and after it.
#[macro_export]
macro_rules! durable {
    ($step:literal, $work:expr) => {{
        const { assert!($crate::crash::is_step($step), "this durable step has no name in fugue_domain::crash::STEPS") };
        if cfg!(debug_assertions) {
            $crate::crash::reach($step, $crate::crash::Side::Before);
        }
        let done = $work;
        if cfg!(debug_assertions) {
            $crate::crash::reach($step, $crate::crash::Side::After);
        }
        done
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_met_at_its_step_on_its_side_the_nth_time_and_from_then_on() {
        let point = Point::parse("spool.in:after:2").unwrap();
        assert!(!point.is_met("spool.in", Side::Before) && !point.is_met("spool.out", Side::After));
        assert!(!point.is_met("spool.in", Side::After), "the first time is spared");
        assert!(point.is_met("spool.in", Side::After) && point.is_met("spool.in", Side::After));
        assert!(Point::parse("worktree.add:before").unwrap().is_met("worktree.add", Side::Before));
    }

    #[test]
    fn what_is_no_point_is_refused_by_name() {
        assert!(Point::parse("spool.inn:after").unwrap_err().contains("spool.inn"));
        for wrong in ["spool.in", "spool.in:soon", "spool.in:after:0", "spool.in:after:x", "spool.in:after:1:1"] {
            assert!(Point::parse(wrong).unwrap_err().contains("STEP:before"), "{wrong}");
        }
    }

    #[test]
    fn every_name_stands_in_the_list_once() {
        let mut names = STEPS.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), STEPS.len());
        assert!(STEPS.iter().all(|step| is_step(step)) && !is_step("spool.i") && !is_step("spool.in "));
    }
}

//! What everybody in a simulation shares: the trace, the counts of what happened, the phase, and what was found to be wrong.

use crate::world::elapsed;
use fugue_domain::digest::sha256_hex;
use rig::chance::Chance;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Where a simulation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Nodes join, sessions are opened; nothing fails.
    Opening,
    /// Messages are sent, and everything fails.
    Faults,
    /// Nothing fails any more; everything must come to its end.
    Healed,
}

/// The shared part, held by a single thread.
pub struct Stage {
    pub phase: Cell<Phase>,
    pub chance: RefCell<Chance>,
    pub counts: RefCell<BTreeMap<String, u64>>,
    pub wrong: RefCell<Vec<String>>,
    trace: RefCell<String>,
    shown: bool,
}

impl Stage {
    /// An empty stage; `shown` prints the trace as it comes.
    pub fn new(seed: u64, shown: bool) -> Rc<Self> {
        Rc::new(Self {
            phase: Cell::new(Phase::Opening),
            chance: RefCell::new(Chance::new(seed)),
            counts: RefCell::default(),
            wrong: RefCell::default(),
            trace: RefCell::default(),
            shown,
        })
    }

    /// Writes down what happened, at the machine's own virtual time.
    pub fn note(&self, what: std::fmt::Arguments<'_>) {
        self.note_at(elapsed(), what);
    }

    /// Writes down what happened.
    pub fn note_at(&self, at: i64, what: std::fmt::Arguments<'_>) {
        let line = format!("{at:>7} {what}\n");
        if self.shown {
            print!("{line}");
        }
        self.trace.borrow_mut().push_str(&line);
    }

    /// Counts that something happened.
    pub fn count(&self, what: &str) {
        *self.counts.borrow_mut().entry(what.to_owned()).or_default() += 1;
    }

    /// A promise is broken.
    pub fn broken(&self, what: String) {
        self.note(format_args!("WRONG {what}"));
        self.wrong.borrow_mut().push(what);
    }

    /// A number from `low` up to, but not including, `high`.
    pub fn between(&self, low: u64, high: u64) -> u64 {
        self.chance.borrow_mut().between(low, high)
    }

    /// Whether it happens, in so many of a hundred cases.
    pub fn percent(&self, share: u64) -> bool {
        self.between(0, 100) < share
    }

    /// The hash of everything that was written down.
    pub fn hash(&self) -> String {
        sha256_hex(self.trace.borrow().as_bytes())
    }
}

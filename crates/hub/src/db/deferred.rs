//! What is on the disk in a short form, and is brought into its tables before anybody looks.
//!
//! Invariant: a job of the writer that looks at tables, and every reader, finds everything there that was answered before. Only counts
//! are kept here; the short form itself is in the database, so a crash loses none of it.

use super::Tx;
use crate::event;
use crate::fault::Done;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Brings everything into its tables.
pub type Settle = for<'a, 'c> fn(&'a mut Tx<'c>) -> BoxFuture<'a, Done<()>>;

/// The counts, cheap to clone.
#[derive(Clone)]
pub struct Deferred {
    settle: Settle,
    counts: Arc<Counts>,
}

struct Counts {
    /// Times that something was put off. The first is what an earlier process may have left.
    made: AtomicU64,
    /// Up to which of them everything is in its tables, on the disk.
    settled: AtomicU64,
    /// Up to which of them everything is in its tables, as the writer's open transaction sees it.
    seen: AtomicU64,
    /// Grows whenever something was settled or lost, so that who remembers tables knows when that is worth nothing.
    era: AtomicU64,
}

impl Deferred {
    /// Settles by this function.
    pub fn new(settle: Settle) -> Self {
        Self { settle, counts: Arc::new(Counts { made: 1.into(), settled: 0.into(), seen: 0.into(), era: 0.into() }) }
    }

    /// Something was put off.
    pub fn put_off(&self) {
        self.counts.made.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether readers would miss something.
    pub fn is_open(&self) -> bool {
        self.counts.settled.load(Ordering::Acquire) < self.counts.made.load(Ordering::Acquire)
    }

    /// Whether the writer's open transaction would miss something.
    pub fn is_unseen(&self) -> bool {
        self.counts.seen.load(Ordering::Acquire) < self.counts.made.load(Ordering::Acquire)
    }

    /// Settles inside the open transaction.
    pub async fn settle(&self, tx: &mut Tx<'_>) -> Done<()> {
        let made = self.counts.made.load(Ordering::Acquire);
        (self.settle)(tx).await?;
        // The job that follows looks at numbers and lines as well.
        event::flush(tx).await?;
        self.counts.seen.store(made, Ordering::Release);
        self.counts.era.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    /// The open transaction was committed.
    pub fn committed(&self) {
        self.counts.settled.store(self.counts.seen.load(Ordering::Acquire), Ordering::Release);
    }

    /// The open transaction, or a part of it, is lost: what it had settled may be in its short form again.
    pub fn undone(&self) {
        self.counts.seen.store(self.counts.settled.load(Ordering::Acquire), Ordering::Release);
        self.counts.era.fetch_add(1, Ordering::AcqRel);
        self.put_off();
    }

    /// Which era it is.
    pub fn era(&self) -> u64 {
        self.counts.era.load(Ordering::Acquire)
    }
}

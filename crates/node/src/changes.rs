//! What has changed in a session's place, asked often and looked for only when something may have changed.
//!
//! Invariant: an answer is given again only while it is known that git would say the same (`changes/stand.rs`); in every doubt git looks
//! (`changes/look.rs`). One look at a time in a place, and no more side by side than the processors have work for. Called by the supervisor.

use crate::machine::boot_ms;
use fugue_domain::changes::Changes as Seen;
use fugue_domain::id::SessionId;
use fugue_domain::limits::{CHANGES_HELD_MS, CHANGES_UNASKED_MS};
use fugue_domain::link::{self, Answered, CallFailed};
use fugue_domain::time::Time;
use fugue_domain::world::SharedWorld;
use place::Place;
use stand::{Before, Stand};
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;
use watch::Watches;

mod listing;
mod look;
mod place;
mod stand;
mod watch;

/// What a node knows of the changes in its sessions' places.
pub struct Changes {
    home: PathBuf,
    world: SharedWorld,
    watches: Watches,
    looks: Semaphore,
    sessions: Mutex<HashMap<SessionId, Arc<Known>>>,
}

/// One session's. The lock is held while git looks, so that who asks at the same time gets the same answer.
#[derive(Default)]
struct Known {
    asked: AtomicU64,
    last: tokio::sync::Mutex<Last>,
}

/// What is known from the last look.
#[derive(Default)]
struct Last {
    held: Option<Held>,
    /// Folders that git ignored as a whole.
    ignored: Arc<BTreeSet<Vec<u8>>>,
}

/// An answer that may be given again.
struct Held {
    place: Place,
    seen: Seen,
    looked: u64,
    stand: Stand,
}

impl Changes {
    /// Nothing is known yet.
    pub fn new(home: PathBuf, world: SharedWorld) -> Self {
        Self::watching(home, world, Watches::default())
    }

    fn watching(home: PathBuf, world: SharedWorld, watches: Watches) -> Self {
        // One more than there are processors: between two gits there is always something to wait for.
        let looks = Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from) + 1);
        Self { home, world, watches, looks, sessions: Mutex::default() }
    }

    /// What has changed in a place.
    pub async fn ask(&self, asked: &link::Place) -> Result<Answered, CallFailed> {
        let known = self.known(&asked.session);
        let mut last = known.last.lock().await;
        let Some(place) = Place::find(&self.home, asked)? else {
            *last = Last::default();
            return Ok(Answered::Changes(None));
        };
        if let Some(held) = &last.held
            && held.place == place
            && boot_ms() < held.looked + CHANGES_HELD_MS
            && held.stand.holds()
        {
            return Ok(Answered::Changes(Some(held.seen.clone())));
        }
        // Its folders may go on being watched for the new answer; in another place they are let go.
        let old = last.held.take().filter(|held| held.place == place).map(|held| held.stand);
        let ended = |_| CallFailed::Other("the node ends".to_owned());
        let _turn = self.looks.acquire().await.map_err(ended)?;
        let (watches, at, ignored) = (self.watches.clone(), Time(self.world.now()), last.ignored.clone());
        let looked = tokio::task::spawn_blocking(move || {
            let (looked, before) = (boot_ms(), Before::take(&place, old, &ignored, &watches));
            let look = look::look(&place, at)?;
            let seen = look.changes;
            let stand = before.and_then(|before| before.stand(&look.ignored));
            let held = stand.map(|stand| Held { place, seen: seen.clone(), looked, stand });
            Ok((seen, Last { held, ignored: Arc::new(look.ignored) }))
        });
        let looked = looked.await.unwrap_or_else(|error| Err(CallFailed::Other(format!("the node could not look: {error}"))));
        let (seen, now) = looked?;
        *last = now;
        Ok(Answered::Changes(Some(seen)))
    }

    fn known(&self, session: &SessionId) -> Arc<Known> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let known = sessions.entry(session.clone()).or_default().clone();
        known.asked.store(boot_ms(), Ordering::Relaxed);
        known
    }

    /// Reads what has happened, and forgets the places that nobody asks about any more. Called with every heartbeat.
    pub fn tend(&self, now: u64) {
        self.watches.read();
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, known| now < known.asked.load(Ordering::Relaxed) + CHANGES_UNASKED_MS);
    }
}

#[cfg(test)]
mod tests;

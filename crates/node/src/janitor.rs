//! The janitor: knows how much of the disk worktrees take, and makes room when that is more than the node's settings allow.
//!
//! Invariant: what goes is decided between two inputs of the supervisor, by what it knows at that moment, so no turn and no job begins in a
//! worktree while its caches are moved away. Looking, and removing what was moved away, are done beside it. Without a limit nothing ever goes.

use crate::Budget;
use crate::disk::{self, Cache, Survey};
use fugue_domain::limits::{CACHE_QUIET_MS, ROOM_LOOK_MS, ROOM_LOOK_RARELY_MS, ROOM_LOOK_SOON_MS};
use fugue_domain::node::Room;
use fugue_domain::world::Millis;
use std::path::PathBuf;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Room is made until this share of the limit is free, so that the next build does not ask for more at once: one tenth.
const FREE_SHARE: u64 = 10;

/// Looks after the disk of one node.
pub struct Janitor {
    home: PathBuf,
    budget: Budget,
    seen: Option<Room>,
    looks: JoinSet<Survey>,
    next: Instant,
}

impl Janitor {
    /// One that looks at once, if it matters.
    pub fn new(home: PathBuf, budget: Budget) -> Self {
        let first = if budget.limit.is_some() { 0 } else { ROOM_LOOK_MS };
        let trash = home.clone();
        // What an earlier node put away and could not remove.
        drop(tokio::task::spawn_blocking(move || disk::clear(&trash)));
        Self { home, budget, seen: None, looks: JoinSet::new(), next: Instant::now() + Duration::from_millis(first) }
    }

    /// What was seen last.
    pub fn room(&self) -> Option<Room> {
        self.seen
    }

    /// Something has changed: it looks in a moment.
    pub fn look_soon(&mut self) {
        if self.budget.limit.is_some() {
            self.next = self.next.min(Instant::now() + Duration::from_millis(ROOM_LOOK_SOON_MS));
        }
    }

    /// What it has seen, as soon as it was time to look.
    pub async fn survey(&mut self) -> Survey {
        loop {
            tokio::select! {
                Some(looked) = self.looks.join_next() => match looked {
                    Ok(survey) => return survey,
                    Err(error) => tracing::error!("the worktrees could not be counted: {error}"),
                },
                () = tokio::time::sleep_until(self.next), if self.looks.is_empty() => {
                    let every = if self.budget.limit.is_some() { ROOM_LOOK_MS } else { ROOM_LOOK_RARELY_MS };
                    self.next = Instant::now() + Duration::from_millis(every);
                    let (home, Budget { limit, caches }) = (self.home.clone(), self.budget.clone());
                    self.looks.spawn_blocking(move || disk::survey(&home, limit, &caches));
                }
            }
        }
    }

    /// Takes in what was seen, and makes room if there is too little. The answer is whether there is none left.
    pub fn take(&mut self, survey: Survey, now: Millis, in_use: impl Fn(&Cache) -> bool) -> bool {
        let Survey { mut used, caches } = survey;
        let limit = self.budget.limit.unwrap_or(u64::MAX);
        if used > limit {
            let idle = |cache: &&Cache| now.saturating_sub(cache.touched) >= CACHE_QUIET_MS && !in_use(cache);
            for cache in caches.iter().filter(idle) {
                if used <= limit - limit / FREE_SHARE {
                    break;
                }
                match disk::put_away(&self.home, cache) {
                    Ok(()) => {
                        tracing::info!(bytes = cache.bytes, "{} can be made again and was removed, to make room", cache.path.display());
                        used = used.saturating_sub(cache.bytes);
                    }
                    Err(error) => tracing::warn!("{} cannot be moved away: {error}", cache.path.display()),
                }
            }
            let home = self.home.clone();
            drop(tokio::task::spawn_blocking(move || disk::clear(&home)));
        }
        let full = used > limit;
        if full {
            if self.seen.is_none_or(|seen| !seen.full) {
                tracing::warn!(used, limit, "worktrees take more than they may, and nothing of it can be made again: new ones wait");
            }
            self.next = Instant::now() + Duration::from_millis(ROOM_LOOK_SOON_MS);
        }
        let bytes = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        self.seen = Some(Room { used: bytes(used), limit: self.budget.limit.map(bytes), full });
        full
    }
}

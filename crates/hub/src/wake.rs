//! The doorbells of the scheduler (which sessions and turns deserve a look) and of the foreman. A lost ring costs a moment, never work.

use fugue_domain::id::{SessionId, TurnId};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// What to look at next.
#[derive(Debug, Default)]
pub struct Rung {
    /// Sessions whose line may have a turn that can start.
    pub sessions: BTreeSet<SessionId>,
    /// Turns of which a node should hear what is wanted.
    pub turns: BTreeSet<TurnId>,
}

/// The doorbell, cheap to clone.
#[derive(Clone, Default)]
pub struct Wake {
    rung: Arc<Mutex<Rung>>,
    bell: Arc<Notify>,
    foreman: Arc<Notify>,
    reviews: Arc<Notify>,
    pushes: Arc<Notify>,
}

impl Wake {
    /// Look at this session's line.
    pub fn session(&self, session: SessionId) {
        self.rung.lock().expect("nobody panics while holding it").sessions.insert(session);
        self.bell.notify_one();
    }

    /// Tell this turn's node what is wanted.
    pub fn turn(&self, turn: TurnId) {
        self.rung.lock().expect("nobody panics while holding it").turns.insert(turn);
        self.bell.notify_one();
    }

    /// Let the foreman look whether a task can begin.
    pub fn foreman(&self) {
        self.foreman.notify_one();
    }

    /// Waits until the foreman was rung for.
    pub async fn foreman_rung(&self) {
        self.foreman.notified().await;
    }

    /// Look at the reviews that are wanted.
    pub fn reviews(&self) {
        self.reviews.notify_one();
    }

    /// Waits until a review is wanted.
    pub async fn wait_for_reviews(&self) {
        self.reviews.notified().await;
    }

    /// Look at what is on its way to devices.
    pub fn pushes(&self) {
        self.pushes.notify_one();
    }

    /// Waits until something is on its way to devices.
    pub async fn wait_for_pushes(&self) {
        self.pushes.notified().await;
    }

    /// Waits until something was rung, and takes it.
    pub async fn wait(&self) -> Rung {
        loop {
            let rung = std::mem::take(&mut *self.rung.lock().expect("nobody panics while holding it"));
            if !rung.sessions.is_empty() || !rung.turns.is_empty() {
                return rung;
            }
            self.bell.notified().await;
        }
    }
}

//! Creations that take a while, because a node is asked first: the same key again meanwhile is told that the first still runs.
//!
//! Quick creations need none of this: there the transaction alone decides.

use crate::fault::Done;
use crate::idempotency::Key;
use fugue_domain::problem::{Kind, Problem};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The keys of creations that run now in this process.
#[derive(Clone, Default)]
pub struct Creating(Arc<Mutex<HashSet<String>>>);

/// A creation that runs.
pub struct Running {
    id: String,
    creating: Creating,
}

impl Creating {
    /// Begins a creation, unless the same one runs.
    pub fn begin(&self, key: Option<&Key>) -> Done<Option<Running>> {
        let Some(key) = key else { return Ok(None) };
        if !self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.id.clone()) {
            return Err(Problem::new(
                Kind::IdempotencyInProgress,
                "The first request with this Idempotency-Key is still being carried out.",
            )
            .into());
        }
        Ok(Some(Running { id: key.id.clone(), creating: self.clone() }))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.creating.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

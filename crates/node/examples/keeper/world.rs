//! The real clock and chance, which this crate itself never takes.

use fugue_domain::world::{Millis, World};
use std::hash::{BuildHasher, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

/// The world outside.
pub struct RealWorld;

impl World for RealWorld {
    #[expect(clippy::disallowed_methods, reason = "this is the world that is handed out here")]
    fn now(&self) -> Millis {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as Millis)
    }

    fn random(&self) -> u128 {
        u128::from(RandomState::new().hash_one(0u8)) << 64 | u128::from(RandomState::new().hash_one(1u8))
    }
}

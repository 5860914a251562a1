//! The real clock and real chance: the only place in the product that reads either.
//!
//! `main` makes one world and hands it to the hub, the node and the commands.
#![allow(clippy::disallowed_methods, reason = "this is the one place that may read the system's clock")]

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use fugue_domain::world::{Millis, SharedWorld, World};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// The world outside.
pub struct RealWorld {
    random: SystemRandom,
}

impl RealWorld {
    /// The world, to be handed around.
    pub fn shared() -> SharedWorld {
        Arc::new(Self { random: SystemRandom::new() })
    }
}

impl World for RealWorld {
    #[allow(clippy::disallowed_methods, reason = "this is the one clock that all others are given")]
    fn now(&self) -> Millis {
        // A clock before 1970 is a machine without a battery; the log then shows 1970.
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as Millis)
    }

    fn random(&self) -> u128 {
        let mut bytes = [0u8; 16];
        // Without random numbers no credential would be a secret: better no process than a guessable one.
        self.random.fill(&mut bytes).expect("the operating system gives random numbers");
        u128::from_le_bytes(bytes)
    }
}

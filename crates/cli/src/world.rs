//! The real clock and real chance: the only place in the product that reads either.
//!
//! `main` makes one world and hands it to the hub, the node and the commands.
#![allow(clippy::disallowed_methods, reason = "this is the one place that may read the system's clock")]

use fugue_domain::world::{Millis, SharedWorld, World};
use std::sync::{Arc, OnceLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The world outside.
pub struct RealWorld;

impl RealWorld {
    /// The world, to be handed around.
    pub fn shared() -> SharedWorld {
        Arc::new(Self)
    }
}

impl World for RealWorld {
    fn now(&self) -> Millis {
        // A clock before 1970 is a machine without a battery; the log then shows 1970.
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as Millis)
    }

    fn steady(&self) -> Millis {
        static BEGAN: OnceLock<Instant> = OnceLock::new();
        BEGAN.get_or_init(Instant::now).elapsed().as_millis() as Millis
    }

    fn random(&self) -> u128 {
        let mut bytes = [0u8; 16];
        // The system's own generator: a library's would be seeded for each thread first, which takes 60 ms here.
        // Without random numbers no credential would be a secret: better no process than a guessable one.
        getrandom::fill(&mut bytes).expect("the operating system gives random numbers");
        u128::from_le_bytes(bytes)
    }
}

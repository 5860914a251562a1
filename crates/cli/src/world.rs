//! The real clock and real chance: the only place in the product that reads either.
//!
//! `main` makes one world and hands it to the hub, the node and the commands.
#![allow(clippy::disallowed_methods, reason = "this is the one place that may read the system's clock")]

use fugue_domain::world::{Millis, SharedWorld, World};
use std::cell::RefCell;
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
        thread_local!(static DRAWN: RefCell<Drawn> = const { RefCell::new(Drawn { numbers: [0; AT_ONCE], left: 0 }) });
        DRAWN.with_borrow_mut(Drawn::next)
    }
}

/// Numbers that the system gives for one question; it answers up to 256 bytes in one piece.
const AT_ONCE: usize = 16;

/// Random numbers that were drawn and are not used yet. Each request needs two, and asking for one costs as much as reading from a socket.
struct Drawn {
    numbers: [u128; AT_ONCE],
    left: usize,
}

impl Drawn {
    /// The next one, of which nothing is kept.
    fn next(&mut self) -> u128 {
        if self.left == 0 {
            let mut bytes = [[0u8; 16]; AT_ONCE];
            // The system's own generator: a library's would be seeded for each thread first, which takes 60 ms here.
            // Without random numbers no credential would be a secret: better no process than a guessable one.
            getrandom::fill(bytes.as_flattened_mut()).expect("the operating system gives random numbers");
            *self = Self { numbers: bytes.map(u128::from_le_bytes), left: AT_ONCE };
        }
        self.left -= 1;
        std::mem::take(&mut self.numbers[self.left])
    }
}

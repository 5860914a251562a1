//! Time and chance of a simulated machine: virtual time, and a sequence that repeats itself for the same seed.
//!
//! Invariant: nothing in a simulation's process comes from outside. The standard library and tokio draw their seeds (the order of
//! maps, the order in which `select!` looks) from the system's `getrandom`; here that is a counted sequence as well.

use fugue_domain::world::{Millis, World};
use rig::chance::Chance;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// 2026-11-21, so that printed times look like times.
pub const EPOCH: Millis = 1_795_222_700_000;

/// Virtual milliseconds since the beginning; only inside a simulated machine.
pub fn elapsed() -> i64 {
    turmoil::sim_elapsed().map_or(0, |elapsed| elapsed.as_millis() as i64)
}

/// The world of one machine.
pub struct SimWorld {
    chance: Mutex<Chance>,
    skew: AtomicI64,
}

impl SimWorld {
    /// A world of this seed.
    pub fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self { chance: Mutex::new(Chance::new(seed)), skew: AtomicI64::new(0) })
    }

    /// Sets the wall clock forward, or back.
    pub fn jump(&self, ms: Millis) {
        self.skew.fetch_add(ms, Ordering::SeqCst);
    }
}

impl World for SimWorld {
    fn now(&self) -> Millis {
        EPOCH + elapsed() + self.skew.load(Ordering::SeqCst)
    }

    fn random(&self) -> u128 {
        let mut chance = self.chance.lock().expect("nobody panics while holding it");
        u128::from(chance.draw()) << 64 | u128::from(chance.draw())
    }
}

/// What the system is asked for chance, in place of the one of the C library.
///
/// # Safety
/// `buffer` must have room for `length` bytes, as the system's own function demands.
#[unsafe(no_mangle)]
unsafe extern "C" fn getrandom(buffer: *mut u8, length: usize, _flags: u32) -> isize {
    static DRAWN: AtomicU64 = AtomicU64::new(0);
    for at in 0..length {
        let byte = Chance::new(DRAWN.fetch_add(1, Ordering::SeqCst)).draw() as u8;
        // SAFETY: the caller gives room for `length` bytes, and `at` is less.
        unsafe { buffer.add(at).write(byte) };
    }
    length as isize
}

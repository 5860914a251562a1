//! What a program takes from the world: the time and chance.
//!
//! Invariant: no other crate but the command line reads the system's clock or random numbers (clippy refuses it), so a
//! test, and later a simulation, owns both.

use std::sync::Arc;

/// Milliseconds since 1970, as stored and sent everywhere.
pub type Millis = i64;

/// The source of time and chance.
pub trait World: Send + Sync {
    /// The wall clock.
    fn now(&self) -> Millis;
    /// A clock that nobody sets, good for differences only. In a world whose clock nobody sets either, it is that one.
    fn steady(&self) -> Millis {
        self.now()
    }
    /// 128 fresh random bits, unguessable in the real world.
    fn random(&self) -> u128;
}

/// A world that is handed around.
pub type SharedWorld = Arc<dyn World>;

/// Mints an id of the wanted kind.
pub trait Mint: Sized {
    /// A new id, made from the world's time and chance.
    fn mint(world: &dyn World) -> Self;
}

macro_rules! mint {
    ($($name:ident),*) => {$(
        impl Mint for crate::id::$name {
            fn mint(world: &dyn World) -> Self {
                Self::from_bits(crate::id::uuid_v7(world.now(), world.random()))
            }
        }
    )*};
}
mint!(
    OrgId, UserId, TokenId, DeviceId, NodeId, ProjectId, SessionId, MessageId, TurnId, RunId, TaskId, PlanId, JobId, ReviewId, PushId,
    HookId, ApprovalId, RequestId
);

/// A world for tests: time moves when it is told to, chance is a counted sequence.
pub struct TestWorld {
    now: std::sync::atomic::AtomicI64,
    draws: std::sync::atomic::AtomicU64,
    seed: u64,
}

impl TestWorld {
    /// A world that begins at `now` and repeats itself for the same seed.
    pub fn new(now: Millis, seed: u64) -> Arc<Self> {
        Arc::new(Self { now: now.into(), draws: 0.into(), seed })
    }

    /// Lets `ms` milliseconds pass.
    pub fn advance(&self, ms: Millis) {
        self.now.fetch_add(ms, std::sync::atomic::Ordering::SeqCst);
    }
}

impl World for TestWorld {
    fn now(&self) -> Millis {
        self.now.load(std::sync::atomic::Ordering::SeqCst)
    }

    fn random(&self) -> u128 {
        let draw = self.draws.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let mixed = |salt: u64| {
            // SplitMix64: enough spread that ids made in a row differ in their last letters.
            let mut z = (self.seed ^ salt).wrapping_add(draw.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ z >> 31
        };
        u128::from(mixed(1)) << 64 | u128::from(mixed(2))
    }
}

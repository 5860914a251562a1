//! What the tests of this crate share: a folder that goes away, an assignment, and a wait with a limit.

use fugue_domain::agent::{Agent, Driver};
use fugue_domain::id::{SessionId, TurnId};
use fugue_domain::lease::LeaseKey;
use fugue_domain::link::{Assignment, Place};
use fugue_domain::project::Origin;
use fugue_domain::session::PlaceKind;
use fugue_domain::turn::Opening;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A folder that goes with its test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("fugue-{name}-{}-{count}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path.canonicalize().unwrap())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A turn of a `command` agent.
pub fn assignment(home: &Path) -> Assignment {
    let session = SessionId::from_bits(1);
    let mut agent = Agent::plain("sh", Driver::Command, "");
    agent.program = vec!["sh".into()];
    let place = Place {
        session: session.clone(),
        origin: Origin::Path(home.join("repository").to_string_lossy().into_owned()),
        kind: PlaceKind::Worktree,
        path: home.join("worktrees").join(session.as_str()).to_string_lossy().into_owned(),
        branch: Some("fugue/test-00000001".into()),
        base: None,
        landed: None,
    };
    let lease = LeaseKey { session, turn: TurnId::from_bits(2), epoch: 3 };
    Assignment { lease, place, agent, opening: Opening::Message, text: "hello".into(), memory: None, budget_left: None }
}

/// Waits until something is so.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

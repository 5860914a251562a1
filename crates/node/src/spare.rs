//! Spare keepers: started before they are needed, so that an assignment waits for the agent's own start and nothing else.
//!
//! A spare that its node leaves alone ends by itself. Called by sessions; the supervisor runs [`Spares::refill`].

use crate::keeper::handle::{Handle, clear};
use fugue_domain::world::SharedWorld;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Keepers that wait; two sessions may begin at the same time.
pub const SPARES: usize = 2;
/// How long a replacement waits after a spare was taken: started at once, it would take the processor from the agent that starts.
const REFILL_AFTER: Duration = Duration::from_millis(300);
/// The same when no spare is left: only until that agent has most likely started.
const REFILL_EMPTY_AFTER: Duration = Duration::from_millis(15);

/// How often the spares are looked at when none is taken: one that was killed is replaced, and its folder goes.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// The spares of one node.
pub struct Spares {
    command: Vec<OsString>,
    leaf: bool,
    home: PathBuf,
    prefix: String,
    world: SharedWorld,
    ready: Mutex<VecDeque<Handle>>,
    taken: Notify,
}

/// Where the keepers of a node live.
pub fn keepers_folder(home: &Path) -> PathBuf {
    home.join("keepers")
}

/// What the names of all keepers of a node begin with: another node on the same machine has another.
pub fn prefix(home: &Path) -> String {
    fugue_domain::digest::sha256_hex(home.as_os_str().as_encoded_bytes())[..8].to_owned() + "-"
}

impl Spares {
    /// No spares yet. `command` starts a keeper when a folder is appended; `leaf`: whether agents get a cgroup leaf.
    pub fn new(command: Vec<OsString>, leaf: bool, home: &Path, world: SharedWorld) -> Self {
        let (home, prefix) = (home.to_owned(), prefix(home));
        Self { command, leaf, home, prefix, world, ready: Mutex::default(), taken: Notify::new() }
    }

    /// A keeper that waits for its agent.
    pub async fn take(&self) -> io::Result<Handle> {
        while let Some(spare) = self.pop() {
            self.taken.notify_one();
            if spare.is_alive() {
                return Ok(spare);
            }
            bury(&spare);
        }
        self.start().await
    }

    /// Keeps the spares up, for as long as it is polled.
    pub async fn refill(&self) {
        loop {
            while self.ready().len() < SPARES {
                match self.start().await {
                    Ok(spare) => self.ready().push_back(spare),
                    Err(error) => {
                        tracing::error!("no keeper can be started: {error}; no agent can run until that works");
                        tokio::time::sleep(Duration::from_secs(5)).await;
                    }
                }
            }
            let _ = tokio::time::timeout(LOOK_AGAIN, self.taken.notified()).await;
            self.ready().retain(|spare| spare.is_alive() || bury(spare));
            while !self.ready().is_empty() && tokio::time::timeout(REFILL_AFTER, self.taken.notified()).await.is_ok() {}
            if self.ready().is_empty() {
                tokio::time::sleep(REFILL_EMPTY_AFTER).await;
            }
        }
    }

    fn ready(&self) -> MutexGuard<'_, VecDeque<Handle>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pop(&self) -> Option<Handle> {
        self.ready().pop_front()
    }

    async fn start(&self) -> io::Result<Handle> {
        let name = format!("{}{:016x}", self.prefix, self.world.random() as u64);
        Handle::start(&self.command, &keepers_folder(&self.home).join(name), self.leaf).await
    }
}

/// Removes what a dead spare has left. Always false: it is no spare any more.
fn bury(spare: &Handle) -> bool {
    let (name, folder) = (spare.name().to_owned(), spare.folder().to_owned());
    tracing::warn!(keeper = name, "a keeper died before it had an agent");
    drop(tokio::task::spawn_blocking(move || {
        clear(&name);
        std::fs::remove_dir_all(folder)
    }));
    false
}

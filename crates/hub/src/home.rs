//! The data folder of a hub: its lock, the owner's credential, and its keys: one for web push, one that seals the secrets of hooks.
//!
//! Invariant: one hub per folder at a time, and nobody but the folder's owner can read credential and keys. The lock belongs to the
//! open file, so the system releases it however the hub ends.

use crate::config::StartError;
use crate::hub::Hub;
use crate::{push, sealed, token};
use fugue_domain::world::World;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a folder that is locked is tried again.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

/// The data folder, locked.
pub struct Home {
    path: PathBuf,
    _lock: File,
}

impl Home {
    /// Makes the folder if it is not there, and locks it. A hub that was killed while it started a child leaves its lock to that child
    /// until it execs, milliseconds later: so the next hub waits a little before it says that there is another.
    pub async fn open(path: &Path) -> Result<Self, StartError> {
        let unusable = |path: &Path, cause| StartError::Home { path: path.to_owned(), cause };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|cause| unusable(path, cause))?;
        let file = path.join("hub.lock");
        let lock =
            OpenOptions::new().create(true).write(true).truncate(false).mode(0o600).open(&file).map_err(|cause| unusable(&file, cause))?;
        let begun = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Self { path: path.to_owned(), _lock: lock }),
                Err(TryLockError::WouldBlock) if begun.elapsed() < LOCK_PATIENCE => tokio::time::sleep(LOCK_PATIENCE / 100).await,
                Err(TryLockError::WouldBlock) => return Err(StartError::AlreadyRunning(path.to_owned())),
                Err(TryLockError::Error(cause)) => return Err(unusable(&file, cause)),
            }
        }
    }

    /// The hub's key for web push. With another one, every browser would have to subscribe anew.
    pub fn push_key(&self, world: &dyn World) -> Result<push::Key, StartError> {
        self.key("push.key", || push::Key::fresh(world), push::Key::read)
    }

    /// The key that seals the secrets of hooks. With another one, every hook would have to be made anew.
    pub fn hook_key(&self, world: &dyn World) -> Result<sealed::Key, StartError> {
        self.key("hook.key", || sealed::Key::fresh(world), sealed::Key::read)
    }

    /// The key in a file, which is made the first time. One that cannot be read is not replaced in silence.
    fn key<T>(&self, name: &str, fresh: impl FnOnce() -> String, read: fn(&str) -> Option<T>) -> Result<T, StartError> {
        let file = self.path.join(name);
        let unusable = |cause| StartError::Home { path: file.clone(), cause };
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let fresh = fresh();
                write_private(&file, &fresh).map_err(unusable)?;
                fresh
            }
            Err(error) => return Err(unusable(error)),
        };
        let damaged =
            || unusable(io::Error::new(io::ErrorKind::InvalidData, "it holds no key; put it back, or remove it to have a new one made"));
        read(text.trim()).ok_or_else(damaged)
    }

    /// Makes the owner's credential, unless the file holds one that works.
    pub async fn ensure_owner(&self, hub: &Hub) -> Result<(), StartError> {
        let file = self.path.join("token");
        let unusable = |cause| StartError::Home { path: file.clone(), cause };
        match std::fs::read_to_string(&file) {
            Ok(text) if token::authenticate(hub, text.trim()).await?.is_some() => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unusable(error)),
        }
        let secret = token::issue_owner(hub).await?;
        write_private(&file, &secret).map_err(unusable)
    }
}

/// Whole or not at all, and never readable by others, not even for a moment.
fn write_private(file: &Path, text: &str) -> io::Result<()> {
    let fresh = file.with_extension("new");
    match std::fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut out = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&fresh)?;
    writeln!(out, "{text}")?;
    out.sync_all()?;
    std::fs::rename(&fresh, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lock_that_is_let_go_of_soon_is_waited_for_and_one_that_is_held_is_named() {
        let path = std::env::temp_dir().join(format!("fugue-hub-home-{}", std::process::id()));
        let first = Home::open(&path).await.unwrap_or_else(|error| panic!("{error}"));
        // Tried once before the first is gone.
        let (second, ()) = tokio::join!(Home::open(&path), async { drop(first) });
        let second = second.unwrap_or_else(|error| panic!("{error}"));
        assert!(matches!(Home::open(&path).await, Err(StartError::AlreadyRunning(folder)) if folder == path));
        drop(second);
        std::fs::remove_dir_all(&path).unwrap();
    }
}

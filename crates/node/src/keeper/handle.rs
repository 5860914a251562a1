//! The node's hold on a keeper: starting one, finding a living one again, asking it for things.
//!
//! A keeper's folder holds its socket, its spool and `keeper.json`, by which it is recognised: process id, start time and boot.
//! Dropping a [`Handle`] harms nobody: the keeper and its agent live on.

use crate::keeper::line::{Push, Received, Request, encode};
use crate::machine::boot_id;
use crate::ownership::Tree;
use crate::process::{self, Process};
use crate::{child, environment};
use fugue_domain::durable;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// How long a dead keeper's processes are fought for at most.
const CLEAR_TRIES: u32 = 200;

/// By which a process is recognised after the node was restarted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Identity {
    pid: i32,
    start: u64,
    boot: String,
}

impl Identity {
    fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(folder.join("keeper.json")).ok()?).ok()
    }

    fn process(&self) -> Option<Process> {
        let found = process::look(self.pid)?;
        (found.start == self.start && self.boot == boot_id()).then_some(found)
    }
}

/// The living keeper of a folder, as a process.
pub fn process_of(folder: &Path) -> Option<Process> {
    Identity::read(folder)?.process()
}

/// A connected keeper.
pub struct Handle {
    name: String,
    folder: PathBuf,
    identity: Identity,
    stream: tokio::net::UnixStream,
    received: Received,
}

/// Why a keeper's agent cannot be gone on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// The keeper's process has ended.
    Died,
    /// The machine was restarted since.
    Restarted,
}

impl Handle {
    /// Starts a keeper that waits for its agent, which gets a cgroup leaf or none. `folder` is new and becomes its own.
    pub async fn start(command: &[OsString], folder: &Path, leaf: bool) -> io::Result<Self> {
        let (folder, command) = (folder.to_owned(), command.to_owned());
        let begun = tokio::task::spawn_blocking(move || spawn(&command, folder, leaf)).await;
        let (folder, identity, stream) = begun.map_err(io::Error::other)??;
        Self::over(folder, identity, stream)
    }

    /// Finds a living keeper again, or says what became of it.
    pub fn find(folder: &Path) -> Result<Self, Gone> {
        let identity = Identity::read(folder).ok_or(Gone::Died)?;
        if identity.boot != boot_id() {
            return Err(Gone::Restarted);
        }
        if identity.process().is_none() {
            return Err(Gone::Died);
        }
        let stream = with_socket(folder, |path| UnixStream::connect(path)).map_err(|_| Gone::Died)?;
        Self::over(folder.to_owned(), identity, stream).map_err(|_| Gone::Died)
    }

    /// Its name, which is also the marker of its agent's processes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its spool is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether its process is there.
    pub fn is_alive(&self) -> bool {
        self.identity.process().is_some()
    }

    /// Asks for something.
    pub async fn ask(&mut self, request: &Request, payload: &[u8]) -> io::Result<()> {
        self.stream.write_all(&encode(request, payload)).await
    }

    /// Asks for several things in one go: the keeper wakes once.
    pub async fn ask_all(&mut self, requests: &[(Request, Vec<u8>)]) -> io::Result<()> {
        let bytes: Vec<u8> = requests.iter().flat_map(|(request, payload)| encode(request, payload)).collect();
        self.stream.write_all(&bytes).await
    }

    /// The next thing it says; an error when it is gone. May be dropped and called again.
    pub async fn hear(&mut self) -> io::Result<Push> {
        loop {
            if let Some((push, _)) = self.received.take()? {
                return Ok(push);
            }
            if self.stream.read_buf(&mut self.received.bytes).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn over(folder: PathBuf, identity: Identity, stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        Ok(Self { name, folder, identity, stream: tokio::net::UnixStream::from_std(stream)?, received: Received::default() })
    }
}

fn spawn(command: &[OsString], folder: PathBuf, leaf: bool) -> io::Result<(PathBuf, Identity, UnixStream)> {
    durable!("keeper.folder", fs::create_dir_all(&folder))?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
    let listener = with_socket(&folder, |path| UnixListener::bind(path))?;
    fs::set_permissions(folder.join("socket"), fs::Permissions::from_mode(0o600))?;
    // Connected before it runs: the keeper never sees itself alone, and a request can wait in the socket.
    let stream = with_socket(&folder, |path| UnixStream::connect(path))?;
    let (program, args) = command.split_first().ok_or_else(|| io::Error::other("the command that starts a keeper is empty"))?;
    let mut command = child::command(program, &folder);
    command.args(args).arg(&folder).args(leaf.then_some(super::LEAF)).stdin(std::os::fd::OwnedFd::from(listener));
    command.envs(environment::of_keeper());
    command.stdout(std::process::Stdio::null()).stderr(File::create(folder.join("keeper.log"))?);
    // Tokio collects the child when it ends; dropping it does not end it.
    let child = durable!("keeper.start", tokio::process::Command::from(command).spawn())?;
    let pid = child.id().ok_or_else(|| io::Error::other("the keeper ended at once"))? as i32;
    let identity = Identity { pid, start: process::start_of(pid).unwrap_or(0), boot: boot_id().to_owned() };
    durable!("keeper.identity", fs::write(folder.join("keeper.json"), serde_json::to_vec(&identity)?))?;
    Ok((folder, identity, stream))
}

/// Calls with a path to the folder's socket that fits into the system's 108 bytes, however long the folder's own path is.
fn with_socket<T>(folder: &Path, call: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    #[cfg(target_os = "linux")]
    {
        use std::os::fd::AsRawFd;
        let open = File::open(folder)?;
        call(&PathBuf::from(format!("/proc/self/fd/{}/socket", open.as_raw_fd())))
    }
    #[cfg(not(target_os = "linux"))]
    call(&folder.join("socket"))
}

/// Ends everything that a dead keeper's agent left behind. Blocks, a few seconds at most.
pub fn clear(keeper: &str) {
    let mut tree = Tree::left_by(keeper);
    for _ in 0..CLEAR_TRIES {
        if tree.is_empty() {
            break;
        }
        tree.kill();
        std::thread::sleep(Duration::from_millis(25));
    }
    tree.remove();
}

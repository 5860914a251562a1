//! The reference as a running process.

use crate::Run;
use anyhow::{Context, Result};
use rig::scratch::Scratch;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};

/// A started reference, ended when it is dropped.
pub struct Bare {
    child: Child,
    address: SocketAddr,
    scratch: Scratch,
}

impl Bare {
    /// Starts it and waits until it answers.
    pub async fn start(run: &Run) -> Result<Self> {
        let bare = Self::spawn(run)?;
        crate::start::first_reply(bare.address).await?;
        Ok(bare)
    }

    /// Starts it and does not wait.
    pub fn spawn(run: &Run) -> Result<Self> {
        let scratch = Scratch::new()?;
        let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
        let mut command = Command::new(&run.reference);
        command.arg(address.port().to_string()).arg(scratch.path()).arg(&run.emit);
        let child = command.stdin(Stdio::null()).spawn().context("cannot start the reference")?;
        Ok(Self { child, address, scratch })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Where its file for `/replay` belongs.
    pub fn replay(&self) -> std::path::PathBuf {
        self.scratch.path().join("replay")
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

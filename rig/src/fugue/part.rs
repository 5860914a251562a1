//! A running part of an install: a hub, a node, or both in one process.
//!
//! Signals go to the process that we started and to no other: it is our child, so its number is not given away before we wait for it.

use super::READY_MAX;
use crate::wait::until;
use anyhow::{Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

/// The end of a log that is shown.
const SHOWN_BYTES: usize = 8_000;

/// A started process.
pub struct Part {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Part {
    pub(super) fn new(name: &'static str, child: Child, log: PathBuf) -> Self {
        Self { name, child, log }
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`, and waits until it is gone.
    pub fn kill(&mut self) -> Result<()> {
        self.signal(Signal::KILL);
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end, and gives back whether it did with success before the limit.
    pub async fn stop(&mut self, limit: Duration) -> Result<bool> {
        self.signal(Signal::TERM);
        until(&format!("{} to end", self.name), limit, async || Ok(self.child.try_wait()?.map(|status| status.success()))).await
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Freezes it.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// Whether it still runs.
    pub fn lives(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Bytes of its memory that are in use.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse::<u64>().ok());
        kib.unwrap_or_default() * 1024
    }

    /// The log of all processes that had this place.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn signal(&self, signal: Signal) {
        let _ = kill_process(Pid::from_child(&self.child), signal);
    }

    pub(super) async fn ready(&mut self, what: &str, mut probe: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended with {status} before it could {what}:\n{}", self.name, end_of(&self.log()));
            }
            if probe().await.unwrap_or(false) {
                return Ok(());
            }
            if begun.elapsed() > READY_MAX {
                bail!("{} did not {what} within {} s:\n{}", self.name, READY_MAX.as_secs(), end_of(&self.log()));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Prints the end of every log in the folder.
pub(super) fn show_logs(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
        eprintln!("---- {} ----\n{}", entry.path().display(), end_of(&text));
    }
}

fn end_of(log: &str) -> &str {
    let mut begin = log.len().saturating_sub(SHOWN_BYTES);
    while !log.is_char_boundary(begin) {
        begin += 1;
    }
    &log[begin..]
}

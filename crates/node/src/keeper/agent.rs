//! The agent as its keeper sees it: the process, its pipes, and the bytes that wait for its stdin.
//!
//! Invariant: the agent leads a session of its own, dies with the keeper's only thread, and inherits nothing but its three
//! pipes, all of which its runner sees to. No call here blocks but the start, until the program is there.

use crate::keeper::line::Launch;
use crate::keeper::runner::Runner;
use rustix::process::{Pid, WaitOptions};
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{ChildStderr, ChildStdin, ChildStdout};

/// Bytes that may wait for an agent that does not read. Prompts and answers are far smaller.
const STDIN_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A started agent.
pub struct Agent {
    pid: Pid,
    /// Readable when the process has ended; absent where the system has no such thing.
    pub exit: Option<OwnedFd>,
    /// Its output, until it is closed.
    pub stdout: Option<ChildStdout>,
    /// Its messages, until they are closed.
    pub stderr: Option<ChildStderr>,
    stdin: Option<ChildStdin>,
    waiting: VecDeque<(Vec<u8>, usize)>,
    close_after: bool,
}

impl Agent {
    /// Lets the runner become the program.
    pub fn start(launch: &Launch, runner: Runner) -> io::Result<Self> {
        if !launch.cwd.is_dir() {
            runner.end();
            return Err(io::Error::new(io::ErrorKind::NotFound, format!("the folder {} is not there", launch.cwd.display())));
        }
        let mut child = runner.run(launch)?;
        let pid = Pid::from_child(&child);
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        for pipe in
            [stdin.as_ref().map(AsFd::as_fd), stdout.as_ref().map(AsFd::as_fd), stderr.as_ref().map(AsFd::as_fd)].into_iter().flatten()
        {
            rustix::io::ioctl_fionbio(pipe, true)?;
        }
        #[cfg(target_os = "linux")]
        let exit = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok();
        #[cfg(not(target_os = "linux"))]
        let exit = None;
        Ok(Self { pid, exit, stdout, stderr, stdin, waiting: VecDeque::new(), close_after: false })
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Collects every child of the keeper that has ended; gives the agent's own end if it is among them.
    pub fn reap(&self) -> Option<Result<i32, i32>> {
        let mut own = None;
        while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
            if pid == self.pid {
                own = Some(status.exit_status().map(Ok).unwrap_or_else(|| Err(status.terminating_signal().unwrap_or(0))));
            }
        }
        own
    }

    /// Puts bytes in line for stdin; false when the agent has left too many unread.
    pub fn queue(&mut self, bytes: Vec<u8>, close: bool) -> bool {
        let held: usize = self.waiting.iter().map(|(bytes, done)| bytes.len() - done).sum();
        if held + bytes.len() > STDIN_BYTES_MAX {
            return false;
        }
        if !bytes.is_empty() {
            self.waiting.push_back((bytes, 0));
        }
        self.close_after |= close;
        self.feed();
        true
    }

    /// Lets stdin end after what is in line.
    pub fn close_stdin(&mut self) {
        self.close_after = true;
        self.feed();
    }

    /// The descriptor to wait on while bytes are in line.
    pub fn wants_stdin(&self) -> Option<&ChildStdin> {
        if self.waiting.is_empty() { None } else { self.stdin.as_ref() }
    }

    /// Writes as much as the pipe takes.
    pub fn feed(&mut self) {
        while let (Some(stdin), Some((bytes, done))) = (&mut self.stdin, self.waiting.front_mut()) {
            match stdin.write(&bytes[*done..]) {
                Ok(written) => *done += written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The agent has closed its stdin: whoever waits for a reaction sees its silence or its end.
                Err(_) => self.stdin = None,
            }
            if *done == bytes.len() {
                self.waiting.pop_front();
            }
        }
        if self.stdin.is_none() {
            self.waiting.clear();
        } else if self.close_after && self.waiting.is_empty() {
            self.stdin = None;
        }
    }
}

/// Reads once without blocking: `None` when nothing is there now, `Some(0)` at the end.
pub fn read_now(from: &mut impl Read, into: &mut [u8]) -> Option<usize> {
    loop {
        match from.read(into) {
            Ok(read) => return Some(read),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Some(0),
        }
    }
}

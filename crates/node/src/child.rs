//! Child processes: the only place in this crate that builds a command.
//!
//! Invariant: a child has a working folder that somebody chose, and of the environment only what somebody named. Nothing is
//! ever read by a shell. Called by git, the search for programs, the start of keepers, and the keeper's start of its agent.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Bytes that a few words of a program may have.
pub const WORDS_BYTES_MAX: usize = 1024 * 1024;

/// A command with an empty environment, no input and this working folder.
pub fn command(program: impl AsRef<OsStr>, cwd: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().current_dir(cwd).stdin(Stdio::null());
    command
}

/// Runs a short command to its end and gives back what it printed, up to `most` bytes; the rest is read and dropped. After `limit` it is
/// killed.
pub fn run(command: &mut Command, limit: Duration, most: usize) -> io::Result<Output> {
    let began = Instant::now();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (Some(mut out), Some(mut err)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(io::Error::other("a piped child has no pipes"));
    };
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let (mut out_open, mut err_open) = (true, true);
    while out_open || err_open {
        let Some(left) = limit.checked_sub(began.elapsed()) else {
            let _ = child.kill();
            let _ = child.wait();
            return Err(io::Error::new(io::ErrorKind::TimedOut, format!("it did not end within {} s", limit.as_secs())));
        };
        let wanted = |open: bool| if open { PollFlags::IN } else { PollFlags::empty() };
        let mut fds = [PollFd::from_borrowed_fd(out.as_fd(), wanted(out_open)), PollFd::from_borrowed_fd(err.as_fd(), wanted(err_open))];
        match poll(&mut fds, Some(&timespec(left))) {
            // Some other child has ended.
            Err(Errno::INTR) => continue,
            polled => polled?,
        };
        let ready = [out_open && !fds[0].revents().is_empty(), err_open && !fds[1].revents().is_empty()];
        if ready[0] {
            out_open = read_some(&mut out, &mut stdout, most)?;
        }
        if ready[1] {
            err_open = read_some(&mut err, &mut stderr, WORDS_BYTES_MAX)?;
        }
    }
    Ok(Output { status: child.wait()?, stdout, stderr })
}

/// A duration as the system calls want it.
pub fn timespec(duration: Duration) -> Timespec {
    Timespec { tv_sec: duration.as_secs() as _, tv_nsec: duration.subsec_nanos() as _ }
}

fn read_some(from: &mut impl Read, into: &mut Vec<u8>, most: usize) -> io::Result<bool> {
    let mut chunk = [0u8; 16 * 1024];
    let read = match from.read(&mut chunk) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(true),
        read => read?,
    };
    let room = most - into.len();
    into.extend_from_slice(&chunk[..read.min(room)]);
    Ok(read > 0)
}

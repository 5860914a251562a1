//! Child processes: the only place in this crate that builds a command.
//!
//! Invariant: a child has a working folder that somebody chose, and of the environment only what somebody named. Nothing is
//! ever read by a shell. Called by git, the search for programs, the start of keepers, and the keeper's start of its agent.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Bytes that a few words of a program may have.
pub const WORDS_BYTES_MAX: usize = 1024 * 1024;

/// A command with an empty environment, no input and this working folder.
///
/// A program without a folder is looked for here, where this process would find it. Left to the child, whose PATH is its own, that takes
/// a copy of this process's memory map for each start, which is more work than git has with a status.
pub fn command(program: impl AsRef<OsStr>, cwd: &Path) -> Command {
    let program = program.as_ref();
    let place = if program.as_bytes().contains(&b'/') { None } else { on_path(program) };
    let mut command = Command::new(place.as_deref().map_or(program, Path::as_os_str));
    command.env_clear().current_dir(cwd).stdin(Stdio::null());
    command
}

/// The first program of this name on this process's path.
pub fn on_path(name: &OsStr) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join(name)).find(|place| is_program(place))
}

/// Whether it is a file that may be run.
pub fn is_program(place: &Path) -> bool {
    place.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
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
        // One that is closed is ready all the time.
        let pipes = [out_open.then(|| out.as_fd()), err_open.then(|| err.as_fd())];
        let mut fds: Vec<_> = pipes.iter().flatten().map(|pipe| PollFd::from_borrowed_fd(*pipe, PollFlags::IN)).collect();
        match poll(&mut fds, Some(&timespec(left))) {
            // Some other child has ended.
            Err(Errno::INTR) => continue,
            polled => polled?,
        };
        let mut ready = fds.into_iter().map(|fd| !fd.revents().is_empty());
        let [out_ready, err_ready] = pipes.map(|pipe| pipe.is_some() && ready.next() == Some(true));
        if out_ready {
            out_open = read_some(&mut out, &mut stdout, most)?;
        }
        if err_ready {
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

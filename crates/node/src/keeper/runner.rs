//! The runner: the process that becomes the agent, made ready before it is known what it will run.
//!
//! Invariant: it has its pipes, its own session, its leaf and its tie to the keeper's life before it is told anything; then it
//! execs, with exactly the environment that it is told. Starting a process and moving it into a leaf takes milliseconds, for which
//! an assignment would have to wait. Until then it carries no marker, and it never outlives its keeper.

use crate::child;
use crate::keeper::line::Launch;
use crate::ownership::Tree;
use crate::process::{KEEPER_VARIABLE, SESSION_VARIABLE};
use rustix::io::FdFlags;
use rustix::process::{Pid, Signal, getpid, getppid};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, PipeReader, Read, Write};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ExitCode, Stdio};

/// The word after which a keeper's program is a runner.
pub const WORD: &str = "--runner";
/// Bytes of a pipe: a flood then needs fewer turns of the loop.
#[cfg(target_os = "linux")]
const PIPE_BYTES: usize = 1024 * 1024;

/// A runner that waits.
pub struct Runner {
    child: Child,
    status: PipeReader,
}

impl Runner {
    /// Starts one inside of the tree. `words` call a keeper of this program.
    pub fn start(words: &[OsString], tree: &mut Tree) -> io::Result<Self> {
        let (status, told) = io::pipe()?;
        let mut command = child::command(std::env::current_exe()?, Path::new("/"));
        command.args(words).arg(WORD).arg(told.as_raw_fd().to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let (keeper, door) = (getpid(), tree.door());
        // SAFETY: the keeper has one thread, and between fork and exec only system calls are made.
        unsafe {
            command.pre_exec(move || {
                rustix::process::setsid()?;
                if let Some(door) = &door {
                    // Without the leaf the tree is still found by marker and by descent.
                    let _ = rustix::io::write(door, b"0");
                }
                rustix::io::fcntl_setfd(&told, FdFlags::empty())?;
                #[cfg(target_os = "linux")]
                rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
                // The keeper may have died before the signal was asked for.
                if getppid() == Some(keeper) { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
            });
        }
        let child = command.spawn()?;
        tree.lead(Pid::from_child(&child));
        #[cfg(target_os = "linux")]
        {
            let pipes =
                [child.stdin.as_ref().map(AsFd::as_fd), child.stdout.as_ref().map(AsFd::as_fd), child.stderr.as_ref().map(AsFd::as_fd)];
            for pipe in pipes.into_iter().flatten() {
                let _ = rustix::pipe::fcntl_setpipe_size(pipe, PIPE_BYTES);
            }
        }
        Ok(Self { child, status })
    }

    /// Whether it still waits.
    pub fn is_there(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Lets it become the program, or says why it could not.
    pub fn run(mut self, launch: &Launch) -> io::Result<Child> {
        let told = serde_json::to_vec(launch)?;
        let mut bytes = (told.len() as u32).to_le_bytes().to_vec();
        bytes.extend(told);
        let mut why = String::new();
        let written = self.child.stdin.as_mut().map_or(Ok(()), |stdin| stdin.write_all(&bytes));
        // The other end is closed by a successful exec, or by the runner's end.
        let read = written.and_then(|()| self.status.read_to_string(&mut why));
        match read {
            Ok(_) if why.is_empty() => Ok(self.child),
            Ok(_) => {
                self.end();
                Err(io::Error::other(why))
            }
            Err(error) => {
                self.end();
                Err(error)
            }
        }
    }

    /// Ends one that is not needed.
    pub fn end(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits to be told what to run, and becomes it. `status` is the number of the descriptor on which a failure is told.
pub fn main(status: &OsStr) -> ExitCode {
    let number = status.to_str().and_then(|number| number.parse::<RawFd>().ok()).filter(|number| *number > 2);
    let Some(number) = number else { return ExitCode::from(2) };
    // SAFETY: the keeper left this descriptor open for the runner alone, and nothing here has opened another one yet.
    let status = unsafe { OwnedFd::from_raw_fd(number) };
    if rustix::io::fcntl_setfd(&status, FdFlags::CLOEXEC).is_err() {
        std::mem::forget(status);
        return ExitCode::from(2);
    }
    // Without a launch the keeper has ended: nobody is left who could be told anything.
    let Ok(launch) = told() else { return ExitCode::FAILURE };
    let mut command = child::command(&launch.program, &launch.cwd);
    command.args(&launch.args).envs(launch.env.iter().map(|(name, value)| (name, value)));
    command.env(SESSION_VARIABLE, &launch.session).env(KEEPER_VARIABLE, &launch.keeper);
    let error = command.stdin(Stdio::inherit()).exec();
    let how = "install it on this node, or say where it is (`fugue doctor` looks for every program)";
    let why = format!("the program {} cannot be started: {error}; {how}", launch.program.display());
    let _ = File::from(status).write_all(why.as_bytes());
    ExitCode::FAILURE
}

/// Reads exactly what to run: what follows on the same pipe belongs to the program.
fn told() -> io::Result<Launch> {
    let mut stdin = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut length = [0u8; 4];
    stdin.read_exact(&mut length)?;
    let mut text = vec![0; u32::from_le_bytes(length) as usize];
    stdin.read_exact(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}

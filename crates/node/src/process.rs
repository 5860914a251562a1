//! The system's table of processes, as far as ownership needs it: who is whose child, and who carries our marker.
//!
//! Invariant: a process is named by its id *and* its start time, and is signalled only while both still fit, so that a number
//! which the system gave to another process meanwhile hurts nobody. Called by `ownership`, `sweep` and the keeper's handle.

use rustix::process::{Pid, Signal};
use std::path::Path;

/// The variable that names the session in the environment of everything an agent starts.
pub const SESSION_VARIABLE: &str = "FUGUE_SESSION";
/// The variable that names the keeper there, unique for each agent process.
pub const KEEPER_VARIABLE: &str = "FUGUE_KEEPER";

/// A process that was alive when the table was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// Its parent.
    pub parent: i32,
    /// When it started, in the system's own unit.
    pub start: u64,
}

impl Process {
    /// Sends a signal, unless the number belongs to another process by now.
    pub fn signal(&self, signal: Signal) {
        let Some(pid) = Pid::from_raw(self.pid) else { return };
        #[cfg(target_os = "linux")]
        {
            // The pidfd pins the process: if the start time fits after it was opened, the signal cannot go astray.
            let Ok(pin) = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()) else { return };
            if start_of(self.pid) == Some(self.start) {
                let _ = rustix::process::pidfd_send_signal(pin, signal);
            }
        }
        #[cfg(not(target_os = "linux"))]
        if start_of(self.pid) == Some(self.start) {
            let _ = rustix::process::kill_process(pid, signal);
        }
    }
}

/// The start time of a live process; `None` when there is none with this number (a zombie counts as none).
pub fn start_of(pid: i32) -> Option<u64> {
    look(pid).map(|process| process.start)
}

/// A live process by its number.
pub fn look(pid: i32) -> Option<Process> {
    table::look(pid)
}

/// Every live process.
pub fn all() -> Vec<Process> {
    table::all()
}

/// The value of one of our variables in a process's environment.
pub fn variable(pid: i32, name: &str) -> Option<String> {
    let environment = table::environment(pid)?;
    environment.split(|byte| *byte == 0).find_map(|entry| {
        let value = entry.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
        String::from_utf8(value.to_vec()).ok()
    })
}

/// The words that a process was started with.
pub fn arguments(pid: i32) -> Vec<String> {
    let bytes = table::arguments(pid).unwrap_or_default();
    bytes.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

/// Whether a program whose name begins like this works in one of these folders. Where nobody can tell, it does.
pub fn is_at_work(program: &str, folders: &[&Path]) -> bool {
    let works = |process: &Process| {
        table::name(process.pid).is_some_and(|name| name.starts_with(program))
            && table::folder(process.pid).is_none_or(|cwd| folders.iter().any(|folder| cwd.starts_with(folder)))
    };
    all().iter().any(works)
}

#[cfg(target_os = "linux")]
mod table {
    use super::Process;

    pub fn all() -> Vec<Process> {
        let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
        let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter_map(look).collect()
    }

    pub fn look(pid: i32) -> Option<Process> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name is in parentheses and may hold anything, so fields are counted from the last one.
        let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
        let state = fields.next()?;
        let parent = fields.next()?.parse().ok()?;
        let start = fields.nth(17)?.parse().ok()?;
        (!matches!(state, "Z" | "X")).then_some(Process { pid, parent, start })
    }

    pub fn environment(pid: i32) -> Option<Vec<u8>> {
        std::fs::read(format!("/proc/{pid}/environ")).ok()
    }

    pub fn arguments(pid: i32) -> Option<Vec<u8>> {
        std::fs::read(format!("/proc/{pid}/cmdline")).ok()
    }

    pub fn name(pid: i32) -> Option<String> {
        std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()
    }

    pub fn folder(pid: i32) -> Option<std::path::PathBuf> {
        std::fs::read_link(format!("/proc/{pid}/cwd")).ok()
    }
}

#[cfg(not(target_os = "linux"))]
mod table {
    use super::Process;
    use crate::child;
    use std::path::Path;
    use std::time::Duration;

    fn ps(args: &[&str]) -> Option<String> {
        let mut command = child::command("/bin/ps", Path::new("/"));
        let output = child::run(command.args(args), Duration::from_secs(5), child::WORDS_BYTES_MAX).ok()?;
        String::from_utf8(output.stdout).ok()
    }

    fn read(line: &str) -> Option<Process> {
        let mut fields = line.split_ascii_whitespace();
        let (pid, parent) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        let state = fields.next()?;
        // The start is a date of five words; its hash serves as well as a number would.
        let start = fields.take(5).flat_map(str::bytes).fold(7u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        (!state.starts_with('Z')).then_some(Process { pid, parent, start })
    }

    pub fn all() -> Vec<Process> {
        ps(&["-axo", "pid=,ppid=,state=,lstart="]).map(|text| text.lines().filter_map(read).collect()).unwrap_or_default()
    }

    pub fn look(pid: i32) -> Option<Process> {
        ps(&["-o", "pid=,ppid=,state=,lstart=", "-p", &pid.to_string()])?.lines().find_map(read)
    }

    pub fn environment(pid: i32) -> Option<Vec<u8>> {
        let text = ps(&["-Eww", "-o", "command=", "-p", &pid.to_string()])?;
        Some(text.replace([' ', '\n'], "\0").into_bytes())
    }

    pub fn arguments(pid: i32) -> Option<Vec<u8>> {
        Some(ps(&["-ww", "-o", "command=", "-p", &pid.to_string()])?.trim().replace(' ', "\0").into_bytes())
    }

    pub fn name(pid: i32) -> Option<String> {
        let path = ps(&["-o", "comm=", "-p", &pid.to_string()])?;
        Some(path.trim().rsplit('/').next()?.to_owned())
    }

    pub fn folder(_: i32) -> Option<std::path::PathBuf> {
        None
    }
}

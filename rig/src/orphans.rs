//! Processes that belong to a test: those that carry its marker in their environment, arguments or working folder.
//!
//! A child that left its process group and its session still carries them. Linux only, by `/proc`.

use rustix::process::{Pid, Signal, kill_process};
use std::time::{Duration, Instant};

const END_MAX: Duration = Duration::from_secs(10);

/// A live process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// When it was started, in clock ticks since boot: with the number, one process and no other.
    pub started: u64,
    /// Its arguments.
    pub args: String,
}

impl Process {
    /// The live process of this number, if it is one. A zombie is none: it only waits to be counted.
    pub fn of(pid: i32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name stands in brackets and may hold anything; the fields come after the last bracket.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        if matches!(fields.first(), Some(&("Z" | "X"))) {
            return None;
        }
        let started = fields.get(19)?.parse().ok()?;
        let args = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        Some(Self { pid, started, args: String::from_utf8_lossy(&args).replace('\0', " ").trim().to_owned() })
    }

    /// Whether it is still the same process and alive.
    pub fn lives(&self) -> bool {
        Self::of(self.pid).is_some_and(|now| now.started == self.started)
    }

    /// Sends it a signal, if it is still the same process.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = Pid::from_raw(self.pid).filter(|_| self.lives()) {
            let _ = kill_process(pid, signal);
        }
    }

    fn carries(&self, marker: &str) -> bool {
        let holds = |bytes: &[u8]| bytes.windows(marker.len()).any(|window| window == marker.as_bytes());
        let read = |name: &str| std::fs::read(format!("/proc/{}/{name}", self.pid)).unwrap_or_default();
        let cwd = std::fs::read_link(format!("/proc/{}/cwd", self.pid)).unwrap_or_default();
        holds(&read("environ")) || holds(&read("cmdline")) || holds(cwd.as_os_str().as_encoded_bytes())
    }
}

/// All live processes, but this one, that carry the marker.
pub fn with(marker: &str) -> Vec<Process> {
    let own = std::process::id() as i32;
    let pids = std::fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| *pid != own).filter_map(Process::of).filter(|process| process.carries(marker)).collect()
}

/// Ends all processes that carry the marker, also those that are started meanwhile.
pub fn end(marker: &str) {
    let begun = Instant::now();
    loop {
        let left = with(marker);
        if left.is_empty() {
            return;
        }
        if begun.elapsed() > END_MAX {
            eprintln!("could not end {left:?}");
            return;
        }
        for process in left {
            process.signal(Signal::KILL);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_marked_process_is_found_and_ended_and_a_stranger_is_not() {
        let marker = format!("marker-of-orphans-{}", std::process::id());
        let mut marked = Command::new("sleep").arg("600").env("ANY", &marker).spawn().unwrap();
        let mut stranger = Command::new("sleep").arg("600").spawn().unwrap();
        // Between fork and exec the child still looks like us.
        let begun = Instant::now();
        while with(&marker).is_empty() && begun.elapsed() < END_MAX {
            std::thread::yield_now();
        }
        assert_eq!(with(&marker).iter().map(|process| process.pid as u32).collect::<Vec<_>>(), [marked.id()]);
        end(&marker);
        assert!(with(&marker).is_empty());
        assert!(!marked.wait().unwrap().success());
        assert!(stranger.try_wait().unwrap().is_none());
        stranger.kill().unwrap();
        stranger.wait().unwrap();
    }
}

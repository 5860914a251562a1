//! The machine: which start of it this is, how long it has run, and how busy it is.
//!
//! Called by the keeper for its deadline, and by the supervisor for `hello` and the heartbeats.

use fugue_domain::node::Load;
use rustix::time::{ClockId, clock_gettime};
use std::path::Path;
use std::sync::LazyLock;

/// Milliseconds since the machine was started, sleep included where the system counts it: a closed laptop's lease runs out.
pub fn boot_ms() -> u64 {
    #[cfg(target_os = "linux")]
    let clock = ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let clock = ClockId::Monotonic;
    let time = clock_gettime(clock);
    (time.tv_sec as u64) * 1_000 + (time.tv_nsec as u64) / 1_000_000
}

/// Seconds and nanoseconds of a file's time.
pub type FileTime = (i64, i64);

/// What the kernel would write as the time of a file that is changed now. It is compared with such times and with nothing else.
pub fn file_time() -> FileTime {
    #[cfg(target_os = "linux")]
    let clock = ClockId::RealtimeCoarse;
    #[cfg(not(target_os = "linux"))]
    let clock = ClockId::Realtime;
    let time = clock_gettime(clock);
    (time.tv_sec, time.tv_nsec)
}

/// A text that changes with every start of the machine.
pub fn boot_id() -> &'static str {
    static ID: LazyLock<String> = LazyLock::new(|| {
        std::fs::read_to_string("/proc/sys/kernel/random/boot_id").map_or_else(|_| "unknown".to_owned(), |id| id.trim().to_owned())
    });
    &ID
}

/// Operating system and processor.
pub fn platform() -> String {
    format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)
}

/// How busy it is; `folder` is where the worktrees are.
pub fn load(folder: &Path, agents: i64) -> Load {
    let first = |path: &str| std::fs::read_to_string(path).ok().and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    let memory = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        line.trim().strip_suffix(" kB")?.trim().parse::<i64>().ok()
    });
    let disk = rustix::fs::statvfs(folder).map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    Load {
        load1: first("/proc/loadavg").unwrap_or(0.0),
        memory_free: memory.unwrap_or(0) * 1024,
        disk_free: disk.map_or(0, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX)),
        agents,
        room: None,
    }
}

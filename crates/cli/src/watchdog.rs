//! The watchdog: a thread of the system that rings the runtime of a long-lived command, and ends the process when nobody answers.
//!
//! Invariant: it needs nothing of what it watches. It rings through a socket, so an answer takes a worker and the driver of sockets
//! alike; and it counts its own waits instead of reading a clock, so a process that was frozen or a machine that slept is no stall.
//! Ending harms nobody: keepers hold the agents, what was acknowledged is on disk, and a service manager starts the process again.

use fugue_domain::limits::{STALL_PING_MS, STALL_PINGS};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Handle;

const PING: Duration = Duration::from_millis(STALL_PING_MS);
/// How long the last words may take: whoever holds the log may be the one who is stuck.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Watches a runtime until it is shut down.
pub fn start(runtime: &Handle) -> std::io::Result<()> {
    let (bell, ear) = UnixStream::pair()?;
    bell.set_read_timeout(Some(PING))?;
    ear.set_nonblocking(true)?;
    // It ends with the runtime, and the closed socket then ends the thread.
    runtime.spawn(answer(ear));
    let watched = runtime.clone();
    std::thread::Builder::new().name("fugue-watchdog".to_owned()).spawn(move || watch(bell, &watched))?;
    if cfg!(debug_assertions) {
        stall_on_request(runtime);
    }
    Ok(())
}

async fn answer(ear: UnixStream) {
    let Ok(mut ear) = tokio::net::UnixStream::from_std(ear) else { return };
    let mut byte = [0];
    while ear.read_exact(&mut byte).await.is_ok() && ear.write_all(&byte).await.is_ok() {}
}

fn watch(mut bell: UnixStream, runtime: &Handle) {
    let (mut byte, mut unanswered) = ([0], 0);
    while bell.write_all(&byte).is_ok() {
        loop {
            match bell.read(&mut byte) {
                Ok(0) => return,
                Ok(_) => break,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => unanswered += 1,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return,
            }
            if unanswered >= STALL_PINGS {
                end(runtime);
            }
        }
        unanswered = 0;
        std::thread::sleep(PING);
    }
}

/// Says what is known, and ends the process the way that leaves a core where the system keeps them.
fn end(runtime: &Handle) -> ! {
    let (said, heard) = mpsc::channel();
    let runtime = runtime.clone();
    std::thread::spawn(move || {
        let (figures, seconds) = (runtime.metrics(), STALL_PING_MS * u64::from(STALL_PINGS) / 1_000);
        tracing::error!(
            workers = figures.num_workers(),
            tasks = figures.num_alive_tasks(),
            queued = figures.global_queue_depth(),
            threads = threads(),
            "the runtime has not answered for {seconds} s; this process ends itself, agents live on; start it again, as a service manager does"
        );
        let _ = said.send(());
    });
    let _ = heard.recv_timeout(LAST_WORDS);
    std::process::abort()
}

/// What each thread of this process does, as far as the system tells: its name, its state, and where in the kernel it waits.
fn threads() -> String {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let told = tasks.map(|task| {
        let read = |name: &str| std::fs::read_to_string(task.path().join(name)).unwrap_or_default().trim().to_owned();
        let stat = read("stat");
        let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().next()).unwrap_or("?");
        // The number of the call; its arguments are addresses, which belong in no log.
        let call = read("syscall").split_whitespace().next().unwrap_or("?").to_owned();
        format!("{} {state} {} (call {call})", read("comm"), read("wchan"))
    });
    told.collect::<Vec<_>>().join(", ")
}

/// For tests of the debug build: blocks every worker as soon as there is the file that `FUGUE_STALL` names.
fn stall_on_request(runtime: &Handle) {
    let Some(path) = std::env::var_os("FUGUE_STALL") else { return };
    let runtime = runtime.clone();
    std::thread::spawn(move || {
        while !std::path::Path::new(&path).exists() {
            std::thread::sleep(Duration::from_millis(20));
        }
        for _ in 0..runtime.metrics().num_workers() {
            runtime.spawn(async { std::thread::sleep(Duration::from_secs(3_600)) });
        }
    });
}

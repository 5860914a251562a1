//! What a process with a hub gives back when it comes to rest after work: pages that the database keeps at hand, and memory that the
//! allocator keeps for what never comes. Without it a burst of messages is paid for until the next restart.
//!
//! Rest is told from the processor time of the process, which whatever it is busy with takes.

use fugue_hub::hub::Hub;
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;
use tokio::task::JoinSet;

/// How often it looks.
const PERIOD: Duration = Duration::from_secs(5);
/// Processor time of a period up to which it is at rest: a twentieth of one processor.
const CALM: Duration = Duration::from_millis(250);
/// Processor time since it last gave something back from which on there may be something again.
const WORK: Duration = Duration::from_millis(100);

/// Begins to look. It ends when the set is dropped.
pub fn watch(hub: Hub) -> JoinSet<()> {
    JoinSet::from_iter([run(hub)])
}

async fn run(hub: Hub) {
    let mut pace = Pace::default();
    loop {
        tokio::time::sleep(PERIOD).await;
        if pace.has_come_to_rest(processor_time()) {
            if let Err(fault) = hub.db.give_back().await {
                tracing::warn!(error = %fault, "the database could not give back its memory");
            }
            trim();
        }
    }
}

/// What is known of the work so far.
#[derive(Default)]
struct Pace {
    /// Processor time at the last look.
    looked: Duration,
    /// The same when something was given back.
    gave_back: Duration,
}

impl Pace {
    /// Whether it is time to give back, which counts as done then.
    fn has_come_to_rest(&mut self, now: Duration) -> bool {
        let calm = now.saturating_sub(self.looked) <= CALM;
        self.looked = now;
        let rests = calm && now.saturating_sub(self.gave_back) >= WORK;
        if rests {
            self.gave_back = now;
        }
        rests
    }
}

/// Of all threads, since the process began.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// Lets the allocator give free pages back to the system: by itself it does so only at the end of its heaps.
fn trim() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it takes no pointer, and locks what it works on.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_gives_back_once_when_work_has_ended() {
        let mut pace = Pace::default();
        let mut looks = |times: &[u64]| times.iter().map(|ms| pace.has_come_to_rest(Duration::from_millis(*ms))).collect::<Vec<_>>();
        assert_eq!(looks(&[40, 99]), [false, false], "hardly anything was done yet");
        assert_eq!(looks(&[5_000, 10_000, 10_250, 10_300, 10_349]), [false, false, true, false, false], "once, and not amid work");
        assert_eq!(looks(&[10_350, 10_400]), [true, false], "little by little it is work too");
    }

    #[test]
    fn work_takes_processor_time() {
        let before = processor_time();
        let sum: u64 = (0..1_000_000).map(std::hint::black_box).sum();
        assert!(sum > 0 && processor_time() > before);
    }
}

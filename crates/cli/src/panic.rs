//! What a panic says: where it happened, and its words only if they stand in the program.
//!
//! Invariant: words that are put together at run time may repeat a prompt or a credential, so neither a log nor a terminal gets them.
//! Whoever caught the panic decides what goes on; this only tells of it, in every process of ours.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write;
use std::panic::{PanicHookInfo, set_hook};

/// Listens for the panics of this process. Called first.
pub fn listen() {
    set_hook(Box::new(tell));
}

fn tell(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    // A text that was put together is a `String`; one that stands in the program is not.
    let words = panic
        .payload()
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or("what it says may repeat what was given to it, so it is left out");
    let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
    let trace = Backtrace::capture();
    let trace = (trace.status() == BacktraceStatus::Captured).then(|| trace.to_string());
    if tracing::enabled!(tracing::Level::ERROR) {
        tracing::error!(place, thread, words, trace, "a panic, which is a mistake of this program: please report its place");
    } else {
        // Nobody may be there to hear it, which is no reason to panic again.
        let trace = trace.unwrap_or_default();
        let _ = writeln!(
            std::io::stderr(),
            "error: a panic at {place}, which is a mistake of this program: please report it ({words})\n{trace}"
        );
    }
}

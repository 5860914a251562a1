//! The child of the bench: prints lines with the time at which it wrote them, and nothing else.
//!
//! `emit line` one line · `emit rate PER_SECOND SECONDS` that many, each somewhere in its part of the second · `emit flood MIB` as
//! fast as the pipe takes it · `emit count LINES` that many lines of 300 bytes. As an agent of the `command` driver it is told the
//! same on its stdin.

use std::hash::{BuildHasher, RandomState};
use std::io::{BufWriter, Read, Write};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const LINE_BYTES: usize = 300;

fn now_ns() -> u128 {
    #[allow(clippy::disallowed_methods, reason = "two processes of one machine compare their clocks")]
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos())
}

fn main() -> std::io::Result<()> {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    if words.is_empty() {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        words = text.split_whitespace().map(str::to_owned).collect();
    }
    let number = |index: usize| words.get(index).and_then(|word| word.parse::<u64>().ok()).unwrap_or(1);
    let out = std::io::stdout().lock();
    match words.first().map(String::as_str) {
        Some("rate") => steady(out, number(1), number(2)),
        Some("flood") => many(out, number(1) * 1024 * 1024 / LINE_BYTES as u64),
        Some("count") => many(out, number(1)),
        _ => line(out),
    }
}

fn line(mut out: impl Write) -> std::io::Result<()> {
    writeln!(out, "{}", now_ns())
}

/// No agent speaks by the clock. If these did, whether two of them speak in the same moment would be decided once, when they start,
/// and the figure of a run with it.
fn steady(mut out: impl Write, per_second: u64, seconds: u64) -> std::io::Result<()> {
    let (begun, chance) = (Instant::now(), RandomState::new());
    for index in 0..per_second * seconds {
        let within = chance.hash_one(index) as f64 / u64::MAX as f64;
        let due = Duration::from_secs_f64((index as f64 + within) / per_second.max(1) as f64);
        std::thread::sleep(due.saturating_sub(begun.elapsed()));
        writeln!(out, "{}", now_ns())?;
    }
    Ok(())
}

fn many(out: impl Write, lines: u64) -> std::io::Result<()> {
    let mut out = BufWriter::with_capacity(64 * 1024, out);
    for index in 0..lines {
        let head = format!("{index:012} ");
        out.write_all(head.as_bytes())?;
        out.write_all(&[b'x'; LINE_BYTES][head.len() + 1..])?;
        out.write_all(b"\n")?;
    }
    out.flush()
}

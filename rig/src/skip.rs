//! Skipping in the open: a test that needs what is not there says so, and is counted as skipped by `cargo xtask test`.

use std::io::Write;

/// Says that the running test is skipped and why. The test then returns.
pub fn skip(why: &str) {
    println!("skipped: {why}");
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("unnamed");
    let program = std::env::current_exe().ok().and_then(|path| Some(path.file_stem()?.to_string_lossy().into_owned()));
    if let Some(path) = std::env::var_os("FUGUE_SKIPS")
        && let Ok(mut file) = std::fs::OpenOptions::new().create(true).append(true).open(path)
    {
        // One write, so that lines of tests side by side stay whole.
        let _ = file.write_all(format!("{}::{test}: {why}\n", program.unwrap_or_default()).as_bytes());
    }
}

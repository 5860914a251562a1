//! Dying at a crash point, for tests of the debug build: `FUGUE_CRASH=step:before|after[:n]`.
//!
//! With `FUGUE_CRASHED` naming a file, the first process that comes to the point writes it and dies; those after it live, keepers
//! that were started by the same node for instance. The file is also the test's proof that the crash happened. With `FUGUE_PANIC` it
//! does not die but panics, with these words, which must then be found nowhere.

use fugue_domain::crash::{self, Point};
use std::fs::File;

/// Arms this process if the environment says so.
pub fn arm() {
    let Ok(text) = std::env::var("FUGUE_CRASH") else { return };
    match Point::parse(&text) {
        Ok(point) => crash::arm(point, die),
        Err(wrong) => eprintln!("FUGUE_CRASH is not used: {wrong}"),
    }
}

fn die() {
    if let Some(path) = std::env::var_os("FUGUE_CRASHED")
        && File::create_new(path).is_err()
    {
        return;
    }
    match std::env::var("FUGUE_PANIC") {
        Ok(words) => panic!("{words}"),
        Err(_) => std::process::abort(),
    }
}

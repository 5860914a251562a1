//! The only door to everything that is done to this repository: test, tidy, gen, dev, bench, prove.
//!
//! Invariant: what CI runs is `cargo xtask test` and nothing else, so that a green run here is a green run there. This crate
//! depends on none of ours: the door opens although a wall is broken.
#![allow(clippy::disallowed_methods, reason = "a tool of the repository, with the real clock and real processes")]

use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;

mod bench;
mod dev;
mod generate;
mod prove;
mod step;
mod test;
mod tidy;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The only door: everything that is done to this repository")]
enum Verb {
    /// Everything that CI runs, in order; installs or starts what it needs.
    Test,
    /// The rules of the house: layers, names, sizes, links.
    Tidy,
    /// Writes the generated files.
    Gen,
    /// Starts the debug build on a free port with temporary data and the rehearsal agent.
    Dev(dev::Options),
    /// Measures, each figure as a ratio to a bare reference of the same run.
    Bench(bench::Options),
    /// Reaches the reliability goals in their long form: kills, pauses, partitions, everything at once.
    Prove(prove::Options),
}

/// The top of the work tree that this very program was built from.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().map(PathBuf::from).unwrap_or_default()
}

fn main() -> ExitCode {
    let root = root();
    let done = match Verb::parse() {
        Verb::Test => test::run(&root),
        Verb::Tidy => tidy::run(&root),
        Verb::Gen => generate::run(&root),
        Verb::Dev(options) => dev::run(&root, &options),
        Verb::Bench(options) => bench::run(&root, &options),
        Verb::Prove(options) => prove::run(&root, &options),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

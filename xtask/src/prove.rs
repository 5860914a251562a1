//! `cargo xtask prove`: builds, then runs the reliability goals in their long form by `rig/examples/prove`.
//!
//! The tests of the rig run the same code with smaller numbers. What is printed at the end is a table for `docs/RELIABILITY.md`.

use crate::{step, test};
use anyhow::Result;
use std::path::Path;

/// What may be chosen.
#[derive(clap::Args)]
pub struct Options {
    /// Goals to run, of R1, R2, R3, R4, R5, R6, R16, R27 and R30; all when absent, which takes hours.
    goals: Vec<String>,
    /// Decides every plan; one of the clock when absent. A run that failed says which it had.
    #[arg(long)]
    seed: Option<u64>,
    /// Minutes instead of hours: the numbers of the tests.
    #[arg(long)]
    short: bool,
    /// Only the runs on this database, of those that choose one: sqlite or postgresql.
    #[arg(long, value_parser = ["sqlite", "postgresql"])]
    on: Option<String>,
    /// The program as it is shipped instead of the debug build, whose assertions are on.
    #[arg(long)]
    release: bool,
}

/// Builds and runs. True if every goal was reached.
pub fn run(root: &Path, options: &Options) -> Result<bool> {
    let mut build = step::cargo(root);
    build.args(["build", "-p", "rig", "--example", "prove", "-p", "fugue", "--bin", "fugue"]);
    if options.release {
        build.arg("--release");
    }
    if !step::run(&mut build)? {
        return Ok(false);
    }
    let built = test::target(root)?.join(if options.release { "release" } else { "debug" });
    let mut prove = std::process::Command::new(built.join("examples/prove"));
    prove.args(options.short.then_some("--short")).args(&options.goals).env("FUGUE_BIN", built.join("fugue"));
    prove.args(options.on.as_ref().map(|on| format!("--on={on}")));
    if let Some(seed) = options.seed {
        prove.env("FUGUE_SEED", seed.to_string());
    }
    step::run(&mut prove)
}

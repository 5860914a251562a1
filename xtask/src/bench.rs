//! `cargo xtask bench`: builds release, then runs `rig/examples/bench`, which measures our program and a bare reference side by side.
//!
//! It never fails on a time: rates of a shared machine swing tenfold, only ratios of one run mean something, and people judge them.

use crate::{step, test};
use anyhow::Result;
use std::path::Path;

/// What may be chosen.
#[derive(clap::Args)]
pub struct Options {
    /// Figures to measure, for example `f1 f4 load`; all when absent.
    names: Vec<String>,
    /// Rounds of each side, taken in turn.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Makes a history of ten million events instead of one.
    #[arg(long)]
    large: bool,
    /// Only the reference, to see what the machine can do.
    #[arg(long)]
    reference_only: bool,
}

/// Builds and measures.
pub fn run(root: &Path, options: &Options) -> Result<bool> {
    let mut build = step::cargo(root);
    build.args(["build", "--release", "-p", "rig", "--examples"]);
    if !options.reference_only {
        build.args(["-p", "fugue", "--bins"]);
    }
    if !step::run(&mut build)? {
        return Ok(false);
    }
    let release = test::target(root)?.join("release");
    let mut bench = std::process::Command::new(release.join("examples/bench"));
    bench.args(["--rounds", &options.rounds.to_string()]).args(&options.names);
    if options.large {
        bench.arg("--large");
    }
    if !options.reference_only {
        bench.env("FUGUE_BIN", release.join("fugue"));
    }
    step::run(&mut bench)
}

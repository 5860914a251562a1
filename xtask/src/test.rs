//! `cargo xtask test`: everything that CI runs, in order, with what it needs installed or started.
//!
//! Invariant: the last line printed is the plain sum over all runners, and the exit code is zero only if nothing failed. A step
//! that is no test (formatting, lints, tidy, the build, PostgreSQL, fault tools, the agents) adds one to the failures when it fails. What is
//! absent is skipped in the open at home; under `CI=true` it is a failure.

use crate::step::{self, Steps};
use crate::{generate, tidy};
use anyhow::{Context, Result};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

mod agents;
mod package;
mod postgres;
mod tally;
mod web;

use tally::Tally;

/// What is optimised for the simulation, which plays thousands of seeds. For every other test it would be compiled longer than it runs.
const OPTIMISED: [&str; 2] = ["profile.dev.package.fugue-hub.opt-level=1", "profile.dev.package.fugue-domain.opt-level=1"];
/// Seeds of the simulation among the other tests, where it is not optimised.
const FEW_SEEDS: &str = "20";
/// Test programs of the rig that keep the processors busy, or take long. The others mostly wait for clocks.
const BUSY: [&str; 4] = ["cockpit", "crash_points", "hostile", "live"];
/// A test program that says nothing for this long hangs.
const SILENCE: Duration = Duration::from_secs(480);

/// Runs everything. True if nothing failed.
pub fn run(root: &Path) -> Result<bool> {
    let mut run = Run { steps: Steps::new(11), tally: Tally::default() };
    run.check("rustfmt", || step::run(step::cargo(root).args(["fmt", "--all", "--check"])));
    run.check("tidy", || tidy::run(root));
    let lints = ["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"];
    run.check("clippy", || step::run(step::cargo(root).args(lints)));
    // Everything at once, so that the features of the tests and of the program are the same and nothing is built twice.
    let all = ["build", "--quiet", "--workspace", "--all-targets"];
    if on_path("npm") {
        run.check("cockpit", || web::checks(root).map(|()| true));
    } else {
        run.provide("cockpit", || web::checks(root));
    }
    if run.check("build", || step::run(step::cargo(root).args(all))) {
        let metadata = metadata(root)?;
        run.tests(root, &target_in(&metadata)?, halves(&metadata));
        let mut simulation = step::cargo(root);
        simulation.args(["test", "--quiet", "--workspace", "--test", "simulation"]);
        simulation.args(OPTIMISED.iter().flat_map(|setting| ["--config", setting]));
        run.check("simulation", || step::run(&mut simulation));
    } else {
        println!("\nNo test was run, because the build failed.");
    }
    run.steps.summary();
    println!("\n{}", run.tally);
    Ok(run.tally.good())
}

struct Run {
    steps: Steps,
    tally: Tally,
}

impl Run {
    /// Carries out a step that is no test.
    fn check(&mut self, name: &str, work: impl FnOnce() -> Result<bool>) -> bool {
        let ok = self.steps.step(name, work);
        self.tally.check(name, ok);
        ok
    }

    /// Carries out a step that provides something. What is absent is a skip at home and a failure in CI.
    fn provide<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Option<T> {
        let mut provided = None;
        self.check(name, || match work() {
            Ok(there) => {
                provided = Some(there);
                Ok(true)
            }
            Err(error) => {
                println!("skipped: {error:#}");
                Ok(!std::env::var("CI").is_ok_and(|ci| ci == "true" || ci == "1"))
            }
        });
        provided
    }

    /// Runs all test programs in two halves side by side, those that wait beside those that work.
    fn tests(&mut self, root: &Path, target: &Path, halves: [Vec<String>; 2]) {
        let cluster = self.provide("PostgreSQL", postgres::Cluster::start);
        self.provide("fault tools", package::fault_tools);
        self.provide("browser", package::browser);
        let programs = self.provide("agent programs", || agents::install(root, target)).unwrap_or_default();
        let skips = target.join(format!("skips-{}", std::process::id()));
        let command = |half: Vec<String>| {
            let mut command = step::cargo(root);
            command.args(["test", "--workspace", "--no-fail-fast"]).args(half);
            command.env("FUGUE_SEEDS", FEW_SEEDS);
            command.env("FUGUE_BIN", target.join("debug").join("fugue")).env("FUGUE_SKIPS", &skips).env("RUST_LIB_BACKTRACE", "0");
            // A test never writes what it is there to compare.
            command.env_remove(generate::VARIABLE).env("INSTA_UPDATE", "no");
            command.envs(cluster.iter().map(|cluster| ("TEST_PG_URL", cluster.url()))).envs(programs.clone());
            command
        };
        let before = self.tally.failed();
        let Self { steps, tally } = self;
        let shared = Mutex::new(&mut *tally);
        let ok = steps.step("tests", || {
            std::thread::scope(|scope| {
                let started = halves.map(|half| scope.spawn(|| one_half(&mut command(half), &shared)));
                started.into_iter().try_fold(true, |ok, half| Ok(half.join().expect("reading lines does not panic")? && ok))
            })
        });
        // A test program that crashed prints no result line.
        tally.check("tests", ok || tally.failed() > before);
        tally.skips(&std::fs::read_to_string(&skips).unwrap_or_default());
        let _ = std::fs::remove_file(&skips);
    }
}

/// Runs the test programs of one half, one after the other. Each one's lines are printed together when it has ended.
fn one_half(command: &mut Command, tally: &Mutex<&mut Tally>) -> Result<bool> {
    let mut said = String::new();
    let tally = || tally.lock().expect("counting does not panic");
    let read = |line: &str| {
        said.push_str(line);
        said.push('\n');
        tally().read(line);
        if line.starts_with("test result: ") {
            print!("{}", std::mem::take(&mut said));
        }
    };
    let ok = step::run_reading(command, SILENCE, read, |name| tally().check(&format!("{name}, which hung"), false));
    print!("{said}");
    ok
}

/// What cargo is to be told of the two halves: everything that works, and what waits.
fn halves(metadata: &Value) -> [Vec<String>; 2] {
    let [mut works, mut waits] = [vec!["--lib".to_owned(), "--bins".to_owned()], Vec::new()];
    for package in metadata["packages"].as_array().into_iter().flatten() {
        for target in package["targets"].as_array().into_iter().flatten().filter(|target| target["kind"][0] == "test") {
            let name = target["name"].as_str().unwrap_or_default();
            let half = if package["name"] == "rig" && !BUSY.contains(&name) { &mut waits } else { &mut works };
            half.extend(["--test".to_owned(), name.to_owned()]);
        }
    }
    [works, waits]
}

/// What cargo says of our packages.
fn metadata(root: &Path) -> Result<Value> {
    let out = step::cargo(root).args(["metadata", "--format-version", "1", "--no-deps"]).output()?;
    serde_json::from_slice(&out.stdout).context("`cargo metadata` said something else than JSON")
}

/// The folder that cargo builds into.
pub fn target(root: &Path) -> Result<PathBuf> {
    target_in(&metadata(root)?)
}

fn target_in(metadata: &Value) -> Result<PathBuf> {
    metadata["target_directory"].as_str().map(PathBuf::from).context("`cargo metadata` named no target folder")
}

/// Whether a program is on the PATH.
pub fn on_path(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|out| out.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_program_is_in_one_of_the_halves() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let [works, waits] = halves(&metadata(root).unwrap());
        let has = |half: &[String], name: &str| half.windows(2).any(|words| words == ["--test", name]);
        for entry in std::fs::read_dir(root.join("rig/tests")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            if path.extension().is_some_and(|kind| kind == "rs") || path.join("main.rs").exists() {
                assert_eq!((has(&works, name), has(&waits, name)), (BUSY.contains(&name), !BUSY.contains(&name)), "{name}");
            }
        }
        assert!(BUSY.iter().all(|name| has(&works, name)), "a busy program is gone: {works:?}");
        assert!(
            ["api", "link", "simulation"].iter().all(|name| has(&works, name)) && works.starts_with(&["--lib".into(), "--bins".into()])
        );
    }
}

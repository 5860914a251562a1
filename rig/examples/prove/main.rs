//! The reliability goals in their long form, or with `--short` in a form of minutes. Started by `cargo xtask prove`.
//!
//! It prints one row for each run, with what was done in counts, for `docs/RELIABILITY.md`; the exit code is zero only if every goal
//! was reached. Everything else that is printed (plans, timelines, the ends of logs) is for whoever looks into a failure.
#![allow(clippy::disallowed_methods, reason = "it runs in the real world")]

use anyhow::{Context, Result, bail};
use futures_util::FutureExt;
use rig::chance::Chance;
use rig::fugue::program;
use rig::goal::{Row, Store};
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::time::Instant;

mod run;

use run::Run;

/// What the command line says.
struct Options {
    goals: Vec<String>,
    short: bool,
    on: Option<Store>,
}

impl Options {
    fn wants(&self, run: &Run) -> bool {
        let goal = self.goals.is_empty() || self.goals.iter().any(|goal| goal == run.goal());
        goal && self.on.is_none_or(|on| run.store().is_none_or(|store| store == on))
    }
}

fn main() -> Result<ExitCode> {
    // Not the main thread: there an install that ends would keep its logs to itself.
    let runs = std::thread::Builder::new().name("prove".to_owned()).spawn(prove)?;
    runs.join().unwrap_or_else(|_| bail!("the runs themselves broke off"))
}

#[tokio::main(worker_threads = 2)]
async fn prove() -> Result<ExitCode> {
    let options = options()?;
    let program = program().context("there is no built `fugue`: run this by `cargo xtask prove`")?;
    let seed = Chance::seed();
    let mut rows = Vec::new();
    let mut good = true;
    for run in run::all(options.short).into_iter().filter(|run| options.wants(run)) {
        println!("\n==== {} ====", run.name());
        let begun = Instant::now();
        // A promise that is broken may be a panic, and the other goals are to be heard as well.
        let row = match AssertUnwindSafe(run.go(&program, seed)).catch_unwind().await {
            Ok(Ok(Some(row))) => row.to_string(),
            Ok(Ok(None)) => absent(&run, "skipped: see above", begun),
            Ok(Err(error)) => failed(&run, &format!("{error:#}"), begun),
            Err(panic) => failed(&run, &words(&*panic), begun),
        };
        good &= row.contains("| reached |");
        println!("{row}");
        rows.push(row);
    }
    println!("\n| goal | what was done | result | seconds |\n| --- | --- | --- | --- |\n{}", rows.join("\n"));
    println!("\nseed {seed}; {} build", if cfg!(debug_assertions) { "debug" } else { "release" });
    Ok(if good && !rows.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn options() -> Result<Options> {
    let (mut goals, mut short, mut on) = (Vec::new(), false, None);
    for word in std::env::args().skip(1) {
        match word.as_str() {
            "--short" => short = true,
            "--on=sqlite" => on = Some(Store::Sqlite),
            "--on=postgresql" => on = Some(Store::Postgres),
            goal if run::all(short).iter().any(|run| run.goal() == goal.to_uppercase()) => goals.push(goal.to_uppercase()),
            other => bail!("{other} is no goal with a run; there are R1, R2, R3, R4, R5, R6, R16, R27 and R30"),
        }
    }
    Ok(Options { goals, short, on })
}

fn absent(run: &Run, why: &str, begun: Instant) -> String {
    format!("| {} | {} | {why} | {:.0} |", run.goal(), run.name(), begun.elapsed().as_secs_f64())
}

/// The row of a goal that was not reached: its first words, the rest stands above.
fn failed(run: &Run, what: &str, begun: Instant) -> String {
    println!("{what}");
    let first: String = what.lines().take(2).collect::<Vec<_>>().join(" ").replace('|', "/").chars().take(300).collect();
    absent(run, &format!("BROKEN: {first}"), begun)
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without words").to_owned()
}

/// What a run gives back.
type Done = Result<Option<Row>>;

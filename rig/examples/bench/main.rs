//! The bench: our program and the bare reference under the same load, in turn, in one run.
//!
//! Only ratios mean something: on a shared machine rates swing tenfold from minute to minute. Each figure takes rounds A B A B and
//! shows medians and ranges. It never fails on a time; it fails when something did not work. `bench [--rounds N] [--large] [f1 f2 …]`, with the
//! program in `FUGUE_BIN`; without it only the reference is measured.
#![allow(clippy::disallowed_methods, reason = "a measurement needs the real clock")]

use anyhow::{Context, Result};

mod accept;
mod archive;
mod backlog;
mod bare;
mod changes;
mod cockpit;
mod crowd;
mod dispatch;
mod fanout;
mod flood;
mod foreman;
mod history;
mod idle;
mod load;
mod ours;
mod prompts;
mod relay;
mod replay;
mod report;
mod start;
mod subscribers;
mod tasks;

use report::Report;

/// What every figure works with.
pub struct Run {
    /// How often each side is measured.
    pub rounds: usize,
    /// Our program, if it is to be measured.
    pub program: Option<std::path::PathBuf>,
    /// The child that prints lines.
    pub emit: std::path::PathBuf,
    /// Whether the longest histories are to be made.
    pub large: bool,
    /// The reference server.
    pub reference: std::path::PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let program = std::env::var_os("FUGUE_BIN").map(Into::into);
    let mut run = Run { rounds: 3, program, emit: beside("emit")?, large: false, reference: beside("reference")? };
    let mut names = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--rounds" => run.rounds = args.next().context("--rounds needs a number")?.parse().context("--rounds needs a number")?,
            "--large" => run.large = true,
            name => names.push(name.to_lowercase()),
        }
    }
    let wanted = |figures: &[&str]| names.is_empty() || figures.iter().any(|figure| names.iter().any(|name| name == figure));
    let mut report = Report::default();
    if wanted(&["f1"]) {
        shown("F1 accept", accept::rates(&run, &mut report).await);
    }
    if wanted(&["f2"]) {
        shown("F2 accepts per fsync", accept::per_fsync(&run, &mut report).await);
    }
    if wanted(&["f3"]) {
        shown("F3 dispatch", dispatch::measure(&run, &mut report).await);
    }
    if wanted(&["f4"]) {
        shown("F4 event path", relay::measure(&run, &mut report).await);
    }
    if wanted(&["f5"]) {
        shown("F5 fan-out", fanout::measure(&run, &mut report).await);
    }
    if wanted(&["f6"]) {
        shown("F6 flood", flood::measure(&run, &mut report).await);
    }
    if wanted(&["f7"]) {
        shown("F7 replay", replay::measure(&run, &mut report).await);
    }
    if wanted(&["f8", "f9"]) {
        shown("F8 cold start, F9 memory", start::measure(&run, &mut report).await);
    }
    if wanted(&["f10"]) {
        shown("F10 changes of a fleet", changes::measure(&run, &mut report).await);
    }
    if wanted(&["idle", "f9", "f15"]) {
        shown("F9 and F15 idle", idle::measure(&run, &mut report).await);
    }
    if wanted(&["load"]) {
        shown("load", prompts::measure(&run, &mut report).await);
    }
    if wanted(&["scheduler"]) {
        shown("scheduler", backlog::measure(&run, &mut report).await);
    }
    if wanted(&["foreman"]) {
        shown("foreman", foreman::measure(&run, &mut report));
    }
    if wanted(&["tasks"]) {
        shown("tasks", tasks::measure(&run, &mut report).await);
    }
    if wanted(&["history"]) {
        shown("history", history::measure(&run, &mut report).await);
    }
    if wanted(&["history", "archive"]) {
        shown("old histories", archive::measure(&run, &mut report).await);
    }
    if wanted(&["cockpit"]) {
        shown("cockpit", cockpit::measure(&run, &mut report).await);
    }
    println!("\n{report}");
    anyhow::ensure!(!FAILED.load(std::sync::atomic::Ordering::Relaxed), "a figure could not be measured");
    Ok(())
}

static FAILED: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

/// A figure that cannot be measured does not keep the others from being measured.
fn shown(name: &str, result: Result<()>) {
    match result {
        Ok(()) => println!("measured {name}"),
        Err(error) => {
            println!("FAILED {name}: {error:#}");
            FAILED.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    }
}

fn beside(name: &str) -> Result<std::path::PathBuf> {
    let own = std::env::current_exe()?;
    let path = own.parent().context("the bench has no folder")?.join(name);
    anyhow::ensure!(path.is_file(), "{} is not built; use `cargo xtask bench`", path.display());
    Ok(path)
}

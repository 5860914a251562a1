//! Steps: a command with a name, run in the open, with the seconds it took.
//!
//! Invariant: a failed step never stops the later ones that do not need it, and is never forgotten: the run ends with a table of
//! all steps. Used by every verb that runs more than one program.

use anyhow::{Context, Result};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Instant;

/// The steps of one run.
pub struct Steps {
    total: usize,
    done: Vec<Done>,
}

struct Done {
    name: String,
    seconds: f64,
    ok: bool,
}

impl Steps {
    /// A run that is going to have this many steps.
    pub fn new(total: usize) -> Self {
        Self { total, done: Vec::new() }
    }

    /// Carries out one step and says how long it took.
    pub fn step(&mut self, name: &str, work: impl FnOnce() -> Result<bool>) -> bool {
        println!("\n[{}/{}] {name}", self.done.len() + 1, self.total);
        let _ = std::io::stdout().flush();
        let begun = Instant::now();
        let ok = work().unwrap_or_else(|error| {
            println!("error: {error:#}");
            false
        });
        let seconds = begun.elapsed().as_secs_f64();
        println!("      {name}: {} after {seconds:.1} s", if ok { "ok" } else { "FAILED" });
        self.done.push(Done { name: name.to_owned(), seconds, ok });
        ok
    }

    /// Prints the table of all steps.
    pub fn summary(&self) {
        println!("\nstep                                       seconds");
        for Done { name, seconds, ok } in &self.done {
            println!("{name:<42} {seconds:>7.1}  {}", if *ok { "ok" } else { "FAILED" });
        }
        println!("{:<42} {:>7.1}", "all", self.done.iter().map(|done| done.seconds).sum::<f64>());
    }
}

/// `cargo`, the one that runs us.
pub fn cargo(root: &std::path::Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root);
    cargo
}

/// Runs a command in the open.
pub fn run(command: &mut Command) -> Result<bool> {
    println!("      {}", line_of(command));
    let status = command.status().with_context(|| format!("cannot start `{}`", line_of(command)))?;
    Ok(status.success())
}

/// Runs a command in the open and reads each line of its stdout along the way.
pub fn run_reading(command: &mut Command, mut read: impl FnMut(&str)) -> Result<bool> {
    println!("      {}", line_of(command));
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start `{}`", line_of(command)))?;
    let stdout = child.stdout.take().context("no pipe to the child's stdout")?;
    for line in BufReader::new(stdout).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        read(&line);
    }
    Ok(child.wait()?.success())
}

fn line_of(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    let program = words[0].rsplit('/').next().unwrap_or_default().to_owned();
    std::iter::once(program).chain(words[1..].iter().cloned()).collect::<Vec<_>>().join(" ")
}

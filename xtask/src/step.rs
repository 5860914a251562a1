//! Steps: a command with a name, run in the open, with the seconds it took.
//!
//! Invariant: a failed step never stops the later ones that do not need it, and is never forgotten: the run ends with a table of
//! all steps. Used by every verb that runs more than one program.

use anyhow::{Context, Result};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

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

/// Runs a command and hands over each line that it says. What says nothing for as long as `silence` hangs: the programs that the command
/// has started are ended, named to `hung`, and the command goes on without them.
pub fn run_reading(command: &mut Command, silence: Duration, mut read: impl FnMut(&str), mut hung: impl FnMut(&str)) -> Result<bool> {
    println!("      {}", line_of(command));
    let (said, says) = std::io::pipe()?;
    let command = command.stdout(says.try_clone()?).stderr(says);
    let mut child = command.spawn().with_context(|| format!("cannot start `{}`", line_of(command)))?;
    // Our own ends of the pipe, or it would never close.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let (sender, lines) = mpsc::channel();
    // It ends with the pipe, which a forgotten grandchild may hold open: nobody waits for it.
    std::thread::spawn(move || BufReader::new(said).split(b'\n').map_while(Result::ok).all(|line| sender.send(line).is_ok()));
    loop {
        match lines.recv_timeout(silence) {
            Ok(line) => read(&String::from_utf8_lossy(&line)),
            Err(RecvTimeoutError::Timeout) if child.try_wait()?.is_none() => {
                let hanging = children(child.id());
                for (pid, name) in &hanging {
                    println!("error: {name} said nothing for {} s and is ended", silence.as_secs());
                    hung(name);
                    let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
                }
                if hanging.is_empty() {
                    child.kill()?;
                }
            }
            Err(_) => return Ok(child.wait()?.success()),
        }
    }
}

/// The processes that a process has started, with their names.
fn children(parent: u32) -> Vec<(u32, String)> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // `pid (name) state parent …`; a name may hold anything, so what follows is counted from its end.
        let (head, tail) = stat.rsplit_once(')')?;
        let of = tail.split_whitespace().nth(1)?.parse::<u32>().ok()?;
        (of == parent).then(|| (pid, head.split_once('(').map(|(_, name)| name.to_owned()).unwrap_or_default()))
    })
    .collect()
}

fn line_of(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    let program = words[0].rsplit('/').next().unwrap_or_default().to_owned();
    std::iter::once(program).chain(words[1..].iter().cloned()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hangs_is_ended_and_named_and_the_rest_goes_on() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo before >&2; exec 2>/dev/null; sleep 600; echo after $?"]);
        let (mut lines, mut named) = (Vec::new(), Vec::new());
        let silence = Duration::from_millis(200);
        let ok = run_reading(&mut command, silence, |line| lines.push(line.to_owned()), |name| named.push(name.to_owned())).unwrap();
        assert!(ok);
        assert_eq!((lines, named), (vec!["before".to_owned(), "after 137".to_owned()], vec!["sleep".to_owned()]));
    }
}

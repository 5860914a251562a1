//! The deterministic simulation: the real hub with three to five nodes and people in one process, on virtual time and a simulated
//! network. Machines die, sleep and lose their power, networks part, lose and delay; afterwards the hub's books are held against a
//! witness of every execution. One seed decides everything.
//!
//! `FUGUE_SEED=7` plays one seed and prints its trace; `FUGUE_SEEDS=50000` plays so many, however long it takes, and
//! `FUGUE_SEEDS=20001-50000` those, so that a long run may be spread over several nights.
//! Each seed has a process of its own, in which nothing comes from outside.

mod agent;
mod check;
mod faults;
mod net;
mod node;
mod people;
mod seed;
mod stage;
mod witness;
mod world;

use anyhow::{Context, Result, bail};
use seed::Outcome;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Seeds that are played when no number of them is asked for.
const SEEDS: u64 = 2_000;
/// How long they may take. A slow machine plays fewer, and says so.
const BUDGET: Duration = Duration::from_secs(180);
/// How many seeds pass between two words about how far it is.
const SAID_EVERY: u64 = 1_000;
/// Seeds that are played twice, to see that they come out the same.
const TWICE: u64 = 8;
/// What says to a process that it is to play one seed and to print its outcome.
const PLAY: &str = "--play";

fn main() -> Result<ExitCode> {
    let mut words = std::env::args().skip(1);
    let first = words.next();
    if first.as_deref() == Some(PLAY) {
        let seed = words.next().context("a seed")?.parse()?;
        println!("{}", serde_json::to_string(&seed::play(seed, false)?)?);
        return Ok(ExitCode::SUCCESS);
    }
    // `cargo test NAME` asks every test program.
    if first.is_some_and(|filter| !filter.starts_with('-') && !"simulation".contains(&filter)) {
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(seed) = number("FUGUE_SEED")? {
        let outcome = seed::play(seed, true)?;
        println!("seed {seed}, trace {}\n{:#?}\n{:#?}", outcome.hash, outcome.counts, outcome.wrong);
        return Ok(if outcome.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    many(asked("FUGUE_SEEDS")?)
}

fn number(name: &str) -> Result<Option<u64>> {
    std::env::var(name).ok().map(|text| text.parse().with_context(|| format!("{name} must be a number"))).transpose()
}

/// Which seeds are asked for: a number of them, or from one to another.
fn asked(name: &str) -> Result<Option<RangeInclusive<u64>>> {
    let Ok(text) = std::env::var(name) else { return Ok(None) };
    let (first, last) = text.split_once('-').unwrap_or(("1", &text));
    let parse = |text: &str| text.parse().with_context(|| format!("{name} must be a number, or two with a hyphen between"));
    Ok(Some(parse(first)?..=parse(last)?))
}

/// What came of all seeds so far.
#[derive(Default)]
struct Sum {
    seeds: u64,
    counts: BTreeMap<String, u64>,
    wrong: Vec<String>,
}

fn many(asked: Option<RangeInclusive<u64>>) -> Result<ExitCode> {
    let (begun, hurried) = (Instant::now(), asked.is_none());
    let (first, last) = asked.unwrap_or(1..=SEEDS).into_inner();
    let wanted = last.saturating_add(1).saturating_sub(first);
    let (next, sum) = (AtomicU64::new(first), Mutex::new(Sum::default()));
    let hands = std::thread::available_parallelism()?.get();
    std::thread::scope(|scope| {
        for _ in 0..hands {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed > last || hurried && begun.elapsed() > BUDGET {
                        return;
                    }
                    let heard = hear(seed);
                    let mut sum = sum.lock().expect("nobody panics while holding it");
                    add(&mut sum, seed, heard);
                    if sum.seeds % SAID_EVERY == 0 {
                        eprintln!(
                            "{} of {wanted} seeds, {:.0} s, {} things wrong",
                            sum.seeds,
                            begun.elapsed().as_secs_f64(),
                            sum.wrong.len()
                        );
                    }
                }
            });
        }
    });
    let mut sum = sum.into_inner().expect("nobody panics while holding it");
    for kind in faults::KINDS {
        if !sum.counts.contains_key(&kind.word()) {
            sum.wrong.push(format!("{} never occurred", kind.word()));
        }
    }
    println!("{:#?}", sum.counts);
    println!("{} of {wanted} seeds in {:.1} s, {} things wrong", sum.seeds, begun.elapsed().as_secs_f64(), sum.wrong.len());
    sum.wrong.iter().take(40).for_each(|wrong| println!("{wrong}"));
    if !sum.wrong.is_empty() {
        println!("see how: FUGUE_SEED=<seed> cargo test -p fugue-hub --test simulation");
    }
    Ok(if sum.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn hear(seed: u64) -> Result<Outcome> {
    let outcome = process(seed)?;
    if seed <= TWICE {
        let again = process(seed)?;
        if again.hash != outcome.hash {
            bail!("played twice, it came out differently: {} and {}", outcome.hash, again.hash);
        }
    }
    Ok(outcome)
}

fn process(seed: u64) -> Result<Outcome> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args([PLAY, &seed.to_string()]).stderr(Stdio::inherit());
    // Its database needs no disk: no power is lost here.
    if Path::new("/dev/shm").is_dir() {
        command.env("TMPDIR", "/dev/shm");
    }
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        bail!("its process ended with {}", output.status);
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn add(sum: &mut Sum, seed: u64, heard: Result<Outcome>) {
    sum.seeds += 1;
    match heard {
        Ok(outcome) => {
            outcome.counts.into_iter().for_each(|(what, count)| *sum.counts.entry(what).or_default() += count);
            sum.wrong.extend(outcome.wrong.into_iter().map(|wrong| format!("seed {seed}: {wrong}")));
        }
        Err(error) => sum.wrong.push(format!("seed {seed}: {error:#}")),
    }
}

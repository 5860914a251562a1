//! One seed: a hub, three to five nodes and people, from the first join to the last check.

use crate::check;
use crate::faults::Plan;
use crate::net::{HUB, Simulated};
use crate::node::{self, Machine};
use crate::people::People;
use crate::stage::{Phase, Stage};
use crate::witness::Witness;
use crate::world::SimWorld;
use anyhow::Result;
use fugue_hub::{Keeping, Options, start_on};
use rig::scratch::Scratch;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use turmoil::Sim;
use turmoil::net::TcpListener;

/// How long a lease lasts.
const LEASE_MS: i64 = 3_000;
/// How much time passes between two looks at the network.
const TICK: Duration = Duration::from_millis(40);
/// No seed takes longer.
const WHOLE: Duration = Duration::from_secs(300);

/// What panicked, in whatever task: tokio keeps that to itself.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// What came of a seed.
#[derive(Debug, Serialize, Deserialize)]
pub struct Outcome {
    pub seed: u64,
    pub hash: String,
    pub counts: BTreeMap<String, u64>,
    pub wrong: Vec<String>,
}

/// Plays a seed.
pub fn play(seed: u64, shown: bool) -> Result<Outcome> {
    std::panic::set_hook(Box::new(|panic| PANICS.lock().unwrap_or_else(PoisonError::into_inner).push(panic.to_string())));
    let scratch = Scratch::new()?;
    let home = scratch.folder("home")?;
    let stage = Stage::new(seed, shown);
    let witness = Rc::new(Witness::default());
    let mut sim = turmoil::Builder::new()
        .rng_seed(seed)
        .tick_duration(TICK)
        .simulation_duration(WHOLE)
        .min_message_latency(Duration::from_millis(1))
        .max_message_latency(Duration::from_millis(80))
        .tcp_capacity(1_024)
        .enable_random_order()
        .build();
    hub(&mut sim, &home, seed);
    let machines: Vec<Rc<Machine>> = (0..stage.between(3, 6))
        .map(|number| Machine::new(format!("node{number}"), seed << 8 | (number + 1), stage.clone(), LEASE_MS))
        .collect();
    for machine in &machines {
        let mine = machine.clone();
        sim.host(machine.name.clone(), move || node::run(mine.clone()));
    }
    let people = People::new(stage.clone(), witness.clone(), machines.clone(), home);
    sim.client("people", people.clone().live());
    let plan = Plan::new(&stage, machines.len());
    run(&mut sim, plan, &machines, &stage);
    machines.iter().for_each(|machine| machine.advance(sim.elapsed().as_millis() as i64));
    check::everything(&people);
    stage.counts.borrow_mut().insert("execution".to_owned(), witness.count() as u64);
    drop(sim);
    let (counts, mut wrong) = (stage.counts.borrow().clone(), stage.wrong.borrow().clone());
    wrong.append(&mut PANICS.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Outcome { seed, hash: stage.hash(), counts, wrong })
}

/// The hub, on the same folder however often it dies.
fn hub(sim: &mut Sim<'_>, home: &Path, seed: u64) {
    let options = Options {
        home: home.to_owned(),
        listen: ([0, 0, 0, 0], HUB.1).into(),
        database: None,
        tls: None,
        plain_http: true,
        allow_hosts: vec![HUB.0.to_owned()],
        allow_origins: Vec::new(),
        address: None,
        lease_ms: LEASE_MS,
        keeping: Keeping::of(home),
        push_hosts: Vec::new(),
        cockpit: fugue_hub::cockpit::none,
    };
    // One sequence over all its lives: no secret and no id may come twice.
    let world: Arc<SimWorld> = SimWorld::new(!seed);
    sim.host(HUB.0, move || {
        let (options, world) = (options.clone(), world.clone());
        async move {
            let _running = start_on(options, world, async |address| Ok(Simulated(TcpListener::bind(address).await?))).await?;
            std::future::pending().await
        }
    });
}

fn run(sim: &mut Sim<'_>, mut plan: Plan, machines: &[Rc<Machine>], stage: &Stage) {
    let mut begun = None;
    loop {
        let elapsed = sim.elapsed().as_millis() as i64;
        if stage.phase.get() == Phase::Faults {
            let begun = *begun.get_or_insert(elapsed);
            plan.apply(sim, machines, stage, elapsed - begun, elapsed);
            if elapsed - begun > plan.over {
                stage.note_at(elapsed, format_args!("calm"));
                stage.phase.set(Phase::Healed);
            }
        }
        match sim.step() {
            Ok(true) => return,
            Ok(false) => {}
            Err(error) => return stage.broken(format!("the simulation ended: {error}")),
        }
    }
}

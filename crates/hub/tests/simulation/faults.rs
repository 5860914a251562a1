//! What fails, when, for how long: a plan made from the seed, carried out between two steps of the simulation.

use crate::node::Machine;
use crate::stage::Stage;
use std::rc::Rc;
use std::time::Duration;
use turmoil::Sim;

/// The kinds of faults. A run over many seeds in which one never occurred has shown nothing about it.
pub const KINDS: &[Kind] = &[
    Kind::HubCrash,
    Kind::NodeCrash,
    Kind::PowerLoss,
    Kind::Partition,
    Kind::OneWayUp,
    Kind::OneWayDown,
    Kind::Loss,
    Kind::Late,
    Kind::Slow,
    Kind::Sleep,
    Kind::ClockJump,
    Kind::PeopleCut,
];

/// One kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The hub dies and is started again on the same database.
    HubCrash,
    /// A node's program dies; its agents go on.
    NodeCrash,
    /// A node's machine loses its power.
    PowerLoss,
    /// Nothing passes between a node and the hub.
    Partition,
    /// Nothing passes from a node to the hub.
    OneWayUp,
    /// Nothing passes from the hub to a node.
    OneWayDown,
    /// Some of what passes is lost.
    Loss,
    /// What is sent arrives later, all at once.
    Late,
    /// Everything takes long.
    Slow,
    /// A node's machine sleeps.
    Sleep,
    /// A node's wall clock is set.
    ClockJump,
    /// Nothing passes between people and the hub.
    PeopleCut,
}

impl Kind {
    /// As it is counted.
    pub fn word(self) -> String {
        format!("fault {self:?}")
    }
}

struct Fault {
    kind: Kind,
    node: usize,
    from: i64,
    until: i64,
    begun: bool,
}

/// The plan of one seed.
pub struct Plan {
    faults: Vec<Fault>,
    /// When the last fault is over, counted like all times from the plan's beginning.
    pub over: i64,
}

impl Plan {
    /// Faults for so many nodes. Two that touch the same thing never overlap.
    pub fn new(stage: &Stage, nodes: usize) -> Self {
        let mut faults: Vec<Fault> = Vec::new();
        for _ in 0..stage.between(3, 9) {
            let kind = KINDS[stage.between(0, KINDS.len() as u64) as usize];
            let node = match kind {
                // Whatever is done to the hub or to people is done to thing number 0.
                Kind::HubCrash | Kind::PeopleCut => 0,
                _ => stage.between(0, nodes as u64) as usize,
            };
            let from = stage.between(200, 12_000) as i64;
            let until = from + stage.between(100, 5_000) as i64;
            let touches = |other: &Fault| {
                let same = match kind {
                    Kind::HubCrash | Kind::PeopleCut => other.kind == kind,
                    _ => other.node == node && !matches!(other.kind, Kind::HubCrash | Kind::PeopleCut),
                };
                same && from <= other.until + 200 && other.from <= until + 200
            };
            if !faults.iter().any(touches) {
                faults.push(Fault { kind, node, from, until, begun: false });
            }
        }
        let over = faults.iter().map(|fault| fault.until).max().unwrap_or(0).max(8_000) + 100;
        Self { faults, over }
    }

    /// Begins and ends what is due. `now` is counted from the plan's beginning, `elapsed` from the simulation's.
    pub fn apply(&mut self, sim: &mut Sim<'_>, machines: &[Rc<Machine>], stage: &Stage, now: i64, elapsed: i64) {
        for fault in &mut self.faults {
            let machine = &machines[fault.node];
            if !fault.begun && now >= fault.from {
                fault.begun = true;
                stage.count(&fault.kind.word());
                stage.note_at(elapsed, format_args!("FAULT {:?} {} for {} ms", fault.kind, machine.name, fault.until - fault.from));
                begin(fault, sim, machine, elapsed);
            }
        }
        self.faults.retain(|fault| {
            let ends = fault.begun && now >= fault.until;
            if ends {
                stage.note_at(elapsed, format_args!("over {:?} {}", fault.kind, machines[fault.node].name));
                end(fault, sim, &machines[fault.node]);
            }
            !ends
        });
    }
}

fn begin(fault: &Fault, sim: &mut Sim<'_>, machine: &Machine, now: i64) {
    let node = machine.name.as_str();
    match fault.kind {
        Kind::HubCrash => sim.crash("hub"),
        Kind::NodeCrash => sim.crash(node),
        Kind::PowerLoss => {
            // A machine without power says no goodbye.
            sim.partition(node, "hub");
            sim.crash(node);
            machine.power_lost(now);
        }
        Kind::Partition => sim.partition(node, "hub"),
        Kind::OneWayUp => sim.partition_oneway(node, "hub"),
        Kind::OneWayDown => sim.partition_oneway("hub", node),
        Kind::Loss => sim.set_link_fail_rate(node, "hub", 0.1),
        Kind::Late => sim.hold(node, "hub"),
        Kind::Slow => sim.set_link_latency(node, "hub", Duration::from_millis(800)),
        Kind::Sleep => machine.sleep(now, now + fault.until - fault.from),
        Kind::ClockJump => {
            let ms = (fault.until - fault.from) * 1_000;
            machine.jump(if fault.until % 2 == 0 { ms } else { -ms });
        }
        Kind::PeopleCut => sim.partition("people", "hub"),
    }
}

fn end(fault: &Fault, sim: &mut Sim<'_>, machine: &Machine) {
    let node = machine.name.as_str();
    match fault.kind {
        Kind::HubCrash => sim.bounce("hub"),
        Kind::NodeCrash => sim.bounce(node),
        Kind::PowerLoss => {
            sim.repair(node, "hub");
            sim.bounce(node);
        }
        Kind::Partition | Kind::OneWayUp | Kind::OneWayDown => sim.repair(node, "hub"),
        Kind::Loss => {
            sim.set_link_fail_rate(node, "hub", 0.0);
            sim.repair(node, "hub");
        }
        Kind::Late => sim.release(node, "hub"),
        Kind::Slow => sim.set_link_latency(node, "hub", Duration::from_millis(20)),
        Kind::Sleep | Kind::ClockJump => {}
        Kind::PeopleCut => sim.repair("people", "hub"),
    }
}

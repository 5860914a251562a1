//! A plan of faults: what, when, for how long. Drawn from a seed and nothing else.

use crate::chance::Chance;
use std::fmt;

/// Everything that can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// `kill -9` of the hub, which is started again after a while.
    KillHub,
    /// The same of the node.
    KillNode,
    /// `kill -9` of one keeper, spare ones included.
    KillKeeper,
    /// `kill -9` of one agent.
    KillAgent,
    /// SIGSTOP of the node, and SIGCONT after a while.
    PauseNode,
    /// Nothing passes between node and hub for a while.
    Cut,
    /// Nothing passes from the node to the hub for a while.
    CutUp,
    /// Nothing passes from the hub to the node for a while.
    CutDown,
    /// The link is slow for a while.
    Slow,
    /// Every connection between node and hub is reset.
    Reset,
    /// The database server is ended at once and started again.
    RestartDatabase,
}

impl Fault {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::KillHub,
        Self::KillNode,
        Self::KillKeeper,
        Self::KillAgent,
        Self::PauseNode,
        Self::Cut,
        Self::CutUp,
        Self::CutDown,
        Self::Slow,
        Self::Reset,
        Self::RestartDatabase,
    ];

    /// Its word in a report.
    pub fn word(self) -> &'static str {
        match self {
            Self::KillHub => "hub kills",
            Self::KillNode => "node kills",
            Self::KillKeeper => "keeper kills",
            Self::KillAgent => "agent kills",
            Self::PauseNode => "node pauses",
            Self::Cut => "cuts",
            Self::CutUp => "cuts to the hub",
            Self::CutDown => "cuts to the node",
            Self::Slow => "slow spells",
            Self::Reset => "resets",
            Self::RestartDatabase => "database restarts",
        }
    }

    /// Whether it lasts until it is mended.
    pub fn lasts(self) -> bool {
        !matches!(self, Self::KillKeeper | Self::KillAgent | Self::Reset | Self::RestartDatabase)
    }

    pub(super) fn is_of_node(self) -> bool {
        matches!(self, Self::KillNode | Self::PauseNode)
    }
}

/// One fault of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// When it begins, in milliseconds after the plan does.
    pub at_ms: u64,
    /// What.
    pub fault: Fault,
    /// How long it lasts, if it does.
    pub lasting_ms: u64,
    /// Which of several is hit: the remainder by their number.
    pub pick: u64,
}

/// How dense a plan is.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// How long faults are begun, in milliseconds.
    pub whole_ms: u64,
    /// Milliseconds between the beginnings of two.
    pub gap_ms: (u64, u64),
    /// Milliseconds that one lasts.
    pub lasting_ms: (u64, u64),
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    seed: u64,
    steps: Vec<Step>,
}

impl Plan {
    /// The plan of a seed. Each of the faults comes once before chance alone decides, if there is time enough.
    pub fn draw(seed: u64, faults: &[Fault], shape: Shape) -> Self {
        let mut chance = Chance::new(seed);
        let (mut steps, mut at_ms, mut deck) = (Vec::new(), 0, Vec::new());
        loop {
            at_ms += chance.between(shape.gap_ms.0, shape.gap_ms.1);
            if at_ms >= shape.whole_ms || faults.is_empty() {
                return Self { seed, steps };
            }
            // Dealt from a shuffled deck, so that a short plan holds each fault as well.
            if deck.is_empty() {
                deck = faults.to_vec();
            }
            let fault = deck.swap_remove(chance.between(0, deck.len() as u64) as usize);
            let lasting_ms = chance.between(shape.lasting_ms.0, shape.lasting_ms.1);
            steps.push(Step { at_ms, fault, lasting_ms, pick: chance.draw() });
        }
    }

    /// Its steps.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Beginnings and ends in the order of time: when, what, and whether it begins.
    pub(super) fn moments(&self) -> Vec<(u64, Step, bool)> {
        let begins = self.steps.iter().map(|step| (step.at_ms, *step, true));
        let ends = self.steps.iter().filter(|step| step.fault.lasts()).map(|step| (step.at_ms + step.lasting_ms, *step, false));
        let mut moments: Vec<_> = begins.chain(ends).collect();
        moments.sort_by_key(|(at, step, begins)| (*at, step.at_ms, !begins));
        moments
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "plan of seed {} with {} faults (repeat with FUGUE_SEED={})", self.seed, self.steps.len(), self.seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { whole_ms: 60_000, gap_ms: (500, 2_000), lasting_ms: (100, 3_000) };

    #[test]
    fn a_seed_has_one_plan_and_another_seed_another() {
        let plan = Plan::draw(7, Fault::ALL, SHAPE);
        assert_eq!(plan, Plan::draw(7, Fault::ALL, SHAPE));
        assert_ne!(plan.steps(), Plan::draw(8, Fault::ALL, SHAPE).steps());
        assert!(Fault::ALL.iter().all(|fault| plan.steps().iter().any(|step| step.fault == *fault)), "{plan:?}");
        assert!(plan.steps().iter().all(|step| step.at_ms < SHAPE.whole_ms && (100..3_000).contains(&step.lasting_ms)));
        assert!(Plan::draw(7, &[], SHAPE).steps().is_empty());
    }

    #[test]
    fn what_begins_ends_and_time_does_not_go_back() {
        let plan = Plan::draw(7, Fault::ALL, SHAPE);
        let moments = plan.moments();
        assert!(moments.windows(2).all(|pair| pair[0].0 <= pair[1].0));
        for step in plan.steps() {
            let of_step: Vec<bool> = moments.iter().filter(|(_, other, _)| other == step).map(|(_, _, begins)| *begins).collect();
            assert_eq!(of_step, if step.fault.lasts() { vec![true, false] } else { vec![true] });
        }
    }
}

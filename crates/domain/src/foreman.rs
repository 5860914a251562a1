//! Which ready tasks begin now, and where; and why each of the others does not. A pure decision in n log n.
//!
//! Tasks stand in lines: one for each plan, and one for the loose tasks of each project. The line with the fewest tasks under way goes
//! first, so that plans share what there is; among equals, and within a line, what is more urgent goes first, and waiting makes everything
//! more urgent ([`FOREMAN_STEP_MS`]), so nothing waits for ever.
//!
//! A task that would touch files that another one is changing is passed by, and those behind it may go. When it has waited long enough
//! ([`FOREMAN_PATIENCE_MS`]) the first of its line keeps its files free: what would touch them waits for it.

use crate::id::{NodeId, PlanId, ProjectId, TaskId};
use crate::limits::{FOREMAN_PATIENCE_MS, FOREMAN_STEP_MS};
use crate::money::MicroUsd;
use crate::plan::paths::Claims;
use crate::world::Millis;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

/// A task that could begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// Which.
    pub task: TaskId,
    /// Its project.
    pub project: ProjectId,
    /// Its plan, if it belongs to one.
    pub plan: Option<PlanId>,
    /// How urgent a person finds it.
    pub priority: i64,
    /// Since when it could begin.
    pub since: Millis,
    /// The only node that has its repository, or its worktree already.
    pub node: Option<NodeId>,
    /// What it may cost.
    pub budget: Option<MicroUsd>,
    /// Paths that it will probably change.
    pub paths: Vec<String>,
    /// Tasks that it should not run beside for another reason.
    pub apart: Vec<TaskId>,
}

/// A task that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Busy {
    /// Which.
    pub task: TaskId,
    /// Its project.
    pub project: ProjectId,
    /// Its plan, if it belongs to one.
    pub plan: Option<PlanId>,
    /// Paths that it probably changes.
    pub paths: Vec<String>,
    /// Whether its agent or its checks are at work. One that waits for a review or its merge only keeps its files.
    pub at_work: bool,
}

/// Everything that the decision is made of.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// Tasks that could begin, in any order.
    pub ready: Vec<Ready>,
    /// Tasks under way: from their beginning until they are on the target branch.
    pub busy: Vec<Busy>,
    /// Slots that are free, of every node that takes work.
    pub slots: HashMap<NodeId, i64>,
    /// Those of them that have no room for another worktree.
    pub no_room: HashSet<NodeId>,
    /// Tasks that may be at work side by side, of projects that have a limit.
    pub parallel: HashMap<ProjectId, i64>,
    /// What may still be spent, of plans that have a budget.
    pub left: HashMap<PlanId, MicroUsd>,
}

/// Why a task that is ready does not begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// It would touch what this one is changing.
    Clash(TaskId),
    /// It would touch what this one, which has waited for longer, needs free.
    Yields(TaskId),
    /// Its project has as many tasks at work as it allows.
    Limit(i64),
    /// Its plan has this much left, which is less than it may cost, or nothing.
    Budget(MicroUsd),
    /// Its node is away, or takes nothing new.
    Away,
    /// No slot is free for it.
    Full,
    /// Its node has no room for its worktree.
    NoRoom,
}

impl Held {
    /// The other task that it is about.
    pub fn other(&self) -> Option<&TaskId> {
        match self {
            Held::Clash(task) | Held::Yields(task) => Some(task),
            Held::Limit(_) | Held::Budget(_) | Held::Away | Held::Full | Held::NoRoom => None,
        }
    }
}

/// What is to be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// These begin, there.
    pub start: Vec<(TaskId, NodeId)>,
    /// These do not, and why.
    pub held: Vec<(TaskId, Held)>,
}

/// Tasks that share what there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum LineOf<'a> {
    Plan(&'a PlanId),
    Loose(&'a ProjectId),
}

fn line_of<'a>(plan: &'a Option<PlanId>, project: &'a ProjectId) -> LineOf<'a> {
    plan.as_ref().map_or(LineOf::Loose(project), LineOf::Plan)
}

/// A line: its tasks with the next at the end, and how many of it are under way.
#[derive(Default)]
struct Line<'a> {
    tasks: Vec<(i64, &'a Ready)>,
    busy: i64,
}

/// Which line goes next: the fewest under way, then the most urgent head, then by name, so that the same site gives the same decision.
type Turn<'a> = (Reverse<i64>, i64, Reverse<&'a TaskId>, LineOf<'a>);

fn turn<'a>(of: LineOf<'a>, line: &Line<'a>) -> Option<Turn<'a>> {
    line.tasks.last().map(|(urgency, ready)| (Reverse(line.busy), *urgency, Reverse(&ready.task), of))
}

/// Where the deciding stands.
struct Foreman<'a> {
    slots: HashMap<&'a NodeId, i64>,
    no_room: &'a HashSet<NodeId>,
    free: i64,
    busy_in: HashMap<&'a ProjectId, i64>,
    left: HashMap<&'a PlanId, i64>,
    parallel: &'a HashMap<ProjectId, i64>,
    under_way: HashSet<&'a TaskId>,
    claimed: HashMap<&'a ProjectId, Claims<'a, &'a TaskId>>,
    kept: HashMap<&'a ProjectId, Claims<'a, &'a TaskId>>,
    patient: HashSet<&'a TaskId>,
}

/// Decides.
pub fn decide(site: &Site, now: Millis) -> Decision {
    let mut lines: HashMap<LineOf<'_>, Line<'_>> = HashMap::new();
    for ready in &site.ready {
        lines.entry(line_of(&ready.plan, &ready.project)).or_default().tasks.push((urgency(ready, now), ready));
    }
    for line in lines.values_mut() {
        line.tasks.sort_unstable_by(|(a, x), (b, y)| (a, Reverse(&x.task)).cmp(&(b, Reverse(&y.task))));
    }
    for busy in site.busy.iter().filter(|busy| busy.at_work) {
        if let Some(line) = lines.get_mut(&line_of(&busy.plan, &busy.project)) {
            line.busy += 1;
        }
    }
    let mut foreman = Foreman::new(site);
    foreman.keep_free(&lines, now);
    let mut decision = Decision::default();
    let mut heap: BinaryHeap<Turn<'_>> = lines.iter().filter_map(|(of, line)| turn(*of, line)).collect();
    while foreman.free > 0
        && let Some((.., of)) = heap.pop()
    {
        let Some(line) = lines.get_mut(&of) else { continue };
        let Some((_, ready)) = line.tasks.pop() else { continue };
        match foreman.place(ready) {
            Ok(node) => {
                line.busy += 1;
                decision.start.push((ready.task.clone(), node.clone()));
            }
            Err(held) => decision.held.push((ready.task.clone(), held)),
        }
        heap.extend(turn(of, line));
    }
    // Nothing is free any more, so nobody's turn matters: most of a long backlog ends here.
    let mut rest: Vec<&'_ Ready> = lines.values().flat_map(|line| line.tasks.iter().map(|(_, ready)| *ready)).collect();
    rest.sort_unstable_by_key(|ready| &ready.task);
    decision.held.extend(rest.into_iter().map(|ready| (ready.task.clone(), foreman.place(ready).err().unwrap_or(Held::Full))));
    decision
}

/// Priority and waiting as one number.
fn urgency(ready: &Ready, now: Millis) -> i64 {
    ready.priority.saturating_mul(FOREMAN_STEP_MS).saturating_add(now.saturating_sub(ready.since))
}

impl<'a> Foreman<'a> {
    fn new(site: &'a Site) -> Self {
        let slots: HashMap<&NodeId, i64> = site.slots.iter().map(|(node, free)| (node, *free)).collect();
        let mut foreman = Self {
            free: slots.values().filter(|free| **free > 0).sum(),
            slots,
            no_room: &site.no_room,
            busy_in: HashMap::new(),
            left: site.left.iter().map(|(plan, left)| (plan, left.0)).collect(),
            parallel: &site.parallel,
            under_way: site.busy.iter().map(|busy| &busy.task).collect(),
            claimed: HashMap::new(),
            kept: HashMap::new(),
            patient: HashSet::new(),
        };
        for busy in &site.busy {
            *foreman.busy_in.entry(&busy.project).or_default() += i64::from(busy.at_work);
            foreman.claimed.entry(&busy.project).or_default().add(busy.paths.iter().map(String::as_str), &busy.task);
        }
        foreman
    }

    /// The first of each line that has been passed by for too long keeps its files free, the one that waited longest first.
    fn keep_free(&mut self, lines: &HashMap<LineOf<'a>, Line<'a>>, now: Millis) {
        let long = |ready: &&'a Ready| now.saturating_sub(ready.since) >= FOREMAN_PATIENCE_MS && !ready.paths.is_empty();
        let mut heads: Vec<&'a Ready> = lines.values().filter_map(|line| line.tasks.last().map(|(_, ready)| *ready)).filter(long).collect();
        heads.sort_unstable_by_key(|ready| (ready.since, &ready.task));
        for ready in heads {
            let paths = || ready.paths.iter().map(String::as_str);
            let met = |claims: &HashMap<&ProjectId, Claims<'a, &'a TaskId>>| {
                claims.get(&ready.project).and_then(|claims| claims.met(paths())).is_some()
            };
            // What cannot begin for another reason keeps nobody waiting.
            if met(&self.claimed) && !met(&self.kept) && self.money(ready).is_ok() && self.reachable(ready) {
                self.kept.entry(&ready.project).or_default().add(paths(), &ready.task);
                self.patient.insert(&ready.task);
            }
        }
    }

    /// Gives a task its place, or says why there is none.
    fn place(&mut self, ready: &'a Ready) -> Result<&'a NodeId, Held> {
        if !self.reachable(ready) {
            return Err(Held::Away);
        }
        let cost = self.money(ready)?;
        let busy = self.busy_in.get(&ready.project).copied().unwrap_or_default();
        if let Some(most) = self.parallel.get(&ready.project).filter(|most| busy >= **most) {
            return Err(Held::Limit(*most));
        }
        // Without a free slot nothing else needs to be known.
        if self.free <= 0 {
            return Err(Held::Full);
        }
        self.clash(ready)?;
        let node = self.node(ready)?;
        *self.slots.entry(node).or_default() -= 1;
        self.free -= 1;
        *self.busy_in.entry(&ready.project).or_default() += 1;
        if let Some(left) = ready.plan.as_ref().and_then(|plan| self.left.get_mut(plan)) {
            *left -= cost;
        }
        self.under_way.insert(&ready.task);
        self.claimed.entry(&ready.project).or_default().add(ready.paths.iter().map(String::as_str), &ready.task);
        Ok(node)
    }

    fn reachable(&self, ready: &Ready) -> bool {
        ready.node.as_ref().map_or(!self.slots.is_empty(), |node| self.slots.contains_key(node))
    }

    /// What it takes out of its plan's budget.
    fn money(&self, ready: &Ready) -> Result<i64, Held> {
        let cost = ready.budget.map_or(0, |budget| budget.0);
        match ready.plan.as_ref().and_then(|plan| self.left.get(plan)) {
            Some(left) if *left <= 0 || *left < cost => Err(Held::Budget(MicroUsd((*left).max(0)))),
            _ => Ok(cost),
        }
    }

    /// Its own node, or the one with the most slots free among those with room.
    fn node(&self, ready: &'a Ready) -> Result<&'a NodeId, Held> {
        match &ready.node {
            Some(node) if self.no_room.contains(node) => Err(Held::NoRoom),
            Some(node) => self.slots.get(node).is_some_and(|free| *free > 0).then_some(node).ok_or(Held::Full),
            None => {
                let free = self.slots.iter().filter(|(node, free)| **free > 0 && !self.no_room.contains(**node));
                let most = free.max_by_key(|(node, free)| (**free, Reverse(**node))).map(|(node, _)| *node);
                most.ok_or(if self.no_room.is_empty() { Held::Full } else { Held::NoRoom })
            }
        }
    }

    fn clash(&self, ready: &'a Ready) -> Result<(), Held> {
        let paths = || ready.paths.iter().map(String::as_str);
        if let Some(task) = self.claimed.get(&ready.project).and_then(|claims| claims.met(paths())) {
            return Err(Held::Clash(task.clone()));
        }
        if let Some(task) = ready.apart.iter().find(|task| self.under_way.contains(task)) {
            return Err(Held::Clash(task.clone()));
        }
        if !self.patient.contains(&ready.task)
            && let Some(task) = self.kept.get(&ready.project).and_then(|claims| claims.met(paths()))
        {
            return Err(Held::Yields(task.clone()));
        }
        Ok(())
    }
}

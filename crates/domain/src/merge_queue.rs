//! The merge queue of one branch: finished changes in a line, what is tried next, and the only function that decides what becomes of them.
//!
//! Invariant: one batch is tried at a time. An entry is sent back only for what it does alone on the branch as it is: a batch that is red is
//! halved until one entry is left, and one that conflicts with another of its batch is tried again as the first of its own. So what one entry
//! does wrong neither holds the others up nor is laid to their charge. The hub calls [`step`] in the transaction in which a job ends.

use crate::id::{NodeId, TaskId};
use crate::job::{Merged, Outcome};
use crate::limits::{MERGE_TRIES_MAX, MERGE_WAIT_MAX_MS, MERGE_WAIT_MS};
use crate::saying::Saying;
use crate::world::Millis;

#[cfg(test)]
mod tests;

/// Changes on their way to one branch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Queue {
    /// In the order in which they are tried.
    pub entries: Vec<Entry>,
    /// The branch could not be moved when it was tried last.
    pub waits: Option<Waits>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whose.
    pub task: TaskId,
    /// The commit that was checked and reviewed.
    pub head: String,
    /// Where that commit is: what is tried together is on one node.
    pub node: NodeId,
    /// The larger, the earlier.
    pub priority: i64,
    /// Its own in this queue. Among equals, the smaller the earlier: it grows with each that enters.
    pub number: i64,
    /// Where it stands.
    pub standing: Standing,
    /// It is one of those that were red together, and one of them is to blame.
    pub suspect: bool,
    /// It conflicted with one before it in a batch, so it is the first of the next that it is in.
    pub apart: bool,
    /// Times that it could not be tried, alone.
    pub tries: i64,
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// In line.
    Waiting,
    /// In the batch that is tried now.
    Tried,
    /// The same, and its task does not want it any more. Whether that came too late is known when the batch has its end.
    Leaving,
}

/// Why nothing is tried at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waits {
    /// What people are told.
    pub why: Saying,
    /// Times in a row that it was so.
    pub tries: i64,
    /// When it is tried again.
    pub until: Millis,
}

/// What happens to a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A change is checked and approved. What the task had in the queue before is withdrawn by it.
    Entered(Entry),
    /// Its task does not want it any more, or has another head.
    Withdrawn(TaskId),
    /// The batch that was tried has its end.
    Ended(Ending),
    /// Time has gone by, or the settings are others.
    Looked,
}

/// How a batch ended, without the evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The branch has moved: all are on it.
    Landed,
    /// A check of the merged tree failed.
    Red,
    /// This one does not fit onto the branch with those before it.
    Conflict(TaskId),
    /// Not now, and why.
    Waits(Saying),
    /// Not at all, and why.
    Impossible(String),
}

/// What follows besides the new queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Let a node try the entries of these numbers together, in this order.
    Try(Vec<i64>),
    /// Tell its task what became of the entry of this number. Unless it waits, the entry is gone.
    Tell(i64, Told),
}

/// What became of an entry, without the evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// It is on the branch.
    Landed,
    /// Alone on the branch, it fails a check.
    Red,
    /// It does not fit onto the branch.
    Conflict,
    /// Not now, and why. It stays.
    Waits(Saying),
    /// Not at all, and why.
    Impossible(String),
    /// It was withdrawn in time, which its task knows.
    Withdrawn,
}

/// A queue after a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// As it is now.
    pub queue: Queue,
    /// What follows.
    pub effects: Vec<Effect>,
}

/// Why an input changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It has no such entry.
    Unknown,
    /// The same commit of the task is in it already.
    Present,
    /// Nothing is tried.
    Idle,
}

impl Entry {
    /// A change that just entered.
    pub fn new(task: TaskId, head: String, node: NodeId, priority: i64, number: i64) -> Self {
        Self { task, head, node, priority, number, standing: Standing::Waiting, suspect: false, apart: false, tries: 0 }
    }
}

impl Ending {
    /// How the job of a batch ended; what is no end of a merge is impossible.
    pub fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Merged(Merged::Landed { .. }) => Self::Landed,
            Outcome::Merged(Merged::Red { .. }) => Self::Red,
            Outcome::Merged(Merged::Conflict { task, .. }) => Self::Conflict(task.clone()),
            Outcome::Merged(Merged::Waits(why)) => Self::Waits(why.clone()),
            Outcome::Impossible(why) => Self::Impossible(why.clone()),
            Outcome::Prepared(_) | Outcome::Checked(_) | Outcome::TornDown(_) => {
                Self::Impossible("the node answered something else than a merge".to_owned())
            }
        }
    }
}

impl Queue {
    /// Whether a batch is tried now.
    pub fn is_trying(&self) -> bool {
        self.entries.iter().any(|entry| entry.standing != Standing::Waiting)
    }

    /// The batch that is tried now, in order.
    fn batch(&self) -> Vec<Entry> {
        self.entries.iter().filter(|entry| entry.standing != Standing::Waiting).cloned().collect()
    }

    fn find(&mut self, number: i64) -> impl Iterator<Item = &mut Entry> {
        self.entries.iter_mut().filter(move |entry| entry.number == number)
    }

    fn remove(&mut self, number: i64) {
        self.entries.retain(|entry| entry.number != number);
    }

    /// Nothing is known any more of those that were red together.
    fn clear_suspicion(&mut self) {
        self.entries.iter_mut().for_each(|entry| entry.suspect = false);
    }

    /// One of these is to blame, unless some of them are gone.
    fn suspect(&mut self, batch: &[Entry], whole: bool) {
        for entry in &mut self.entries {
            entry.suspect = whole && batch.iter().any(|tried| tried.number == entry.number);
        }
    }

    /// What is tried next: half of those that were red together, or the first in line.
    fn next(&self, size: usize) -> Vec<i64> {
        let suspects = self.entries.iter().filter(|entry| entry.suspect).count();
        let most = match suspects {
            0 => size.max(1),
            1 => 1,
            many => many / 2,
        };
        let mut line = self.entries.iter().filter(|entry| suspects == 0 || entry.suspect);
        let Some(first) = line.next() else { return Vec::new() };
        let others = line.take_while(|entry| !entry.apart && entry.node == first.node);
        [first].into_iter().chain(others).take(most).map(|entry| entry.number).collect()
    }
}

/// Decides what an input makes of a queue. `size` is how many may be tried together.
pub fn step(queue: &Queue, input: Input, size: usize, now: Millis) -> Result<Step, Refused> {
    let mut queue = queue.clone();
    let mut effects = Vec::new();
    match input {
        Input::Entered(entry) => enter(&mut queue, entry)?,
        Input::Withdrawn(task) if queue.entries.iter().all(|entry| entry.task != task) => return Err(Refused::Unknown),
        Input::Withdrawn(task) => withdraw(&mut queue, &task),
        Input::Ended(_) if !queue.is_trying() => return Err(Refused::Idle),
        Input::Ended(ending) => end(&mut queue, ending, now, &mut effects),
        Input::Looked => {}
    }
    if queue.entries.is_empty() {
        queue.waits = None;
    }
    if !queue.is_trying() && queue.waits.as_ref().is_none_or(|waits| waits.until <= now) {
        let batch = queue.next(size);
        for entry in queue.entries.iter_mut().filter(|entry| batch.contains(&entry.number)) {
            entry.standing = Standing::Tried;
        }
        if !batch.is_empty() {
            effects.push(Effect::Try(batch));
        }
    }
    Ok(Step { queue, effects })
}

fn enter(queue: &mut Queue, entry: Entry) -> Result<(), Refused> {
    let same = |known: &Entry| known.task == entry.task && known.head == entry.head && known.standing != Standing::Leaving;
    if queue.entries.iter().any(same) {
        return Err(Refused::Present);
    }
    withdraw(queue, &entry.task);
    queue.entries.push(entry);
    queue.entries.sort_by_key(|entry| (std::cmp::Reverse(entry.priority), entry.number));
    Ok(())
}

fn withdraw(queue: &mut Queue, task: &TaskId) {
    let waits = |entry: &Entry| entry.task == *task && entry.standing == Standing::Waiting;
    if queue.entries.iter().any(|entry| waits(entry) && entry.suspect) {
        queue.clear_suspicion();
    }
    queue.entries.retain(|entry| !waits(entry));
    for entry in queue.entries.iter_mut().filter(|entry| entry.task == *task) {
        entry.standing = Standing::Leaving;
    }
}

fn end(queue: &mut Queue, ending: Ending, now: Millis, effects: &mut Vec<Effect>) {
    let batch = queue.batch();
    let leaving = |entry: &Entry| entry.standing == Standing::Leaving;
    let mut tell = |queue: &mut Queue, entry: &Entry, told: Told| {
        queue.remove(entry.number);
        effects.push(Effect::Tell(entry.number, told));
    };
    if ending == Ending::Landed {
        batch.iter().for_each(|entry| tell(queue, entry, Told::Landed));
        queue.waits = None;
        return;
    }
    batch.iter().filter(|entry| leaving(entry)).for_each(|entry| tell(queue, entry, Told::Withdrawn));
    queue.entries.iter_mut().for_each(|entry| entry.standing = Standing::Waiting);
    // What was seen of a batch says nothing of a part of it.
    let whole = !batch.iter().any(leaving);
    if let Ending::Waits(why) = ending {
        if queue.waits.as_ref().is_none_or(|waits| waits.why != why) {
            let stay = batch.iter().filter(|entry| !leaving(entry));
            effects.extend(stay.map(|entry| Effect::Tell(entry.number, Told::Waits(why.clone()))));
        }
        return wait(queue, why, now);
    }
    queue.waits = None;
    match (ending, batch.as_slice()) {
        (Ending::Conflict(task), [first, ..]) if task == first.task => {
            queue.clear_suspicion();
            if !leaving(first) {
                tell(queue, first, Told::Conflict);
            }
        }
        (Ending::Conflict(task), batch) => match batch.iter().find(|entry| entry.task == task) {
            Some(entry) => {
                queue.clear_suspicion();
                queue.find(entry.number).for_each(|entry| entry.apart = true);
            }
            None => failed(queue, batch, &format!("the node named {task}, which was not tried"), now, effects),
        },
        (Ending::Impossible(why), batch) => failed(queue, batch, &why, now, effects),
        (_, [one]) => {
            queue.clear_suspicion();
            if whole {
                tell(queue, one, Told::Red);
            }
        }
        (_, many) => queue.suspect(many, whole),
    }
}

/// A batch could not be tried: which of them is to blame is found out as if it were red, and one alone is given some more tries, because it
/// may be the machine that is to blame.
fn failed(queue: &mut Queue, batch: &[Entry], why: &str, now: Millis, effects: &mut Vec<Effect>) {
    let whole = batch.iter().all(|entry| entry.standing == Standing::Tried);
    match batch {
        [one] if whole && one.tries + 1 >= MERGE_TRIES_MAX => {
            queue.clear_suspicion();
            queue.remove(one.number);
            effects.push(Effect::Tell(one.number, Told::Impossible(why.to_owned())));
        }
        [one] if whole => {
            queue.clear_suspicion();
            // It goes on alone, so that the others are not tried with it again and again.
            queue.find(one.number).for_each(|entry| (entry.suspect, entry.tries) = (true, entry.tries + 1));
            wait(queue, why.into(), now);
        }
        many => queue.suspect(many, whole),
    }
}

fn wait(queue: &mut Queue, why: Saying, now: Millis) {
    let tries = queue.waits.as_ref().map_or(0, |waits| waits.tries) + 1;
    let pause = MERGE_WAIT_MS.saturating_mul(1 << (tries - 1).min(20)).min(MERGE_WAIT_MAX_MS);
    queue.waits = Some(Waits { why, tries, until: now + pause });
}

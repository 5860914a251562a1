//! A task: what is wanted, up to its proof. And the only function that changes where it stands.
//!
//! `step(task, input, now)` is pure. The hub calls it inside the transaction that stores the result and repeats in the `UPDATE` what it has
//! read; whoever comes second changes no row. The whole table of transitions is a snapshot, `docs/task-transitions.md`.

use crate::saying::{Red, Saying};
use crate::world::Millis;
use serde::{Deserialize, Serialize};

mod need;
pub mod proof;
mod signature;
mod verb;
pub mod words;

pub use need::Need;
pub use signature::signature;
pub use verb::Verb;

/// Where a task stands. Each variant owns what is only true there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Written down. Nothing happens before somebody starts it.
    Draft,
    /// It waits for other tasks.
    Blocked,
    /// It can begin as soon as there is room.
    Ready,
    /// Its agent is at work, or its worktree is being made.
    Working(Phase),
    /// Its checks run.
    Checking,
    /// Its change is being judged.
    Review,
    /// Its change is on the way to the target branch.
    Merging {
        /// Why it does not move, if it does not.
        waits: Option<Saying>,
    },
    /// A person must look.
    NeedsHuman {
        /// What for.
        need: Need,
        /// In words.
        why: Saying,
    },
    /// Its change is on the target branch, and the checks passed there.
    Done {
        /// When.
        at: Millis,
    },
    /// A person does not want it any more.
    Cancelled {
        /// When.
        at: Millis,
    },
}

/// What of the work is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The worktree is made, and the set-up commands run in it.
    Preparing,
    /// The agent carries out a message.
    Agent,
}

impl State {
    /// Every word of [`State::word`].
    pub const WORDS: &'static [&'static str] =
        &["draft", "blocked", "ready", "working", "checking", "review", "merging", "needs_human", "done", "cancelled"];

    /// The word used in the API and in the database.
    pub fn word(&self) -> &'static str {
        match self {
            State::Draft => "draft",
            State::Blocked => "blocked",
            State::Ready => "ready",
            State::Working(_) => "working",
            State::Checking => "checking",
            State::Review => "review",
            State::Merging { .. } => "merging",
            State::NeedsHuman { .. } => "needs_human",
            State::Done { .. } => "done",
            State::Cancelled { .. } => "cancelled",
        }
    }

    /// Whether nothing more happens by itself and nobody is waited for.
    pub fn is_over(&self) -> bool {
        matches!(self, State::Done { .. } | State::Cancelled { .. })
    }

    /// Whether something is under way: an agent, a job, a review or a merge.
    pub fn is_under_way(&self) -> bool {
        matches!(self, State::Working(_) | State::Checking | State::Review | State::Merging { .. })
    }
}

/// A task as the rules see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Where it stands.
    pub state: State,
    /// Which try at the proof this is, from 1.
    pub attempt: i64,
    /// Tries before a person is asked.
    pub attempts_max: i64,
    /// The signature of the last failure: the same one twice running ends the loop.
    pub signature: Option<String>,
    /// The commit that was checked last.
    pub head: Option<String>,
    /// Whether it has a session, with a worktree that holds its work.
    pub session: bool,
    /// Whether its agent was told what is wanted.
    pub told: bool,
}

impl Task {
    /// A task that was just written down.
    pub fn new(state: State, attempts_max: i64) -> Self {
        Self { state, attempt: 1, attempts_max, signature: None, head: None, session: false, told: false }
    }
}

/// A required check was red.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What it looks like, without what differs each time.
    pub signature: String,
    /// Which they were; when empty nobody knows.
    pub red: Vec<Red>,
}

/// What a worktree was found to hold, and what the checks say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The commit.
    pub head: String,
    /// Whether there is any change.
    pub changed: bool,
    /// Whether the agent wanted to do something and was not let.
    pub denied: bool,
    /// What is red; absent when all that must be green is.
    pub failure: Option<Failure>,
    /// The files of the checks that the change itself touches.
    pub edited: Vec<String>,
    /// Whether the project allows that.
    pub may_edit: bool,
    /// Whether the change must be judged before it is merged.
    pub review: bool,
}

/// What the merge queue says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeEnd {
    /// The change of this commit is on the target branch, and the checks passed there.
    Landed {
        /// The commit that was merged.
        head: String,
    },
    /// It does not fit onto the target branch.
    Conflict,
    /// The checks fail on the merged tree.
    Red(Failure),
    /// Not now.
    Waits(Saying),
}

/// Everything that can happen to a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A person says that a draft shall be worked on.
    Start {
        /// Whether it must wait for others.
        blocked: bool,
    },
    /// What it depends on has changed.
    Needs {
        /// Whether it must wait for others now.
        blocked: bool,
    },
    /// There is room: its session is open.
    Begin {
        /// Whether there are set-up commands.
        setup: bool,
    },
    /// The worktree stands, or a set-up command failed.
    Prepared(Result<(), Saying>),
    /// The agent has carried out its message.
    Finished,
    /// The agent has not.
    Broke {
        /// What a person is needed for.
        need: Need,
        /// Why.
        why: Saying,
    },
    /// The checks have run.
    Checked(Proof),
    /// The change of this commit was judged.
    Reviewed {
        /// The commit.
        head: String,
        /// Whether it may be merged.
        approved: bool,
    },
    /// The merge queue has come to it.
    Merge(MergeEnd),
    /// It cannot go on, in words.
    Impossible(Saying),
    /// The node with its worktree is gone for good, and with it what was only there.
    Uprooted {
        /// Whether another node can do it.
        elsewhere: bool,
        /// Whether it must wait for others.
        blocked: bool,
        /// What became of the node.
        why: Saying,
    },
    /// A person wants it tried again, with what was learned meanwhile.
    Retry {
        /// Whether it must wait for others.
        blocked: bool,
    },
    /// A person hands in what the worktree holds.
    Submit,
    /// A person has judged the change and lets it pass.
    Approve,
    /// A person wants the worktree, and the agent to stop.
    TakeOver,
    /// A person does not want it any more.
    Cancel,
}

/// What the agent is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// What is wanted.
    Goal,
    /// Which checks failed.
    Red,
    /// Which checks failed on the merged tree.
    RedMerge,
    /// Both sides of a conflict.
    Conflict,
    /// What the review found.
    Findings,
    /// That it shall go on.
    Again,
}

/// What follows besides the new state, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// End what is under way for it: a job, a review, its place in the merge queue, its agent's turn.
    Halt,
    /// Make the worktree and run the set-up commands.
    Prepare,
    /// Say something to the agent.
    Tell(Topic),
    /// Run the checks.
    Check,
    /// Let the change be judged.
    Review,
    /// Put it in the merge queue.
    Enter,
    /// Close its session: the worktree goes, after what is not committed was saved.
    Close,
    /// Let those begin that waited for it.
    Wake,
    /// Let the foreman look: there is room, or something to do.
    Foreman,
}

/// The result of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The task as it is now.
    pub task: Task,
    /// What follows from it.
    pub effects: Vec<Effect>,
}

/// Why a step was not taken. Both are ordinary: somebody else was faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The input is about a commit that is not the task's any more.
    #[error("the task has another commit by now")]
    Stale,
    /// The input has no meaning in this state.
    #[error("the task is in another state")]
    State,
}

/// Decides what an input makes of a task.
pub fn step(task: &Task, input: Input, now: Millis) -> Result<Step, Refused> {
    use Effect::{Check, Close, Foreman, Halt, Prepare, Tell, Wake};
    let mut next = task.clone();
    let effects = match (&task.state, input) {
        // What has landed has landed, whatever a person wished meanwhile.
        (state, Input::Merge(MergeEnd::Landed { head })) if !matches!(state, State::Done { .. }) => {
            if task.head.as_deref() != Some(head.as_str()) {
                return Err(Refused::Stale);
            }
            let halt = if matches!(state, State::Merging { .. }) { None } else { Some(Halt) };
            let close = next.session.then_some(Close);
            next.state = State::Done { at: now };
            (next.session, next.told) = (false, false);
            halt.into_iter().chain(close).chain([Wake, Foreman]).collect()
        }
        (State::Draft, Input::Start { blocked }) => wait(&mut next, blocked),
        (State::Blocked, Input::Needs { blocked: false }) | (State::Ready, Input::Needs { blocked: true }) => {
            let blocked = task.state == State::Ready;
            wait(&mut next, blocked)
        }
        (State::Ready, Input::Begin { setup }) => {
            next.session = true;
            next.state = State::Working(if setup { Phase::Preparing } else { Phase::Agent });
            vec![if setup { Prepare } else { Tell(Topic::Goal) }]
        }
        (State::Working(Phase::Preparing), Input::Prepared(Ok(()))) => {
            next.state = State::Working(Phase::Agent);
            vec![Tell(Topic::Goal)]
        }
        (State::Working(Phase::Preparing), Input::Prepared(Err(why))) => ask(&mut next, Need::SetupFailed, why),
        (State::Working(Phase::Agent), Input::Finished) => {
            next.state = State::Checking;
            vec![Check]
        }
        (State::Working(Phase::Agent), Input::Broke { need, why }) => ask(&mut next, need, why),
        (State::Checking, Input::Checked(proof)) => judge(&mut next, proof),
        (State::Review, Input::Reviewed { head, approved }) => match (task.head.as_deref() == Some(head.as_str()), approved) {
            (false, _) => return Err(Refused::Stale),
            (true, true) => merge(&mut next),
            (true, false) => again(&mut next, None, Need::AttemptsUsedUp, Topic::Findings),
        },
        (State::Merging { .. }, Input::Merge(MergeEnd::Conflict)) => again(&mut next, None, Need::Conflict, Topic::Conflict),
        (State::Merging { .. }, Input::Merge(MergeEnd::Red(failure))) => {
            again(&mut next, Some(failure), Need::AttemptsUsedUp, Topic::RedMerge)
        }
        (State::Merging { waits }, Input::Merge(MergeEnd::Waits(why))) if waits.as_ref() != Some(&why) => {
            next.state = State::Merging { waits: Some(why) };
            Vec::new()
        }
        (State::Review, Input::Impossible(why)) => {
            let after = ask(&mut next, Need::ReviewFailed, why);
            [vec![Halt], after].concat()
        }
        (State::Ready, Input::Impossible(why)) => ask(&mut next, Need::Impossible, why),
        (state, Input::Impossible(why)) if state.is_under_way() => {
            let after = ask(&mut next, Need::Impossible, why);
            [vec![Halt], after].concat()
        }
        (state, Input::Uprooted { elsewhere, blocked, why }) if task.session && !state.is_over() => {
            uproot(task, &mut next, elsewhere.then_some(blocked), why)
        }
        (_, input) => wish(task, &mut next, input, now)?,
    };
    next.told |= effects.iter().any(|effect| matches!(effect, Tell(_)));
    Ok(Step { task: next, effects })
}

/// What a person wants of a task that was begun.
fn wish(task: &Task, next: &mut Task, input: Input, now: Millis) -> Result<Vec<Effect>, Refused> {
    use Effect::{Check, Close, Foreman, Halt, Prepare, Tell};
    Ok(match (&task.state, input) {
        (State::Review, Input::Approve) => {
            let after = merge(next);
            [vec![Halt], after].concat()
        }
        (State::NeedsHuman { need: Need::ChecksEdited | Need::ReviewFailed, .. }, Input::Approve) if task.head.is_some() => merge(next),
        (State::NeedsHuman { need: Need::ReviewFailed, .. }, Input::Retry { .. }) if task.session => {
            next.state = State::Review;
            vec![Effect::Review]
        }
        (State::NeedsHuman { .. }, Input::Retry { .. }) if task.session => {
            (next.attempt, next.signature) = (1, None);
            // Perhaps its worktree never stood as it should: then from there.
            next.state = State::Working(if task.told { Phase::Agent } else { Phase::Preparing });
            vec![if task.told { Tell(Topic::Again) } else { Prepare }]
        }
        (State::NeedsHuman { .. } | State::Cancelled { .. }, Input::Retry { blocked }) => {
            (next.attempt, next.signature, next.head, next.told) = (1, None, None, false);
            wait(next, blocked)
        }
        (State::NeedsHuman { .. }, Input::Submit) if task.session => {
            next.signature = None;
            next.state = State::Checking;
            vec![Check]
        }
        (State::NeedsHuman { need: Need::TakenOver, .. }, Input::TakeOver) => return Err(Refused::State),
        (state, Input::TakeOver) if task.session && !state.is_over() => {
            let after = ask(next, Need::TakenOver, Saying::Needs { need: Need::TakenOver, red: Vec::new() });
            [vec![Halt], after].concat()
        }
        (state, Input::Cancel) if !state.is_over() => {
            let had = next.session;
            (next.session, next.told) = (false, false);
            next.state = State::Cancelled { at: now };
            if had { vec![Halt, Close, Foreman] } else { vec![Foreman] }
        }
        _ => return Err(Refused::State),
    })
}

/// Not begun yet: it waits for others, or for room.
fn wait(next: &mut Task, blocked: bool) -> Vec<Effect> {
    next.state = if blocked { State::Blocked } else { State::Ready };
    if blocked { Vec::new() } else { vec![Effect::Foreman] }
}

/// Its worktree is lost: what was under way begins anew elsewhere, if there is an elsewhere, and everything else is for a person.
fn uproot(task: &Task, next: &mut Task, elsewhere: Option<bool>, why: Saying) -> Vec<Effect> {
    (next.session, next.told, next.head, next.signature, next.attempt) = (false, false, None, None, 1);
    match (&task.state, elsewhere) {
        (State::NeedsHuman { why: before, .. }, _) => {
            let why = Saying::After { now: Box::new(why), before: Box::new(before.clone()) };
            next.state = State::NeedsHuman { need: Need::Impossible, why };
        }
        (_, Some(blocked)) => drop(wait(next, blocked)),
        (_, None) => next.state = State::NeedsHuman { need: Need::Impossible, why },
    }
    vec![Effect::Halt, Effect::Close, Effect::Foreman]
}

/// A person must look. Its session stays open with its work, its place among those that run is free.
fn ask(next: &mut Task, need: Need, why: Saying) -> Vec<Effect> {
    next.state = State::NeedsHuman { need, why };
    vec![Effect::Foreman]
}

/// What the checks have shown.
fn judge(next: &mut Task, proof: Proof) -> Vec<Effect> {
    next.head = Some(proof.head);
    if !proof.changed {
        let need = if proof.denied { Need::WritesDenied } else { Need::NothingChanged };
        return ask(next, need, Saying::Needs { need, red: Vec::new() });
    }
    if let Some(failure) = proof.failure {
        return again(next, Some(failure), Need::AttemptsUsedUp, Topic::Red);
    }
    next.signature = None;
    // Only now: what is red goes back anyway, and the agent may undo it there.
    if !proof.edited.is_empty() && !proof.may_edit {
        return ask(next, Need::ChecksEdited, Saying::ChecksEdited { files: proof.edited });
    }
    if proof.review {
        next.state = State::Review;
        return vec![Effect::Review];
    }
    merge(next)
}

fn merge(next: &mut Task) -> Vec<Effect> {
    next.state = State::Merging { waits: None };
    vec![Effect::Enter]
}

/// The agent gets another try, with what was wrong; unless it was wrong in the same way before, or there have been enough.
fn again(next: &mut Task, failure: Option<Failure>, used_up: Need, topic: Topic) -> Vec<Effect> {
    let (signature, red) = failure.map(|failure| (failure.signature, failure.red)).unzip();
    let ask = |next: &mut Task, need| ask(next, need, Saying::Needs { need, red: red.unwrap_or_default() });
    if signature.is_some() && signature == next.signature {
        return ask(next, Need::SameFailure);
    }
    if next.attempt >= next.attempts_max {
        return ask(next, used_up);
    }
    next.attempt += 1;
    next.signature = signature;
    next.state = State::Working(Phase::Agent);
    vec![Effect::Tell(topic)]
}

#[cfg(test)]
mod tests;

//! A turn: one message being carried out, and the only function that changes its state.
//!
//! `step(turn, input, now)` is pure. The hub calls it inside the transaction that stores the result, with the old state and
//! epoch repeated in the `UPDATE`; whoever comes second changes no row. The whole table of transitions is a snapshot,
//! `docs/transitions.md`.

use crate::id::{ApprovalId, NodeId};
use crate::lease::Lease;
use crate::limits::{ATTEMPTS_MAX, BACK_OFF_MAX_MS, BACK_OFF_MS};
use crate::reason::{Reason, Retry};
use crate::world::Millis;
use serde::{Deserialize, Serialize};

/// How a turn ended. Final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The agent finished.
    Succeeded,
    /// It did not, and the reason says why.
    Failed,
    /// A person took it back or stopped it.
    Cancelled,
    /// It broke off. With `maybe_executed`, the agent may have done some of it.
    Interrupted,
}

/// What happens to a turn whose agent may have started and then was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnInterruption {
    /// Bring the agent back with its program's own resume and tell it to go on.
    Resume,
    /// Send the same message again.
    Retry,
    /// End the turn as interrupted and let a person decide.
    #[default]
    Ask,
}

/// Why a turn waits outside its place in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParkedBy {
    /// The provider's usage limit.
    Quota,
    /// A budget of ours.
    Budget,
    /// It broke off, and is tried again after a pause that grows.
    Loss,
    /// Its node has no room for another worktree.
    Room,
}

impl ParkedBy {
    /// The same thing as a reason.
    pub fn reason(self) -> Reason {
        match self {
            ParkedBy::Quota => Reason::Quota,
            ParkedBy::Budget => Reason::Budget,
            ParkedBy::Loss => Reason::BackOff,
            ParkedBy::Room => Reason::NoRoom,
        }
    }
}

/// How the agent is to be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opening {
    /// Give it the message.
    Message,
    /// It knows the message already: tell it to go on where it broke off.
    Continue,
}

/// Where a turn stands. Each variant owns what is only true there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// In line, behind the older turns of its session.
    Queued {
        /// Not to be started before this time.
        not_before: Option<Millis>,
        /// What the agent will be told.
        opening: Opening,
    },
    /// Out of line until a time, or until somebody answers.
    Parked {
        /// Back in line at this time; never by itself when absent.
        until: Option<Millis>,
        /// Why.
        by: ParkedBy,
        /// What the agent will be told afterwards.
        opening: Opening,
    },
    /// Given to a node; the agent may be about to start.
    Leased {
        /// By whom.
        lease: Lease,
        /// What the agent is told.
        opening: Opening,
    },
    /// The agent has the message.
    Running {
        /// By whom.
        lease: Lease,
    },
    /// The agent waits for a person.
    Waiting {
        /// By whom.
        lease: Lease,
        /// For which question.
        approval: ApprovalId,
    },
    /// Over.
    Ended {
        /// How.
        outcome: Outcome,
        /// Why, unless it succeeded.
        reason: Option<Reason>,
        /// When.
        at: Millis,
    },
}

impl State {
    /// The word used in the API, in metrics and in the database.
    pub fn word(&self) -> &'static str {
        match self {
            State::Queued { .. } => "queued",
            State::Parked { .. } => "parked",
            State::Leased { .. } => "leased",
            State::Running { .. } => "running",
            State::Waiting { .. } => "waiting",
            State::Ended { .. } => "ended",
        }
    }

    /// Whether it stands in its session's line.
    pub fn is_in_line(&self) -> bool {
        matches!(self, State::Queued { .. } | State::Parked { .. })
    }

    /// The lease, while there is one.
    pub fn lease(&self) -> Option<&Lease> {
        match self {
            State::Leased { lease, .. } | State::Running { lease } | State::Waiting { lease, .. } => Some(lease),
            State::Queued { .. } | State::Parked { .. } | State::Ended { .. } => None,
        }
    }
}

/// What a person asked of a turn that a node holds. The node acts on it; the state changes when it reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// Let the agent break off and stay.
    Interrupt,
    /// End the agent with everything it started.
    Stop,
}

impl Wish {
    /// The same thing as a reason.
    pub fn reason(self) -> Reason {
        match self {
            Wish::Interrupt => Reason::Interrupt,
            Wish::Stop => Reason::Stop,
        }
    }
}

/// A turn as the rules see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Where it stands.
    pub state: State,
    /// Times it was given to an agent that may have read it, this time included.
    pub attempts: i64,
    /// Whether an earlier or the present attempt may have done something and then was lost.
    pub maybe_executed: bool,
    /// What to do after a loss.
    pub on_interruption: OnInterruption,
    /// What a person asked for meanwhile.
    pub wish: Option<Wish>,
}

/// How an attempt ended, as the node reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ending", rename_all = "snake_case")]
pub enum Ending {
    /// The terminal event said so.
    Succeeded,
    /// The terminal event, or a limit of ours, said so.
    Failed {
        /// Why.
        reason: Reason,
    },
    /// It was broken off because a person wished it.
    Cancelled {
        /// Which wish.
        reason: Reason,
    },
    /// There was no terminal event.
    Interrupted {
        /// Why.
        reason: Reason,
        /// Whether the message had been written to the agent. If not, nothing was executed.
        delivered: bool,
    },
    /// The program or a budget says: later.
    Parked {
        /// Until when, if known.
        until: Option<Millis>,
        /// Why.
        by: ParkedBy,
    },
}

/// Everything that can happen to a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The scheduler chose a node.
    Assign {
        /// The new lease, whose epoch is the session's next one.
        lease: Lease,
    },
    /// The node has written the message to the agent.
    Delivered {
        /// Under which lease.
        epoch: i64,
    },
    /// The agent asks a person.
    Asked {
        /// Under which lease.
        epoch: i64,
        /// The stored question.
        approval: ApprovalId,
    },
    /// The question was answered, expired or withdrawn.
    Answered {
        /// Which one.
        approval: ApprovalId,
    },
    /// The attempt is over.
    Ended {
        /// Under which lease.
        epoch: i64,
        /// How.
        ending: Ending,
    },
    /// The lease ran out with the node away.
    LeaseExpired {
        /// Which one.
        epoch: i64,
    },
    /// A person wants it to end.
    Wish(Wish),
    /// A budget check before the start said no.
    OverBudget,
    /// The waiting time is over, or a person said go on.
    Unpark,
}

/// What the hub must do besides storing the new state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Tell this node about the turn (assignment or wish): a hint, repeated until it shows.
    Tell(NodeId),
    /// Deny the open question.
    Withdraw(ApprovalId),
    /// Ask a person whether the budget may be exceeded.
    AskBudget,
    /// Let the scheduler look again.
    Schedule,
}

/// The result of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The turn as it is now.
    pub turn: Turn,
    /// What follows from it.
    pub effects: Vec<Effect>,
}

/// Why a step was not taken. Both are ordinary: somebody else was faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The input belongs to a lease that is over.
    #[error("the lease is over")]
    OldEpoch,
    /// The input has no meaning in this state.
    #[error("the turn is in another state")]
    State,
}

/// Decides what an input makes of a turn.
pub fn step(turn: &Turn, input: Input, now: Millis) -> Result<Step, Refused> {
    let mut next = turn.clone();
    let mut effects = Vec::new();
    match (&turn.state, input) {
        (State::Queued { opening, not_before }, Input::Assign { lease }) => {
            if not_before.is_some_and(|at| at > now) {
                return Err(Refused::State);
            }
            effects.push(Effect::Tell(lease.node.clone()));
            next.state = State::Leased { lease, opening: *opening };
        }
        (State::Queued { opening, .. }, Input::OverBudget) => {
            effects.push(Effect::AskBudget);
            next.state = State::Parked { until: None, by: ParkedBy::Budget, opening: *opening };
        }
        (State::Queued { .. } | State::Parked { .. }, Input::Wish(_)) => {
            effects.push(Effect::Schedule);
            next.state = State::Ended { outcome: Outcome::Cancelled, reason: Some(Reason::Stop), at: now };
        }
        (State::Parked { opening, .. }, Input::Unpark) => {
            effects.push(Effect::Schedule);
            next.state = State::Queued { not_before: None, opening: *opening };
        }
        (State::Leased { lease, .. }, Input::Delivered { epoch }) => {
            current(lease, epoch)?;
            next.attempts += 1;
            next.state = State::Running { lease: lease.clone() };
        }
        (State::Running { lease }, Input::Asked { epoch, approval }) => {
            current(lease, epoch)?;
            next.state = State::Waiting { lease: lease.clone(), approval };
        }
        (State::Waiting { lease, approval }, Input::Answered { approval: answered }) => {
            if *approval != answered {
                return Err(Refused::State);
            }
            effects.push(Effect::Tell(lease.node.clone()));
            next.state = State::Running { lease: lease.clone() };
        }
        (State::Leased { lease, .. } | State::Running { lease } | State::Waiting { lease, .. }, Input::Wish(wish)) => {
            effects.push(Effect::Tell(lease.node.clone()));
            next.wish = turn.wish.max(Some(wish));
        }
        (State::Leased { lease, .. } | State::Running { lease } | State::Waiting { lease, .. }, Input::Ended { epoch, ending }) => {
            current(lease, epoch)?;
            withdraw(&turn.state, &mut effects);
            end(&mut next, ending, &mut effects, now);
        }
        (State::Leased { lease, .. } | State::Running { lease } | State::Waiting { lease, .. }, Input::LeaseExpired { epoch }) => {
            current(lease, epoch)?;
            withdraw(&turn.state, &mut effects);
            // The node stopped its agent before this moment, but how far it came nobody knows.
            end(&mut next, Ending::Interrupted { reason: Reason::NodeLost, delivered: true }, &mut effects, now);
        }
        (
            State::Queued { .. } | State::Parked { .. } | State::Ended { .. },
            Input::Delivered { .. } | Input::Asked { .. } | Input::Ended { .. } | Input::LeaseExpired { .. },
        ) => return Err(Refused::OldEpoch),
        _ => return Err(Refused::State),
    }
    Ok(Step { turn: next, effects })
}

fn current(lease: &Lease, epoch: i64) -> Result<(), Refused> {
    if lease.epoch == epoch { Ok(()) } else { Err(Refused::OldEpoch) }
}

fn withdraw(state: &State, effects: &mut Vec<Effect>) {
    if let State::Waiting { approval, .. } = state {
        effects.push(Effect::Withdraw(approval.clone()));
    }
}

fn end(next: &mut Turn, ending: Ending, effects: &mut Vec<Effect>, now: Millis) {
    effects.push(Effect::Schedule);
    let opening = match &next.state {
        State::Leased { opening, .. } => *opening,
        _ => Opening::Continue,
    };
    let ended = |outcome, reason| State::Ended { outcome, reason, at: now };
    next.state = match ending {
        Ending::Succeeded => ended(Outcome::Succeeded, None),
        Ending::Failed { reason } => ended(Outcome::Failed, Some(reason)),
        Ending::Cancelled { reason } => ended(Outcome::Cancelled, Some(reason)),
        // A person wanted it to end: it is not kept for later.
        Ending::Parked { .. } if let Some(wish) = next.wish => ended(Outcome::Cancelled, Some(wish.reason())),
        Ending::Parked { until, by } => {
            if by == ParkedBy::Budget {
                effects.push(Effect::AskBudget);
            }
            State::Parked { until, by, opening }
        }
        // A person wanted it to end, and it did.
        Ending::Interrupted { reason, delivered } if next.wish.is_some() => {
            next.maybe_executed |= delivered;
            ended(Outcome::Cancelled, Some(if next.wish == Some(Wish::Stop) { Reason::Stop } else { reason }))
        }
        Ending::Interrupted { reason, delivered: false } if reason.retry() == Retry::Policy => again(next.attempts, opening, now),
        Ending::Interrupted { reason, delivered: false } => ended(Outcome::Failed, Some(reason)),
        Ending::Interrupted { reason, delivered: true } => {
            next.maybe_executed = true;
            // A lease can expire before the node could report the delivery: that attempt counts all the same.
            if matches!(next.state, State::Leased { .. }) {
                next.attempts += 1;
            }
            match next.on_interruption {
                OnInterruption::Ask => ended(Outcome::Interrupted, Some(reason)),
                OnInterruption::Resume | OnInterruption::Retry if next.attempts >= ATTEMPTS_MAX => {
                    ended(Outcome::Interrupted, Some(Reason::AttemptsUsedUp))
                }
                OnInterruption::Resume => again(next.attempts, Opening::Continue, now),
                OnInterruption::Retry => again(next.attempts, Opening::Message, now),
            }
        }
    };
}

/// Back in line after a pause. It keeps its place meanwhile: what was said after it comes after it.
fn again(attempts: i64, opening: Opening, now: Millis) -> State {
    let pause = BACK_OFF_MS.saturating_mul(5_i64.saturating_pow((attempts - 1).clamp(0, 10) as u32)).min(BACK_OFF_MAX_MS);
    State::Parked { until: Some(now + pause), by: ParkedBy::Loss, opening }
}

#[cfg(test)]
mod tests;

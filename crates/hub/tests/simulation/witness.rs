//! The witness: every execution of a message by an agent, written down by the agents themselves and lost by nobody.

use fugue_domain::id::{NodeId, SessionId, TurnId};
use fugue_domain::lease::LeaseKey;
use std::cell::RefCell;

/// How an execution came to its end, as the agent saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It said that it had succeeded.
    Succeeded,
    /// It said something else: failed, parked, crashed.
    Said(&'static str),
    /// It was killed: by its machine's end, its lease, a newer lease, a person.
    Killed(&'static str),
}

/// One execution.
#[derive(Debug, Clone)]
pub struct Execution {
    pub node: NodeId,
    pub lease: LeaseKey,
    /// Virtual time.
    pub begun: i64,
    pub ended: Option<(i64, End)>,
    /// Texts said.
    pub texts: usize,
    /// Tools used after a person's yes.
    pub tools: usize,
}

/// All executions of a simulation.
#[derive(Default)]
pub struct Witness(RefCell<Vec<Execution>>);

impl Witness {
    /// An agent reads its message.
    pub fn begins(&self, node: NodeId, lease: LeaseKey, begun: i64) -> usize {
        let mut all = self.0.borrow_mut();
        all.push(Execution { node, lease, begun, ended: None, texts: 0, tools: 0 });
        all.len() - 1
    }

    /// Changes what is known of an execution.
    pub fn of<T>(&self, number: usize, change: impl FnOnce(&mut Execution) -> T) -> T {
        change(&mut self.0.borrow_mut()[number])
    }

    /// Those of a turn, in order.
    pub fn of_turn(&self, turn: &TurnId) -> Vec<Execution> {
        self.0.borrow().iter().filter(|execution| execution.lease.turn == *turn).cloned().collect()
    }

    /// Those of a session, in order.
    pub fn of_session(&self, session: &SessionId) -> Vec<Execution> {
        self.0.borrow().iter().filter(|execution| execution.lease.session == *session).cloned().collect()
    }

    /// How many there were.
    pub fn count(&self) -> usize {
        self.0.borrow().len()
    }
}

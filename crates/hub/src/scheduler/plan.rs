//! Which turns start now: a pure choice by age, within what nodes and agents allow.

use fugue_domain::id::{NodeId, SessionId, TurnId};
use std::collections::HashMap;

/// A turn that could start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub turn: TurnId,
    pub session: SessionId,
    pub node: NodeId,
    pub agent: String,
    /// How many turns of this agent a node carries out side by side.
    pub concurrent: Option<i64>,
}

/// What a node could still take on.
#[derive(Debug, Default)]
pub struct Room {
    /// Slots that nothing is in.
    pub free: i64,
    /// Turns that it holds, by agent.
    pub held: HashMap<String, i64>,
}

/// The room of each node that takes work.
pub type Rooms = HashMap<NodeId, Room>;

/// Chooses, oldest first; a turn that finds no room lets younger ones for other nodes or agents pass.
pub fn choose(candidates: Vec<Candidate>, mut rooms: Rooms) -> Vec<Candidate> {
    candidates
        .into_iter()
        .filter(|candidate| {
            let Some(room) = rooms.get_mut(&candidate.node).filter(|room| room.free > 0) else { return false };
            let held = room.held.entry(candidate.agent.clone()).or_default();
            if candidate.concurrent.is_some_and(|limit| *held >= limit) {
                return false;
            }
            *held += 1;
            room.free -= 1;
            true
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(n: u128, node: u128, agent: &str, concurrent: Option<i64>) -> Candidate {
        Candidate {
            turn: TurnId::from_bits(n),
            session: SessionId::from_bits(n),
            node: NodeId::from_bits(node),
            agent: agent.into(),
            concurrent,
        }
    }

    #[test]
    fn slots_and_agents_limit_and_the_oldest_go_first() {
        let rooms = || Rooms::from([(NodeId::from_bits(1), Room { free: 2, held: HashMap::from([("fixer".into(), 1)]) })]);
        let all = vec![
            candidate(1, 1, "fixer", Some(1)),
            candidate(2, 1, "claude", None),
            candidate(3, 9, "claude", None),
            candidate(4, 1, "claude", None),
            candidate(5, 1, "codex", None),
        ];
        let chosen: Vec<u128> = choose(all, rooms()).iter().map(|candidate| candidate.turn.bits()).collect();
        assert_eq!(chosen, [2, 4], "1 meets its agent's limit, 3 has no node, 5 no slot");
    }
}

//! What follows from a commit: live events, wake-ups, words to nodes. Let go only when the commit is on disk.

use crate::event::Page;
use crate::feed::{Feed, Hint};
use crate::link::NodeLinks;
use crate::link::inbox::Holders;
use crate::wake::Wake;
use fugue_domain::id::{NodeId, OrgId, SessionId, TurnId};
use fugue_domain::link::{Assignment, FromHub};
use std::sync::Arc;

/// One consequence of a commit. Each may be lost with the process: readers read after their cursor, the scheduler and the
/// heartbeats look again by themselves.
#[derive(Debug)]
pub enum Effect {
    /// A session has new events.
    Page(OrgId, Arc<Page>),
    /// A session's line may have a turn that can start.
    Schedule(SessionId),
    /// A node has a turn.
    Assign(NodeId, Box<Assignment>),
    /// What is wanted of a turn has changed; its node should hear of it.
    Tell(TurnId),
    /// A review is wanted.
    Review,
    /// Words for a node, as they are.
    Say(NodeId, Box<FromHub>),
    /// A task may be able to begin.
    Foreman,
    /// Something is on its way to devices.
    Push,
    /// Something in the org changed that lists show.
    Hint(OrgId, Hint),
}

/// Where effects go.
#[derive(Clone)]
pub struct Outlet {
    /// To live subscribers.
    pub feed: Feed,
    /// To the scheduler.
    pub wake: Wake,
    /// To nodes.
    pub nodes: NodeLinks,
    /// To whoever asks which node speaks for a session.
    pub holders: Holders,
}

impl Outlet {
    /// Lets an effect happen.
    pub fn release(&self, effect: Effect) {
        match effect {
            Effect::Page(org, page) => self.feed.publish(&org, page),
            Effect::Schedule(session) => self.wake.session(session),
            Effect::Assign(node, assignment) => {
                self.holders.holds(&assignment.lease.session, &node, assignment.lease.epoch);
                self.nodes.send(&node, FromHub::Assign(assignment));
            }
            Effect::Tell(turn) => self.wake.turn(turn),
            Effect::Review => self.wake.reviews(),
            Effect::Say(node, message) => self.nodes.send(&node, *message),
            Effect::Foreman => self.wake.foreman(),
            Effect::Push => self.wake.pushes(),
            Effect::Hint(org, hint) => self.feed.hint(&org, hint),
        }
    }
}

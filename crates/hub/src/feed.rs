//! The live feed: tells subscribers that a session is at event N, and keeps the newest pages at hand for them.
//!
//! Invariant: only committed pages come in, in the order of their numbers, so whatever a subscriber takes from here is what
//! a query would show it. A subscriber that falls behind loses nothing: it reads from the database after its cursor.

use crate::event::Page;
use fugue_domain::id::{ApprovalId, NodeId, OrgId, PlanId, SessionId, TaskId};
use serde::Serialize;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::sync::{broadcast, watch};

/// Bytes of pages that a session with subscribers keeps at hand.
const TAIL_BYTES_MAX: usize = 256 * 1024;
/// Typing that a subscriber may be behind before it misses some; the text itself comes as an event. Every session with a subscriber has
/// room for so much.
const DELTAS_MAX: usize = 64;
/// Hints that a slow subscriber may miss before it is told to read everything again.
const HINTS_MAX: usize = 1_024;

/// What changed, for lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Hint {
    /// A session has events up to this number.
    Session {
        /// Which.
        session: SessionId,
        /// Its last number.
        last_seq: i64,
    },
    /// An approval was asked or settled.
    Approval {
        /// Which.
        approval: ApprovalId,
    },
    /// A task was made, changed, or went on.
    Task {
        /// Which.
        task: TaskId,
    },
    /// A plan was begun, proposed or decided about, or more is known of it.
    Plan {
        /// Which.
        plan: PlanId,
    },
    /// A node came, went or changed.
    Node {
        /// Which.
        node: NodeId,
    },
    /// More changed than could be kept: read the lists again.
    Everything,
}

/// What a subscriber of a session hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// There are events up to this number.
    At(i64),
    /// Typing, as a JSON object.
    Delta(Arc<str>),
}

struct Channel {
    at: watch::Sender<i64>,
    deltas: broadcast::Sender<Arc<str>>,
    tail: Mutex<Tail>,
}

#[derive(Default)]
struct Tail {
    pages: VecDeque<Arc<Page>>,
    bytes: usize,
}

/// The feed, cheap to clone.
#[derive(Clone)]
pub struct Feed {
    sessions: Arc<Mutex<HashMap<SessionId, Arc<Channel>>>>,
    hints: broadcast::Sender<(OrgId, Hint)>,
}

impl Default for Feed {
    fn default() -> Self {
        Self { sessions: Arc::default(), hints: broadcast::channel(HINTS_MAX).0 }
    }
}

impl Feed {
    /// A committed page. Costs next to nothing when nobody watches the session.
    pub fn publish(&self, org: &OrgId, page: Arc<Page>) {
        let (session, last_seq) = (page.session.clone(), page.last);
        if let Some(channel) = self.channel(&session) {
            channel.keep(page);
            channel.at.send_replace(last_seq);
        }
        self.hint(org, Hint::Session { session, last_seq });
    }

    /// Typing in a session.
    pub fn delta(&self, session: &SessionId, json: Arc<str>) {
        if let Some(channel) = self.channel(session) {
            // Nobody listening at this moment is fine.
            let _ = channel.deltas.send(json);
        }
    }

    /// Something that lists show has changed.
    pub fn hint(&self, org: &OrgId, hint: Hint) {
        if self.hints.receiver_count() > 0 {
            let _ = self.hints.send((org.clone(), hint));
        }
    }

    /// Watches a session.
    pub fn subscribe(&self, session: &SessionId) -> Watch {
        let mut sessions = self.sessions.lock().expect("nobody panics while holding it");
        let channel = sessions.entry(session.clone()).or_insert_with(|| {
            let channel = Channel { at: watch::channel(0).0, deltas: broadcast::channel(DELTAS_MAX).0, tail: Mutex::default() };
            Arc::new(channel)
        });
        Watch { at: channel.at.subscribe(), deltas: channel.deltas.subscribe(), session: session.clone(), feed: self.clone() }
    }

    /// Watches an org.
    pub fn subscribe_all(&self, org: &OrgId) -> WatchAll {
        WatchAll { hints: self.hints.subscribe(), org: org.clone() }
    }

    /// The pages after a number, when they are all at hand.
    pub fn tail(&self, session: &SessionId, after: i64) -> Option<Vec<Arc<Page>>> {
        let channel = self.channel(session)?;
        let tail = channel.tail.lock().expect("nobody panics while holding it");
        if tail.pages.front().is_none_or(|oldest| oldest.first > after + 1) {
            return None;
        }
        let known = tail.pages.partition_point(|page| page.last <= after);
        Some(tail.pages.range(known..).cloned().collect())
    }

    fn channel(&self, session: &SessionId) -> Option<Arc<Channel>> {
        self.sessions.lock().expect("nobody panics while holding it").get(session).cloned()
    }

    fn leave(&self, session: &SessionId) {
        let mut sessions = self.sessions.lock().expect("nobody panics while holding it");
        if sessions.get(session).is_some_and(|channel| channel.at.receiver_count() == 0) {
            sessions.remove(session);
        }
    }
}

impl Channel {
    fn keep(&self, page: Arc<Page>) {
        let mut tail = self.tail.lock().expect("nobody panics while holding it");
        if tail.pages.back().is_some_and(|newest| newest.last + 1 != page.first) {
            *tail = Tail::default();
        }
        tail.bytes += page.body.len();
        tail.pages.push_back(page);
        while tail.bytes > TAIL_BYTES_MAX && tail.pages.len() > 1 {
            let oldest = tail.pages.pop_front().expect("there are at least two");
            tail.bytes -= oldest.body.len();
        }
    }
}

/// A subscription to a session.
pub struct Watch {
    at: watch::Receiver<i64>,
    deltas: broadcast::Receiver<Arc<str>>,
    session: SessionId,
    feed: Feed,
}

impl Watch {
    /// Waits for news. Numbers only grow, and several may come as one.
    pub async fn changed(&mut self) -> News {
        loop {
            tokio::select! {
                biased;
                delta = self.deltas.recv() => match delta {
                    Ok(json) => return News::Delta(json),
                    // Typing that was missed is not missed: the text comes as an event.
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
                },
                changed = self.at.changed() => match changed {
                    Ok(()) => return News::At(*self.at.borrow_and_update()),
                    Err(_) => std::future::pending().await,
                },
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // The receiver in `at` still counts itself here, so it goes first.
        let (_, gone) = watch::channel(0);
        self.at = gone;
        self.feed.leave(&self.session);
    }
}

/// A subscription to an org.
pub struct WatchAll {
    hints: broadcast::Receiver<(OrgId, Hint)>,
    org: OrgId,
}

impl WatchAll {
    /// Waits for the next hint.
    pub async fn next(&mut self) -> Hint {
        loop {
            match self.hints.recv().await {
                Ok((org, hint)) if org == self.org => return hint,
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => return Hint::Everything,
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(first: i64, last: i64, bytes: usize) -> Arc<Page> {
        Arc::new(Page { session: SessionId::from_bits(1), first, last, body: "x".repeat(bytes) })
    }

    #[tokio::test]
    async fn a_watcher_hears_of_pages_and_finds_the_newest_at_hand() {
        let (feed, org, session) = (Feed::default(), OrgId::from_bits(9), SessionId::from_bits(1));
        feed.publish(&org, page(1, 1, 10));
        assert!(feed.tail(&session, 0).is_none(), "nobody watched, nothing is kept");
        let mut watch = feed.subscribe(&session);
        feed.publish(&org, page(2, 4, 10));
        assert_eq!(watch.changed().await, News::At(4));
        assert_eq!(feed.tail(&session, 1).unwrap().len(), 1);
        assert!(feed.tail(&session, 0).is_none(), "what came before the watch is in the database only");
        feed.publish(&org, page(5, 5, TAIL_BYTES_MAX));
        assert!(feed.tail(&session, 1).is_none(), "the tail is bounded");
        assert_eq!(feed.tail(&session, 4).unwrap().len(), 1);
        feed.publish(&org, page(9, 9, 1));
        assert!(feed.tail(&session, 5).is_none(), "a hole is never bridged");
        drop(watch);
        assert!(feed.channel(&session).is_none(), "the last one out turns off the light");
    }
}

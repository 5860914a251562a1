//! What clients did and what they were told, operation by operation, while the world around them broke.
//!
//! Invariant: an operation is written down before it is made, so that one whose end nobody saw stands there as unknown. The journal
//! is bounded; what no longer fits is counted, and the checker calls a journal that overflowed a broken promise of the run.
//! Written by workloads, read by the checker.

use serde_json::Value;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Operations and seen events that a journal keeps, of each kind. The longest run has some hundred thousand.
const ENTRIES_MAX: usize = 2_000_000;

/// What a client asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// To put a message in line, under an Idempotency-Key. The text is unique.
    Send {
        /// The key.
        key: String,
        /// The text.
        text: String,
    },
    /// What a turn is.
    Look {
        /// The turn.
        turn: String,
    },
    /// To settle an approval.
    Answer {
        /// The approval.
        approval: String,
        /// Which way.
        approve: bool,
    },
}

/// How it ended for the client.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// It was done; the body of the reply.
    Ok(Value),
    /// It was refused, and nothing was changed.
    Fail(u16),
    /// No reply came, or one that leaves it open. It may have happened.
    Unknown,
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// What was asked for.
    pub ask: Ask,
    /// When it was begun, since the journal was.
    pub began: Duration,
    /// When its end was seen; never, for one that was given up.
    pub ended: Option<Duration>,
    /// How.
    pub end: End,
}

/// Everything that clients saw.
#[derive(Debug, Default, Clone)]
pub struct Story {
    /// In the order in which they were begun.
    pub operations: Vec<Operation>,
    /// Events as streams showed them, by session: the number, and a digest of the whole.
    pub seen: BTreeMap<String, Vec<(i64, u64)>>,
    /// How many entries did not fit.
    pub dropped: usize,
}

/// The place to write operations down from any thread.
#[derive(Debug)]
pub struct Journal {
    begun: Instant,
    room: usize,
    story: Mutex<Story>,
}

/// An operation that was begun.
#[derive(Debug)]
#[must_use]
pub struct Call(Option<usize>);

impl Default for Journal {
    fn default() -> Self {
        Self::with_room(ENTRIES_MAX)
    }
}

impl Journal {
    /// A journal with room for that many entries of each kind.
    pub fn with_room(room: usize) -> Self {
        Self { begun: Instant::now(), room, story: Mutex::default() }
    }

    /// Writes down that something is about to be asked.
    pub fn invoke(&self, ask: Ask) -> Call {
        let began = self.begun.elapsed();
        self.change(|story| {
            if story.operations.len() >= self.room {
                story.dropped += 1;
                return Call(None);
            }
            story.operations.push(Operation { ask, began, ended: None, end: End::Unknown });
            Call(Some(story.operations.len() - 1))
        })
    }

    /// Writes down how it ended.
    pub fn end(&self, call: Call, end: End) {
        let now = self.begun.elapsed();
        let Call(Some(index)) = call else { return };
        self.change(|story| (story.operations[index].ended, story.operations[index].end) = (Some(now), end));
    }

    /// The time of the journal.
    pub fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Writes down what a turn was, seen by a look that was begun then. A look that failed means nothing and need not be kept.
    pub fn looked(&self, turn: &str, began: Duration, view: Value) {
        let ended = Some(self.now());
        self.change(|story| {
            if story.operations.len() >= self.room {
                story.dropped += 1;
            } else {
                story.operations.push(Operation { ask: Ask::Look { turn: turn.to_owned() }, began, ended, end: End::Ok(view) });
            }
        });
    }

    /// Writes down an event that a stream showed.
    pub fn saw(&self, session: &str, number: i64, event: &Value) {
        let digest = digest(event);
        self.change(|story| {
            if story.seen.get(session).map_or(0, Vec::len) >= self.room {
                story.dropped += 1;
            } else {
                story.seen.entry(session.to_owned()).or_default().push((number, digest));
            }
        });
    }

    /// How many operations went well so far.
    pub fn oks(&self) -> usize {
        self.change(|story| story.operations.iter().filter(|operation| matches!(operation.end, End::Ok(_))).count())
    }

    /// A copy of all that was written down.
    pub fn story(&self) -> Story {
        self.change(|story| story.clone())
    }

    fn change<T>(&self, change: impl FnOnce(&mut Story) -> T) -> T {
        change(&mut self.story.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A number for an event that another event hardly has.
pub fn digest(event: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    event.to_string().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_up_is_unknown_and_what_does_not_fit_is_counted() {
        let journal = Journal::with_room(2);
        let look = || Ask::Look { turn: "trn_1".to_owned() };
        let (given_up, done, too_many) = (journal.invoke(look()), journal.invoke(look()), journal.invoke(look()));
        drop(given_up);
        journal.end(done, End::Ok(Value::Null));
        journal.end(too_many, End::Fail(404));
        for number in 1..=3 {
            journal.saw("ses_1", number, &Value::Null);
        }
        let story = journal.story();
        assert_eq!((story.operations.len(), story.dropped, journal.oks()), (2, 2, 1));
        assert_eq!((&story.operations[0].end, story.operations[0].ended), (&End::Unknown, None));
        assert!(story.operations[1].ended >= Some(story.operations[1].began));
        assert_eq!(story.seen["ses_1"].len(), 2);
    }
}

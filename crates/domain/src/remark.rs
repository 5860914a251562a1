//! What Fugue itself says among the facts of an agent: a closed list of sentences, each as the data that it is made of.
//!
//! The English sentence (`Display`) stands in the event, where the words of a program would stand; beside it goes the remark, so that a
//! client says it in its reader's language.
//!
//! Invariant: a remark that was stored once is read for ever, and one that a later version says is read as unknown: the sentence is there.

use serde::{Deserialize, Serialize};
use std::fmt::{self, Display, Formatter};

/// A sentence of Fugue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "says", rename_all = "snake_case")]
pub enum Remark {
    /// The program has shortened its memory of the conversation.
    Compacted,
    /// The model's provider failed, and the program tries again.
    Retrying {
        /// What the provider answered; absent when it did not.
        status: Option<i64>,
        /// Which try it will be.
        attempt: i64,
        /// How many there will be at most.
        most: i64,
        /// Milliseconds until then.
        wait_ms: i64,
    },
    /// The program refused a request of the driver.
    Refused {
        /// Its words.
        words: String,
    },
    /// A helper that the agent has started says something.
    Helper {
        /// What.
        words: String,
    },
    /// The agent was silent for too long and is stopped.
    Hung {
        /// For how many seconds.
        seconds: i64,
    },
    /// A line was too long to be kept.
    LineTooLong {
        /// The limit.
        bytes: i64,
    },
    /// A line of plain output was too long to be kept whole.
    OutputTooLong {
        /// The limit.
        bytes: i64,
    },
    /// An event was too long to be kept whole.
    EventTooLong {
        /// The limit.
        bytes: i64,
    },
    /// An event was too long, and nothing in it could be shortened.
    EventLost,
    /// The turn has all the events that a turn may have.
    TurnFull {
        /// The limit.
        bytes: i64,
    },
    /// What a later version says.
    #[serde(other)]
    Unknown,
}

impl Display for Remark {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compacted => to.write_str("the program has shortened its memory of the conversation"),
            Self::Retrying { status, attempt, most, wait_ms } => {
                let status = status.map_or("no answer".to_owned(), |status| format!("status {status}"));
                let seconds = *wait_ms as f64 / 1_000.0;
                write!(to, "the provider failed ({status}); try {attempt} of {most} comes in {seconds:.1} s")
            }
            Self::Refused { words } => write!(to, "the program refused a request of ours: {words}"),
            Self::Helper { words } => write!(to, "a helper says: {words}"),
            Self::Hung { seconds } => write!(to, "The agent printed nothing for {seconds} s and is stopped."),
            Self::LineTooLong { bytes } => write!(to, "a line was longer than LINE_BYTES_MAX ({bytes} bytes)"),
            Self::OutputTooLong { bytes } => write!(to, "a line of output was longer than OUTPUT_LINE_BYTES_MAX ({bytes} bytes)"),
            Self::EventTooLong { bytes } => write!(to, "an event was longer than EVENT_BYTES_MAX ({bytes} bytes)"),
            Self::EventLost => to.write_str("an event could not be cut"),
            Self::TurnFull { bytes } => write!(to, "the turn stored TURN_EVENT_BYTES_MAX ({bytes} bytes) of events"),
            Self::Unknown => to.write_str("something that this version does not know"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remark_of_a_later_version_is_read() {
        let known = Remark::Retrying { status: None, attempt: 1, most: 10, wait_ms: 500 };
        let text = serde_json::to_string(&known).unwrap();
        assert_eq!(text, r#"{"says":"retrying","status":null,"attempt":1,"most":10,"wait_ms":500}"#);
        assert_eq!(serde_json::from_str::<Remark>(&text).unwrap(), known);
        assert_eq!(serde_json::from_str::<Remark>(r#"{"says":"sung","notes":3}"#).unwrap(), Remark::Unknown);
        assert_eq!(known.to_string(), "the provider failed (no answer); try 1 of 10 comes in 0.5 s");
    }
}

//! What can go wrong inside the hub: a problem that the caller can act on, or something that only we can mend.
//!
//! A problem goes to the caller as it is. Everything else is logged once, where the request ends, and the caller hears no
//! more than that it is our fault.

use crate::db::Error;
use fugue_domain::problem::{Kind, Problem};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

/// The result of an operation of the hub.
pub type Done<T> = Result<T, Fault>;

/// Carries something out that others share a task with: a panic in it is a fault of its own, and theirs goes on.
///
/// Its words are not in the fault. They may repeat what a caller sent.
pub async fn caught<T>(what: &str, work: impl Future<Output = Done<T>>) -> Done<T> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| Err(Fault::internal(format_args!("{what} panicked"))))
}

/// Why an operation did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The caller can act on it.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// The database refused a statement or cannot be reached.
    #[error("the database failed: {0}")]
    Storage(#[from] Error),
    /// The commit failed. After a failed sync nobody knows what is on the disk.
    #[error("the commit failed: {0}")]
    Commit(Arc<Error>),
    /// The writer could not take the job, because the connection is lost.
    #[error("the database cannot be written at the moment")]
    NotWritten,
    /// What should not be possible.
    #[error("{0}")]
    Internal(String),
}

impl Fault {
    /// A fault of our own making.
    pub fn internal(what: impl std::fmt::Display) -> Self {
        Self::Internal(what.to_string())
    }

    /// What the caller is told.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Problem(problem) => problem.clone(),
            Self::Commit(_) => Problem::new(Kind::Storage, "The commit failed: what was asked for may be stored, or not.")
                .hint("Bring the disk or the database back, then send the request again with the same Idempotency-Key, or look first."),
            Self::Storage(_) | Self::NotWritten => Problem::new(Kind::Storage, "The database did not take it; nothing was changed."),
            Self::Internal(_) => Problem::new(Kind::Internal, "The request could not be carried out."),
        }
    }

    /// The same for one more caller of what failed for all.
    pub fn again(&self) -> Self {
        match self {
            Self::Commit(cause) => Self::Commit(cause.clone()),
            _ => Self::NotWritten,
        }
    }

    /// Whether nobody has to look into it, although the status is that of a fault: a node is away, or there is too much at once.
    pub fn is_expected(&self) -> bool {
        matches!(self, Self::Problem(problem) if matches!(problem.kind, Kind::NoNode | Kind::QueueFull | Kind::ShuttingDown))
    }

    /// Whether somebody else was faster, or two waited for each other: nothing was changed, and the same again may go well.
    pub fn is_raced(&self) -> bool {
        match self {
            Self::NotWritten => true,
            Self::Storage(cause) => cause.is_deadlock(),
            _ => false,
        }
    }

    /// Whether a unique index refused a row: somebody else was first.
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Storage(cause) if cause.is_duplicate())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_fault_without_its_words() {
        let word = "a prompt".to_owned();
        let fault = caught("the job", async { if word.is_empty() { Ok(()) } else { panic!("{word}") } }).await.unwrap_err();
        assert_eq!(fault.to_string(), "the job panicked");
        assert_eq!(fault.problem().kind, Kind::Internal);
        assert!(caught("the job", async { Ok(()) }).await.is_ok());
        assert!(!fault.is_expected() && !Fault::NotWritten.is_expected());
        assert!(Fault::from(Problem::new(Kind::NoNode, "away")).is_expected() && Kind::NoNode.status() == 503);
    }
}

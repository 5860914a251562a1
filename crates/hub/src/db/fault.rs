//! What a database refuses, whichever of the two it is.

/// Why a statement was not carried out, or its answer not understood.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The embedded database said no.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// The server said no, or cannot be reached.
    #[error(transparent)]
    Postgres(#[from] sqlx::Error),
    /// A statement that always has an answer had none.
    #[error("the statement found no row")]
    NoRow,
    /// A mistake of ours, in the middle of a group.
    #[error("the writer panicked")]
    Panicked,
    /// A column holds something else than the code that reads it expects.
    #[error("column {at} of the answer is not {expected}")]
    Column {
        /// Its place, from 0.
        at: usize,
        /// What was expected.
        expected: &'static str,
    },
}

impl Error {
    /// Whether it waited for somebody who waited for it.
    pub fn is_deadlock(&self) -> bool {
        matches!(self, Self::Postgres(sqlx::Error::Database(cause)) if cause.code().as_deref() == Some("40P01"))
    }

    /// Whether a unique index refused a row.
    pub fn is_duplicate(&self) -> bool {
        match self {
            Self::Sqlite(rusqlite::Error::SqliteFailure(cause, _)) => {
                matches!(cause.extended_code, rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY)
            }
            Self::Postgres(sqlx::Error::Database(cause)) => cause.is_unique_violation(),
            _ => false,
        }
    }
}

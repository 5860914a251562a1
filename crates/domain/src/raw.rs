//! The raw output of a session: what went into its agents' programs and came out of them, as their spools hold it, page by page.
//!
//! The spools lie on the session's node and nowhere else. A place in them is a program's number and an offset in its spool, so it stays
//! good while more is written.

use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use utoipa::ToSchema;

/// A place between two frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RawPlace {
    /// Which of the session's programs, counted from 1.
    pub program: u64,
    /// The byte of its spool.
    pub offset: u64,
}

impl std::fmt::Display for RawPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.program, self.offset)
    }
}

impl FromStr for RawPlace {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (program, offset) = text.split_once('.').ok_or(())?;
        let number =
            |text: &str| Some(text).filter(|text| text.bytes().all(|digit| digit.is_ascii_digit())).and_then(|text| text.parse().ok());
        Ok(Self { program: number(program).ok_or(())?, offset: number(offset).ok_or(())? })
    }
}

/// Which page is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RawFrom {
    /// The last one.
    End,
    /// The one that begins here.
    After(String),
    /// The one that ends here.
    Before(String),
}

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RawKind {
    /// Bytes that the program printed.
    Stdout,
    /// Bytes that it printed as errors.
    Stderr,
    /// Bytes that were sent to it.
    Stdin,
    /// What its keeper was told from outside: answers, an interruption.
    Told,
    /// It was started; its process id.
    Started,
    /// It could not be started; why.
    NotStarted,
    /// It was to be stopped; why.
    Stop,
    /// It has ended; how.
    Exit,
}

/// A frame: bytes that were recorded together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RawFrame {
    /// When they were recorded.
    pub at: Time,
    /// What they are.
    pub kind: RawKind,
    /// The bytes, base64url.
    pub data: String,
    /// Bytes of the frame that are left out at its end, because it is too long for a page.
    pub missing: i64,
}

/// `GET /api/v1/sessions/{id}/raw`: some of a session's raw output, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RawPage {
    /// The frames.
    pub items: Vec<RawFrame>,
    /// Give this as `before` for what came before; absent when nothing before it is kept.
    pub earlier: Option<String>,
    /// Give this as `after` for what comes after, now or later.
    pub later: String,
    /// Whether something comes after already.
    pub more: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_two_numbers() {
        let place = RawPlace { program: 3, offset: 81_920 };
        assert_eq!(place.to_string().parse(), Ok(place));
        for wrong in ["", "3", "3.", ".3", "3.x", "+3.4", "3.-4", "3.4.5", "99999999999999999999.1"] {
            assert_eq!(wrong.parse::<RawPlace>(), Err(()), "{wrong}");
        }
    }
}

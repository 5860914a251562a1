//! How far the sessions were read, as a text that a client gives back.

use fugue_domain::id::SessionId;
use fugue_domain::limits::EVENTS_SESSIONS_MAX;
use fugue_domain::world::Millis;
use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};
use std::str::FromStr;

/// Where the next page begins: `1795222700776.01m7y3…-12.01m7y4…-7`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The time of the last event that was looked at. A session that is younger has been read to its beginning, or was opened since.
    pub at: Millis,
    /// Sessions that were begun and not ended, with the number of the oldest event that was looked at.
    pub read: BTreeMap<SessionId, i64>,
}

impl Display for Cursor {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.at)?;
        self.read.iter().try_for_each(|(session, seq)| {
            let letters = session.as_str().split('_').next_back().unwrap_or_default();
            write!(f, ".{letters}-{seq}")
        })
    }
}

/// The text is no cursor of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotACursor;

impl FromStr for Cursor {
    type Err = NotACursor;
    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let mut parts = text.split('.');
        let at = parts.next().and_then(|at| at.parse().ok()).ok_or(NotACursor)?;
        let read = parts.map(|part| {
            let (letters, seq) = part.split_once('-').ok_or(NotACursor)?;
            let session = SessionId::parse(&format!("{}_{letters}", SessionId::PREFIX)).map_err(|_| NotACursor)?;
            let seq = seq.parse::<u32>().map_err(|_| NotACursor)?;
            Ok((session, i64::from(seq)))
        });
        let read = read.collect::<Result<BTreeMap<_, _>, _>>()?;
        if read.len() > EVENTS_SESSIONS_MAX { Err(NotACursor) } else { Ok(Self { at, read }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let read = [(SessionId::from_bits(1), 12), (SessionId::from_bits(2), 1)].into_iter().collect();
        for cursor in [Cursor { at: 1_795_222_700_776, read }, Cursor { at: -5, read: BTreeMap::new() }] {
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for wrong in ["", "x", "1.", "1.abc-2", "1.00000000000000000000000001", "1.00000000000000000000000001--2"] {
            assert_eq!(wrong.parse::<Cursor>(), Err(NotACursor), "{wrong}");
        }
    }
}

//! How long it takes from an agent's output to a reader of its session.

use crate::sse::Sse;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long a stream that is read may be silent.
const SILENT_MAX: Duration = Duration::from_secs(60);

/// What a reader saw.
#[derive(Debug, Default)]
pub struct Read {
    /// The numbers of the events, as they came.
    pub numbers: Vec<i64>,
    /// Milliseconds from each of the agent's texts, by the keeper's clock, to the reader.
    pub delays: Vec<u64>,
}

/// Reads a stream until the end of a turn.
pub async fn read(mut stream: Sse) -> Result<Read> {
    let mut seen = Read::default();
    loop {
        let message = tokio::time::timeout(SILENT_MAX, stream.next()).await.context("the stream is silent")??;
        let message = message.context("the hub ended the stream of a reader that reads")?;
        let Some(number) = message.id else { continue };
        let event: Value = serde_json::from_str(&message.data)?;
        seen.numbers.push(number);
        if event["type"] == "agent.text" {
            let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as u64;
            seen.delays.push(now.saturating_sub(millis(event["at"].as_str().unwrap_or_default())?));
        }
        if event["type"] == "turn.ended" {
            return Ok(seen);
        }
    }
}

/// The delay that half of them do not exceed, and the one that 99 of 100 do not.
pub fn quantiles(delays: &mut [u64]) -> Result<(u64, u64)> {
    ensure!(!delays.is_empty(), "nothing was timed");
    delays.sort_unstable();
    Ok((delays[delays.len() / 2], delays[delays.len() * 99 / 100]))
}

/// The milliseconds of `2026-11-21T11:55:12.639Z`.
fn millis(at: &str) -> Result<u64> {
    let number = |range: std::ops::Range<usize>| -> Result<u64> { Ok(at.get(range).context("a short time")?.parse()?) };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    // Days of the civil calendar, the year beginning in March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468;
    let seconds = ((days * 24 + number(11..13)?) * 60 + number(14..16)?) * 60 + number(17..19)?;
    Ok(seconds * 1_000 + if at.as_bytes().get(19) == Some(&b'.') { number(20..23)? } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        assert_eq!(millis("1970-01-01T00:00:00Z").unwrap(), 0);
        assert_eq!(millis("2026-11-21T11:55:12.639Z").unwrap(), 1_795_262_112_639);
    }
}

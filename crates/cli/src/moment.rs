//! Moments as people type them: `18:30`, `2026-11-21 09:00`, `+90m`, or RFC 3339.

use fugue_domain::time::Time;
use fugue_domain::world::Millis;
use jiff::civil::{DateTime, Time as Clock};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// What a person may type, for help texts.
pub const EXAMPLES: &str = "18:30, 2026-11-21 09:00, +90m, or 2026-11-21T09:00:00Z";

/// Reads a moment. A time of day is its next one here; a date without a zone is here.
pub fn parse(text: &str, now: Millis, zone: &TimeZone) -> Option<Time> {
    let now = Timestamp::from_millisecond(now).ok()?;
    let moment = if let Some(span) = text.strip_prefix('+') {
        now.checked_add(span.parse::<SignedDuration>().ok()?).ok()?
    } else if let Ok(moment) = text.parse::<Timestamp>() {
        moment
    } else if let (Ok(clock), 4..=8) = (text.parse::<Clock>(), text.len()) {
        let here = now.to_zoned(zone.clone());
        let today = here.date().to_datetime(clock).to_zoned(zone.clone()).ok()?;
        let next = if today > here { today } else { here.date().tomorrow().ok()?.to_datetime(clock).to_zoned(zone.clone()).ok()? };
        next.timestamp()
    } else {
        text.parse::<DateTime>().ok()?.to_zoned(zone.clone()).ok()?.timestamp()
    };
    Some(Time(moment.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_type_moments_in_several_ways() {
        let tokyo = TimeZone::fixed(jiff::tz::offset(9));
        let now = Time::parse("2026-11-21T09:00:00+09:00").unwrap().0;
        let read = |text| parse(text, now, &tokyo).map(|time| time.to_string());
        for (text, moment) in [
            ("18:30", "2026-11-21T09:30:00.000Z"),
            ("08:59", "2026-11-21T23:59:00.000Z"),
            ("2026-12-01 09:00", "2026-12-01T00:00:00.000Z"),
            ("+90m", "2026-11-21T01:30:00.000Z"),
            ("+1h 30m", "2026-11-21T01:30:00.000Z"),
            ("2026-11-21T09:00:00Z", "2026-11-21T09:00:00.000Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(moment), "{text}");
        }
        for text in ["", "tomorrow", "25:00", "+", "soon"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}

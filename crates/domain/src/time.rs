//! A moment as people and programs outside read it: RFC 3339 in UTC. Inside, it is milliseconds.

use crate::world::Millis;
use serde::{Deserialize, Serialize};

/// A moment on the wire. Read from RFC 3339 text or from milliseconds since 1970, always written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub Millis);

impl Time {
    /// Reads RFC 3339 text.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|moment| Self(moment.as_millisecond()))
    }
}

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What lies beyond the calendar is its end: a number would be a moment that nobody reads back, this crate included.
        let end = if self.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        write!(f, "{:.3}", jiff::Timestamp::from_millisecond(self.0).unwrap_or(end))
    }
}

impl Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl serde::de::Visitor<'_> for Reader {
            type Value = Time;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a time such as \"2026-11-21T09:00:00Z\", or milliseconds since 1970")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Time, E> {
                Time::parse(text).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
            fn visit_i64<E: serde::de::Error>(self, ms: i64) -> Result<Time, E> {
                Ok(Time(ms))
            }
            fn visit_u64<E: serde::de::Error>(self, ms: u64) -> Result<Time, E> {
                i64::try_from(ms).map(Time).map_err(|_| E::invalid_value(serde::de::Unexpected::Unsigned(ms), &self))
            }
        }
        from.deserialize_any(Reader)
    }
}

/// Milliseconds of a day.
const DAY_MS: Millis = 24 * 60 * 60 * 1_000;

/// A day in UTC, as days since 1970. On the wire it is a date: `2026-11-21`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub i64);

impl Day {
    /// The day of a moment.
    pub fn of(now: Millis) -> Self {
        Self(now.div_euclid(DAY_MS))
    }

    /// When it begins.
    pub fn begins(self) -> Time {
        Time(self.0.saturating_mul(DAY_MS))
    }
}

/// What a day must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a day is written like 2026-11-21")]
pub struct NotADay;

impl std::str::FromStr for Day {
    type Err = NotADay;
    fn from_str(text: &str) -> Result<Self, NotADay> {
        let begins = (text.len() == "2026-11-21".len()).then(|| Time::parse(&format!("{text}T00:00:00Z"))).flatten();
        begins.map(|time| Self::of(time.0)).ok_or(NotADay)
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.begins().to_string().split('T').next().unwrap_or_default())
    }
}

impl Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for Day {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type};
        ObjectBuilder::new().schema_type(SchemaType::new(Type::String)).format(Some(SchemaFormat::KnownFormat(KnownFormat::Date))).into()
    }
}
impl utoipa::ToSchema for Day {}

impl utoipa::PartialSchema for Time {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type};
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .into()
    }
}
impl utoipa::ToSchema for Time {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_numbers_are_the_same_moment() {
        let moment = Time(1_795_222_700_776);
        assert_eq!(serde_json::to_string(&moment).unwrap(), "\"2026-11-21T00:58:20.776Z\"");
        for json in ["\"2026-11-21T00:58:20.776Z\"", "\"2026-11-21T09:58:20.776+09:00\"", "1795222700776"] {
            assert_eq!(serde_json::from_str::<Time>(json).unwrap(), moment);
        }
        assert!(serde_json::from_str::<Time>("\"tomorrow\"").is_err());
    }

    #[test]
    fn a_moment_beyond_the_calendar_is_read_back_as_its_end() {
        for never in [i64::MAX, 253_402_300_799_000, i64::MIN] {
            let text = Time(never).to_string();
            let read = Time::parse(&text).unwrap_or_else(|| panic!("{text} is no moment"));
            assert_eq!((read.0 > 0, read.to_string()), (never > 0, text), "{never}");
        }
    }

    #[test]
    fn a_day_is_a_date_in_utc() {
        let day = Day::of(1_795_222_700_776);
        assert_eq!((day, day.to_string()), (Day(20_778), "2026-11-21".to_owned()));
        assert_eq!((Day::of(-1), Day(-1).to_string()), (Day(-1), "1969-12-31".to_owned()));
        assert_eq!(("2026-11-21".parse(), day.begins().to_string()), (Ok(day), "2026-11-21T00:00:00.000Z".to_owned()));
        for wrong in ["2026-11-31", "2026-1-1", "21.11.2026", "today", "", "+026-11-21"] {
            assert_eq!(wrong.parse::<Day>(), Err(NotADay), "{wrong}");
        }
    }
}

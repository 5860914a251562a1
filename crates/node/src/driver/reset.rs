//! Reset times: when a usage limit ends, as the programs tell people.
//!
//! Invariant: a text gives a time after `now` or none; nothing is guessed. The programs print a number after a bar, a clock time, a
//! date, a weekday or a span, with a time zone in parentheses or in that of the machine. Table of known texts below.

use fugue_domain::world::Millis;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

const MARKERS: [&str; 6] = ["resets", "reset at", "reset on", "try again at", "try again in", "available again at"];
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];
/// Milliseconds that a reset may lie ahead. No provider has a longer window than a month; more is a misread number.
const AHEAD_MS_MAX: Millis = 40 * 24 * 60 * 60 * 1_000;

/// Whether a text says that a plan's usage is used up, which is not the short refusal of a rate limit.
pub fn is_usage_limit(text: &str) -> bool {
    let text = text.to_lowercase();
    let reached = text.contains("limit reached") || text.contains("reached your") || text.contains("hit your");
    text.contains("usage limit") || text.contains("limit") && reached && !text.contains("rate limit")
}

/// When the limit ends, if the text says so. A time without a zone is read in the machine's.
pub fn at(text: &str, now: Millis) -> Option<Millis> {
    at_in(text, now, TimeZone::system())
}

fn at_in(text: &str, now: Millis, machine: TimeZone) -> Option<Millis> {
    let found = number(text).or_else(|| {
        let lower = text.to_lowercase();
        let start = MARKERS.iter().filter_map(|marker| Some(lower.find(marker)? + marker.len())).min()?;
        let zone = zone(text).unwrap_or(machine);
        let words = words(lower.get(start..)?);
        let now = Timestamp::from_millisecond(now).ok()?.to_zoned(zone);
        span(&words, &now).or_else(|| calendar(&words, &now)).map(|moment| moment.timestamp().as_millisecond())
    })?;
    (found > now && found <= now + AHEAD_MS_MAX).then_some(found)
}

/// `…|1795222700`: seconds, or milliseconds, since 1970.
fn number(text: &str) -> Option<Millis> {
    let digits = text.rsplit_once('|')?.1.trim();
    let digits = &digits[..digits.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(digits.len())];
    let number: Millis = digits.parse().ok()?;
    Some(if number < 100_000_000_000 { number * 1_000 } else { number })
}

/// `(Asia/Tokyo)`, anywhere in the text.
fn zone(text: &str) -> Option<TimeZone> {
    text.split('(').skip(1).find_map(|rest| TimeZone::get(rest.split_once(')')?.0.trim()).ok())
}

fn words(text: &str) -> Vec<&str> {
    let text = text.split(['(', '\n']).next().unwrap_or_default();
    let words = text.split(|letter: char| letter.is_whitespace() || letter == ',').map(|word| word.trim_end_matches(['.', ';', '!']));
    words.filter(|word| !matches!(*word, "" | "at" | "on" | "in")).collect()
}

/// `3 days 4 hours 5 minutes`, `2h 30m`.
fn span(words: &[&str], now: &Zoned) -> Option<Zoned> {
    let mut minutes = 0;
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        let split = word.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(word.len());
        let Ok(count) = word[..split].parse::<i64>() else { break };
        let unit = if split == word.len() { words.next()? } else { &word[split..] };
        let each = match unit {
            "d" | "day" | "days" => 24 * 60,
            "h" | "hr" | "hrs" | "hour" | "hours" => 60,
            "m" | "min" | "mins" | "minute" | "minutes" => 1,
            _ => return None,
        };
        minutes = count.checked_mul(each)?.checked_add(minutes)?;
    }
    // Longer spans are refused by the caller; here they would only be out of range.
    if (1..=AHEAD_MS_MAX / 60_000).contains(&minutes) { now.checked_add(minutes.minutes()).ok() } else { None }
}

/// A date, a weekday or nothing, then a time of day.
fn calendar(words: &[&str], now: &Zoned) -> Option<Zoned> {
    if let Some(moment) = words.first().and_then(|word| word.to_uppercase().parse::<Timestamp>().ok()) {
        return Some(moment.to_zoned(now.time_zone().clone()));
    }
    let first = *words.first()?;
    let head = first.get(..3).unwrap_or_default();
    if let Some(month) = MONTHS.iter().position(|name| *name == head) {
        let day = words.get(1)?.trim_end_matches(|letter: char| letter.is_ascii_alphabetic()).parse().ok()?;
        let year = words.get(2).filter(|word| word.len() == 4).and_then(|word| word.parse::<i16>().ok());
        let time = clock(&words[if year.is_some() { 3 } else { 2 }..]).unwrap_or(Time::midnight());
        let moment = |year| Date::new(year, month as i8 + 1, day).ok()?.to_datetime(time).to_zoned(now.time_zone().clone()).ok();
        return match (year, moment(year.unwrap_or(now.year()))?) {
            (None, past) if past <= *now => moment(now.year() + 1),
            (_, moment) => Some(moment),
        };
    }
    let on = |date: Date, time: Time| date.to_datetime(time).to_zoned(now.time_zone().clone()).ok();
    if let Some((_, weekday)) = DAYS.iter().find(|(name, _)| *name == head) {
        let time = clock(&words[1..]).unwrap_or(Time::midnight());
        let today = (now.weekday() == *weekday).then(|| on(now.date(), time)).flatten().filter(|moment| moment > now);
        return today.or_else(|| on(now.date().nth_weekday(1, *weekday).ok()?, time));
    }
    match first {
        "tomorrow" => on(now.date().tomorrow().ok()?, clock(&words[1..]).unwrap_or(Time::midnight())),
        "today" => on(now.date(), clock(&words[1..])?),
        _ => {
            let time = clock(words)?;
            on(now.date(), time).filter(|moment| moment > now).or_else(|| on(now.date().tomorrow().ok()?, time))
        }
    }
}

/// `3pm`, `3:30 pm`, `15:00`.
fn clock(words: &[&str]) -> Option<Time> {
    let word = *words.first()?;
    let split = word.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(word.len());
    let half = if split < word.len() { &word[split..] } else { words.get(1).copied().unwrap_or_default() };
    let (hour, minute) = word[..split].split_once(':').unwrap_or((&word[..split], "0"));
    let (hour, minute): (i8, i8) = (hour.parse().ok()?, minute.parse().ok()?);
    let hour = match half.replace('.', "").as_str() {
        "am" if (1..=12).contains(&hour) => hour % 12,
        "pm" if (1..=12).contains(&hour) => hour % 12 + 12,
        // A bare number is no time of day.
        _ if word.contains(':') => hour,
        _ => return None,
    };
    Time::new(hour, minute, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Saturday, 2026-11-21, 12:00 in Berlin.
    const NOW: &str = "2026-11-21T11:00:00Z";

    fn read(text: &str) -> Option<String> {
        let now = NOW.parse::<Timestamp>().unwrap().as_millisecond();
        let found = at_in(text, now, TimeZone::get("Europe/Berlin").unwrap())?;
        Some(Timestamp::from_millisecond(found).unwrap().to_string())
    }

    #[test]
    fn known_texts_give_their_times() {
        let table = [
            ("Claude AI usage limit reached|1795277222", "2026-11-21T16:07:02Z"),
            ("Claude AI usage limit reached|1795277222000", "2026-11-21T16:07:02Z"),
            ("5-hour limit reached ∙ resets 3pm", "2026-11-21T14:00:00Z"),
            ("5-hour limit reached ∙ resets 11am", "2026-11-22T10:00:00Z"),
            ("You've hit your limit · resets 3am (Asia/Tokyo)", "2026-11-21T18:00:00Z"),
            ("You've hit your weekly limit · resets Nov 25 at 10am", "2026-11-25T09:00:00Z"),
            ("You've hit your weekly limit · resets Nov 25, 10:30am (UTC)", "2026-11-25T10:30:00Z"),
            ("Weekly limit reached ∙ resets Mon 12:00 AM", "2026-11-22T23:00:00Z"),
            ("Weekly limit reached ∙ resets Sat 1pm", "2026-11-21T12:00:00Z"),
            ("Weekly limit reached ∙ resets Sat 9am", "2026-11-28T08:00:00Z"),
            ("limit reached, resets tomorrow at 9:15", "2026-11-22T08:15:00Z"),
            ("You've hit your usage limit. Try again in 3 days 4 hours 5 minutes.", "2026-11-24T15:05:00Z"),
            ("You've hit your usage limit. To get more, upgrade, or try again at Dec 2nd, 2026 10:14 AM.", "2026-12-02T09:14:00Z"),
            ("You've hit your usage limit. Try again at 6:05 PM.", "2026-11-21T17:05:00Z"),
            ("limit reached, resets in 2h 30m", "2026-11-21T13:30:00Z"),
            ("Usage limit reached, resets 2026-11-21T12:34:56Z.", "2026-11-21T12:34:56Z"),
        ];
        for (text, want) in table {
            assert!(is_usage_limit(text), "{text}");
            assert_eq!(read(text).as_deref(), Some(want), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_gives_none() {
        for text in [
            "",
            "Usage limit reached|",
            "Usage limit reached|12",
            "Usage limit reached|99999999999999999",
            "resets",
            "resets soon",
            "resets 3",
            "resets 25:00",
            "resets 0pm",
            "resets Feb 30 at 3pm",
            "resets Nov 25th, 1999 10am",
            "try again in 4 parsecs",
            "try again in 99999999999999 days",
            "resets é",
            "İİİİ resets 3",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_rate_limit_is_no_usage_limit() {
        assert!(!is_usage_limit("API Error: 429 This request would exceed your organization's rate limit of 40,000 tokens per minute"));
        assert!(!is_usage_limit("Rate limit reached for gpt-x in organization o on tokens per min"));
        assert!(!is_usage_limit("API Error: 529 overloaded"));
    }
}

//! Quiet hours, in the time zone of the person.

use fugue_domain::api::QuietHours;
use fugue_domain::problem::Problem;
use fugue_domain::world::Millis;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Refuses hours that no clock shows.
pub fn check(quiet: &QuietHours) -> Result<(), Problem> {
    for (field, text) in [("/quiet/from", &quiet.from), ("/quiet/to", &quiet.to)] {
        time(text).ok_or_else(|| Problem::invalid(field, "give a time of day such as 22:00"))?;
    }
    TimeZone::get(&quiet.zone).map_err(|_| Problem::invalid("/quiet/zone", "give a time zone such as Asia/Tokyo"))?;
    Ok(())
}

/// When it ends, if it is quiet now.
pub fn until(quiet: &QuietHours, now: Millis) -> Option<Millis> {
    let (from, to) = (time(&quiet.from)?, time(&quiet.to)?);
    let local = Timestamp::from_millisecond(now).ok()?.to_zoned(TimeZone::get(&quiet.zone).ok()?);
    let clock = local.time();
    let quiet_now = if from <= to { from <= clock && clock < to } else { from <= clock || clock < to };
    if !quiet_now {
        return None;
    }
    let day = if clock < to { local.date() } else { local.date().checked_add(1.day()).ok()? };
    let end = day.to_datetime(to).to_zoned(local.time_zone().clone()).ok()?;
    Some(end.timestamp().as_millisecond())
}

fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str| (text.len() == 2).then(|| text.parse::<i8>().ok()).flatten();
    Time::new(number(hour)?, number(minute)?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(from: &str, to: &str, zone: &str, now: &str) -> Option<String> {
        let quiet = QuietHours { from: from.into(), to: to.into(), zone: zone.into() };
        let now = now.parse::<Timestamp>().unwrap().as_millisecond();
        until(&quiet, now).map(|end| Timestamp::from_millisecond(end).unwrap().to_string())
    }

    #[test]
    fn a_night_ends_in_the_morning_of_its_time_zone() {
        // 23:30 and 06:59 in Tokyo.
        assert_eq!(end("22:00", "07:00", "Asia/Tokyo", "2026-11-21T14:30:00Z").as_deref(), Some("2026-11-21T22:00:00Z"));
        assert_eq!(end("22:00", "07:00", "Asia/Tokyo", "2026-11-21T21:59:59Z").as_deref(), Some("2026-11-21T22:00:00Z"));
        assert_eq!(end("22:00", "07:00", "Asia/Tokyo", "2026-11-21T22:00:00Z"), None);
        assert_eq!(end("22:00", "07:00", "Asia/Tokyo", "2026-11-21T12:59:59Z"), None);
        assert_eq!(end("12:00", "13:00", "Europe/Berlin", "2026-11-21T11:30:00Z").as_deref(), Some("2026-11-21T12:00:00Z"));
        assert_eq!(end("12:00", "12:00", "Europe/Berlin", "2026-11-21T11:00:00Z"), None, "no hours at all");
    }

    #[test]
    fn a_night_in_which_the_clocks_change_ends_by_the_clock() {
        assert_eq!(end("22:00", "07:00", "Europe/Berlin", "2026-10-24T21:00:00Z").as_deref(), Some("2026-10-25T06:00:00Z"));
    }

    #[test]
    fn hours_that_no_clock_shows_are_refused() {
        let refused = |from: &str, zone: &str| {
            check(&QuietHours { from: from.into(), to: "07:00".into(), zone: zone.into() }).err().map(|problem| problem.detail)
        };
        assert_eq!(refused("22:00", "Asia/Tokyo"), None);
        for from in ["24:00", "7:00", "22", "22:60", "", "-1:00"] {
            assert!(refused(from, "UTC").is_some_and(|detail| detail.contains("/quiet/from")), "{from}");
        }
        assert!(refused("22:00", "Mars/Olympus").is_some_and(|detail| detail.contains("/quiet/zone")));
    }
}

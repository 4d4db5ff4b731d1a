//! Dates that are none: zeros of programs and databases, years that were cut, the far future.

use chrono::{DateTime, Datelike as _, FixedOffset, NaiveDate, TimeDelta, Utc};

/// How far ahead a date may be, in days: embargoes and announcements are dated ahead by days.
const AHEAD: i64 = 30;

/// Days that programs write where they have no date: the zeros of Unix, of spreadsheets, of the
/// first Macintosh, of 32-bit clocks and of DOS; that of Unix from west of Greenwich, too.
const ZEROS: [(i32, u32, u32); 8] = [
    (1970, 1, 1),
    (1969, 12, 31),
    (1899, 12, 30),
    (1899, 12, 31),
    (1900, 1, 1),
    (1901, 12, 13),
    (1904, 1, 1),
    (1980, 1, 1),
];

/// Whether a page may have been published at that time: newspapers put archives of two centuries on
/// the web.
#[must_use]
pub fn of_page(date: DateTime<FixedOffset>, now: DateTime<Utc>) -> bool {
    let is_zero = |day: NaiveDate| ZEROS.contains(&(day.year(), day.month(), day.day()));
    date.year() >= 1700
        && !is_zero(date.date_naive())
        && !is_zero(date.to_utc().date_naive())
        && date <= now + TimeDelta::days(AHEAD)
}

/// Whether a feed may have an entry of that time. None is older than computers.
#[must_use]
pub fn of_entry(date: DateTime<FixedOffset>, now: DateTime<Utc>) -> bool {
    date.timestamp() >= 0 && of_page(date, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> DateTime<FixedOffset> {
        DateTime::parse_from_rfc3339(text).unwrap()
    }

    #[test]
    fn zeros_of_programs_cut_years_and_the_far_future_are_no_dates() {
        let now = date("2026-11-28T12:00:00Z").to_utc();
        for none in [
            "0001-01-01T00:00:00Z",
            "0026-03-06T05:00:00Z",
            "1970-01-01T00:00:00Z",
            "1969-12-31T19:00:00-05:00",
            "1970-01-01T09:00:00+09:00",
            "1601-01-01T00:00:00Z",
            "1899-12-30T00:00:00Z",
            "1904-01-01T00:00:00Z",
            "1980-01-01T00:00:00Z",
            "2027-11-28T12:00:00Z",
            "9999-12-31T23:59:59Z",
        ] {
            assert!(!of_entry(date(none), now), "{none}");
            assert!(!of_page(date(none), now), "{none}");
        }
        for some in ["2026-11-30T12:00:00Z", "2026-11-28T11:00:00Z", "1998-05-01T00:00:00Z"] {
            assert!(of_entry(date(some), now), "{some}");
            assert!(of_page(date(some), now), "{some}");
        }
        let archived = date("1963-11-23T05:00:00Z");
        assert!(of_page(archived, now) && !of_entry(archived, now));
    }
}

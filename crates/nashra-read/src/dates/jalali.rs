//! The Persian (Solar Hijri) calendar.

use chrono::{Datelike as _, NaiveDate, TimeDelta};

/// The day of a date of the Persian calendar. Its years begin at the equinox; the 33-year cycle
/// finds it rightly from 1206 to 1498 (1827 to 2120).
pub(super) fn to_gregorian(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    let leap = |year: u32| matches!(year % 33, 1 | 5 | 9 | 13 | 17 | 22 | 26 | 30);
    let length = match month {
        1..=6 => 31,
        7..=11 => 30,
        _ => 29 + u32::from(leap(year)),
    };
    if !(1206..=1498).contains(&year) || !(1..=12).contains(&month) || !(1..=length).contains(&day)
    {
        return None;
    }
    // 1 Farvardin 1400 was 21 March 2021.
    let epoch = NaiveDate::from_ymd_opt(2021, 3, 21)?;
    let days_of = |year: u32| 365 + i64::from(leap(year));
    let years: i64 = if year >= 1400 {
        (1400..year).map(days_of).sum()
    } else {
        -(year..1400).map(days_of).sum::<i64>()
    };
    let in_year = i64::from((month - 1) * 30 + (month - 1).min(6) + day - 1);
    epoch.checked_add_signed(TimeDelta::days(years + in_year)).filter(|day| day.year() > 1800)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persian_days_are_converted_by_their_leap_years() {
        for (persian, day) in [
            ((1404, 1, 1), "2025-03-21"),
            ((1403, 12, 30), "2025-03-20"),
            ((1375, 1, 1), "1996-03-20"),
            ((1357, 11, 22), "1979-02-11"),
        ] {
            assert_eq!(
                to_gregorian(persian.0, persian.1, persian.2).unwrap().to_string(),
                day,
                "{persian:?}"
            );
        }
        assert_eq!(to_gregorian(1404, 12, 30), None);
        assert_eq!(to_gregorian(1404, 7, 31), None);
        assert_eq!(to_gregorian(1350, 0, 2), None);
        assert_eq!(to_gregorian(1350, 13, 2), None);
    }
}

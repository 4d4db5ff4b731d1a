//! Durations as people write them: `90s`, `10m`, `1h30m`, `3d`.
//!
//! A bare number is refused, since nobody can tell whether it means seconds or minutes.

use std::{fmt::Write as _, time::Duration};

/// Unit and its length in milliseconds, longest first, as [`format`] needs it.
const UNITS: [(&str, u64); 6] = [
    ("w", 7 * 24 * 60 * 60 * 1000),
    ("d", 24 * 60 * 60 * 1000),
    ("h", 60 * 60 * 1000),
    ("m", 60 * 1000),
    ("s", 1000),
    ("ms", 1),
];

/// Milliseconds of a hundred years: a time so far away still is a date of RFC 3339.
const LONGEST: u64 = 36_500 * 24 * 60 * 60 * 1000;

/// What is wrong with a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// No number where one must be.
    #[error(
        "{0:?} is not a duration: write a number and a unit, such as \"90s\", \"10m\", \"1h30m\" or \"3d\""
    )]
    Malformed(String),
    /// A number without a unit.
    #[error("{0:?} has no unit: write \"{0}s\" for seconds, or use ms, m, h, d or w")]
    NoUnit(String),
    /// A unit that is none.
    #[error("{unit:?} in {text:?} is not a unit: use ms, s, m, h, d or w")]
    UnknownUnit {
        /// The whole duration as it was written.
        text: String,
        /// The part of it that is no unit.
        unit: String,
    },
    /// Longer than [`LONGEST`].
    #[error("{0:?} is too long: a hundred years are the most")]
    TooLong(String),
}

/// Reads a duration: numbers each followed by one of `ms`, `s`, `m`, `h`, `d`, `w`, added up.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let text = text.trim();
    let mut rest = text;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        if number.is_empty() {
            return Err(DurationError::Malformed(text.to_owned()));
        }
        let letters = after.len() - after.trim_start_matches(char::is_alphabetic).len();
        let (unit, after) = after.split_at(letters);
        let too_long = || DurationError::TooLong(text.to_owned());
        let part = number.parse::<u64>().map_err(|_| too_long())?;
        let part = part.checked_mul(milliseconds(text, unit)?).ok_or_else(too_long)?;
        total = total.checked_add(part).filter(|sum| *sum <= LONGEST).ok_or_else(too_long)?;
        rest = after.trim_start();
    }
    if text.is_empty() {
        return Err(DurationError::Malformed(text.to_owned()));
    }
    Ok(Duration::from_millis(total))
}

fn milliseconds(text: &str, unit: &str) -> Result<u64, DurationError> {
    if unit.is_empty() {
        let whole = text.chars().all(|c| c.is_ascii_digit());
        return Err(if whole {
            DurationError::NoUnit(text.to_owned())
        } else {
            DurationError::Malformed(text.to_owned())
        });
    }
    UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .map(|(_, length)| *length)
        .ok_or_else(|| DurationError::UnknownUnit { text: text.to_owned(), unit: unit.to_owned() })
}

/// Writes a duration as [`parse`] reads it, to the millisecond and without weeks, which few people
/// count in.
#[must_use]
pub fn format(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (unit, length) in UNITS.into_iter().skip(1) {
        let count = rest / length;
        rest %= length;
        if count > 0 {
            // Writing into a String cannot fail.
            _ = write!(text, "{count}{unit}");
        }
    }
    if text.is_empty() {
        text.push_str("0s");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("90s", 90),
            ("10m", 600),
            ("1h30m", 5400),
            ("3d", 259_200),
            ("1h 30m", 5400),
            ("1w", 604_800),
            ("0s", 0),
        ] {
            assert_eq!(parse(text).unwrap(), Duration::from_secs(seconds), "{text}");
        }
        assert_eq!(parse(" 250ms ").unwrap(), Duration::from_millis(250));
    }

    #[test]
    fn what_is_no_duration_says_what_would_be() {
        for (text, says) in [
            ("", "is not a duration"),
            ("fast", "is not a duration"),
            ("-5m", "is not a duration"),
            ("1.5h", "is not a duration"),
            ("1h30", "is not a duration"),
            ("10", "write \"10s\""),
            ("10 minutes", "is not a duration"),
            ("10minutes", "\"minutes\" in"),
            ("99999999999999999999s", "too long"),
            ("9999999999999999999w", "too long"),
            ("36500d1ms", "too long"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for text in ["0s", "250ms", "1m30s", "90d", "1h1s"] {
            assert_eq!(format(parse(text).unwrap()), text);
        }
    }
}

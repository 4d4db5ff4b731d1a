//! Dates as pages write them for machines: ISO 8601 in its variants, and RFC 2822.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone as _, Utc};

/// The moment, and what had to be assumed.
pub(crate) fn parse(text: &str) -> Option<(DateTime<Utc>, Option<&'static str>)> {
    let text = text.trim();
    if let Ok(date) = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc2822(text)) {
        return Some((date.to_utc(), None));
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%dT%H:%M%z", "%Y-%m-%d %H:%M:%S%.f %z", "%Y-%m-%d %H:%M:%S%z", "%Y-%m-%d %H:%M %z"] {
        if let Ok(date) = DateTime::parse_from_str(text, format) {
            return Some((date.to_utc(), None));
        }
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.fZ", "%Y-%m-%dT%H:%MZ"] {
        if let Ok(date) = NaiveDateTime::parse_from_str(text, format) {
            return Some((Utc.from_utc_datetime(&date), None));
        }
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"] {
        if let Ok(date) = NaiveDateTime::parse_from_str(text, format) {
            return Some((Utc.from_utc_datetime(&date), Some("without a zone, taken as UTC")));
        }
    }
    let day = NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok()?;
    Some((Utc.from_utc_datetime(&day.and_hms_opt(0, 0, 0)?), Some("a day without a time, taken as midnight UTC")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variants_that_pages_write_are_read() {
        for text in [
            "2026-11-20T07:30:00Z",
            "2026-11-20T09:30:00+02:00",
            "2026-11-20T09:30+0200",
            "2026-11-20 07:30:00",
            "Fri, 20 Nov 2026 07:30:00 GMT",
        ] {
            assert_eq!(parse(text).unwrap().0.to_rfc3339(), "2026-11-20T07:30:00+00:00", "{text}");
        }
        assert_eq!(parse("2026-11-20").unwrap().1, Some("a day without a time, taken as midnight UTC"));
        assert_eq!(parse("yesterday"), None);
    }
}

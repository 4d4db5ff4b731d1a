//! Dates of a feed.

use chrono::{DateTime, Utc};

use super::model::Date;

pub(super) fn read(raw: &str) -> Date {
    let raw = raw.trim();
    let time = DateTime::parse_from_rfc2822(raw).or_else(|_| DateTime::parse_from_rfc3339(raw)).ok().map(|it| it.with_timezone(&Utc));
    Date { raw: raw.to_owned(), time }
}

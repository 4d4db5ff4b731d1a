//! Which times of publication tell how late an article was seen.
//!
//! What must stay true: a time that says something else (the day alone, a repair, an archive that
//! is listed anew) is none, because a few of them would hide how late the others are.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

use crate::model::{content::Content, pending::PendingEntry};

/// What was published longer before it was listed was listed late, or again.
const OLDEST: TimeDelta = TimeDelta::days(7);
/// Clocks of sites go wrong by minutes.
const AHEAD: TimeDelta = TimeDelta::minutes(5);

/// When a new article was published, where that is known to the minute and plausible; `None` for
/// what the first poll of its source found, which may be of any age.
#[must_use]
pub fn published(entry: &PendingEntry, content: &Content) -> Option<DateTime<Utc>> {
    let published = content.published.filter(|_| !entry.from_first_poll)?;
    let is_day_alone = published.time() == NaiveTime::MIN;
    let is_doubtful = content.date_notes.iter().any(|note| note.starts_with("published:"));
    let late = entry.first_seen - published.to_utc();
    (!is_day_alone && !is_doubtful && late <= OLDEST && late >= -AHEAD).then(|| published.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{entry::Entry, record};

    fn told(published: &str) -> Option<String> {
        let seen = "2026-11-28T12:00:00Z".parse().unwrap();
        let source = record::Source {
            id: "s".into(),
            name: None,
            kind: "feed".into(),
            url: "u".into(),
            tags: Vec::new(),
        };
        let entry = PendingEntry::new(source, Entry::default(), 1, seen);
        let content = Content {
            published: Some(DateTime::parse_from_rfc3339(published).unwrap()),
            ..Content::default()
        };
        let first = PendingEntry { from_first_poll: true, ..entry.clone() };
        assert_eq!(super::published(&first, &content), None);
        let noted = Content { date_notes: vec!["published: missing".into()], ..content.clone() };
        assert_eq!(super::published(&entry, &noted), None);
        super::published(&entry, &content).map(|at| at.format("%H:%M").to_string())
    }

    #[test]
    fn a_day_alone_the_future_and_an_archive_do_not_tell_how_late_an_article_was_seen() {
        assert_eq!(told("2026-11-28T13:30:00+02:00").as_deref(), Some("11:30"));
        assert_eq!(told("2026-11-28T12:04:00Z").as_deref(), Some("12:04"));
        assert_eq!(told("2026-11-28T12:06:00Z"), None);
        assert_eq!(told("2026-11-28T00:00:00+02:00"), None);
        assert_eq!(told("2026-11-20T11:00:00Z"), None);
    }
}

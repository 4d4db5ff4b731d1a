//! Decides on one entry of a listing: new, changed, known, or too old to be published. Pure.
//!
//! What must stay true: an entry without a date may be of today, and is old only where all that
//! there ever was is listed.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::Rules;
use crate::{
    base::clock::day, config::PageMode, model::entry::Entry, stages::poll::TOUCH_DAYS,
    store::SeenEntry,
};

/// What one entry of a listing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Never listed before.
    New,
    /// Listed before, with other words.
    Changed,
    /// Never listed before, and too old to be published.
    Backlog,
    /// Listed before as it is now.
    Known {
        /// Whether it is to be remembered again that it is still listed.
        touch: bool,
    },
}

impl Verdict {
    /// Whether the entry is to be read.
    pub(super) fn is_fresh(self) -> bool {
        matches!(self, Self::New | Self::Changed)
    }
}

/// Which unknown entries are too old.
#[derive(Debug, Clone, Copy)]
pub(super) struct AgeLimit {
    /// The age that an entry may have; `None`: any.
    pub(super) oldest: Option<Duration>,
    /// Whether one without a date is too old, because all that there ever was is listed.
    pub(super) undated_is_old: bool,
}

/// Decides on one entry; an unknown one that is too old counts as seen.
pub(super) fn judge(
    entry: &Entry,
    version: [u8; 16],
    seen: Option<&SeenEntry>,
    AgeLimit { oldest, undated_is_old }: AgeLimit,
    now: DateTime<Utc>,
) -> Verdict {
    match seen {
        Some(seen) if seen.version == version => {
            Verdict::Known { touch: day(now) >= seen.day + TOUCH_DAYS }
        }
        Some(_) => Verdict::Changed,
        None => {
            let age = entry
                .published
                .max(entry.modified)
                .map(|date| now - date.to_utc())
                .or(undated_is_old.then_some(TimeDelta::MAX));
            let limit = oldest.and_then(|oldest| TimeDelta::from_std(oldest).ok());
            // An entry without a date may be of today: losing it would be worse than an old one
            // more.
            if age.zip(limit).is_some_and(|(age, limit)| age > limit) {
                Verdict::Backlog
            } else {
                Verdict::New
            }
        }
    }
}

/// What the first poll of a source would do about an entry, in a word and in words.
#[must_use]
pub fn preview(
    entry: &Entry,
    archive: bool,
    rules: &Rules,
    now: DateTime<Utc>,
) -> (&'static str, String) {
    let backlog = rules.backlog.map(crate::config::duration::format).unwrap_or_default();
    let limit = AgeLimit { oldest: rules.backlog, undated_is_old: archive };
    match judge(entry, entry.version(), None, limit, now) {
        Verdict::Backlog if entry.published.max(entry.modified).is_none() => (
            "backlog",
            "without a date among all that the site holds: it counts as seen".to_owned(),
        ),
        Verdict::Backlog => {
            ("backlog", format!("older than poll.backlog ({backlog}): it counts as seen"))
        }
        _ => match (rules.pages, &entry.link) {
            (PageMode::Off, _) => {
                ("off", "page.mode is off: it is recorded and not published".to_owned())
            }
            (PageMode::On, Some(_)) => ("new", "its page is fetched".to_owned()),
            (PageMode::On, None) => {
                ("new", "it has no link: what the feed says is published".to_owned())
            }
            (PageMode::Feed, _) => {
                ("new", "page.mode is feed: what the feed says is published".to_owned())
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn entry(published: Option<DateTime<Utc>>) -> Entry {
        let published = published.map(|published| published.fixed_offset());
        Entry { published, ..Entry::default() }
    }

    fn limit(oldest: Option<Duration>, undated_is_old: bool) -> AgeLimit {
        AgeLimit { oldest, undated_is_old }
    }

    #[test]
    fn a_new_source_publishes_its_backlog_only_and_the_rest_counts_as_seen() {
        let backlog = Some(Duration::from_hours(72));
        let now = at(100 * DAY);
        assert_eq!(
            judge(&entry(Some(at(98 * DAY))), [0; 16], None, limit(backlog, false), now),
            Verdict::New
        );
        assert_eq!(
            judge(&entry(Some(at(90 * DAY))), [0; 16], None, limit(backlog, false), now),
            Verdict::Backlog
        );
        assert_eq!(judge(&entry(None), [0; 16], None, limit(backlog, false), now), Verdict::New);
        assert_eq!(
            judge(&entry(Some(at(90 * DAY))), [0; 16], None, limit(None, false), now),
            Verdict::New
        );
    }

    #[test]
    fn what_has_no_date_among_all_that_there_ever_was_counts_as_seen() {
        let backlog = Some(Duration::from_hours(72));
        let now = at(100 * DAY);
        assert_eq!(judge(&entry(None), [0; 16], None, limit(backlog, true), now), Verdict::Backlog);
        assert_eq!(
            judge(&entry(Some(at(99 * DAY))), [0; 16], None, limit(backlog, true), now),
            Verdict::New
        );
        assert_eq!(judge(&entry(None), [0; 16], None, limit(None, true), now), Verdict::New);
    }

    #[test]
    fn a_known_entry_is_touched_once_a_week_and_a_changed_one_is_taken() {
        let seen = SeenEntry { version: [1; 16], day: 100, ..SeenEntry::default() };
        assert_eq!(
            judge(&entry(None), [1; 16], Some(&seen), limit(None, false), at(101 * DAY)),
            Verdict::Known { touch: false }
        );
        assert_eq!(
            judge(&entry(None), [1; 16], Some(&seen), limit(None, false), at(107 * DAY)),
            Verdict::Known { touch: true }
        );
        assert_eq!(
            judge(&entry(None), [2; 16], Some(&seen), limit(None, false), at(101 * DAY)),
            Verdict::Changed
        );
    }
}

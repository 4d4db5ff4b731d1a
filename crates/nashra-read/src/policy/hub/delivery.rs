//! Whether a hub is reliable: counts the entries that its pushes brought, and those that a poll
//! found although the hub had had enough time. Pure.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// A hub has so long to send what was published: publishers tell it late, and it fetches the feed
/// first.
const FAIR: TimeDelta = TimeDelta::minutes(10);
/// A single entry that is late tells nothing yet.
const FEW: u32 = 2;
/// Of so many entries one may be missed.
const SHARE: u32 = 5;
/// Beyond so many entries the older ones count half, so that a hub that was mended is believed
/// again.
const MEMORY: u32 = 40;

/// What a source's hub has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Delivery {
    /// Entries that it brought, or told of so that a poll found them.
    pub brought: u32,
    /// Entries that it should have brought.
    pub missed: u32,
    /// When it last sent something.
    pub last: Option<DateTime<Utc>>,
    /// Whether it told of something that is to be polled for.
    pub told: bool,
}

impl Delivery {
    /// Notes a push that brought `fresh` new entries.
    pub fn pushed(&mut self, fresh: usize, now: DateTime<Utc>) {
        self.last = Some(now);
        self.count(fresh, 0);
    }

    /// Notes a push without content: the source is to be polled.
    pub fn pinged(&mut self, now: DateTime<Utc>) {
        (self.last, self.told) = (Some(now), true);
    }

    /// A poll found entries, published then (seconds since 1970; where it is not said, between this
    /// poll and the one `before`). Those from before `since`, when the hub was bound to send, are
    /// not its fault. Gives how many it missed.
    pub fn polled(
        &mut self,
        published: &[Option<i64>],
        since: DateTime<Utc>,
        before: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> usize {
        if std::mem::take(&mut self.told) {
            self.count(published.len(), 0);
            return 0;
        }
        let unsaid = before + (now - before) / 2;
        let times = published.iter().map(|published| {
            published.map_or(Some(unsaid), |published| DateTime::from_timestamp(published, 0))
        });
        let missed = times.flatten().filter(|time| *time > since && *time < now - FAIR).count();
        self.count(0, missed);
        missed
    }

    /// Whether it is reliable enough for the source to be polled rarely.
    #[must_use]
    pub fn is_reliable(&self) -> bool {
        self.missed < FEW
            || self.missed.saturating_mul(SHARE) <= self.brought.saturating_add(self.missed)
    }

    fn count(&mut self, brought: usize, missed: usize) {
        let add = |to: u32, more: usize| to.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
        (self.brought, self.missed) = (add(self.brought, brought), add(self.missed, missed));
        while self.brought.saturating_add(self.missed) > MEMORY {
            (self.brought, self.missed) = (self.brought / 2, self.missed / 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 100_000;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn polled(hub: &mut Delivery, published: &[Option<i64>]) -> usize {
        hub.polled(published, at(50_000), at(NOW - 7200), at(NOW))
    }

    #[test]
    fn only_what_the_hub_could_have_sent_counts_as_missed() {
        let published =
            [Some(49_999), Some(NOW - 599), Some(NOW + 60), Some(i64::MAX), Some(50_001), None];
        assert_eq!(polled(&mut Delivery::default(), &published), 2, "the last two");
        let lately = Delivery::default().polled(&[None], at(50_000), at(NOW - 60), at(NOW));
        assert_eq!(lately, 0, "without a date, it may be of a moment ago");
    }

    #[test]
    fn a_hub_that_misses_more_than_one_entry_in_five_is_not_relied_on() {
        let mut hub = Delivery::default();
        assert!(hub.is_reliable());
        polled(&mut hub, &[Some(60_000)]);
        assert!(hub.is_reliable(), "one entry");
        polled(&mut hub, &[Some(61_000)]);
        assert!(!hub.is_reliable());
        hub.pushed(8, at(NOW));
        assert!(hub.is_reliable());
        polled(&mut hub, &[Some(62_000)]);
        assert!(!hub.is_reliable());
    }

    #[test]
    fn a_hub_that_was_mended_is_believed_again() {
        let mut hub = Delivery::default();
        polled(&mut hub, &[Some(60_000); 1000]);
        assert!(!hub.is_reliable());
        (0..160).for_each(|_| hub.pushed(1, at(NOW)));
        assert!(hub.is_reliable(), "{hub:?}");
    }

    #[test]
    fn what_a_poll_finds_because_the_hub_told_of_it_was_brought() {
        let mut hub = Delivery::default();
        hub.pinged(at(NOW));
        assert_eq!(polled(&mut hub, &[Some(60_000); 3]), 0);
        assert_eq!((hub.brought, hub.missed, hub.told), (3, 0, false));
        assert_eq!(polled(&mut hub, &[Some(60_000)]), 1);
    }
}

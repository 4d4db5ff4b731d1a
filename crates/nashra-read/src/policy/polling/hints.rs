//! What servers and feeds say about when to poll: for how long an answer may be kept, how often the
//! feed changes, and in which hours and on which days it does not.
//!
//! They only ever make polls rarer, because they are written once and forgotten: the rhythm that
//! was seen wins where it is slower, and the longest interval of the config bounds what the periods
//! ask for.

use std::time::Duration;

use chrono::{DateTime, Datelike as _, TimeDelta, Timelike as _, Utc};
use serde::{Deserialize, Serialize};

use crate::model::entry;

/// Hours that are looked through for one in which a poll is welcome: a week and a day.
const AHEAD: u32 = 8 * 24;

/// What the last answer that was read said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hints {
    /// Seconds for which the answer may be kept: `Cache-Control`, `Expires`.
    pub fresh_s: u32,
    /// Seconds between changes, as the feed says: `ttl`, `sy:updatePeriod`.
    pub period_s: u32,
    /// Hours of the day (UTC) without news, a bit each.
    pub skip_hours: u32,
    /// Days of the week without news, a bit each, from Monday.
    pub skip_days: u8,
}

impl Hints {
    /// The hints of a feed and of the answer that it came in.
    #[must_use]
    pub fn new(feed: &entry::Rhythm, fresh_for: Option<Duration>) -> Self {
        let ttl = feed.ttl.unwrap_or(0).saturating_mul(60);
        Self {
            fresh_s: seconds(fresh_for.unwrap_or_default().as_secs()),
            period_s: seconds(ttl.max(update_period(feed))),
            // 24 is midnight in some feeds.
            skip_hours: feed
                .skip_hours
                .iter()
                .filter(|hour| **hour <= 24)
                .fold(0, |bits, hour| bits | 1 << (hour % 24)),
            skip_days: feed
                .skip_days
                .iter()
                .filter_map(|day| weekday(day))
                .fold(0, |bits, day| bits | 1 << day),
        }
    }

    /// A later answer without a body says for how long the one that it confirms may be kept (RFC
    /// 9111 §4.3.4).
    pub fn confirmed(&mut self, fresh_for: Option<Duration>) {
        if let Some(fresh) = fresh_for {
            self.fresh_s = seconds(fresh.as_secs());
        }
    }

    /// The time that should pass between two polls, and who says so.
    #[must_use]
    pub fn least(&self) -> (Duration, &'static str) {
        let who = if self.fresh_s >= self.period_s {
            "the server keeps it"
        } else {
            "the feed changes no sooner"
        };
        (Duration::from_secs(self.fresh_s.max(self.period_s).into()), who)
    }

    /// The first time from `at` on at which the feed expects polls; `at` itself where it never
    /// does.
    #[must_use]
    pub fn welcome(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let skipped = |at: DateTime<Utc>| {
            self.skip_hours & 1 << at.hour() != 0
                || self.skip_days & 1 << at.weekday().num_days_from_monday() != 0
        };
        if (self.skip_hours == 0 && self.skip_days == 0) || !skipped(at) {
            return at;
        }
        let hour = at.timestamp().div_euclid(3600) * 3600;
        let hours = (1..=AHEAD).filter_map(|ahead| {
            DateTime::from_timestamp(hour, 0)?.checked_add_signed(TimeDelta::hours(ahead.into()))
        });
        hours.into_iter().find(|hour| !skipped(*hour)).unwrap_or(at)
    }
}

fn seconds(seconds: u64) -> u32 {
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

/// The syndication module's period, in seconds.
fn update_period(feed: &entry::Rhythm) -> u64 {
    let period = match feed.update_period.as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("hourly") => 3600,
        Some("daily") => 86_400,
        Some("weekly") => 7 * 86_400,
        Some("monthly") => 30 * 86_400,
        Some("yearly") => 365 * 86_400,
        _ => return 0,
    };
    period / feed.update_frequency.unwrap_or(1).max(1)
}

/// From Monday; feeds write them in English, long or short.
fn weekday(name: &str) -> Option<u32> {
    name.trim().parse::<chrono::Weekday>().ok().map(|day| day.num_days_from_monday())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_longest_of_what_is_said_counts() {
        let feed = entry::Rhythm {
            ttl: Some(30),
            update_period: Some("Daily".into()),
            update_frequency: Some(4),
            ..Default::default()
        };
        assert_eq!(Hints::new(&feed, None).least().0, Duration::from_hours(6));
        assert_eq!(
            Hints::new(&feed, Some(Duration::from_hours(7))).least(),
            (Duration::from_hours(7), "the server keeps it")
        );
        let odd = entry::Rhythm {
            ttl: Some(u64::MAX),
            update_period: Some("daily".into()),
            update_frequency: Some(0),
            ..Default::default()
        };
        assert_eq!(Hints::new(&odd, Some(Duration::MAX)).period_s, u32::MAX);
    }

    #[test]
    fn skipped_hours_and_days_are_waited_out() {
        let skip_days = vec!["Saturday".to_owned(), "sun".to_owned(), "someday".to_owned()];
        let feed =
            entry::Rhythm { skip_hours: vec![22, 23, 24, 77], skip_days, ..Default::default() };
        let hints = Hints::new(&feed, None);
        assert_eq!(hints.welcome(at("2026-03-04T21:59:00Z")), at("2026-03-04T21:59:00Z"));
        assert_eq!(hints.welcome(at("2026-03-04T22:30:00Z")), at("2026-03-05T01:00:00Z"));
        // Friday night until Monday, after midnight's hour.
        assert_eq!(hints.welcome(at("2026-03-06T23:59:59Z")), at("2026-03-09T01:00:00Z"));
    }

    #[test]
    fn a_feed_that_skips_everything_skips_nothing() {
        let hints = Hints { skip_days: 0x7f, ..Hints::default() };
        assert_eq!(hints.welcome(at("2026-03-04T22:30:00Z")), at("2026-03-04T22:30:00Z"));
    }
}

//! Whether a server's 304 can be believed.
//!
//! Some servers say 304 to whoever sends a validator, or keep one `ETag` for ever: a source that is
//! asked politely then never shows anything new. So a source that says 304 is asked in full now and
//! then (an audit), first after a day and less often each time that nothing was missing. New
//! entries in that answer prove a lie only if the old validators still bring 304, which is asked at
//! once.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// The pauses between audits: from a day to a week.
const APART: [TimeDelta; 4] =
    [TimeDelta::days(1), TimeDelta::days(2), TimeDelta::days(4), TimeDelta::days(7)];
/// A server that lied is read in full for so long, and then given another chance.
const DISTRUST: TimeDelta = TimeDelta::days(30);

/// What is known of a source's 304s.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Trust {
    /// Audits in a row in which nothing was missing.
    pub passed: usize,
    /// When it last answered in full.
    #[serde(with = "crate::base::time")]
    pub full: Option<DateTime<Utc>>,
    /// Whether it said 304 since then.
    pub vague: bool,
    /// When its 304 was last found to be a lie.
    #[serde(with = "crate::base::time")]
    pub lied: Option<DateTime<Utc>>,
}

impl Trust {
    /// Whether no validators are sent, because a 304 was found to be a lie.
    #[must_use]
    pub fn is_lost(&self, now: DateTime<Utc>) -> bool {
        self.lied.is_some_and(|lied| now - lied < DISTRUST)
    }

    /// Whether an audit is due: a request without validators.
    #[must_use]
    pub fn audit_is_due(&self, now: DateTime<Utc>) -> bool {
        let apart = APART[self.passed.min(APART.len() - 1)];
        self.vague && !self.is_lost(now) && self.full.is_none_or(|full| now - full >= apart)
    }

    /// Notes an answer with status 304.
    pub fn note_not_modified(&mut self) {
        self.vague = true;
    }

    /// Notes an answer with a body.
    pub fn note_full_answer(&mut self, now: DateTime<Utc>) {
        (self.full, self.vague) = (Some(now), false);
    }

    /// Notes the result of an audit.
    pub fn note_audit(&mut self, lied: bool, now: DateTime<Utc>) {
        if lied {
            (self.passed, self.lied) = (0, Some(now));
        } else {
            self.passed = self.passed.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(day)
    }

    /// The days on which a source that always says 304 is asked in full.
    fn audits(trust: &mut Trust, days: std::ops::Range<i64>) -> Vec<i64> {
        let due = |date: &i64| {
            trust.note_not_modified();
            let due = trust.audit_is_due(day(*date));
            if due {
                trust.note_full_answer(day(*date));
                trust.note_audit(false, day(*date));
            }
            due
        };
        days.filter(due).collect()
    }

    #[test]
    fn a_source_that_says_304_is_asked_in_full_ever_more_seldom_but_each_week() {
        let mut trust = Trust::default();
        trust.note_full_answer(day(100));
        assert_eq!(audits(&mut trust, 100..130), [101, 103, 107, 114, 121, 128]);
    }

    #[test]
    fn a_source_that_answers_in_full_is_not_audited() {
        let mut trust = Trust::default();
        trust.note_full_answer(day(100));
        assert!(!trust.audit_is_due(day(120)));
    }

    #[test]
    fn a_server_that_lied_is_read_in_full_for_a_month_and_then_watched_again() {
        let mut trust = Trust::default();
        trust.note_audit(true, day(100));
        assert!(trust.is_lost(day(100)) && trust.is_lost(day(129)) && !trust.is_lost(day(130)));
        trust.note_full_answer(day(129));
        trust.note_not_modified();
        assert!(!trust.audit_is_due(day(129)) && trust.audit_is_due(day(130)));
    }
}

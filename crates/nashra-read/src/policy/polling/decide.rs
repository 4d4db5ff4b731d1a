//! When a source is polled next, and why. Pure: what is known of it, what the poll came to and the
//! time, in; a time and a reason, out.
//!
//! After a poll that was read, the wait is the one that [`Expectation::worth`] finds at the price
//! of the budget; the rules here only bend it: not within the hour where next to nothing is
//! expected, not longer than a listing lasts, not sooner than the server and the feed ask for,
//! between the two bounds of the config. After any other poll the server's word counts, and else
//! failures are tried again soon and then ever more seldom. What must stay true: every result has a
//! next time, so no source is ever dropped.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    hints::Hints,
    rhythm::{Expectation, Worth},
};
use crate::{base::backoff::Backoff, model::source::State};

/// The result of a poll, as far as the schedule needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PollResult {
    /// Read; so many entries were new or changed.
    Read {
        /// The number of entries that are new or changed.
        fresh: usize,
    },
    /// 304, or the same bytes as before.
    Unchanged,
    /// The server asked to stay away.
    Throttled {
        /// The time to stay away, where it named one.
        retry_after: Option<Duration>,
    },
    /// It was not asked: its host is cooling down, or it is the turn of others.
    Deferred {
        /// The time after which its host may be asked.
        wait: Duration,
        /// The source's state meanwhile.
        state: State,
    },
    /// We are kept out: 401, 403, 451, robots.txt, a challenge or consent page, a page where a feed
    /// was.
    Blocked,
    /// 410: there will be nothing any more, it says.
    Gone,
    /// The operator does not want it polled.
    Paused,
    /// It could not be read, or is not there (404).
    Failed,
}

/// The bounds that the config gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The shortest interval between two polls.
    pub min: Duration,
    /// The longest interval, but where the server asks for more.
    pub max: Duration,
}

/// The bounds and the price of polls at the moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    /// The shortest and the longest interval.
    pub bounds: Bounds,
    /// What a poll costs, in days that entries may wait: see [`super::budget`].
    pub price: f64,
}

/// What is known of a source beside its rhythm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Situation {
    /// Tells sources apart, for the jitter.
    pub seed: u64,
    /// Polls that failed in a row, this one included.
    pub failures: u32,
    /// The interval before, in seconds.
    pub interval_s: u64,
    /// Entries that it lists at once.
    pub listed: u32,
    /// Whether this poll shared no entry with the one before.
    pub gap: bool,
    /// What it says about when to poll.
    pub hints: Hints,
    /// Polls that were answered with 410 in a row, and since when.
    pub gone: Option<(u32, DateTime<Utc>)>,
    /// When something new was last found, or else when it was first read.
    pub last_new: Option<DateTime<Utc>>,
    /// Until when a reliable hub pushes what is new.
    pub covered_until: Option<DateTime<Utc>>,
}

/// A server may ask us away for so long at most; more is a mistake of its own.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(7 * 24);
/// No source is polled twice within less, whatever went wrong.
const SOONEST: Duration = Duration::from_secs(1);
/// The same where fewer entries than [`SCARCE`] are expected till then.
const QUIET: Duration = Duration::from_hours(1);
/// One poll in fifty finds something.
const SCARCE: f64 = 0.02;
/// 410 is believed after so many polls over so long a time.
const GONE: (u32, TimeDelta) = (3, TimeDelta::days(2));
/// How often what is gone is looked at again.
const RARELY: Duration = Duration::from_hours(7 * 24);
/// A source that is read well and shows nothing new for so long is silent.
const SILENT: TimeDelta = TimeDelta::days(30);
/// How far the jitter goes to either side.
const JITTER: f64 = 0.05;

/// The interval from now on, the next time, and why then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextPoll {
    /// The interval, without jitter and skipped hours.
    pub interval: Duration,
    /// The time of the next poll.
    pub at: DateTime<Utc>,
    /// The reason, for people.
    pub why: String,
    /// The state that the source is in.
    pub state: State,
}

/// Decides when a source is polled next.
#[must_use]
pub fn next_poll(
    source: &Situation,
    result: PollResult,
    expected: &Expectation,
    terms: Terms,
    now: DateTime<Utc>,
) -> NextPoll {
    let Terms { bounds, .. } = terms;
    let before = Duration::from_secs(source.interval_s);
    let (wait, why, state) = match result {
        PollResult::Read { .. } | PollResult::Unchanged => {
            return by_rhythm(source, expected, terms, now);
        }
        PollResult::Throttled { retry_after } => throttled(source, retry_after, bounds),
        PollResult::Deferred { wait, state } => {
            (wait.max(SOONEST), "its host may be asked again then".to_owned(), state)
        }
        PollResult::Blocked => (
            backoff(bounds, source.failures + 3),
            format!("blocked {} times in a row", source.failures),
            State::Blocked,
        ),
        PollResult::Gone => match source.gone {
            Some((polls, since)) if polls >= GONE.0 && now - since >= GONE.1 => {
                let why =
                    format!("gone since {}: looked for again each week", since.format("%Y-%m-%d"));
                (RARELY.max(bounds.max), why, State::Gone)
            }
            _ => (
                backoff(bounds, source.failures),
                "it says that it is gone: that has to hold for two days".to_owned(),
                State::Backoff,
            ),
        },
        PollResult::Paused => (RARELY, "paused by the operator".to_owned(), State::Paused),
        PollResult::Failed => (
            backoff(bounds, source.failures),
            format!("failed {} times in a row", source.failures),
            State::Backoff,
        ),
    };
    NextPoll { interval: before, at: later(now, wait), why, state }
}

fn by_rhythm(
    source: &Situation,
    expected: &Expectation,
    terms: Terms,
    now: DateTime<Utc>,
) -> NextPoll {
    let bounds = terms.bounds;
    let room =
        if source.listed == 0 { f64::INFINITY } else { (f64::from(source.listed) / 2.0).max(2.0) };
    let longest = bounds.max.as_secs_f64();
    let Worth { mut wait, mut entries } = expected.worth(terms.price, room, longest);
    let told = source
        .covered_until
        .map(|until| (until - now).as_seconds_f64().min(longest))
        .filter(|seconds| *seconds > wait);
    if let Some(told) = told {
        // No poll is worth anything for being early; but should the hub fall silent, nothing may be
        // lost.
        Worth { wait, entries } = expected.worth(f64::INFINITY, room, told);
    }
    let mut interval = Duration::try_from_secs_f64(wait).unwrap_or(bounds.max);
    let mut why =
        format!("{entries:.1} entries are expected till then, of {:.1} a day", expected.per_day());
    if told.is_some() {
        why.insert_str(0, "its hub tells what is new, this is for the case that it does not: ");
    }
    // What the jitter must not go below.
    let mut floor = bounds.min;
    if entries < SCARCE && interval < QUIET {
        (interval, floor, why) =
            (QUIET, QUIET, "next to nothing is expected within the hour".to_owned());
    }
    if source.gap && source.interval_s > 0 {
        let half = Duration::from_secs(source.interval_s) / 2;
        if half < interval {
            (interval, why) = (
                half,
                "nothing of the last listing was there any more: half as long as before".to_owned(),
            );
        }
    }
    let (least, who) = source.hints.least();
    if least > interval {
        (interval, why) = (least, format!("{who}: {} s", least.as_secs()));
    }
    floor = floor.max(least).min(bounds.max).max(bounds.min);
    if interval >= bounds.max {
        (interval, why) =
            (bounds.max, if told.is_some() { why } else { "the longest interval".to_owned() });
    } else if interval <= bounds.min {
        (interval, why) = (bounds.min, format!("the shortest interval: {why}"));
    }
    let at =
        later(now, jittered(interval, Bounds { min: floor, max: bounds.max }, source.seed, now));
    let mut welcome = source.hints.welcome(at);
    if welcome > at {
        // Not all of them at the stroke of the hour.
        welcome += TimeDelta::seconds(i64::try_from(source.seed % 600).unwrap_or(0));
        "the feed has no news in the hours before".clone_into(&mut why);
    }
    let silent = source.last_new.filter(|last| now - *last > SILENT);
    let state = if silent.is_some() { State::Silent } else { State::Ok };
    NextPoll { interval, at: welcome, why, state }
}

/// A server that says when is taken at its word, until it says the same again and again.
fn throttled(
    source: &Situation,
    retry_after: Option<Duration>,
    bounds: Bounds,
) -> (Duration, String, State) {
    let again = if source.failures > 3 { backoff(bounds, source.failures) } else { Duration::ZERO };
    let (wait, why) = match retry_after {
        Some(asked) => (
            asked.min(MAX_RETRY_AFTER).max(again).max(SOONEST),
            format!("the server asked for {} s", asked.as_secs()),
        ),
        None => (backoff(bounds, source.failures + 3), "throttled".to_owned()),
    };
    (wait, why, State::Throttled)
}

/// Doubling from an eighth of the shortest interval up to the longest: a connection that broke or a
/// server that is restarted is well again within a minute, and what a short listing drops meanwhile
/// would be lost.
fn backoff(bounds: Bounds, failures: u32) -> Duration {
    Backoff::doubling((bounds.min / 8).max(SOONEST), bounds.max.max(bounds.min))
        .wait(failures.saturating_sub(1))
}

/// A little sooner or later, within the bounds, so that sources which started together drift apart.
/// The same for the same poll: the decision stays pure.
fn jittered(interval: Duration, bounds: Bounds, seed: u64, now: DateTime<Utc>) -> Duration {
    let hash: [u8; 2] =
        crate::base::hash::digest(&[&seed.to_be_bytes(), &now.timestamp_millis().to_be_bytes()]);
    let share = f64::from(u16::from_be_bytes(hash)) / f64::from(u16::MAX) * 2.0 - 1.0;
    interval.mul_f64(1.0 + share * JITTER).clamp(bounds.min, bounds.max.max(bounds.min))
}

fn later(now: DateTime<Utc>, wait: Duration) -> DateTime<Utc> {
    now + TimeDelta::from_std(wait).unwrap_or(TimeDelta::days(7))
}

#[cfg(test)]
mod tests;

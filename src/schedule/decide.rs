//! When a source is polled next, and why. Pure: facts, an outcome and the time, in; a time and a reason, out.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::store::{Facts, State};

/// What a poll came to, as far as the schedule needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PollResult {
    /// Read; so many entries were new or changed.
    Read {
        /// How many.
        fresh: usize,
    },
    /// 304, or the same bytes as before.
    Unchanged,
    /// The server asked to stay away.
    Throttled {
        /// For how long, where it said.
        retry_after: Option<Duration>,
    },
    /// 404 or 410.
    Gone,
    /// It could not be read.
    Failed,
}

/// The bounds that the config gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Never sooner.
    pub min: Duration,
    /// Never later, but where the server asks for it.
    pub max: Duration,
}

/// A server may ask us away for so long at most; more is a mistake of its own.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(7 * 24);

/// No source is polled twice within less, whatever went wrong.
const SOONEST: Duration = Duration::from_secs(1);

/// The interval from now on, the next time, and why then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// The interval that was learned.
    pub interval: Duration,
    /// When to poll.
    pub at: DateTime<Utc>,
    /// Why, in words.
    pub why: String,
    /// The state that the source is in.
    pub state: State,
}

/// Decides. `facts` are those before the poll, with `failures` counting this poll too.
#[must_use]
pub fn next(facts: &Facts, result: PollResult, bounds: Bounds, now: DateTime<Utc>) -> Next {
    let before = match facts.interval_s {
        0 => bounds.min,
        seconds => Duration::from_secs(seconds),
    };
    let clamp = |it: Duration| it.clamp(bounds.min, bounds.max.max(bounds.min));
    let (interval, wait, why, state) = match result {
        PollResult::Read { fresh: 0 } | PollResult::Unchanged => {
            let interval = clamp(before.mul_f64(1.5));
            (interval, jittered(interval, bounds.min, facts, now), "nothing new: half as long again".to_owned(), State::Ok)
        }
        PollResult::Read { fresh } => {
            let interval = clamp(before / 2);
            (interval, jittered(interval, bounds.min, facts, now), format!("{fresh} new or changed: twice as soon"), State::Ok)
        }
        PollResult::Throttled { retry_after } => {
            // A server that says when is taken at its word, until it says the same again and again.
            let again = if facts.failures > 3 { backoff(bounds, facts.failures) } else { Duration::ZERO };
            let wait =
                retry_after.map_or_else(|| backoff(bounds, facts.failures + 3), |asked| asked.min(MAX_RETRY_AFTER).max(again).max(SOONEST));
            let why = retry_after.map_or_else(|| "throttled".to_owned(), |it| format!("the server asked for {} s", it.as_secs()));
            (clamp(before), wait, why, State::Throttled)
        }
        PollResult::Gone => (clamp(before), bounds.max, "gone: looked for again at the longest interval".to_owned(), State::Gone),
        PollResult::Failed => {
            (clamp(before), backoff(bounds, facts.failures), format!("failed {} times in a row", facts.failures), State::Backoff)
        }
    };
    let wait = TimeDelta::from_std(wait).unwrap_or(TimeDelta::days(7));
    Next { interval, at: now + wait, why, state }
}

/// Doubling from an eighth of the shortest interval up to the longest: a connection that broke or a server that is
/// restarted is well again within a minute, and what a short listing drops meanwhile would be lost.
fn backoff(bounds: Bounds, failures: u32) -> Duration {
    let factor = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    (bounds.min / 8).max(SOONEST).saturating_mul(factor.max(1)).min(bounds.max.max(bounds.min))
}

/// Up to a tenth sooner, never sooner than the shortest interval, so that sources which started together drift
/// apart. The same for the same poll: the decision stays pure.
fn jittered(interval: Duration, min: Duration, facts: &Facts, now: DateTime<Utc>) -> Duration {
    let hash: [u8; 2] = crate::store::digest(&[facts.id.as_bytes(), &now.timestamp_millis().to_be_bytes()]);
    let share = f64::from(u16::from_be_bytes(hash)) / f64::from(u16::MAX) / 10.0;
    interval.mul_f64(1.0 - share).max(min)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { min: Duration::from_mins(5), max: Duration::from_hours(6) };

    fn facts(interval: Duration, failures: u32) -> Facts {
        Facts { id: "s".into(), interval_s: interval.as_secs(), failures, ..Facts::default() }
    }

    fn wait(facts: &Facts, result: PollResult) -> Duration {
        let now = DateTime::UNIX_EPOCH;
        (next(facts, result, BOUNDS, now).at - now).to_std().unwrap()
    }

    #[test]
    fn news_shortens_the_interval_and_silence_stretches_it_between_the_bounds() {
        let hour = facts(Duration::from_hours(1), 0);
        assert_eq!(next(&hour, PollResult::Read { fresh: 3 }, BOUNDS, DateTime::UNIX_EPOCH).interval, Duration::from_mins(30));
        assert_eq!(next(&hour, PollResult::Unchanged, BOUNDS, DateTime::UNIX_EPOCH).interval, Duration::from_mins(90));
        assert_eq!(next(&facts(BOUNDS.min, 0), PollResult::Read { fresh: 1 }, BOUNDS, DateTime::UNIX_EPOCH).interval, BOUNDS.min);
        assert_eq!(next(&facts(BOUNDS.max, 0), PollResult::Unchanged, BOUNDS, DateTime::UNIX_EPOCH).interval, BOUNDS.max);
    }

    #[test]
    fn a_poll_is_never_sooner_than_the_shortest_interval() {
        assert!(wait(&facts(BOUNDS.min, 0), PollResult::Read { fresh: 9 }) >= BOUNDS.min);
    }

    #[test]
    fn failures_are_tried_again_soon_then_back_off_and_the_longest_interval_bounds_them() {
        assert_eq!(wait(&facts(BOUNDS.min, 1), PollResult::Failed), BOUNDS.min / 8);
        assert_eq!(wait(&facts(BOUNDS.min, 4), PollResult::Failed), BOUNDS.min);
        assert_eq!(wait(&facts(BOUNDS.min, 6), PollResult::Failed), BOUNDS.min * 4);
        assert_eq!(wait(&facts(BOUNDS.min, 60), PollResult::Failed), BOUNDS.max);
    }

    #[test]
    fn retry_after_is_obeyed_to_the_second_and_past_the_longest_interval() {
        for asked in [Duration::from_secs(20), Duration::from_hours(24)] {
            assert_eq!(wait(&facts(BOUNDS.min, 1), PollResult::Throttled { retry_after: Some(asked) }), asked);
        }
        let asked = PollResult::Throttled { retry_after: Some(Duration::from_secs(20)) };
        assert_eq!(wait(&facts(BOUNDS.min, 5), asked), BOUNDS.min * 2, "a server that says it again and again");
        assert_eq!(wait(&facts(BOUNDS.min, 1), PollResult::Throttled { retry_after: None }), BOUNDS.min);
    }
}

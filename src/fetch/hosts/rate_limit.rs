//! How long a host is not asked: its cooldown after a refusal, and its pace between two requests.
//! Pure.
//!
//! What must stay true: a time that a server names is kept to; answers to requests that were under
//! way together are one reason to stay away and not several; a clock that is set back makes no wait
//! longer than it was.

use std::{fmt, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};

use super::Order;
use crate::base::backoff::Backoff;

/// The cooldown where the server names none, and the longest. It doubles with each refusal until
/// the host answers well. Sources that fail again have longer waits of their own.
const COOLDOWN: Backoff = Backoff::doubling(Duration::from_secs(30), Duration::from_mins(15));
/// The first cooldown after a connection that failed: most hosts can be reached again at once.
const UNREACHABLE_COOLDOWN: Duration = Duration::from_secs(2);

/// The longest time that a server may name; more is a mistake of its own.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(7 * 24);
/// The longest wait that is named for a host's pace.
const MAX_QUEUE_WAIT: Duration = Duration::from_hours(24);

/// Why a request was deferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeferralReason {
    /// It answered with this status, which asks for fewer requests.
    Throttled(u16),
    /// It answered with a page of this service that wants proof of a human.
    Challenge(&'static str),
    /// There was no connection, or no answer on it.
    Unreachable,
    /// The body is large, and there is no memory for it now. The host has nothing to do with it.
    NoRoom,
    /// It had not answered yet, and other requests waited for the place.
    GaveWay,
}

impl fmt::Display for DeferralReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Throttled(status) => write!(f, "HTTP status {status}"),
            Self::Challenge(vendor) => write!(f, "a challenge page of {vendor}"),
            Self::Unreachable => f.write_str("it could not be reached"),
            Self::NoRoom => {
                f.write_str("its body is large, and too many large ones wait for memory")
            }
            Self::GaveWay => f.write_str("no answer yet, and others waited for the place"),
        }
    }
}

/// The time in which a host is not asked, after it refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cooldown {
    until: DateTime<Utc>,
    length: Duration,
    times: u32,
    pub(super) reason: DeferralReason,
}

impl Cooldown {
    /// The cooldown after a refusal, which may have come during or after another.
    pub(super) fn after(
        before: Option<Self>,
        reason: DeferralReason,
        retry_after: Option<Duration>,
        now: DateTime<Utc>,
    ) -> Self {
        let before = before.filter(|before| !before.is_over(now));
        let running = before.and_then(|before| before.left(now));
        let times = before.map_or(0, |before| {
            if running.is_some() { before.times } else { before.times.saturating_add(1) }
        });
        let first = if reason == DeferralReason::Unreachable {
            UNREACHABLE_COOLDOWN
        } else {
            COOLDOWN.first
        };
        let length = retry_after
            .unwrap_or_else(|| Backoff { first, ..COOLDOWN }.wait(times))
            .min(MAX_RETRY_AFTER);
        match before.zip(running) {
            Some((before, left)) if left >= length => before,
            _ => Self { until: later(now, length), length, times, reason },
        }
    }

    /// The rest of it; `None` once it is over.
    pub(super) fn left(&self, now: DateTime<Utc>) -> Option<Duration> {
        (self.until - now)
            .to_std()
            .ok()
            .filter(|left| !left.is_zero())
            .map(|left| left.min(self.length))
    }

    /// Whether nothing is left to remember: it ended, and so long ago that the next would be the
    /// first.
    pub(super) fn is_over(&self, now: DateTime<Utc>) -> bool {
        now - self.until > TimeDelta::hours(1)
    }
}

/// How often a host may be asked: the rate of a token bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    /// The time in which one token comes; zero is no limit.
    pub spacing: Duration,
    /// The number of tokens that it holds: requests that may follow each other at once after a
    /// rest.
    pub burst: u32,
}

/// When the bucket will be full again, which is all that it has to know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Bucket {
    full: Option<DateTime<Utc>>,
    /// When it will be full again, counting the turns that were promised to deferred requests.
    promised: Option<DateTime<Utc>>,
    /// Whether a poll took the last token.
    polled: bool,
}

impl Bucket {
    /// Takes a token that is there within `patience`, and says how long that is; or says when to
    /// come back for one.
    pub(super) fn take(
        &mut self,
        pace: Pace,
        patience: Duration,
        order: Order,
        now: DateTime<Utc>,
    ) -> Result<Duration, Duration> {
        if pace.spacing.is_zero() {
            return Ok(Duration::ZERO);
        }
        let room = pace.spacing.saturating_mul(pace.burst.saturating_sub(1));
        let owed = |at: Option<DateTime<Utc>>| {
            at.and_then(|at| (at - now).to_std().ok()).unwrap_or_default()
        };
        // More can be owed only where the clock was set back.
        let debt = Some(owed(self.full))
            .filter(|wait| *wait <= room + pace.spacing + patience)
            .unwrap_or_default();
        let wait = debt.saturating_sub(room);
        if wait <= patience {
            self.full = Some(later(now, debt + pace.spacing));
            self.polled = order == Order::First;
            return Ok(wait);
        }
        Err(match order {
            // While pages wait, one of them takes each token in the moment in which it is there.
            Order::First if !self.polled => wait.saturating_sub(patience / 2),
            Order::First | Order::Next => wait,
            Order::Queued => {
                let queue = owed(self.promised).max(wait).min(MAX_QUEUE_WAIT);
                self.promised = Some(later(now, queue + pace.spacing));
                queue
            }
        })
    }

    pub(super) fn is_full(&self, now: DateTime<Utc>) -> bool {
        [self.full, self.promised].into_iter().flatten().all(|time| time <= now)
    }
}

fn later(now: DateTime<Utc>, wait: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(wait).ok().and_then(|wait| now.checked_add_signed(wait)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUSY: DeferralReason = DeferralReason::Throttled(429);

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_time_that_the_server_names_is_kept_and_else_pauses_double() {
        let asked = Cooldown::after(None, BUSY, Some(seconds(3600)), at(0));
        assert_eq!((asked.left(at(3599)), asked.left(at(3600))), (Some(seconds(1)), None));
        let first = Cooldown::after(None, BUSY, None, at(0));
        let second = Cooldown::after(Some(first), BUSY, None, at(30));
        assert_eq!(
            (first.left(at(0)), second.left(at(30))),
            (Some(seconds(30)), Some(seconds(60)))
        );
        let long = (0..40)
            .fold(second, |before, _| Cooldown::after(Some(before), BUSY, None, before.until));
        assert_eq!(long.length, COOLDOWN.longest);
    }

    #[test]
    fn answers_that_come_together_are_one_reason_and_the_longest_time_holds() {
        let asked = Cooldown::after(None, BUSY, Some(seconds(600)), at(0));
        assert_eq!(Cooldown::after(Some(asked), BUSY, None, at(1)), asked);
        assert_eq!(
            Cooldown::after(Some(asked), BUSY, Some(seconds(900)), at(1)).left(at(1)),
            Some(seconds(900))
        );
        assert_eq!(asked.left(at(-9999)), Some(seconds(600)), "a clock that was set back");
    }

    #[test]
    fn a_bucket_lets_a_burst_through_and_then_one_request_each_spacing() {
        let pace = Pace { spacing: seconds(2), burst: 3 };
        let mut bucket = Bucket::default();
        let mut take = |now| bucket.take(pace, seconds(60), Order::Queued, at(now));
        assert_eq!(
            [take(0), take(0), take(0), take(0), take(0)],
            [0, 0, 0, 2, 4].map(|wait| Ok(seconds(wait)))
        );
        assert_eq!(take(100), Ok(seconds(0)));
        assert!(!bucket.is_full(at(101)));
        assert!(bucket.is_full(at(102)));
    }

    #[test]
    fn those_who_would_wait_too_long_are_told_to_come_back_one_after_the_other() {
        let pace = Pace { spacing: seconds(10), burst: 1 };
        let mut bucket = Bucket::default();
        let mut take = |now| bucket.take(pace, seconds(5), Order::Queued, at(now));
        assert_eq!(
            [take(0), take(0), take(0)],
            [Ok(seconds(0)), Err(seconds(10)), Err(seconds(20))]
        );
        assert_eq!(
            bucket.take(pace, seconds(5), Order::Next, at(0)),
            Err(seconds(10)),
            "others wait for no queue"
        );
        let mut take = |now| bucket.take(pace, seconds(5), Order::Queued, at(now));
        assert_eq!([take(10), take(20)], [Ok(seconds(0)), Ok(seconds(0))]);
        assert_eq!(take(-99_999), Ok(seconds(0)), "a clock that was set back");
    }

    #[test]
    fn polls_and_pages_take_turns_at_a_slow_paced_host_whichever_comes_sooner() {
        let pace = Pace { spacing: seconds(10), burst: 1 };
        let mut bucket = Bucket::default();
        let (mut poll, mut taken) = (at(0), Vec::new());
        for second in 0..100 {
            // Pages come in the moment in which there is a token, before the poll that is due then.
            for (who, order, patience, comes) in
                [("page", Order::Next, 1, true), ("poll", Order::First, 5, poll <= at(second))]
            {
                if !comes {
                    continue;
                }
                match bucket.take(pace, seconds(patience), order, at(second)) {
                    Ok(wait) => taken.push((second + i64::try_from(wait.as_secs()).unwrap(), who)),
                    Err(wait) => poll = if who == "poll" { later(at(second), wait) } else { poll },
                }
            }
        }
        let whose: Vec<_> = taken.iter().map(|taken| taken.1).collect();
        assert!(whose.chunks_exact(2).all(|chunk| chunk[0] != chunk[1]), "{taken:?}");
        assert!(
            taken.windows(2).all(|pair| pair[1].0 - pair[0].0 == 10),
            "no token is lost: {taken:?}"
        );
    }
}

//! What is to be expected of a source from a poll on, and when that is worth the next one.

use super::{
    DAY, SCALES,
    shape::{SLOT, Shape},
};

/// What is to be expected of a source after a poll.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// Entries a day, on each scale.
    pub(super) levels: [f64; 4],
    pub(super) shape: Shape,
    pub(super) now: f64,
}

/// When the waiting is worth a poll, and how many entries will wait then.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Worth {
    /// The wait until then, in seconds.
    pub wait: f64,
    /// Entries that are expected till then.
    pub entries: f64,
}

impl Expectation {
    /// Entries a day, in the long run.
    #[must_use]
    pub fn per_day(&self) -> f64 {
        self.levels[3]
    }

    /// The hour of the day, in UTC, in which most is published, and its share of the day.
    #[must_use]
    pub fn busiest_hour(&self) -> (usize, f64) {
        self.shape.busiest_hour()
    }

    /// The share of a day's entries of each hour, in UTC.
    #[must_use]
    pub fn hours(&self) -> [f64; 24] {
        self.shape.hours()
    }

    /// Polls a day that it is worth at a price of one: by the square root of its rate.
    #[must_use]
    pub fn appetite(&self) -> f64 {
        (self.levels[2] / 2.0).sqrt() * self.shape.mean_root()
    }

    /// When the time that entries are expected to have waited, summed over them, reaches the price
    /// of a poll (in days), or `room` entries are expected, or `longest` seconds have passed.
    #[must_use]
    pub fn worth(&self, price: f64, room: f64, longest: f64) -> Worth {
        let (mut entries, mut waited) = (0.0, 0.0);
        let mut wait = longest;
        let mut passed = 0.0;
        each_slot(self.now, self.now + longest, |middle, seconds| {
            let (rate, days) = (self.rate(middle), seconds / DAY);
            let fits = waited + (entries + rate * days / 2.0) * days < price
                && entries + rate * days < room;
            if fits {
                waited += (entries + rate * days / 2.0) * days;
                entries += rate * days;
                passed += seconds;
            } else {
                let by_price =
                    ((entries * entries + 2.0 * rate * (price - waited)).sqrt() - entries) / rate;
                let days = by_price.min((room - entries).max(0.0) / rate);
                entries += rate * days;
                wait = (passed + days * DAY).min(longest);
            }
            !fits
        });
        Worth { wait, entries }
    }

    /// Entries a day at a time to come: what is out of the ordinary passes as quickly as it is
    /// noticed.
    fn rate(&self, time: f64) -> f64 {
        let passes = |scale: usize| {
            (self.levels[scale] - self.levels[scale + 1])
                * (-(time - self.now) / SCALES[scale]).exp()
        };
        let level = self.levels[3] + passes(2) + passes(1) + passes(0);
        level.max(1e-6) * self.shape.at(time)
    }
}

/// Goes through the slots between two times, with the middle and the length of each, until told to
/// stop.
pub(super) fn each_slot(from: f64, to: f64, mut visit: impl FnMut(f64, f64) -> bool) {
    let mut at = from;
    while at < to {
        // Rounding must not make a slot of no length: each step is a second at least.
        let end = ((at / SLOT).floor() * SLOT + SLOT).max(at + 1.0).min(to);
        if visit(f64::midpoint(at, end), end - at) {
            return;
        }
        at = end;
    }
}

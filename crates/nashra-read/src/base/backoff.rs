//! How long to wait before what failed is tried again: ever longer, up to a bound.
//!
//! Pure. Who fails with many others at a time spreads these waits itself.

use std::time::Duration;

/// Waits that grow by a factor, from the first up to the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The wait after the first failure.
    pub first: Duration,
    /// By how much each further one is longer.
    pub factor: u32,
    /// No wait is longer.
    pub longest: Duration,
}

impl Backoff {
    /// Waits that double.
    #[must_use]
    pub const fn doubling(first: Duration, longest: Duration) -> Self {
        Self { first, factor: 2, longest }
    }

    /// The wait after a failure that so many others came before, in a row.
    #[must_use]
    pub fn wait(&self, before: u32) -> Duration {
        self.first
            .saturating_mul(self.factor.checked_pow(before).unwrap_or(u32::MAX))
            .min(self.longest)
    }

    /// Its waits one after the other.
    #[must_use]
    pub const fn waits(self) -> Waits {
        Waits { backoff: self, before: 0 }
    }
}

/// The waits of something that is tried until it succeeds.
#[derive(Debug)]
pub struct Waits {
    backoff: Backoff,
    before: u32,
}

impl Waits {
    /// The wait after a further failure.
    pub fn failed(&mut self) -> Duration {
        let wait = self.backoff.wait(self.before);
        self.before = self.before.saturating_add(1);
        wait
    }

    /// It has succeeded: the next failure is a first one.
    pub fn succeeded(&mut self) {
        self.before = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_the_longest_and_begin_anew_after_a_success() {
        let backoff = Backoff::doubling(Duration::from_millis(250), Duration::from_secs(5));
        let mut waits = backoff.waits();
        let ms = [(); 7].map(|()| waits.failed().as_millis());
        assert_eq!(ms, [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
        waits.succeeded();
        assert_eq!(waits.failed(), backoff.first);
        for before in [31, 32, u32::MAX] {
            assert_eq!(backoff.wait(before), backoff.longest);
        }
        assert_eq!(Backoff { factor: 4, ..backoff }.wait(2), Duration::from_secs(4));
    }
}

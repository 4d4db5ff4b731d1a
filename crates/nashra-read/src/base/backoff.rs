//! How long to wait before something that failed is tried again: ever longer, up to a bound.
//!
//! Pure. There is no jitter: a caller that fails together with many others adds its own.

use std::time::Duration;

/// Waits that grow by a factor, from the first up to the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The wait after the first failure.
    pub first: Duration,
    /// The factor by which each further wait is longer.
    pub factor: u32,
    /// The longest wait.
    pub longest: Duration,
}

impl Backoff {
    /// Waits that double from `first` up to `longest`.
    #[must_use]
    pub const fn doubling(first: Duration, longest: Duration) -> Self {
        Self { first, factor: 2, longest }
    }

    /// The wait after a failure; `before` is the number of failures in a row before it.
    #[must_use]
    pub fn wait(&self, before: u32) -> Duration {
        self.first
            .saturating_mul(self.factor.checked_pow(before).unwrap_or(u32::MAX))
            .min(self.longest)
    }

    /// A counter that gives the waits one after the other.
    #[must_use]
    pub const fn waits(self) -> Waits {
        Waits { backoff: self, before: 0 }
    }
}

/// Counts the failures of something that is tried until it succeeds.
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

    /// Notes a success: the next failure counts as the first one.
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

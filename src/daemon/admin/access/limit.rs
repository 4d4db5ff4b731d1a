//! How often something may be done.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// So many at once after a rest, and one more after each interval (a token bucket).
#[derive(Debug)]
pub(super) struct Bucket {
    burst: u32,
    interval: Duration,
    /// When all of the burst is there again.
    full: Mutex<Option<Instant>>,
}

impl Bucket {
    pub(super) fn new(burst: u32, interval: Duration) -> Self {
        Self { burst, interval, full: Mutex::new(None) }
    }

    /// Takes one.
    ///
    /// # Errors
    /// The seconds after which there is one.
    pub(super) fn take(&self) -> Result<(), u64> {
        self.ask(true, Instant::now())
    }

    /// Whether there is one.
    pub(super) fn peek(&self) -> Result<(), u64> {
        self.ask(false, Instant::now())
    }

    fn ask(&self, takes: bool, now: Instant) -> Result<(), u64> {
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        let then = full.unwrap_or(now).max(now) + self.interval;
        let over = (then - now).saturating_sub(self.interval * self.burst);
        if over > Duration::ZERO {
            return Err(over.as_secs() + 1);
        }
        if takes {
            *full = Some(then);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_taken_at_once_and_one_more_after_each_interval() {
        let (bucket, now) = (Bucket::new(3, Duration::from_secs(2)), Instant::now());
        assert!((0..3).all(|_| bucket.ask(true, now).is_ok()));
        assert_eq!(bucket.ask(true, now), Err(3));
        let later = now + Duration::from_secs(2);
        assert_eq!((bucket.ask(false, later), bucket.ask(true, later)), (Ok(()), Ok(())));
        assert!(bucket.ask(true, later).is_err());
    }
}

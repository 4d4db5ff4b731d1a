//! For how long a fetch has heard nothing of its host. What it waits for on our side, the host's
//! turn or room in memory, is no silence of the host's.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Since when a host is waited for; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Silence(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    since: Option<Instant>,
    longest: Duration,
}

impl Silence {
    /// The host is waited for from now on.
    pub(crate) fn begin(&self, now: Instant) {
        self.state().since = Some(now);
    }

    /// It is not waited for any more.
    pub(crate) fn end(&self, now: Instant) {
        let mut state = self.state();
        if let Some(since) = state.since.take() {
            state.longest = state.longest.max(now.saturating_duration_since(since));
        }
    }

    /// Since when it is waited for, where it is.
    pub(crate) fn since(&self) -> Option<Instant> {
        self.state().since
    }

    /// For how long it was waited for at most, in one go.
    pub(crate) fn longest(&self, now: Instant) -> Duration {
        let state = self.state();
        state
            .longest
            .max(state.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since)))
    }

    /// Waits for something that is not the host's.
    pub(super) async fn pause<T>(&self, wait: impl Future<Output = T>) -> T {
        let waited_for = self.since().is_some();
        self.end(Instant::now());
        let outcome = wait.await;
        if waited_for {
            self.begin(Instant::now());
        }
        outcome
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_waited_for_on_our_side_is_no_silence_of_the_host() {
        let silence = Silence::default();
        silence.pause(async { assert!(silence.since().is_none()) }).await;
        assert!(silence.since().is_none(), "nobody cares");
        silence.begin(Instant::now());
        silence.pause(async { assert!(silence.since().is_none()) }).await;
        assert!(silence.since().is_some());
    }
}

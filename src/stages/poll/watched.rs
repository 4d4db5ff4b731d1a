//! The fetches of one poll, watched: whether its host answers, and that it gives way where it does
//! not and others wait.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    fetch::{Deferred, Fetch, Memory, Outcome, Request, Silence},
    model::lane::SourceKey,
};

/// What is seen of a poll from outside.
#[derive(Debug, Clone, Default)]
pub(super) struct FetchWatch {
    /// For how long a host is silent that it asks.
    pub(super) silence: Silence,
    /// Others wait for its place: what has no answer yet is to end.
    pub(super) give_way: CancellationToken,
    /// Whether any host said something.
    pub(super) answered: Arc<AtomicBool>,
}

/// A fetcher for one poll.
#[derive(Debug)]
pub(super) struct WatchedFetcher<F> {
    fetcher: F,
    watch: FetchWatch,
    source: SourceKey,
}

impl<F> WatchedFetcher<F> {
    pub(super) fn new(fetcher: F, source: SourceKey, watch: FetchWatch) -> Self {
        Self { fetcher, watch, source }
    }
}

impl<F: Fetch> Fetch for WatchedFetcher<F> {
    async fn fetch(&self, request: Request) -> Outcome {
        let FetchWatch { silence, give_way, answered } = &self.watch;
        silence.begin(Instant::now());
        let outcome = tokio::select! {
            biased;
            outcome = self.fetcher.fetch(Request { silence: silence.clone(), ..request }) => outcome,
            () = give_way.cancelled() => Outcome::Deferred(Deferred::GAVE_WAY),
        };
        silence.end(Instant::now());
        if outcome.is_answer() {
            answered.store(true, Ordering::Relaxed);
        }
        outcome
    }

    fn memory(&self) -> Memory {
        self.fetcher.memory().for_source(self.source)
    }

    fn cool_down(&self, host: &str, wait: std::time::Duration) {
        self.fetcher.cool_down(host, wait);
    }
}

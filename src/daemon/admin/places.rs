//! How many answers are made at once: the others wait a little for a place.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// The places of answers; clones share them.
#[derive(Debug, Clone)]
pub(super) struct AnswerPlaces {
    places: Arc<Semaphore>,
    patience: Duration,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(super) struct AnswerPlace(#[expect(dead_code, reason = "held")] OwnedSemaphorePermit);

impl AnswerPlaces {
    /// So many at once; the others wait for so long.
    pub(super) fn new(most: usize, patience: Duration) -> Self {
        Self { places: Arc::new(Semaphore::new(most)), patience }
    }

    /// Waits for a place; none where that takes too long.
    pub(super) async fn take(&self) -> Option<AnswerPlace> {
        // It fails only on a closed semaphore, and nobody closes this one.
        let place = timeout(self.patience, Arc::clone(&self.places).acquire_owned()).await;
        place.ok()?.ok().map(AnswerPlace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_place_that_is_taken_is_waited_for_and_not_for_ever() {
        let places = AnswerPlaces::new(1, Duration::ZERO);
        let first = places.take().await.unwrap();
        assert!(places.clone().take().await.is_none());
        drop(first);
        assert!(places.take().await.is_some());
    }
}

//! Places that go round by source: who asks for many at once waits for those that ask for few, and
//! not the other way round.
//!
//! What must stay true: a place that is given back goes to the source whose turn it is, and to none
//! that has stopped waiting.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use crate::model::lane::SourceKey;

/// So many places; clones share them.
#[derive(Debug, Clone)]
pub(super) struct Turnstile(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    free: usize,
    /// Of each who waits, once.
    order: VecDeque<Option<SourceKey>>,
    waiting: HashMap<Option<SourceKey>, VecDeque<oneshot::Sender<Place>>>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(super) struct Place(Turnstile);

impl Turnstile {
    pub(super) fn new(places: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            free: places,
            order: VecDeque::new(),
            waiting: HashMap::new(),
        })))
    }

    /// Waits for a place. What is no source's stands in the round as one more.
    pub(super) async fn acquire(&self, whose: Option<SourceKey>) -> Option<Place> {
        let given = {
            let mut state = self.state();
            if state.free > 0 {
                state.free -= 1;
                drop(state);
                return Some(Place(self.clone()));
            }
            let (give, given) = oneshot::channel();
            let State { order, waiting, .. } = &mut *state;
            let of_source = waiting.entry(whose).or_insert_with(|| {
                order.push_back(whose);
                VecDeque::new()
            });
            of_source.push_back(give);
            given
        };
        // Whoever waits is given one in the end.
        given.await.ok()
    }

    /// How many nobody has.
    #[cfg(test)]
    pub(super) fn free(&self) -> usize {
        self.state().free
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whose turn it is; without anyone the place is free.
    fn next_waiter(&mut self) -> Option<oneshot::Sender<Place>> {
        let Some(whose) = self.order.pop_front() else {
            self.free += 1;
            return None;
        };
        let of_source = self.waiting.get_mut(&whose)?;
        let next = of_source.pop_front();
        if of_source.is_empty() {
            self.waiting.remove(&whose);
        } else {
            self.order.push_back(whose);
        }
        next
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let next = self.0.state().next_waiter();
        if let Some(next) = next {
            // Who has stopped waiting lets it go, and that passes it on.
            next.send(Self(self.0.clone())).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_source_that_asks_for_many_places_gets_every_second_beside_one_that_asks_for_one() {
        let places = Turnstile::new(1);
        let [many, few] = ["many", "few"].map(|name| Some(SourceKey::new(name)));
        let held = places.acquire(many).await;
        let mut waiting: Vec<_> = (0..64).map(|_| Box::pin(places.acquire(many))).collect();
        assert!(waiting.iter_mut().all(|waiting| waiting.now_or_never().is_none()));
        let mut one = Box::pin(places.acquire(few));
        assert!(one.as_mut().now_or_never().is_none());
        drop(held);
        let first = waiting.remove(0).now_or_never().flatten();
        assert!(first.is_some());
        drop(first);
        let one = one.now_or_never().flatten();
        assert!(one.is_some(), "63 others came before it");
        // The next of the many has stopped waiting.
        drop(waiting.remove(0));
        drop(one);
        assert!(waiting.remove(0).now_or_never().flatten().is_some());
        drop(waiting);
        assert_eq!(places.free(), 1);
    }
}

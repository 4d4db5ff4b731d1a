//! Who may send a body now: so many at once, and of one subscription a few, so that a hub whose
//! bodies come slowly holds up nobody's but its own. Slots are released by dropping; who is not in
//! the table has none.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// Bodies that are held at once; who comes then waits.
pub(crate) const BODIES: usize = 16;
/// How many of these one subscription may have.
const EACH: usize = 2;
/// Of one subscription so many may hold a slot or wait for one.
const WAITING: usize = 10;

/// The slots of all bodies, and those of each subscription.
#[derive(Debug)]
pub(super) struct Slots {
    all: Semaphore,
    each: Mutex<HashMap<Arc<str>, SubscriptionSlots>>,
}

#[derive(Debug)]
struct SubscriptionSlots {
    slots: Arc<Semaphore>,
    /// How many requests hold a slot or wait for one.
    claims: usize,
}

/// The right to send a body, until it is dropped.
#[derive(Debug)]
pub(super) struct Slot<'a> {
    // Given back before the claim is: fields drop in this order.
    _of_all: Option<SemaphorePermit<'a>>,
    _of_subscription: Option<OwnedSemaphorePermit>,
    _claim: Claim<'a>,
}

#[derive(Debug)]
struct Claim<'a> {
    slots: &'a Slots,
    token: Arc<str>,
}

impl Slots {
    pub(super) fn new() -> Self {
        Self { all: Semaphore::new(BODIES), each: Mutex::default() }
    }

    /// Waits for a slot, first come first served; `None` where too many of this subscription wait.
    pub(super) async fn acquire(&self, token: &str) -> Option<Slot<'_>> {
        let (claim, slots) = self.enter(token)?;
        // Both fail only where they are closed, and nobody closes them.
        let of_subscription = slots.acquire_owned().await.ok();
        Some(Slot {
            _of_all: self.all.acquire().await.ok(),
            _of_subscription: of_subscription,
            _claim: claim,
        })
    }

    fn enter(&self, token: &str) -> Option<(Claim<'_>, Arc<Semaphore>)> {
        let token: Arc<str> = Arc::from(token);
        let mut each = self.each();
        let new = || SubscriptionSlots { slots: Arc::new(Semaphore::new(EACH)), claims: 0 };
        let subscription = each.entry(Arc::clone(&token)).or_insert_with(new);
        if subscription.claims >= WAITING {
            return None;
        }
        subscription.claims += 1;
        let slots = Arc::clone(&subscription.slots);
        drop(each);
        Some((Claim { slots: self, token }, slots))
    }

    fn each(&self) -> MutexGuard<'_, HashMap<Arc<str>, SubscriptionSlots>> {
        self.each.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut each = self.slots.each();
        if let Some(subscription) = each.get_mut(&self.token) {
            subscription.claims -= 1;
            if subscription.claims == 0 {
                each.remove(&self.token);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn slow_bodies_of_one_subscription_hold_up_no_other() {
        let slots = Slots::new();
        let held: Vec<_> =
            (0..EACH).map(|_| slots.acquire("slow").now_or_never().unwrap().unwrap()).collect();
        let mut waiting: Vec<_> =
            (EACH..WAITING).map(|_| Box::pin(slots.acquire("slow"))).collect();
        assert!(waiting.iter_mut().all(|waiting| waiting.now_or_never().is_none()));
        assert!(slots.acquire("slow").now_or_never().unwrap().is_none(), "it may send again later");
        assert!(slots.acquire("other").now_or_never().unwrap().is_some());
        drop(held);
        assert!(waiting[0].as_mut().now_or_never().unwrap().is_some());
        drop(waiting);
        assert!(slots.each().is_empty());
    }
}

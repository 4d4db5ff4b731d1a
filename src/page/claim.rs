//! Claims on entries: an entry that is being read is read once at a time.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::mpsc;

use crate::{article::Candidate, store::PendingKey};

/// The entries that are being read. Shared by the dispatcher and its claims alone.
#[derive(Debug, Clone)]
pub(super) struct Claims {
    held: Arc<Mutex<HashSet<[u8; 8]>>>,
    released: mpsc::Sender<PendingKey>,
}

impl Claims {
    /// `released` must have room for every claim that can be held at once.
    pub(super) fn new(released: mpsc::Sender<PendingKey>) -> Self {
        Self { held: Arc::default(), released }
    }

    /// Which entries are held now.
    pub(super) fn held(&self) -> HashSet<[u8; 8]> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes an entry; `None` where it is taken.
    pub(super) fn claim(&self, key: PendingKey) -> Option<Claim> {
        let taken = self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(key.entry());
        taken.then(|| Claim { key, claims: self.clone() })
    }
}

/// Held from before an entry's fetch until its decision is durable; dropping it releases the entry.
#[derive(Debug)]
pub struct Claim {
    key: PendingKey,
    claims: Claims,
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.claims.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key.entry());
        // The queue has a place for every claim; it is closed only when nobody waits any more.
        self.claims.released.try_send(self.key).ok();
    }
}

/// A candidate and the claim on its entry.
#[derive(Debug)]
pub struct Claimed {
    /// What was made of it.
    pub candidate: Candidate,
    /// Released after the commit.
    pub claim: Claim,
}

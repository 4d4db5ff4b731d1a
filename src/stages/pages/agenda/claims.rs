//! The entries that are being read, their weights, and the rows that were passed over because of
//! them.
//!
//! What must stay true: an entry has one ticket, whichever of its rows was found. Releasing it
//! subtracts its weight once, and returns the rows that were passed over because of it.

use std::collections::HashMap;

use crate::{model::pending::PendingKey, stages::places::Ticket};

/// The weight of an entry whose document is here already grows by one for each so many bytes: the
/// documents of a topic may have megabytes.
pub(super) const PORTION: usize = 64 << 10;

/// The claim on one entry.
#[derive(Debug, Clone, Copy)]
struct EntryClaim {
    /// The row of the entry that was found.
    key: PendingKey,
    /// How much it counts against the bounds.
    weight: usize,
}

/// The claims on all entries that are being read.
#[derive(Debug, Default)]
pub(super) struct Claims {
    by_ticket: HashMap<Ticket, EntryClaim>,
    /// The ticket of each entry that is being read.
    entries: HashMap<[u8; 8], Ticket>,
    /// How many tickets were given out.
    tickets: u64,
    /// The weights of entries whose page is fetched.
    pub(super) pages: usize,
    /// The weights of entries whose document is here already.
    pub(super) here: usize,
    /// Rows that were passed over because another row of their entry is being read.
    passed_over: HashMap<[u8; 8], Vec<PendingKey>>,
}

impl Claims {
    /// Whether an entry is being read.
    pub(super) fn is_claimed(&self, key: PendingKey) -> bool {
        self.entries.contains_key(&key.entry())
    }

    /// The row of an entry that is being read.
    pub(super) fn key(&self, ticket: Ticket) -> Option<PendingKey> {
        self.by_ticket.get(&ticket).map(|claim| claim.key)
    }

    /// Claims an entry; `bytes` is the size of its document, where that is here already.
    pub(super) fn begin(&mut self, key: PendingKey, bytes: usize) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let weight = if is_here(key) { 1 + bytes / PORTION } else { 1 };
        self.by_ticket.insert(ticket, EntryClaim { key, weight });
        self.entries.insert(key.entry(), ticket);
        *self.sum(key) += weight;
        ticket
    }

    /// Keeps a row whose entry is being read for later, unless it is the row that is being read.
    pub(super) fn pass_over(&mut self, key: PendingKey) {
        let ticket = self.entries.get(&key.entry()).copied();
        let is_own = ticket.and_then(|ticket| self.key(ticket)) == Some(key);
        let passed_over = self.passed_over.entry(key.entry()).or_default();
        if !is_own && !passed_over.contains(&key) {
            passed_over.push(key);
        }
    }

    /// Ends a claim; returns the rows that were passed over meanwhile.
    pub(super) fn release(&mut self, ticket: Ticket) -> Option<Vec<PendingKey>> {
        let EntryClaim { key, weight } = self.by_ticket.remove(&ticket)?;
        self.entries.remove(&key.entry());
        *self.sum(key) -= weight;
        Some(self.passed_over.remove(&key.entry()).unwrap_or_default())
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.by_ticket.is_empty()
            && self.entries.is_empty()
            && self.passed_over.is_empty()
            && (self.pages, self.here) == (0, 0)
    }

    /// The sum of weights that an entry counts in.
    fn sum(&mut self, key: PendingKey) -> &mut usize {
        if is_here(key) { &mut self.here } else { &mut self.pages }
    }
}

/// Whether an entry's document is here already, so that no host is asked for it.
fn is_here(key: PendingKey) -> bool {
    key.lane().host().is_none()
}

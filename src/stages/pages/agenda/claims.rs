//! Which entries are under way, how much they count, and which rows stand behind them.
//!
//! What must stay true: an entry has one ticket, whichever of its rows was found; what it counts is
//! given back once, and with it come the rows that were passed over on its account.

use std::collections::HashMap;

use crate::{model::pending::PendingKey, stages::places::Ticket};

/// An entry that is here already counts once more for each so many bytes: those of one source may
/// have megabytes.
const PORTION: usize = 64 << 10;

/// An entry that is under way.
#[derive(Debug, Clone, Copy)]
struct Flight {
    key: PendingKey,
    /// How often it counts among the claims.
    weight: usize,
}

/// What is under way.
#[derive(Debug, Default)]
pub(super) struct Claims {
    flights: HashMap<Ticket, Flight>,
    /// The ticket of each entry that is being read.
    entries: HashMap<[u8; 8], Ticket>,
    tickets: u64,
    /// What entries with a page count.
    pub(super) pages: usize,
    /// What entries count that are here already.
    pub(super) here: usize,
    /// Rows that were passed over because another row of their entry is being read.
    behind: HashMap<[u8; 8], Vec<PendingKey>>,
}

impl Claims {
    /// Whether an entry is being read.
    pub(super) fn is_claimed(&self, key: PendingKey) -> bool {
        self.entries.contains_key(&key.entry())
    }

    /// The row of an entry that is under way.
    pub(super) fn key(&self, ticket: Ticket) -> Option<PendingKey> {
        self.flights.get(&ticket).map(|flight| flight.key)
    }

    /// Claims an entry, whose document has so many bytes where it is here already.
    pub(super) fn begin(&mut self, key: PendingKey, bytes: usize) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let weight = if is_here(key) { 1 + bytes / PORTION } else { 1 };
        self.flights.insert(ticket, Flight { key, weight });
        self.entries.insert(key.entry(), ticket);
        *self.count(key) += weight;
        ticket
    }

    /// Keeps in mind a row whose entry is being read, unless that is the row that is being read.
    pub(super) fn pass_over(&mut self, key: PendingKey) {
        let ticket = self.entries.get(&key.entry()).copied();
        let is_own = ticket.and_then(|ticket| self.key(ticket)) == Some(key);
        let behind = self.behind.entry(key.entry()).or_default();
        if !is_own && !behind.contains(&key) {
            behind.push(key);
        }
    }

    /// Ends a claim; gives its row, and those that were passed over meanwhile.
    pub(super) fn release(&mut self, ticket: Ticket) -> Option<(PendingKey, Vec<PendingKey>)> {
        let Flight { key, weight } = self.flights.remove(&ticket)?;
        self.entries.remove(&key.entry());
        *self.count(key) -= weight;
        Some((key, self.behind.remove(&key.entry()).unwrap_or_default()))
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.flights.is_empty()
            && self.entries.is_empty()
            && self.behind.is_empty()
            && (self.pages, self.here) == (0, 0)
    }

    /// The count that an entry is of.
    fn count(&mut self, key: PendingKey) -> &mut usize {
        if is_here(key) { &mut self.here } else { &mut self.pages }
    }
}

/// Whether an entry is here already, so that no host is asked for it.
fn is_here(key: PendingKey) -> bool {
    key.lane().host().is_none()
}

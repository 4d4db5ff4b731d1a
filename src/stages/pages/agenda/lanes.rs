//! The lanes with rows that nobody has claimed, and when those whose time has not come are due.
//!
//! What must stay true: `later` holds just the lanes whose state is [`LaneState::Later`], by the
//! due time of their next row.

use std::collections::{BTreeSet, HashMap};

use crate::{
    model::{lane::Lane, pending::PendingKey},
    stages::places::Ticket,
};

/// The order of the lanes that wait for one host: first those whose entry was told to wait when it
/// had its turn, then the others as they arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Order {
    /// By the ticket of the reading that was told to wait.
    Paced(Ticket),
    /// By the number of the arrival.
    Arrived(u64),
    /// Looks come last; a host has one lane of them.
    Look,
}

/// What a lane waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LaneState {
    /// Its time has not come.
    Later,
    /// It waits for a turn.
    Ready,
    /// It waits for its host.
    AtHost,
}

/// A lane with rows that nobody has claimed.
#[derive(Debug, Clone, Copy)]
pub(super) struct WaitingLane {
    /// No row before this one is left to claim.
    next: PendingKey,
    pub(super) state: LaneState,
    pub(super) order: Order,
}

/// Every lane with rows that nobody has claimed.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    known: HashMap<Lane, WaitingLane>,
    /// Lanes whose time has not come, by when it does, in milliseconds since 1970.
    later: BTreeSet<(u64, Lane)>,
    /// How many lanes have become due.
    arrivals: u64,
}

impl Lanes {
    /// Notes a row that nobody has claimed.
    pub(super) fn note_row(&mut self, row: PendingKey) {
        let lane = row.lane();
        if let Some(known) = self.known.get_mut(&lane) {
            if row >= known.next {
                return;
            }
            if known.state == LaneState::Later {
                self.later.remove(&(known.next.due_ms(), lane));
                self.later.insert((row.due_ms(), lane));
            }
            known.next = row;
        } else {
            self.known.insert(
                lane,
                WaitingLane { next: row, state: LaneState::Later, order: Order::Arrived(u64::MAX) },
            );
            self.later.insert((row.due_ms(), lane));
        }
    }

    /// Puts a row that was told to wait back to the front of its lane, which is ready from now on
    /// and goes by `order`. Returns how the lane stood before.
    pub(super) fn put_back(&mut self, row: PendingKey, order: Order) -> Option<WaitingLane> {
        let lane = row.lane();
        let before = self.known.get(&lane).copied();
        let (next, order) =
            before.map_or((row, order), |before| (before.next.min(row), before.order.min(order)));
        if let Some(before) = before.filter(|before| before.state == LaneState::Later) {
            self.later.remove(&(before.next.due_ms(), lane));
        }
        self.known.insert(lane, WaitingLane { next, state: LaneState::Ready, order });
        before
    }

    /// Returns a lane that has become due by now, in milliseconds since 1970; it is ready from then
    /// on.
    pub(super) fn take_due(&mut self, now_ms: u64) -> Option<Lane> {
        let (due, lane) = *self.later.first().filter(|(due, _)| *due <= now_ms)?;
        self.later.remove(&(due, lane));
        self.arrivals += 1;
        if let Some(known) = self.known.get_mut(&lane) {
            let order = if lane.is_looks() { Order::Look } else { Order::Arrived(self.arrivals) };
            (known.state, known.order) = (LaneState::Ready, order);
        }
        Some(lane)
    }

    /// When the next lane becomes due, in milliseconds since 1970.
    pub(super) fn next_due_ms(&self) -> Option<u64> {
        self.later.first().map(|(due, _)| *due)
    }

    /// Sets what a lane that is due waits for, and returns its order.
    pub(super) fn set_state(&mut self, lane: Lane, state: LaneState) -> Option<Order> {
        let known = self.known.get_mut(&lane)?;
        known.state = state;
        Some(known.order)
    }

    /// The row from which on a lane has rows to claim.
    pub(super) fn next_row(&self, lane: Lane) -> PendingKey {
        self.known.get(&lane).map_or(PendingKey::first(lane, 0), |known| known.next)
    }

    /// Forgets a lane that has its turn.
    pub(super) fn remove(&mut self, lane: Lane) {
        self.known.remove(&lane);
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty() && self.later.is_empty()
    }
}

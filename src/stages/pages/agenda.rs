//! Which entry is read next. Pure: the stage says what is due, which reading ended and what time it
//! is, and obeys.
//!
//! Turns go round the sources, and within each source round its lanes, so a source does not get
//! more turns because it has more entries. [`places`](crate::stages::places) says whether the next
//! turn is for a prompt host (one that answers), an unknown one, or a slow one (one that kept us
//! waiting); [`kinds`] says whose it is.
//!
//! What must stay true:
//! - An entry is read once at a time, whichever of its rows is found ([`claims`]).
//! - No host has more fetches than its places; a slow host has one place.
//! - Looks at pages of published articles come after all that is new on their host, and on hosts of
//!   its kind.
//! - When a host may be asked again, it is first asked for the entry that was told to wait, then
//!   for an entry of another source.
//! - The work to find the next entry does not grow with the number of lanes, hosts or rows that
//!   wait.

mod claims;
mod hosts;
mod kinds;
mod lanes;
mod rotation;

use tokio::time::Instant;

use self::{
    claims::Claims,
    hosts::Hosts,
    kinds::TurnsByKind,
    lanes::{LaneState, Lanes, Order},
    rotation::Rotation,
};
use crate::{
    fetch::Silence,
    model::{
        lane::{HostKey, Lane},
        pending::PendingKey,
    },
    stages::places::{self, HostKind, Places, Ticket, standing::Standing},
    store::DueEntries,
};

/// Rows of a lane that are taken in one turn where no host is asked for them.
const ROWS_PER_TURN: usize = 16;
/// How much may be under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Fetches at once.
    pub(super) places: usize,
    /// Of these, fetches from one host.
    pub(super) per_host: usize,
    /// Entries with a page to fetch that are between the queue and a durable decision.
    pub(super) pages: usize,
    /// The same for entries whose document is here already, counted in units of
    /// [`claims::PORTION`] bytes.
    pub(super) here: usize,
}

/// The rows that are to be claimed next: up to `limit` due rows of a lane, from `from` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) from: PendingKey,
    pub(super) limit: usize,
}

/// The entries that wait, by lane, source and host, and those that are being read.
#[derive(Debug)]
pub(super) struct Agenda {
    bounds: Bounds,
    lanes: Lanes,
    /// Lanes with documents that are here already, so that no host is asked.
    here: Rotation,
    /// The other lanes that wait for a turn.
    turns: TurnsByKind,
    hosts: Hosts,
    places: Places,
    claims: Claims,
}

impl Agenda {
    /// Allows so many fetches from one host from now on.
    pub(super) fn set_per_host(&mut self, per_host: usize) {
        self.bounds.per_host = per_host;
    }

    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            lanes: Lanes::default(),
            here: Rotation::default(),
            turns: TurnsByKind::default(),
            hosts: Hosts::default(),
            places: Places::new(bounds.places),
            claims: Claims::default(),
            bounds,
        }
    }

    /// Notes that a lane has a row that is due at `due_ms`, in milliseconds since 1970.
    pub(super) fn note_due(&mut self, lane: Lane, due_ms: u64) {
        self.lanes.note_row(PendingKey::first(lane, due_ms));
    }

    /// Notes that a host answered another stage.
    pub(super) fn answered(&mut self, host: HostKey) {
        self.turns.set_standing(host, Standing::Prompt);
    }

    /// Whether an entry is being read.
    pub(super) fn is_claimed(&self, key: PendingKey) -> bool {
        self.claims.is_claimed(key)
    }

    /// The rows to claim now; [`Agenda::claim`] must be told which were found.
    pub(super) fn next_turn(&mut self, now_ms: u64, now: Instant) -> Option<Turn> {
        self.open_hosts(now_ms);
        self.take_up_due(now_ms);
        self.mark_slow(now);
        let room = self.bounds.here.saturating_sub(self.claims.here);
        if let Some(lane) = Some(&mut self.here).filter(|_| room > 0).and_then(Rotation::pop) {
            return Some(self.turn_of(lane, room.min(ROWS_PER_TURN)));
        }
        while self.claims.pages < self.bounds.pages
            && let Some(kind) = self.places.next(|kind| self.turns.waits(kind))
            && let Some((lane, host)) = self.pop(kind)
        {
            // What is known of the host may have changed while the lane waited.
            if !self.hosts.has_place(host, self.most_places(host)) {
                self.wait_for_host(lane, host);
            } else if self.turns.kind(host) == kind {
                return Some(self.turn_of(lane, 1));
            } else {
                self.wait_for_turn(lane, host);
            }
        }
        None
    }

    /// Claims the entries that were found in a turn.
    pub(super) fn claim(&mut self, turn: Turn, found: &DueEntries, now: Instant) -> Vec<Ticket> {
        self.lanes.remove(turn.from.lane());
        if let Some(next) = found.next {
            self.lanes.note_row(next);
        }
        for key in &found.claimed {
            self.claims.pass_over(*key);
        }
        let tickets = found
            .rows
            .iter()
            .zip(&found.bytes)
            .map(|((key, _), bytes)| self.begin(*key, *bytes, now))
            .collect();
        if let Some(host) = turn.from.lane().host() {
            self.refill(host);
        }
        tickets
    }

    fn begin(&mut self, key: PendingKey, bytes: usize, now: Instant) -> Ticket {
        let ticket = self.claims.begin(key, bytes);
        if let Some(host) = key.lane().host() {
            self.hosts.take_place(host);
            self.places.occupy(ticket, self.turns.kind(host), now);
        }
        ticket
    }

    /// Where the fetch of a reading notes how long its host is silent.
    pub(super) fn silence(&self, ticket: Ticket) -> Silence {
        self.places.silence(ticket)
    }

    /// Notes that a fetch no longer waits for its host; `answered` is whether the host answered.
    pub(super) fn fetched(&mut self, ticket: Ticket, answered: bool, now: Instant) {
        self.mark_slow(now);
        let Some(key) = self.claims.key(ticket) else { return };
        let (Some(host), Some(took)) = (key.lane().host(), self.places.answered(ticket, now))
        else {
            return;
        };
        if took >= places::SLOW {
            self.turns.set_standing(host, Standing::Slow);
        } else if answered {
            self.turns.set_standing(host, Standing::Prompt);
            self.turns.trust(key.lane().source());
        }
    }

    /// Notes that a reading has ended, which frees its place.
    pub(super) fn ended(&mut self, ticket: Ticket) {
        let host = self.claims.key(ticket).and_then(|key| key.lane().host());
        if let Some(host) = host.filter(|_| self.places.release(ticket)) {
            self.hosts.free_place(host);
            self.refill(host);
        }
    }

    /// Notes that the decision on an entry is durable. `again` is its row where it is to be read
    /// again.
    pub(super) fn released(&mut self, ticket: Ticket, again: Option<PendingKey>) {
        self.ended(ticket);
        let Some(passed_over) = self.claims.release(ticket) else { return };
        for row in passed_over.into_iter().chain(again) {
            self.lanes.note_row(row);
        }
    }

    /// Notes that an entry was not read because its host's next turn is at `next_ms`. The entry
    /// stays the first of its lane, and the lane goes before those that arrive later.
    pub(super) fn paced(&mut self, ticket: Ticket, next_ms: u64) {
        let Some(key) = self.claims.key(ticket) else { return };
        let Some(host) = key.lane().host() else {
            return self.released(ticket, Some(PendingKey::first(key.lane(), next_ms)));
        };
        self.hosts.shut(host, next_ms);
        self.released(ticket, None);
        let order = if key.lane().is_looks() { Order::Look } else { Order::Paced(ticket) };
        self.keep_turn(key, host, order);
    }

    /// Puts an entry that was told to wait back to the front of its lane, and the lane to its host.
    fn keep_turn(&mut self, key: PendingKey, host: HostKey, order: Order) {
        match self.lanes.put_back(key, order) {
            // It comes to its host at its turn, and the host has no room.
            Some(before) if before.state == LaneState::Ready => return,
            Some(before) if before.state == LaneState::AtHost => {
                self.hosts.stop_waiting(host, before.order);
            }
            _ => {}
        }
        self.wait_for_host(key.lane(), host);
    }

    /// Puts a lane among those that wait for their host, in its order.
    fn wait_for_host(&mut self, lane: Lane, host: HostKey) {
        if let Some(order) = self.lanes.set_state(lane, LaneState::AtHost) {
            self.hosts.wait(host, order, lane);
        }
    }

    /// Opens the hosts that may be asked again by now.
    pub(super) fn open_hosts(&mut self, now_ms: u64) {
        while let Some(host) = self.hosts.open_next(now_ms) {
            self.refill(host);
        }
    }

    /// The next fetch that has to end because others wait for its place.
    pub(super) fn next_to_give_way(&mut self) -> Option<Ticket> {
        let unknown = self.turns.unknown_len().min(self.places.room(HostKind::Unknown));
        self.places.preempt(self.turns.prompt_len() + unknown)
    }

    /// When the next lane becomes due or a host may be asked again, in milliseconds since 1970.
    pub(super) fn next_due(&self) -> Option<u64> {
        self.lanes.next_due_ms().into_iter().chain(self.hosts.next_opening_ms()).min()
    }

    /// Moves lanes that have become due to those that wait for a turn, or for their host.
    fn take_up_due(&mut self, now_ms: u64) {
        while let Some(lane) = self.lanes.take_due(now_ms) {
            match lane.host() {
                None => self.here.push(lane),
                Some(host) if self.hosts.has_room(host, self.most_places(host)) => {
                    self.wait_for_turn(lane, host);
                }
                Some(host) => self.wait_for_host(lane, host),
            }
        }
    }

    /// Counts hosts as slow whose fetches take long by now.
    fn mark_slow(&mut self, now: Instant) {
        while let Some((ticket, kind)) = self.places.next_slowed(now, self.turns.trusted_len()) {
            let Some(lane) = self.claims.key(ticket).map(|key| key.lane()) else { continue };
            let Some(host) = lane.host() else { continue };
            self.turns.set_standing(host, Standing::Slow);
            if kind == HostKind::Unknown {
                self.turns.doubt(lane.source());
            }
        }
    }

    fn turn_of(&self, lane: Lane, limit: usize) -> Turn {
        Turn { from: self.lanes.next_row(lane), limit }
    }

    /// Puts a lane among those that wait for a turn. Looks keep no room of their host free.
    fn wait_for_turn(&mut self, lane: Lane, host: HostKey) {
        if !lane.is_looks() {
            self.hosts.add_ready(host);
        }
        self.lanes.set_state(lane, LaneState::Ready);
        self.turns.push(lane, host);
    }

    /// Moves lanes that waited for a host to those that wait for a turn, while the host has room.
    fn refill(&mut self, host: HostKey) {
        let most = self.most_places(host);
        while let Some(lane) = self.hosts.next_waiting(host, most) {
            self.wait_for_turn(lane, host);
        }
    }

    /// The next lane among those of one kind of host.
    fn pop(&mut self, kind: HostKind) -> Option<(Lane, HostKey)> {
        let lane = self.turns.pop(kind)?;
        let host = lane.host()?;
        if !lane.is_looks() {
            self.hosts.remove_ready(host);
        }
        Some((lane, host))
    }

    /// The number of places that a host may take while it may be asked.
    fn most_places(&self, host: HostKey) -> usize {
        if self.turns.kind(host) == HostKind::Slow { 1 } else { self.bounds.per_host.max(1) }
    }
}

#[cfg(test)]
mod tests;

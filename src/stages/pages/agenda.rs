//! Which entry is read next. Pure: the stage says what is due, which reading ended and what time it
//! is, and obeys.
//!
//! Turns go round the sources, and within each source round its lanes, so a source does not get
//! more turns because it has more entries. [`places`](crate::stages::places) says whether the next
//! turn is for a prompt host (one that answers), an unknown one, or a slow one (one that kept us
//! waiting).
//!
//! What must stay true:
//! - An entry is read once at a time, whichever of its rows is found ([`claims`]).
//! - No host has more fetches than its places; a slow host has one place.
//! - Where the last unknown host of a source was slow, the source's other unknown hosts come after
//!   those of other sources.
//! - When a host may be asked again, it is first asked for the entry that was told to wait, then
//!   for an entry of another source.
//! - The work to find the next entry does not grow with the number of lanes, hosts or rows that
//!   wait.

mod claims;
mod rotation;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tokio::time::Instant;

use self::{claims::Claims, rotation::Rotation};
use crate::{
    fetch::Silence,
    model::{
        lane::{HostKey, Lane},
        pending::PendingKey,
    },
    stages::places::{
        self, HostKind, Places, Ticket,
        standing::{Standing, Standings},
    },
    store::DueEntries,
};

/// Rows of a lane that are taken in one turn where no host is asked for them.
const ROWS_PER_TURN: usize = 16;
/// Every so many turns of unknown hosts, one goes first to the sources whose last unknown host was
/// slow.
const DOUBTED_TURN_EVERY: u64 = 4;

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

/// A host that is asked now, or that lanes wait for.
#[derive(Debug, Default)]
struct Host {
    /// Places that fetches from it hold.
    places: usize,
    /// The number of its lanes that wait for a turn.
    ready: usize,
    /// Its lanes that wait until it has room; at most one of each source.
    waiting: BTreeMap<Order, Lane>,
    /// The time before which it is not asked, in milliseconds since 1970.
    shut_until: Option<u64>,
}

/// The order of the lanes that wait for one host: first those whose entry was told to wait when it
/// had its turn, then the others as they arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    /// By the ticket of the reading that was told to wait.
    Paced(Ticket),
    /// By the number of the arrival.
    Arrived(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LaneState {
    /// Its time has not come.
    Later,
    /// It waits for a turn.
    Ready,
    /// It waits for its host.
    AtHost,
}

/// A lane with rows that nobody has claimed.
#[derive(Debug, Clone, Copy)]
struct WaitingLane {
    /// No row before this one is left to claim.
    next: PendingKey,
    state: LaneState,
    order: Order,
}

/// The entries that wait, by lane, source and host, and those that are being read.
#[derive(Debug)]
pub(super) struct Agenda {
    bounds: Bounds,
    /// Every lane with rows that nobody has claimed.
    lanes: HashMap<Lane, WaitingLane>,
    /// Lanes whose time has not come, by when it does.
    later: BTreeSet<(u64, Lane)>,
    /// Lanes with documents that are here already, so that no host is asked.
    here: Rotation,
    /// Lanes of prompt hosts.
    prompt: Rotation,
    /// Lanes of unknown hosts: those of trusted sources, and those of doubted ones.
    unknown: [Rotation; 2],
    /// Lanes of slow hosts.
    slow: Rotation,
    /// How many turns unknown hosts have had.
    unknown_turns: u64,
    hosts: HashMap<HostKey, Host>,
    /// Hosts that are not asked before some time, by that time.
    shut: BTreeSet<(u64, HostKey)>,
    standings: Standings,
    places: Places,
    /// How many lanes have become due.
    arrivals: u64,
    claims: Claims,
}

impl Agenda {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            lanes: HashMap::new(),
            later: BTreeSet::new(),
            here: Rotation::default(),
            prompt: Rotation::default(),
            unknown: [Rotation::default(), Rotation::default()],
            slow: Rotation::default(),
            unknown_turns: 0,
            hosts: HashMap::new(),
            shut: BTreeSet::new(),
            standings: Standings::default(),
            places: Places::new(bounds.places),
            arrivals: 0,
            claims: Claims::default(),
            bounds,
        }
    }

    /// Notes that a lane has a row that is due at `due_ms`, in milliseconds since 1970.
    pub(super) fn note_due(&mut self, lane: Lane, due_ms: u64) {
        self.note_row(PendingKey::first(lane, due_ms));
    }

    fn note_row(&mut self, row: PendingKey) {
        let lane = row.lane();
        if let Some(known) = self.lanes.get_mut(&lane) {
            if row >= known.next {
                return;
            }
            if known.state == LaneState::Later {
                self.later.remove(&(known.next.due_ms(), lane));
                self.later.insert((row.due_ms(), lane));
            }
            known.next = row;
        } else {
            self.lanes.insert(
                lane,
                WaitingLane { next: row, state: LaneState::Later, order: Order::Arrived(u64::MAX) },
            );
            self.later.insert((row.due_ms(), lane));
        }
    }

    /// Notes that a host answered another stage.
    pub(super) fn answered(&mut self, host: HostKey) {
        self.standings.set(host, Standing::Prompt);
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
            && let Some(kind) = self.places.next(|kind| self.waits(kind))
            && let Some((lane, host)) = self.pop(kind)
        {
            // What is known of the host may have changed while the lane waited.
            let limit = self.limit(host);
            if self.hosts.entry(host).or_default().places >= limit {
                self.wait_for_host(lane, host);
            } else if self.kind(host) == kind {
                return Some(self.turn_of(lane, 1));
            } else {
                self.wait_for_turn(lane, host);
            }
        }
        None
    }

    /// Claims the entries that were found in a turn.
    pub(super) fn claim(&mut self, turn: Turn, found: &DueEntries, now: Instant) -> Vec<Ticket> {
        self.lanes.remove(&turn.from.lane());
        if let Some(next) = found.next {
            self.note_row(next);
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
            self.hosts.entry(host).or_default().places += 1;
            self.places.occupy(ticket, self.kind(host), now);
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
            self.standings.set(host, Standing::Slow);
        } else if answered {
            self.standings.set(host, Standing::Prompt);
            self.standings.trust(key.lane().source());
            let [trusted, doubted] = &mut self.unknown;
            doubted.hand_over(key.lane().source(), trusted);
        }
    }

    /// Notes that a reading has ended, which frees its place.
    pub(super) fn ended(&mut self, ticket: Ticket) {
        let host = self.claims.key(ticket).and_then(|key| key.lane().host());
        if let Some(host) = host.filter(|_| self.places.release(ticket)) {
            if let Some(known) = self.hosts.get_mut(&host) {
                known.places -= 1;
            }
            self.refill(host);
        }
    }

    /// Notes that the decision on an entry is durable. `again_ms` is when the entry is to be read
    /// again, where it is still in the queue.
    pub(super) fn released(&mut self, ticket: Ticket, again_ms: Option<u64>) {
        self.ended(ticket);
        let Some((key, passed_over)) = self.claims.release(ticket) else { return };
        for row in passed_over {
            self.note_row(row);
        }
        if let Some(again) = again_ms {
            self.note_due(key.lane(), again);
        }
    }

    /// Notes that an entry was not read because its host's next turn is at `next_ms`. The entry
    /// stays the first of its lane, and the lane goes before those that arrive later.
    pub(super) fn paced(&mut self, ticket: Ticket, next_ms: u64) {
        let Some(key) = self.claims.key(ticket) else { return };
        let Some(host) = key.lane().host() else { return self.released(ticket, Some(next_ms)) };
        let known = self.hosts.entry(host).or_default();
        if known.shut_until.is_none_or(|shut_until| shut_until < next_ms) {
            if let Some(before) = known.shut_until.replace(next_ms) {
                self.shut.remove(&(before, host));
            }
            self.shut.insert((next_ms, host));
        }
        self.released(ticket, None);
        self.keep_turn(key, host, Order::Paced(ticket));
    }

    /// Puts an entry that was told to wait back to the front of its lane, and the lane to its host.
    fn keep_turn(&mut self, key: PendingKey, host: HostKey, order: Order) {
        let lane = key.lane();
        let before = self.lanes.get(&lane).copied();
        let (next, first) =
            before.map_or((key, order), |before| (before.next.min(key), before.order.min(order)));
        match before {
            Some(before) if before.state == LaneState::Later => {
                self.later.remove(&(before.next.due_ms(), lane));
            }
            Some(before) if before.state == LaneState::AtHost => {
                self.hosts.entry(host).or_default().waiting.remove(&before.order);
            }
            _ => {}
        }
        let is_ready = before.is_some_and(|before| before.state == LaneState::Ready);
        self.lanes.insert(lane, WaitingLane { next, state: LaneState::Ready, order: first });
        // A lane that waits for a turn already comes to its host at that turn, which has no room.
        if !is_ready {
            self.wait_for_host(lane, host);
        }
    }

    /// Puts a lane among those that wait for their host, in its order.
    fn wait_for_host(&mut self, lane: Lane, host: HostKey) {
        let Some(known) = self.lanes.get_mut(&lane) else { return };
        known.state = LaneState::AtHost;
        self.hosts.entry(host).or_default().waiting.insert(known.order, lane);
    }

    /// Opens the hosts that may be asked again by now.
    pub(super) fn open_hosts(&mut self, now_ms: u64) {
        while let Some((until, host)) =
            self.shut.first().copied().filter(|(until, _)| *until <= now_ms)
        {
            self.shut.remove(&(until, host));
            if let Some(known) = self.hosts.get_mut(&host) {
                known.shut_until = None;
            }
            self.refill(host);
        }
    }

    /// The next fetch that has to end because others wait for its place.
    pub(super) fn next_to_give_way(&mut self) -> Option<Ticket> {
        let unknown: usize = self.unknown.iter().map(Rotation::len).sum();
        let waiting = self.prompt.len() + unknown.min(self.places.room(HostKind::Unknown));
        self.places.preempt(waiting)
    }

    /// When the next lane becomes due or a host may be asked again, in milliseconds since 1970.
    pub(super) fn next_due(&self) -> Option<u64> {
        let lane = self.later.first().map(|(due, _)| *due);
        lane.into_iter().chain(self.shut.first().map(|(until, _)| *until)).min()
    }

    /// Moves lanes that have become due to those that wait for a turn, or for their host.
    fn take_up_due(&mut self, now_ms: u64) {
        while let Some((due, lane)) = self.later.first().copied().filter(|(due, _)| *due <= now_ms)
        {
            self.later.remove(&(due, lane));
            self.arrivals += 1;
            if let Some(known) = self.lanes.get_mut(&lane) {
                (known.state, known.order) = (LaneState::Ready, Order::Arrived(self.arrivals));
            }
            let Some(host) = lane.host() else {
                self.here.push(lane);
                continue;
            };
            let limit = self.limit(host);
            let known = self.hosts.entry(host).or_default();
            if known.places + known.ready < limit {
                self.wait_for_turn(lane, host);
            } else {
                self.wait_for_host(lane, host);
            }
        }
    }

    /// Counts hosts as slow whose fetches take long by now.
    fn mark_slow(&mut self, now: Instant) {
        // Only unknown hosts of trusted sources are in a hurry for a place.
        while let Some((ticket, kind)) = self.places.next_slowed(now, self.unknown[0].len()) {
            let Some(lane) = self.claims.key(ticket).map(|key| key.lane()) else { continue };
            let Some(host) = lane.host() else { continue };
            self.standings.set(host, Standing::Slow);
            if kind == HostKind::Unknown {
                self.standings.doubt(lane.source());
                let [trusted, doubted] = &mut self.unknown;
                trusted.hand_over(lane.source(), doubted);
            }
        }
    }

    fn turn_of(&self, lane: Lane, limit: usize) -> Turn {
        Turn {
            from: self.lanes.get(&lane).map_or(PendingKey::first(lane, 0), |lane| lane.next),
            limit,
        }
    }

    /// Puts a lane among those that wait for a turn.
    fn wait_for_turn(&mut self, lane: Lane, host: HostKey) {
        self.hosts.entry(host).or_default().ready += 1;
        if let Some(known) = self.lanes.get_mut(&lane) {
            known.state = LaneState::Ready;
        }
        match self.kind(host) {
            HostKind::Prompt => &mut self.prompt,
            HostKind::Unknown => {
                &mut self.unknown[usize::from(self.standings.is_doubted(lane.source()))]
            }
            HostKind::Slow => &mut self.slow,
        }
        .push(lane);
    }

    /// Moves lanes that waited for a host to those that wait for a turn, while the host has room.
    fn refill(&mut self, host: HostKey) {
        let limit = self.limit(host);
        while let Some(known) =
            self.hosts.get_mut(&host).filter(|host| host.places + host.ready < limit)
        {
            match known.waiting.pop_first() {
                Some((_, lane)) => self.wait_for_turn(lane, host),
                None if known.places + known.ready == 0 => drop(self.hosts.remove(&host)),
                None => break,
            }
        }
    }

    fn waits(&self, kind: HostKind) -> bool {
        match kind {
            HostKind::Prompt => !self.prompt.is_empty(),
            HostKind::Unknown => self.unknown.iter().any(|unknown| !unknown.is_empty()),
            HostKind::Slow => !self.slow.is_empty(),
        }
    }

    /// The next lane among those of one kind of host.
    fn pop(&mut self, kind: HostKind) -> Option<(Lane, HostKey)> {
        let lane = match kind {
            HostKind::Prompt => self.prompt.pop(),
            HostKind::Slow => self.slow.pop(),
            HostKind::Unknown => {
                self.unknown_turns += 1;
                let [trusted, doubted] = &mut self.unknown;
                let doubted_first = self.unknown_turns.is_multiple_of(DOUBTED_TURN_EVERY);
                let (first, second) =
                    if doubted_first { (doubted, trusted) } else { (trusted, doubted) };
                first.pop().or_else(|| second.pop())
            }
        }?;
        let host = lane.host()?;
        if let Some(known) = self.hosts.get_mut(&host) {
            known.ready -= 1;
        }
        Some((lane, host))
    }

    fn kind(&self, host: HostKey) -> HostKind {
        match self.standings.get(host) {
            Some(Standing::Prompt) => HostKind::Prompt,
            Some(Standing::Slow) => HostKind::Slow,
            None => HostKind::Unknown,
        }
    }

    /// The number of places that a host may take.
    fn limit(&self, host: HostKey) -> usize {
        if self.hosts.get(&host).is_some_and(|host| host.shut_until.is_some()) {
            0
        } else if self.kind(host) == HostKind::Slow {
            1
        } else {
            self.bounds.per_host.max(1)
        }
    }
}

#[cfg(test)]
mod tests;

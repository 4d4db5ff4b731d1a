//! Which entry is read next. Pure: the stage tells what is due, what ended and what time it is, and
//! obeys.
//!
//! Turns go round the sources, and of each source round its lanes, so nobody has more of them
//! because he has more entries. Which hosts they are for, those that answer, those that nobody
//! knows or those that kept us waiting, is for
//! [`places`](crate::stages::places) to say.
//!
//! What must stay true:
//! - An entry is read once at a time, whichever of its rows is found ([`claims`]).
//! - No host has more than its places; one that kept us waiting has one.
//! - A source whose last unknown host kept us waiting stands, with its unknown hosts, behind those
//!   of which that is not so.
//! - A host that is not to be asked before some time is asked then for the entry that found that
//!   out, and next for another source's.
//! - What is done for the next entry does not grow with the number of lanes, hosts or rows that
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

/// Rows of a lane that are taken in one turn where they wait for no host.
const HANDFUL: usize = 16;
/// Of so many turns of unknown hosts one goes first to the sources whose last one kept us waiting.
const DOUBTFUL: u64 = 4;

/// How much may be under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Fetches at once.
    pub(super) places: usize,
    /// Of these from one host.
    pub(super) per_host: usize,
    /// Entries with a page to fetch that are between the queue and a durable decision.
    pub(super) pages: usize,
    /// The same of entries that are here already, each of a page's size.
    pub(super) here: usize,
}

/// What is to be taken: up to so many due rows of a lane, from a place on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) from: PendingKey,
    pub(super) limit: usize,
}

#[derive(Debug, Default)]
struct Host {
    places: usize,
    /// Its lanes that wait for a turn.
    ready: usize,
    /// Its lanes that wait until it has room; at most one a source.
    waiting: BTreeMap<Order, Lane>,
    /// It is not asked before then.
    shut_until: Option<u64>,
}

/// The order of the lanes that wait for one host: first those that had a turn which was none, then
/// those that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    Paced(Ticket),
    Came(u64),
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

#[derive(Debug, Clone, Copy)]
struct Waiting {
    /// Where the first row is that may not be claimed.
    next: PendingKey,
    state: LaneState,
    order: Order,
}

/// What waits, and what is under way.
#[derive(Debug)]
pub(super) struct Agenda {
    bounds: Bounds,
    lanes: HashMap<Lane, Waiting>,
    later: BTreeSet<(u64, Lane)>,
    here: Rotation,
    prompt: Rotation,
    /// Of sources whose unknown hosts answer, and of the others.
    unknown: [Rotation; 2],
    slow: Rotation,
    unknown_turns: u64,
    hosts: HashMap<HostKey, Host>,
    /// Hosts that are not asked before then.
    shut: BTreeSet<(u64, HostKey)>,
    standings: Standings,
    places: Places,
    /// How many lanes came to their hosts.
    came: u64,
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
            came: 0,
            claims: Claims::default(),
            bounds,
        }
    }

    /// A lane has a row that is due then.
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
                Waiting { next: row, state: LaneState::Later, order: Order::Came(u64::MAX) },
            );
            self.later.insert((row.due_ms(), lane));
        }
    }

    /// A host answered somebody else.
    pub(super) fn answered(&mut self, host: HostKey) {
        self.standings.set(host, Standing::Prompt);
    }

    /// Whether an entry is being read.
    pub(super) fn is_claimed(&self, key: PendingKey) -> bool {
        self.claims.is_claimed(key)
    }

    /// What is to be taken now; [`Agenda::claim`] must be told what was found.
    pub(super) fn next_turn(&mut self, now_ms: u64, now: Instant) -> Option<Turn> {
        self.open_hosts(now_ms);
        self.take_up_due(now_ms);
        self.mark_slow(now);
        let room = self.bounds.here.saturating_sub(self.claims.here);
        if let Some(lane) = Some(&mut self.here).filter(|_| room > 0).and_then(Rotation::pop) {
            return Some(self.turn_of(lane, room.min(HANDFUL)));
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

    /// For how long the host of a reading is silent, for its fetch to tell.
    pub(super) fn silence(&self, ticket: Ticket) -> Silence {
        self.places.silence(ticket)
    }

    /// A fetch waits for its host no longer; `answered` is whether that gave an answer.
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

    /// A reading has ended: its place is free.
    pub(super) fn ended(&mut self, ticket: Ticket) {
        let host = self.claims.key(ticket).and_then(|key| key.lane().host());
        if let Some(host) = host.filter(|_| self.places.release(ticket)) {
            if let Some(known) = self.hosts.get_mut(&host) {
                known.places -= 1;
            }
            self.refill(host);
        }
    }

    /// What was decided on an entry is durable; it may stand in the queue again, to be read then.
    pub(super) fn released(&mut self, ticket: Ticket, again_ms: Option<u64>) {
        self.ended(ticket);
        let Some((key, behind)) = self.claims.release(ticket) else { return };
        for other in behind {
            self.note_row(other);
        }
        if let Some(again) = again_ms {
            self.note_due(key.lane(), again);
        }
    }

    /// It is its host's turn only then. The entry stays the first of its lane, and that goes before
    /// those that come later.
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
        self.keeps_its_turn(key, host, Order::Paced(ticket));
    }

    fn keeps_its_turn(&mut self, key: PendingKey, host: HostKey, order: Order) {
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
        self.lanes.insert(lane, Waiting { next, state: LaneState::Ready, order: first });
        // Where it waits for a turn already, it finds no room then.
        if !is_ready {
            self.wait_for_host(lane, host);
        }
    }

    /// Has a lane wait for its host, in its order.
    fn wait_for_host(&mut self, lane: Lane, host: HostKey) {
        let Some(known) = self.lanes.get_mut(&lane) else { return };
        known.state = LaneState::AtHost;
        self.hosts.entry(host).or_default().waiting.insert(known.order, lane);
    }

    /// Lets hosts be asked again whose time has come.
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

    /// The next fetch that is to end because others wait for its place.
    pub(super) fn next_to_give_way(&mut self) -> Option<Ticket> {
        let unknown: usize = self.unknown.iter().map(Rotation::len).sum();
        let waiting = self.prompt.len() + unknown.min(self.places.room(HostKind::Unknown));
        self.places.preempt(waiting)
    }

    /// When the next lane is due that is not, or a host may be asked again, in milliseconds since
    /// 1970.
    pub(super) fn next_due(&self) -> Option<u64> {
        let lane = self.later.first().map(|(due, _)| *due);
        lane.into_iter().chain(self.shut.first().map(|(until, _)| *until)).min()
    }

    /// Moves lanes whose time has come to the others that wait for a turn, or for their host.
    fn take_up_due(&mut self, now_ms: u64) {
        while let Some((due, lane)) = self.later.first().copied().filter(|(due, _)| *due <= now_ms)
        {
            self.later.remove(&(due, lane));
            self.came += 1;
            if let Some(known) = self.lanes.get_mut(&lane) {
                (known.state, known.order) = (LaneState::Ready, Order::Came(self.came));
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

    /// Counts hosts as slow whose fetches take long.
    fn mark_slow(&mut self, now: Instant) {
        // Nobody is in a hurry for those that a source leads to whose last unknown host was silent.
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

    /// Has a lane wait for a turn.
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

    /// Has lanes of a host that has room wait for a turn.
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

    /// The lane of a kind whose turn it is.
    fn pop(&mut self, kind: HostKind) -> Option<(Lane, HostKey)> {
        let lane = match kind {
            HostKind::Prompt => self.prompt.pop(),
            HostKind::Slow => self.slow.pop(),
            HostKind::Unknown => {
                self.unknown_turns += 1;
                let [trusted, doubted] = &mut self.unknown;
                let doubted_first = self.unknown_turns.is_multiple_of(DOUBTFUL);
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

    /// Places that a host may take.
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

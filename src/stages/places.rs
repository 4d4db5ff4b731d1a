//! The places of fetches, of pages and of polls: which kind of host the next one goes to, and which
//! fetch gives way.
//!
//! A place that waits for a silent host is taken for half a minute; another host answers in a
//! fraction of a second. So each kind of host has a share. What must stay true: hosts that are
//! known to be slow never begin beyond a quarter of the places, and unknown ones never beyond a
//! half; a fetch that turns out to be slow counts to the slow ones, and where these are more than
//! their share and others wait, the oldest of them gives way. What a fetch waits for on our side
//! makes it no slower. Where unknown hosts wait for others of their kind, these count as slow
//! sooner: hundreds of silent ones may stand before one that answers.

pub(crate) mod standing;

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use tokio::time::Instant;

use crate::fetch::Silence;

/// Who has no answer after this time keeps us waiting: most sites answer in a tenth of it.
pub(crate) const SLOW: Duration = Duration::from_secs(4);
/// How long an unknown host may keep us waiting while other unknown hosts wait for its place.
const HURRIED: Duration = Duration::from_millis(1500);

/// One holder of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Ticket(pub(crate) u64);

/// How the host of a fetch is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostKind {
    /// It answered promptly when it was last asked.
    Prompt,
    /// It was not asked yet, or that was forgotten.
    Unknown,
    /// It kept us waiting.
    Slow,
}

/// The kinds, and what each weighs where all of them wait.
const KINDS: [(HostKind, usize); 3] =
    [(HostKind::Prompt, 4), (HostKind::Unknown, 3), (HostKind::Slow, 1)];

#[derive(Debug, Clone)]
struct Place {
    kind: HostKind,
    silence: Silence,
    /// The time by which it stands in `young` or `old`.
    since: Instant,
    leaving: bool,
}

#[derive(Debug)]
pub(crate) struct Places {
    most: usize,
    held: HashMap<Ticket, Place>,
    /// How many are held, by kind.
    counts: [usize; 3],
    /// Fetches that wait for their host, by when they began to: here those that do so not for long,
    /// by the kind of their host; in `old` those that may be preempted, after [`SLOW`] or, while
    /// others wait, [`HURRIED`].
    young: [BTreeSet<(Instant, Ticket)>; 3],
    old: BTreeSet<(Instant, Ticket)>,
    /// How many were told to give way and have not ended.
    leaving: usize,
}

impl Places {
    /// Makes `most` places, at least one.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            held: HashMap::new(),
            counts: [0; 3],
            young: Default::default(),
            old: BTreeSet::new(),
            leaving: 0,
        }
    }

    /// Of which kind the next fetch is to be: of those that wait and have room, the one that has
    /// least for its weight.
    pub(crate) fn next(&self, waits: impl Fn(HostKind) -> bool) -> Option<HostKind> {
        let free = self.len() < self.most;
        let open = |kind: HostKind| free && self.room(kind) > 0 && waits(kind);
        let least =
            KINDS.into_iter().filter(|(kind, _)| open(*kind)).min_by(|(a, of_a), (b, of_b)| {
                let (a, b) = (self.counts[*a as usize] * of_b, self.counts[*b as usize] * of_a);
                a.cmp(&b)
            });
        least.map(|(kind, _)| kind)
    }

    /// Gives a place to a fetch.
    pub(crate) fn occupy(&mut self, ticket: Ticket, kind: HostKind, now: Instant) {
        self.counts[kind as usize] += 1;
        if kind != HostKind::Slow {
            self.young[kind as usize].insert((now, ticket));
        }
        let silence = Silence::default();
        silence.begin(now);
        self.held.insert(ticket, Place { kind, silence, since: now, leaving: false });
    }

    /// For how long the host of a fetch is silent, for the fetch to tell.
    pub(crate) fn silence(&self, ticket: Ticket) -> Silence {
        self.held.get(&ticket).map(|place| place.silence.clone()).unwrap_or_default()
    }

    /// A fetch that has become slow by now, and of which kind it was, where so many unknown hosts
    /// wait for a place.
    pub(crate) fn next_slowed(
        &mut self,
        now: Instant,
        unknown: usize,
    ) -> Option<(Ticket, HostKind)> {
        while let Some((since, ticket)) = self.longest(now, unknown) {
            let place = self.held.get_mut(&ticket)?;
            let kind = place.kind;
            // It did not wait for its host all the time, and counts from when it last began to.
            place.since = place.silence.since().unwrap_or(now);
            let waits_since = place.since;
            self.young[kind as usize].remove(&(since, ticket));
            if now.saturating_duration_since(waits_since) < self.patience(kind, unknown) {
                self.young[kind as usize].insert((waits_since, ticket));
                continue;
            }
            self.old.insert((waits_since, ticket));
            self.set_kind(ticket, HostKind::Slow);
            return Some((ticket, kind));
        }
        None
    }

    /// The one that began to wait first, among those that are slow if they waited for their host
    /// all the time.
    fn longest(&self, now: Instant, unknown: usize) -> Option<(Instant, Ticket)> {
        let impatient = |kind: HostKind| {
            let first = self.young[kind as usize].first()?;
            let silent = now.saturating_duration_since(first.0);
            (silent >= self.patience(kind, unknown)).then_some(*first)
        };
        KINDS.into_iter().filter_map(|(kind, _)| impatient(kind)).min()
    }

    /// After how long a host of some kind keeps us waiting.
    fn patience(&self, kind: HostKind, unknown: usize) -> Duration {
        if kind == HostKind::Unknown && self.room(kind) < unknown { HURRIED } else { SLOW }
    }

    /// A fetch waits for its host no longer, so it is no delay of that. Tells how long it did.
    pub(crate) fn answered(&mut self, ticket: Ticket, now: Instant) -> Option<Duration> {
        let place = self.held.get(&ticket)?;
        let (since, kind, took) = (place.since, place.kind, place.silence.longest(now));
        place.silence.end(now);
        self.waits_no_longer(ticket, since, kind);
        self.set_kind(ticket, HostKind::Prompt);
        Some(took)
    }

    /// Frees the place of a fetch that ended; `false` where it had none.
    pub(crate) fn release(&mut self, ticket: Ticket) -> bool {
        let Some(place) = self.held.remove(&ticket) else { return false };
        self.waits_no_longer(ticket, place.since, place.kind);
        self.counts[place.kind as usize] -= 1;
        self.leaving -= usize::from(place.leaving);
        true
    }

    /// A fetch that is to end because so many others `wait` for a place: the oldest of the slow
    /// ones beyond their share.
    pub(crate) fn preempt(&mut self, waiting: usize) -> Option<Ticket> {
        let full = self.len() >= self.most;
        let beyond =
            self.counts[HostKind::Slow as usize].saturating_sub(self.share(HostKind::Slow));
        if !full || self.leaving >= beyond.min(waiting) {
            return None;
        }
        let silent = |ticket: &Ticket| {
            self.held.get(ticket).is_some_and(|place| place.silence.since().is_some())
        };
        let (since, ticket) = self.old.iter().copied().find(|(_, ticket)| silent(ticket))?;
        self.old.remove(&(since, ticket));
        self.held.get_mut(&ticket)?.leaving = true;
        self.leaving += 1;
        Some(ticket)
    }

    /// Places that a kind may take.
    pub(crate) fn share(&self, kind: HostKind) -> usize {
        match kind {
            HostKind::Prompt => self.most,
            HostKind::Unknown => self.most.div_ceil(2),
            HostKind::Slow => self.most.div_ceil(4),
        }
    }

    /// Places that a kind may still take, where they are free.
    pub(crate) fn room(&self, kind: HostKind) -> usize {
        self.share(kind).saturating_sub(self.counts[kind as usize])
    }

    /// How many are held.
    fn len(&self) -> usize {
        self.counts.iter().sum()
    }

    fn waits_no_longer(&mut self, ticket: Ticket, since: Instant, kind: HostKind) {
        self.young[kind as usize].remove(&(since, ticket));
        self.old.remove(&(since, ticket));
    }

    fn set_kind(&mut self, ticket: Ticket, kind: HostKind) {
        if let Some(place) = self.held.get_mut(&ticket) {
            self.counts[place.kind as usize] -= 1;
            self.counts[kind as usize] += 1;
            place.kind = kind;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    /// Fills what a kind may take.
    fn fill(places: &mut Places, kind: HostKind, from: u64, now: Instant) -> u64 {
        let mut ticket = from;
        while places.next(|place| place == kind).is_some() {
            places.occupy(Ticket(ticket), kind, now);
            ticket += 1;
        }
        ticket - from
    }

    #[test]
    fn unknown_hosts_take_half_and_slow_ones_a_quarter_and_the_rest_is_kept_for_those_that_answer()
    {
        let (mut places, now) = (Places::new(64), Instant::now());
        assert_eq!(fill(&mut places, HostKind::Slow, 0, now), 16);
        assert_eq!(fill(&mut places, HostKind::Unknown, 100, now), 32);
        assert_eq!(fill(&mut places, HostKind::Prompt, 200, now), 16);
        assert_eq!(places.next(|_| true), None);
    }

    #[test]
    fn no_kind_that_waits_is_starved() {
        let (mut places, now) = (Places::new(64), Instant::now());
        assert_eq!(fill(&mut places, HostKind::Prompt, 0, now), 64);
        let mut given = [0; 3];
        for number in 0..64 {
            places.release(Ticket(number));
            let kind = places.next(|_| true).unwrap();
            given[kind as usize] += 1;
            places.occupy(Ticket(1000 + number), kind, now);
        }
        assert_eq!(given, [32, 24, 8]);
    }

    #[test]
    fn slow_fetches_give_way_as_far_as_others_wait_and_never_below_their_share() {
        let (mut places, start) = (Places::new(64), Instant::now());
        fill(&mut places, HostKind::Prompt, 0, start);
        assert_eq!(places.preempt(100), None, "nobody is slow yet");
        assert!(places.next_slowed(seconds(start, 3), 0).is_none());
        assert_eq!(std::iter::from_fn(|| places.next_slowed(seconds(start, 4), 0)).count(), 64);
        assert_eq!(places.preempt(0), None, "nobody waits");
        assert_eq!(
            (places.preempt(1), places.preempt(1)),
            (Some(Ticket(0)), None),
            "it will have room in a moment"
        );
        assert!(places.release(Ticket(0)));
        places.occupy(Ticket(99), HostKind::Prompt, seconds(start, 5));
        assert_eq!(std::iter::from_fn(|| places.preempt(100)).count(), 47);
    }

    #[test]
    fn unknown_hosts_that_are_silent_make_way_sooner_for_as_many_as_wait_that_nobody_knows() {
        let (mut places, start) = (Places::new(64), Instant::now());
        let soon = start + HURRIED;
        fill(&mut places, HostKind::Unknown, 0, start);
        fill(&mut places, HostKind::Prompt, 100, start);
        let slowed = |places: &mut Places, now, unknown| {
            std::iter::from_fn(|| places.next_slowed(now, unknown)).count()
        };
        assert_eq!(slowed(&mut places, soon - Duration::from_millis(1), 99), 0);
        assert_eq!(slowed(&mut places, soon, 0), 0, "nobody waits");
        assert_eq!(slowed(&mut places, soon, 3), 3);
        assert_eq!(slowed(&mut places, soon, 3), 0, "there is room for three");
        assert_eq!(slowed(&mut places, soon, 99), 29, "those that answered before have their time");
        assert_eq!(slowed(&mut places, seconds(start, 4), 0), 32);
    }

    #[test]
    fn a_fetch_that_has_its_answer_is_never_slow_and_one_from_a_slow_host_has_its_whole_time() {
        let (mut places, start) = (Places::new(4), Instant::now());
        fill(&mut places, HostKind::Slow, 0, start);
        places.occupy(Ticket(10), HostKind::Unknown, start);
        assert_eq!(places.answered(Ticket(10), seconds(start, 1)), Some(Duration::from_secs(1)));
        assert!(places.next_slowed(seconds(start, 99), 9).is_none());
        fill(&mut places, HostKind::Prompt, 20, start);
        assert_eq!(places.preempt(9), None);
    }

    #[test]
    fn what_a_fetch_waits_for_on_our_side_makes_it_neither_slow_nor_give_way() {
        let (mut places, start) = (Places::new(4), Instant::now());
        fill(&mut places, HostKind::Prompt, 0, start);
        // Room in memory, the whole time; and for a while, once it was silent already.
        places.silence(Ticket(0)).end(seconds(start, 1));
        assert_eq!(std::iter::from_fn(|| places.next_slowed(seconds(start, 5), 9)).count(), 3);
        places.silence(Ticket(1)).end(seconds(start, 5));
        assert_eq!([places.preempt(9), places.preempt(9)], [Some(Ticket(2)), Some(Ticket(3))]);
        assert_eq!(places.answered(Ticket(0), seconds(start, 60)), Some(Duration::from_secs(1)));
        places.silence(Ticket(1)).begin(seconds(start, 6));
        assert_eq!(places.preempt(9), None, "as many leave as are beyond their share");
    }
}

//! Who may begin: one source is read by one at a time, so a poll and what its hub pushes wait for
//! each other in the order they came; and one host takes no more of the stage's places than it may
//! be asked at once, so that ten thousand sources of a dead host make no other source late. Nor do
//! those of ten thousand dead hosts: hosts that keep us waiting, and those that nobody knows, have
//! a share of the places ([`places`](crate::stages::places)).

use std::collections::{HashMap, VecDeque};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::watched::FetchWatch;
use crate::{
    config::sources::SourceId,
    fetch::hosts,
    model::lane::HostKey,
    stages::{
        places::{
            HostKind, Places, SLOW, Ticket,
            standing::{Standing, Standings},
        },
        schedule::DueSource,
        websub::Push,
    },
};

/// What is done about a source.
#[derive(Debug)]
pub(super) enum Work {
    /// Its time has come.
    Poll(DueSource),
    /// Its hub sent something.
    Push(Push),
}

impl Work {
    pub(super) fn source(&self) -> &SourceId {
        match self {
            Self::Poll(due) => &due.source.id,
            Self::Push(push) => &push.source.id,
        }
    }

    /// The host that it asks.
    fn host(&self) -> Option<String> {
        match self {
            Self::Poll(due) => due.source.at.url().map(hosts::name),
            Self::Push(_) => None,
        }
    }
}

/// Work that ended.
#[derive(Debug)]
pub(super) struct FinishedWork {
    pub(super) source: SourceId,
    /// Whether its host said something.
    pub(super) answered: bool,
}

/// The work that was begun, and what waits for a place or behind it.
#[derive(Debug)]
pub(super) struct Turns {
    max: usize,
    per_host: usize,
    sources: HashMap<SourceId, WorkUnderWay>,
    under_way: HashMap<Ticket, SourceId>,
    hosts: HashMap<String, Host>,
    /// Work that waits for other work about its source.
    behind: usize,
    /// Work that waits for a place, by how its host is known.
    ready: [VecDeque<Work>; 3],
    places: Places,
    standings: Standings,
    tickets: u64,
}

#[derive(Debug)]
struct WorkUnderWay {
    ticket: Ticket,
    host: Option<String>,
    give_way: CancellationToken,
    behind: VecDeque<Work>,
}

#[derive(Debug, Default)]
struct Host {
    /// Polls that were begun or wait for a place.
    polls: usize,
    /// At most one poll a source: a source is due again only after it was polled.
    waiting: VecDeque<Work>,
}

impl Turns {
    /// Allows `max` pieces of work at once and `per_host` polls of one host, each at least one.
    pub(super) fn new(max: usize, per_host: usize) -> Self {
        Self {
            max: max.max(1),
            per_host: per_host.max(1),
            sources: HashMap::new(),
            under_way: HashMap::new(),
            hosts: HashMap::new(),
            behind: 0,
            ready: [VecDeque::new(), VecDeque::new(), VecDeque::new()],
            places: Places::new(max),
            standings: Standings::default(),
            tickets: 0,
        }
    }

    /// Begins with what the last run knew of hosts.
    pub(super) fn with_standings(self, standings: Standings) -> Self {
        Self { standings, ..self }
    }

    /// Whether more is to be taken in. Polls that wait for their host, or for the places of those
    /// that keep us waiting, do not count.
    pub(super) fn has_room(&self) -> bool {
        self.ready[HostKind::Prompt as usize].len() + self.behind < self.max
    }

    /// Whether anything waits for a place.
    pub(super) fn waits(&self) -> bool {
        self.ready.iter().any(|queue| !queue.is_empty())
    }

    /// Takes work in; what may begin is then [`Turns::ready`].
    pub(super) fn enqueue(&mut self, work: Work) {
        if let Some(at_work) = self.sources.get_mut(work.source()) {
            at_work.behind.push_back(work);
            self.behind += 1;
            return;
        }
        let host = work.host();
        if let Some(name) = &host {
            let limit = self.limit(name);
            let host = self.hosts.entry(name.clone()).or_default();
            if host.polls >= limit {
                host.waiting.push_back(work);
                return;
            }
            host.polls += 1;
        }
        let kind = self.kind(host.as_deref());
        self.ready[kind as usize].push_back(work);
    }

    /// Work that may begin now.
    pub(super) fn ready(&mut self, now: Instant) -> Option<(Work, FetchWatch)> {
        self.mark_slow(now);
        while let Some(kind) = self.places.next(|kind| !self.ready[kind as usize].is_empty()) {
            let work = self.ready[kind as usize].pop_front()?;
            let host = work.host();
            // What is known of the host may have changed while it waited.
            let known = self.kind(host.as_deref());
            if known != kind {
                self.ready[known as usize].push_back(work);
            } else if let Some(at_work) = self.sources.get_mut(work.source()) {
                // What its hub sent came first.
                at_work.behind.push_back(work);
                self.behind += 1;
                if let Some(name) = &host {
                    self.poll_ended(name);
                }
            } else {
                let watch = self.begin(&work, kind, host, now);
                return Some((work, watch));
            }
        }
        None
    }

    fn begin(
        &mut self,
        work: &Work,
        kind: HostKind,
        host: Option<String>,
        now: Instant,
    ) -> FetchWatch {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.places.occupy(ticket, kind, now);
        let watch = FetchWatch { silence: self.places.silence(ticket), ..FetchWatch::default() };
        if host.is_none() {
            // It waits for nobody.
            self.places.answered(ticket, now);
        }
        self.under_way.insert(ticket, work.source().clone());
        let at_work = WorkUnderWay {
            ticket,
            host,
            give_way: watch.give_way.clone(),
            behind: VecDeque::new(),
        };
        self.sources.insert(work.source().clone(), at_work);
        watch
    }

    /// Has polls give way whose hosts keep us waiting, as far as others wait for their places.
    pub(super) fn preempt_slow(&mut self) {
        let [prompt, unknown, _] = &self.ready;
        let waiting = prompt.len() + unknown.len().min(self.places.room(HostKind::Unknown));
        while let Some(ticket) = self.places.preempt(waiting) {
            if let Some(at_work) =
                self.under_way.get(&ticket).and_then(|source| self.sources.get(source))
            {
                at_work.give_way.cancel();
            }
        }
    }

    /// Work about a source ended: what waited for it comes in.
    pub(super) fn finish(&mut self, ended: &FinishedWork, now: Instant) {
        let Some(WorkUnderWay { ticket, host, behind, .. }) = self.sources.remove(&ended.source)
        else {
            return;
        };
        let silent = self.places.silence(ticket).longest(now);
        self.places.release(ticket);
        self.under_way.remove(&ticket);
        if let Some(name) = &host {
            match (silent >= SLOW, ended.answered) {
                (true, _) => self.standings.set(HostKey::new(name), Standing::Slow),
                (false, true) => self.standings.set(HostKey::new(name), Standing::Prompt),
                (false, false) => {}
            }
        }
        self.behind -= behind.len();
        for work in behind {
            self.enqueue(work);
        }
        if let Some(name) = &host {
            self.poll_ended(name);
        }
    }

    /// A poll of a host ended.
    fn poll_ended(&mut self, name: &str) {
        if let Some(host) = self.hosts.get_mut(name) {
            host.polls -= 1;
        }
        let limit = self.limit(name);
        // One that finds its source at work waits behind that, and leaves its place to the next.
        while let Some(host) = self.hosts.get_mut(name).filter(|host| host.polls < limit) {
            match host.waiting.pop_front() {
                Some(next) => self.enqueue(next),
                None if host.polls == 0 => drop(self.hosts.remove(name)),
                None => break,
            }
        }
    }

    /// No more polls begin but those that did: the others are as due at the next start.
    pub(super) fn stop(&mut self) {
        self.hosts.values_mut().for_each(|host| host.waiting.clear());
        self.ready.iter_mut().for_each(|queue| queue.retain(|work| matches!(work, Work::Push(_))));
    }

    /// Polls that have become slow.
    fn mark_slow(&mut self, now: Instant) {
        let unknown = self.ready[HostKind::Unknown as usize].len();
        while let Some((ticket, _)) = self.places.next_slowed(now, unknown) {
            if let Some(name) = self
                .under_way
                .get(&ticket)
                .and_then(|under_way| self.sources.get(under_way)?.host.as_ref())
            {
                self.standings.set(HostKey::new(name), Standing::Slow);
            }
        }
    }

    /// How a host is known; who asks none waits for nobody.
    fn kind(&self, host: Option<&str>) -> HostKind {
        let Some(name) = host else { return HostKind::Prompt };
        match self.standings.get(HostKey::new(name)) {
            Some(Standing::Prompt) => HostKind::Prompt,
            Some(Standing::Slow) => HostKind::Slow,
            None => HostKind::Unknown,
        }
    }

    /// Polls at once of a host.
    fn limit(&self, name: &str) -> usize {
        if self.kind(Some(name)) == HostKind::Slow { 1 } else { self.per_host }
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::*;
    use crate::config::sources;

    fn poll(url: &str, slot: u32) -> Work {
        let source = Arc::new(sources::parse("l", url.as_bytes()).sources.remove(0));
        Work::Poll(DueSource { source, slot, at: chrono::DateTime::UNIX_EPOCH })
    }

    /// The slots of the polls that may begin.
    fn begun(turns: &mut Turns) -> Vec<u32> {
        begun_at(turns, Instant::now()).into_iter().map(|begun| begun.0).collect()
    }

    fn begun_at(turns: &mut Turns, now: Instant) -> Vec<(u32, FetchWatch)> {
        std::iter::from_fn(|| turns.ready(now))
            .map(|work| match work {
                (Work::Poll(due), watch) => (due.slot, watch),
                (Work::Push(_), _) => panic!("nothing was pushed"),
            })
            .collect()
    }

    /// Work that was begun and not ended, and work that waits behind it.
    fn len(turns: &Turns) -> usize {
        turns.sources.len() + turns.behind
    }

    fn finish(turns: &mut Turns, source: &SourceId) {
        turns.finish(&FinishedWork { source: source.clone(), answered: false }, Instant::now());
    }

    #[test]
    fn a_source_is_read_by_one_at_a_time_in_the_order_they_came_and_others_are_not_held_up() {
        let mut turns = Turns::new(256, 4);
        let (a, b) = ("https://a.example/", "https://b.example/");
        let id = poll(a, 0).source().clone();
        for work in [poll(a, 1), poll(a, 2), poll(a, 3), poll(b, 4)] {
            turns.enqueue(work);
        }
        assert_eq!((begun(&mut turns), len(&turns)), (vec![1, 4], 4));
        finish(&mut turns, &id);
        assert_eq!(begun(&mut turns), [2]);
        finish(&mut turns, &id);
        assert_eq!(begun(&mut turns), [3]);
        finish(&mut turns, &id);
        assert_eq!((begun(&mut turns), len(&turns)), (vec![], 1));
        turns.enqueue(poll(a, 5));
        assert_eq!(begun(&mut turns), [5]);
    }

    #[test]
    fn a_host_takes_so_many_places_and_no_more() {
        let mut turns = Turns::new(256, 2);
        let dead = |number: u32| poll(&format!("https://dead.example/{number}"), number);
        (0..1000).for_each(|number| turns.enqueue(dead(number)));
        turns.enqueue(poll("https://other.example/", 1000));
        assert_eq!((begun(&mut turns), len(&turns)), (vec![0, 1, 1000], 3));
        finish(&mut turns, dead(1).source());
        assert_eq!(begun(&mut turns), [2]);
        turns.stop();
        for number in [0, 2] {
            finish(&mut turns, dead(number).source());
        }
        assert_eq!((begun(&mut turns), len(&turns), turns.hosts.len()), (vec![], 1, 1));
    }

    #[test]
    fn after_a_restart_hundreds_of_hosts_that_were_silent_before_leave_places_to_all_others_at_once()
     {
        let mut standings = Standings::default();
        (0..600).for_each(|number| {
            standings.set(HostKey::new(&format!("{number}.example")), Standing::Slow);
        });
        let mut turns = Turns::new(16, 4).with_standings(standings);
        (0..600)
            .for_each(|number| turns.enqueue(poll(&format!("https://{number}.example/"), number)));
        turns.enqueue(poll("https://good.example/", 1000));
        let begun = begun(&mut turns);
        assert!(
            begun.contains(&1000) && begun.len() == 5,
            "they have a quarter of the places: {begun:?}"
        );
    }

    #[test]
    fn at_the_first_start_six_hundred_hosts_that_are_silent_keep_one_that_answers_waiting_for_seconds()
     {
        let (mut turns, start) = (Turns::new(256, 4), Instant::now());
        (0..600)
            .for_each(|number| turns.enqueue(poll(&format!("https://{number}.example/"), number)));
        turns.enqueue(poll("https://good.example/", 1000));
        let tick = Duration::from_millis(100);
        let begins = (0..300).find(|tenths| {
            let now = start + tick * *tenths;
            // What gives way makes room at once.
            loop {
                if begun_at(&mut turns, now).iter().any(|begun| begun.0 == 1000) {
                    return true;
                }
                turns.preempt_slow();
                let gone: Vec<_> = turns
                    .sources
                    .iter()
                    .filter(|source| source.1.give_way.is_cancelled())
                    .map(|source| source.0.clone())
                    .collect();
                if gone.is_empty() {
                    return false;
                }
                for source in gone {
                    turns.finish(&FinishedWork { source, answered: false }, now);
                }
            }
        });
        assert!(begins.is_some_and(|begun| begun <= 60), "{begins:?}");
        let known = |number: u32| {
            turns.kind(poll(&format!("https://{number}.example/"), number).host().as_deref())
        };
        assert_eq!(
            (known(0), known(300)),
            (HostKind::Slow, HostKind::Slow),
            "they give way to others from now on"
        );
    }

    #[test]
    fn hundreds_of_silent_hosts_leave_places_to_those_that_answer_and_give_way_to_those_that_nobody_knows()
     {
        let (mut turns, start) = (Turns::new(16, 4), Instant::now());
        let good = poll("https://good.example/", 1000);
        turns.enqueue(poll("https://good.example/", 1000));
        assert_eq!(begun(&mut turns), [1000]);
        turns.finish(&FinishedWork { source: good.source().clone(), answered: true }, start);
        (0..300)
            .for_each(|number| turns.enqueue(poll(&format!("https://{number}.example/"), number)));
        assert_eq!(begun_at(&mut turns, start).len(), 8, "nobody knows them");
        assert!(turns.has_room(), "the schedule is not held up by them");
        turns.enqueue(good);
        assert_eq!(begun(&mut turns), [1000], "a place is left");
        turns.enqueue(poll("https://other.example/", 1001));

        let later = start + SLOW + Duration::from_millis(1);
        let (mut all, mut now) = (Vec::new(), later);
        // They are silent, and make way in their order until it is the turn of the other one.
        for _ in 0..100 {
            all.extend(begun_at(&mut turns, now));
            turns.preempt_slow();
            if all.iter().any(|begun| begun.0 == 1001) {
                break;
            }
            let gone: Vec<_> = turns
                .sources
                .iter()
                .filter(|source| source.1.give_way.is_cancelled())
                .map(|source| source.0.clone())
                .collect();
            for source in gone {
                turns.finish(&FinishedWork { source, answered: false }, now);
            }
            now += SLOW;
        }
        assert!(all.iter().any(|begun| begun.0 == 1001), "none waits for ever");
        // Those that are known to be silent have a quarter, and their whole time.
        let slow = poll("https://0.example/", 0);
        assert_eq!(
            (turns.kind(slow.host().as_deref()), turns.limit("0.example")),
            (HostKind::Slow, 1)
        );
    }
}

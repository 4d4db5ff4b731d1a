//! Who may begin: one source is read by one at a time, so a poll and what its hub pushes wait for
//! each other in the order they came; and one host takes no more of the stage's places than it may
//! be asked at once, so that ten thousand sources of a dead host make no other source late. Nor do
//! those of ten thousand dead hosts: hosts that keep us waiting, and those that nobody knows, have
//! a share of the places ([`places`](crate::stages::places)).

mod hosts;

use std::collections::{HashMap, VecDeque};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::watched::FetchWatch;
use crate::{
    config::sources::SourceId,
    fetch,
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
use hosts::HostQueues;

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
            Self::Poll(due) => due.source.at.url().map(fetch::hosts::name),
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
    hosts: HostQueues,
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

impl Turns {
    /// Allows `max` pieces of work at once and `per_host` polls of one host, each at least one.
    pub(super) fn new(max: usize, per_host: usize) -> Self {
        Self {
            max: max.max(1),
            per_host: per_host.max(1),
            sources: HashMap::new(),
            under_way: HashMap::new(),
            hosts: HostQueues::default(),
            behind: 0,
            ready: [VecDeque::new(), VecDeque::new(), VecDeque::new()],
            places: Places::new(max),
            standings: Standings::default(),
            tickets: 0,
        }
    }

    /// Allows so many polls of one host from now on, at least one.
    pub(super) fn set_per_host(&mut self, per_host: usize) {
        self.per_host = per_host.max(1);
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
    pub(super) fn enqueue(&mut self, mut work: Work) {
        if let Some(at_work) = self.sources.get_mut(work.source()) {
            at_work.behind.push_back(work);
            self.behind += 1;
            return;
        }
        let host = work.host();
        if let Some(name) = &host {
            let limit = self.limit(name);
            let Some(admitted) = self.hosts.admit(name, work, limit) else { return };
            work = admitted;
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

    /// A poll of a host ended: those that waited for it come in.
    fn poll_ended(&mut self, name: &str) {
        self.hosts.poll_ended(name);
        let limit = self.limit(name);
        // One that finds its source at work waits behind that, and leaves its place to the next.
        while let Some(next) = self.hosts.next(name, limit) {
            self.enqueue(next);
        }
    }

    /// No more polls begin but those that did: the others are as due at the next start.
    pub(super) fn stop(&mut self) {
        self.hosts.stop();
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
mod tests;

//! Who may begin: one source is read by one at a time, so a poll and what its hub pushes wait for each other in the order
//! they came; and one host takes no more of the stage's places than it may be asked at once, so that ten thousand sources of
//! a dead host make no other source late.

use std::collections::{HashMap, VecDeque};

use crate::{config::sources::SourceId, fetch::hosts, schedule::Due, websub::Push};

/// What is done about a source.
#[derive(Debug)]
pub(super) enum Work {
    /// Its time has come.
    Poll(Due),
    /// Its hub sent something.
    Push(Push),
}

impl Work {
    fn source(&self) -> &SourceId {
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

/// The work that was begun, and what waits behind it.
#[derive(Debug)]
pub(super) struct Turns {
    per_host: usize,
    sources: HashMap<SourceId, AtWork>,
    hosts: HashMap<String, Host>,
    /// Work that waits for other work about its source.
    behind: usize,
    ready: VecDeque<Work>,
}

#[derive(Debug)]
struct AtWork {
    host: Option<String>,
    behind: VecDeque<Work>,
}

#[derive(Debug, Default)]
struct Host {
    polls: usize,
    /// At most one poll a source: a source is due again only after it was polled.
    waiting: VecDeque<Work>,
}

impl Turns {
    /// Polls at once of one host: `per_host`, at least one.
    pub(super) fn new(per_host: usize) -> Self {
        Self { per_host: per_host.max(1), sources: HashMap::new(), hosts: HashMap::new(), behind: 0, ready: VecDeque::new() }
    }

    /// Work that was begun and not ended, and work that waits behind it; without polls that wait for their host.
    pub(super) fn len(&self) -> usize {
        self.sources.len() + self.behind
    }

    /// Takes work in; what may begin is then [`Turns::ready`].
    pub(super) fn enter(&mut self, work: Work) {
        if let Some(at_work) = self.sources.get_mut(work.source()) {
            at_work.behind.push_back(work);
            self.behind += 1;
            return;
        }
        let host = work.host();
        if let Some(name) = &host {
            let host = self.hosts.entry(name.clone()).or_default();
            if host.polls >= self.per_host {
                host.waiting.push_back(work);
                return;
            }
            host.polls += 1;
        }
        self.sources.insert(work.source().clone(), AtWork { host, behind: VecDeque::new() });
        self.ready.push_back(work);
    }

    /// Work that may begin now.
    pub(super) fn ready(&mut self) -> Option<Work> {
        self.ready.pop_front()
    }

    /// Work about a source ended: what waited for it comes in.
    pub(super) fn leave(&mut self, source: &SourceId) {
        let Some(AtWork { host, behind }) = self.sources.remove(source) else { return };
        self.behind -= behind.len();
        for work in behind {
            self.enter(work);
        }
        let Some(name) = host else { return };
        if let Some(host) = self.hosts.get_mut(&name) {
            host.polls -= 1;
        }
        // One that finds its source at work waits behind that, and leaves its place to the next.
        while let Some(host) = self.hosts.get_mut(&name).filter(|it| it.polls < self.per_host) {
            match host.waiting.pop_front() {
                Some(next) => self.enter(next),
                None if host.polls == 0 => drop(self.hosts.remove(&name)),
                None => break,
            }
        }
    }

    /// No more polls begin but those that did: the others are as due at the next start.
    pub(super) fn stop(&mut self) {
        self.hosts.values_mut().for_each(|it| it.waiting.clear());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config::sources;

    fn poll(url: &str, slot: u32) -> Work {
        let source = Arc::new(sources::parse("l", url.as_bytes()).sources.remove(0));
        Work::Poll(Due { source, slot, at: chrono::DateTime::UNIX_EPOCH })
    }

    /// The slots of the polls that may begin.
    fn begun(turns: &mut Turns) -> Vec<u32> {
        std::iter::from_fn(|| turns.ready())
            .map(|it| match it {
                Work::Poll(due) => due.slot,
                Work::Push(_) => panic!("nothing was pushed"),
            })
            .collect()
    }

    #[test]
    fn a_source_is_read_by_one_at_a_time_in_the_order_they_came_and_others_are_not_held_up() {
        let mut turns = Turns::new(4);
        let (a, b) = ("https://a.example/", "https://b.example/");
        let id = poll(a, 0).source().clone();
        for work in [poll(a, 1), poll(a, 2), poll(a, 3), poll(b, 4)] {
            turns.enter(work);
        }
        assert_eq!((begun(&mut turns), turns.len()), (vec![1, 4], 4));
        turns.leave(&id);
        assert_eq!(begun(&mut turns), [2]);
        turns.leave(&id);
        assert_eq!(begun(&mut turns), [3]);
        turns.leave(&id);
        assert_eq!((begun(&mut turns), turns.len()), (vec![], 1));
        turns.enter(poll(a, 5));
        assert_eq!(begun(&mut turns), [5]);
    }

    #[test]
    fn a_host_takes_so_many_places_and_no_more() {
        let mut turns = Turns::new(2);
        let dead = |it: u32| poll(&format!("https://dead.example/{it}"), it);
        (0..1000).for_each(|it| turns.enter(dead(it)));
        turns.enter(poll("https://other.example/", 1000));
        assert_eq!((begun(&mut turns), turns.len()), (vec![0, 1, 1000], 3));
        turns.leave(dead(1).source());
        assert_eq!(begun(&mut turns), [2]);
        turns.stop();
        for it in [0, 2] {
            turns.leave(dead(it).source());
        }
        assert_eq!((begun(&mut turns), turns.len(), turns.hosts.len()), (vec![], 1, 1));
    }
}

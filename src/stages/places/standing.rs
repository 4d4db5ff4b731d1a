//! What is remembered of hosts and sources: who answers promptly, who keeps us waiting, and whose
//! links lead to the latter.
//!
//! In memory only, and bounded: what is forgotten is unknown. Hosts that answer and hosts that do
//! not are remembered apart, so that no flood of the ones makes us forget the others.

use std::{collections::HashSet, hash::Hash};

use crate::model::lane::{HostKey, SourceKey};

/// Half of the hosts, or sources, that are remembered of each kind.
const HALF: usize = 32 << 10;

/// What became of the last fetch from a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It answered promptly.
    Prompt,
    /// It kept us waiting.
    Slow,
}

/// What is remembered.
#[derive(Debug, Default)]
pub(crate) struct Standings {
    prompt: RecentSet<HostKey>,
    slow: RecentSet<HostKey>,
    doubted: RecentSet<SourceKey>,
}

impl Standings {
    /// How a host is known; `None` where it is not.
    pub(crate) fn get(&self, host: HostKey) -> Option<Standing> {
        if self.slow.contains(host) {
            return Some(Standing::Slow);
        }
        self.prompt.contains(host).then_some(Standing::Prompt)
    }

    pub(crate) fn set(&mut self, host: HostKey, standing: Standing) {
        let (to, from) = match standing {
            Standing::Prompt => (&mut self.prompt, &mut self.slow),
            Standing::Slow => (&mut self.slow, &mut self.prompt),
        };
        from.remove(host);
        to.insert(host);
    }

    /// The last unknown host that a source led to kept us waiting.
    pub(crate) fn doubt(&mut self, source: SourceKey) {
        self.doubted.insert(source);
    }

    /// A host that a source led to answered.
    pub(crate) fn trust(&mut self, source: SourceKey) {
        self.doubted.remove(source);
    }

    pub(crate) fn is_doubted(&self, source: SourceKey) -> bool {
        self.doubted.contains(source)
    }
}

/// The last so many: where there are too many, the older half goes.
#[derive(Debug)]
struct RecentSet<T> {
    newer: HashSet<T>,
    older: HashSet<T>,
}

impl<T> Default for RecentSet<T> {
    fn default() -> Self {
        Self { newer: HashSet::new(), older: HashSet::new() }
    }
}

impl<T: Copy + Eq + Hash> RecentSet<T> {
    fn contains(&self, item: T) -> bool {
        self.newer.contains(&item) || self.older.contains(&item)
    }

    fn insert(&mut self, item: T) {
        self.older.remove(&item);
        if self.newer.len() >= HALF {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(item);
    }

    fn remove(&mut self, item: T) {
        self.newer.remove(&item);
        self.older.remove(&item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_silent_hosts_makes_no_host_forgotten_that_answers() {
        let mut standings = Standings::default();
        let good = HostKey::new("good.example");
        standings.set(good, Standing::Prompt);
        for host in 0..4 * HALF {
            standings.set(HostKey::new(&host.to_string()), Standing::Slow);
        }
        assert_eq!(standings.get(good), Some(Standing::Prompt));
        assert!(standings.slow.newer.len() + standings.slow.older.len() <= 2 * HALF);
        standings.set(good, Standing::Slow);
        assert_eq!(standings.get(good), Some(Standing::Slow));
    }
}

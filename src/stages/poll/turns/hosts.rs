//! The polls of each host: so many at once, and the others wait for them in the order they came.
//!
//! What must stay true: a host is forgotten when none of its polls is left.

use std::collections::{HashMap, VecDeque};

use super::Work;

/// The polls of all hosts that have any.
#[derive(Debug, Default)]
pub(super) struct HostQueues(HashMap<String, Host>);

#[derive(Debug, Default)]
struct Host {
    /// Polls that were begun or wait for a place.
    polls: usize,
    /// At most one poll a source: a source is due again only after it was polled.
    waiting: VecDeque<Work>,
}

impl HostQueues {
    /// Takes a poll of a host in. It is returned where the host has fewer than `limit`; else it
    /// waits, and [`HostQueues::next`] returns it.
    pub(super) fn admit(&mut self, name: &str, poll: Work, limit: usize) -> Option<Work> {
        let host = self.0.entry(name.to_owned()).or_default();
        if host.polls >= limit {
            host.waiting.push_back(poll);
            return None;
        }
        host.polls += 1;
        Some(poll)
    }

    /// A poll of a host that was admitted ended.
    pub(super) fn poll_ended(&mut self, name: &str) {
        if let Some(host) = self.0.get_mut(name) {
            host.polls -= 1;
        }
    }

    /// The next poll that waits, where the host has fewer than `limit`. It does not count until it
    /// is admitted.
    pub(super) fn next(&mut self, name: &str, limit: usize) -> Option<Work> {
        let host = self.0.get_mut(name).filter(|host| host.polls < limit)?;
        let next = host.waiting.pop_front();
        if next.is_none() && host.polls == 0 {
            self.0.remove(name);
        }
        next
    }

    /// Drops all polls that wait.
    pub(super) fn stop(&mut self) {
        self.0.values_mut().for_each(|host| host.waiting.clear());
    }

    /// The number of hosts that have polls.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

//! The hosts that are asked now, or that lanes wait for: the places they have, and since when they
//! may be asked again.
//!
//! What must stay true: a host is forgotten once nothing is fetched from it and no lane waits for
//! it, so this is bounded by what is under way and what waits. `shut` holds just the hosts with a
//! `shut_until`, by that time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::lanes::Order;
use crate::model::lane::{HostKey, Lane};

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

impl Host {
    /// The number of places that it may take, where it may be asked.
    fn limit(&self, most: usize) -> usize {
        if self.shut_until.is_some() { 0 } else { most }
    }
}

/// The hosts, by their key. `most` is the number of places that a host may take at once.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    known: HashMap<HostKey, Host>,
    /// Hosts that are not asked before some time, by that time.
    shut: BTreeSet<(u64, HostKey)>,
}

impl Hosts {
    /// Whether a host has a place for another fetch.
    pub(super) fn has_place(&self, host: HostKey, most: usize) -> bool {
        self.known.get(&host).map_or(most > 0, |host| host.places < host.limit(most))
    }

    /// Whether a host has a place for another fetch, when its lanes that wait for a turn have had
    /// it.
    pub(super) fn has_room(&self, host: HostKey, most: usize) -> bool {
        self.known.get(&host).map_or(most > 0, |host| host.places + host.ready < host.limit(most))
    }

    /// Notes that a fetch from a host begins.
    pub(super) fn take_place(&mut self, host: HostKey) {
        self.known.entry(host).or_default().places += 1;
    }

    /// Notes that a fetch from a host has ended.
    pub(super) fn free_place(&mut self, host: HostKey) {
        if let Some(known) = self.known.get_mut(&host) {
            known.places -= 1;
        }
    }

    /// Notes that a lane of a host waits for a turn.
    pub(super) fn add_ready(&mut self, host: HostKey) {
        self.known.entry(host).or_default().ready += 1;
    }

    /// Notes that a lane of a host has its turn.
    pub(super) fn remove_ready(&mut self, host: HostKey) {
        if let Some(known) = self.known.get_mut(&host) {
            known.ready -= 1;
        }
    }

    /// Puts a lane among those that wait for a host.
    pub(super) fn wait(&mut self, host: HostKey, order: Order, lane: Lane) {
        self.known.entry(host).or_default().waiting.insert(order, lane);
    }

    /// Takes a lane out of those that wait for a host.
    pub(super) fn stop_waiting(&mut self, host: HostKey, order: Order) {
        self.known.entry(host).or_default().waiting.remove(&order);
    }

    /// Takes the next lane that waits for a host, where the host has room. Forgets a host that
    /// nothing is left of.
    pub(super) fn next_waiting(&mut self, host: HostKey, most: usize) -> Option<Lane> {
        if !self.has_room(host, most) {
            return None;
        }
        let known = self.known.get_mut(&host)?;
        let next = known.waiting.pop_first().map(|(_, lane)| lane);
        if next.is_none() && known.places + known.ready == 0 {
            self.known.remove(&host);
        }
        next
    }

    /// Notes that a host is not asked before `until_ms`, in milliseconds since 1970, or later where
    /// that was noted before.
    pub(super) fn shut(&mut self, host: HostKey, until_ms: u64) {
        let known = self.known.entry(host).or_default();
        if known.shut_until.is_none_or(|shut_until| shut_until < until_ms) {
            if let Some(before) = known.shut_until.replace(until_ms) {
                self.shut.remove(&(before, host));
            }
            self.shut.insert((until_ms, host));
        }
    }

    /// Opens a host that may be asked again by now, in milliseconds since 1970, and returns it.
    pub(super) fn open_next(&mut self, now_ms: u64) -> Option<HostKey> {
        let (until, host) = *self.shut.first().filter(|(until, _)| *until <= now_ms)?;
        self.shut.remove(&(until, host));
        if let Some(known) = self.known.get_mut(&host) {
            known.shut_until = None;
        }
        Some(host)
    }

    /// When the next host may be asked again, in milliseconds since 1970.
    pub(super) fn next_opening_ms(&self) -> Option<u64> {
        self.shut.first().map(|(until, _)| *until)
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty() && self.shut.is_empty()
    }
}

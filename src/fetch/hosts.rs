//! How many requests run at once to one host.
//!
//! The limit is a matter of manners: a thousand pages of one site wait their turn here, in the order they came.
//! What must stay true: the table holds only hosts that somebody waits for or talks to. Everything is released by
//! dropping, also when a fetch is cancelled while it waits, so there is no "finished" call to forget.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The hosts that are in use.
#[derive(Debug)]
pub struct Hosts {
    per_host: usize,
    in_use: Mutex<HashMap<Arc<str>, InUse>>,
}

#[derive(Debug)]
struct InUse {
    turns: Arc<Semaphore>,
    /// Claims that hold a turn or wait for one. It is counted under the table's lock, as the counts inside an
    /// `Arc` could be read by two leavers at once, and then neither would tidy up.
    claims: usize,
}

/// The right to one request to a host, until it is dropped.
#[derive(Debug)]
pub struct Permit<'a> {
    // The turn is given back before the claim is: fields drop in this order.
    _turn: Option<OwnedSemaphorePermit>,
    _claim: Claim<'a>,
}

/// One user of an entry in the table.
#[derive(Debug)]
struct Claim<'a> {
    hosts: &'a Hosts,
    host: Arc<str>,
}

impl Hosts {
    /// A table that lets `per_host` requests at a time to one host (at least one).
    #[must_use]
    pub fn new(per_host: usize) -> Self {
        Self { per_host: per_host.clamp(1, Semaphore::MAX_PERMITS), in_use: Mutex::default() }
    }

    /// Waits for a turn at `host`, first come first served.
    pub async fn claim(&self, host: &str) -> Permit<'_> {
        let (claim, turns) = self.enter(host);
        // It fails only on a closed semaphore, and nobody closes these.
        let turn = turns.acquire_owned().await.ok();
        Permit { _turn: turn, _claim: claim }
    }

    /// How many hosts are talked to or waited for.
    #[must_use]
    pub fn in_use(&self) -> usize {
        self.table().len()
    }

    fn enter(&self, host: &str) -> (Claim<'_>, Arc<Semaphore>) {
        let host: Arc<str> = Arc::from(host);
        let mut table = self.table();
        let entry = table.entry(Arc::clone(&host)).or_insert_with(|| InUse { turns: Arc::new(Semaphore::new(self.per_host)), claims: 0 });
        entry.claims += 1;
        let turns = Arc::clone(&entry.turns);
        drop(table);
        (Claim { hosts: self, host }, turns)
    }

    fn table(&self) -> MutexGuard<'_, HashMap<Arc<str>, InUse>> {
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut table = self.hosts.table();
        if let Some(entry) = table.get_mut(&self.host) {
            entry.claims -= 1;
            if entry.claims == 0 {
                table.remove(&self.host);
            }
        }
        // A burst of hosts must not leave its memory behind for good.
        if table.capacity() > 1024 && table.len() < table.capacity() / 8 {
            table.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn one_host_gets_its_limit_and_another_host_is_not_held_up() {
        let hosts = Hosts::new(2);
        let first = hosts.claim("a.example").now_or_never().unwrap();
        let _second = hosts.claim("a.example").now_or_never().unwrap();
        assert!(hosts.claim("a.example").now_or_never().is_none());
        assert!(hosts.claim("b.example").now_or_never().is_some());
        drop(first);
        assert!(hosts.claim("a.example").now_or_never().is_some());
    }

    #[test]
    fn the_table_forgets_hosts_that_are_not_in_use() {
        let hosts = Hosts::new(1);
        let held = hosts.claim("a.example").now_or_never().unwrap();
        let mut waiting = Box::pin(hosts.claim("a.example"));
        assert!(waiting.as_mut().now_or_never().is_none());
        assert_eq!(hosts.in_use(), 1);
        drop(held);
        assert_eq!(hosts.in_use(), 1, "somebody still waits");
        drop(waiting);
        assert_eq!(hosts.in_use(), 0);
    }

    #[test]
    fn a_limit_of_zero_still_lets_one_through() {
        assert!(Hosts::new(0).claim("a.example").now_or_never().is_some());
    }
}

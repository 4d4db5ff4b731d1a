//! Rate limits of hosts: how many requests run to one at the same time, how often it is asked, and
//! its cooldown after it refused.
//!
//! Polls and pages share them, so that what a host says to one holds for all: after a 429 no
//! request is made to it before the time that it named. A thousand pages of one site wait for their
//! turn here, in the order they came; a request that would have to wait for long is deferred
//! instead, because its place in a stage is needed for other hosts.
//!
//! What must stay true: the table holds only hosts that a request waits for or talks to, or that
//! are cooling down. Turns are released by dropping, also when a fetch is cancelled while it waits,
//! so there is no "finished" call to forget.

mod rate_limit;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use crate::base::clock::Clock;
use rate_limit::{Bucket, Cooldown};
pub use rate_limit::{DeferralReason, Pace};

/// A request that has to wait longer for the host's pace is deferred: that of a poll, and that of a
/// page, which comes again when it is its turn and takes no place until then.
const PATIENCE: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(1)];
/// The table is not gone through for fewer hosts.
const SMALL: usize = 1024;

/// The hosts that are in use or cooling down.
#[derive(Debug)]
pub struct Hosts {
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    per_host: usize,
    hosts: HashMap<Arc<str>, Host>,
    /// It is gone through when it has grown to this.
    sweep_at: usize,
}

#[derive(Debug)]
struct Host {
    turns: Arc<Semaphore>,
    /// Turns that are given back no more, because fewer are allowed now.
    surplus: usize,
    /// Claims that hold a turn or wait for one. It is counted under the table's lock, as the counts
    /// inside an `Arc` could be read by two leavers at once, and then neither would tidy up.
    claims: usize,
    cooldown: Option<Cooldown>,
    bucket: Bucket,
}

/// Who asks for a turn, and which wait is named where there is none yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// A poll: it waits for longer, and is told of the next turn. Polls and pages that all wait for
    /// one take turns.
    First,
    /// A page: it is told of the next turn. The stage of pages has its other pages wait, and
    /// decides whose turn that is.
    Next,
    /// A request that a redirect led here: each is promised a turn of its own, one after the other.
    Queued,
}

/// A request that was not made: how long to wait, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deferred {
    /// The time after which to ask again.
    pub wait: Duration,
    /// What the host did; nothing where only its pace asks for it.
    pub reason: Option<DeferralReason>,
    /// Whether the wait ends at the next turn of the host that was asked, which is promised to
    /// nobody.
    pub next: bool,
}

impl Deferred {
    /// For a large body, while too many of them wait for memory.
    pub const NO_ROOM: Self =
        Self { wait: Duration::from_secs(5), reason: Some(DeferralReason::NoRoom), next: false };
    /// For a request that had no answer yet while others waited for its place.
    pub const GAVE_WAY: Self =
        Self { wait: Duration::from_secs(5), reason: Some(DeferralReason::GaveWay), next: false };
}

impl fmt::Display for Deferred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            Some(reason @ (DeferralReason::NoRoom | DeferralReason::GaveWay)) => reason.fmt(f),
            Some(reason) => {
                write!(f, "the host is left alone for {} s after {reason}", self.wait.as_secs())
            }
            None => write!(f, "the host's turn is in {} s", self.wait.as_secs()),
        }
    }
}

/// The right to one request to a host, until it is dropped.
#[derive(Debug)]
pub struct Permit<'a> {
    // The turn is given back before the claim is: fields drop in this order.
    turn: Option<OwnedSemaphorePermit>,
    claim: Claim<'a>,
}

/// One user of an entry in the table.
#[derive(Debug)]
struct Claim<'a> {
    hosts: &'a Hosts,
    host: Arc<str>,
}

/// What a host is known by: its name, and its port where that is another than that of its scheme.
#[must_use]
pub fn name(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

impl Hosts {
    /// A table that lets `per_host` requests at a time to one host (at least one).
    #[must_use]
    pub fn new(per_host: usize) -> Self {
        let per_host = per_host.clamp(1, Semaphore::MAX_PERMITS);
        Self { table: Mutex::new(Table { per_host, ..Table::default() }) }
    }

    /// Lets so many requests at a time to one host from now on (at least one). Where more are under
    /// way, none begins until enough of them have ended.
    pub fn set_per_host(&self, per_host: usize) {
        let mut table = self.table();
        let after = per_host.clamp(1, Semaphore::MAX_PERMITS);
        let before = std::mem::replace(&mut table.per_host, after);
        table.hosts.values_mut().for_each(|host| host.resize(before, after));
    }

    /// Waits for a turn at `host`, first come first served.
    ///
    /// # Errors
    /// Where the host is cooling down, or its turn is too far away.
    pub async fn claim(
        &self,
        host: &str,
        pace: Pace,
        order: Order,
        clock: &impl Clock,
    ) -> Result<Permit<'_>, Deferred> {
        let (claim, turns) = self.enter(host, clock.now());
        // It may have refused others while we waited for the turn, and again while we waited for
        // its pace.
        self.check_cooldown(host, clock.now())?;
        // It fails only on a closed semaphore, and nobody closes these.
        let turn = turns.acquire_owned().await.ok();
        let now = clock.now();
        self.check_cooldown(host, now)?;
        let patience = PATIENCE[usize::from(order != Order::First)];
        let taken = self
            .table()
            .hosts
            .get_mut(host)
            .map_or(Ok(Duration::ZERO), |host| host.bucket.take(pace, patience, order, now));
        let wait =
            taken.map_err(|wait| Deferred { wait, reason: None, next: order == Order::Next })?;
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
            self.check_cooldown(host, clock.now())?;
        }
        Ok(Permit { turn, claim })
    }

    /// Ends the cooldown of a host that answered as it should, where its time is over.
    pub(super) fn record_success(&self, host: &str, now: DateTime<Utc>) {
        if let Some(host) = self.table().hosts.get_mut(host) {
            // An answer to a request from before the cooldown does not end it.
            host.cooldown = host.cooldown.filter(|cooldown| cooldown.left(now).is_some());
        }
    }

    /// Begins a cooldown of a host that refused or did not answer: as long as it says, or else ever
    /// longer.
    pub(super) fn record_failure(
        &self,
        host: &str,
        reason: DeferralReason,
        retry_after: Option<Duration>,
        now: DateTime<Utc>,
    ) {
        if let Some(host) = self.table().hosts.get_mut(host) {
            host.cooldown = Some(Cooldown::after(host.cooldown, reason, retry_after, now));
        }
    }

    /// Goes on with a cooldown that a host asked an earlier process for.
    pub(super) fn cool_down(&self, host: &str, wait: Duration, now: DateTime<Utc>) {
        let _claim = self.enter(host, now);
        self.record_failure(host, DeferralReason::Throttled(429), Some(wait), now);
    }

    /// The number of hosts in the table.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table().hosts.len()
    }

    /// Whether the table is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Refuses where a host is cooling down, and says how long that lasts.
    pub(super) fn check_cooldown(&self, host: &str, now: DateTime<Utc>) -> Result<(), Deferred> {
        let cooldown = self.table().hosts.get(host).and_then(|host| host.cooldown);
        match cooldown.and_then(|cooldown| Some((cooldown.reason, cooldown.left(now)?))) {
            Some((reason, wait)) => Err(Deferred { wait, reason: Some(reason), next: false }),
            None => Ok(()),
        }
    }

    fn enter(&self, host: &str, now: DateTime<Utc>) -> (Claim<'_>, Arc<Semaphore>) {
        let host: Arc<str> = Arc::from(host);
        let mut table = self.table();
        if table.hosts.len() >= table.sweep_at.max(SMALL) {
            table.sweep(now);
        }
        let per_host = table.per_host;
        let new = || Host {
            turns: Arc::new(Semaphore::new(per_host)),
            surplus: 0,
            claims: 0,
            cooldown: None,
            bucket: Bucket::default(),
        };
        let entry = table.hosts.entry(Arc::clone(&host)).or_insert_with(new);
        entry.claims += 1;
        let turns = Arc::clone(&entry.turns);
        drop(table);
        (Claim { hosts: self, host }, turns)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Forgets hosts whose cooldown or pace is over.
    fn sweep(&mut self, now: DateTime<Utc>) {
        let remembered = |host: &Host| {
            host.cooldown.is_some_and(|cooldown| !cooldown.is_over(now))
                || !host.bucket.is_full(now)
        };
        self.hosts.retain(|_, host| host.claims > 0 || remembered(host));
        self.sweep_at = self.hosts.len() + self.hosts.len() / 4 + SMALL;
    }
}

impl Host {
    fn resize(&mut self, before: usize, after: usize) {
        let (more, fewer) = (after.saturating_sub(before), before.saturating_sub(after));
        let kept = more.min(self.surplus);
        self.surplus -= kept;
        self.turns.add_permits(more - kept);
        self.surplus += fewer - self.turns.forget_permits(fewer);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut table = self.claim.hosts.table();
        let host = table.hosts.get_mut(&self.claim.host).filter(|host| host.surplus > 0);
        if let Some(host) = host
            && let Some(turn) = self.turn.take()
        {
            host.surplus -= 1;
            turn.forget();
        }
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut table = self.hosts.table();
        let hosts = &mut table.hosts;
        if let Some(entry) = hosts.get_mut(&self.host) {
            entry.claims -= 1;
            if entry.claims == 0 && entry.cooldown.is_none() && entry.bucket == Bucket::default() {
                hosts.remove(&self.host);
            }
        }
        // A burst of hosts must not leave its memory behind for good.
        if hosts.capacity() > SMALL && hosts.len() < hosts.capacity() / 8 {
            hosts.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;
    use crate::base::clock::ManualClock;

    const FREE: Pace = Pace { spacing: Duration::ZERO, burst: 1 };

    /// A claim that is granted or refused at once; `None` where it waits.
    fn claim<'a>(
        hosts: &'a Hosts,
        host: &str,
        clock: &ManualClock,
    ) -> Option<Result<Permit<'a>, Deferred>> {
        hosts.claim(host, FREE, Order::Queued, clock).now_or_never()
    }

    fn clock() -> ManualClock {
        ManualClock::new(DateTime::UNIX_EPOCH)
    }

    #[test]
    fn one_host_gets_its_limit_and_another_host_is_not_held_up() {
        let (hosts, clock) = (Hosts::new(2), clock());
        let first = claim(&hosts, "a.example", &clock).unwrap().unwrap();
        let _second = claim(&hosts, "a.example", &clock).unwrap().unwrap();
        assert!(claim(&hosts, "a.example", &clock).is_none());
        assert!(claim(&hosts, "b.example", &clock).is_some());
        drop(first);
        assert!(claim(&hosts, "a.example", &clock).is_some());
    }

    #[test]
    fn another_limit_holds_at_once_for_hosts_that_are_in_use_too() {
        let (hosts, clock) = (Hosts::new(2), clock());
        let ask = || claim(&hosts, "a.example", &clock);
        let (first, second) = (ask().unwrap().unwrap(), ask().unwrap().unwrap());
        hosts.set_per_host(1);
        drop(first);
        assert!(ask().is_none(), "one is under way still");
        drop(second);
        let first = ask().unwrap().unwrap();
        assert!(ask().is_none());
        hosts.set_per_host(3);
        let others = [ask().unwrap().unwrap(), ask().unwrap().unwrap()];
        assert!(ask().is_none());
        hosts.set_per_host(1);
        hosts.set_per_host(2);
        drop(first);
        assert!(ask().is_none(), "two are under way still");
        drop(others);
        assert!(hosts.is_empty());
    }

    #[test]
    fn the_table_forgets_hosts_that_are_not_in_use() {
        let (hosts, clock) = (Hosts::new(1), clock());
        let held = claim(&hosts, "a.example", &clock).unwrap();
        let mut waiting = Box::pin(hosts.claim("a.example", FREE, Order::Queued, &clock));
        assert!(waiting.as_mut().now_or_never().is_none());
        assert_eq!(hosts.len(), 1);
        drop(held);
        assert_eq!(hosts.len(), 1, "somebody still waits");
        drop(waiting);
        assert!(hosts.is_empty());
    }

    #[test]
    fn a_limit_of_zero_still_lets_one_through() {
        assert!(claim(&Hosts::new(0), "a.example", &clock()).is_some());
    }

    #[test]
    fn what_a_host_says_to_one_holds_for_all_who_wait_and_come() {
        let (hosts, clock) = (Hosts::new(1), clock());
        let asking = claim(&hosts, "a.example", &clock).unwrap().unwrap();
        let mut waiting = Box::pin(hosts.claim("a.example", FREE, Order::Queued, &clock));
        assert!(waiting.as_mut().now_or_never().is_none());
        hosts.record_failure(
            "a.example",
            DeferralReason::Throttled(429),
            Some(Duration::from_mins(1)),
            clock.now(),
        );
        drop(asking);
        let deferred = Deferred {
            wait: Duration::from_mins(1),
            reason: Some(DeferralReason::Throttled(429)),
            next: false,
        };
        assert_eq!(waiting.now_or_never().unwrap().unwrap_err(), deferred);
        hosts.record_success("a.example", clock.now());
        assert_eq!(claim(&hosts, "a.example", &clock).unwrap().unwrap_err(), deferred);
        assert!(claim(&hosts, "b.example", &clock).unwrap().is_ok());
        clock.advance(Duration::from_mins(1));
        assert!(claim(&hosts, "a.example", &clock).unwrap().is_ok());
    }

    #[test]
    fn what_a_host_said_to_an_earlier_process_holds() {
        let (hosts, clock) = (Hosts::new(1), clock());
        hosts.cool_down("a.example", Duration::from_mins(1), clock.now());
        assert!(claim(&hosts, "a.example", &clock).unwrap().is_err());
        clock.advance(Duration::from_mins(1));
        assert!(claim(&hosts, "a.example", &clock).unwrap().is_ok());
    }

    #[test]
    fn hosts_whose_cooldown_is_long_over_are_forgotten() {
        let (hosts, clock) = (Hosts::new(1), clock());
        for host in 0..10 * SMALL {
            let host = host.to_string();
            let _asking = claim(&hosts, &host, &clock).unwrap().unwrap();
            hosts.record_failure(&host, DeferralReason::Challenge("Anubis"), None, clock.now());
            clock.advance(Duration::from_secs(10));
        }
        assert!(hosts.len() < 3 * SMALL, "{}", hosts.len());
    }

    #[test]
    fn a_host_is_known_by_its_name_under_each_scheme() {
        let of = |url: &str| name(&Url::parse(url).unwrap());
        assert_eq!(
            [of("http://a.example/"), of("https://me@a.example:443/x")],
            ["a.example", "a.example"]
        );
        assert_eq!(of("http://127.0.0.1:8080/"), "127.0.0.1:8080");
    }
}

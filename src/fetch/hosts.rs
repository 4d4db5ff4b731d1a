//! Manners towards hosts: how many requests run at once to one, how often it is asked, and when it is left alone.
//!
//! Polls and pages share it, so that what a host says to one holds for all: after a 429 no request is made to it until it
//! said so. A thousand pages of one site wait their turn here, in the order they came; who would have to wait for long is
//! sent away instead, because its place in a stage is needed for other hosts.
//!
//! What must stay true: the table holds only hosts that somebody waits for or talks to, or that are left alone for a
//! while. Turns are released by dropping, also when a fetch is cancelled while it waits, so there is no "finished" call
//! to forget.

mod manners;

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
use manners::{Bucket, Pause};
pub use manners::{Pace, Trouble};

/// Who has to wait longer for the host's pace is sent away: a poll, and a page, which comes again when it is its turn and takes
/// no place until then.
const PATIENCE: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(1)];
/// The table is not gone through for fewer hosts.
const SMALL: usize = 1024;

/// The hosts that are in use or left alone.
#[derive(Debug)]
pub struct Hosts {
    per_host: usize,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    hosts: HashMap<Arc<str>, Host>,
    /// It is gone through when it has grown to this.
    sweep_at: usize,
}

#[derive(Debug)]
struct Host {
    turns: Arc<Semaphore>,
    /// Claims that hold a turn or wait for one. It is counted under the table's lock, as the counts inside an
    /// `Arc` could be read by two leavers at once, and then neither would tidy up.
    claims: usize,
    pause: Option<Pause>,
    bucket: Bucket,
}

/// Who comes, and what he is told where he comes too soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// A poll: it waits for longer, and is told of the next turn. Polls and pages that all wait for one take turns.
    First,
    /// A page: it is told of the next turn. Whoever sends the pages has the others wait, and says whose that is.
    Next,
    /// Whom a redirect led here: each is promised a turn of his own, one after the other.
    Queued,
}

/// Why there is no turn now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// How long to stay away.
    pub wait: Duration,
    /// What the host did; nothing where only its pace asks for it.
    pub why: Option<Trouble>,
    /// Whether that is the next turn of the host that was asked, promised to nobody.
    pub next: bool,
}

impl Hold {
    /// Too many large bodies wait for memory already.
    pub const NO_ROOM: Self = Self { wait: Duration::from_secs(5), why: Some(Trouble::NoRoom), next: false };
    /// It had no answer yet, and others waited for its place.
    pub const GAVE_WAY: Self = Self { wait: Duration::from_secs(5), why: Some(Trouble::GaveWay), next: false };
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.why {
            Some(why @ (Trouble::NoRoom | Trouble::GaveWay)) => why.fmt(f),
            Some(why) => write!(f, "the host is left alone for {} s after {why}", self.wait.as_secs()),
            None => write!(f, "the host's turn is in {} s", self.wait.as_secs()),
        }
    }
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
        Self { per_host: per_host.clamp(1, Semaphore::MAX_PERMITS), table: Mutex::default() }
    }

    /// Waits for a turn at `host`, first come first served.
    ///
    /// # Errors
    /// Where it is left alone for now, or would have to be waited for too long.
    pub async fn claim(&self, host: &str, (pace, order): (Pace, Order), clock: &impl Clock) -> Result<Permit<'_>, Hold> {
        let (claim, turns) = self.enter(host, clock.now());
        // It may have said something while we waited for the turn, and again while we waited for its pace.
        self.not_left_alone(host, clock.now())?;
        // It fails only on a closed semaphore, and nobody closes these.
        let turn = turns.acquire_owned().await.ok();
        let now = clock.now();
        self.not_left_alone(host, now)?;
        let patience = PATIENCE[usize::from(order != Order::First)];
        let taken = self.table().hosts.get_mut(host).map_or(Ok(Duration::ZERO), |it| it.bucket.take(pace, (patience, order), now));
        let wait = taken.map_err(|wait| Hold { wait, why: None, next: order == Order::Next })?;
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
            self.not_left_alone(host, clock.now())?;
        }
        Ok(Permit { _turn: turn, _claim: claim })
    }

    /// A host answered as it should.
    pub(super) fn well(&self, host: &str, now: DateTime<Utc>) {
        if let Some(host) = self.table().hosts.get_mut(host) {
            // One that was under way before it asked us to stay away does not end that.
            host.pause = host.pause.filter(|it| it.left(now).is_some());
        }
    }

    /// A host does not want to be asked: it is left alone for as long as it says, or ever longer.
    pub(super) fn trouble(&self, host: &str, why: Trouble, retry_after: Option<Duration>, now: DateTime<Utc>) {
        if let Some(host) = self.table().hosts.get_mut(host) {
            host.pause = Some(Pause::after(host.pause, why, retry_after, now));
        }
    }

    /// A host asked an earlier process to stay away.
    pub(super) fn leave_alone(&self, host: &str, wait: Duration, now: DateTime<Utc>) {
        let _claim = self.enter(host, now);
        self.trouble(host, Trouble::Throttled(429), Some(wait), now);
    }

    /// How many hosts are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table().hosts.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a host may be asked at all.
    pub(super) fn not_left_alone(&self, host: &str, now: DateTime<Utc>) -> Result<(), Hold> {
        let pause = self.table().hosts.get(host).and_then(|it| it.pause);
        match pause.and_then(|it| it.left(now).map(|wait| (it.why, wait))) {
            Some((why, wait)) => Err(Hold { wait, why: Some(why), next: false }),
            None => Ok(()),
        }
    }

    fn enter(&self, host: &str, now: DateTime<Utc>) -> (Claim<'_>, Arc<Semaphore>) {
        let host: Arc<str> = Arc::from(host);
        let mut table = self.table();
        if table.hosts.len() >= table.sweep_at.max(SMALL) {
            table.sweep(now);
        }
        let new = || Host { turns: Arc::new(Semaphore::new(self.per_host)), claims: 0, pause: None, bucket: Bucket::default() };
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
    /// Forgets hosts whose pause or pace is over.
    fn sweep(&mut self, now: DateTime<Utc>) {
        let remembered = |it: &Host| it.pause.is_some_and(|it| !it.is_over(now)) || !it.bucket.is_full(now);
        self.hosts.retain(|_, it| it.claims > 0 || remembered(it));
        self.sweep_at = self.hosts.len() + self.hosts.len() / 4 + SMALL;
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut table = self.hosts.table();
        let hosts = &mut table.hosts;
        if let Some(entry) = hosts.get_mut(&self.host) {
            entry.claims -= 1;
            if entry.claims == 0 && entry.pause.is_none() && entry.bucket == Bucket::default() {
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
    fn claim<'a>(hosts: &'a Hosts, host: &str, clock: &ManualClock) -> Option<Result<Permit<'a>, Hold>> {
        hosts.claim(host, (FREE, Order::Queued), clock).now_or_never()
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
    fn the_table_forgets_hosts_that_are_not_in_use() {
        let (hosts, clock) = (Hosts::new(1), clock());
        let held = claim(&hosts, "a.example", &clock).unwrap();
        let mut waiting = Box::pin(hosts.claim("a.example", (FREE, Order::Queued), &clock));
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
        let mut waiting = Box::pin(hosts.claim("a.example", (FREE, Order::Queued), &clock));
        assert!(waiting.as_mut().now_or_never().is_none());
        hosts.trouble("a.example", Trouble::Throttled(429), Some(Duration::from_mins(1)), clock.now());
        drop(asking);
        let hold = Hold { wait: Duration::from_mins(1), why: Some(Trouble::Throttled(429)), next: false };
        assert_eq!(waiting.now_or_never().unwrap().unwrap_err(), hold);
        hosts.well("a.example", clock.now());
        assert_eq!(claim(&hosts, "a.example", &clock).unwrap().unwrap_err(), hold);
        assert!(claim(&hosts, "b.example", &clock).unwrap().is_ok());
        clock.advance(Duration::from_mins(1));
        assert!(claim(&hosts, "a.example", &clock).unwrap().is_ok());
    }

    #[test]
    fn what_a_host_said_to_an_earlier_process_holds() {
        let (hosts, clock) = (Hosts::new(1), clock());
        hosts.leave_alone("a.example", Duration::from_mins(1), clock.now());
        assert!(claim(&hosts, "a.example", &clock).unwrap().is_err());
        clock.advance(Duration::from_mins(1));
        assert!(claim(&hosts, "a.example", &clock).unwrap().is_ok());
    }

    #[test]
    fn hosts_that_were_left_alone_are_forgotten_once_that_is_long_over() {
        let (hosts, clock) = (Hosts::new(1), clock());
        for host in 0..10 * SMALL {
            let host = host.to_string();
            let _asking = claim(&hosts, &host, &clock).unwrap().unwrap();
            hosts.trouble(&host, Trouble::Challenge("Anubis"), None, clock.now());
            clock.advance(Duration::from_secs(10));
        }
        assert!(hosts.len() < 3 * SMALL, "{}", hosts.len());
    }

    #[test]
    fn a_host_is_known_by_its_name_under_each_scheme() {
        let of = |url: &str| name(&Url::parse(url).unwrap());
        assert_eq!([of("http://a.example/"), of("https://me@a.example:443/x")], ["a.example", "a.example"]);
        assert_eq!(of("http://127.0.0.1:8080/"), "127.0.0.1:8080");
    }
}

//! Decides when the page of a published article is looked at again, and whether one that is gone was
//! withdrawn. Pure.
//!
//! A site that breaks answers 404, too. So an article counts as withdrawn only after a second look
//! some time after the first, where its host shows other pages meanwhile, does not fail or keep us
//! out, and has not lost many of its pages at once.
//!
//! What must stay true: the time between two looks is measured by a monotonic clock, which nobody
//! sets. What is remembered of hosts is of this process: what it has not seen itself, it waits for,
//! so a restart delays a withdrawal and never brings one forward.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::lane::HostKey;

/// Pages of one host that may always vanish at once.
const ALWAYS: usize = 2;
/// Of the articles of a host that were looked at, one in so many may vanish at once.
const ONE_IN: usize = 20;
/// Pages vanish at once within so many times the shortest time to a withdrawal.
const AT_ONCE: u32 = 24;
/// A page that is gone is looked at for so many times the shortest time to a withdrawal.
const LOOKED_FOR: u32 = 24 * 7;
/// Hosts that are remembered before those are forgotten of which nothing was heard for long.
const MANY: usize = 10_000;
/// Pages that are gone which are remembered of one host.
const MANY_GONE: usize = 10_000;

/// When pages are looked at again, and what a withdrawal takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookRules {
    /// How long after an article was first seen its page is looked at, in rising order.
    pub after: Vec<Duration>,
    /// The shortest time between the first look that finds a page gone and the one that counts it
    /// as withdrawn.
    pub withdraw_after: Duration,
}

impl LookRules {
    /// Rules by which no page is looked at again.
    #[must_use]
    pub fn none() -> Self {
        Self { after: Vec::new(), withdraw_after: Duration::ZERO }
    }

    /// When the page of an article is looked at next; `None` where it has had its looks. A time
    /// that has almost come is passed over, because the page was read just now.
    #[must_use]
    pub fn next(&self, first_seen: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let soon = now + delta(self.after.first().copied().unwrap_or_default() / 2);
        self.after.iter().map(|after| first_seen + delta(*after)).find(|due| *due > soon)
    }

    /// How long after so many looks in a row that found a page gone the next one is made. Where
    /// that only has to last, the next look may be the one that counts.
    #[must_use]
    pub fn pause(&self, looks: u32, wait: Option<Wait>) -> TimeDelta {
        let looks = if wait == Some(Wait::Early) { 1 } else { looks };
        delta(self.withdraw_after * 2_u32.pow(looks.saturating_sub(1).min(4)))
    }

    /// Whether a page is gone for so long that it is not looked at any more.
    #[must_use]
    pub fn gives_up(&self, since: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        now - since > delta(self.withdraw_after * LOOKED_FOR)
    }
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::days(365))
}

/// Why a page that is gone is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wait {
    /// It was seen for too short a time.
    #[error("its page is gone, and that has to last")]
    Early,
    /// Its host may be at fault.
    #[error("its page is gone, but its host fails or keeps us out")]
    HostFails,
    /// Nobody knows whether its host is well.
    #[error("its page is gone, but so may be all of its host")]
    HostSilent,
    /// Its site may be broken.
    #[error("its page is gone, but so are {vanished} of about {looked} that were looked at")]
    Many {
        /// Pages of the host that are gone.
        vanished: usize,
        /// Articles of the host that were looked at.
        looked: usize,
    },
}

impl Wait {
    /// The label in metrics.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Early => "gone",
            Self::HostFails | Self::HostSilent | Self::Many { .. } => "held",
        }
    }
}

/// What this process has seen of hosts.
#[derive(Debug, Default)]
pub struct Hosts(HashMap<HostKey, Host>);

/// What was seen of one host.
#[derive(Debug)]
struct Host {
    /// When it last showed a page.
    answered: Option<Instant>,
    /// When it last failed or kept us out.
    failed: Option<Instant>,
    /// Looks that found their page: in the present window of time, and in the one before.
    found: [usize; 2],
    /// When the present window began.
    began: Instant,
    /// The pages that are gone: the first and the last look that found that.
    gone: HashMap<[u8; 8], (Instant, Instant)>,
}

impl Hosts {
    /// Notes that a host showed a page; `look` is the entry whose page was looked at again.
    pub fn answered(
        &mut self,
        host: HostKey,
        look: Option<[u8; 8]>,
        rules: &LookRules,
        now: Instant,
    ) {
        let known = self.host(host, rules, now);
        known.answered = Some(now);
        if let Some(entry) = look {
            known.gone.remove(&entry);
            known.found[0] += 1;
        }
    }

    /// Notes that a host failed or kept us out.
    pub fn failed(&mut self, host: HostKey, rules: &LookRules, now: Instant) {
        self.host(host, rules, now).failed = Some(now);
    }

    /// Forgets that the page of an entry was gone: it is gone anew.
    pub fn forget(&mut self, host: HostKey, entry: [u8; 8]) {
        if let Some(known) = self.0.get_mut(&host) {
            known.gone.remove(&entry);
        }
    }

    /// Decides on the page of an entry that was not there: `Ok` is that it was withdrawn.
    ///
    /// # Errors
    /// Why it is waited for.
    pub fn gone(
        &mut self,
        host: HostKey,
        entry: [u8; 8],
        rules: &LookRules,
        now: Instant,
    ) -> Result<(), Wait> {
        let host = self.host(host, rules, now);
        if host.gone.len() >= MANY_GONE && !host.gone.contains_key(&entry) {
            return Err(Wait::Many { vanished: host.gone.len(), looked: 0 });
        }
        let (first, _) =
            *host.gone.entry(entry).and_modify(|(_, last)| *last = now).or_insert((now, now));
        if now.saturating_duration_since(first) < rules.withdraw_after || first == now {
            return Err(Wait::Early);
        }
        if host.failed.is_some_and(|failed| host.answered.is_none_or(|answered| answered <= failed))
        {
            return Err(Wait::HostFails);
        }
        if host.answered.is_none_or(|answered| answered < first) {
            return Err(Wait::HostSilent);
        }
        let window = rules.withdraw_after * AT_ONCE;
        let is_recent = |last: Instant| now.saturating_duration_since(last) < window;
        let vanished = host.gone.values().filter(|(_, last)| is_recent(*last)).count();
        // Each article has several looks.
        let looked = host.found.iter().sum::<usize>() / rules.after.len().max(1) + vanished;
        if vanished > ALWAYS.max(looked / ONE_IN) {
            return Err(Wait::Many { vanished, looked });
        }
        Ok(())
    }

    /// A host as it is now, where a new window of time may have begun.
    fn host(&mut self, host: HostKey, rules: &LookRules, now: Instant) -> &mut Host {
        let window = rules.withdraw_after * AT_ONCE;
        if self.0.len() >= MANY && !self.0.contains_key(&host) {
            self.0.retain(|_, known| now.saturating_duration_since(known.began) < window * 2);
        }
        let known = self.0.entry(host).or_insert_with(|| Host {
            answered: None,
            failed: None,
            found: [0; 2],
            began: now,
            gone: HashMap::new(),
        });
        if now.saturating_duration_since(known.began) >= window {
            known.found = [0, known.found[0]];
            known.began = now;
            known.gone.retain(|_, (_, last)| now.saturating_duration_since(*last) < window);
        }
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn rules() -> LookRules {
        LookRules { after: vec![HOUR, 6 * HOUR, 24 * HOUR], withdraw_after: HOUR }
    }

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn entry(number: u8) -> [u8; 8] {
        [number; 8]
    }

    /// A host, and what happens there minute by minute.
    struct World {
        hosts: Hosts,
        start: Instant,
        minute: u64,
    }

    impl World {
        fn new() -> Self {
            Self { hosts: Hosts::default(), start: Instant::now(), minute: 0 }
        }

        fn now(&self) -> Instant {
            self.start + Duration::from_secs(60 * self.minute)
        }

        fn shows(&mut self, number: u8) {
            self.hosts.answered(HostKey::new("h"), Some(entry(number)), &rules(), self.now());
        }

        fn fails(&mut self) {
            self.hosts.failed(HostKey::new("h"), &rules(), self.now());
        }

        fn gone(&mut self, number: u8) -> Result<(), Wait> {
            self.hosts.gone(HostKey::new("h"), entry(number), &rules(), self.now())
        }
    }

    #[test]
    fn pages_are_looked_at_at_their_times_and_a_time_that_has_almost_come_is_passed_over() {
        let next = |now| rules().next(at(0), at(now));
        assert_eq!(next(0), Some(at(60)));
        assert_eq!(next(45), Some(at(360)), "it was read a quarter of an hour before");
        assert_eq!(next(61), Some(at(360)));
        assert_eq!(next(400), Some(at(1_440)));
        assert_eq!(next(1_441), None);
        assert_eq!(LookRules::none().next(at(0), at(0)), None);
    }

    #[test]
    fn looks_at_a_page_that_is_gone_are_ever_farther_apart_and_end_after_a_week() {
        let pauses: Vec<i64> =
            (1..=6).map(|looks| rules().pause(looks, None).num_hours()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 16]);
        assert_eq!(rules().pause(6, Some(Wait::Early)).num_hours(), 1, "after a restart");
        assert!(
            !rules().gives_up(at(0), at(7 * 1_440)) && rules().gives_up(at(0), at(7 * 1_440 + 1))
        );
    }

    #[test]
    fn two_looks_an_hour_apart_are_a_withdrawal_where_the_host_shows_other_pages() {
        let mut world = World::new();
        assert_eq!(world.gone(1), Err(Wait::Early));
        world.minute = 59;
        world.shows(2);
        assert_eq!(world.gone(1), Err(Wait::Early));
        world.minute = 60;
        assert_eq!(world.gone(1), Ok(()));
    }

    #[test]
    fn a_page_that_came_back_is_no_withdrawal_until_it_is_gone_for_an_hour_again() {
        let mut world = World::new();
        world.gone(1).unwrap_err();
        world.minute = 30;
        world.shows(1);
        world.minute = 60;
        assert_eq!(world.gone(1), Err(Wait::Early));
        world.minute = 120;
        world.shows(2);
        assert_eq!(world.gone(1), Ok(()));
    }

    #[test]
    fn a_host_that_fails_or_shows_nothing_withdraws_nothing() {
        let mut world = World::new();
        world.gone(1).unwrap_err();
        world.minute = 60;
        assert_eq!(world.gone(1), Err(Wait::HostSilent));
        world.shows(2);
        world.fails();
        assert_eq!(world.gone(1), Err(Wait::HostFails));
        world.minute = 61;
        world.shows(2);
        assert_eq!(world.gone(1), Ok(()));
    }

    #[test]
    fn where_more_than_a_twentieth_vanishes_at_once_nothing_is_withdrawn_until_it_is_back() {
        let mut world = World::new();
        for number in 1..=6 {
            world.gone(number).unwrap_err();
        }
        world.minute = 61;
        (7..=106).for_each(|number| world.shows(number));
        assert_eq!(world.gone(1), Err(Wait::Many { vanished: 6, looked: 39 }));
        (2..=5).for_each(|number| world.shows(number));
        assert_eq!(world.gone(1), Ok(()), "two may always vanish");
        let mut world = World::new();
        for number in 1..=6 {
            world.gone(number).unwrap_err();
        }
        world.minute = 61;
        (0..400).for_each(|_| world.shows(99));
        assert_eq!(world.gone(1), Ok(()), "6 of about 139");
    }

    #[test]
    fn what_is_remembered_of_hosts_is_bounded() {
        let mut world = World::new();
        for host in 0..30_000 {
            world.minute = host;
            let now = world.now();
            world.hosts.answered(HostKey::new(&host.to_string()), None, &rules(), now);
        }
        assert!(world.hosts.0.len() <= MANY, "{}", world.hosts.0.len());
        for number in 0..30_000_u64 {
            let entry = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
            let now = world.now();
            world.hosts.gone(HostKey::new("h"), entry, &rules(), now).unwrap_err();
        }
        assert!(world.hosts.0[&HostKey::new("h")].gone.len() <= MANY_GONE);
    }
}

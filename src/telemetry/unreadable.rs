//! Which hosts send pages that cannot be read, and why: counted since the start, for operators.
//!
//! What must stay true: the number of hosts that are kept is bounded, and so no metric has a host
//! as its label. Where there is no more room, the host with the fewest pages makes place, so one
//! that goes on sending such pages is shown.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use crate::telemetry::metrics;

/// The hosts that are kept.
const MAX_HOSTS: usize = 1_000;

/// Pages by reason.
type Reasons = BTreeMap<&'static str, u64>;

/// Pages of hosts that could not be read; clones share them.
#[derive(Debug, Clone, Default)]
pub struct UnreadablePages(Arc<Mutex<HashMap<String, Reasons>>>);

/// The pages of one host that could not be read.
#[derive(Debug, PartialEq, Eq)]
pub struct UnreadableHost {
    /// The host, as its addresses name it.
    pub host: String,
    /// How many times a page of it could not be read.
    pub pages: u64,
    /// The same by reason, the most frequent first.
    pub reasons: Vec<(&'static str, u64)>,
}

impl UnreadablePages {
    /// Counts a page that could not be read, each time that it is tried.
    pub fn count(&self, host: &str, reason: &'static str) {
        metrics::unreadable_page(reason);
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= MAX_HOSTS && !hosts.contains_key(host) {
            let fewest = hosts.iter().min_by_key(|(host, reasons)| (sum(reasons), *host));
            if let Some(fewest) = fewest.map(|(host, _)| host.clone()) {
                hosts.remove(&fewest);
            }
        }
        *hosts.entry(host.to_owned()).or_default().entry(reason).or_default() += 1;
    }

    /// The number of hosts that are known, and so many of them with the most pages, most first.
    #[must_use]
    pub fn most(&self, count: usize) -> (usize, Vec<UnreadableHost>) {
        let hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<(u64, &String, &Reasons)> =
            hosts.iter().map(|(host, reasons)| (sum(reasons), host, reasons)).collect();
        all.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(other.1)));
        let host = |(pages, host, reasons): &(u64, &String, &Reasons)| {
            let mut reasons: Vec<_> = reasons.iter().map(|(name, count)| (*name, *count)).collect();
            reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            UnreadableHost { host: (*host).clone(), pages: *pages, reasons }
        };
        (all.len(), all.iter().take(count).map(host).collect())
    }
}

fn sum(reasons: &Reasons) -> u64 {
    reasons.values().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosts_with_the_most_pages_come_first_with_their_reasons() {
        let pages = UnreadablePages::default();
        for (host, reason, count) in [
            ("a.example", "no_text", 1),
            ("b.example", "scripts", 2),
            ("b.example", "listing", 1),
            ("c.example", "scripts", 1),
        ] {
            (0..count).for_each(|_| pages.clone().count(host, reason));
        }
        let (known, most) = pages.most(2);
        let b = UnreadableHost {
            host: "b.example".to_owned(),
            pages: 3,
            reasons: vec![("scripts", 2), ("listing", 1)],
        };
        assert_eq!((known, most.len(), &most[0]), (3, 2, &b));
        assert_eq!(most[1].host, "a.example");
    }

    #[test]
    fn a_host_that_goes_on_stays_where_more_hosts_come_than_are_kept() {
        let pages = UnreadablePages::default();
        for at in 0..3 * MAX_HOSTS {
            pages.count(&format!("h{at}.example"), "no_text");
            pages.count("often.example", "scripts");
        }
        let (known, most) = pages.most(1);
        assert_eq!((known, most[0].host.as_str()), (MAX_HOSTS, "often.example"));
        assert_eq!(most[0].pages, 3 * MAX_HOSTS as u64);
    }
}

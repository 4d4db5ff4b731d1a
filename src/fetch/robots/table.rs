//! The robots.txt of each site that is talked to.
//!
//! What must stay true: one request at a time asks for a site's file, and those who wait for it
//! share what it came to, so that ten thousand sources of a dead host cost it no more than one;
//! what nobody asked for in a day is forgotten, and all of it together stays within a bound, after
//! each file: the largest that nobody uses go first, so that no number of large ones takes the
//! small ones' place.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Mutex as AsyncMutex;

use super::Rules;
use crate::base::backoff::Backoff;

/// For how long a file is believed (RFC 9309 §2.4).
const FRESH: TimeDelta = TimeDelta::hours(24);
/// For how long the last copy stands in for a file that cannot be read; after as long without one,
/// there is none.
const STALE: TimeDelta = TimeDelta::days(30);
/// The first pause after a file that could not be read; each further one is twice as long, up to
/// the longest.
const RETRY: Backoff = Backoff::doubling(Duration::from_secs(1), Duration::from_mins(5));
/// Bytes that are remembered, over all sites.
const MAX_BYTES: usize = 64 << 20;
/// What is made room for goes down to this, so that it is not done for each file.
const ROOMY: usize = MAX_BYTES / 4 * 3;
/// What a site takes beside its name and its rules: measured, with what tables and allocations
/// take.
const SITE: usize = 400;
/// The table is not gone through for less.
const SMALL: usize = 1024;

/// What asking for a file came to.
#[derive(Debug)]
pub(in crate::fetch) enum Answer {
    /// There it is, or there is none.
    Rules(Rules),
    /// The server could not be asked, or could not tell.
    Unreachable(String),
}

/// The rules of all sites that were asked for, bounded in memory.
#[derive(Debug, Default)]
pub(in crate::fetch) struct Robots {
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    sites: HashMap<Box<str>, Arc<Site>>,
    /// What they weigh together.
    bytes: usize,
    /// It is gone through when it has grown to this.
    sweep_at: usize,
}

#[derive(Debug, Default)]
struct Site {
    known: AsyncMutex<SiteRules>,
    /// Changed only with the table, or by those who hold what is known.
    weight: AtomicUsize,
}

#[derive(Debug, Default)]
struct SiteRules {
    rules: Option<(Arc<Rules>, DateTime<Utc>)>,
    /// Until when nobody asks again.
    fresh: Option<DateTime<Utc>>,
    /// Why it cannot be read, how often that was tried, and since when.
    trouble: Option<(String, u32, DateTime<Utc>)>,
}

impl Robots {
    /// The rules of a site, asked for where they are not known; or why nobody can tell.
    pub(in crate::fetch) async fn rules_for(
        &self,
        site: &str,
        now: DateTime<Utc>,
        ask: impl Future<Output = Answer>,
    ) -> Result<Arc<Rules>, String> {
        let site = self.site(site, now);
        let mut known = site.known.lock().await;
        if !known.is_fresh(now) {
            let before = known.weight();
            known.record(ask.await, now);
            self.weigh(&site, before, known.weight());
        }
        known.verdict(now)
    }

    fn site(&self, name: &str, now: DateTime<Utc>) -> Arc<Site> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(site) = table.sites.get(name) {
            return Arc::clone(site);
        }
        if table.sites.len() >= table.sweep_at.max(SMALL) {
            table.sweep(now);
        }
        let site =
            Arc::new(Site { weight: AtomicUsize::new(SITE + name.len()), ..Site::default() });
        table.bytes += SITE + name.len();
        table.sites.insert(name.into(), Arc::clone(&site));
        site
    }
}

impl Robots {
    /// What is known of a site weighs otherwise than before; it is in the table, as it is in use.
    fn weigh(&self, site: &Site, before: usize, now: usize) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        site.weight.fetch_add(now, Ordering::Relaxed);
        site.weight.fetch_sub(before, Ordering::Relaxed);
        table.bytes = (table.bytes + now).saturating_sub(before);
        if table.bytes > MAX_BYTES {
            table.make_room();
        }
    }
}

impl Table {
    /// Forgets the largest: they are asked for again, which is dear, and better than growing.
    fn make_room(&mut self) {
        let unused = self.sites.iter().filter(|(_, site)| Arc::strong_count(site) == 1);
        let mut unused: Vec<(usize, Box<str>)> = unused
            .map(|(name, site)| (site.weight.load(Ordering::Relaxed), name.clone()))
            .collect();
        unused.sort_unstable_by(|one, other| other.cmp(one));
        for (weight, name) in unused {
            if self.bytes <= ROOMY {
                break;
            }
            self.sites.remove(&name);
            self.bytes = self.bytes.saturating_sub(weight);
        }
    }

    fn sweep(&mut self, now: DateTime<Utc>) {
        // Nobody can begin to use one meanwhile, as that takes the table.
        let used = |site: &Arc<Site>| Arc::strong_count(site) > 1;
        self.sites.retain(|_, site| {
            used(site) || site.known.try_lock().is_ok_and(|known| known.is_fresh(now))
        });
        self.bytes = self.sites.values().map(|site| site.weight.load(Ordering::Relaxed)).sum();
        self.sites.shrink_to(SMALL);
        self.sweep_at = self.sites.len() + self.sites.len() / 4 + SMALL;
    }
}

impl SiteRules {
    fn weight(&self) -> usize {
        self.rules.as_ref().map_or(0, |(rules, _)| rules.weight())
    }

    /// A clock that was set back must not make a day of a year.
    fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        self.fresh.is_some_and(|fresh| now < fresh && fresh - now <= FRESH)
    }

    fn record(&mut self, answer: Answer, now: DateTime<Utc>) {
        match answer {
            Answer::Rules(rules) => {
                *self = Self {
                    rules: Some((Arc::new(rules), now)),
                    fresh: Some(now + FRESH),
                    trouble: None,
                };
            }
            Answer::Unreachable(why) => {
                let (times, since) =
                    self.trouble.as_ref().map_or((0, now), |(_, times, since)| (*times, *since));
                let wait = RETRY.wait(times);
                self.fresh = Some(now + TimeDelta::from_std(wait).unwrap_or(FRESH));
                self.trouble = Some((why, times.saturating_add(1), since));
            }
        }
    }

    fn verdict(&self, now: DateTime<Utc>) -> Result<Arc<Rules>, String> {
        match (&self.rules, &self.trouble) {
            (Some((rules, read)), trouble) if trouble.is_none() || now - *read < STALE => {
                Ok(Arc::clone(rules))
            }
            (_, Some((why, _, since))) if now - *since < STALE => Err(why.clone()),
            _ => Ok(Arc::default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
    }

    fn file() -> Answer {
        Answer::Rules(Rules::parse(b"User-agent: *\nDisallow: /a"))
    }

    fn down() -> Answer {
        Answer::Unreachable("down".to_owned())
    }

    #[tokio::test]
    async fn a_file_is_asked_for_once_a_day() {
        let (robots, asked) = (Robots::default(), AtomicUsize::new(0));
        for hour in [0, 1, 23, 24, 47] {
            let ask = async {
                asked.fetch_add(1, Ordering::Relaxed);
                file()
            };
            assert_eq!(robots.rules_for("a", at(hour), ask).await.unwrap().list.len(), 1);
        }
        assert_eq!(asked.into_inner(), 2);
    }

    #[tokio::test]
    async fn while_a_file_cannot_be_read_its_last_copy_holds_for_thirty_days() {
        let robots = Robots::default();
        robots.rules_for("a", at(0), async { file() }).await.unwrap();
        assert_eq!(
            robots.rules_for("a", at(29 * 24), async { down() }).await.unwrap().list.len(),
            1
        );
        assert_eq!(
            robots.rules_for("a", at(31 * 24), async { down() }).await,
            Err("down".to_owned())
        );
    }

    #[tokio::test]
    async fn a_file_that_was_never_read_means_not_now_and_after_thirty_days_that_there_is_none() {
        let robots = Robots::default();
        assert_eq!(robots.rules_for("a", at(0), async { down() }).await, Err("down".to_owned()));
        assert_eq!(
            robots.rules_for("a", at(0), async { file() }).await,
            Err("down".to_owned()),
            "those who waited share the answer"
        );
        assert_eq!(
            robots.rules_for("a", at(31 * 24), async { down() }).await.unwrap().list.len(),
            0
        );
        assert_eq!(
            robots.rules_for("a", at(32 * 24), async { file() }).await.unwrap().list.len(),
            1
        );
    }

    #[tokio::test]
    async fn large_files_of_many_sites_stay_within_the_bound_and_push_out_no_small_one() {
        let lines: Vec<String> =
            (0..5_000).map(|number| format!("Disallow: /{number:090}")).collect();
        let large = format!("User-agent: *\n{}\n", lines.join("\n"));
        let robots = Robots::default();
        for site in 0..500 {
            robots.rules_for(&format!("small {site}"), at(0), async { file() }).await.unwrap();
        }
        let mut most = 0;
        for site in 0..500 {
            let rules = robots
                .rules_for(&format!("large {site}"), at(0), async {
                    Answer::Rules(Rules::parse(large.as_bytes()))
                })
                .await
                .unwrap();
            assert_eq!(rules.list.len(), 5_000);
            let table = robots.table.lock().unwrap();
            let bytes: usize =
                table.sites.values().map(|site| site.weight.load(Ordering::Relaxed)).sum();
            assert_eq!(bytes, table.bytes);
            most = most.max(bytes);
        }
        assert!((MAX_BYTES / 2..=MAX_BYTES).contains(&most), "{most}");
        for site in 0..500 {
            let ask = async { panic!("it is known") };
            robots.rules_for(&format!("small {site}"), at(1), ask).await.unwrap();
        }
    }

    #[tokio::test]
    async fn the_table_forgets_what_nobody_asked_for_in_a_day() {
        let robots = Robots::default();
        for site in 0..10 * SMALL {
            let hour = i64::try_from(site).unwrap() / 10;
            robots.rules_for(&site.to_string(), at(hour), async { file() }).await.unwrap();
        }
        assert!(robots.table.lock().unwrap().sites.len() < 3 * SMALL);
    }
}

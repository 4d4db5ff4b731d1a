//! Goes through a listing: which entries are new, which changed, which are known.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{TOUCH_DAYS, intake};
use crate::{
    base::clock::day,
    config::{PageMode, RobotsMode, sources::Source},
    fetch::hosts,
    model::{
        entry::{Entry, Feed},
        identity,
        lane::Lane,
        pending::{EntryKey, PendingEntry, PendingKey},
        record,
    },
    policy::polling::decide::Bounds,
    stages::discover::FetchRules,
    store::{Facts, Intake, IntakeBound, PollCommit, PollStore, Seen, StoreError},
    telemetry::metrics,
};

/// Rules of polling that hold for every source.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Shortest and longest interval.
    pub bounds: Bounds,
    /// How old an entry may be at a source's first poll and still be published; `None`: any age.
    pub backlog: Option<Duration>,
    /// How many entries of a source are taken.
    pub entries: intake::Bounds,
    /// How long entries are remembered after they were last listed.
    pub retention: Duration,
    /// What is done about pages.
    pub pages: PageMode,
    /// What is made of robots.txt.
    pub robots: RobotsMode,
    /// How often a day a changed entry's page is fetched again.
    pub refetch_per_day: u16,
    /// Bytes of a body after decompression.
    pub max_decoded: usize,
}

impl Rules {
    /// Whether robots.txt is heeded for a source and its pages.
    pub(super) fn obeys_robots(&self, source: &Source) -> bool {
        source.robots.unwrap_or(self.robots) == RobotsMode::Obey
    }

    /// The rules by which what a sitemap or a site leads to is fetched.
    pub(super) fn fetch_rules(&self, source: &Source) -> FetchRules {
        FetchRules { max_decoded: self.max_decoded, obeys_robots: self.obeys_robots(source) }
    }

    /// The shortest and the longest interval of a source: its own goes before a general one that
    /// contradicts it.
    pub(super) fn bounds(&self, source: &Source) -> Bounds {
        let Bounds { min, max } = self.bounds;
        match (source.min_interval, source.max_interval.unwrap_or(max)) {
            (Some(min), max) => Bounds { min, max: max.max(min) },
            (None, max) => Bounds { min: min.min(max), max },
        }
    }
}

/// What a listing brings.
#[derive(Default)]
pub(super) struct Listed {
    /// The name that the source gives itself.
    pub(super) title: Option<String>,
    pub(super) commit: PollCommit,
    pub(super) wakes: Vec<(Lane, u64)>,
    pub(super) fresh: usize,
    /// How much of the source was taken with it.
    pub(super) intake: Intake,
    /// Entries that it shows.
    pub(super) shown: usize,
    /// How many of them an earlier poll has shown, changed ones included.
    pub(super) known: usize,
    /// When the others were published, in seconds since 1970.
    pub(super) published: Vec<Option<i64>>,
}

/// What a listing is gone through with, on a thread that may wait for the disk.
#[derive(Debug)]
pub(super) struct ListingReader {
    pub(super) store: PollStore,
    pub(super) source: Source,
    pub(super) rules: Rules,
    /// The time of the poll.
    pub(super) now: DateTime<Utc>,
}

impl ListingReader {
    /// What is done about the pages of the source's entries.
    pub(super) fn pages(&self) -> PageMode {
        self.source.pages.unwrap_or(self.rules.pages)
    }
}

/// Sorts the entries of a listing into new, changed, known and too old, and enqueues those that are
/// to be read.
pub(super) fn go_through(
    reader: &ListingReader,
    facts: &Facts,
    feed: &Feed,
) -> Result<Listed, StoreError> {
    let (ListingReader { store, source, rules, .. }, now) = (reader, reader.now);
    // Later, an unknown entry that is older than what we remember may be one that was forgotten.
    let first_poll = facts.last_success.is_none();
    let oldest = rules
        .backlog
        .map(|backlog| if first_poll { backlog } else { backlog.max(rules.retention) });
    let (described, order) = (described(source, feed.title.as_ref()), store.next_order());
    let keys: Vec<EntryKey> = feed
        .entries
        .iter()
        .map(|entry| EntryKey::new(source.id.as_str(), &entry.identity))
        .collect();
    let mut listed =
        Listed { title: feed.title.clone(), shown: feed.entries.len(), ..Listed::default() };
    let (mut known, mut changed, mut old, mut remembered) = (0, 0, 0, 0);
    let all_seen = store.seen(&keys)?;
    // At the first poll, and where an index leads to a sitemap that it did not lead to before.
    let undated_is_old = feed.archive && all_seen.iter().flatten().count() * 2 < keys.len();
    let verdict = |entry: &Entry, seen: &Option<Seen>| {
        let version = entry.version();
        (version, judge(entry, version, seen.as_ref(), (oldest, undated_is_old), now))
    };
    let judged: Vec<_> =
        feed.entries.iter().zip(&all_seen).map(|(entry, seen)| verdict(entry, seen)).collect();
    let wanted = judged
        .iter()
        .enumerate()
        .filter(|(_, (_, it))| matches!(it, Verdict::New | Verdict::Changed))
        .map(|(at, _)| at)
        .collect();
    let (taken, mut room, bound) = admit(reader, facts, &feed.entries, wanted)?;
    let (mut taken, mut left_out) = (taken.into_iter().peekable(), 0);
    for (at, (((entry, key), seen), (version, verdict))) in
        feed.entries.iter().zip(&keys).zip(all_seen).zip(judged).enumerate()
    {
        if matches!(verdict, Verdict::New | Verdict::Changed) && taken.next_if_eq(&at).is_none() {
            left_out += 1;
            continue;
        }
        if seen.is_none() {
            listed
                .published
                .push(entry.published.or(entry.modified).map(|published| published.timestamp()));
        }
        match verdict {
            Verdict::Known { touch } => {
                known += 1;
                if touch {
                    touch_articles(store, source, entry, day(now), &mut listed.commit)?;
                    listed.commit.seen(
                        key,
                        seen.as_ref(),
                        Seen { day: day(now), ..seen.unwrap_or_default() },
                    );
                }
            }
            // What is old stays old: it need not be remembered, but where it would not be old at a
            // later poll.
            Verdict::Backlog if room == 0 && !first_poll && !undated_is_old => old += 1,
            Verdict::Backlog => {
                old += 1;
                room = room.saturating_sub(usize::from(!first_poll));
                remembered += usize::from(!first_poll);
                listed.commit.seen(key, None, Seen { version, day: day(now), ..Seen::default() });
            }
            Verdict::New | Verdict::Changed => {
                changed += usize::from(verdict == Verdict::Changed);
                listed.fresh += 1;
                let (fetch_page, ignores_robots) = (
                    reader.pages() == PageMode::On && entry.link.is_some(),
                    !rules.obeys_robots(source),
                );
                let pending = PendingEntry {
                    fetch_page,
                    ignores_robots,
                    ..PendingEntry::new(described.clone(), entry.clone(), order, now)
                };
                enqueue(reader, &mut listed, (key, version, seen), pending);
            }
        }
    }
    let bounds = (rules.entries.for_source(source), bound);
    listed.intake =
        intake::update(&facts.intake, (listed.fresh + remembered, left_out), bounds, now);
    if left_out > 0 {
        tell_left_out(source, facts, listed.fresh, left_out, bound);
    }
    listed.known = known + changed;
    for (verdict, count) in
        [("known", known), ("backlog", old), ("changed", changed), ("new", listed.fresh - changed)]
    {
        metrics::entries(verdict, count);
    }
    Ok(listed)
}

fn tell_left_out(
    source: &Source,
    facts: &Facts,
    taken: usize,
    left_out: usize,
    bound: IntakeBound,
) {
    metrics::left_out(bound.as_str(), left_out);
    if facts.intake.left_out.is_none() {
        let setting = bound.setting();
        tracing::warn!(source.id = %source.id, taken, left_out, setting, "more is listed than is taken of a source: it is throttled");
    }
}

/// Which of the entries that could be taken are, how many more could be, and the bound that says
/// so.
fn admit(
    reader: &ListingReader,
    facts: &Facts,
    entries: &[Entry],
    wanted: Vec<usize>,
) -> Result<(Vec<usize>, usize, IntakeBound), StoreError> {
    let ListingReader { store, source, rules, now } = reader;
    let bounds = rules.entries.for_source(source);
    // Of a source that never listed so many, not so many can wait.
    let few = facts.entries.saturating_add(wanted.len() as u64) <= bounds.pending as u64;
    let pending = if few || wanted.is_empty() {
        0
    } else {
        store.pending(source.id.as_str(), bounds.pending)?
    };
    let (room, bound) = bounds.room(&facts.intake, pending, *now);
    let taken = intake::newest(entries, wanted, room);
    let left = room - taken.len();
    Ok((taken, left, bound))
}

/// The source as its records show it.
pub(super) fn described(source: &Source, title: Option<&String>) -> record::Source {
    record::Source {
        id: source.id.to_string(),
        name: source.name.as_ref().or(title).cloned(),
        kind: source.kind.to_string(),
        url: source.at.configured().into_owned().into(),
        tags: source.tags.clone(),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    New,
    Changed,
    Backlog,
    Known { touch: bool },
}

/// Decides on one entry; an unknown one that is older than `backlog` counts as seen, and so does
/// one without a date where it is listed among all that there ever was.
fn judge(
    entry: &Entry,
    version: [u8; 16],
    seen: Option<&Seen>,
    (backlog, undated_is_old): (Option<Duration>, bool),
    now: DateTime<Utc>,
) -> Verdict {
    match seen {
        Some(seen) if seen.version == version => {
            Verdict::Known { touch: day(now) >= seen.day + TOUCH_DAYS }
        }
        Some(_) => Verdict::Changed,
        None => {
            let age = entry
                .published
                .max(entry.modified)
                .map(|date| now - date.to_utc())
                .or(undated_is_old.then_some(TimeDelta::MAX));
            let limit = backlog.and_then(|backlog| TimeDelta::from_std(backlog).ok());
            // An entry without a date may be of today: losing it would be worse than an old one
            // more.
            if age.zip(limit).is_some_and(|(age, limit)| age > limit) {
                Verdict::Backlog
            } else {
                Verdict::New
            }
        }
    }
}

/// What the first poll of a source would do about an entry, in a word and in words.
#[must_use]
pub fn preview(
    entry: &Entry,
    archive: bool,
    rules: &Rules,
    now: DateTime<Utc>,
) -> (&'static str, String) {
    let backlog = rules.backlog.map(crate::config::duration::format).unwrap_or_default();
    match judge(entry, entry.version(), None, (rules.backlog, archive), now) {
        Verdict::Backlog if entry.published.max(entry.modified).is_none() => (
            "backlog",
            "without a date among all that the site holds: it counts as seen".to_owned(),
        ),
        Verdict::Backlog => {
            ("backlog", format!("older than poll.backlog ({backlog}): it counts as seen"))
        }
        _ => match (rules.pages, &entry.link) {
            (PageMode::Off, _) => {
                ("off", "page.mode is off: it is recorded and not published".to_owned())
            }
            (PageMode::On, Some(_)) => ("new", "its page is fetched".to_owned()),
            (PageMode::On, None) => {
                ("new", "it has no link: what the feed says is published".to_owned())
            }
            (PageMode::Feed, _) => {
                ("new", "page.mode is feed: what the feed says is published".to_owned())
            }
        },
    }
}

fn enqueue(
    reader: &ListingReader,
    listed: &mut Listed,
    (key, version, before): (&EntryKey, [u8; 16], Option<Seen>),
    mut pending: PendingEntry,
) {
    let now = reader.now;
    let today = day(now);
    let mut seen = Seen { version, day: today, ..before.unwrap_or_default() };
    if reader.pages() == PageMode::Off {
        listed.commit.seen(key, before.as_ref(), seen);
        return;
    }
    if seen.fetch_day != today {
        (seen.fetch_day, seen.fetches) = (today, 0);
    }
    // The first fetch is no re-fetch. Past the day's share the entry waits for the next day: it is
    // not lost, and further changes until then replace it in the queue.
    let due = if pending.fetch_page && seen.fetches > reader.rules.refetch_per_day {
        next_day(today, key)
    } else {
        now
    };
    pending.changed = before.map(|_| seen.fetches);
    if due == now {
        seen.fetches = seen.fetches.saturating_add(1);
    }
    let row = PendingKey::new(lane(&pending), due, key);
    listed.commit.enqueue(key, (before.as_ref(), seen), (&row, &pending, None));
    listed.wakes.push((row.lane(), row.due_ms()));
}

/// Where an entry waits.
fn lane(pending: &PendingEntry) -> Lane {
    let host = pending.entry.link.as_ref().filter(|_| pending.fetch_page).map(hosts::name);
    host.map_or_else(
        || Lane::here(&pending.source.id),
        |host| Lane::of_pages(&pending.source.id, &host),
    )
}

/// Some time in the first hour of the next day, spread by the entry's own hash.
fn next_day(today: u32, key: &EntryKey) -> DateTime<Utc> {
    let spread = u64::from_be_bytes(key.short()) % 3_600;
    DateTime::UNIX_EPOCH
        + TimeDelta::days(i64::from(today) + 1)
        + TimeDelta::seconds(i64::try_from(spread).unwrap_or(0))
}

/// The article of a known entry is listed still: retention counts from now.
fn touch_articles(
    store: &PollStore,
    source: &Source,
    entry: &Entry,
    today: u32,
    commit: &mut PollCommit,
) -> Result<(), StoreError> {
    let guid = entry.guid.as_deref().map(|guid| identity::of_guid(source.id.as_str(), guid));
    let link = entry.link.as_ref().map(identity::of_url);
    let aliases: Vec<[u8; 16]> = guid.into_iter().chain(link).collect();
    touch(store, &aliases, today, commit)
}

/// The articles of these names are listed still.
pub(super) fn touch(
    store: &PollStore,
    aliases: &[[u8; 16]],
    today: u32,
    commit: &mut PollCommit,
) -> Result<(), StoreError> {
    for article in store.articles_of(aliases)? {
        commit.listed(&article, today);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn entry(published: Option<DateTime<Utc>>) -> Entry {
        let published = published.map(|published| published.fixed_offset());
        Entry { published, ..Entry::default() }
    }

    #[test]
    fn a_new_source_publishes_its_backlog_only_and_the_rest_counts_as_seen() {
        let backlog = Some(Duration::from_hours(72));
        let now = at(100 * DAY);
        assert_eq!(
            judge(&entry(Some(at(98 * DAY))), [0; 16], None, (backlog, false), now),
            Verdict::New
        );
        assert_eq!(
            judge(&entry(Some(at(90 * DAY))), [0; 16], None, (backlog, false), now),
            Verdict::Backlog
        );
        assert_eq!(judge(&entry(None), [0; 16], None, (backlog, false), now), Verdict::New);
        assert_eq!(
            judge(&entry(Some(at(90 * DAY))), [0; 16], None, (None, false), now),
            Verdict::New
        );
    }

    #[test]
    fn what_has_no_date_among_all_that_there_ever_was_counts_as_seen() {
        let backlog = Some(Duration::from_hours(72));
        let now = at(100 * DAY);
        assert_eq!(judge(&entry(None), [0; 16], None, (backlog, true), now), Verdict::Backlog);
        assert_eq!(
            judge(&entry(Some(at(99 * DAY))), [0; 16], None, (backlog, true), now),
            Verdict::New
        );
        assert_eq!(judge(&entry(None), [0; 16], None, (None, true), now), Verdict::New);
    }

    #[test]
    fn a_known_entry_is_touched_once_a_week_and_a_changed_one_is_taken() {
        let seen = Seen { version: [1; 16], day: 100, ..Seen::default() };
        assert_eq!(
            judge(&entry(None), [1; 16], Some(&seen), (None, false), at(101 * DAY)),
            Verdict::Known { touch: false }
        );
        assert_eq!(
            judge(&entry(None), [1; 16], Some(&seen), (None, false), at(107 * DAY)),
            Verdict::Known { touch: true }
        );
        assert_eq!(
            judge(&entry(None), [2; 16], Some(&seen), (None, false), at(101 * DAY)),
            Verdict::Changed
        );
    }
}

//! Goes through a listing: which entries are new, which changed, which are known.

mod sorting;
mod verdict;

use std::{ops::Range, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};

use super::intake;
use crate::{
    config::{PageMode, RobotsMode, sources::Source},
    model::{
        entry::{Entry, Feed},
        kind::Guesses,
        lane::Lane,
        pending::EntryKey,
        record,
        trace::TraceId,
    },
    policy::polling::decide::Bounds,
    stages::discover::FetchRules,
    store::{Facts, Intake, IntakeBound, PollCommit, PollStore, SeenEntry, StoreError},
};
use sorting::{EntryCounts, JudgedEntry, Sorting};
use verdict::{AgeLimit, Verdict, judge};

pub(super) use sorting::touch;
pub use verdict::preview;

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
    /// How many polls may ask one host at once.
    pub per_host: usize,
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
pub(super) struct ListingResult {
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
    pub(super) rules: Arc<Rules>,
    /// The trace of the poll, where it is recorded.
    pub(super) trace: Option<TraceId>,
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
    feed: &mut Feed,
) -> Result<ListingResult, StoreError> {
    let (ListingReader { store, source, rules, .. }, now) = (reader, reader.now);
    feed.entries.iter_mut().for_each(|entry| entry.forget_implausible_dates(now));
    // Later, an unknown entry that is older than what we remember may be one that was forgotten.
    let first_poll = facts.last_success.is_none();
    let oldest = rules
        .backlog
        .map(|backlog| if first_poll { backlog } else { backlog.max(rules.retention) });
    let order = store.next_order();
    let keys: Vec<EntryKey> = feed
        .entries
        .iter()
        .map(|entry| EntryKey::new(source.id.as_str(), &entry.identity))
        .collect();
    let all_seen = store.seen(&keys)?;
    // At the first poll, and where an index leads to a sitemap that it did not lead to before.
    let undated_is_old = feed.archive && all_seen.iter().flatten().count() * 2 < keys.len();
    let additions = additions(reader, facts, feed, &all_seen);
    let verdict = |(at, (entry, seen)): (usize, (&Entry, &Option<SeenEntry>))| {
        let version = entry.version();
        let limit =
            AgeLimit { oldest: oldest.filter(|_| !additions.contains(&at)), undated_is_old };
        (version, judge(entry, version, seen.as_ref(), limit, now))
    };
    let judged: Vec<_> = feed.entries.iter().zip(&all_seen).enumerate().map(verdict).collect();
    let wanted = (0..judged.len()).filter(|at| judged[*at].1.is_fresh()).collect();
    let (taken, room, bound) = admit(reader, facts, &feed.entries, wanted)?;
    let mut sorting = Sorting {
        reader,
        described: described(source, feed.title.as_ref()),
        order,
        room_for_old: (!first_poll).then_some(room),
        forgets_old: !undated_is_old,
        listed: ListingResult {
            title: feed.title.clone(),
            shown: keys.len(),
            ..ListingResult::default()
        },
        counts: EntryCounts::default(),
    };
    let mut taken = taken.into_iter().peekable();
    for (at, (((entry, key), seen), (version, verdict))) in
        feed.entries.iter().zip(&keys).zip(all_seen).zip(judged).enumerate()
    {
        if verdict.is_fresh() && taken.next_if_eq(&at).is_none() {
            sorting.counts.left_out += 1;
        } else {
            sorting.take(JudgedEntry { entry, key, version, seen }, verdict)?;
        }
    }
    Ok(sorting.finish(facts, bound))
}

/// The entries, by their place, that were not listed before, whatever their dates say: the source
/// was read to its end then and is now, and its listing has only grown, or begins with them. An old
/// entry behind those may be one that moves up because another was withdrawn.
fn additions(
    reader: &ListingReader,
    facts: &Facts,
    feed: &Feed,
    seen: &[Option<SeenEntry>],
) -> Range<usize> {
    let known = seen.iter().flatten().count();
    let is_guess = reader.source.kind.properties().guesses == Guesses::Everything;
    if known == 0 || facts.listed == 0 || feed.truncated || is_guess {
        return 0..0;
    }
    if facts.intake.left_out.is_none() && known >= facts.listed as usize {
        return 0..seen.len();
    }
    0..seen.iter().position(Option::is_some).unwrap_or_default()
}

/// Which of the entries that could be taken are, how many more could be, and the bound that says
/// so.
fn admit(
    reader: &ListingReader,
    facts: &Facts,
    entries: &[Entry],
    wanted: Vec<usize>,
) -> Result<(Vec<usize>, usize, IntakeBound), StoreError> {
    let ListingReader { store, source, rules, now, .. } = reader;
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

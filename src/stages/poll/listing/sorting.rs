//! Takes the entries of one listing, one after the other, as they were judged: what is remembered
//! of each, what is enqueued, and the counts.
//!
//! What must stay true: an entry that is enqueued is remembered in the same batch; one whose page
//! was fetched again as often as a day allows waits for the next day and is not lost.

use chrono::{DateTime, TimeDelta, Utc};

use super::{ListingReader, ListingResult, Verdict};
use crate::{
    base::clock::day,
    config::{PageMode, sources::Source},
    fetch::hosts,
    model::{
        entry::Entry,
        lane::Lane,
        pending::{EntryKey, PendingEntry, PendingKey},
        record,
    },
    policy::assemble::of_entry,
    stages::poll::intake,
    store::{Facts, IntakeBound, NewEdition, PollCommit, PollStore, SeenEntry, StoreError},
    telemetry::metrics,
};

/// A listing whose entries are being taken.
pub(super) struct Sorting<'a> {
    pub(super) reader: &'a ListingReader,
    /// The source as its records show it.
    pub(super) described: record::Source,
    /// The place of this listing among all that was fetched.
    pub(super) order: u64,
    /// How many more old entries the source's bounds have room for; `None` at the first poll, which
    /// remembers all of them.
    pub(super) room_for_old: Option<usize>,
    /// Whether old entries beyond that room are not remembered.
    pub(super) forgets_old: bool,
    pub(super) listed: ListingResult,
    pub(super) counts: EntryCounts,
}

/// The entries of a listing by what became of them.
#[derive(Debug, Default)]
pub(super) struct EntryCounts {
    known: usize,
    changed: usize,
    old: usize,
    /// Old ones that count against the source's bounds, because they are remembered after the
    /// first poll.
    remembered: usize,
    pub(super) left_out: usize,
}

/// An entry, and what is known of it.
pub(super) struct JudgedEntry<'a> {
    pub(super) entry: &'a Entry,
    pub(super) key: &'a EntryKey,
    /// A hash of what the source says of it now.
    pub(super) version: [u8; 16],
    /// What was remembered of it.
    pub(super) seen: Option<SeenEntry>,
}

impl Sorting<'_> {
    /// Takes one entry.
    pub(super) fn take(
        &mut self,
        judged: JudgedEntry<'_>,
        verdict: Verdict,
    ) -> Result<(), StoreError> {
        let JudgedEntry { entry, key, version, seen } = &judged;
        let today = day(self.reader.now);
        if seen.is_none() {
            let published = entry.published.or(entry.modified);
            self.listed.published.push(published.map(|published| published.timestamp()));
        }
        match verdict {
            Verdict::Known { touch } => {
                self.counts.known += 1;
                if touch {
                    let (store, source) = (&self.reader.store, &self.reader.source);
                    touch_articles(store, source, entry, today, &mut self.listed.commit)?;
                    let touched = SeenEntry { day: today, ..seen.unwrap_or_default() };
                    self.listed.commit.seen(key, seen.as_ref(), touched);
                }
            }
            // What is old stays old: it need not be remembered, but where it would not be old at a
            // later poll.
            Verdict::Backlog if self.room_for_old == Some(0) && self.forgets_old => {
                self.counts.old += 1;
            }
            Verdict::Backlog => {
                self.counts.old += 1;
                if let Some(room) = &mut self.room_for_old {
                    *room = room.saturating_sub(1);
                    self.counts.remembered += 1;
                }
                let old = SeenEntry { version: *version, day: today, ..SeenEntry::default() };
                self.listed.commit.seen(key, None, old);
            }
            Verdict::New | Verdict::Changed => {
                self.counts.changed += usize::from(verdict == Verdict::Changed);
                self.enqueue(judged);
            }
        }
        Ok(())
    }

    /// Puts an entry into the queue, where anything of the source is published.
    fn enqueue(&mut self, judged: JudgedEntry<'_>) {
        let (reader, JudgedEntry { entry, key, version, seen: before }) = (self.reader, judged);
        let (now, today) = (reader.now, day(reader.now));
        self.listed.fresh += 1;
        let mut seen = SeenEntry { version, day: today, ..before.unwrap_or_default() };
        if reader.pages() == PageMode::Off {
            self.listed.commit.seen(key, before.as_ref(), seen);
            return;
        }
        if seen.fetch_day != today {
            (seen.fetch_day, seen.fetches) = (today, 0);
        }
        // A page that several entries share is none of theirs: what the feed says is the article.
        let fetch_page = reader.pages() == PageMode::On && entry.has_page();
        // The first fetch is no re-fetch. Past the day's share the entry waits for the next day: it
        // is not lost, and further changes until then replace it in the queue.
        let due = if fetch_page && seen.fetches > reader.rules.refetch_per_day {
            next_day(today, key)
        } else {
            now
        };
        let pending = PendingEntry {
            fetch_page,
            ignores_robots: !reader.rules.obeys_robots(&reader.source),
            changed: before.map(|_| seen.fetches),
            trace: reader.trace,
            from_first_poll: self.room_for_old.is_none(),
            ..PendingEntry::new(self.described.clone(), entry.clone(), self.order, now)
        };
        if due == now {
            seen.fetches = seen.fetches.saturating_add(1);
        }
        let row = PendingKey::new(lane(&pending), due, key);
        let edition = NewEdition { seen, row: &row, entry: &pending, document: None };
        self.listed.commit.enqueue(key, before.as_ref(), edition);
        self.listed.wakes.push((row.lane(), row.due_ms()));
    }

    /// All that the listing brings, once its entries are taken.
    pub(super) fn finish(self, facts: &Facts, bound: IntakeBound) -> ListingResult {
        let Self { reader, mut listed, counts, .. } = self;
        let fresh = listed.fresh;
        let EntryCounts { known, changed, old, remembered, left_out } = counts;
        let bounds = reader.rules.entries.for_source(&reader.source);
        let look = intake::Look { taken: fresh + remembered, left_out, bound };
        listed.intake = intake::update(&facts.intake, look, bounds, reader.now);
        if left_out > 0 {
            report_left_out(&reader.source, facts, fresh, left_out, bound);
        }
        listed.known = known + changed;
        for (verdict, count) in
            [("known", known), ("backlog", old), ("changed", changed), ("new", fresh - changed)]
        {
            metrics::entries(verdict, count);
        }
        listed
    }
}

fn report_left_out(
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
    let mut aliases = Vec::new();
    for name in of_entry(source.id.as_str(), entry) {
        aliases.push(name.alias);
        aliases.extend(name.exact());
    }
    touch(store, &aliases, today, commit)
}

/// The articles of these names are listed still.
pub(in crate::stages::poll) fn touch(
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

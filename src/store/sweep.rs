//! Retention: forgets what no source has listed for long enough, a few thousand rows at a time.
//!
//! Retention counts from the day on which a source last *listed* an entry, so an old item that
//! stays in a quiet feed never returns as new. Each row is deleted only if it is as it was read, so
//! an entry that is listed between reading and deleting stays. An article is removed with all its
//! names and its last day, or not at all.

use super::{
    Batch, StoreError, articles,
    engine::{Engine, Table},
    passing_over,
    polls::{SeenEntry, decode_facts},
    stories, texts, visits,
};

/// Rows that one step reads, which bounds its time and memory.
const STEP: usize = 5_000;

/// Deletes what retention has ended, one bounded step at a time.
#[derive(Debug)]
pub struct Sweeper {
    engine: Engine,
    place: Place,
}

/// Where the next step begins: a table, and the key to go on from.
#[derive(Debug, Clone)]
enum Place {
    SeenEntry(Vec<u8>),
    Articles(Vec<u8>),
    Texts,
    Stories(Vec<u8>),
    TextKeys(Vec<u8>),
    Sources,
    Done,
}

/// The days (since 1970) before which rows are forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OldestDays {
    /// Of entries and articles: when they were last listed.
    pub listed: u32,
    /// Of texts that new ones are compared with: when they came.
    pub text: u32,
    /// Of keys of texts, and of stories: when they last came or changed.
    pub key: u32,
}

/// What a step of retention removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SweepCounts {
    /// The number of entries that were forgotten.
    pub entries: usize,
    /// The number of articles that were forgotten, with their aliases.
    pub articles: usize,
    /// The number of texts that new ones are not compared with any more.
    pub texts: usize,
    /// The number of sources whose facts were forgotten, because they are no longer polled.
    pub sources: usize,
    /// Whether the whole store has been gone through.
    pub finished: bool,
}

impl Sweeper {
    pub(super) fn new(engine: Engine) -> Self {
        Self { engine, place: Place::SeenEntry(Vec::new()) }
    }

    /// Goes through the next rows and forgets what is older than these days.
    pub async fn step(self, oldest: OldestDays) -> Result<(Self, SweepCounts), StoreError> {
        // Reading thousands of rows would block the network's threads.
        let read = tokio::task::spawn_blocking(move || self.next_batch(oldest));
        let (mut sweeper, batch, swept, next) = read.await.map_err(StoreError::engine)??;
        sweeper.engine.commit(batch).await?;
        sweeper.place = next;
        Ok((sweeper, swept))
    }

    fn next_batch(
        self,
        oldest: OldestDays,
    ) -> Result<(Self, Batch, SweepCounts, Place), StoreError> {
        let mut batch = Batch::default();
        let (swept, next) = match &self.place {
            Place::SeenEntry(from) => {
                let (count, next) = self.seen(from, oldest.listed, &mut batch)?;
                (
                    SweepCounts { entries: count, ..SweepCounts::default() },
                    next.map_or(Place::Articles(Vec::new()), Place::SeenEntry),
                )
            }
            Place::Articles(from) => {
                let (count, next) = self.articles(from, oldest.listed, &mut batch)?;
                (
                    SweepCounts { articles: count, ..SweepCounts::default() },
                    next.map_or(Place::Texts, Place::Articles),
                )
            }
            Place::Texts => {
                let texts = self.texts(oldest.text, &mut batch)?;
                let next = if texts < STEP { Place::Stories(Vec::new()) } else { Place::Texts };
                (SweepCounts { texts, ..SweepCounts::default() }, next)
            }
            Place::Stories(from) => {
                // A story changes with each text that joins it, so that one without a text or a key
                // is older.
                let is_old =
                    |row: &[u8]| stories::decode_story(row).map(|story| story.day < oldest.key);
                let next = self.old_rows(Table::Stories, from, is_old, &mut batch)?;
                (SweepCounts::default(), next.map_or(Place::TextKeys(Vec::new()), Place::Stories))
            }
            Place::TextKeys(from) => {
                let is_old = |row: &[u8]| texts::decode(row).map(|text| text.day < oldest.key);
                let next = self.old_rows(Table::TextKeys, from, is_old, &mut batch)?;
                (SweepCounts::default(), next.map_or(Place::Sources, Place::TextKeys))
            }
            Place::Sources => (
                SweepCounts {
                    sources: self.sources(oldest.listed, &mut batch)?,
                    ..SweepCounts::default()
                },
                Place::Done,
            ),
            Place::Done => (
                SweepCounts { finished: true, ..SweepCounts::default() },
                Place::SeenEntry(Vec::new()),
            ),
        };
        Ok((self, batch, swept, next))
    }

    fn seen(
        &self,
        from: &[u8],
        oldest_day: u32,
        batch: &mut Batch,
    ) -> Result<(usize, Option<Vec<u8>>), StoreError> {
        let snapshot = self.engine.snapshot()?;
        let (mut count, mut last) = (0, None);
        for row in snapshot.from(Table::Seen, from).take(STEP) {
            let (key, value) = row?;
            let seen = SeenEntry::decode(&value)?;
            let waiting = match &seen.pending {
                Some(pending) => snapshot.get(Table::Pending, pending.as_bytes())?.is_some(),
                None => false,
            };
            if seen.day < oldest_day && !waiting {
                batch.delete_together(vec![(Table::Seen, key.clone(), Some(value))]);
                count += 1;
            }
            last = Some(key);
        }
        Ok((count, last.map(successor)))
    }

    /// Texts are in the order of their days: the oldest are at the front.
    fn texts(&self, oldest_text: u32, batch: &mut Batch) -> Result<usize, StoreError> {
        let mut count = 0;
        for row in self.engine.snapshot()?.from(Table::Texts, &[]).take(STEP) {
            let (key, value) = row?;
            if stories::day_of(&key).is_some_and(|day| day >= oldest_text) {
                break;
            }
            batch.delete_together(vec![(Table::Texts, key, Some(value))]);
            count += 1;
        }
        Ok(count)
    }

    /// Forgets the old rows of a table, from a key on, and the damaged ones, which tell nothing.
    fn old_rows(
        &self,
        table: Table,
        from: &[u8],
        is_old: impl Fn(&[u8]) -> Result<bool, StoreError>,
        batch: &mut Batch,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let mut last = None;
        for row in self.engine.snapshot()?.from(table, from).take(STEP) {
            let (key, value) = row?;
            if passing_over(is_old(&value))?.unwrap_or(true) {
                batch.delete_together(vec![(table, key.clone(), Some(value))]);
            }
            last = Some(key);
        }
        Ok(last.map(successor))
    }

    /// A source that is still configured was polled within its longest interval.
    fn sources(&self, oldest_day: u32, batch: &mut Batch) -> Result<usize, StoreError> {
        let mut count = 0;
        let snapshot = self.engine.snapshot()?;
        for row in snapshot.from(Table::Sources, &[]) {
            let (id, value) = row?;
            let polled = passing_over(decode_facts(&value))?.and_then(|facts| facts.last_poll);
            if polled.is_some_and(|polled| crate::base::clock::day(polled) < oldest_day) {
                let past = visits::rows_of(&snapshot, &String::from_utf8_lossy(&id))?;
                let mut rows = vec![(Table::Sources, id, Some(value))];
                rows.extend(past.into_iter().map(|(key, row)| (Table::Visits, key, Some(row))));
                batch.delete_together(rows);
                count += 1;
            }
        }
        Ok(count)
    }

    pub(super) fn articles(
        &self,
        from: &[u8],
        oldest_day: u32,
        batch: &mut Batch,
    ) -> Result<(usize, Option<Vec<u8>>), StoreError> {
        let snapshot = self.engine.snapshot()?;
        let (mut count, mut last) = (0, None);
        for row in snapshot.from(Table::Articles, from).take(STEP) {
            let (id, value) = row?;
            let state = articles::decode(&value)?;
            let listed = snapshot.get(Table::Listed, &id)?;
            let day = listed
                .as_deref()
                .and_then(|listed| listed.try_into().ok())
                .map_or(0, u32::from_be_bytes)
                .max(state.day);
            // What was erased stays known, however long it is not listed: it must not come back.
            if day < oldest_day && state.erased.is_none() {
                let mut rows = vec![
                    (Table::Articles, id.clone(), Some(value)),
                    (Table::Listed, id.clone(), listed),
                ];
                for alias in &state.aliases {
                    if snapshot.get(Table::Aliases, alias)?.as_ref() == Some(&id) {
                        rows.push((Table::Aliases, alias.to_vec(), Some(id.clone())));
                    }
                }
                batch.delete_together(rows);
                count += 1;
            }
            last = Some(id);
        }
        Ok((count, last.map(successor)))
    }
}

fn successor(mut key: Vec<u8>) -> Vec<u8> {
    key.push(0);
    key
}

//! The poll stage's part of the store: the facts of each source, the entries that it has listed,
//! and when each article was last listed.
//!
//! What must stay true: only the poll stage writes these tables, except where a row of `seen` names
//! the entry's row in the queue, which follows that row (`steps`). A source is polled by one task
//! at a time, so nobody changes anything else between reading and committing.

use std::collections::HashMap;

use serde::Deserialize;

use super::{
    Batch, Facts, StoreError,
    documents::{self, PackedDocument},
    engine::{Engine, Snapshot, Table},
    from_json, json, passing_over,
    steps::{NewRow, Step},
    subscriptions,
};
use crate::{
    base::sequence::Sequence,
    model::{
        lane::SourceKey,
        pending::{EntryKey, PendingEntry, PendingKey},
    },
    policy::hub::subscription::Subscription,
};

/// What is remembered of an entry: 50 bytes, because a store holds tens of millions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SeenEntry {
    /// Hash of what the source said of it.
    pub version: [u8; 16],
    /// The day (since 1970) on which it was last listed.
    pub day: u32,
    /// The day of `fetches`.
    pub fetch_day: u32,
    /// How often its page was asked for on that day.
    pub fetches: u16,
    /// The key that its row in the queue got when it was last put there or moved. The entry has no
    /// other row; this one is gone where the entry is done.
    pub pending: Option<PendingKey>,
}

impl SeenEntry {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(50);
        out.extend_from_slice(&self.version);
        out.extend_from_slice(&self.day.to_be_bytes());
        out.extend_from_slice(&self.fetch_day.to_be_bytes());
        out.extend_from_slice(&self.fetches.to_be_bytes());
        if let Some(key) = &self.pending {
            out.extend_from_slice(key.as_bytes());
        }
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        let short = || StoreError::damaged("seen", format!("{} bytes", bytes.len()));
        let (version, rest) = bytes.split_first_chunk().ok_or_else(short)?;
        let (day, rest) = rest.split_first_chunk().ok_or_else(short)?;
        let (fetch_day, rest) = rest.split_first_chunk().ok_or_else(short)?;
        let (fetches, rest) = rest.split_first_chunk().ok_or_else(short)?;
        let pending =
            if rest.is_empty() { None } else { Some(crate::store::entries::decode_key(rest)?) };
        Ok(Self {
            version: *version,
            day: u32::from_be_bytes(*day),
            fetch_day: u32::from_be_bytes(*fetch_day),
            fetches: u16::from_be_bytes(*fetches),
            pending,
        })
    }
}

/// The poll stage's handle on the store.
#[derive(Debug, Clone)]
pub struct PollStore {
    engine: Engine,
    sequence: Sequence,
}

impl PollStore {
    pub(super) fn new(engine: Engine, sequence: Sequence) -> Self {
        Self { engine, sequence }
    }

    /// A new sequence number, for the listing that is read now.
    #[must_use]
    pub fn next_order(&self) -> u64 {
        self.sequence.next()
    }

    /// The facts of one source. One whose row is damaged is polled as a new one; what it has listed
    /// is remembered elsewhere, so nothing repeats.
    pub fn facts(&self, id: &str) -> Result<Option<Facts>, StoreError> {
        let row = self.engine.snapshot()?.get(Table::Sources, id.as_bytes())?;
        row.map_or(Ok(None), |row| passing_over(decode_facts(&row)))
    }

    /// The facts of every source that was ever polled, but of those whose rows are damaged.
    pub fn all_facts(&self) -> Result<Vec<Facts>, StoreError> {
        let snapshot = self.engine.snapshot()?;
        let rows = snapshot.from(Table::Sources, &[]);
        rows.filter_map(|row| row.and_then(|row| passing_over(decode_facts(&row.1))).transpose())
            .collect()
    }

    pub(super) fn snapshot(&self) -> Result<Snapshot, StoreError> {
        self.engine.snapshot()
    }

    /// The names that sources give themselves, by their ids.
    pub fn titles(&self) -> Result<HashMap<String, String>, StoreError> {
        /// All that is decoded of a row: there may be a hundred thousand.
        #[derive(Deserialize)]
        struct Titled {
            title: Option<String>,
        }
        let (snapshot, mut titles) = (self.engine.snapshot()?, HashMap::new());
        for row in snapshot.from(Table::Sources, &[]) {
            let (id, row) = row?;
            if let (Ok(id), Ok(Titled { title: Some(title) })) =
                (String::from_utf8(id), serde_json::from_slice(&row))
            {
                titles.insert(id, title);
            }
        }
        Ok(titles)
    }

    /// Looks entries up; one answer for each key, from one consistent view.
    pub fn seen(&self, keys: &[EntryKey]) -> Result<Vec<Option<SeenEntry>>, StoreError> {
        let snapshot = self.engine.snapshot()?;
        let one = |key: &EntryKey| {
            snapshot
                .get(Table::Seen, key.as_bytes())?
                .map(|bytes| SeenEntry::decode(&bytes))
                .transpose()
        };
        keys.iter().map(one).collect()
    }

    /// How many entries of a source wait to be read; counted up to `most`.
    pub fn pending(&self, source: &str, most: usize) -> Result<usize, StoreError> {
        let (source, snapshot) = (SourceKey::new(source), self.engine.snapshot()?);
        let mut count = 0;
        for row in snapshot.from(Table::Pending, source.as_bytes()).take(most) {
            if !row?.0.starts_with(source.as_bytes()) {
                break;
            }
            count += 1;
        }
        Ok(count)
    }

    /// The articles that these aliases name, where there are any.
    pub fn articles_of(&self, aliases: &[[u8; 16]]) -> Result<Vec<Vec<u8>>, StoreError> {
        let snapshot: Snapshot = self.engine.snapshot()?;
        aliases.iter().filter_map(|alias| snapshot.get(Table::Aliases, alias).transpose()).collect()
    }

    /// The subscription of a source that is wanted, where it has one.
    pub fn subscription(&self, source: &str) -> Result<Option<Subscription>, StoreError> {
        subscriptions::of_source(&self.engine.snapshot()?, source)
    }

    /// Commits one poll: durable when it returns.
    pub async fn commit(&self, poll: PollCommit) -> Result<(), StoreError> {
        self.engine.commit(poll.0).await
    }
}

/// An edition of an entry that goes into the queue.
#[derive(Debug)]
pub struct NewEdition<'a> {
    /// What is remembered of the entry from now on.
    pub seen: SeenEntry,
    /// Its place in the queue.
    pub row: &'a PendingKey,
    /// The entry as it waits there.
    pub entry: &'a PendingEntry,
    /// The document that it came with.
    pub document: Option<PackedDocument>,
}

/// What one poll changes, in one atomic batch.
#[derive(Debug, Default)]
pub struct PollCommit(pub(super) Batch);

impl PollCommit {
    /// Keeps the facts of the source.
    pub fn facts(&mut self, facts: &Facts) {
        self.0.put(Table::Sources, facts.id.as_bytes(), json(facts));
    }

    /// Remembers an entry, given what was remembered of it before. Its row in the queue stays where
    /// it is.
    pub fn seen(&mut self, key: &EntryKey, before: Option<&SeenEntry>, seen: SeenEntry) {
        match before {
            // The committing task may move the entry's row at this moment.
            Some(_) => self.0.step(Step::Seen { entry: *key, seen }),
            None => self.0.put(Table::Seen, *key.as_bytes(), seen.encode()),
        }
    }

    /// Puts an edition of an entry into the queue in place of an older one and that one's document,
    /// and remembers it. `before` is what was remembered of the entry.
    pub fn enqueue(&mut self, key: &EntryKey, before: Option<&SeenEntry>, edition: NewEdition<'_>) {
        let NewEdition { seen, row, entry, document } = edition;
        let (row, document) = (*row, document.map(|bytes| (documents::key_of(row, entry), bytes)));
        let row = NewRow { key: row, value: json(entry), document };
        if before.is_some() {
            self.0.step(Step::Listed { entry: *key, seen, row });
        } else {
            // An entry that is not remembered has no older row.
            self.0.put(
                Table::Seen,
                *key.as_bytes(),
                SeenEntry { pending: Some(row.key), ..seen }.encode(),
            );
            self.0.queue(row);
        }
    }

    /// Notes that an article was listed on a day, if it has not been forgotten in this moment.
    pub fn listed(&mut self, article: &[u8], day: u32) {
        self.0.put_beside(Table::Articles, Table::Listed, article, day.to_be_bytes());
    }
}

pub(super) fn decode_facts(bytes: &[u8]) -> Result<Facts, StoreError> {
    from_json("sources", bytes)
}

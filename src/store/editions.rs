//! The last editions of articles as they were published, for people who ask what a text said and what
//! a revision changed.
//!
//! An edition is one row under its article's id and its number: times, the number of its record in
//! the outbox, and the record, compressed. What must stay true: it is written in the batch of its
//! record, and nothing is decided by it; of an article no more than so many are kept, and of all
//! together no more than so many bytes, after each batch: the oldest go first. An article that is
//! erased has none.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    Batch, PackedDocument, Store, StoreError, documents,
    engine::{Engine, Table},
    passing_over,
};
use crate::model::record::Article;

/// Bytes of a key: the article's id and the number of its edition.
const KEY: usize = 20;
/// Bytes before the record.
const HEAD: usize = 24;
/// An edition takes no more than this part of all room.
const LARGEST_PART: u64 = 64;

/// How many editions are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EditionBounds {
    /// Of one article.
    pub per_article: u32,
    /// Bytes of all of them.
    pub max_bytes: u64,
}

impl EditionBounds {
    /// None are kept.
    pub const NONE: Self = Self { per_article: 0, max_bytes: 0 };
}

/// An edition that was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptEdition {
    /// Its number, from 1.
    pub revision: u32,
    /// When its source listed it.
    pub listed: DateTime<Utc>,
    /// When it was decided on.
    pub decided: DateTime<Utc>,
    /// The number of its record in the outbox.
    pub seq: u64,
    packed: Vec<u8>,
}

impl KeptEdition {
    /// An edition with its record as JSON.
    pub fn new(
        (revision, seq): (u32, u64),
        (listed, decided): (DateTime<Utc>, DateTime<Utc>),
        record: &[u8],
    ) -> Result<Self, StoreError> {
        let packed = PackedDocument::pack(record)?.into_bytes();
        Ok(Self { revision, listed, decided, seq, packed })
    }

    /// Its record.
    pub fn record(&self) -> Result<Article, StoreError> {
        let json = documents::unpack(&self.packed)?;
        super::from_json("editions", &json)
    }

    fn encode(&self) -> Vec<u8> {
        let mut row = Vec::with_capacity(HEAD + self.packed.len());
        row.extend(self.decided.timestamp_millis().to_be_bytes());
        row.extend(self.listed.timestamp_millis().to_be_bytes());
        row.extend(self.seq.to_be_bytes());
        row.extend(&self.packed);
        row
    }
}

pub(super) fn decode(key: &[u8], row: &[u8]) -> Result<KeptEdition, StoreError> {
    let read = || {
        let revision = u32::from_be_bytes(key.get(16..)?.try_into().ok()?);
        let (decided, rest) = row.split_first_chunk()?;
        let (listed, rest) = rest.split_first_chunk()?;
        let (seq, packed) = rest.split_first_chunk()?;
        let time = |ms| DateTime::from_timestamp_millis(i64::from_be_bytes(ms));
        Some(KeptEdition {
            revision,
            listed: time(*listed)?,
            decided: time(*decided)?,
            seq: u64::from_be_bytes(*seq),
            packed: packed.to_vec(),
        })
    };
    read().ok_or_else(|| StoreError::damaged("editions", "cut off"))
}

/// Checks that a row is whole.
pub(super) fn verify(key: &[u8], row: &[u8]) -> Result<(), StoreError> {
    documents::unpack(&decode(key, row)?.packed).map(drop)
}

/// The index of the editions of a store; made at the first use, and shared by all handles.
pub(super) type SharedIndex = Arc<Mutex<Option<Index>>>;

/// What is known of all editions without reading them: their ages and sizes, some 120 bytes of memory
/// each.
#[derive(Debug, Default)]
pub(super) struct Index {
    rows: BTreeMap<[u8; KEY], (i64, u64)>,
    by_age: BTreeSet<(i64, [u8; KEY])>,
    total: u64,
}

impl Index {
    fn put(&mut self, key: [u8; KEY], at_ms: i64, size: u64) {
        self.remove(&key);
        self.rows.insert(key, (at_ms, size));
        self.by_age.insert((at_ms, key));
        self.total += size;
    }

    fn remove(&mut self, key: &[u8; KEY]) {
        if let Some((at_ms, size)) = self.rows.remove(key) {
            self.by_age.remove(&(at_ms, *key));
            self.total -= size;
        }
    }

    /// The editions of an article up to a number.
    fn of(&self, article: Uuid, last: u32) -> Vec<[u8; KEY]> {
        self.rows.range(key_of(article, 0)..=key_of(article, last)).map(|(key, _)| *key).collect()
    }
}

fn key_of(article: Uuid, revision: u32) -> [u8; KEY] {
    let mut key = [0; KEY];
    key[..16].copy_from_slice(article.as_bytes());
    key[16..].copy_from_slice(&revision.to_be_bytes());
    key
}

/// The committing task's handle of editions.
#[derive(Debug, Clone)]
pub struct EditionStore {
    engine: Engine,
    index: SharedIndex,
    bounds: EditionBounds,
}

impl EditionStore {
    pub(super) fn new(engine: Engine, index: SharedIndex, bounds: EditionBounds) -> Self {
        Self { engine, index, bounds }
    }

    /// Whether any are kept.
    #[must_use]
    pub fn keeps(&self) -> bool {
        self.bounds.per_article > 0 && self.bounds.max_bytes > 0
    }

    /// The index, read from the store at the first use.
    fn index(&self) -> Result<IndexGuard<'_>, StoreError> {
        let mut guard = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        if guard.is_none() {
            let mut index = Index::default();
            for row in self.engine.snapshot()?.from(Table::Editions, &[]) {
                let (key, value) = row?;
                // What is damaged is the oldest, and goes first.
                let at_ms = decode(&key, &value)
                    .map_or(i64::MIN, |edition| edition.decided.timestamp_millis());
                if let Ok(key) = key.try_into() {
                    index.put(key, at_ms, value.len() as u64);
                }
            }
            *guard = Some(index);
        }
        Ok(IndexGuard(guard))
    }

    /// Keeps an edition, and drops those that it leaves no room for.
    pub fn keep(
        &self,
        batch: &mut Batch,
        article: Uuid,
        edition: &KeptEdition,
    ) -> Result<(), StoreError> {
        let EditionBounds { per_article, max_bytes } = self.bounds;
        let row = edition.encode();
        let size = row.len() as u64;
        if !self.keeps() || size > max_bytes / LARGEST_PART {
            return Ok(());
        }
        let mut index = self.index()?;
        if let Some(last) = edition.revision.checked_sub(per_article) {
            for old in index.of(article, last) {
                forget(&mut index, batch, &old);
            }
        }
        let key = key_of(article, edition.revision);
        index.put(key, edition.decided.timestamp_millis(), size);
        batch.put(Table::Editions, key, row);
        while index.total > max_bytes
            && let Some((_, oldest)) = index.by_age.first().copied()
        {
            forget(&mut index, batch, &oldest);
        }
        Ok(())
    }

    /// Drops all editions of an article.
    pub fn forget(&self, batch: &mut Batch, article: Uuid) -> Result<(), StoreError> {
        let mut index = self.index()?;
        for key in index.of(article, u32::MAX) {
            forget(&mut index, batch, &key);
        }
        Ok(())
    }

    /// Drops what was decided before a time, and where a smaller room was configured what is beyond
    /// it: durable when it returns.
    pub async fn sweep(&self, oldest: DateTime<Utc>) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        {
            let mut index = self.index()?;
            let end = oldest.timestamp_millis();
            while let Some((at_ms, key)) = index.by_age.first().copied()
                && (at_ms < end || index.total > self.bounds.max_bytes || !self.keeps())
            {
                forget(&mut index, &mut batch, &key);
            }
        }
        self.engine.commit(batch).await
    }
}

/// The index while it is looked at; it is there.
struct IndexGuard<'a>(MutexGuard<'a, Option<Index>>);

impl std::ops::Deref for IndexGuard<'_> {
    type Target = Index;

    fn deref(&self) -> &Index {
        static EMPTY: Index = Index { rows: BTreeMap::new(), by_age: BTreeSet::new(), total: 0 };
        self.0.as_ref().unwrap_or(&EMPTY)
    }
}

impl std::ops::DerefMut for IndexGuard<'_> {
    fn deref_mut(&mut self) -> &mut Index {
        self.0.get_or_insert_default()
    }
}

fn forget(index: &mut Index, batch: &mut Batch, key: &[u8; KEY]) {
    index.remove(key);
    batch.delete(Table::Editions, *key);
}

impl Store {
    /// The handle of the editions of articles.
    #[must_use]
    pub fn editions(&self, bounds: EditionBounds) -> EditionStore {
        EditionStore::new(self.engine.clone(), Arc::clone(&self.editions), bounds)
    }

    /// The editions of an article that are kept, the latest first. Damaged rows are passed over.
    pub fn editions_of(&self, article: Uuid) -> Result<Vec<KeptEdition>, StoreError> {
        let snapshot = self.engine.snapshot()?;
        let rows = snapshot.from(Table::Editions, article.as_bytes());
        let rows = rows.take_while(|row| {
            row.as_ref().map_or(true, |(key, _)| key.starts_with(article.as_bytes()))
        });
        let read = rows.filter_map(|row| {
            row.and_then(|(key, row)| passing_over(decode(&key, &row))).transpose()
        });
        let mut editions = read.collect::<Result<Vec<_>, _>>()?;
        editions.reverse();
        Ok(editions)
    }
}

#[cfg(test)]
mod tests;

//! Dead letters: what could not be published, why, and what it takes to try it again.
//!
//! A letter is two rows under its id: its facts, which lists read, and its body: the entry or the
//! record, and the bytes that could not be read, compressed. What must stay true: both are written
//! and deleted in one batch, together with the decision that makes the letter or ends it, so that a
//! kill leaves neither without the other. One entry or record has one letter, however often it is
//! tried again; all letters together are within `max_bytes` after each batch, and the oldest go
//! first.

mod body;
mod facts;
mod index;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use body::{LetterBody, LetterSubject};
pub use facts::{LetterFacts, LetterFilter, Retried};
use index::Index;

use super::{
    Batch, StoreError,
    engine::{Engine, Snapshot, Table},
    from_json, json, passing_over,
};
use crate::telemetry::metrics;

/// The index of the letters of a store; made at the first use, and shared by all handles.
pub(super) type SharedIndex = Arc<Mutex<Option<Index>>>;

/// The handle of all that make letters and end them.
#[derive(Debug, Clone)]
pub struct LetterStore {
    engine: Engine,
    index: SharedIndex,
    /// Bytes that all letters may take.
    max_bytes: u64,
}

impl LetterStore {
    pub(super) fn new(engine: Engine, index: SharedIndex, max_bytes: u64) -> Self {
        Self { engine, index, max_bytes }
    }

    /// The index, read from the store at the first use.
    fn index(&self) -> Result<IndexGuard<'_>, StoreError> {
        let mut guard = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        if guard.is_none() {
            let mut index = Index::default();
            let snapshot = self.engine.snapshot()?;
            for row in snapshot.from(Table::Letters, &[]) {
                let (key, value) = row?;
                let Some(facts) = passing_over(decode_facts(&value))? else { continue };
                let body = snapshot.size(Table::LetterBodies, &key)?.unwrap_or(0);
                index.put(&facts, (value.len() + body) as u64);
            }
            *guard = Some(index);
        }
        Ok(IndexGuard(guard))
    }

    /// The letter of an entry or a record ([`LetterSubject::key`]), where it has one.
    pub fn of(&self, subject: [u8; 8]) -> Result<Option<Uuid>, StoreError> {
        Ok(self.index()?.of(subject))
    }

    /// Whether there is a letter of this id.
    pub fn has(&self, id: Uuid) -> Result<bool, StoreError> {
        Ok(self.index()?.has(id))
    }

    /// The most bytes of one letter, compressed: it must not push all others out.
    #[must_use]
    pub fn largest(&self) -> usize {
        usize::try_from(self.max_bytes / 4).unwrap_or(usize::MAX)
    }

    /// Keeps a letter, in the place of an earlier one of the same id, and drops the oldest ones that
    /// it leaves no room for. Returns how many bytes of it are kept: a body that would take more than
    /// a quarter of all room is kept without its bytes.
    pub fn put(
        &self,
        batch: &mut Batch,
        mut facts: LetterFacts,
        mut body: LetterBody,
    ) -> Result<Option<u64>, StoreError> {
        if body.packed.len() > self.largest() {
            body.packed = Vec::new();
        }
        facts.bytes = body.size();
        let kept = facts.bytes;
        let (facts_row, body_row) = (json(&facts), body.encode());
        let size = (facts_row.len() + body_row.len()) as u64;
        let mut index = self.index()?;
        index.put(&facts, size);
        batch.put(Table::Letters, *facts.id.as_bytes(), facts_row);
        batch.put(Table::LetterBodies, *facts.id.as_bytes(), body_row);
        let mut dropped = 0;
        while index.total() > self.max_bytes
            && let Some(oldest) = index.oldest()
        {
            forget(&mut index, batch, oldest);
            dropped += 1;
        }
        metrics::dead_letters_dropped("max_bytes", dropped);
        metrics::dead_letters_held(index.len(), index.total());
        Ok(kept.filter(|_| index.has(facts.id)))
    }

    /// Keeps other facts of a letter whose body stays.
    pub fn note(&self, batch: &mut Batch, facts: &LetterFacts) -> Result<(), StoreError> {
        let mut index = self.index()?;
        if index.has(facts.id) {
            index.note(facts);
            batch.put(Table::Letters, *facts.id.as_bytes(), json(facts));
        }
        Ok(())
    }

    /// Ends a letter.
    pub fn end(&self, batch: &mut Batch, id: Uuid) -> Result<(), StoreError> {
        let mut index = self.index()?;
        forget(&mut index, batch, id);
        metrics::dead_letters_held(index.len(), index.total());
        Ok(())
    }

    /// Ends the letters of records that were put into the outbox anew and are acknowledged now; a
    /// record that is refused again has its letter back before that.
    pub fn delivered(&self, batch: &mut Batch, acked: u64) -> Result<(), StoreError> {
        let mut index = self.index()?;
        let delivered = index.delivered(acked);
        for id in &delivered {
            forget(&mut index, batch, *id);
        }
        if !delivered.is_empty() {
            metrics::dead_letters_retried("succeeded", delivered.len());
            metrics::dead_letters_held(index.len(), index.total());
        }
        Ok(())
    }

    /// Drops letters that were last tried before a time: durable when it returns. Returns how many.
    pub async fn sweep(&self, oldest: DateTime<Utc>) -> Result<usize, StoreError> {
        let mut batch = Batch::default();
        let count = {
            let mut index = self.index()?;
            let old = index.before(oldest);
            for id in &old {
                forget(&mut index, &mut batch, *id);
            }
            metrics::dead_letters_dropped("max_age", old.len());
            metrics::dead_letters_held(index.len(), index.total());
            old.len()
        };
        self.engine.commit(batch).await?;
        Ok(count)
    }

    /// A consistent view of what is durable now.
    pub fn view(&self) -> Result<LetterView, StoreError> {
        Ok(LetterView(self.engine.snapshot()?))
    }

    /// How many letters there are, and their bytes.
    pub fn totals(&self) -> Result<(usize, u64), StoreError> {
        let index = self.index()?;
        Ok((index.len(), index.total()))
    }

    /// Commits a batch: durable when it returns.
    pub async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        self.engine.commit(batch).await
    }
}

/// The index while it is looked at; it is there.
struct IndexGuard<'a>(MutexGuard<'a, Option<Index>>);

impl std::ops::Deref for IndexGuard<'_> {
    type Target = Index;

    fn deref(&self) -> &Index {
        static EMPTY: std::sync::LazyLock<Index> = std::sync::LazyLock::new(Index::default);
        self.0.as_ref().unwrap_or(&EMPTY)
    }
}

impl std::ops::DerefMut for IndexGuard<'_> {
    fn deref_mut(&mut self) -> &mut Index {
        self.0.get_or_insert_default()
    }
}

fn forget(index: &mut Index, batch: &mut Batch, id: Uuid) {
    index.remove(id);
    batch.delete(Table::Letters, *id.as_bytes());
    batch.delete(Table::LetterBodies, *id.as_bytes());
}

/// What was durable when the view was taken.
pub struct LetterView(Snapshot);

impl std::fmt::Debug for LetterView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LetterView")
    }
}

impl LetterView {
    /// The facts of a letter.
    pub fn facts(&self, id: Uuid) -> Result<Option<LetterFacts>, StoreError> {
        self.0.get(Table::Letters, id.as_bytes())?.map(|row| decode_facts(&row)).transpose()
    }

    /// The body of a letter.
    pub fn body(&self, id: Uuid) -> Result<Option<LetterBody>, StoreError> {
        self.0
            .get(Table::LetterBodies, id.as_bytes())?
            .map(|row| LetterBody::decode(&row))
            .transpose()
    }

    /// The letters before an id, the latest first: ids are in the order of their times (UUID
    /// version 7). Damaged rows are passed over.
    pub fn latest(&self, before: Uuid) -> impl Iterator<Item = Result<LetterFacts, StoreError>> {
        self.0.before(Table::Letters, before.as_bytes()).filter_map(|row| {
            row.and_then(|(_, value)| passing_over(decode_facts(&value))).transpose()
        })
    }
}

pub(super) fn decode_facts(row: &[u8]) -> Result<LetterFacts, StoreError> {
    from_json("letters", row)
}

pub(super) fn decode_body(row: &[u8]) -> Result<(), StoreError> {
    LetterBody::decode(row)?.unpacked().map(drop)
}

/// Checks that each letter has its body, and each body its letter.
pub(super) fn verify(snapshot: &Snapshot) -> Result<(), StoreError> {
    let mut bodies = snapshot.from(Table::LetterBodies, &[]);
    for row in snapshot.from(Table::Letters, &[]) {
        let (key, _) = row?;
        if bodies.next().transpose()?.is_none_or(|(body, _)| body != key) {
            return Err(StoreError::damaged("letters", "a dead letter whose body is missing"));
        }
    }
    match bodies.next() {
        Some(_) => Err(StoreError::damaged("letters", "the body of a dead letter that is missing")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;

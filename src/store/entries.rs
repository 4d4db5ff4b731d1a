//! The durable queue of entries that wait to be read.
//!
//! Rows are ordered by lane (source and host) and then by due time, so that ten thousand due
//! entries of one source or host do not stand before the others. An entry has at most one row,
//! which `steps` ensures; a retry moves the row to a later time.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Batch, PackedDocument, StoreError,
    documents::{self, StoredDocument},
    engine::{Engine, Snapshot, Table},
    from_json, json,
    polls::SeenEntry,
    steps::{NewRow, Step},
};
use crate::model::{
    entry::Entry,
    lane::Lane,
    pending::{PendingEntry, PendingKey},
};

/// Rows that are read from one snapshot.
const STEP: usize = 1_000;

/// After so many bytes of due rows, the next ones are left to another turn.
const MAX_TURN_BYTES: usize = 1 << 20;

/// Due rows of one lane.
#[derive(Debug, Default)]
pub struct DueEntries {
    /// Rows that are due.
    pub rows: Vec<(PendingKey, PendingEntry)>,
    /// The size of each of these rows, in bytes.
    pub bytes: Vec<usize>,
    /// Rows before `next` that were passed over, because their entries are claimed.
    pub claimed: Vec<PendingKey>,
    /// The lane's next row; it may be due, too.
    pub next: Option<PendingKey>,
}

/// The page stage's handle.
#[derive(Debug, Clone)]
pub struct EntryQueue {
    engine: Engine,
}

impl EntryQueue {
    pub(super) fn new(engine: Engine) -> Self {
        Self { engine }
    }

    /// Each lane that has rows, with its earliest due time.
    pub fn lanes(&self) -> Result<Vec<(Lane, u64)>, StoreError> {
        let snapshot = self.engine.snapshot()?;
        let mut lanes = Vec::new();
        let mut from = vec![];
        while let Some(row) = snapshot.from(Table::Pending, &from).next() {
            let key = decode_key(&row?.0)?;
            lanes.push((key.lane(), key.due_ms()));
            // The first key after every row of this lane.
            from = key.lane().as_bytes().to_vec();
            from.extend_from_slice(&[0xff; 17]);
        }
        Ok(lanes)
    }

    /// Up to `limit` rows of a lane, from the row `from` on, that are due at `now_ms` (milliseconds
    /// since 1970) and whose entries are not claimed. Rows before `from` are not read: the start of
    /// a long lane is full of recently deleted rows, and the engine goes through those, too.
    pub fn due(
        &self,
        from: PendingKey,
        now_ms: u64,
        limit: usize,
        is_claimed: impl Fn(PendingKey) -> bool,
    ) -> Result<DueEntries, StoreError> {
        let mut found = DueEntries::default();
        for row in self.engine.snapshot()?.from(Table::Pending, from.as_bytes()) {
            let (key, value) = row?;
            let key = decode_key(&key)?;
            if key.lane() != from.lane() {
                break;
            }
            if key.due_ms() > now_ms
                || found.rows.len() >= limit
                || found.bytes.iter().sum::<usize>() >= MAX_TURN_BYTES
            {
                found.next = Some(key);
                break;
            }
            if is_claimed(key) {
                found.claimed.push(key);
            } else {
                found.rows.push((key, decode(&value)?));
                found.bytes.push(value.len());
            }
        }
        Ok(found)
    }

    /// The document of an entry, where it is kept in no more than `most` bytes.
    pub fn document(
        &self,
        key: &PendingKey,
        entry: &PendingEntry,
        most: usize,
    ) -> Result<StoredDocument, StoreError> {
        documents::load(&self.engine.snapshot()?, key, entry, most)
    }

    /// Makes rows that are due later than `now` due earlier by `by`, because the clock was set back
    /// by that much. Rows of claimed entries are left alone.
    pub async fn set_back(
        &self,
        by: TimeDelta,
        now: DateTime<Utc>,
        is_claimed: impl Fn(PendingKey) -> bool,
    ) -> Result<(), StoreError> {
        let mut from = Some(Vec::new());
        while let Some(at) = from.take() {
            let mut batch = Batch::default();
            for (seen, row) in self.engine.snapshot()?.from(Table::Pending, &at).enumerate() {
                let (key, value) = row?;
                if seen == STEP {
                    from = Some(key);
                    break;
                }
                let key = decode_key(&key)?;
                let due = DateTime::from_timestamp_millis(
                    i64::try_from(key.due_ms()).unwrap_or(i64::MAX),
                )
                .unwrap_or(now);
                if due > now && !is_claimed(key) {
                    batch.entry_retry(&key, &key.at(due - by), &decode(&value)?);
                }
            }
            self.engine.commit(batch).await?;
        }
        Ok(())
    }

    /// The number of rows in the queue, without those of looks at published articles.
    pub fn waiting(&self) -> Result<u64, StoreError> {
        let snapshot = self.engine.snapshot()?;
        Ok(snapshot.len(Table::Pending)? - count_looks(&snapshot)?)
    }

    /// The number of looks at published articles that are to be made.
    pub fn looks(&self) -> Result<u64, StoreError> {
        count_looks(&self.engine.snapshot()?)
    }
}

fn count_looks(snapshot: &Snapshot) -> Result<u64, StoreError> {
    snapshot.from(Table::Pending, &Lane::LOOKS).try_fold(0, |count, row| row.map(|_| count + 1))
}

/// What happens to the row of an entry that was read, as part of the committing task's batch.
impl Batch {
    /// Removes the row of an entry that is done, and its document.
    pub fn entry_done(&mut self, key: &PendingKey, entry: &PendingEntry) {
        self.delete(Table::Pending, *key.as_bytes());
        self.forget_document(key, entry);
    }

    /// Moves an entry that is read again later to its new row, unless its source listed a newer
    /// edition meanwhile.
    pub fn entry_retry(&mut self, from: &PendingKey, to: &PendingKey, entry: &PendingEntry) {
        self.move_row(from, to, entry, 0);
    }

    /// Does the same where the page was read well and is fetched once more; that fetch counts among
    /// those of the day.
    pub fn entry_once_more(&mut self, from: &PendingKey, to: &PendingKey, entry: &PendingEntry) {
        self.move_row(from, to, entry, 1);
    }

    /// Puts an entry that was given up into the queue again, with its document, unless a newer
    /// edition of it waits there.
    pub fn entry_again(
        &mut self,
        row: &PendingKey,
        entry: &PendingEntry,
        document: Option<PackedDocument>,
    ) {
        let document = document.map(|bytes| (documents::key_of(row, entry), bytes));
        self.step(Step::Again {
            entry: entry.key(),
            row: NewRow { key: *row, value: json(entry), document },
        });
    }

    fn move_row(&mut self, from: &PendingKey, to: &PendingKey, entry: &PendingEntry, fetches: u16) {
        self.step(Step::Move {
            entry: entry.key(),
            from: *from,
            to: *to,
            value: json(entry),
            fetches,
        });
    }
}

/// The batch that upgrades a store of an older format, in which an entry may have several rows: the
/// row of the latest edition stays and is remembered, the others go.
pub(super) fn one_row_each(snapshot: &Snapshot) -> Result<Batch, StoreError> {
    let (mut batch, mut latest) =
        (Batch::default(), HashMap::<[u8; 8], (PendingKey, PendingEntry)>::new());
    for row in snapshot.from(Table::Pending, &[]) {
        let (key, value) = row?;
        let (key, entry) = (decode_key(&key)?, decode(&value)?);
        match latest.get(&key.entry()) {
            Some((_, later)) if later.listed > entry.listed => {
                batch.entry_done(&key, &entry);
                continue;
            }
            Some((other, earlier)) => batch.entry_done(other, earlier),
            None => {}
        }
        latest.insert(
            key.entry(),
            (
                key,
                PendingEntry {
                    entry: Entry { identity: entry.entry.identity, ..Entry::default() },
                    ..entry
                },
            ),
        );
    }
    for (row, entry) in latest.into_values() {
        let entry = entry.key();
        if let Some(seen) = snapshot.get(Table::Seen, entry.as_bytes())? {
            let seen = SeenEntry { pending: Some(row), ..SeenEntry::decode(&seen)? };
            batch.put(Table::Seen, *entry.as_bytes(), seen.encode());
        }
    }
    Ok(batch)
}

pub(super) fn decode_key(bytes: &[u8]) -> Result<PendingKey, StoreError> {
    bytes
        .try_into()
        .map(PendingKey::from_bytes)
        .map_err(|_| StoreError::damaged("pending", format!("a key of {} bytes", bytes.len())))
}

pub(super) fn decode(bytes: &[u8]) -> Result<PendingEntry, StoreError> {
    from_json("pending", bytes)
}

//! The outbox: records that are durable here and not yet acknowledged by the sink.
//!
//! Each row has a sequence number that never repeats within an epoch, and a chain: a hash over all
//! rows up to this one. Two histories of one store (the original one, and that of a restored copy)
//! may give the same number to different records, but never the same chain. A position in
//! `nashra.positions` carries its chain and so tells them apart, even after the restored store has
//! caught up in numbers.
//!
//! What must stay true: only the committing task appends rows, and only publish trims them, with an
//! [`Acked`], which nobody else can make. A record may be replaced while it waits: by a small dead
//! letter where the sink refuses it for good, and when an older copy is adopted. Its number and the
//! chain stay those of the record that was appended.

mod deliveries;
mod reached;
mod row;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use self::row::{Header, encode, is_replaced};
use super::{
    Batch, StoreError,
    engine::{Engine, Snapshot, Table},
    from_json, json,
};
use crate::{
    base::{
        clock::{Clock as _, SystemClock},
        hash::digest,
    },
    store::acked::Acked,
};

pub(super) use deliveries::decode as decode_delivery;
pub use reached::{Epoch, Reached, SinkChange, SinkMemory, SinkNotes};
pub(super) use row::decode;
pub use row::{NewRecord, Observed, OutboxRow};

/// Records that wait which are read at once where all of them are gone through, and their bytes.
const STEP: (usize, usize) = (1_000, 16 << 20);

/// Where the outbox ends: kept in memory by the committing task, and written with each batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tail {
    /// The last number given.
    pub seq: u64,
    /// The chain up to it.
    pub chain: [u8; 16],
    /// Bytes of all values appended so far.
    pub total: u64,
}

/// The publish stage's handle. The committing task uses [`Outbox::tail`] and [`Batch::append`].
#[derive(Debug, Clone)]
pub struct Outbox {
    engine: Engine,
}

impl Outbox {
    pub(super) fn new(engine: Engine) -> Self {
        Self { engine }
    }

    /// Where the outbox ends.
    pub fn tail(&self) -> Result<Tail, StoreError> {
        tail_in(&self.engine.snapshot()?)
    }

    /// What the sink has acknowledged.
    pub fn acked(&self) -> Result<Reached, StoreError> {
        acked_in(&self.engine.snapshot()?)
    }

    /// The rows after a number: at most `records` of them and about `bytes`, but at least one where
    /// there are any.
    pub fn rows_after(
        &self,
        after: u64,
        records: usize,
        bytes: usize,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        let mut rows: Vec<OutboxRow> = Vec::new();
        let mut size = 0;
        for row in
            self.engine.snapshot()?.from(Table::Outbox, &(after + 1).to_be_bytes()).take(records)
        {
            let (key, value) = row?;
            size += value.len();
            if size > bytes && !rows.is_empty() {
                break;
            }
            let row = decode(&key, &value)?.0;
            let expected = after + rows.len() as u64 + 1;
            if row.seq != expected {
                return Err(StoreError::damaged("outbox", format!("record {expected} is missing")));
            }
            rows.push(row);
        }
        Ok(rows)
    }

    /// The rows that wait, in their order; some are read at a time. After an error comes nothing.
    pub fn waiting_rows(
        &self,
    ) -> Result<impl Iterator<Item = Result<OutboxRow, StoreError>>, StoreError> {
        let mut after = Some(self.acked()?.seq());
        let mut rows = Vec::new().into_iter();
        Ok(std::iter::from_fn(move || {
            if rows.len() == 0 {
                let read = self.rows_after(after.take()?, STEP.0, STEP.1);
                let read = match read {
                    Ok(read) => read,
                    Err(error) => return Some(Err(error)),
                };
                after = read.last().map(|last| last.seq);
                rows = read.into_iter();
            }
            rows.next().map(Ok)
        }))
    }

    /// Checks that the first and the last row are those that the store remembers.
    pub(super) fn check_ends(&self) -> Result<(), StoreError> {
        let (acked, tail) = (self.acked()?, self.tail()?);
        self.rows_after(acked.seq, 1, usize::MAX)?;
        match self.at(tail.seq)? {
            Some(end) if end.chain == tail.chain => Ok(()),
            None if tail.seq == 0 => Ok(()),
            _ => Err(StoreError::damaged(
                "outbox",
                format!("record {}, its last, is missing or another one", tail.seq),
            )),
        }
    }

    /// Chain and total bytes at a number; `None` where that row is not in the outbox and is not the
    /// last one trimmed.
    pub fn at(&self, seq: u64) -> Result<Option<Tail>, StoreError> {
        let acked = self.acked()?;
        if seq == acked.seq {
            return Ok(Some(Tail { seq, chain: acked.chain, total: acked.total }));
        }
        let Some(value) = self.engine.snapshot()?.get(Table::Outbox, &seq.to_be_bytes())? else {
            return Ok(None);
        };
        let (row, total) = decode(&seq.to_be_bytes(), &value)?;
        Ok(Some(Tail { seq, chain: row.chain, total }))
    }

    /// Removes the rows that were acknowledged, and remembers `acked`: durable when it returns.
    pub async fn trim(&self, acked: &Acked) -> Result<(), StoreError> {
        self.trim_with(acked, Batch::default()).await
    }

    /// Does the same in one batch with other changes.
    pub async fn trim_with(&self, acked: &Acked, mut batch: Batch) -> Result<(), StoreError> {
        let before = self.acked()?.seq;
        batch.extend(trimming(acked.reached(), before));
        batch.delivered(before, acked.reached().seq, SystemClock.now());
        self.engine.commit(batch).await
    }

    /// Has a batch put another record in the place of one that waits. Number and chain stay as they
    /// are, so that positions keep their meaning. A record without a value is not sent.
    pub(crate) fn replace_in(
        &self,
        batch: &mut Batch,
        row: &OutboxRow,
        record: NewRecord,
    ) -> Result<(), StoreError> {
        let key = row.seq.to_be_bytes();
        let Some(value) = self.engine.snapshot()?.get(Table::Outbox, &key)? else { return Ok(()) };
        let (OutboxRow { chain, .. }, total) = decode(&key, &value)?;
        batch.put(Table::Outbox, key, encode(Header { chain, total, replaced: true, record }));
        Ok(())
    }

    /// Commits what takes the places of records that wait: durable when it returns.
    pub(crate) async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        self.engine.commit(batch).await
    }

    /// The number of records that wait, their bytes, and when the oldest of them was made.
    pub fn waiting(&self) -> Result<(u64, u64, Option<DateTime<Utc>>), StoreError> {
        let (acked, tail) = (self.acked()?, self.tail()?);
        let oldest =
            self.rows_after(acked.seq, 1, usize::MAX)?.pop().map(|row| row.record.event_time);
        Ok((tail.seq.saturating_sub(acked.seq), tail.total.saturating_sub(acked.total), oldest))
    }
}

/// The batch that removes the rows after `before`, the last row that was trimmed already, up to
/// `acked`, and remembers `acked`.
fn trimming(acked: &Reached, before: u64) -> Batch {
    let mut batch = Batch::default();
    batch.delete_within(Table::Outbox, (before + 1).to_be_bytes(), acked.seq.to_be_bytes());
    batch.put(Table::Meta, *b"outbox_acked", json(acked));
    batch
}

impl Batch {
    /// Appends a record and moves the tail.
    pub fn append(&mut self, tail: &mut Tail, record: NewRecord) {
        let chain = chain(&tail.chain, &record);
        *tail = Tail { seq: tail.seq + 1, chain, total: tail.total + record.value.len() as u64 };
        let row = encode(Header { chain, total: tail.total, replaced: false, record });
        self.put(Table::Outbox, tail.seq.to_be_bytes(), row);
        self.put(Table::Meta, *b"outbox_tail", json(tail));
    }
}

/// Reads the outbox from the last acknowledged record to its end, and checks the chain of each
/// record against that of the previous one.
pub(super) fn verify(snapshot: &Snapshot) -> Result<(Reached, Tail), StoreError> {
    let (acked, tail) = (acked_in(snapshot)?, tail_in(snapshot)?);
    let mut previous = Tail { seq: acked.seq, chain: acked.chain, total: 0 };
    for row in snapshot.from(Table::Outbox, &(acked.seq + 1).to_be_bytes()) {
        let (key, value) = row?;
        let (row, replaced) = (decode(&key, &value)?.0, is_replaced(&value)?);
        if row.seq != previous.seq + 1 {
            return Err(StoreError::damaged(
                "outbox",
                format!("record {} is missing", previous.seq + 1),
            ));
        }
        // The chain of a replaced row was made of a record that is no longer there.
        if !replaced && row.chain != chain(&previous.chain, &row.record) {
            return Err(StoreError::damaged(
                "outbox",
                format!("record {} does not follow the one before", row.seq),
            ));
        }
        previous = Tail { seq: row.seq, chain: row.chain, total: 0 };
    }
    if (previous.seq, previous.chain) != (tail.seq, tail.chain) {
        return Err(StoreError::damaged(
            "outbox",
            format!("it ends at record {}, and should end at record {}", previous.seq, tail.seq),
        ));
    }
    Ok((acked, tail))
}

/// Numbers the rows that are left of a damaged outbox anew, from the last acknowledged record on.
/// Returns what was lost, in words, and the batch that does it.
pub(super) fn renumber(
    engine: &Engine,
    rows: Vec<OutboxRow>,
) -> Result<(String, Batch), StoreError> {
    let outbox = Outbox::new(engine.clone());
    let (acked, end) = (outbox.acked()?, outbox.tail()?.seq);
    let mut tail = Tail { seq: acked.seq, chain: acked.chain, total: acked.total };
    let (kept, mut batch) = (rows.len(), Batch::default());
    for row in &rows {
        batch.delete(Table::Outbox, row.seq.to_be_bytes());
    }
    for row in rows.into_iter().filter(|row| row.seq > acked.seq) {
        batch.append(&mut tail, row.record);
    }
    batch.put(Table::Meta, *b"outbox_tail", json(&tail));
    let lost = end.saturating_sub(tail.seq);
    let words = format!(
        "{lost} records of the outbox, or where it ended; {kept} are kept, in a new order of numbers. Where the topics hold some of them already, publishing stops, and `nashra state adopt` goes on"
    );
    Ok((words, batch))
}

fn tail_in(snapshot: &Snapshot) -> Result<Tail, StoreError> {
    snapshot
        .get(Table::Meta, b"outbox_tail")?
        .map_or_else(|| Ok(Tail::default()), |bytes| from_json("meta", &bytes))
}

fn acked_in(snapshot: &Snapshot) -> Result<Reached, StoreError> {
    let bytes = snapshot.get(Table::Meta, b"outbox_acked")?;
    bytes.map_or_else(
        || Ok(Reached { epoch: 1, ..Reached::default() }),
        |bytes| from_json("meta", &bytes),
    )
}

fn chain(before: &[u8; 16], record: &NewRecord) -> [u8; 16] {
    digest(&[before, record.key.as_bytes(), record.event_id.as_bytes(), &record.value])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::twins::{TestStore, both_stores};

    #[tokio::test]
    async fn trimming_goes_through_what_it_trims_and_through_nothing_that_was_trimmed_before() {
        for TestStore { store, .. } in both_stores() {
            let engine = store.engine;
            let mut rows = Batch::default();
            // Row 1 stands for a row that was deleted: going through deleted rows costs as much as
            // if they were there.
            (1..=5_u64).for_each(|seq| rows.put(Table::Outbox, seq.to_be_bytes(), b"row"));
            engine.commit(rows).await.unwrap();
            engine.commit(trimming(&Reached { seq: 4, ..Reached::default() }, 1)).await.unwrap();
            let left = engine
                .snapshot()
                .unwrap()
                .from(Table::Outbox, &[])
                .map(|row| row.unwrap().0)
                .collect::<Vec<_>>();
            assert_eq!(left, [1_u64, 5].map(|seq| seq.to_be_bytes().to_vec()));
            engine.commit(trimming(&Reached { seq: 3, ..Reached::default() }, 4)).await.unwrap();
            assert_eq!(
                engine.snapshot().unwrap().len(Table::Outbox).unwrap(),
                2,
                "an older copy's position trims nothing"
            );
        }
    }
}

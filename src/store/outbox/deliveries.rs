//! When records were acknowledged, for people who ask how long one took: a row for each time that
//! publish removed records, not for each record.
//!
//! What must stay true: rows are of a bounded stretch of the outbox; nothing is decided by them.

use chrono::{DateTime, Utc};

use super::Outbox;
use crate::store::{Batch, StoreError, engine::Table, passing_over};

/// So many records back it is known when they were acknowledged.
const KEPT: u64 = 20_000;

impl Batch {
    /// Notes that the records behind `before`, up to `last`, were acknowledged.
    pub(super) fn delivered(&mut self, before: u64, last: u64, now: DateTime<Utc>) {
        if last <= before {
            return;
        }
        let row = [before.to_be_bytes(), now.timestamp_millis().to_be_bytes()].concat();
        self.put(Table::Deliveries, last.to_be_bytes(), row);
        if let Some(old) = last.checked_sub(KEPT) {
            let from = before.saturating_sub(KEPT);
            self.delete_within(Table::Deliveries, from.to_be_bytes(), old.to_be_bytes());
        }
    }
}

/// The last number before those that were acknowledged, and when they were.
pub(in crate::store) fn decode(row: &[u8]) -> Result<(u64, DateTime<Utc>), StoreError> {
    let read = || {
        let (before, rest) = row.split_first_chunk()?;
        let at = DateTime::from_timestamp_millis(i64::from_be_bytes(rest.try_into().ok()?))?;
        Some((u64::from_be_bytes(*before), at))
    };
    read().ok_or_else(|| StoreError::damaged("deliveries", "it has another length"))
}

impl Outbox {
    /// When a record was acknowledged; `None` where it was not yet, or too many were since.
    pub fn acknowledged_at(&self, seq: u64) -> Result<Option<DateTime<Utc>>, StoreError> {
        let snapshot = self.engine.snapshot()?;
        let Some(row) = snapshot.from(Table::Deliveries, &seq.to_be_bytes()).next() else {
            return Ok(None);
        };
        let found = passing_over(decode(&row?.1))?;
        Ok(found.filter(|(before, _)| *before < seq).map(|(_, at)| at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[tokio::test]
    async fn it_is_known_when_a_record_was_acknowledged_as_far_back_as_rows_are_kept() {
        let store = Store::in_memory().unwrap();
        let at = |seq: u64| DateTime::from_timestamp(i64::try_from(seq).unwrap(), 0).unwrap();
        for (before, last) in [(0, 3), (3, 3), (3, 10), (10, 20_005)] {
            let mut batch = Batch::default();
            batch.delivered(before, last, at(last));
            store.articles().commit(batch).await.unwrap();
        }
        let known = |seq| store.outbox().acknowledged_at(seq).unwrap();
        assert_eq!(
            [3, 4, 10, 11, 20_005].map(known),
            [None, Some(at(10)), Some(at(10)), Some(at(20_005)), Some(at(20_005))]
        );
        assert_eq!(known(20_006), None);
        store.check().unwrap();
    }
}

//! Pauses of sources that operators asked for, by the sources' ids.
//!
//! What must stay true: only the schedule writes this table while a daemon runs; a command writes it
//! only where none does. A pause outlives the listing of its source: one that is listed again is
//! paused still.

use chrono::{DateTime, Utc};

use super::{
    AddedStore, Batch, PollStore, StoreError, TopicStore,
    engine::{Snapshot, Table},
    from_json, json, passing_over,
};
use crate::model::source::Pause;

impl AddedStore {
    /// The pause of a source, if it has one that is not over.
    pub fn pause_at(&self, id: &str, now: DateTime<Utc>) -> Result<Option<Pause>, StoreError> {
        of_source(&self.snapshot()?, id, now)
    }

    /// All pauses, in the order of the sources' ids; some may be over.
    pub fn pauses(&self) -> Result<Vec<(String, Pause)>, StoreError> {
        let snapshot = self.snapshot()?;
        let rows = snapshot.from(Table::Pauses, &[]).map(|row| {
            let (key, value) = row?;
            let pause = passing_over(decode(&value))?;
            Ok(pause.map(|pause| (String::from_utf8_lossy(&key).into_owned(), pause)))
        });
        rows.filter_map(Result::transpose).collect()
    }

    /// Keeps some pauses and forgets others, in one atomic batch: durable when it returns.
    pub async fn change_pauses<'a>(
        &self,
        keep: impl IntoIterator<Item = (&'a str, &'a Pause)>,
        forget: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        for id in forget {
            batch.delete(Table::Pauses, id.as_bytes());
        }
        for (id, pause) in keep {
            batch.put(Table::Pauses, id.as_bytes(), json(pause));
        }
        self.commit(batch).await
    }
}

impl PollStore {
    /// The pause of a source, as [`AddedStore::pause_at`].
    pub fn pause_at(&self, id: &str, now: DateTime<Utc>) -> Result<Option<Pause>, StoreError> {
        of_source(&self.snapshot()?, id, now)
    }
}

impl TopicStore {
    /// The pause of a source, as [`AddedStore::pause_at`].
    pub fn pause_at(&self, id: &str, now: DateTime<Utc>) -> Result<Option<Pause>, StoreError> {
        of_source(&self.snapshot()?, id, now)
    }
}

/// A damaged row is passed over: its source is polled.
fn of_source(
    snapshot: &Snapshot,
    id: &str,
    now: DateTime<Utc>,
) -> Result<Option<Pause>, StoreError> {
    let Some(row) = snapshot.get(Table::Pauses, id.as_bytes())? else { return Ok(None) };
    Ok(passing_over(decode(&row))?.filter(|pause: &Pause| pause.holds(now)))
}

pub(super) fn decode(bytes: &[u8]) -> Result<Pause, StoreError> {
    from_json("pauses", bytes)
}

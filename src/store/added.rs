//! The schedule's part of the store: sources that were added by command, as they were declared.
//! Their pauses are in `pauses`.
//!
//! What must stay true: only the schedule writes this table while a daemon runs; a command writes
//! it only where none does.

use super::{
    Batch, StoreError,
    engine::{Engine, Snapshot, Table},
    from_json, json,
};
use crate::model::source::AddedSource;

/// The schedule's handle.
#[derive(Debug, Clone)]
pub struct AddedStore {
    engine: Engine,
}

impl AddedStore {
    pub(super) fn new(engine: Engine) -> Self {
        Self { engine }
    }

    /// The added source with this id.
    pub fn get(&self, id: &str) -> Result<Option<AddedSource>, StoreError> {
        self.engine
            .snapshot()?
            .get(Table::Added, id.as_bytes())?
            .map(|bytes| decode(&bytes))
            .transpose()
    }

    /// All added sources, in the order of their ids.
    pub fn all(&self) -> Result<Vec<AddedSource>, StoreError> {
        self.engine.snapshot()?.from(Table::Added, &[]).map(|row| decode(&row?.1)).collect()
    }

    /// Keeps some sources and forgets others, in one atomic batch: durable when it returns.
    pub async fn change<'a>(
        &self,
        keep: impl IntoIterator<Item = (&'a str, &'a AddedSource)>,
        forget: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        for (id, added) in keep {
            batch.put(Table::Added, id.as_bytes(), json(added));
        }
        for id in forget {
            batch.delete(Table::Added, id.as_bytes());
        }
        self.commit(batch).await
    }

    pub(super) fn snapshot(&self) -> Result<Snapshot, StoreError> {
        self.engine.snapshot()
    }

    pub(super) async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        self.engine.commit(batch).await
    }
}

pub(super) fn decode(bytes: &[u8]) -> Result<AddedSource, StoreError> {
    from_json("added", bytes)
}

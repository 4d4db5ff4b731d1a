//! New files that are filled table by table, for backups and repairs: nothing of them counts before
//! they are finished.

use std::path::Path;

use fjall::PersistMode;

use super::{
    Table,
    backend::{self, Disk},
};
use crate::store::StoreError;

/// Rows and bytes that are written at once.
const ROWS: usize = 4096;
const BYTES: usize = 4 << 20;
/// Memory for reading what was written: next to nothing is read.
const CACHE: u64 = 1 << 20;

/// Files in the making.
pub(crate) struct Filling {
    disk: Disk,
    waiting: Vec<(Table, Vec<u8>, Vec<u8>)>,
    bytes: usize,
}

impl Filling {
    /// In a folder that is empty.
    pub(crate) fn begin(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { disk: Disk::open(path, CACHE)?, waiting: Vec::new(), bytes: 0 })
    }

    pub(crate) fn put(
        &mut self,
        table: Table,
        key: Vec<u8>,
        value: Vec<u8>,
    ) -> Result<(), StoreError> {
        self.bytes += key.len() + value.len();
        self.waiting.push((table, key, value));
        if self.waiting.len() >= ROWS || self.bytes >= BYTES { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), StoreError> {
        let mut batch = self.disk.db.batch();
        for (table, key, value) in self.waiting.drain(..) {
            batch.insert(&self.disk.tables[table as usize], key, value);
        }
        self.bytes = 0;
        batch.commit().map_err(StoreError::engine)
    }

    /// Makes all of it durable, as this commit; its number.
    pub(crate) fn finish(mut self, commit: u64) -> Result<u64, StoreError> {
        self.write()?;
        backend::mark_all(&self.disk, commit)?;
        self.disk.db.persist(PersistMode::SyncAll).map_err(StoreError::engine)?;
        Ok(commit)
    }
}

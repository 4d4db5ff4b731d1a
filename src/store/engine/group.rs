//! Settles a group of batches into plain changes: conditions are decided here, by the one thread
//! that writes, against what is durable and what the batches before in the group do.

use std::collections::HashMap;

use super::{Backend, Batch, Op, Table};
use crate::store::StoreError;

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// It gets this value.
    Put(Vec<u8>),
    /// The row is deleted.
    Delete,
}

pub(super) type Changes = HashMap<(Table, Vec<u8>), Change>;

/// The rows as they are with what was settled so far.
pub(crate) struct Settling<'a> {
    backend: &'a Backend,
    changes: Changes,
}

/// The last change of each row.
pub(super) fn settle(backend: &Backend, batches: &[Batch]) -> Result<Changes, StoreError> {
    let mut rows = Settling { backend, changes: Changes::new() };
    for op in batches.iter().flat_map(|batch| &batch.0) {
        match op {
            Op::Put(table, key, value) => rows.put(*table, key, value.clone()),
            Op::Delete(table, key) => rows.delete(*table, key),
            Op::PutBeside { table, key, value, beside } => {
                if rows.get(*beside, key)?.is_some() {
                    rows.put(*table, key, value.clone());
                }
            }
            Op::DeleteTogether(expected) => {
                let mut as_read = true;
                for (table, key, value) in expected {
                    as_read = as_read && rows.get(*table, key)? == *value;
                }
                for (table, key, _) in expected.iter().filter(|_| as_read) {
                    rows.delete(*table, key);
                }
            }
            Op::Step(step) => step.settle(&mut rows)?,
            Op::DeleteWithin(table, first, last) => rows.delete_within(*table, first, last)?,
        }
    }
    Ok(rows.changes)
}

impl Settling<'_> {
    /// The value of a key.
    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.changes.get(&(table, key.to_vec())) {
            Some(Change::Put(value)) => Ok(Some(value.clone())),
            Some(Change::Delete) => Ok(None),
            None => self.backend.get(table, key),
        }
    }

    /// Writes a row.
    pub(crate) fn put(&mut self, table: Table, key: &[u8], value: Vec<u8>) {
        self.changes.insert((table, key.to_vec()), Change::Put(value));
    }

    /// Deletes a row.
    pub(crate) fn delete(&mut self, table: Table, key: &[u8]) {
        self.changes.insert((table, key.to_vec()), Change::Delete);
    }

    fn delete_within(&mut self, table: Table, first: &[u8], last: &[u8]) -> Result<(), StoreError> {
        if first > last {
            return Ok(());
        }
        let within = |key: &[u8]| (first..=last).contains(&key);
        let added: Vec<Vec<u8>> = self
            .changes
            .keys()
            .filter(|(of, key)| *of == table && within(key))
            .map(|(_, key)| key.clone())
            .collect();
        for key in self.backend.keys_within(table, first, last)?.into_iter().chain(added) {
            self.delete(table, &key);
        }
        Ok(())
    }
}

//! Settles a group of batches into plain changes: conditions are decided here, by the one thread that writes, against
//! what is durable and what the batches before in the group do.

use std::collections::HashMap;

use super::{Backend, Batch, Op, Table};
use crate::store::StoreError;

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// It gets this value.
    Put(Vec<u8>),
    /// It goes.
    Delete,
}

type Changes = HashMap<(Table, Vec<u8>), Change>;

/// The last change of each row.
pub(super) fn settle(backend: &Backend, batches: &[Batch]) -> Result<Changes, StoreError> {
    let mut changes = Changes::new();
    for op in batches.iter().flat_map(|batch| &batch.0) {
        match op {
            Op::Put(table, key, value) => put(&mut changes, *table, key, Change::Put(value.clone())),
            Op::Delete(table, key) => put(&mut changes, *table, key, Change::Delete),
            Op::Move { table, from, to, value } => {
                if current(backend, &changes, *table, from)?.is_some() {
                    put(&mut changes, *table, from, Change::Delete);
                    put(&mut changes, *table, to, Change::Put(value.clone()));
                }
            }
            Op::DeleteIf { table, key, expected } => {
                if current(backend, &changes, *table, key)?.as_ref() == Some(expected) {
                    put(&mut changes, *table, key, Change::Delete);
                }
            }
            Op::DeleteUpTo(table, last) => {
                let added: Vec<Vec<u8>> =
                    changes.keys().filter(|(of, key)| of == table && key <= last).map(|(_, key)| key.clone()).collect();
                for key in backend.keys_up_to(*table, last)?.into_iter().chain(added) {
                    put(&mut changes, *table, &key, Change::Delete);
                }
            }
        }
    }
    Ok(changes)
}

fn put(changes: &mut Changes, table: Table, key: &[u8], change: Change) {
    changes.insert((table, key.to_vec()), change);
}

fn current(backend: &Backend, changes: &Changes, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    match changes.get(&(table, key.to_vec())) {
        Some(Change::Put(value)) => Ok(Some(value.clone())),
        Some(Change::Delete) => Ok(None),
        None => backend.get(table, key),
    }
}

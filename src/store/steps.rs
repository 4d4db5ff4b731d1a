//! Changes that depend on rows as they are at the moment when they are applied: by then another
//! stage may have changed what the stage that asks for them has read. The one thread that writes
//! takes them one after the other.
//!
//! What must stay true, whatever the order in which stages commit and whenever the process is
//! killed:
//! - An entry has at most one row in the queue, and what is remembered of the entry names it. A
//!   newer edition takes the place of whatever row there is; an older one that is tried again finds
//!   its place taken and is dropped.
//! - An article that has a row has its names: what retention takes away while a decision on it is
//!   made comes back whole.

use super::{
    Batch, StoreError,
    documents::{self, PackedDocument},
    engine::{Settling, Table},
    entries,
    polls::SeenEntry,
};
use crate::model::pending::{EntryKey, PendingKey};

/// One such change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// An entry was listed as it was, which moves no row of it.
    Seen { entry: EntryKey, seen: SeenEntry },
    /// An entry was listed in a new edition.
    Listed { entry: EntryKey, seen: SeenEntry, row: NewRow },
    /// An edition is looked at again later.
    Again { entry: EntryKey, from: PendingKey, to: PendingKey, value: Vec<u8>, fetches: u16 },
    /// What is known of an article, and all its names.
    Article { id: [u8; 16], value: Vec<u8>, names: Vec<[u8; 16]> },
}

/// A row of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewRow {
    pub(super) key: PendingKey,
    pub(super) value: Vec<u8>,
    /// Its document, and the key of it.
    pub(super) document: Option<([u8; 16], PackedDocument)>,
}

impl Batch {
    /// Puts a row into the queue of which there is no older one.
    pub(super) fn queue(&mut self, row: NewRow) {
        self.put(Table::Pending, *row.key.as_bytes(), row.value);
        if let Some((key, bytes)) = row.document {
            self.put(Table::Documents, key, bytes.into_bytes());
        }
    }
}

impl Step {
    pub(super) fn settle(&self, rows: &mut Settling<'_>) -> Result<(), StoreError> {
        match self {
            Self::Seen { entry, seen } => {
                let now = current(rows, entry)?.unwrap_or(*seen);
                let seen = SeenEntry { version: seen.version, day: seen.day, ..now };
                rows.put(Table::Seen, entry.as_bytes(), seen.encode());
            }
            Self::Listed { entry, seen, row } => {
                let mut row = row.clone();
                if let Some(older) = current(rows, entry)?.and_then(|current| current.pending) {
                    forget(rows, &older)?;
                    // What ends the older edition, which may be read just now, ends its row alone.
                    if older == row.key {
                        row.key = older.a_moment_later();
                    }
                }
                rows.put(
                    Table::Seen,
                    entry.as_bytes(),
                    SeenEntry { pending: Some(row.key), ..*seen }.encode(),
                );
                put(rows, row);
            }
            Self::Again { entry, from, to, value, fetches } => {
                if rows.get(Table::Pending, from.as_bytes())?.is_some() {
                    rows.delete(Table::Pending, from.as_bytes());
                    rows.put(Table::Pending, to.as_bytes(), value.clone());
                    // Messages of a topic are not remembered: none has a second edition.
                    if let Some(seen) = current(rows, entry)? {
                        rows.put(
                            Table::Seen,
                            entry.as_bytes(),
                            SeenEntry {
                                pending: Some(*to),
                                fetches: seen.fetches.saturating_add(*fetches),
                                ..seen
                            }
                            .encode(),
                        );
                    }
                }
            }
            Self::Article { id, value, names } => {
                if rows.get(Table::Articles, id)?.is_none() {
                    for name in names {
                        if rows.get(Table::Aliases, name)?.is_none() {
                            rows.put(Table::Aliases, name, id.to_vec());
                        }
                    }
                }
                rows.put(Table::Articles, id, value.clone());
            }
        }
        Ok(())
    }
}

/// Puts a row into the queue, with its document.
fn put(rows: &mut Settling<'_>, row: NewRow) {
    rows.put(Table::Pending, row.key.as_bytes(), row.value);
    if let Some((key, bytes)) = row.document {
        rows.put(Table::Documents, &key, bytes.into_bytes());
    }
}

fn current(rows: &Settling<'_>, entry: &EntryKey) -> Result<Option<SeenEntry>, StoreError> {
    rows.get(Table::Seen, entry.as_bytes())?.map(|row| SeenEntry::decode(&row)).transpose()
}

/// Takes a row out of the queue, and its document with it; it may be gone already.
fn forget(rows: &mut Settling<'_>, row: &PendingKey) -> Result<(), StoreError> {
    let Some(value) = rows.get(Table::Pending, row.as_bytes())? else { return Ok(()) };
    let entry = entries::decode(&value)?;
    if entry.document.is_some() {
        rows.delete(Table::Documents, &documents::key_of(row, &entry));
    }
    rows.delete(Table::Pending, row.as_bytes());
    Ok(())
}

#[cfg(test)]
mod tests;

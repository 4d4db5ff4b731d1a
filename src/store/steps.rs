//! Changes that depend on what the rows are when the change is applied. By then another stage may
//! have changed what the stage that asks for the change has read. The store's one writing thread
//! applies such changes one after the other.
//!
//! What must stay true, in whatever order stages commit and whenever the process is killed:
//! - An entry has at most one row in the queue, and the entry's row in `seen` names it. A newer
//!   edition replaces whatever row there is. An older edition that is to be tried again finds its
//!   row gone, and is dropped.
//! - An article that has a row has its names. If retention removes an article while a decision on
//!   it is made, the article comes back with all its names.

use super::{
    Batch, StoreError,
    documents::{self, PackedDocument},
    engine::{Settling, Table},
    entries,
    polls::SeenEntry,
};
use crate::model::pending::{EntryKey, PendingKey};

/// A change that depends on the rows that it finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// An entry was listed unchanged; its row in the queue stays where it is.
    Seen { entry: EntryKey, seen: SeenEntry },
    /// An entry was listed in a new edition.
    Listed { entry: EntryKey, seen: SeenEntry, row: NewRow },
    /// An edition is read again later: its row moves from `from` to `to`, with a new value;
    /// `fetches` is added to the fetches of the day.
    Move { entry: EntryKey, from: PendingKey, to: PendingKey, value: Vec<u8>, fetches: u16 },
    /// An edition that was given up is read once more. A row of the entry that waits goes before it,
    /// but for a look at its page.
    Again { entry: EntryKey, row: NewRow },
    /// What is known of an article, and all its names.
    Article { id: [u8; 16], value: Vec<u8>, names: Vec<[u8; 16]> },
}

/// A row of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewRow {
    pub(super) key: PendingKey,
    pub(super) value: Vec<u8>,
    /// The key of its document, and the document.
    pub(super) document: Option<([u8; 16], PackedDocument)>,
}

impl Batch {
    /// Puts the row of an entry that has no older row into the queue.
    pub(super) fn queue(&mut self, row: NewRow) {
        self.put(Table::Pending, *row.key.as_bytes(), row.value);
        if let Some((key, bytes)) = row.document {
            self.put(Table::Documents, key, bytes.into_bytes());
        }
    }
}

#[cfg(test)]
impl Batch {
    /// Puts the row of an entry without a document into the queue.
    pub(crate) fn queue_for_tests(
        &mut self,
        key: &PendingKey,
        entry: &crate::model::pending::PendingEntry,
    ) {
        self.queue(NewRow { key: *key, value: super::json(entry), document: None });
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
                    // The older edition may be read just now. The decision on it deletes its row by
                    // key, which must not be the key of the new row.
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
            Self::Move { entry, from, to, value, fetches } => {
                if rows.get(Table::Pending, from.as_bytes())?.is_some() {
                    rows.delete(Table::Pending, from.as_bytes());
                    rows.put(Table::Pending, to.as_bytes(), value.clone());
                    // Messages of a topic have no row in `seen`, because none has a second edition.
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
            Self::Again { entry, row } => put_again(rows, entry, row)?,
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

/// Puts an edition that was given up into the queue, unless another one waits there.
fn put_again(rows: &mut Settling<'_>, entry: &EntryKey, row: &NewRow) -> Result<(), StoreError> {
    let seen = current(rows, entry)?;
    let waiting = match seen.and_then(|seen| seen.pending) {
        Some(key) => rows.get(Table::Pending, key.as_bytes())?.map(|row| (key, row)),
        None => None,
    };
    if let Some((key, waiting)) = waiting {
        if entries::decode(&waiting)?.look.is_none() {
            return Ok(());
        }
        forget(rows, &key)?;
    }
    if let Some(seen) = seen {
        let seen = SeenEntry { pending: Some(row.key), ..seen };
        rows.put(Table::Seen, entry.as_bytes(), seen.encode());
    }
    put(rows, row.clone());
    Ok(())
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

//! Documents that pending entries carry: bytes that were received with the entry, so that no page
//! is fetched for it.
//!
//! An entry's row says what its document is ([`Document`]); the bytes are compressed in a table of
//! their own, because rows are read and moved far more often than documents. What must stay true: a
//! document is written in the batch that writes its entry's row and deleted in the batch that ends
//! the row, so neither is ever without the other.

use std::collections::HashSet;

#[cfg(test)]
use chrono::{DateTime, Utc};

use super::{
    Batch, StoreError,
    engine::{Snapshot, Table},
};
#[cfg(test)]
use crate::model::pending::Document;
use crate::model::pending::{PendingEntry, PendingKey};

/// zstd's fastest ordinary level: a document is read once, within seconds of being written.
const LEVEL: i32 = 1;

/// A document's bytes as the store keeps them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedDocument(Vec<u8>);

/// What the store has of a document.
#[derive(Debug)]
pub enum StoredDocument {
    /// Its bytes, compressed with zstd.
    Here(Vec<u8>),
    /// More bytes than were asked for.
    Large(usize),
    /// A newer edition has taken the entry's place.
    Replaced,
}

impl PackedDocument {
    /// No document is larger, whatever the config says: the most that `fetch.max_decoded` may be.
    pub(crate) const LARGEST: usize = 1 << 30;

    /// Compresses a document. A large one takes a moment, which would block the network's threads.
    pub fn pack(bytes: &[u8]) -> Result<Self, StoreError> {
        zstd::bulk::compress(bytes, LEVEL)
            .map(Self)
            .map_err(|error| StoreError::damaged("documents", error))
    }

    /// Of bytes that are compressed already, as a document is in the store.
    pub(crate) fn of_packed(packed: Vec<u8>) -> Self {
        Self(packed)
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// The bytes of a document.
pub(crate) fn unpack(packed: &[u8]) -> Result<Vec<u8>, StoreError> {
    // The frame states the size of its content, and no more than that is allocated.
    zstd::bulk::decompress(packed, PackedDocument::LARGEST)
        .map_err(|error| StoreError::damaged("documents", error))
}

/// How many bytes a document has once it is unpacked, as its frame says.
pub(super) fn unpacked_size(packed: &[u8]) -> Option<u64> {
    zstd::zstd_safe::get_frame_content_size(packed).ok().flatten()
}

/// The key of an entry's document: the entry, and when it was listed. Unlike the entry's row it
/// never moves, and it differs between two editions of one entry, so that ending one does not take
/// the other's document away.
fn key(row: &PendingKey, listed_ms: u64) -> [u8; 16] {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&row.entry());
    key[8..].copy_from_slice(&listed_ms.to_be_bytes());
    key
}

pub(super) fn key_of(row: &PendingKey, entry: &PendingEntry) -> [u8; 16] {
    key(row, u64::try_from(entry.listed.timestamp_millis()).unwrap_or(0))
}

/// The bytes of an entry's document as they are kept, where they are no more than `most`.
pub(super) fn load(
    snapshot: &Snapshot,
    row: &PendingKey,
    entry: &PendingEntry,
    most: usize,
) -> Result<StoredDocument, StoreError> {
    let key = key_of(row, entry);
    match snapshot.size(Table::Documents, &key)? {
        Some(size) if size > most => Ok(StoredDocument::Large(size)),
        Some(_) => {
            snapshot.get(Table::Documents, &key)?.map(StoredDocument::Here).ok_or_else(missing)
        }
        None if snapshot.get(Table::Pending, row.as_bytes())?.is_none() => {
            Ok(StoredDocument::Replaced)
        }
        None => Err(missing()),
    }
}

fn missing() -> StoreError {
    StoreError::damaged("documents", "an entry's document is missing")
}

impl Batch {
    /// Forgets the document of an entry that is done.
    pub(super) fn forget_document(&mut self, row: &PendingKey, entry: &PendingEntry) {
        if entry.document.is_some() {
            self.delete(Table::Documents, key_of(row, entry));
        }
    }
}

/// Reads every document, and compares the table with the entries that carry one; `owners` are the
/// keys of their documents.
pub(super) fn verify(
    snapshot: &Snapshot,
    mut owners: HashSet<[u8; 16]>,
) -> Result<u64, StoreError> {
    let mut count = 0;
    for row in snapshot.from(Table::Documents, &[]) {
        let (key, packed) = row?;
        unpack(&packed)?;
        let owned = <[u8; 16]>::try_from(key).is_ok_and(|key| owners.remove(&key));
        if !owned {
            return Err(StoreError::damaged("documents", "a document that belongs to no entry"));
        }
        count += 1;
    }
    if owners.is_empty() { Ok(count) } else { Err(missing()) }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::store::twins::{TestStore, both_stores};
    use crate::{
        model::{entry::Entry, lane::Lane, pending::EntryKey, record},
        store::{Facts, NewEdition, PollCommit, SeenEntry, Store},
    };

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::milliseconds(ms)
    }

    /// An edition of the one entry of a source, listed then.
    fn edition(ms: i64) -> (PendingKey, PendingEntry) {
        let source = record::Source {
            id: "s".into(),
            name: None,
            kind: "page".into(),
            url: "file:a".to_owned().into(),
            tags: Vec::new(),
        };
        let document = Document {
            content_type: None,
            url: None,
            via: Vec::new(),
            received: at(ms),
            unreadable: None,
            headers: Vec::new(),
        };
        let said = Entry { identity: "a".into(), ..Entry::default() };
        let entry = PendingEntry {
            first_seen: at(0),
            document: Some(document),
            ..PendingEntry::new(source, said, 0, at(ms))
        };
        (PendingKey::new(Lane::here("s"), at(ms), &EntryKey::new("s", "a")), entry)
    }

    async fn enqueue(
        store: &Store,
        older: Option<&SeenEntry>,
        (key, entry): &(PendingKey, PendingEntry),
        bytes: &[u8],
    ) {
        let mut commit = PollCommit::default();
        commit.facts(&Facts { id: "s".into(), ..Facts::default() });
        commit.enqueue(
            &EntryKey::new("s", "a"),
            older,
            NewEdition {
                seen: SeenEntry::default(),
                row: key,
                entry,
                document: Some(PackedDocument::pack(bytes).unwrap()),
            },
        );
        store.polls().commit(commit).await.unwrap();
    }

    async fn commit(store: &Store, change: impl FnOnce(&mut Batch)) {
        let mut batch = Batch::default();
        change(&mut batch);
        store.articles().commit(batch).await.unwrap();
    }

    fn whole(store: &Store, key: &PendingKey, entry: &PendingEntry) -> Vec<u8> {
        let large = store.entries().document(key, entry, 1).unwrap();
        assert!(matches!(large, StoredDocument::Large(2..)), "{large:?}");
        match store.entries().document(key, entry, usize::MAX).unwrap() {
            StoredDocument::Here(packed) => unpack(&packed).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_document_comes_and_goes_with_its_entry() {
        for TestStore { store, .. } in &both_stores() {
            let (key, entry) = edition(1);
            enqueue(store, None, &(key, entry.clone()), b"a page").await;
            assert_eq!(whole(store, &key, &entry), b"a page");
            assert!(store.check().unwrap().rows.contains(&("documents", 1)));
            // A row that moves to a later time keeps it.
            let later = key.at(at(60_000));
            commit(store, |batch| batch.entry_retry(&key, &later, &entry)).await;
            assert_eq!(whole(store, &later, &entry), b"a page");
            commit(store, |batch| batch.entry_done(&later, &entry)).await;
            assert!(store.check().unwrap().rows.contains(&("documents", 0)));
        }
    }

    #[tokio::test]
    async fn ending_an_edition_leaves_the_newer_ones_document() {
        for TestStore { store, .. } in &both_stores() {
            let (older, newer) = (edition(1), edition(2));
            enqueue(store, None, &older, b"first").await;
            enqueue(store, Some(&SeenEntry::default()), &newer, b"second").await;
            let replaced = store.entries().document(&older.0, &older.1, usize::MAX).unwrap();
            assert!(matches!(replaced, StoredDocument::Replaced), "{replaced:?}");
            commit(store, |batch| batch.entry_done(&older.0, &older.1)).await;
            assert_eq!(whole(store, &newer.0, &newer.1), b"second");
            assert!(store.check().unwrap().rows.contains(&("documents", 1)));
        }
    }

    #[tokio::test]
    async fn a_document_without_its_entry_and_an_entry_without_its_document_are_damage() {
        for TestStore { store, .. } in &both_stores() {
            let (key, entry) = edition(1);
            commit(store, |batch| {
                batch.put(
                    Table::Documents,
                    key_of(&key, &entry),
                    PackedDocument::pack(b"x").unwrap().0,
                );
            })
            .await;
            assert!(store.check().unwrap_err().to_string().contains("belongs to no entry"));
            commit(store, |batch| batch.forget_document(&key, &entry)).await;
            enqueue(store, None, &(key, entry.clone()), b"x").await;
            commit(store, |batch| batch.forget_document(&key, &entry)).await;
            assert!(store.check().unwrap_err().to_string().contains("document is missing"));
            assert!(store.entries().document(&key, &entry, usize::MAX).is_err());
        }
    }
}

//! Documents that pending entries carry: bytes that were received with the entry, so that no page is fetched for it.
//!
//! An entry's row says what its document is ([`Document`]); the bytes are compressed in a table of their own, because
//! rows are read and moved far more often than documents. What must stay true: a document is written in the batch
//! that writes its entry's row and deleted in the batch that ends the row, so neither is ever without the other.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    Batch, StoreError,
    engine::{Snapshot, Table},
    entries::{PendingEntry, PendingKey},
};

/// zstd's fastest ordinary level: a document is read once, within seconds of being written.
const LEVEL: i32 = 1;
/// No document is larger, whatever the config says: the most that `fetch.max_decoded` may be.
const LARGEST: usize = 1 << 30;

/// What is known of a document beside its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The `Content-Type` it came with.
    pub content_type: Option<String>,
    /// Where it was read, after redirects; `None` for one that came without an address.
    pub url: Option<Url>,
    /// The addresses before redirects.
    pub via: Vec<Url>,
    /// When it was received. A later look wins over an earlier one.
    pub received: DateTime<Utc>,
    /// Why it cannot be read at all: then it only waits to become a dead letter.
    pub unreadable: Option<String>,
}

impl Document {
    /// Whether it was handed over as plain text.
    #[must_use]
    pub fn is_text(&self) -> bool {
        let media_type = self.content_type.as_deref().and_then(|it| it.split(';').next()).unwrap_or_default();
        media_type.trim().eq_ignore_ascii_case("text/plain")
    }
}

/// A document's bytes as the store keeps them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed(Vec<u8>);

impl Packed {
    /// Compresses. It takes a moment for a large document: not for the network's threads.
    pub fn of(bytes: &[u8]) -> Result<Self, StoreError> {
        zstd::bulk::compress(bytes, LEVEL).map(Self).map_err(|error| StoreError::damaged("documents", error))
    }
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, StoreError> {
    // The frame tells its content's size; no more than that is allocated.
    zstd::bulk::decompress(packed, LARGEST).map_err(|error| StoreError::damaged("documents", error))
}

/// The key of an entry's document: the entry, and when it was listed. Unlike the entry's row it never moves, and it
/// differs between two editions of one entry, so that ending one does not take the other's document away.
fn key(row: &PendingKey, listed_ms: u64) -> [u8; 16] {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&row.entry());
    key[8..].copy_from_slice(&listed_ms.to_be_bytes());
    key
}

pub(super) fn key_of(row: &PendingKey, entry: &PendingEntry) -> [u8; 16] {
    key(row, u64::try_from(entry.listed.timestamp_millis()).unwrap_or(0))
}

/// The bytes of an entry's document, as they were received; `None` where a newer edition has taken the entry's place.
pub(super) fn read(snapshot: &Snapshot, row: &PendingKey, entry: &PendingEntry) -> Result<Option<Vec<u8>>, StoreError> {
    match snapshot.get(Table::Documents, &key_of(row, entry))? {
        Some(packed) => unpack(&packed).map(Some),
        None if snapshot.get(Table::Pending, row.as_bytes())?.is_none() => Ok(None),
        None => Err(missing()),
    }
}

fn missing() -> StoreError {
    StoreError::damaged("documents", "an entry's document is missing")
}

impl Batch {
    /// Keeps the document of an entry that is put into the queue.
    pub(super) fn document(&mut self, row: &PendingKey, entry: &PendingEntry, bytes: Packed) {
        self.put(Table::Documents, key_of(row, entry), bytes.0);
    }

    /// Forgets the document of an entry that is done.
    pub(super) fn forget_document(&mut self, row: &PendingKey, entry: &PendingEntry) {
        if entry.document.is_some() {
            self.delete(Table::Documents, key_of(row, entry));
        }
    }

    /// Forgets the document of an entry that is replaced, given the row under which it was first put into the queue:
    /// an entry with a document is due as soon as it is listed.
    pub(super) fn forget_replaced_document(&mut self, first_row: &PendingKey) {
        self.delete(Table::Documents, key(first_row, first_row.due_ms()));
    }
}

/// Reads every document back, and holds the table against the entries that carry one: `owners` are their keys.
pub(super) fn verify(snapshot: &Snapshot, mut owners: HashSet<[u8; 16]>) -> Result<u64, StoreError> {
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

//! The durable queue of entries that wait to be read.
//!
//! Rows are ordered by host and then by due time, so that one host with ten thousand due entries does
//! not stand before the others. An entry has at most one row (`steps` sees to it); a retry moves it to a later time.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Batch, StoreError, digest,
    documents::{self, Document},
    engine::{Engine, Snapshot, Table},
    from_json, json,
    polls::{EntryKey, Seen},
    steps::Step,
};
use crate::{article::record, config::SourceKind, feed::Entry};

/// Places of a source's documents among the hosts.
const DOCUMENT_LANES: u8 = 16;

/// A host, as the queue orders them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostKey([u8; 8]);

impl HostKey {
    /// From a host name; entries without a link share the empty name.
    #[must_use]
    pub fn new(host: &str) -> Self {
        Self(digest(&[host.as_bytes()]))
    }

    /// For an entry whose document is here already, where there is no host to spare. A source has several such places,
    /// so that the bound on what one host may have in flight does not leave the extracting threads idle.
    #[must_use]
    pub fn of_document(source: &str, entry: &EntryKey) -> Self {
        Self(digest(&[b"document", source.as_bytes(), &[entry.short()[0] % DOCUMENT_LANES]]))
    }
}

/// Host, due time and entry, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PendingKey([u8; 24]);

impl PendingKey {
    /// Puts a key together.
    #[must_use]
    pub fn new(host: HostKey, due: DateTime<Utc>, entry: &EntryKey) -> Self {
        let mut key = [0; 24];
        key[..8].copy_from_slice(&host.0);
        key[8..16].copy_from_slice(&millis(due).to_be_bytes());
        key[16..].copy_from_slice(&entry.short());
        Self(key)
    }

    /// The same entry at another time.
    #[must_use]
    pub fn at(&self, due: DateTime<Utc>) -> Self {
        let mut key = *self;
        key.0[8..16].copy_from_slice(&millis(due).to_be_bytes());
        key
    }

    /// The next key after this one of the same entry.
    pub(super) fn a_moment_later(&self) -> Self {
        let mut key = *self;
        key.0[8..16].copy_from_slice(&self.due_ms().saturating_add(1).to_be_bytes());
        key
    }

    /// Which host it waits for.
    #[must_use]
    pub fn host(&self) -> HostKey {
        let mut host = [0; 8];
        host.copy_from_slice(&self.0[..8]);
        HostKey(host)
    }

    /// When it is due, in milliseconds since 1970.
    #[must_use]
    pub fn due_ms(&self) -> u64 {
        let mut due = [0; 8];
        due.copy_from_slice(&self.0[8..16]);
        u64::from_be_bytes(due)
    }

    /// Which entry it is; the same for all rows of one entry.
    #[must_use]
    pub fn entry(&self) -> [u8; 8] {
        let mut entry = [0; 8];
        entry.copy_from_slice(&self.0[16..]);
        entry
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 24] {
        &self.0
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        bytes.try_into().map(Self).map_err(|_| StoreError::damaged("pending", format!("a key of {} bytes", bytes.len())))
    }
}

fn millis(at: DateTime<Utc>) -> u64 {
    u64::try_from(at.timestamp_millis()).unwrap_or(0)
}

/// An entry that waits to be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PendingEntry {
    /// Who listed it.
    pub source: record::Source,
    /// What the source said.
    pub entry: Entry,
    /// When nashra first saw it.
    pub first_seen: DateTime<Utc>,
    /// When the source listed it in this edition.
    pub listed: DateTime<Utc>,
    /// Which listing that was, in the order of all that is looked at: clocks jump. 0 in rows of older programs.
    #[serde(default)]
    pub order: u64,
    /// Fetches that failed so far.
    pub tries: u32,
    /// Why the last one did.
    pub last_error: Option<String>,
    /// Whether its page is to be fetched.
    pub fetch_page: bool,
    /// Whether that is done whatever the site's robots.txt says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignores_robots: bool,
    /// What came with it instead of a page to fetch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
}

impl PendingEntry {
    /// The key of the entry in its source.
    #[must_use]
    pub fn key(&self) -> EntryKey {
        EntryKey::new(&self.source.id, &self.entry.identity)
    }

    /// Whether it was found among the links of a listing, or in a sitemap that names no headline, so that only its page
    /// can say that it is an article.
    #[must_use]
    pub fn is_guess(&self) -> bool {
        let of = |kind: SourceKind| self.source.kind == kind.as_str();
        of(SourceKind::Listing) || (of(SourceKind::Sitemap) && self.entry.title.is_none())
    }
}

/// Due rows of one host.
#[derive(Debug)]
pub struct DueEntries {
    /// Rows that are due.
    pub rows: Vec<(PendingKey, PendingEntry)>,
    /// When the host's next row is due, in milliseconds since 1970; may be past where more are due.
    pub next_ms: Option<u64>,
    /// Entries with a row that is due and was passed over because the entry is claimed.
    pub passed: Vec<[u8; 8]>,
}

/// The page stage's handle.
#[derive(Debug, Clone)]
pub struct EntryQueue {
    engine: Engine,
}

impl EntryQueue {
    pub(super) fn new(engine: Engine) -> Self {
        Self { engine }
    }

    /// Each host that has rows, with its earliest due time.
    pub fn hosts(&self) -> Result<Vec<(HostKey, u64)>, StoreError> {
        let snapshot = self.engine.snapshot()?;
        let mut hosts = Vec::new();
        let mut from = vec![];
        while let Some(row) = snapshot.from(Table::Pending, &from).next() {
            let key = PendingKey::decode(&row?.0)?;
            hosts.push((key.host(), key.due_ms()));
            // The first key after every row of this host.
            from = key.host().0.to_vec();
            from.extend_from_slice(&[0xff; 17]);
        }
        Ok(hosts)
    }

    /// Up to `limit` rows of a host that are due at `now_ms` and whose entries are not `claimed`.
    pub fn due(&self, host: HostKey, now_ms: u64, limit: usize, claimed: &HashSet<[u8; 8]>) -> Result<DueEntries, StoreError> {
        let mut found = DueEntries { rows: Vec::new(), next_ms: None, passed: Vec::new() };
        for row in self.engine.snapshot()?.from(Table::Pending, &host.0) {
            let (key, value) = row?;
            let key = PendingKey::decode(&key)?;
            if key.host() != host {
                break;
            }
            if claimed.contains(&key.entry()) {
                found.passed.push(key.entry());
                continue;
            }
            if key.due_ms() > now_ms || found.rows.len() >= limit {
                found.next_ms = Some(key.due_ms());
                break;
            }
            found.rows.push((key, decode(&value)?));
        }
        Ok(found)
    }

    /// The document of an entry, as it was received; `None` where a newer edition has taken the entry's place.
    pub fn document(&self, key: &PendingKey, entry: &PendingEntry) -> Result<Option<Vec<u8>>, StoreError> {
        documents::read(&self.engine.snapshot()?, key, entry)
    }

    /// How many rows wait.
    pub fn waiting(&self) -> Result<u64, StoreError> {
        self.engine.snapshot()?.len(Table::Pending)
    }
}

/// What happens to a row once it was read, as part of the committer's batch.
impl Batch {
    /// The entry is done, and so is its document.
    pub fn entry_done(&mut self, key: &PendingKey, entry: &PendingEntry) {
        self.delete(Table::Pending, *key.as_bytes());
        self.forget_document(key, entry);
    }

    /// The entry is looked at again later, unless the source listed a newer edition meanwhile.
    pub fn entry_retry(&mut self, from: &PendingKey, to: &PendingKey, entry: &PendingEntry) {
        self.step(Step::Again { entry: entry.key(), from: *from, to: *to, value: json(entry) });
    }
}

/// Of a store of an older format, in which an entry may have several rows: the row of the latest edition stays and is remembered.
pub(super) fn one_row_each(snapshot: &Snapshot) -> Result<Batch, StoreError> {
    let (mut batch, mut latest) = (Batch::default(), HashMap::<[u8; 8], (PendingKey, PendingEntry)>::new());
    for row in snapshot.from(Table::Pending, &[]) {
        let (key, value) = row?;
        let (key, entry) = (PendingKey::decode(&key)?, decode(&value)?);
        match latest.get(&key.entry()) {
            Some((_, later)) if later.listed > entry.listed => {
                batch.entry_done(&key, &entry);
                continue;
            }
            Some((other, earlier)) => batch.entry_done(other, earlier),
            None => {}
        }
        latest.insert(key.entry(), (key, PendingEntry { entry: Entry { identity: entry.entry.identity, ..Entry::default() }, ..entry }));
    }
    for (row, entry) in latest.into_values() {
        let entry = entry.key();
        if let Some(seen) = snapshot.get(Table::Seen, entry.as_bytes())? {
            let seen = Seen { pending: Some(row), ..Seen::decode(&seen)? };
            batch.put(Table::Seen, *entry.as_bytes(), seen.encode());
        }
    }
    Ok(batch)
}

pub(super) fn decode(bytes: &[u8]) -> Result<PendingEntry, StoreError> {
    from_json("pending", bytes)
}

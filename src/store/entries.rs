//! The durable queue of entries that wait to be read.
//!
//! Rows are ordered by lane (source and host) and then by due time, so that ten thousand due entries of one source or host do
//! not stand before the others. An entry has at most one row (`steps` sees to it); a retry moves it to a later time.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct as _};

use super::{
    Batch, StoreError,
    documents::{self, Document, Stored},
    engine::{Engine, Snapshot, Table},
    from_json, json,
    lane::Lane,
    polls::{EntryKey, Seen},
    steps::Step,
};
use crate::{
    article::{doubt::Doubted, record},
    config::SourceKind,
    feed::Entry,
};

/// Rows that are gone through at once.
const STEP: usize = 1_000;

/// Lane, due time and entry, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PendingKey([u8; 24]);

impl PendingKey {
    /// Puts a key together.
    #[must_use]
    pub fn new(lane: Lane, due: DateTime<Utc>, entry: &EntryKey) -> Self {
        let mut key = [0; 24];
        key[..8].copy_from_slice(lane.as_bytes());
        key[8..16].copy_from_slice(&millis(due).to_be_bytes());
        key[16..].copy_from_slice(&entry.short());
        Self(key)
    }

    /// Before all rows of a lane that are due then (milliseconds since 1970), or later.
    #[must_use]
    pub fn first(lane: Lane, due_ms: u64) -> Self {
        let mut key = [0; 24];
        key[..8].copy_from_slice(lane.as_bytes());
        key[8..16].copy_from_slice(&due_ms.to_be_bytes());
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

    /// Where it waits.
    #[must_use]
    pub fn lane(&self) -> Lane {
        let mut lane = [0; 8];
        lane.copy_from_slice(&self.0[..8]);
        Lane::of_bytes(lane)
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
    #[serde(serialize_with = "with_real_address")]
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
    /// Seconds that it waited for a host that is left alone.
    #[serde(default)]
    pub held_s: u64,
    /// Where the source had listed it before in another edition: how often its page was looked at on that day.
    #[serde(default)]
    pub changed: Option<u16>,
    /// Looks at its page that showed what was published already.
    #[serde(default)]
    pub unchanged: u16,
    /// What its page showed at the last look, where it was doubted and nothing is published of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubted: Option<Doubted>,
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
    /// As a source lists it for the first time; no page is to be fetched, and no document came with it.
    #[must_use]
    pub fn new(source: record::Source, entry: Entry, order: u64, now: DateTime<Utc>) -> Self {
        Self {
            source,
            entry,
            first_seen: now,
            listed: now,
            order,
            tries: 0,
            last_error: None,
            held_s: 0,
            changed: None,
            unchanged: 0,
            doubted: None,
            fetch_page: false,
            ignores_robots: false,
            document: None,
        }
    }

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

/// Rows know the address itself: what is to be hidden in a record is known from it.
fn with_real_address<S: Serializer>(source: &record::Source, serializer: S) -> Result<S::Ok, S::Error> {
    let record::Source { id, name, kind, url, tags } = source;
    let mut fields = serializer.serialize_struct("Source", 5)?;
    fields.serialize_field("id", id)?;
    fields.serialize_field("name", name)?;
    fields.serialize_field("kind", kind)?;
    fields.serialize_field("url", url.real())?;
    fields.serialize_field("tags", tags)?;
    fields.end()
}

/// Due rows of one lane.
#[derive(Debug, Default)]
pub struct DueEntries {
    /// Rows that are due.
    pub rows: Vec<(PendingKey, PendingEntry)>,
    /// Rows before `next` that were passed over, because their entries are claimed.
    pub claimed: Vec<PendingKey>,
    /// The lane's next row; it may be due, too.
    pub next: Option<PendingKey>,
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

    /// Each lane that has rows, with its earliest due time.
    pub fn lanes(&self) -> Result<Vec<(Lane, u64)>, StoreError> {
        let snapshot = self.engine.snapshot()?;
        let mut lanes = Vec::new();
        let mut from = vec![];
        while let Some(row) = snapshot.from(Table::Pending, &from).next() {
            let key = PendingKey::decode(&row?.0)?;
            lanes.push((key.lane(), key.due_ms()));
            // The first key after every row of this lane.
            from = key.lane().as_bytes().to_vec();
            from.extend_from_slice(&[0xff; 17]);
        }
        Ok(lanes)
    }

    /// Up to `limit` rows of a lane, from a place on, that are due at `now_ms` (milliseconds since 1970) and whose entries are not
    /// claimed. What is before that place is not looked at: the start of a long lane is full of what was deleted lately.
    pub fn due(
        &self,
        from: PendingKey,
        now_ms: u64,
        limit: usize,
        is_claimed: impl Fn(PendingKey) -> bool,
    ) -> Result<DueEntries, StoreError> {
        let mut found = DueEntries::default();
        for row in self.engine.snapshot()?.from(Table::Pending, from.as_bytes()) {
            let (key, value) = row?;
            let key = PendingKey::decode(&key)?;
            if key.lane() != from.lane() {
                break;
            }
            if key.due_ms() > now_ms || found.rows.len() >= limit {
                found.next = Some(key);
                break;
            }
            if is_claimed(key) {
                found.claimed.push(key);
            } else {
                found.rows.push((key, decode(&value)?));
            }
        }
        Ok(found)
    }

    /// The document of an entry, where it is kept in no more than `most` bytes.
    pub fn document(&self, key: &PendingKey, entry: &PendingEntry, most: usize) -> Result<Stored, StoreError> {
        documents::read(&self.engine.snapshot()?, key, entry, most)
    }

    /// Brings rows forward that are due later than `now`, because the clock was set back by so much since; but those
    /// of entries that are claimed.
    pub async fn set_back(&self, (by, now): (TimeDelta, DateTime<Utc>), is_claimed: impl Fn(PendingKey) -> bool) -> Result<(), StoreError> {
        let mut from = Some(Vec::new());
        while let Some(at) = from.take() {
            let mut batch = Batch::default();
            for (seen, row) in self.engine.snapshot()?.from(Table::Pending, &at).enumerate() {
                let (key, value) = row?;
                if seen == STEP {
                    from = Some(key);
                    break;
                }
                let key = PendingKey::decode(&key)?;
                let due = DateTime::from_timestamp_millis(i64::try_from(key.due_ms()).unwrap_or(i64::MAX)).unwrap_or(now);
                if due > now && !is_claimed(key) {
                    batch.entry_retry(&key, &key.at(due - by), &decode(&value)?);
                }
            }
            self.engine.commit(batch).await?;
        }
        Ok(())
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
        self.again(from, to, entry, 0);
    }

    /// The same where its page will be asked for once more on behalf of this edition.
    pub fn entry_once_more(&mut self, from: &PendingKey, to: &PendingKey, entry: &PendingEntry) {
        self.again(from, to, entry, 1);
    }

    fn again(&mut self, from: &PendingKey, to: &PendingKey, entry: &PendingEntry, fetches: u16) {
        self.step(Step::Again { entry: entry.key(), from: *from, to: *to, value: json(entry), fetches });
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

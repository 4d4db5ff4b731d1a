//! The input stage's part of the store: how far each topic was read, committed together with the
//! entries made of its messages.
//!
//! What must stay true: the offset that a batch reaches is in the batch of its entries. So after
//! any crash reading goes on where the durable entries end; nothing is lost and nothing is read
//! twice.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Batch, StoreError,
    documents::{self, PackedDocument},
    engine::{Engine, Snapshot, Table},
    entries, from_json, json,
    steps::NewRow,
};
use crate::{
    base::sequence::Sequence,
    model::pending::{PendingEntry, PendingKey},
};

/// How far a source's topic was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TopicState {
    /// The source's id.
    pub id: String,
    /// The topic's name.
    pub topic: String,
    /// The cluster that holds it.
    pub cluster: String,
    /// Each partition that was ever seen.
    pub partitions: BTreeMap<i32, PartitionProgress>,
    /// Messages taken so far.
    pub messages: u64,
    /// When the last message was taken.
    pub last_message: Option<DateTime<Utc>>,
    /// How often reading could not go on where it had ended: the topic was another one, or no
    /// longer had the next message.
    pub resets: u64,
    /// The last such event, in words.
    pub last_reset: Option<String>,
    /// Why it cannot be read now.
    pub trouble: Option<String>,
}

/// How far a partition was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionProgress {
    /// The offset of the message to read next.
    pub next: i64,
    /// The last message that was read: found again, it shows that the partition is the same.
    pub last: Option<MessageMark>,
}

/// What a message is recognised by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageMark {
    /// The offset of the message.
    pub offset: i64,
    /// A hash of its time, key and value.
    pub digest: [u8; 8],
}

/// The input stage's handle.
#[derive(Debug, Clone)]
pub struct TopicStore {
    engine: Engine,
    sequence: Sequence,
}

impl TopicStore {
    pub(super) fn new(engine: Engine, sequence: Sequence) -> Self {
        Self { engine, sequence }
    }

    pub(super) fn snapshot(&self) -> Result<Snapshot, StoreError> {
        self.engine.snapshot()
    }

    /// A new sequence number, for the next message.
    #[must_use]
    pub fn sequence(&self) -> Sequence {
        self.sequence.clone()
    }

    /// How far a source's topic was read; `None` before the first time.
    pub fn state(&self, source: &str) -> Result<Option<TopicState>, StoreError> {
        self.engine
            .snapshot()?
            .get(Table::Topics, source.as_bytes())?
            .map(|bytes| decode(&bytes))
            .transpose()
    }

    /// The rows of a source's entries that wait for their first reading.
    pub fn waiting(&self, source: &str) -> Result<Vec<PendingKey>, StoreError> {
        let mut waiting = Vec::new();
        for row in self.engine.snapshot()?.from(Table::Pending, &[]) {
            let (key, value) = row?;
            let key = entries::decode_key(&key)?;
            // Looks at published articles stand behind all that is new.
            if key.lane().is_looks() {
                break;
            }
            let entry = entries::decode(&value)?;
            if entry.source.id == source && entry.tries == 0 {
                waiting.push(key);
            }
        }
        Ok(waiting)
    }

    /// Those of the rows that still wait.
    pub fn still_waiting(&self, rows: Vec<PendingKey>) -> Result<Vec<PendingKey>, StoreError> {
        let snapshot = self.engine.snapshot()?;
        let waits = |row: PendingKey| {
            snapshot.get(Table::Pending, row.as_bytes()).map(|bytes| bytes.map(|_| row)).transpose()
        };
        rows.into_iter().filter_map(waits).collect()
    }

    /// Commits a batch of messages, or where reading begins: durable when it returns.
    pub async fn commit(&self, commit: TopicCommit) -> Result<(), StoreError> {
        self.engine.commit(commit.0).await
    }
}

/// What a batch of messages changes, in one atomic batch.
#[derive(Debug, Default)]
pub struct TopicCommit(Batch);

impl TopicCommit {
    /// Keeps how far the topic is read with this batch.
    pub fn state(&mut self, state: &TopicState) {
        self.0.put(Table::Topics, state.id.as_bytes(), json(state));
    }

    /// Puts an entry into the queue, with the document that it came with.
    pub fn enqueue(
        &mut self,
        key: &PendingKey,
        entry: &PendingEntry,
        document: Option<PackedDocument>,
    ) {
        let document = document.map(|bytes| (documents::key_of(key, entry), bytes));
        self.0.queue(NewRow { key: *key, value: json(entry), document });
    }
}

pub(super) fn decode(bytes: &[u8]) -> Result<TopicState, StoreError> {
    from_json("topics", bytes)
}

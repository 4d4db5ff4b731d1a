//! The rows of the outbox, and the form in which they are kept: the length of a JSON header, the
//! header, and the record's value as it is published.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    model::{record::Topic, routing::Routing},
    store::{StoreError, from_json, json},
};

/// A record as the committing task makes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewRecord {
    /// The topic that it is published to.
    pub topic: Topic,
    /// The message key.
    pub key: String,
    /// `CloudEvents` id: unique for this record.
    pub event_id: String,
    /// The `CloudEvents` attribute `type`.
    pub event_type: String,
    /// The `CloudEvents` attribute `source`.
    pub event_source: String,
    /// The `CloudEvents` attribute `time`.
    pub event_time: DateTime<Utc>,
    /// W3C trace context.
    pub traceparent: String,
    /// Where a record of an article goes beside its topic.
    #[serde(default, skip_serializing_if = "Routing::is_plain")]
    pub routing: Routing,
    /// What only metrics and traces need.
    #[serde(default, skip_serializing_if = "Observed::is_empty")]
    pub observed: Observed,
    /// The JSON value.
    #[serde(skip)]
    pub value: Vec<u8>,
}

/// What is kept of a record while it waits, for metrics and traces alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// When a new article was published, where that tells how late it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<DateTime<Utc>>,
    /// The span that its publication is within, where its trace is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<String>,
}

impl Observed {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A record in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its number, from 1.
    pub seq: u64,
    /// Hash over all rows up to this one.
    pub chain: [u8; 16],
    /// The record as it is published.
    pub record: NewRecord,
}

/// What a row has in front of the record's value.
#[derive(Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) chain: [u8; 16],
    /// Bytes of all values appended so far, this row included.
    pub(super) total: u64,
    /// Whether the record that the chain was made of was replaced by this one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) replaced: bool,
    #[serde(flatten)]
    pub(super) record: NewRecord,
}

/// The row of a record.
pub(super) fn encode(header: Header) -> Vec<u8> {
    let (head, value) = (json(&header), header.record.value);
    let mut row = Vec::with_capacity(4 + head.len() + value.len());
    row.extend_from_slice(&u32::try_from(head.len()).unwrap_or(u32::MAX).to_be_bytes());
    row.extend_from_slice(&head);
    row.extend_from_slice(&value);
    row
}

/// The header and the value of a row.
fn split(row: &[u8]) -> Result<(Header, &[u8]), StoreError> {
    let damaged = |reason: &str| StoreError::damaged("outbox", reason);
    let (length, rest) = row.split_first_chunk().ok_or_else(|| damaged("too short"))?;
    let (header, value) = rest
        .split_at_checked(u32::from_be_bytes(*length) as usize)
        .ok_or_else(|| damaged("cut off"))?;
    Ok((from_json("outbox", header)?, value))
}

/// Whether the record that the chain was made of was replaced by this one.
pub(super) fn is_replaced(row: &[u8]) -> Result<bool, StoreError> {
    split(row).map(|(header, _)| header.replaced)
}

/// A row with the bytes of all values appended up to it.
pub(in crate::store) fn decode(key: &[u8], row: &[u8]) -> Result<(OutboxRow, u64), StoreError> {
    let seq =
        key.try_into().map_err(|_| StoreError::damaged("outbox", "a key that is no number"))?;
    let (Header { chain, total, mut record, .. }, value) = split(row)?;
    let seq = u64::from_be_bytes(seq);
    record.value = value.to_vec();
    Ok((OutboxRow { seq, chain, record }, total))
}

//! What a dead letter is about, with its bytes; a row is the length of the JSON, the JSON, and the
//! bytes, compressed with zstd.

use serde::{Deserialize, Serialize};

use crate::{
    base::hash::digest,
    model::pending::PendingEntry,
    store::{NewRecord, PackedDocument, StoreError, documents, from_json, json},
};

/// What a letter is about, as it is tried again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterSubject {
    /// An entry whose page or document could not be read.
    Entry(Box<PendingEntry>),
    /// A record that the sink refused; its value is the letter's bytes.
    Record(Box<NewRecord>),
    /// Nothing that could be tried again: the letter is of an older program.
    Unknown,
}

impl LetterSubject {
    /// What tells the letters of different entries and records apart.
    #[must_use]
    pub fn key(&self) -> Option<[u8; 8]> {
        match self {
            Self::Entry(entry) => Some(entry.key().short()),
            Self::Record(record) => Some(Self::key_of_record(&record.event_id)),
            Self::Unknown => None,
        }
    }

    /// The same for a record with this id.
    #[must_use]
    pub fn key_of_record(event_id: &str) -> [u8; 8] {
        digest(&[b"record", event_id.as_bytes()])
    }
}

/// The body of a letter.
#[derive(Debug, Clone, PartialEq)]
pub struct LetterBody {
    /// What the letter is about.
    pub subject: LetterSubject,
    /// Its bytes, compressed; empty where none are kept.
    pub(crate) packed: Vec<u8>,
}

impl LetterBody {
    /// Without bytes.
    #[must_use]
    pub fn without_bytes(subject: LetterSubject) -> Self {
        Self { subject, packed: Vec::new() }
    }

    /// With bytes, which are compressed here.
    pub fn with_bytes(subject: LetterSubject, bytes: &[u8]) -> Result<Self, StoreError> {
        Ok(Self { subject, packed: PackedDocument::pack(bytes)?.into_bytes() })
    }

    /// With a document as the store has it.
    #[must_use]
    pub fn with_document(subject: LetterSubject, packed: Vec<u8>) -> Self {
        Self { subject, packed }
    }

    /// How many bytes that are.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        // No frame is empty.
        documents::unpacked_size(&self.packed)
    }

    /// The bytes as they were received; `None` where none are kept.
    pub fn unpacked(&self) -> Result<Option<Vec<u8>>, StoreError> {
        if self.packed.is_empty() {
            return Ok(None);
        }
        documents::unpack(&self.packed).map(Some)
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let head = json(&self.subject);
        let mut row = Vec::with_capacity(4 + head.len() + self.packed.len());
        row.extend_from_slice(&u32::try_from(head.len()).unwrap_or(u32::MAX).to_be_bytes());
        row.extend_from_slice(&head);
        row.extend_from_slice(&self.packed);
        row
    }

    pub(super) fn decode(row: &[u8]) -> Result<Self, StoreError> {
        let damaged = || StoreError::damaged("letter_bodies", "cut off");
        let (length, rest) = row.split_first_chunk().ok_or_else(damaged)?;
        let (head, packed) =
            rest.split_at_checked(u32::from_be_bytes(*length) as usize).ok_or_else(damaged)?;
        Ok(Self { subject: from_json("letter_bodies", head)?, packed: packed.to_vec() })
    }
}

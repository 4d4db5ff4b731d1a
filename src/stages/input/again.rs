//! Reads a message again that could not be read when it came, as a newer program may be able to.

use chrono::{DateTime, Utc};

use super::{
    batch::{CarriedDocument, filled},
    message::{self, Message, RawMessage},
};
use crate::{
    model::pending::PendingEntry,
    store::{PackedDocument, StoreError, unpack_document},
};

/// An entry of a message, with the document that it carries.
type ReadEntry = (PendingEntry, Option<PackedDocument>);

/// The entry of a message, from its bytes as they were kept; in words why it cannot be read still.
pub(crate) fn read_again(
    mut entry: PendingEntry,
    packed: &[u8],
    now: DateTime<Utc>,
) -> Result<Result<ReadEntry, String>, StoreError> {
    let headers = entry.document.take().map(|document| document.headers).unwrap_or_default();
    let headers = headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
    let raw = RawMessage { value: Some(unpack_document(packed)?), headers };
    // It was within the limit when it came.
    let (metadata, carried) = match message::parse(raw, usize::MAX) {
        Message::Deletion => return Ok(Err("it is a deletion".to_owned())),
        Message::Address(metadata) => (metadata, None),
        Message::Document { metadata, content_type, bytes } => {
            let content_type = Some(content_type);
            (metadata, Some(CarriedDocument { content_type, bytes, unreadable: None }))
        }
        Message::Unreadable { why, .. } => return Ok(Err(why)),
    };
    // Topics whose pages are not fetched are not read.
    entry.fetch_page = true;
    filled(entry, metadata, carried, now).map(Ok)
}

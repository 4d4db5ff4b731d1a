//! A body that a reader panicked on: its bytes become a dead letter, so that the fault can be
//! looked for. For its source it is a poll that failed.
//!
//! What must stay true: the bytes go through the queue as a document that only waits to be given
//! up, because only the committing task writes records; the same body that comes again is one dead
//! letter.

use chrono::{DateTime, Utc};

use super::{PollContext, listing::described};
use crate::{
    base::{clock::day, hash::digest},
    config::{PageMode, sources::Source},
    fetch::Body,
    model::{
        entry::Entry,
        lane::Lane,
        pending::{Document, EntryKey, PendingEntry, PendingKey},
    },
    stages::PipelineError,
    store::{NewEdition, PackedDocument, PollCommit, PollStore, SeenEntry, StoreError},
    telemetry::metrics,
};

/// The reason that the source's facts give for it.
pub(super) const REASON: &str =
    "the reader panicked on it: a fault of nashra's, whose bytes are kept as a dead letter";

/// Puts the dead letter into a batch.
pub(super) async fn keep_dead_letter<F, C>(
    context: &PollContext<F, C>,
    source: &Source,
    body: Body,
    reader: &'static str,
    now: DateTime<Utc>,
) -> Result<(PollCommit, Vec<(Lane, u64)>), PipelineError> {
    metrics::reader_panicked(reader);
    tracing::error!(source.id = %source.id, url = %source.at, reader, "a reader panicked; the source is tried again later, and what it sent is kept as a dead letter");
    if source.pages.unwrap_or(context.rules.get().pages) == PageMode::Off {
        return Ok((PollCommit::default(), Vec::new()));
    }
    let (store, source) = (context.store.clone(), source.clone());
    Ok(tokio::task::spawn_blocking(move || dead_letter(&store, &source, &body, now)).await??)
}

fn dead_letter(
    store: &PollStore,
    source: &Source,
    body: &Body,
    now: DateTime<Utc>,
) -> Result<(PollCommit, Vec<(Lane, u64)>), StoreError> {
    let mut commit = PollCommit::default();
    let version = digest(&[&body.bytes]);
    let identity = format!("panicked {:x}", u128::from_be_bytes(version));
    let key = EntryKey::new(source.id.as_str(), &identity);
    if store.seen(&[key])?.into_iter().flatten().next().is_some() {
        return Ok((commit, Vec::new()));
    }
    let encodings = if body.encodings.is_empty() {
        String::new()
    } else {
        format!(", as they were sent ({})", body.encodings.join(", "))
    };
    let document = Document {
        content_type: None,
        url: None,
        via: Vec::new(),
        received: now,
        unreadable: Some(format!("the reader panicked on these bytes{encodings}")),
        headers: Vec::new(),
    };
    let said = Entry { identity, link: source.at.url().cloned(), ..Entry::default() };
    let entry = PendingEntry {
        document: Some(document),
        ..PendingEntry::new(described(source, None), said, store.next_order(), now)
    };
    let row = PendingKey::new(Lane::here(source.id.as_str()), now, &key);
    let seen = SeenEntry { version, day: day(now), ..SeenEntry::default() };
    let document = Some(PackedDocument::pack(&body.bytes)?);
    commit.enqueue(&key, None, NewEdition { seen, row: &row, entry: &entry, document });
    Ok((commit, vec![(row.lane(), row.due_ms())]))
}

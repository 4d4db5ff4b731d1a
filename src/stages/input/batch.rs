//! Messages to entries and the offsets that they reach: one batch for the store. No I/O; it parses
//! and compresses, so it runs on a thread that may take its time.

use chrono::{DateTime, Utc};

use super::{
    Rules,
    message::{self, Message, MessageMetadata, RawMessage},
};
use crate::{
    base::{hash::digest, sequence::Sequence},
    config::{PageMode, RobotsMode, sources::TopicSource},
    fetch::hosts,
    model::{
        entry::Entry,
        kind::SourceKind,
        lane::Lane,
        pending::{Document, PendingEntry, PendingKey},
        record,
    },
    store::{MessageMark, PackedDocument, PartitionProgress, StoreError, TopicCommit, TopicState},
};

/// A message and where it stands.
#[derive(Debug)]
pub(super) struct ConsumedMessage {
    pub(super) partition: i32,
    /// Its offset, and a hash that it is known again by.
    pub(super) mark: MessageMark,
    pub(super) raw: RawMessage,
}

impl ConsumedMessage {
    /// The length of its value in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.raw.value.as_ref().map_or(0, Vec::len)
    }
}

/// A hash that tells a message from another at the same offset.
pub(super) fn fingerprint(time: Option<i64>, key: Option<&[u8]>, value: Option<&[u8]>) -> [u8; 8] {
    let [has_key, has_value] = [key, value].map(|part| [u8::from(part.is_some())]);
    digest(&[
        &time.unwrap_or(-1).to_be_bytes(),
        &has_key,
        key.unwrap_or_default(),
        &has_value,
        value.unwrap_or_default(),
    ])
}

/// What becomes durable together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) commit: TopicCommit,
    /// How far the topic is read with it.
    pub(super) state: TopicState,
    /// The rows that it adds.
    pub(super) rows: Vec<PendingKey>,
    pub(super) counts: MessageCounts,
}

/// Messages by what they are, and their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct MessageCounts {
    pub(super) addresses: usize,
    pub(super) documents: usize,
    pub(super) deletions: usize,
    pub(super) unreadable: usize,
    pub(super) bytes: usize,
}

/// What batches of one topic are made with.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchContext<'a> {
    pub(super) source: &'a TopicSource,
    pub(super) rules: Rules,
    /// Numbers each entry as later than the one before, so that of two editions of one article the
    /// one that was handed over later wins.
    pub(super) sequence: &'a Sequence,
    pub(super) now: DateTime<Utc>,
}

/// A document that a message carries.
pub(super) struct CarriedDocument {
    pub(super) content_type: Option<String>,
    pub(super) bytes: Vec<u8>,
    /// Why it cannot be read, where that is known already, and the headers of its message.
    pub(super) unreadable: Option<(String, Vec<(String, String)>)>,
}

impl BatchContext<'_> {
    /// Makes the batch of messages that were read after `state`.
    pub(super) fn compose(
        &self,
        state: TopicState,
        messages: Vec<ConsumedMessage>,
    ) -> Result<Batch, StoreError> {
        let &Self { source, rules, now, .. } = self;
        let mut batch = Batch { state, ..Batch::default() };
        for ConsumedMessage { partition, mark, raw } in messages {
            let name = format!("{}/{partition}/{}", source.topic, mark.offset);
            batch.counts.bytes += raw.value.as_ref().map_or(0, Vec::len);
            batch.state.messages += 1;
            batch.state.last_message = Some(now);
            batch
                .state
                .partitions
                .insert(partition, PartitionProgress { next: mark.offset + 1, last: Some(mark) });
            let (metadata, carried) = match message::parse(raw, rules.max_bytes) {
                Message::Deletion => {
                    batch.counts.deletions += 1;
                    continue;
                }
                Message::Address(metadata) => {
                    batch.counts.addresses += 1;
                    (metadata, None)
                }
                Message::Document { metadata, content_type, bytes } => {
                    batch.counts.documents += 1;
                    (
                        metadata,
                        Some(CarriedDocument {
                            content_type: Some(content_type),
                            bytes,
                            unreadable: None,
                        }),
                    )
                }
                Message::Unreadable { why, bytes, headers } => {
                    batch.counts.unreadable += 1;
                    (
                        MessageMetadata::default(),
                        Some(CarriedDocument {
                            content_type: None,
                            bytes,
                            unreadable: Some((format!("message {name}: {why}"), headers)),
                        }),
                    )
                }
            };
            batch.enqueue(self, &name, metadata, carried)?;
        }
        batch.commit.state(&batch.state);
        Ok(batch)
    }
}

impl Batch {
    /// Adds the entry of the message `name`, with the document that it carries.
    fn enqueue(
        &mut self,
        context: &BatchContext<'_>,
        name: &str,
        metadata: MessageMetadata,
        carried: Option<CarriedDocument>,
    ) -> Result<(), StoreError> {
        let &BatchContext { source, rules, now, .. } = context;
        let described = record::Source {
            id: source.id.to_string(),
            name: source.name.clone(),
            kind: SourceKind::Kafka.to_string(),
            url: source.address().into(),
            tags: source.tags.clone(),
        };
        // Each message is an entry of its own, whatever it hands over: who is who is decided by the
        // committing task.
        let said = Entry { identity: name.to_owned(), ..Entry::default() };
        let plain = PendingEntry {
            fetch_page: rules.pages == PageMode::On,
            ignores_robots: rules.robots == RobotsMode::Ignore,
            ..PendingEntry::new(described, said, context.sequence.next(), now)
        };
        let (pending, bytes) = filled(plain, metadata, carried, now)?;
        let lane = match pending.entry.link.as_ref().filter(|_| pending.fetch_page) {
            Some(link) => Lane::of_pages(source.id.as_str(), &hosts::name(link)),
            None => Lane::here(source.id.as_str()),
        };
        let row = PendingKey::new(lane, now, &pending.key());
        self.commit.enqueue(&row, &pending, bytes);
        self.rows.push(row);
        Ok(())
    }
}

/// The entry of a message, of which `plain` says whose it is and whether pages are fetched, with what
/// the message says and the document that it carries.
pub(super) fn filled(
    plain: PendingEntry,
    metadata: MessageMetadata,
    carried: Option<CarriedDocument>,
    now: DateTime<Utc>,
) -> Result<(PendingEntry, Option<PackedDocument>), StoreError> {
    let MessageMetadata { entry, origin } = metadata;
    let entry = Entry { identity: plain.entry.identity, ..entry };
    let is_file = entry.link.is_some() && !entry.has_page();
    let fetch_page = carried.is_none() && plain.fetch_page && !is_file;
    let (document, bytes) = match carried {
        Some(CarriedDocument { content_type, bytes, unreadable }) => {
            let url = entry.link.clone();
            let (unreadable, headers) = unreadable.unzip();
            let headers = headers.unwrap_or_default();
            let document =
                Document { content_type, url, via: Vec::new(), received: now, unreadable, headers };
            (Some(document), Some(PackedDocument::pack(&bytes)?))
        }
        None => (None, None),
    };
    let source = record::Source {
        name: origin.name.or(plain.source.name),
        url: origin.url.map_or(plain.source.url, Into::into),
        tags: if origin.tags.is_empty() { plain.source.tags } else { origin.tags },
        ..plain.source
    };
    Ok((PendingEntry { source, entry, fetch_page, document, ..plain }, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{Place, StartAt},
        store::{EntryQueue, Store},
    };

    const RULES: Rules =
        Rules { pages: PageMode::On, robots: RobotsMode::Obey, waiting: 10, max_bytes: 100 };

    fn taken(offset: i64, value: &str) -> ConsumedMessage {
        let raw = RawMessage { value: Some(value.as_bytes().to_vec()), headers: Vec::new() };
        ConsumedMessage { partition: 0, mark: MessageMark { offset, digest: [7; 8] }, raw }
    }

    fn source() -> TopicSource {
        TopicSource {
            id: "handed".parse().unwrap(),
            name: None,
            topic: "t".parse().unwrap(),
            brokers: vec![],
            from: StartAt::Beginning,
            tags: vec![],
            pages: None,
            robots: None,
            allow_addresses: [].into(),
            place: Place::whole("l"),
        }
    }

    /// The entries of a batch, by what they were named.
    fn entries(queue: &EntryQueue, rows: &[PendingKey]) -> Vec<PendingEntry> {
        let due = |row: &PendingKey| {
            queue.due(PendingKey::first(row.lane(), 0), u64::MAX, 100, |_| false).unwrap().rows
        };
        let mut found: Vec<_> = rows.iter().flat_map(due).map(|(_, entry)| entry).collect();
        found.sort_by(|a, b| a.entry.identity.cmp(&b.entry.identity));
        found.dedup();
        found
    }

    #[tokio::test]
    async fn each_message_is_an_entry_received_after_the_one_before_and_the_offset_is_in_their_batch()
     {
        let store = Store::in_memory().unwrap();
        let now = DateTime::UNIX_EPOCH;
        let handed = r#"{"url": "https://news.example/a", "html": "<p>"}"#;
        let messages = vec![
            taken(4, handed),
            taken(5, handed),
            taken(7, "nonsense"),
            taken(8, &"x".repeat(101)),
        ];
        let (source, sequence) = (source(), store.sequence());
        let batch = BatchContext { source: &source, rules: RULES, sequence: &sequence, now }
            .compose(TopicState { id: "handed".into(), ..TopicState::default() }, messages)
            .unwrap();
        assert_eq!((batch.counts.documents, batch.counts.unreadable), (2, 2));
        let rows = batch.rows.clone();
        store.topics().commit(batch.commit).await.unwrap();
        let entries = entries(&store.entries(), &rows);
        let documents: Vec<&Document> =
            entries.iter().map(|entry| entry.document.as_ref().unwrap()).collect();
        assert!(entries.windows(2).all(|pair| pair[0].order < pair[1].order), "{entries:?}");
        assert_eq!(
            documents[2].unreadable.as_deref().unwrap().split(": ").next(),
            Some("message t/0/7")
        );
        assert_eq!(store.topics().state("handed").unwrap().unwrap().partitions[&0].next, 9);
        assert_eq!(store.topics().waiting("handed").unwrap().len(), 4);
        assert!(store.check().unwrap().rows.contains(&("documents", 4)));
    }
}

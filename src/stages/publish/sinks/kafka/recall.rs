//! Reads from the topics of articles and stories what was published after an older copy of
//! `data_dir` was made.
//!
//! Each record carries its number in the outbox. Reading begins at the offsets that the copy knows
//! of, ends where the topic ended when it began, and keeps only the records whose numbers are higher
//! than the last one of the copy.

use std::collections::{BTreeMap, BTreeSet};

use rdkafka::{
    Message as _, Offset,
    consumer::Consumer as _,
    error::KafkaError,
    message::{BorrowedMessage, Headers as _},
    metadata::{MetadataPartition, MetadataTopic},
};

use super::{PATIENCE, PublishError, Shared, changes::TopicChanges, held, sink_error};
use crate::{
    base::clock::{Clock as _, SystemClock},
    stages::commit::PublishedRecord,
    store::{Epoch, Reached},
};

/// The records of articles and stories that were published after `after`, in the order of their
/// numbers.
pub(super) fn published_after(
    shared: &Shared,
    after: &Reached,
) -> Result<Vec<PublishedRecord>, PublishError> {
    let mut found: BTreeMap<(Epoch, u64), PublishedRecord> =
        read(shared, after, "articles")?.into_iter().collect();
    for topic in &shared.routes {
        for (number, record) in read(shared, after, topic)? {
            let is_alone = !found.contains_key(&number);
            found.entry(number).or_insert(record).note_route(topic, is_alone);
        }
    }
    match read(shared, after, "stories") {
        Ok(stories) => found.extend(stories),
        // Without it revisions of stories may repeat, and articles are won back all the same.
        Err(error @ PublishError::Unauthorised { .. }) => {
            tracing::warn!(%error, "stories are not won back: their revisions may repeat");
        }
        Err(error) => return Err(error),
    }
    Ok(found.into_values().collect())
}

/// A record with its epoch and number.
type Numbered = ((Epoch, u64), PublishedRecord);

/// The records of one topic that were published after `after`.
fn read(shared: &Shared, after: &Reached, name: &str) -> Result<Vec<Numbered>, PublishError> {
    let topic = shared.topic(name);
    let failed = |error: KafkaError| sink_error(&format!("reading {topic}"), &error);
    let consumer = held::consumer(shared, "read_committed")?;
    let metadata = consumer.fetch_metadata(Some(&topic), PATIENCE).map_err(failed)?;
    let partitions: BTreeSet<i32> = metadata
        .topics()
        .iter()
        .flat_map(MetadataTopic::partitions)
        .map(MetadataPartition::id)
        .collect();
    let remembered = TopicChanges::remembered(&after.notes.memory);
    let mut begins = Vec::new();
    for partition in partitions {
        let (low, high) = consumer.fetch_watermarks(&topic, partition, PATIENCE).map_err(failed)?;
        let from = remembered
            .end(&topic, partition)
            .map(|end| end + 1)
            .filter(|offset| (low..=high).contains(offset))
            .unwrap_or(low);
        begins.push((partition, Offset::Offset(from)));
    }
    let (mut found, now) = (Vec::new(), SystemClock.now());
    held::read_to_end(&consumer, &topic, begins, |message| {
        let number =
            number(shared, message).filter(|number| *number > (after.epoch(), after.seq()));
        let record = message
            .payload()
            .filter(|_| number.is_some())
            .and_then(|value| PublishedRecord::parse(value, now));
        found.extend(number.zip(record));
    })?;
    Ok(found)
}

/// Epoch and number of a record; `None` where it is not of this store.
fn number(shared: &Shared, message: &BorrowedMessage<'_>) -> Option<(Epoch, u64)> {
    let value = message.headers()?.iter().find(|header| header.key == "nashra-seq")?.value?;
    let (store, number) = std::str::from_utf8(value).ok()?.split_once('/')?;
    let (epoch, seq) = number.split_once('/')?;
    (store == shared.store.to_string()).then_some((epoch.parse().ok()?, seq.parse().ok()?))
}

//! Reads from the topics of articles and stories what was published after an older copy of
//! `data_dir` was made.
//!
//! Each record carries its number in the outbox. Reading begins at the offsets that the copy knows
//! of, ends where the topic ended when it began, and keeps only the records whose numbers are higher
//! than the last one of the copy. Records may be in any format that nashra writes, also where the
//! config asks for another one by now.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use rdkafka::{
    Message as _, Offset,
    consumer::Consumer as _,
    error::KafkaError,
    message::{BorrowedMessage, Headers as _},
    metadata::{MetadataPartition, MetadataTopic},
};

use super::{
    PATIENCE, PublishError, Shared, blocking, changes::TopicChanges, encoding::Decoder, held,
    sink_error,
};
use crate::{
    base::clock::{Clock as _, SystemClock},
    model::record::Topic,
    stages::commit::PublishedRecord,
    store::{Epoch, Reached},
};

/// The records of articles and stories that were published after `after`, in the order of their
/// numbers.
pub(super) async fn published_after(
    shared: Arc<Shared>,
    after: Reached,
) -> Result<Vec<PublishedRecord>, PublishError> {
    let mut decoder = Decoder::new(&shared.config)?;
    let found = blocking(move || read_all(&shared, &after)).await?;
    let (mut published, now) = (BTreeMap::new(), SystemClock.now());
    for FoundRecord { number, topic, route, media_type, value } in found {
        let json = match decoder.json(topic, &media_type, value).await? {
            Ok(json) => json,
            Err(error) => {
                let (topic, number) = (topic.name(), number.1);
                tracing::warn!(topic, number, error, "a record is broken and not won back");
                continue;
            }
        };
        let Some(record) = PublishedRecord::parse(&json, now) else { continue };
        let is_alone = !published.contains_key(&number);
        let record = published.entry(number).or_insert(record);
        if let Some(route) = route {
            record.note_route(&route, is_alone);
        }
    }
    Ok(published.into_values().collect())
}

/// A record as it stands in a topic.
struct FoundRecord {
    /// Its epoch and number.
    number: (Epoch, u64),
    topic: Topic,
    /// The topic without the prefix, where it is that of a route.
    route: Option<String>,
    media_type: String,
    value: Vec<u8>,
}

/// What the topics hold: articles first, then those of routes, then stories.
fn read_all(shared: &Shared, after: &Reached) -> Result<Vec<FoundRecord>, PublishError> {
    let mut found = read(shared, after, (Topic::Articles, None))?;
    for route in &shared.routes {
        found.extend(read(shared, after, (Topic::Articles, Some(route)))?);
    }
    match read(shared, after, (Topic::Stories, None)) {
        Ok(stories) => found.extend(stories),
        // Without it revisions of stories may repeat, and articles are won back all the same.
        Err(error @ PublishError::Unauthorised { .. }) => {
            tracing::warn!(%error, "stories are not won back: their revisions may repeat");
        }
        Err(error) => return Err(error),
    }
    Ok(found)
}

/// The records of one topic that were published after `after`.
fn read(
    shared: &Shared,
    after: &Reached,
    (of, route): (Topic, Option<&String>),
) -> Result<Vec<FoundRecord>, PublishError> {
    let topic = shared.topic(route.map_or(of.name(), String::as_str));
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
    let mut found = Vec::new();
    held::read_to_end(&consumer, &topic, begins, |message| {
        let number =
            number(shared, message).filter(|number| *number > (after.epoch(), after.seq()));
        if let (Some(number), Some(value)) = (number, message.payload()) {
            let media_type = header(message, "content-type").unwrap_or_default().to_owned();
            let (route, value) = (route.cloned(), value.to_vec());
            found.push(FoundRecord { number, topic: of, route, media_type, value });
        }
    })?;
    Ok(found)
}

/// Epoch and number of a record; `None` where it is not of this store.
fn number(shared: &Shared, message: &BorrowedMessage<'_>) -> Option<(Epoch, u64)> {
    let (store, number) = header(message, "nashra-seq")?.split_once('/')?;
    let (epoch, seq) = number.split_once('/')?;
    (store == shared.store.to_string()).then_some((epoch.parse().ok()?, seq.parse().ok()?))
}

fn header<'a>(message: &'a BorrowedMessage<'_>, name: &str) -> Option<&'a str> {
    let value = message.headers()?.iter().find(|header| header.key == name)?.value?;
    std::str::from_utf8(value).ok()
}

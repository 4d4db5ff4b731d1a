//! Reads the last position of this store from the positions topic.
//!
//! The last position is never at a lower offset than one that was read or written earlier, so
//! reading begins at that offset. Only where nothing of this store is found from there on, the
//! topic is read from its beginning. Reading ends where the topic ended when it began.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use rdkafka::{
    Message as _, Offset, TopicPartitionList,
    config::FromClientConfigAndContext as _,
    consumer::{BaseConsumer, Consumer as _},
    error::KafkaError,
    message::BorrowedMessage,
    metadata::Metadata,
    types::RDKafkaErrorCode,
};

use super::{PATIENCE, Position, PublishError, Shared, SinkHoldings, SinkReport, sink_error};
use crate::telemetry::librdkafka::LoggedClient;

/// How long to wait for the open transaction of another store, which holds back the end of the
/// topic until it times out.
const OTHERS_TIMEOUT: Duration = Duration::from_secs(90);

/// How long the first answer of a cluster may take before what librdkafka says is logged.
const FIRST_ANSWER: Duration = Duration::from_secs(1);
/// The most that is taken at once of what librdkafka says.
const MAX_EVENTS: usize = 100;

/// What the topic holds, as far as a process can read it that has not taken the transactional id. A
/// transaction of this store may still be open; then the result is not settled.
pub(super) fn holdings_so_far(
    shared: &Shared,
    from: Option<i64>,
) -> Result<SinkHoldings, PublishError> {
    let topic = shared.topic("positions");
    let settled = wait_for_end(shared, &topic, Duration::ZERO)?;
    Ok(SinkHoldings { settled, ..read_holdings(shared, &topic, from)? })
}

/// What the topic holds once `init_transactions` has settled what was open: up to the high
/// watermark.
pub(super) fn settled_holdings(
    shared: &Shared,
    from: Option<i64>,
) -> Result<SinkHoldings, PublishError> {
    let topic = shared.topic("positions");
    if !wait_for_end(shared, &topic, OTHERS_TIMEOUT)? {
        return Err(PublishError::Transient(format!(
            "an open transaction holds back the end of {topic}"
        )));
    }
    read_holdings(shared, &topic, from)
}

/// Waits until `read_committed` consumers can read to the end of the topic, and returns whether
/// they can. They end at the last stable offset, without an error where that is before the end.
fn wait_for_end(shared: &Shared, topic: &str, patience: Duration) -> Result<bool, PublishError> {
    let end = ends(&consumer(shared, "read_uncommitted")?, topic)?.1;
    let started = Instant::now();
    let committed = consumer(shared, "read_committed")?;
    while ends(&committed, topic)?.1 < end {
        if started.elapsed() >= patience {
            return Ok(false);
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(true)
}

fn read_holdings(
    shared: &Shared,
    topic: &str,
    from: Option<i64>,
) -> Result<SinkHoldings, PublishError> {
    let consumer = consumer(shared, "read_committed")?;
    let sink_id = consumer.client().fetch_cluster_id(PATIENCE);
    let sink_id = sink_id
        .ok_or_else(|| PublishError::Transient("the cluster did not tell its id".to_owned()))?;
    let (low, end) = ends(&consumer, topic)?;
    let known = from.filter(|start| *start > low && *start < end);
    let mut found = match known {
        Some(from) => scan(shared, &consumer, topic, Offset::Offset(from))?,
        None => None,
    };
    if found.is_none() {
        found = scan(shared, &consumer, topic, Offset::Beginning)?;
    }
    let (position, position_at) =
        found.map_or((None, None), |(position, at)| (Some(position), Some(at)));
    Ok(SinkHoldings { sink_id, position, position_at, settled: true, notes: SinkReport::default() })
}

pub(super) fn consumer(
    shared: &Shared,
    isolation: &str,
) -> Result<BaseConsumer<LoggedClient>, PublishError> {
    let mut client = shared.client();
    // The group is never joined; librdkafka only requires a name.
    client.set("group.id", format!("{}{}", shared.config.topic_prefix.as_str(), shared.store));
    client
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("isolation.level", isolation);
    client.set("allow.auto.create.topics", "false").set("auto.offset.reset", "earliest");
    BaseConsumer::from_config_and_context(&client, LoggedClient("reading positions"))
        .map_err(|error| sink_error("reading positions", &error))
}

/// Asks for a topic, with ever more patience up to a limit.
pub(super) fn metadata(
    consumer: &BaseConsumer<LoggedClient>,
    topic: &str,
    limit: Duration,
) -> Result<Metadata, KafkaError> {
    ask(consumer, Some(topic), limit)
}

/// Asks for the brokers, likewise.
pub(super) fn cluster(
    consumer: &BaseConsumer<LoggedClient>,
    limit: Duration,
) -> Result<Metadata, KafkaError> {
    // That of a single topic is small, and there need not be one of this name.
    ask(consumer, Some("__consumer_offsets"), limit)
}

/// What librdkafka has to say about why an answer takes long waits until its client is polled.
fn ask(
    consumer: &BaseConsumer<LoggedClient>,
    topic: Option<&str>,
    limit: Duration,
) -> Result<Metadata, KafkaError> {
    let mut patience = FIRST_ANSWER;
    loop {
        let answer = consumer.fetch_metadata(topic, patience);
        if answer.is_ok() {
            return answer;
        }
        // What it says goes to the log by itself.
        for _ in 0..MAX_EVENTS {
            if consumer.poll(Duration::ZERO).is_none() {
                break;
            }
        }
        if patience > limit / 2 {
            return answer;
        }
        patience *= 2;
    }
}

fn ends(consumer: &BaseConsumer<LoggedClient>, topic: &str) -> Result<(i64, i64), PublishError> {
    consumer
        .fetch_watermarks(topic, 0, PATIENCE)
        .map_err(|error| sink_error("reading the end of the positions", &error))
}

/// The last position of this store from an offset on, and its offset.
fn scan(
    shared: &Shared,
    consumer: &BaseConsumer<LoggedClient>,
    topic: &str,
    from: Offset,
) -> Result<Option<(Position, i64)>, PublishError> {
    let key = shared.store.to_string();
    let (mut found, mut records) = (None, 0_u64);
    read_to_end(consumer, topic, [(0, from)], |message| {
        records += 1;
        if message.key() == Some(key.as_bytes()) {
            let position: Option<Position> =
                message.payload().and_then(|value| serde_json::from_slice(value).ok());
            found = position.map(|at| (Position { store: shared.store, ..at }, message.offset()));
        }
    })?;
    tracing::debug!(topic, records, "read the positions");
    Ok(found)
}

/// Reads partitions from these offsets on up to the ends that they have now. A partition that
/// others write to more often than a request for more waits never says that it ended.
pub(super) fn read_to_end(
    consumer: &BaseConsumer<LoggedClient>,
    topic: &str,
    from: impl IntoIterator<Item = (i32, Offset)>,
    mut each: impl FnMut(&BorrowedMessage<'_>),
) -> Result<(), PublishError> {
    let failed = |error: &KafkaError| sink_error(&format!("reading {topic}"), error);
    let (mut open, mut list) = (BTreeMap::new(), TopicPartitionList::new());
    for (partition, offset) in from {
        let (_, end) = consumer
            .fetch_watermarks(topic, partition, PATIENCE)
            .map_err(|error| failed(&error))?;
        open.insert(partition, end);
        list.add_partition_offset(topic, partition, offset).map_err(|error| failed(&error))?;
    }
    consumer.assign(&list).map_err(|error| failed(&error))?;
    let mut progress = Instant::now();
    while !open.is_empty() {
        if progress.elapsed() > PATIENCE {
            return Err(PublishError::Transient(format!(
                "{topic} gave nothing more for {} s before its end",
                PATIENCE.as_secs()
            )));
        }
        match consumer.poll(Duration::from_secs(1)) {
            Some(Err(KafkaError::PartitionEOF(partition))) => drop(open.remove(&partition)),
            Some(Err(error)) if is_about_the_group(&error) => {}
            Some(Err(error)) => return Err(failed(&error)),
            Some(Ok(message)) => {
                progress = Instant::now();
                let end = open.get(&message.partition()).copied();
                if end.is_some_and(|end| message.offset() + 1 >= end) {
                    open.remove(&message.partition());
                }
                each(&message);
            }
            None => {}
        }
    }
    Ok(())
}

/// Whether an error says that the group may not be joined. It is never joined, so that is no error
/// here.
fn is_about_the_group(error: &KafkaError) -> bool {
    error.rdkafka_error_code() == Some(RDKafkaErrorCode::GroupAuthorizationFailed)
}

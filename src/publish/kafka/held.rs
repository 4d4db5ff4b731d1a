//! Reads the position of this store, to the end of the positions topic.

use std::time::{Duration, Instant};

use rdkafka::{
    Message as _, Offset, TopicPartitionList,
    client::ClientContext,
    config::FromClientConfigAndContext as _,
    consumer::{BaseConsumer, Consumer as _, ConsumerContext},
    error::KafkaError,
    producer::Producer as _,
    types::RDKafkaErrorCode,
};

use super::{Held, PATIENCE, Position, Producer, PublishError, Shared, transient};

/// Another store's open transaction may hold the end back until it times out.
const OTHERS: Duration = Duration::from_secs(90);

pub(super) fn read(shared: &Shared, producer: &Producer) -> Result<Held, PublishError> {
    let cluster_id = producer
        .client()
        .fetch_cluster_id(PATIENCE)
        .ok_or_else(|| PublishError::Transient("the cluster did not tell its id".to_owned()))?;
    let topic = shared.topic("positions");
    let end = watermark(shared, "read_uncommitted", &topic)?;
    let started = Instant::now();
    // Read_committed ends at the last stable offset, without an error where that is short of the end.
    while watermark(shared, "read_committed", &topic)? < end {
        if started.elapsed() > OTHERS {
            return Err(PublishError::Transient(format!("an open transaction holds back the end of {topic}")));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    let position = scan(shared, &topic)?;
    Ok(Held { cluster_id, position })
}

/// Says what goes wrong, but not that the end of the topic was reached: that is what we read for.
struct Quiet;

impl ClientContext for Quiet {
    fn error(&self, error: KafkaError, reason: &str) {
        if !matches!(error, KafkaError::Global(RDKafkaErrorCode::PartitionEOF)) {
            tracing::warn!(%error, reason, "reading positions");
        }
    }
}

impl ConsumerContext for Quiet {}

fn consumer(shared: &Shared, isolation: &str) -> Result<BaseConsumer<Quiet>, PublishError> {
    let mut client = shared.client();
    client.set("group.id", format!("{}{}", shared.config.topic_prefix.as_str(), shared.store));
    client.set("enable.auto.commit", "false").set("enable.partition.eof", "true").set("isolation.level", isolation);
    BaseConsumer::from_config_and_context(&client, Quiet).map_err(|error| transient("reading positions", &error))
}

fn watermark(shared: &Shared, isolation: &str, topic: &str) -> Result<i64, PublishError> {
    let watermarks = consumer(shared, isolation)?.fetch_watermarks(topic, 0, PATIENCE);
    watermarks.map(|(_, high)| high).map_err(|error| transient("reading the end of the positions", &error))
}

fn scan(shared: &Shared, topic: &str) -> Result<Option<Position>, PublishError> {
    let consumer = consumer(shared, "read_committed")?;
    let mut partition = TopicPartitionList::new();
    partition.add_partition_offset(topic, 0, Offset::Beginning).map_err(|error| transient("reading positions", &error))?;
    consumer.assign(&partition).map_err(|error| transient("reading positions", &error))?;
    let key = shared.store.to_string();
    let mut found = None;
    let started = Instant::now();
    while started.elapsed() < OTHERS {
        match consumer.poll(Duration::from_secs(1)) {
            Some(Err(KafkaError::PartitionEOF(_))) => return Ok(found),
            Some(Err(error)) => return Err(transient("reading positions", &error)),
            Some(Ok(message)) if message.key() == Some(key.as_bytes()) => {
                let position: Option<Position> = message.payload().and_then(|value| serde_json::from_slice(value).ok());
                found = position.map(|it| Position { store: shared.store, ..it });
            }
            None | Some(Ok(_)) => {}
        }
    }
    Err(PublishError::Transient(format!("{topic} could not be read to its end")))
}

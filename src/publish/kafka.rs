//! Kafka: records and the position that they reach, in one transaction.
//!
//! What must stay true: the position is written in the same transaction as the records, so a `read_committed`
//! consumer sees each record once. After any error the producer is dropped and the start is gone through again:
//! `init_transactions` settles what was open, and only then the positions topic is read, to its high watermark.

mod held;
mod topics;

use std::{sync::Arc, time::Duration};

use rdkafka::{
    ClientConfig,
    config::FromClientConfig as _,
    error::KafkaError,
    message::{Header, OwnedHeaders},
    producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer},
};

use super::{Halt, Held, Position, Publish, PublishError};
use crate::{
    config::Kafka,
    store::{NewRecord, OutboxRow, StoreId, Topic},
};

/// How long the cluster may take for one answer.
const PATIENCE: Duration = Duration::from_secs(30);

type Producer = ThreadedProducer<DefaultProducerContext>;

/// The sink.
pub struct KafkaSink {
    shared: Arc<Shared>,
    producer: Option<Arc<Producer>>,
}

impl std::fmt::Debug for KafkaSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaSink").finish_non_exhaustive()
    }
}

/// What every connection needs.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: Kafka,
    pub(super) store: StoreId,
}

impl Shared {
    pub(super) fn client(&self) -> ClientConfig {
        self.config.client()
    }

    pub(super) fn topic(&self, name: &str) -> String {
        self.config.topic_prefix.topic(name)
    }

    fn producer(&self) -> Result<Producer, KafkaError> {
        let mut client = self.client();
        client.set("transactional.id", format!("{}{}", self.config.topic_prefix.as_str(), self.store));
        client.set("transaction.timeout.ms", self.config.transaction_timeout.as_millis().to_string());
        client.set("compression.type", "zstd");
        // Records of a batch are all there when it begins: waiting for more would only delay.
        client.set("linger.ms", "5");
        // Our own bound on a record is below the broker's default; this one counts before compression.
        client.set("message.max.bytes", "8000000");
        ThreadedProducer::from_config(&client)
    }
}

impl KafkaSink {
    /// For one store. Connects at the first [`Publish::resume`].
    #[must_use]
    pub fn new(config: Kafka, store: StoreId) -> Self {
        Self { shared: Arc::new(Shared { config, store }), producer: None }
    }
}

impl Publish for KafkaSink {
    async fn resume(&mut self) -> Result<Option<Held>, PublishError> {
        self.producer = None;
        let shared = Arc::clone(&self.shared);
        topics::make(&shared).await?;
        let work = move || {
            let producer = shared.producer().map_err(|error| transient("connecting", &error))?;
            producer.init_transactions(PATIENCE).map_err(|error| transient("starting transactions", &error))?;
            let held = held::read(&shared, &producer)?;
            Ok((producer, held))
        };
        let (producer, held) = blocking(work).await?;
        self.producer = Some(Arc::new(producer));
        Ok(Some(held))
    }

    async fn publish(&mut self, rows: &[OutboxRow], reached: &Position) -> Result<(), PublishError> {
        // Taken out: an error on the way drops it, and the next try resumes.
        let Some(producer) = self.producer.take() else { return Err(PublishError::Transient("not connected".to_owned())) };
        let (shared, rows, reached) = (Arc::clone(&self.shared), rows.to_vec(), reached.clone());
        let used = Arc::clone(&producer);
        blocking(move || transaction(&shared, &used, &rows, &reached)).await?;
        self.producer = Some(producer);
        Ok(())
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, PublishError> + Send + 'static) -> Result<T, PublishError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| PublishError::Transient(error.to_string()))?
}

fn transient(doing: &str, error: &KafkaError) -> PublishError {
    PublishError::Transient(format!("{doing}: {error}"))
}

fn transaction(shared: &Shared, producer: &Producer, rows: &[OutboxRow], reached: &Position) -> Result<(), PublishError> {
    producer.begin_transaction().map_err(|error| transient("beginning a transaction", &error))?;
    let (articles, dead) = (shared.topic("articles"), shared.topic("deadletters"));
    for row in rows {
        let topic = match row.record.topic {
            Topic::Articles => &articles,
            Topic::DeadLetters => &dead,
        };
        let headers = headers(&row.record, reached, row.seq);
        let record = BaseRecord::to(topic).key(&row.record.key).payload(&row.record.value).headers(headers);
        producer.send(record).map_err(|(error, _)| transient("sending a record", &error))?;
    }
    let (key, value) = (reached.store.to_string(), serde_json::to_vec(reached).unwrap_or_default());
    let positions = shared.topic("positions");
    let record = BaseRecord::to(&positions).partition(0).key(&key).payload(&value);
    producer.send(record).map_err(|(error, _)| transient("sending the position", &error))?;
    loop {
        match producer.commit_transaction(PATIENCE) {
            Ok(()) => return Ok(()),
            // The outcome is not known yet; the same commit is asked for again (librdkafka: resumable).
            Err(KafkaError::Transaction(error)) if error.is_retriable() => {
                tracing::warn!(%error, "the commit of a transaction takes long");
            }
            Err(error) => return Err(transient("committing a transaction", &error)),
        }
    }
}

/// `CloudEvents` Kafka binding §3.2 (binary mode), W3C trace context, and our own number.
fn headers(record: &NewRecord, reached: &Position, seq: u64) -> OwnedHeaders {
    let time = record.event_time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let number = format!("{}/{}/{seq}", reached.store, reached.epoch);
    let pairs = [
        ("ce_specversion", "1.0"),
        ("ce_id", &record.event_id),
        ("ce_type", &record.event_type),
        ("ce_source", &record.event_source),
        ("ce_time", &time),
        ("content-type", "application/json"),
        ("traceparent", &record.traceparent),
        ("nashra-seq", &number),
    ];
    pairs
        .into_iter()
        .fold(OwnedHeaders::new_with_capacity(pairs.len()), |headers, (key, value)| headers.insert(Header { key, value: Some(value) }))
}

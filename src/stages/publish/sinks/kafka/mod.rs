//! Kafka: records and the position that they reach, in one transaction.
//!
//! What must stay true: the position is written in the same transaction as the records, so a
//! `read_committed` consumer sees each record once. The transactional id is taken only after the
//! position in the topics was judged to be ours, so a process that has stopped never fences one
//! that publishes. After an error that leaves open what became of a transaction, the producer is
//! dropped and the sink starts again: it reads the positions topic, `init_transactions` settles the
//! open transaction, and then the positions topic is read to its high watermark.

mod changes;
mod encoding;
mod held;
mod polls;
pub(super) mod probe;
mod recall;
mod registry;
mod topics;
mod transaction;
mod recovery;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rdkafka::{
    ClientConfig,
    config::FromClientConfigAndContext as _,
    error::KafkaError,
    producer::{Producer as _, ThreadedProducer},
};

use self::{
    changes::TopicChanges,
    encoding::Encodings,
    recovery::Recovery,
    transaction::{Batch, Context, TransactionOutcome},
};
use crate::{
    config::{Config, Kafka},
    model::record::Topic,
    stages::{
        commit::PublishedRecord,
        publish::{
            Halt, Position,
            sink::{
                Delivered, Limits, PollReporter, PublishError, Sink, SinkFuture, SinkHoldings,
                SinkReport,
            },
        },
    },
    store::{NewRecord, OutboxRow, Reached, StoreId},
    telemetry::librdkafka,
};

/// How long the cluster may take for one answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long it may take for an answer that only shows that it is there.
const PROBE: Duration = Duration::from_secs(5);
/// How often a batch is sent whose transaction had to be aborted, before the sink starts again.
const TRIES: u32 = 3;
/// Bytes of a record that the producer takes at all, before compression. Records are bounded far
/// below this, but an older version may have written larger ones.
const PRODUCER_MAX: usize = 8_000_000;
/// After this long without an answer a connection is closed and made anew. A connection that died
/// unnoticed (a firewall that forgot it, a proxy that hangs) delays records by this long.
const DEAD: Duration = Duration::from_secs(10);
/// Bytes of records that go in one request at most.
const BATCH: usize = 1_000_000;

type Producer = ThreadedProducer<Context>;

/// Publishes to the topics of a Kafka cluster, as one store.
pub(super) struct KafkaSink {
    shared: Arc<Shared>,
    /// Bytes of a batch that the topics take, as far as their config could be read.
    batch: usize,
    /// The topics of records as they were last seen, with where the last delivery ended.
    topics: TopicChanges,
    /// How records are written; `None` until the registry was asked.
    encodings: Option<Arc<Encodings>>,
    producer: Option<Arc<Producer>>,
}

impl std::fmt::Debug for KafkaSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaSink").finish_non_exhaustive()
    }
}

/// A topic that a record goes to.
struct Target {
    /// Its whole name.
    topic: String,
    /// Whether a withdrawal is a tombstone there.
    is_latest: bool,
}

/// What every connection needs.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: Kafka,
    /// The topics of routes, without the prefix.
    routes: Vec<String>,
    pub(super) store: StoreId,
    /// Warnings about the topics that were logged: each connection checks the topics again.
    said: Mutex<BTreeSet<String>>,
}

impl Shared {
    pub(super) fn new(config: &Config, store: StoreId) -> Self {
        let routes = config.route.routes().topics();
        Self { config: config.kafka.clone(), routes, store, said: Mutex::default() }
    }

    /// Whether this warning was not logged before.
    fn is_news(&self, what: String) -> bool {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).insert(what)
    }

    pub(super) fn client(&self) -> ClientConfig {
        self.config.client()
    }

    pub(super) fn topic(&self, name: &str) -> String {
        self.config.topic_prefix.topic(name)
    }

    /// The topics that a record goes to: its own, those of its routes that are still in the config,
    /// and the compacted one of latest editions.
    fn targets<'a>(&'a self, record: &'a NewRecord) -> impl Iterator<Item = Target> {
        let own = record.topic.name();
        let routed = record.routing.topics.iter().map(String::as_str);
        let routed: Vec<&str> =
            routed.filter(|topic| self.routes.iter().any(|known| known == topic)).collect();
        let has_own = !record.routing.instead || routed.is_empty();
        let is_latest = self.config.latest && record.topic == Topic::Articles;
        let whole = has_own.then_some(own).into_iter().chain(routed);
        let whole = whole.map(|topic| Target { topic: self.topic(topic), is_latest: false });
        whole.chain(is_latest.then(|| Target { topic: self.topic("latest"), is_latest: true }))
    }

    fn producer(&self, batch: usize) -> Result<Producer, KafkaError> {
        ThreadedProducer::from_config_and_context(&self.producing(batch), Context::default())
    }

    fn producing(&self, batch: usize) -> ClientConfig {
        let mut client = self.client();
        // A dead connection is noticed early enough to repeat the call over a new one, before the
        // broker aborts the transaction because it took too long: then the producer is lost, too.
        let dead = DEAD.min(self.config.transaction_timeout / 4).as_millis().to_string();
        for name in ["socket.timeout.ms", "request.timeout.ms"] {
            if client.get(name).is_none() {
                client.set(name, &dead);
            }
        }
        client.set(
            "transactional.id",
            format!("{}{}", self.config.topic_prefix.as_str(), self.store),
        );
        client
            .set("transaction.timeout.ms", self.config.transaction_timeout.as_millis().to_string());
        client.set("compression.type", "zstd");
        // All records of a batch are there when it begins, so waiting for more would only delay.
        client.set("linger.ms", "5");
        client.set("message.max.bytes", PRODUCER_MAX.to_string());
        // A topic's limit applies to batches: a batch above it would be refused with all its
        // records.
        client.set("batch.size", batch.to_string());
        client
    }
}

impl KafkaSink {
    /// A sink for one store. It connects at the first [`Sink::holdings`].
    #[must_use]
    pub(super) fn new(config: &Config, store: StoreId) -> Self {
        Self {
            shared: Arc::new(Shared::new(config, store)),
            batch: BATCH,
            topics: TopicChanges::default(),
            encodings: None,
            producer: None,
        }
    }
}

impl KafkaSink {
    async fn look_at_topics(
        &mut self,
        remembered: &Reached,
    ) -> Result<Option<SinkHoldings>, PublishError> {
        close(self.producer.take()).await?;
        let (shared, from) = (Arc::clone(&self.shared), remembered.position_at);
        let (limit, described) = topics::make(&shared).await?;
        // Leaves room for what a batch has beside its records.
        self.batch = limit.map_or(BATCH, |limit| BATCH.min(limit.saturating_sub(512)).max(1));
        let mut held = blocking(move || held::holdings_so_far(&shared, from)).await?;
        self.topics = TopicChanges::remembered(&remembered.notes.memory);
        // The topics of another cluster are not those that were published to.
        if remembered.sink_id.as_ref().is_none_or(|ours| *ours == held.sink_id) {
            self.topics.described(&described);
            held.notes = self.topics.notes();
        }
        Ok(Some(held))
    }

    async fn begin_transactions(
        &mut self,
        from: Option<i64>,
    ) -> Result<Option<SinkHoldings>, PublishError> {
        close(self.producer.take()).await?;
        if self.encodings.is_none() {
            self.encodings = Some(Arc::new(Encodings::ask(&self.shared).await?));
        }
        let (shared, batch) = (Arc::clone(&self.shared), self.batch);
        let work = move || {
            let producer =
                shared.producer(batch).map_err(|error| sink_error("connecting", &error))?;
            producer
                .init_transactions(PATIENCE)
                .map_err(|error| sink_error("starting transactions", &error))?;
            let held = held::settled_holdings(&shared, from)?;
            Ok((producer, held))
        };
        let (producer, held) = blocking(work).await?;
        self.producer = Some(Arc::new(producer));
        Ok(Some(held))
    }

    async fn send(
        &mut self,
        rows: &[OutboxRow],
        position: &Position,
    ) -> Result<Delivered, PublishError> {
        // The producer is put back only where it is certain what became of the transaction;
        // otherwise it is dropped, and the next try opens the sink again.
        let Some(producer) = self.producer.take() else {
            return Err(PublishError::Transient("not connected".to_owned()));
        };
        let (shared, rows, position) = (Arc::clone(&self.shared), rows.to_vec(), position.clone());
        let used = Arc::clone(&producer);
        let encodings = self.encodings.clone().unwrap_or_default();
        let work = move || {
            let batch = match encodings.values(&rows) {
                Ok(values) => Batch { rows: &rows, values, encodings: &encodings },
                Err(error) => return Ok(TransactionOutcome { result: Err(error), usable: true }),
            };
            let mut outcome = transaction::run(&shared, &used, &batch, &position);
            for _ in 1..TRIES {
                let (Err(PublishError::Transient(reason)), true) =
                    (&outcome.result, outcome.usable)
                else {
                    break;
                };
                tracing::debug!(reason, "a transaction was aborted; the batch goes again");
                outcome = transaction::run(&shared, &used, &batch, &position);
            }
            Ok(outcome)
        };
        let outcome = blocking(work).await?;
        if outcome.usable {
            self.producer = Some(producer);
        } else {
            close(Some(producer)).await?;
        }
        let landed = outcome.result?;
        let positions = self.shared.topic("positions");
        let position_at = landed.iter().find(|end| end.topic == positions).map(|end| end.offset);
        self.topics.delivered(&landed);
        Ok(Delivered { position_at, notes: self.topics.notes() })
    }
}

impl Sink for KafkaSink {
    fn limits(&self) -> Limits {
        let config = &self.shared.config;
        Limits { records: config.batch_records, bytes: config.batch_bytes.as_usize() }
    }

    fn holdings<'a>(&'a mut self, remembered: &'a Reached) -> SinkFuture<'a, Option<SinkHoldings>> {
        Box::pin(self.look_at_topics(remembered))
    }

    fn open(&mut self, from: Option<i64>) -> SinkFuture<'_, Option<SinkHoldings>> {
        Box::pin(self.begin_transactions(from))
    }

    fn publish<'a>(
        &'a mut self,
        rows: &'a [OutboxRow],
        position: &'a Position,
    ) -> SinkFuture<'a, Delivered> {
        Box::pin(self.send(rows, position))
    }

    fn name(&self) -> String {
        format!("Kafka at {}", self.shared.config.bootstrap_servers())
    }

    fn trouble(&self) -> fn() -> Option<String> {
        librdkafka::last_trouble
    }

    fn probe(&mut self) -> SinkFuture<'_, ()> {
        let Some(producer) = self.producer.clone() else { return Box::pin(async { Ok(()) }) };
        let positions = self.shared.topic("positions");
        Box::pin(blocking(move || {
            let answer = producer.client().fetch_metadata(Some(&positions), PROBE);
            answer.map(drop).map_err(|error| sink_error("asking the brokers", &error))
        }))
    }

    fn published<'a>(&'a mut self, after: &'a Reached) -> SinkFuture<'a, Vec<PublishedRecord>> {
        let (shared, after) = (Arc::clone(&self.shared), after.clone());
        Box::pin(recall::published_after(shared, after))
    }

    fn polls(&self) -> Option<Box<dyn PollReporter>> {
        if !self.shared.config.polls {
            return None;
        }
        polls::PollProducer::start(&self.shared)
            .map(|start| Box::new(start) as Box<dyn PollReporter>)
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PublishError> + Send + 'static,
) -> Result<T, PublishError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| PublishError::Transient(error.to_string()))?
}

/// Closes a producer. That waits for its threads, so it is done on a thread that may block.
async fn close(producer: Option<Arc<Producer>>) -> Result<(), PublishError> {
    let Some(producer) = producer else { return Ok(()) };
    blocking(move || {
        drop(producer);
        Ok(())
    })
    .await
}

/// What an error of a librdkafka call means for publishing. `doing` says what was called.
fn sink_error(doing: &str, error: &KafkaError) -> PublishError {
    failed(recovery::from_error(error), format!("{doing}: {error}"))
}

fn failed(recovery: Recovery, words: String) -> PublishError {
    match recovery {
        Recovery::Fenced => PublishError::Fenced(words),
        Recovery::Unauthorised => PublishError::Unauthorised { topic: None, words },
        Recovery::Again | Recovery::Abort | Recovery::Restart => PublishError::Transient(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_died_is_given_up_long_before_its_transaction_and_before_the_flush() {
        for timeout in [Duration::from_mins(1), Duration::from_secs(20)] {
            let kafka = Kafka { transaction_timeout: timeout, ..Kafka::default() };
            let client = Shared::new(&Config { kafka, ..Config::default() }, StoreId::nil())
                .producing(BATCH);
            for name in ["socket.timeout.ms", "request.timeout.ms"] {
                let dead = Duration::from_millis(client.get(name).unwrap().parse().unwrap());
                assert!(2 * dead < timeout.min(PATIENCE), "{name} {dead:?}");
            }
            client.create_native_config().unwrap();
        }
    }
}

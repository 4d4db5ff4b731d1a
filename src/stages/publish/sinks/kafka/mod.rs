//! Kafka: records and the position that they reach, in one transaction.
//!
//! What must stay true: the position is written in the same transaction as the records, so a
//! `read_committed` consumer sees each record once. The transactional id is taken only once what
//! the topics hold was judged to be ours: a process that has stopped never fences one that
//! publishes. After an error that leaves it open what became of a transaction the producer is
//! dropped and the start is gone through again: the positions topic is looked at,
//! `init_transactions` settles what was open, and only then the positions topic is read to its high
//! watermark.

mod changes;
mod held;
mod polls;
mod recall;
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

use self::{changes::TopicChanges, recovery::Recovery, transaction::Context};
use crate::{
    config::Kafka,
    stages::{
        commit::PublishedArticle,
        publish::{
            Halt, Position,
            sink::{
                Delivered, Limits, PollReporter, PublishError, Sink, SinkFuture, SinkHoldings,
                SinkReport,
            },
        },
    },
    store::{OutboxRow, Reached, StoreId},
};

/// How long the cluster may take for one answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a batch is sent whose transaction had to be aborted, before the start is gone through
/// again.
const TRIES: u32 = 3;
/// Bytes of a record that the producer takes at all, before compression. Our own bound is far
/// below; what an older version wrote may be above.
const PRODUCER_MAX: usize = 8_000_000;
/// After this without an answer a connection is given up and made anew: one that died without a
/// word (a firewall that forgot it, a proxy that hangs) holds records up for so long.
const DEAD: Duration = Duration::from_secs(10);
/// Bytes of records that go in one request at most.
const BATCH: usize = 1_000_000;

type Producer = ThreadedProducer<Context>;

/// The sink.
pub(super) struct KafkaSink {
    shared: Arc<Shared>,
    /// Bytes of a batch that the topics take, as far as they say.
    batch: usize,
    /// The topics of records, as they were at the last look and delivery.
    topics: TopicChanges,
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
    /// What was said of the topics: each start looks at them again.
    said: Mutex<BTreeSet<String>>,
}

impl Shared {
    pub(super) fn new(config: Kafka, store: StoreId) -> Self {
        Self { config, store, said: Mutex::default() }
    }

    /// Whether this was not said before.
    fn is_news(&self, what: String) -> bool {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).insert(what)
    }

    pub(super) fn client(&self) -> ClientConfig {
        self.config.client()
    }

    pub(super) fn topic(&self, name: &str) -> String {
        self.config.topic_prefix.topic(name)
    }

    fn producer(&self, batch: usize) -> Result<Producer, KafkaError> {
        ThreadedProducer::from_config_and_context(&self.producing(batch), Context::default())
    }

    fn producing(&self, batch: usize) -> ClientConfig {
        let mut client = self.client();
        // The same call goes again over a new connection while the transaction is still good: one
        // that the broker aborts since it took too long costs the producer.
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
        // Records of a batch are all there when it begins: waiting for more would only delay.
        client.set("linger.ms", "5");
        client.set("message.max.bytes", PRODUCER_MAX.to_string());
        // A topic's limit is one on batches: one that is above it would be refused with all the
        // records in it.
        client.set("batch.size", batch.to_string());
        client
    }
}

impl KafkaSink {
    /// For one store. Connects at the first [`Sink::holdings`].
    #[must_use]
    pub(super) fn new(config: Kafka, store: StoreId) -> Self {
        Self {
            shared: Arc::new(Shared::new(config, store)),
            batch: BATCH,
            topics: TopicChanges::default(),
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
        // Room for what a batch has beside its records.
        self.batch = limit.map_or(BATCH, |limit| BATCH.min(limit.saturating_sub(512)).max(1));
        let mut held = blocking(move || held::holdings_so_far(&shared, from)).await?;
        self.topics = TopicChanges::remembered(&remembered.notes.memory);
        // What another cluster has says nothing of the topics that were published to.
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
        // Taken out: where it is not certain what became of a transaction it is dropped, and the
        // next try opens again.
        let Some(producer) = self.producer.take() else {
            return Err(PublishError::Transient("not connected".to_owned()));
        };
        let (shared, rows, position) = (Arc::clone(&self.shared), rows.to_vec(), position.clone());
        let used = Arc::clone(&producer);
        let work = move || {
            let mut outcome = transaction::run(&shared, &used, &rows, &position);
            for _ in 1..TRIES {
                let (Err(PublishError::Transient(reason)), true) =
                    (&outcome.result, outcome.usable)
                else {
                    break;
                };
                tracing::debug!(reason, "a transaction was aborted; the batch goes again");
                outcome = transaction::run(&shared, &used, &rows, &position);
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

    fn published<'a>(&'a mut self, after: &'a Reached) -> SinkFuture<'a, Vec<PublishedArticle>> {
        let (shared, after) = (Arc::clone(&self.shared), after.clone());
        Box::pin(blocking(move || recall::published_after(&shared, &after)))
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

/// Closing a producer waits for its threads, which is nothing for a thread of the runtime.
async fn close(producer: Option<Arc<Producer>>) -> Result<(), PublishError> {
    let Some(producer) = producer else { return Ok(()) };
    blocking(move || {
        drop(producer);
        Ok(())
    })
    .await
}

/// What an error of a call means to publishing.
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
            let config = Kafka { transaction_timeout: timeout, ..Kafka::default() };
            let client = Shared::new(config, StoreId::nil()).producing(BATCH);
            for name in ["socket.timeout.ms", "request.timeout.ms"] {
                let dead = Duration::from_millis(client.get(name).unwrap().parse().unwrap());
                assert!(2 * dead < timeout.min(PATIENCE), "{name} {dead:?}");
            }
            client.create_native_config().unwrap();
        }
    }
}

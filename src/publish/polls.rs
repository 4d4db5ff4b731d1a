//! Tells each poll to the topic `polls`, where the config asks for it: best effort, outside the transactions and the
//! outbox. What the broker does not take in time is dropped and counted by nobody: the metrics have the totals.

use rdkafka::{
    config::FromClientConfig as _,
    producer::{BaseRecord, DefaultProducerContext, ThreadedProducer},
};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::mpsc;

use super::kafka::Shared;
use crate::{
    config::Kafka,
    pipeline::PipelineError,
    private::Private,
    store::{State, StoreId},
};

/// The value of [`PollRecord::schema`].
pub const SCHEMA: &str = "nashra.poll.v1";

/// One poll.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PollRecord {
    /// Always `nashra.poll.v1`.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: &'static str,
    /// The source's id: the key.
    pub source: String,
    /// Its address, as records show it.
    #[schemars(with = "String")]
    pub url: Private<String>,
    /// When the poll began.
    pub at: chrono::DateTime<chrono::Utc>,
    /// `read`, `unchanged`, `not_modified`, `throttled`, `blocked`, `gone`, `missing`, `failed`, `undecodable`,
    /// `unreadable`, `html` (a page where a feed was), `held` (its host is left alone: it was not asked) or `paused`.
    pub outcome: &'static str,
    /// Why, where it failed.
    pub reason: String,
    /// From the request until the decision, in milliseconds.
    pub took_ms: i64,
    /// How late it began, in milliseconds.
    pub late_ms: i64,
    /// Entries that were new or changed.
    pub fresh: usize,
    /// Entries that were left out, because of the bounds on what is taken of a source.
    pub left_out: usize,
    /// Whether it shared no entry with the poll before, so that some may have been missed.
    pub gap: bool,
    /// The source's state after it.
    pub state: State,
    /// When it is polled next.
    pub next_due: chrono::DateTime<chrono::Utc>,
    /// Why then.
    pub next_why: String,
}

/// Where polls are told.
#[derive(Debug)]
pub struct PollSink(Shared);

impl PollSink {
    /// `None` where the config does not ask for it.
    #[must_use]
    pub fn of(config: &Kafka, store: StoreId) -> Option<Self> {
        config.polls.then(|| Self(Shared::new(config.clone(), store)))
    }
}

/// Runs until polling has ended.
pub async fn run(sink: Option<PollSink>, mut polls: mpsc::Receiver<PollRecord>) -> Result<(), PipelineError> {
    let Some(PollSink(shared)) = sink else { return Ok(()) };
    let mut client = shared.client();
    client.set("compression.type", "zstd").set("linger.ms", "100").set("message.timeout.ms", "60000");
    let producer = match ThreadedProducer::<DefaultProducerContext>::from_config(&client) {
        Ok(producer) => producer,
        Err(error) => {
            tracing::warn!(%error, "polls are not told");
            return Ok(());
        }
    };
    let topic = shared.topic("polls");
    while let Some(poll) = polls.recv().await {
        let value = serde_json::to_string(&poll).unwrap_or_default();
        // A full queue means that no broker takes them: dropped, as promised.
        drop(producer.send(BaseRecord::to(&topic).key(&poll.source).payload(&value)));
    }
    // What is still in the producer's queue has a moment; it is best effort.
    tokio::task::spawn_blocking(move || rdkafka::producer::Producer::flush(&producer, std::time::Duration::from_secs(1))).await?.ok();
    Ok(())
}

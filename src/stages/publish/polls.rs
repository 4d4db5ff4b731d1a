//! Tells each poll to the topic `polls`, where the config asks for it: best effort, outside the transactions and the
//! outbox. What the broker does not take in time is dropped and counted by nobody: the metrics have the totals.

use rdkafka::{
    config::FromClientConfig as _,
    producer::{BaseRecord, DefaultProducerContext, ThreadedProducer},
};
use tokio::sync::mpsc;

use super::kafka::Shared;
use crate::{config::Kafka, model::poll_record::PollRecord, stages::PipelineError, store::StoreId};

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

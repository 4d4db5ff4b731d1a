//! Reports polls to the topic `polls`, best effort and outside all transactions.

use std::time::Duration;

use rdkafka::{
    config::FromClientConfigAndContext as _,
    producer::{BaseRecord, Producer as _, ThreadedProducer},
};

use super::Shared;
use crate::{
    model::poll_record::PollRecord, stages::publish::sink::PollReporter,
    telemetry::librdkafka::LoggedClient,
};

/// How long the last reports may take to arrive when the daemon ends.
const FLUSH: Duration = Duration::from_secs(1);

pub(super) struct PollProducer {
    producer: ThreadedProducer<LoggedClient>,
    topic: String,
}

impl PollProducer {
    /// `None` where the producer cannot be made; the reason is logged.
    pub(super) fn start(shared: &Shared) -> Option<Self> {
        let mut client = shared.client();
        client
            .set("compression.type", "zstd")
            .set("linger.ms", "100")
            .set("message.timeout.ms", "60000");
        match ThreadedProducer::from_config_and_context(&client, LoggedClient("telling polls")) {
            Ok(producer) => Some(Self { producer, topic: shared.topic("polls") }),
            Err(error) => {
                tracing::warn!(%error, "polls are not told");
                None
            }
        }
    }
}

impl PollReporter for PollProducer {
    fn report(&mut self, poll: &PollRecord) {
        let value = serde_json::to_string(poll).unwrap_or_default();
        // A full queue means that no broker takes them: dropped, as promised.
        drop(self.producer.send(BaseRecord::to(&self.topic).key(&poll.source).payload(&value)));
    }

    fn finish(self: Box<Self>) {
        self.producer.flush(FLUSH).ok();
    }
}

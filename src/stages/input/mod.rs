//! Reads Kafka topics through which other services hand over addresses, pages and texts: a first
//! stage of its own, beside the schedule. `docs/input.md` has the format of the messages.
//!
//! What must stay true: partitions are assigned by hand and the offset that a batch reaches is
//! committed with the entries made of it, so nothing is lost or read twice whatever kills the
//! process; a message that cannot be read becomes a dead letter and holds nothing up; where the
//! topic is not the one that was read before, that is said and counted, never passed over.

mod again;
mod batch;
mod begin;
mod follow;
mod message;
mod reader;

use std::sync::Arc;

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

pub(crate) use self::again::read_again;
use self::follow::Follower;
use crate::{
    base::clock::Clock,
    config::{Kafka, PageMode, RobotsMode, sources::TopicSource},
    fetch::Memory,
    stages::{PipelineError, poll::Wake, schedule::Pressure},
    store::TopicStore,
};

/// What the input stage works with.
#[derive(Debug)]
pub struct Parts<C> {
    /// How far topics were read, and the queue of entries.
    pub store: TopicStore,
    /// The topics that are read.
    pub topics: Vec<TopicSource>,
    /// The brokers of topics that name none, and properties for librdkafka.
    pub kafka: Kafka,
    /// Rules that hold for all of them.
    pub rules: Rules,
    /// The memory budget that batches are made within.
    pub memory: Memory,
    /// Tells when messages were read.
    pub clock: Arc<C>,
}

/// Rules of reading that hold for every topic.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Whether pages of addresses are fetched.
    pub pages: PageMode,
    /// Whether robots.txt is obeyed.
    pub robots: RobotsMode,
    /// Entries of one topic that may wait for their first reading.
    pub waiting: usize,
    /// Bytes of one message.
    pub max_bytes: usize,
}

/// Runs until `stop`; each topic is followed on its own.
pub async fn run<C: Clock>(
    parts: Parts<C>,
    wake: mpsc::Sender<Wake>,
    pressure: watch::Receiver<Pressure>,
    stop: CancellationToken,
) -> Result<(), PipelineError> {
    let mut followers = JoinSet::new();
    for source in &parts.topics {
        let rules = Rules {
            pages: source.pages.unwrap_or(parts.rules.pages),
            robots: source.robots.unwrap_or(parts.rules.robots),
            ..parts.rules
        };
        // Its entries would be recorded and forgotten: left in the topic, they can be read another
        // day.
        if rules.pages == PageMode::Off {
            tracing::info!(source.id = %source.id, topic = %source.topic, "pages are off: the topic is not read");
            continue;
        }
        let follower = Follower::new(source, rules, &parts)?;
        followers.spawn(follower.run(wake.clone(), pressure.clone(), stop.clone()));
    }
    while let Some(ended) = followers.join_next().await {
        ended??;
    }
    Ok(())
}

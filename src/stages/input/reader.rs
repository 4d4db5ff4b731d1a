//! One topic's Kafka consumer: partitions assigned by hand, no consumer group, nothing committed to
//! the broker. It blocks, so it is used on threads that may.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, Message as _, Offset, Statistics, TopicPartitionList,
    client::ClientContext,
    config::{FromClientConfigAndContext as _, RDKafkaLogLevel},
    consumer::{BaseConsumer, Consumer as _, ConsumerContext},
    error::KafkaError,
    message::{BorrowedMessage, Headers as _},
    metadata::{MetadataPartition, MetadataTopic},
    types::RDKafkaErrorCode,
};

use super::{
    batch::{ConsumedMessage, fingerprint},
    begin::{Reset, TopicWatermarks},
    message::{HEADERS, RawMessage},
};
use crate::{
    store::{MessageMark, PartitionProgress, TopicState},
    telemetry::librdkafka,
};

/// How long the cluster may take for one answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a batch waits for its first message.
const FIRST: Duration = Duration::from_millis(250);
/// And for each further one: long enough to share a commit, too short to be noticed.
const NEXT: Duration = Duration::from_millis(5);
/// Bytes of one batch; its last message may exceed them.
const MAX_BATCH: usize = 8 << 20;
/// The id of a topic of which none is known yet, as librdkafka writes it.
const NO_ID: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// Why a topic cannot be read now.
#[derive(Debug, thiserror::Error)]
pub(super) enum TopicError {
    /// It may work later.
    #[error("{doing}: {error}")]
    Kafka { doing: &'static str, error: KafkaError },
    /// The cluster did not tell its id, by which it is known again.
    #[error("the cluster did not tell its id")]
    NoCluster,
    /// There is none of this name yet.
    #[error("the topic does not exist")]
    NoTopic { cluster: String },
    /// It is not the topic that was read before.
    #[error("{0}")]
    Changed(Reset),
    /// It has more partitions than when it was opened.
    #[error("the topic has new partitions")]
    Grown,
    /// It has another id than when it was opened: what is known of it has to be held against what
    /// is there.
    #[error("the topic was deleted and made anew")]
    Remade,
}

/// What the consumer tells beside messages.
#[derive(Debug, Default)]
struct ConsumerState {
    /// For each partition the offset up to which it can be read.
    ends: BTreeMap<i32, i64>,
    /// The topic has another id.
    remade: bool,
}

struct Context {
    topic: String,
    consumer_state: Arc<Mutex<ConsumerState>>,
}

impl ClientContext for Context {
    fn error(&self, error: KafkaError, reason: &str) {
        librdkafka::note_error("reading a topic", &error, reason);
    }

    /// In a topic that was made anew librdkafka goes on at the old offset, without an error where
    /// there is a message at it, and says so here alone. These words come before the first message
    /// of the new topic.
    fn log(&self, level: RDKafkaLogLevel, facility: &str, words: &str) {
        if is_remade(&self.topic, words) {
            self.consumer_state.lock().unwrap_or_else(PoisonError::into_inner).remade = true;
        } else {
            librdkafka::note(level, facility, words);
        }
    }

    fn stats(&self, statistics: Statistics) {
        let Some(topic) = statistics.topics.get(&self.topic) else { return };
        // The partition -1 is librdkafka's own.
        let ends = topic
            .partitions
            .values()
            .filter(|partition| partition.partition >= 0)
            .map(|partition| (partition.partition, partition.ls_offset));
        self.consumer_state.lock().unwrap_or_else(PoisonError::into_inner).ends = ends.collect();
    }
}

impl ConsumerContext for Context {}

/// Whether the words say that a topic whose id was known has another one.
fn is_remade(topic: &str, words: &str) -> bool {
    let id = words
        .split_once("Topic ")
        .and_then(|(_, rest)| rest.strip_prefix(topic)?.strip_prefix(" changed id from "));
    id.is_some_and(|id| !id.starts_with(NO_ID))
}

/// A connected consumer.
pub(super) struct Reader {
    consumer: BaseConsumer<Context>,
    topic: String,
    consumer_state: Arc<Mutex<ConsumerState>>,
    /// Messages that were read before: found again, they show that the partition is the same.
    marks: BTreeMap<i32, MessageMark>,
    partitions: usize,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("topic", &self.topic).finish_non_exhaustive()
    }
}

impl Reader {
    /// Connects, and says what the cluster holds.
    pub(super) fn connect(
        mut client: ClientConfig,
        topic: &str,
    ) -> Result<(Self, TopicWatermarks), TopicError> {
        configure(&mut client);
        let consumer_state = Arc::new(Mutex::new(ConsumerState::default()));
        let context =
            Context { topic: topic.to_owned(), consumer_state: Arc::clone(&consumer_state) };
        let consumer =
            BaseConsumer::from_config_and_context(&client, context).map_err(kafka("connecting"))?;
        let metadata = consumer
            .fetch_metadata(Some(topic), PATIENCE)
            .map_err(kafka("asking for the topic"))?;
        let cluster = consumer.client().fetch_cluster_id(PATIENCE).ok_or(TopicError::NoCluster)?;
        let answer = metadata.topics().first();
        let ids: Vec<i32> = answer
            .into_iter()
            .flat_map(MetadataTopic::partitions)
            .map(MetadataPartition::id)
            .collect();
        if ids.is_empty() {
            let error = answer.and_then(MetadataTopic::error).map(RDKafkaErrorCode::from);
            return Err(no_partitions(error, cluster));
        }
        let mut watermarks = TopicWatermarks { cluster, ..TopicWatermarks::default() };
        for id in ids {
            let ends = consumer
                .fetch_watermarks(topic, id, PATIENCE)
                .map_err(kafka("asking for a partition's offsets"))?;
            watermarks.partitions.insert(id, ends);
        }
        let partitions = watermarks.partitions.len();
        Ok((
            Self {
                consumer,
                topic: topic.to_owned(),
                consumer_state,
                marks: BTreeMap::new(),
                partitions,
            },
            watermarks,
        ))
    }

    /// Goes to where reading begins. Where the last message that was read is still there it is read
    /// again, to see that it is the same.
    pub(super) fn assign(
        &mut self,
        state: &TopicState,
        watermarks: &TopicWatermarks,
    ) -> Result<(), TopicError> {
        let mut assignment = TopicPartitionList::new();
        for (&partition, (low, _)) in &watermarks.partitions {
            let Some(progress) = state.partitions.get(&partition) else { continue };
            let mark = progress.last.filter(|last| last.offset >= *low);
            self.marks.extend(mark.map(|mark| (partition, mark)));
            let offset = Offset::Offset(mark.map_or(progress.next, |mark| mark.offset));
            assignment
                .add_partition_offset(&self.topic, partition, offset)
                .map_err(kafka("choosing offsets"))?;
        }
        self.consumer.assign(&assignment).map_err(kafka("assigning partitions"))
    }

    /// The next messages, up to `limit`; none where there are none for a moment.
    pub(super) fn read_messages(
        &mut self,
        limit: usize,
    ) -> Result<Vec<ConsumedMessage>, TopicError> {
        if self.consumer_state().ends.len() > self.partitions {
            return Err(TopicError::Grown);
        }
        let mut messages = Vec::new();
        let (mut bytes, mut patience, started) = (0, FIRST, Instant::now());
        while messages.len() < limit && bytes < MAX_BATCH && started.elapsed() < 2 * FIRST {
            let message = match self.consumer.poll(patience) {
                None => break,
                Some(message) => message.map_err(kafka("reading"))?,
            };
            let (partition, offset) = (message.partition(), message.offset());
            let digest =
                fingerprint(message.timestamp().to_millis(), message.key(), message.payload());
            if let Some(mark) = self.marks.remove(&partition)
                && mark.offset == offset
            {
                if mark.digest != digest {
                    return Err(TopicError::Changed(Reset::OtherMessage { partition, offset }));
                }
                continue;
            }
            bytes += message.payload_len();
            patience = NEXT;
            messages.push(ConsumedMessage {
                partition,
                mark: MessageMark { offset, digest },
                raw: raw(&message),
            });
        }
        // Some of them may be of the new one.
        if self.consumer_state().remade { Err(TopicError::Remade) } else { Ok(messages) }
    }

    /// Messages that can be read and were not yet.
    pub(super) fn lag(&self, state: &TopicState) -> u64 {
        let consumer_state = self.consumer_state();
        let behind = |(partition, progress): (&i32, &PartitionProgress)| {
            consumer_state
                .ends
                .get(partition)
                .map_or(0, |end| u64::try_from(end - progress.next).unwrap_or(0))
        };
        state.partitions.iter().map(behind).sum()
    }

    fn consumer_state(&self) -> std::sync::MutexGuard<'_, ConsumerState> {
        self.consumer_state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a consumer without a group is set to.
fn configure(client: &mut ClientConfig) {
    // Never joined: the client only asks that there is one.
    client
        .set("group.id", "nashra-input")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false");
    client
        .set("isolation.level", "read_committed")
        .set("auto.offset.reset", "error")
        .set("allow.auto.create.topics", "false");
    client
        .set("enable.partition.eof", "false")
        .set("statistics.interval.ms", "2000")
        .set("topic.metadata.refresh.interval.ms", "5000");
    // A partition's share of an answer is unpacked as a whole, and 60 kB may be a document of 20
    // MB.
    client.set("fetch.message.max.bytes", "65536").set("queued.max.messages.kbytes", "16384");
    // For the words about the topic's id.
    let debug =
        client.get("debug").map_or_else(|| "topic".to_owned(), |debug| format!("{debug},topic"));
    client.set("debug", debug).set_log_level(RDKafkaLogLevel::Debug);
}

/// Why the cluster names no partition of a topic.
fn no_partitions(error: Option<RDKafkaErrorCode>, cluster: String) -> TopicError {
    match error {
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
            TopicError::NoTopic { cluster }
        }
        other => kafka("asking for the topic")(KafkaError::MetadataFetch(
            other.unwrap_or(RDKafkaErrorCode::LeaderNotAvailable),
        )),
    }
}

fn kafka(doing: &'static str) -> impl Fn(KafkaError) -> TopicError {
    move |error| TopicError::Kafka { doing, error }
}

fn raw(message: &BorrowedMessage<'_>) -> RawMessage {
    let known = message.headers().into_iter().flat_map(|all| all.iter()).filter_map(|header| {
        let name = header.key.to_ascii_lowercase();
        let value = header.value.filter(|_| HEADERS.contains(&name.as_str()))?;
        Some((name, value.to_vec()))
    });
    RawMessage { value: message.payload().map(<[u8]>::to_vec), headers: known.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_id_of_this_topic_after_a_known_one_is_one_made_anew() {
        let says = |words: &str| is_remade("news", &format!("[thrd:main]: Topic {words}"));
        assert!(says("news changed id from 7zD1ZJsdSnWkyUJVzcJ6nQ to bM2kd7jHQ0iX3cKzOhVbdA"));
        assert!(!says("news changed id from AAAAAAAAAAAAAAAAAAAAAA to bM2kd7jHQ0iX3cKzOhVbdA"));
        assert!(!says("newsroom changed id from 7zD1ZJsdSnWkyUJVzcJ6nQ to bM2kd7jHQ0iX3cKzOhVbdA"));
        assert!(!says("news [0] was updated"));
    }
}

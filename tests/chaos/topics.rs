//! The topics as a `read_committed` consumer sees them, from their beginning on.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
    message::{BorrowedMessage, Headers},
};
use serde_json::Value;

use crate::watch::Watch;

/// What of a record the ledger goes by.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) key: String,
    pub(crate) partition: i32,
    /// Epoch and number, from the header.
    pub(crate) seq: (u64, u64),
    pub(crate) bytes: usize,
    pub(crate) id: String,
    pub(crate) revision: u64,
    pub(crate) url: String,
    pub(crate) source: String,
    /// The edition that the text shows at its beginning and at its end; 0 where it shows none.
    pub(crate) edition: u32,
    pub(crate) last: u32,
    /// Whether it says that its article was withdrawn.
    pub(crate) withdrawn: bool,
    /// Whether it has a key and no value.
    pub(crate) is_tombstone: bool,
    /// The story of an article, or the one that a story was merged into.
    pub(crate) story: String,
    /// Of a dead letter: why.
    pub(crate) reason: String,
}

impl Record {
    fn new(message: &BorrowedMessage<'_>) -> Self {
        let value: Value =
            serde_json::from_slice(message.payload().unwrap_or_default()).unwrap_or_default();
        let number = message
            .headers()
            .and_then(|all| all.iter().find(|header| header.key == "nashra-seq"))
            .and_then(|header| String::from_utf8(header.value?.to_vec()).ok());
        let number = number.unwrap_or_default();
        let mut parts = number.rsplit('/').filter_map(|part| part.parse().ok());
        let (seq, epoch) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        Self {
            key: String::from_utf8_lossy(message.key().unwrap_or_default()).into_owned(),
            partition: message.partition(),
            seq: (epoch, seq),
            bytes: message.payload_len(),
            is_tombstone: message.payload().is_none(),
            ..Self::of_value(&value)
        }
    }

    /// One that came another way.
    pub(crate) fn of_value(value: &Value) -> Self {
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let text = value["text"].as_str().unwrap_or_default();
        Self {
            key: String::new(),
            partition: 0,
            seq: (0, 0),
            bytes: 0,
            id: word(&value["id"]),
            revision: value["revision"].as_u64().unwrap_or(0),
            url: word(&value["url"]),
            source: word(&value["source"]["id"]),
            edition: marked(text, "EDITION-"),
            last: marked(text, "LAST-"),
            withdrawn: value["change"] == "withdrawn",
            is_tombstone: false,
            story: word(value["story"].get("id").unwrap_or(&value["merged_into"])),
            reason: format!("{}: {}", word(&value["reason"]), word(&value["error"])),
        }
    }
}

fn marked(text: &str, mark: &str) -> u32 {
    text.split(mark)
        .nth(1)
        .and_then(|part| part.split("-END").next())
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

fn consumer(bootstrap: &str) -> BaseConsumer {
    let mut client = ClientConfig::new();
    client
        .set("bootstrap.servers", bootstrap)
        .set("group.id", "chaos-ledger")
        .set("enable.auto.commit", "false");
    client
        .set("isolation.level", "read_committed")
        .set("enable.partition.eof", "true")
        .set("log_level", "0");
    client.set("reconnect.backoff.max.ms", "1000").set("allow.auto.create.topics", "false");
    client.create().unwrap()
}

/// All partitions of a topic, from their beginning; how many there are, `None` while there is no
/// such topic.
fn assign(consumer: &BaseConsumer, topics: &[&str]) -> Option<usize> {
    let mut list = TopicPartitionList::new();
    for topic in topics {
        let metadata = consumer.fetch_metadata(Some(topic), Duration::from_secs(20)).ok()?;
        let partitions = metadata.topics().first()?.partitions();
        if partitions.is_empty() {
            return None;
        }
        for partition in partitions {
            list.add_partition_offset(topic, partition.id(), Offset::Beginning).ok()?;
        }
    }
    consumer.assign(&list).ok()?;
    Some(list.count())
}

/// All records of a topic, up to where each partition ends now.
pub(crate) fn read(bootstrap: &str, topic: &str) -> Vec<Record> {
    let consumer = consumer(bootstrap);
    let partitions = assign(&consumer, &[topic]).expect("the topic is there");
    let mut records = Vec::new();
    let mut ended = HashSet::new();
    let end = Instant::now() + Duration::from_mins(5);
    while ended.len() < partitions {
        assert!(Instant::now() < end, "{topic} could not be read to its end");
        match consumer.poll(Duration::from_millis(500)) {
            Some(Ok(message)) => records.push(Record::new(&message)),
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                ended.insert(partition);
            }
            _ => {}
        }
    }
    records
}

/// What has arrived so far.
#[derive(Debug, Default)]
pub(crate) struct Arrived {
    /// The newest edition of each article, and its id, by address.
    pub(crate) articles: HashMap<String, (u32, String)>,
    /// Addresses of articles whose last record says that they were withdrawn.
    pub(crate) withdrawn: BTreeSet<String>,
    /// Addresses of dead letters.
    pub(crate) dead: BTreeSet<String>,
    /// The largest number.
    pub(crate) seq: (u64, u64),
    pub(crate) records: u64,
}

/// A consumer that goes on as long as the run does.
#[derive(Debug)]
pub(crate) struct Tail {
    arrived: Arc<Mutex<Arrived>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Tail {
    pub(crate) fn start(bootstrap: &str, watch: &Arc<Watch>) -> Self {
        let (arrived, stop) =
            (Arc::new(Mutex::new(Arrived::default())), Arc::new(AtomicBool::new(false)));
        let (bootstrap, watch) = (bootstrap.to_owned(), Arc::clone(watch));
        let (into, until) = (Arc::clone(&arrived), Arc::clone(&stop));
        let thread = std::thread::spawn(move || follow(&bootstrap, &watch, &into, &until));
        Self { arrived, stop, thread: Some(thread) }
    }

    pub(crate) fn look<T>(&self, at: impl FnOnce(&Arrived) -> T) -> T {
        at(&self.arrived.lock().unwrap())
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn follow(bootstrap: &str, watch: &Watch, arrived: &Mutex<Arrived>, stop: &AtomicBool) {
    let consumer = consumer(bootstrap);
    let mut assigned = false;
    while !stop.load(Ordering::Relaxed) {
        if !assigned {
            // nashra makes the topics.
            assigned = assign(&consumer, &["chaos.articles", "chaos.alone", "chaos.deadletters"])
                .is_some();
            std::thread::sleep(Duration::from_millis(100));
            continue;
        }
        let Some(Ok(message)) = consumer.poll(Duration::from_millis(200)) else { continue };
        let record = Record::new(&message);
        let age = chrono::Utc::now().timestamp_millis()
            - message.timestamp().to_millis().unwrap_or_default();
        let mut arrived = arrived.lock().unwrap();
        arrived.records += 1;
        arrived.seq = arrived.seq.max(record.seq);
        if message.topic() == "chaos.deadletters" {
            arrived.dead.insert(record.url);
            continue;
        }
        watch.arrived(
            &record.url,
            record.edition,
            Duration::from_millis(age.try_into().unwrap_or(0)),
        );
        if record.withdrawn {
            arrived.withdrawn.insert(record.url.clone());
        } else {
            arrived.withdrawn.remove(&record.url);
        }
        let held = arrived.articles.entry(record.url).or_default();
        *held = (held.0.max(record.edition), record.id);
    }
}

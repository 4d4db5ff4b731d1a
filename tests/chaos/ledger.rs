//! Holds what a `read_committed` consumer sees against the truth.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    message::Headers,
};
use serde::Serialize;
use serde_json::Value;

/// One record as a consumer sees it.
#[derive(Debug)]
struct Record {
    key: String,
    partition: i32,
    value: Value,
    /// Epoch and number, from the header.
    seq: (u64, u64),
}

/// What the audit found; everything but `records` and `revisions` must be 0.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Found {
    records: usize,
    revisions: usize,
    lost: usize,
    stale: usize,
    twice: usize,
    minted_twice: usize,
    order: usize,
    wrong_revision: usize,
    unknown: usize,
    dead_letters: usize,
    examples: Vec<String>,
}

impl Found {
    pub(crate) fn clean(&self) -> bool {
        self.lost + self.stale + self.twice + self.minted_twice + self.order + self.wrong_revision + self.unknown + self.dead_letters == 0
            && self.records > 0
    }

    fn example(&mut self, text: String) {
        if self.examples.len() < 20 {
            self.examples.push(text);
        }
    }
}

/// Articles whose last version the topic does not hold yet.
pub(crate) fn missing(bootstrap: &str, truth: &BTreeMap<String, u32>) -> usize {
    let mut held: HashMap<String, u32> = HashMap::new();
    for record in read(bootstrap, "chaos.articles").unwrap_or_default() {
        let url = record.value["url"].as_str().unwrap_or_default().to_owned();
        let edition = edition(&record.value);
        let best = held.entry(url).or_default();
        *best = (*best).max(edition);
    }
    truth.iter().filter(|(url, version)| held.get(*url) != Some(version)).count()
}

/// The whole ledger.
pub(crate) fn audit(bootstrap: &str, truth: &BTreeMap<String, u32>) -> Found {
    let records = read(bootstrap, "chaos.articles").expect("the topic is read");
    let mut found = Found {
        records: records.len(),
        dead_letters: read(bootstrap, "chaos.deadletters").expect("the topic is read").len(),
        ..Found::default()
    };
    let mut events = HashSet::new();
    let mut numbers = HashSet::new();
    let mut ids: HashMap<String, String> = HashMap::new();
    // Per key, in the order of its partition: the last revision and edition.
    let mut last: HashMap<String, (u64, u32)> = HashMap::new();
    let mut reached: HashMap<i32, (u64, u64)> = HashMap::new();
    for record in &records {
        let value = &record.value;
        let (id, url) = (value["id"].as_str().unwrap_or_default(), value["url"].as_str().unwrap_or_default());
        let (revision, edition) = (value["revision"].as_u64().unwrap_or(0), edition(value));
        found.revisions += usize::from(revision > 1);
        if !events.insert((id.to_owned(), revision)) || !numbers.insert(record.seq) {
            found.twice += 1;
            found.example(format!("twice: {id}/{revision} number {:?}", record.seq));
        }
        if ids.entry(url.to_owned()).or_insert_with(|| id.to_owned()) != id {
            found.minted_twice += 1;
            found.example(format!("minted twice: {url}"));
        }
        if truth.get(url).is_none_or(|version| edition == 0 || edition > *version) {
            found.unknown += 1;
            found.example(format!("unknown: {url} edition {edition}"));
        }
        let (before, shown) = last.insert(id.to_owned(), (revision, edition)).unwrap_or_default();
        if revision != before + 1 || record.key != id {
            found.order += 1;
            found.example(format!("order: {id} {before} then {revision}"));
        }
        if edition <= shown {
            found.wrong_revision += 1;
            found.example(format!("wrong revision: {id}/{revision} shows edition {edition} after {shown}"));
        }
        if reached.insert(record.partition, record.seq).is_some_and(|before| before >= record.seq) {
            found.order += 1;
            found.example(format!("order: number {:?} in partition {}", record.seq, record.partition));
        }
    }
    for (url, version) in truth {
        match ids.get(url).and_then(|id| last.get(id)) {
            None => {
                found.lost += 1;
                found.example(format!("lost: {url}"));
            }
            Some((_, edition)) if edition != version => {
                found.stale += 1;
                found.example(format!("stale: {url} has edition {edition} of {version}"));
            }
            Some(_) => {}
        }
    }
    found
}

/// The edition that a record's text shows; 0 where it shows none.
fn edition(value: &Value) -> u32 {
    let text = value["text"].as_str().unwrap_or_default();
    text.split("EDITION-").nth(1).and_then(|it| it.split("-END").next()).and_then(|it| it.parse().ok()).unwrap_or(0)
}

fn read(bootstrap: &str, topic: &str) -> Option<Vec<Record>> {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", bootstrap).set("group.id", "chaos-ledger").set("enable.auto.commit", "false");
    client.set("isolation.level", "read_committed").set("enable.partition.eof", "true").set("log_level", "0");
    let consumer: BaseConsumer = client.create().ok()?;
    let metadata = consumer.fetch_metadata(Some(topic), Duration::from_secs(20)).ok()?;
    let partitions: Vec<i32> = metadata.topics().first()?.partitions().iter().map(rdkafka::metadata::MetadataPartition::id).collect();
    let mut list = TopicPartitionList::new();
    for partition in &partitions {
        list.add_partition_offset(topic, *partition, Offset::Beginning).ok()?;
    }
    consumer.assign(&list).ok()?;
    let mut records = Vec::new();
    let mut ended = HashSet::new();
    let end = Instant::now() + Duration::from_mins(1);
    while ended.len() < partitions.len() {
        if Instant::now() > end {
            return None;
        }
        match consumer.poll(Duration::from_millis(500)) {
            Some(Ok(message)) => {
                let number = message
                    .headers()
                    .and_then(|all| all.iter().find(|it| it.key == "nashra-seq"))
                    .and_then(|it| String::from_utf8(it.value?.to_vec()).ok());
                let number = number.unwrap_or_default();
                let mut parts = number.rsplit('/').filter_map(|it| it.parse().ok());
                let (seq, epoch) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
                records.push(Record {
                    key: String::from_utf8_lossy(message.key().unwrap_or_default()).into_owned(),
                    partition: message.partition(),
                    value: serde_json::from_slice(message.payload().unwrap_or_default()).unwrap_or_default(),
                    seq: (epoch, seq),
                });
            }
            Some(Err(rdkafka::error::KafkaError::PartitionEOF(partition))) => {
                ended.insert(partition);
            }
            _ => {}
        }
    }
    Some(records)
}

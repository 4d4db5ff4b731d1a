//! A topic, and a daemon that reads it.

use std::{collections::BTreeSet, fs, time::Duration};

use rdkafka::{
    admin::{AdminOptions, NewTopic, TopicReplication},
    message::{Header, OwnedHeaders},
    producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer},
};
use tempfile::tempdir;

use super::page;
use crate::{
    kafka::{admin, block_on, broker},
    support::{Nashra, command, lines, until},
};

pub(super) const SOON: Duration = Duration::from_secs(20);

/// A topic of its own, and a folder for a daemon that reads it.
pub(super) struct World {
    pub(super) dir: tempfile::TempDir,
    pub(super) brokers: String,
    pub(super) topic: String,
    pub(super) producer: ThreadedProducer<DefaultProducerContext>,
}

impl World {
    pub(super) fn new(test: &str) -> Option<Self> {
        Some(Self::at(&broker(test)?, &format!("{test}-{}", uuid::Uuid::new_v4().simple())))
    }

    /// The line of a metric of this topic.
    pub(super) fn series(&self, name: &str, label: &str, value: &str) -> String {
        let comma = if label.is_empty() { "" } else { "," };
        format!("{name}{{topic=\"{}\"{comma}{label}}} {value}", self.topic)
    }

    pub(super) fn at(brokers: &str, topic: &str) -> Self {
        let producer =
            rdkafka::ClientConfig::new().set("bootstrap.servers", brokers).create().unwrap();
        Self {
            dir: tempdir().unwrap(),
            brokers: brokers.to_owned(),
            topic: topic.to_owned(),
            producer,
        }
    }

    /// Makes the topic; a broker that still deletes one of this name says so. One that is busy
    /// takes messages for the one before for a moment, after it was deleted and made anew.
    pub(super) fn make(&self, partitions: i32) {
        until("the topic is made", || {
            let new = NewTopic::new(&self.topic, partitions, TopicReplication::Fixed(1));
            let made = block_on(admin(&self.brokers).create_topics(&[new], &options())).unwrap();
            made[0].is_ok().then_some(())
        });
        let is_empty = |partition| {
            self.producer
                .client()
                .fetch_watermarks(&self.topic, partition, SOON)
                .is_ok_and(|fetch_watermark| fetch_watermark == (0, 0))
        };
        until("the topic is empty", || (0..partitions).all(is_empty).then_some(()));
    }

    pub(super) fn delete(&self) {
        block_on(admin(&self.brokers).delete_topics(&[&self.topic], &options()))
            .unwrap()
            .remove(0)
            .unwrap();
    }

    pub(super) fn send(&self, partition: i32, value: Option<&[u8]>, headers: &[(&str, &str)]) {
        let headers = headers.iter().fold(OwnedHeaders::new(), |all, (key, value)| {
            all.insert(Header { key, value: Some(*value) })
        });
        let mut record = BaseRecord::to(&self.topic).partition(partition).key("k").headers(headers);
        record.payload = value;
        self.producer.send(record).map_err(|(error, _)| error).unwrap();
        self.producer.flush(SOON).unwrap();
    }

    /// Pages of these titles, in one partition.
    pub(super) fn pages(&self, partition: i32, titles: &[&str]) {
        for title in titles {
            self.send(partition, Some(page(title).to_string().as_bytes()), &[]);
        }
    }

    pub(super) fn run(&self, settings: &str) -> Nashra {
        self.run_into(settings, &["--sink", "file"])
    }

    pub(super) fn run_into(&self, settings: &str, sink: &[&str]) -> Nashra {
        let list = format!(
            "[[source]]\nid = \"handed\"\nkind = \"kafka\"\ntopic = \"{}\"\n{settings}\n",
            self.topic
        );
        fs::write(self.dir.path().join("list.toml"), list).unwrap();
        Nashra::with_sources(
            self.dir.path(),
            "list.toml",
            &[&["--brokers", &self.brokers], sink].concat(),
        )
    }

    pub(super) fn titles(&self) -> Vec<String> {
        lines(self.dir.path())
            .iter()
            .filter_map(|line| line["title"].as_str().map(str::to_owned))
            .collect()
    }

    pub(super) fn wait_for(&self, titles: &[&str]) {
        let wanted: BTreeSet<&str> = titles.iter().copied().collect();
        until(&format!("{titles:?} are there"), || {
            let there = self.titles();
            wanted.iter().all(|title| there.iter().any(|there| there == title)).then_some(())
        });
    }

    pub(super) fn explained(&self) -> String {
        command(self.dir.path(), &["explain", "handed", "--data-dir", "data"]).1
    }
}

pub(super) fn options() -> AdminOptions {
    AdminOptions::new().operation_timeout(Some(SOON)).request_timeout(Some(SOON))
}

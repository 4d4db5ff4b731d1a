//! Whether the topics are those that were published to: their partitions, and how far each was
//! written. Pure.
//!
//! A topic that was deleted and made anew has lost what it held, and a topic with added partitions
//! may have records of one key in two of them. Neither stops publishing, but both are shown until
//! an operator has confirmed them. What must stay true: offsets of a partition only grow, so where
//! a record gets a lower offset than an earlier one, the topic is another one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    stages::publish::sink::{SinkEvent, SinkReport},
    store::SinkMemory,
};

/// Where a delivery ended in one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PartitionEnd {
    /// The topic's whole name.
    pub(super) topic: String,
    /// The partition's number.
    pub(super) partition: i32,
    /// The offset of the delivery's last record.
    pub(super) offset: i64,
}

/// A topic as the cluster describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TopicDescription {
    /// The topic's whole name.
    pub(super) topic: String,
    /// How many partitions it has; 0 where the cluster does not say.
    pub(super) partitions: usize,
    /// Whether it is missing, so that nashra makes it now.
    pub(super) made: bool,
}

/// A topic as it was last seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct TopicMemory {
    /// How many partitions it has; 0 where that is not known.
    partitions: usize,
    /// For each partition the offset of our last record.
    ends: BTreeMap<i32, i64>,
}

/// The topics of records as they were last seen, by their whole names, and what happened to them
/// since [`TopicChanges::notes`] was last called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TopicChanges {
    known: BTreeMap<String, TopicMemory>,
    happened: Vec<SinkEvent>,
}

impl TopicChanges {
    /// From what was remembered.
    pub(super) fn remembered(memory: &SinkMemory) -> Self {
        let known = memory.iter().filter_map(|(topic, known)| {
            Some((topic.clone(), TopicMemory::deserialize(known).ok()?))
        });
        Self { known: known.collect(), happened: Vec::new() }
    }

    /// What the store is to remember, and what happened since the last call.
    pub(super) fn notes(&mut self) -> SinkReport {
        let known = self.known.iter().map(|(topic, known)| {
            (topic.clone(), serde_json::to_value(known).unwrap_or(Value::Null))
        });
        SinkReport { memory: Some(known.collect()), happened: std::mem::take(&mut self.happened) }
    }

    /// The offset of our last record in a partition.
    pub(super) fn end(&self, topic: &str, partition: i32) -> Option<i64> {
        self.known.get(topic)?.ends.get(&partition).copied()
    }

    /// Notes what the cluster says of the topics.
    pub(super) fn described(&mut self, topics: &[TopicDescription]) {
        for TopicDescription { topic, partitions, made } in topics {
            let known = self.known.entry(topic.clone()).or_default();
            if *made && !known.ends.is_empty() {
                self.note_made_anew(topic);
            }
            if *partitions > 0 {
                self.note_partitions(topic, *partitions);
            }
        }
    }

    /// Notes where a delivery ended in each partition.
    pub(super) fn delivered(&mut self, records: &[PartitionEnd]) {
        for PartitionEnd { topic, partition, offset } in records {
            let Some(known) = self.known.get(topic) else { continue };
            if known.ends.get(partition).is_some_and(|end| offset <= end) {
                self.note_made_anew(topic);
            }
            let counts = self.known.get(topic).map_or(0, |known| known.partitions);
            if let Some(least) = usize::try_from(*partition)
                .ok()
                .map(|count| count + 1)
                .filter(|count| counts > 0 && *count > counts)
            {
                self.note_partitions(topic, least);
            }
            if let Some(known) = self.known.get_mut(topic) {
                known.ends.insert(*partition, *offset);
            }
        }
    }

    /// Notes the number of partitions that a topic has now.
    fn note_partitions(&mut self, topic: &str, count: usize) {
        let Some(known) = self.known.get_mut(topic) else { return };
        let before = std::mem::replace(&mut known.partitions, count);
        if before == 0 || before == count {
            return;
        }
        // Partitions are never taken away from a topic.
        if count < before {
            return self.note_made_anew(topic);
        }
        if known.ends.is_empty() {
            return;
        }
        let what = format!(
            "has {count} partitions where it had {before}: later records of a key may be in another partition than earlier ones"
        );
        self.happened.push(SinkEvent { part: topic.to_owned(), what });
    }

    /// Notes that a topic was deleted and made anew.
    fn note_made_anew(&mut self, topic: &str) {
        if let Some(known) = self.known.get_mut(topic) {
            // What is known of the new one begins here.
            *known = TopicMemory::default();
        }
        let what = "was deleted and made anew: what it held before is gone".to_owned();
        self.happened.push(SinkEvent { part: topic.to_owned(), what });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(topic: &str, partition: i32, offset: i64) -> PartitionEnd {
        PartitionEnd { topic: topic.into(), partition, offset }
    }

    fn is(topic: &str, partitions: usize) -> TopicDescription {
        TopicDescription { topic: topic.into(), partitions, made: false }
    }

    fn made(topic: &str) -> TopicDescription {
        TopicDescription { made: true, ..is(topic, 3) }
    }

    fn topics() -> TopicChanges {
        let mut topics = TopicChanges::default();
        topics.described(&[made("a"), is("d", 3)]);
        topics.described(&[is("a", 3), is("d", 3)]);
        topics.delivered(&[at("a", 0, 4), at("a", 2, 9)]);
        let notes = topics.notes();
        assert_eq!(notes.happened, []);
        // As after a restart.
        TopicChanges::remembered(&notes.memory.unwrap())
    }

    fn said(topics: &TopicChanges, what: &str) -> bool {
        !topics.happened.is_empty()
            && topics
                .happened
                .iter()
                .all(|happened| format!("{} {}", happened.part, happened.what).contains(what))
    }

    #[test]
    fn offsets_that_grow_and_a_topic_that_nothing_was_written_to_are_nothing_to_tell() {
        let mut topics = topics();
        topics.delivered(&[at("a", 0, 5), at("a", 1, 0), at("positions", 0, 1)]);
        topics.described(&[is("a", 3), made("d")]);
        assert_eq!(topics.happened, []);
    }

    #[test]
    fn a_topic_that_was_made_anew_is_known_by_its_absence_by_an_offset_that_goes_back_and_by_fewer_partitions()
     {
        let mut missing = topics();
        missing.described(&[made("a")]);
        assert!(said(&missing, "a was deleted and made anew"));
        let mut back = topics();
        back.delivered(&[at("a", 2, 0)]);
        back.delivered(&[at("a", 2, 1), at("a", 0, 0)]);
        assert!(said(&back, "a was deleted and made anew"));
        let mut fewer = topics();
        fewer.described(&[is("a", 2)]);
        assert!(said(&fewer, "a was deleted and made anew"));
    }

    #[test]
    fn partitions_that_were_added_are_told_once_by_the_cluster_or_by_where_a_record_lands() {
        let mut described_so = topics();
        described_so.described(&[is("a", 6)]);
        described_so.described(&[is("a", 6)]);
        assert!(said(&described_so, "a has 6 partitions where it had 3"));
        assert_eq!(described_so.happened.len(), 1);
        let mut landed_there = topics();
        landed_there.delivered(&[at("a", 3, 0)]);
        assert!(said(&landed_there, "a has 4 partitions where it had 3"));
    }

    #[test]
    fn what_the_store_remembers_is_read_in_the_form_that_it_was_always_written_in() {
        let memory = serde_json::json!({"articles": {"partitions": 6, "ends": {"0": 41, "5": 7}}});
        let mut topics = TopicChanges::remembered(memory.as_object().unwrap());
        assert_eq!((topics.end("articles", 5), topics.end("articles", 1)), (Some(7), None));
        assert_eq!(Value::Object(topics.notes().memory.unwrap()), memory);
    }
}

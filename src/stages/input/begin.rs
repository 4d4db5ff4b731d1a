//! Where reading begins. Pure: what was read before and what the cluster holds now, in; offsets,
//! and what has to be said, out.
//!
//! An offset means something only within one history of one topic. A topic that was made anew, a
//! cluster that was exchanged and messages that went before they were read all look like ordinary
//! topics: each is told here by what is remembered of the history before.

use std::collections::BTreeMap;

use crate::{
    config::{StartAt, sources::TopicSource},
    store::{PartitionProgress, TopicState},
};

/// What the cluster holds: for each partition its oldest offset and the one after its newest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TopicWatermarks {
    pub(super) cluster: String,
    pub(super) partitions: BTreeMap<i32, (i64, i64)>,
}

/// Reading does not go on where it ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Reset {
    /// Another cluster answers: its offsets are others.
    #[error(
        "this is cluster {found}, the topic was read in cluster {known}; it is read as one that was never read"
    )]
    OtherCluster { known: String, found: String },
    /// Messages went before they were read.
    #[error("partition {partition} begins at offset {low}, next was {next}: {} messages were gone before they were read", low - next)]
    Expired { partition: i32, next: i64, low: i64 },
    /// The partition ends before what was read.
    #[error(
        "partition {partition} ends at offset {high}, next was {next}: the topic was made anew or cut; it is read from its beginning, what was published before is not published again"
    )]
    Shorter { partition: i32, next: i64, high: i64 },
    /// Another message has the offset of the last one that was read.
    #[error(
        "partition {partition} has another message at offset {offset}: the topic was made anew; it is read from its beginning, what was published before is not published again"
    )]
    OtherMessage { partition: i32, offset: i64 },
}

impl Reset {
    /// The reason as a metric names it.
    pub(super) fn label(&self) -> &'static str {
        match self {
            Self::OtherCluster { .. } => "other_cluster",
            Self::Expired { .. } => "expired",
            Self::Shorter { .. } => "shorter",
            Self::OtherMessage { .. } => "other_message",
        }
    }

    /// Messages that nobody can read any more.
    pub(super) fn lost(&self) -> u64 {
        match self {
            Self::Expired { next, low, .. } => u64::try_from(low - next).unwrap_or(0),
            _ => 0,
        }
    }
}

/// Where to go on. A topic that is read for the first time begins where its source says; a
/// partition that was added later is new as a whole, wherever the topic began.
pub(super) fn begin(
    known: Option<TopicState>,
    watermarks: &TopicWatermarks,
    source: &TopicSource,
) -> (TopicState, Vec<Reset>) {
    let mut resets = Vec::new();
    // A source that now names another topic begins anew without ado: that is what its list says.
    let known = known.filter(|known| known.topic == source.topic.as_str());
    let mut state = known
        .unwrap_or_else(|| TopicState { topic: source.topic.to_string(), ..TopicState::default() });
    let mut first_time = state.cluster.is_empty();
    if !first_time && state.cluster != watermarks.cluster {
        resets.push(Reset::OtherCluster {
            known: state.cluster.clone(),
            found: watermarks.cluster.clone(),
        });
        state.partitions.clear();
        first_time = true;
    }
    state.id = source.id.to_string();
    state.cluster.clone_from(&watermarks.cluster);
    for (&partition, &(low, high)) in &watermarks.partitions {
        let from = if first_time && source.from == StartAt::End { high } else { low };
        let progress = state
            .partitions
            .entry(partition)
            .or_insert(PartitionProgress { next: from, last: None });
        let next = progress.next;
        if next < low {
            resets.push(Reset::Expired { partition, next, low });
            *progress = PartitionProgress { next: low, last: None };
        } else if next > high {
            resets.push(Reset::Shorter { partition, next, high });
            *progress = PartitionProgress { next: low, last: None };
        }
    }
    (state, resets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{Place, sources::SourceId},
        store::MessageMark,
    };

    fn source(from: StartAt) -> TopicSource {
        TopicSource {
            id: SourceId::from_url(&"https://news.example/".parse().unwrap()),
            name: None,
            topic: "t".parse().unwrap(),
            brokers: vec![],
            from,
            tags: vec![],
            pages: None,
            robots: None,
            allow_addresses: [].into(),
            place: Place::whole("l"),
        }
    }

    fn watermarks(partitions: &[(i32, i64, i64)]) -> TopicWatermarks {
        TopicWatermarks {
            cluster: "c".into(),
            partitions: partitions.iter().map(|&(id, low, high)| (id, (low, high))).collect(),
        }
    }

    fn known(next: i64) -> TopicState {
        let last = Some(MessageMark { offset: next - 1, digest: [0; 8] });
        let partitions = [(0, PartitionProgress { next, last })].into();
        TopicState { topic: "t".into(), cluster: "c".into(), partitions, ..TopicState::default() }
    }

    fn next(state: &TopicState) -> Vec<i64> {
        state.partitions.values().map(|partition| partition.next).collect()
    }

    #[test]
    fn a_new_topic_begins_where_its_source_says() {
        let watermarks = watermarks(&[(0, 3, 9), (1, 0, 0)]);
        assert_eq!(next(&begin(None, &watermarks, &source(StartAt::Beginning)).0), [3, 0]);
        assert_eq!(next(&begin(None, &watermarks, &source(StartAt::End)).0), [9, 0]);
    }

    #[test]
    fn a_known_topic_goes_on_and_a_partition_that_was_added_begins_at_its_beginning() {
        let (state, resets) =
            begin(Some(known(5)), &watermarks(&[(0, 3, 9), (1, 2, 7)]), &source(StartAt::End));
        assert_eq!((next(&state), resets), (vec![5, 2], vec![]));
        assert!(state.partitions[&0].last.is_some());
    }

    #[test]
    fn what_went_before_it_was_read_is_counted() {
        let (state, resets) =
            begin(Some(known(5)), &watermarks(&[(0, 8, 9)]), &source(StartAt::Beginning));
        assert_eq!((next(&state), resets[0].label(), resets[0].lost()), (vec![8], "expired", 3));
    }

    #[test]
    fn a_topic_that_is_shorter_than_what_was_read_is_read_from_its_beginning() {
        let (state, resets) =
            begin(Some(known(50)), &watermarks(&[(0, 0, 9)]), &source(StartAt::End));
        assert_eq!((next(&state), resets[0].label()), (vec![0], "shorter"));
    }

    #[test]
    fn another_cluster_is_read_as_one_that_was_never_read_and_another_topic_without_ado() {
        let elsewhere = TopicState { cluster: "d".into(), ..known(5) };
        let (state, resets) =
            begin(Some(elsewhere), &watermarks(&[(0, 0, 9)]), &source(StartAt::End));
        assert_eq!((next(&state), resets[0].label()), (vec![9], "other_cluster"));
        let other = TopicState { topic: "u".into(), ..known(50) };
        assert_eq!(
            begin(Some(other), &watermarks(&[(0, 0, 9)]), &source(StartAt::Beginning)).1,
            []
        );
    }
}

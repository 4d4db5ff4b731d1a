//! The position that a sink holds, and whether it belongs to the history of this store. Pure.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::sink::SinkHoldings;
use crate::store::{Epoch, Reached, StoreId, Tail};

/// How far a store's outbox has reached its topics. A sink with transactions keeps it, as JSON, in
/// the transaction of the records that reach it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The store that it belongs to; the sink keeps that as the key.
    #[serde(skip)]
    pub store: StoreId,
    /// The epoch of that store.
    pub epoch: Epoch,
    /// The last record that the topics hold.
    pub seq: u64,
    /// The chain of the outbox at that record.
    #[serde(default)]
    pub chain: [u8; 16],
    /// The name of the sink that it was written to.
    #[serde(rename = "cluster_id")]
    pub sink_id: Option<String>,
    /// The process that wrote it; `None` from one of an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writer: Option<WriterId>,
}

/// A process that publishes. It tells this process from another one that runs on a copy of
/// `data_dir`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriterId {
    /// A random id, made when the process starts.
    pub run: Uuid,
    /// The machine's name, where the process knows it.
    pub host: Option<String>,
    /// The process's id on that machine.
    pub process: u32,
    /// When it started.
    pub since: DateTime<Utc>,
}

impl WriterId {
    /// The identity of this process, which began at `now`.
    #[must_use]
    pub fn this(now: DateTime<Utc>) -> Self {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname")
            .ok()
            .map(|name| name.trim().to_owned());
        Self {
            run: Uuid::new_v4(),
            host: host.filter(|host| !host.is_empty()),
            process: std::process::id(),
            since: now,
        }
    }
}

impl std::fmt::Display for WriterId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let since = self.since.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        write!(
            f,
            "process {} on {}, running since {since}",
            self.process,
            self.host.as_deref().unwrap_or("an unknown machine")
        )
    }
}

/// Why publishing stopped: `data_dir` and the topics do not belong to one history.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Halt {
    /// The topics hold records with higher numbers than the outbox has.
    #[error(
        "the topics hold record {held}, the outbox ends at {end}: data_dir was restored from an older copy; `nashra state adopt` goes on from here"
    )]
    Ahead {
        /// The number of the last record that the topics hold.
        held: u64,
        /// The number of the outbox's last record.
        end: u64,
    },
    /// The topics lack records that were acknowledged and trimmed from the outbox.
    #[error(
        "the topics hold record {held}, the outbox begins after {begin}: the topics are older than data_dir; `nashra state adopt` goes on from here"
    )]
    Behind {
        /// The number of the last record that the topics hold.
        held: u64,
        /// The number of the last record that was trimmed.
        begin: u64,
    },
    /// The record with this number is another one in the topics than in the outbox.
    #[error(
        "record {held} in the topics is not the record {held} of this outbox: data_dir was restored and has moved on; `nashra state adopt` goes on from here"
    )]
    OtherHistory {
        /// The number of the last record that the topics hold.
        held: u64,
    },
    /// The topics and the store are in different epochs.
    #[error(
        "the topics are in epoch {held}, data_dir is in epoch {ours}: data_dir was restored from before an adoption; `nashra state adopt` goes on from here"
    )]
    OtherEpoch {
        /// The epoch that the topics are in.
        held: Epoch,
        /// The epoch that the store is in.
        ours: Epoch,
    },
    /// The topics have no position of this store, although records were published.
    #[error(
        "the positions topic has no position of this store, although {acked} records were published: the topic was deleted or is another; `nashra state adopt` goes on from here"
    )]
    Missing {
        /// The number of the last record that was acknowledged.
        acked: u64,
    },
    /// The sink that answers is not the one that records were published to.
    #[error(
        "this is cluster {found}, records were published to cluster {ours}; `nashra state adopt` goes on with this one"
    )]
    OtherSink {
        /// The name of the one that answers.
        found: String,
        /// The name of the one that was published to.
        ours: String,
    },
    /// Another process publishes as this store.
    #[error(
        "another nashra publishes with this store's id ({}): two processes run on copies of one data_dir; stop one of them for good, and start this one again only if it is the one that stays",
        .writer.as_ref().map_or_else(|| "of a version that does not name itself".to_owned(), ToString::to_string)
    )]
    Another {
        /// The other process, where it names itself.
        writer: Option<WriterId>,
    },
    /// The sink's set-up does not allow exactly-once delivery, for this reason.
    #[error("{0}")]
    Setup(String),
    /// The schema registry does not take the schema of records, for this reason.
    #[error("{0}")]
    Schema(String),
}

impl Halt {
    /// Whether the topics hold records that `data_dir` does not know.
    #[must_use]
    pub(super) fn is_older_copy(&self) -> bool {
        matches!(self, Self::Ahead { .. } | Self::OtherHistory { .. } | Self::OtherEpoch { .. })
    }

    /// The reason's name as a metric's label.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Ahead { .. } => "ahead",
            Self::Behind { .. } => "behind",
            Self::OtherHistory { .. } => "other_history",
            Self::OtherEpoch { .. } => "other_epoch",
            Self::Missing { .. } => "missing",
            Self::OtherSink { .. } => "other_cluster",
            Self::Another { .. } => "another",
            Self::Setup(_) => "setup",
            Self::Schema(_) => "schema",
        }
    }
}

/// Where publishing goes on from, or why it stops. `end` is the number of the outbox's last record;
/// `found` is the outbox at the number that the sink holds, where it still has that record.
pub(super) fn judge(
    acked: &Reached,
    end: u64,
    held: &SinkHoldings,
    found: Option<Tail>,
) -> Result<Tail, Halt> {
    // A position of an earlier epoch may name a sink that was left behind.
    let theirs = held
        .position
        .iter()
        .filter(|position| position.epoch >= acked.epoch)
        .filter_map(|reached| reached.sink_id.as_ref());
    for known in acked.sink_id.iter().chain(theirs) {
        if *known != held.sink_id {
            return Err(Halt::OtherSink { found: held.sink_id.clone(), ours: known.clone() });
        }
    }
    let begin = Tail { seq: acked.seq, chain: acked.chain, total: acked.total };
    let Some(position) = &held.position else {
        return if acked.published { Err(Halt::Missing { acked: acked.seq }) } else { Ok(begin) };
    };
    // After an adoption the topics hold a position of the previous epoch, until the first record of
    // the new epoch is published.
    if position.epoch < acked.epoch && !acked.published {
        return Ok(begin);
    }
    if position.epoch != acked.epoch {
        return Err(Halt::OtherEpoch { held: position.epoch, ours: acked.epoch });
    }
    if position.seq > end {
        return Err(Halt::Ahead { held: position.seq, end });
    }
    if position.seq < acked.seq {
        return Err(Halt::Behind { held: position.seq, begin: acked.seq });
    }
    match found {
        Some(tail) if tail.chain == position.chain => Ok(tail),
        _ => Err(Halt::OtherHistory { held: position.seq }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::publish::sink::SinkReport;

    fn acked(seq: u64, published: bool) -> Reached {
        Reached {
            epoch: 2,
            seq,
            chain: [1; 16],
            total: 0,
            sink_id: Some("c".into()),
            published,
            ..Reached::default()
        }
    }

    fn held(epoch: Epoch, seq: u64) -> SinkHoldings {
        let position = Position {
            store: StoreId::nil(),
            epoch,
            seq,
            chain: [1; 16],
            sink_id: Some("c".into()),
            writer: None,
        };
        SinkHoldings {
            sink_id: "c".into(),
            position: Some(position),
            position_at: None,
            settled: true,
            notes: SinkReport::default(),
        }
    }

    fn tail(seq: u64, chain: u8) -> Tail {
        Tail { seq, chain: [chain; 16], total: 0 }
    }

    #[test]
    fn a_position_within_the_outbox_is_gone_on_from() {
        assert_eq!(
            judge(&acked(5, true), 9, &held(2, 7), Some(tail(7, 1))).map(|row| row.seq),
            Ok(7)
        );
    }

    #[test]
    fn a_restored_data_dir_is_told_by_the_end_and_after_it_moved_on_by_the_chain() {
        assert_eq!(
            judge(&acked(5, true), 9, &held(2, 12), None),
            Err(Halt::Ahead { held: 12, end: 9 })
        );
        assert_eq!(
            judge(&acked(5, true), 20, &held(2, 12), Some(tail(12, 9))),
            Err(Halt::OtherHistory { held: 12 })
        );
    }

    #[test]
    fn a_deleted_topic_an_older_topic_and_another_cluster_stop_publishing() {
        let none = SinkHoldings {
            sink_id: "c".into(),
            position: None,
            position_at: None,
            settled: true,
            notes: SinkReport::default(),
        };
        assert_eq!(judge(&acked(5, true), 9, &none, None), Err(Halt::Missing { acked: 5 }));
        assert_eq!(judge(&acked(0, false), 9, &none, None).map(|row| row.seq), Ok(0));
        assert_eq!(
            judge(&acked(5, true), 9, &held(2, 3), None),
            Err(Halt::Behind { held: 3, begin: 5 })
        );
        let other = SinkHoldings { sink_id: "d".into(), ..none };
        assert_eq!(
            judge(&acked(5, true), 9, &other, None).map_err(|error| error.label()),
            Err("other_cluster")
        );
    }

    #[test]
    fn an_adopted_store_accepts_the_epoch_before_until_it_has_published() {
        assert_eq!(judge(&acked(5, false), 9, &held(1, 40), None).map(|row| row.seq), Ok(5));
        assert_eq!(
            judge(&acked(5, true), 9, &held(1, 40), None),
            Err(Halt::OtherEpoch { held: 1, ours: 2 })
        );
    }
}

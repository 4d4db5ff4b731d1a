//! What the store remembers of the sink: up to where it has acknowledged records, and what is known
//! of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// An epoch: a part of the store's history within which each sequence number stands for one record.
pub type Epoch = u64;

/// Up to where the sink has acknowledged records, as the store remembers it. Trimming takes an
/// [`Acked`], which publish makes of this.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    pub(crate) epoch: Epoch,
    pub(crate) seq: u64,
    pub(crate) chain: [u8; 16],
    pub(crate) total: u64,
    /// The name by which the sink is recognised; `None` where it has none, and before the first
    /// record.
    #[serde(rename = "cluster_id")]
    pub(crate) sink_id: Option<String>,
    /// Whether a position of this epoch was ever written.
    pub(crate) published: bool,
    /// Where in the sink the position stands that was last written or read: reading can begin
    /// there.
    #[serde(default)]
    pub(crate) position_at: Option<i64>,
    /// What is known of the sink that records were published to.
    #[serde(default, rename = "topics")]
    pub(crate) notes: SinkNotes,
}

impl Reached {
    /// The number of the last acknowledged record.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The epoch that the number belongs to.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }
}

/// What a sink asks to be reminded of, in a form of its own.
pub type SinkMemory = serde_json::Map<String, serde_json::Value>;

/// What is known of the sink that records were published to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinkNotes {
    /// What the sink asks to be reminded of.
    #[serde(rename = "topics")]
    pub(crate) memory: SinkMemory,
    /// Changes that no operator has confirmed yet.
    pub(crate) changes: Vec<SinkChange>,
}

/// Something that happened to a part of a sink and that consumers may have to know of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinkChange {
    /// The part's name, such as that of a topic.
    #[serde(rename = "topic")]
    pub(crate) part: String,
    /// What happened, as the rest of a sentence that begins with the name.
    pub(crate) what: String,
    /// When it was noticed.
    pub(crate) since: DateTime<Utc>,
}

impl std::fmt::Display for SinkChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} {} (noticed {})",
            self.part,
            self.what,
            self.since.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
        )
    }
}

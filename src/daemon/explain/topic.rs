//! What is known of a Kafka topic that is read.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Facts, date};
use crate::{
    model::source::Pause,
    store::{Store, StoreError},
};

/// A topic that is a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExplainedTopic {
    /// The source's id.
    pub id: String,
    /// The topic's name.
    pub topic: String,
    /// The id of its cluster; empty where none has answered yet.
    pub cluster: String,
    /// Why it cannot be read now.
    pub trouble: Option<String>,
    /// Messages taken so far.
    pub messages: u64,
    /// When the last one was taken.
    pub last_message: Option<DateTime<Utc>>,
    /// Messages that were taken and wait to be read.
    pub waiting: usize,
    /// How often reading could not go on where it had ended.
    pub resets: u64,
    /// The last such event, in words.
    pub last_reset: Option<String>,
    /// The offset of the next message of each partition.
    pub next_offsets: BTreeMap<i32, i64>,
    /// Its pause by command, while that lasts.
    pub pause: Option<Pause>,
}

/// What is known of the topic that is the source with this id.
pub(super) fn find(
    store: &Store,
    id: &str,
    now: DateTime<Utc>,
) -> Result<Option<ExplainedTopic>, StoreError> {
    let Some(state) = store.topics().state(id)? else { return Ok(None) };
    Ok(Some(ExplainedTopic {
        id: state.id,
        topic: state.topic,
        cluster: state.cluster,
        trouble: state.trouble,
        messages: state.messages,
        last_message: state.last_message,
        waiting: store.topics().waiting(id)?.len(),
        resets: state.resets,
        last_reset: state.last_reset,
        next_offsets: state.partitions.into_iter().map(|(id, part)| (id, part.next)).collect(),
        pause: store.topics().pause_at(id, now)?,
    }))
}

impl ExplainedTopic {
    pub(super) fn heading(&self) -> String {
        format!("source {} kafka:{}", self.id, self.topic)
    }

    pub(super) fn facts(&self, out: &mut Facts) {
        let cluster = if self.cluster.is_empty() { "none yet" } else { &self.cluster };
        out.fact("cluster", cluster.to_owned());
        if let Some(trouble) = &self.trouble {
            out.fact("it cannot be read", trouble.clone());
        }
        let (messages, waiting) = (self.messages, self.waiting);
        let last = date(self.last_message);
        out.line(format!(
            "{messages} messages taken, the last one: {last}; {waiting} wait to be read"
        ));
        let last = self.last_reset.as_ref().map(|at| format!(", the last one {at}"));
        out.fact("resets", format!("{}{}", self.resets, last.unwrap_or_default()));
        let offsets: Vec<String> =
            self.next_offsets.iter().map(|(id, next)| format!("partition {id}: {next}")).collect();
        let offsets = if offsets.is_empty() { "none yet".to_owned() } else { offsets.join(", ") };
        out.fact("next offsets", offsets);
        if let Some(pause) = &self.pause {
            out.line(pause.to_string());
        }
    }
}

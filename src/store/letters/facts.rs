//! What lists tell of a dead letter, and how letters are chosen.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use crate::model::record::Source;

/// What is told of a letter; secrets of addresses are hidden in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LetterFacts {
    /// The letter's own id, the same however often it is tried again.
    pub id: Uuid,
    /// The source that listed the article or handed it over.
    pub source: Source,
    /// The page that could not be read, or the address of the record that was refused.
    pub url: Option<String>,
    /// The id that the source gave it.
    pub guid: Option<String>,
    /// The headline that the source gave it.
    pub title: Option<String>,
    /// The kind of failure, as in `nashra.deadletters`.
    pub reason: String,
    /// The error of the last try, in words.
    pub error: String,
    /// Tries in all, those of retries too.
    pub tries: u32,
    /// How often it was given up: 1, and one more for each retry that failed.
    pub attempts: u32,
    /// When nashra first saw what it is about.
    pub first_seen: DateTime<Utc>,
    /// When it was given up first.
    pub first: DateTime<Utc>,
    /// When it was given up last.
    pub at: DateTime<Utc>,
    /// Where it is being tried again: since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retried: Option<Retried>,
    /// How many bytes are kept of what could not be read, before compression.
    pub bytes: Option<u64>,
    /// What tells it from letters of other entries and records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub(crate) subject: Option<[u8; 8]>,
}

/// A retry that was asked for and has not ended yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Retried {
    /// When it was asked for.
    pub at: DateTime<Utc>,
    /// The number that the record has in the outbox now; `None` of an entry, which waits in the
    /// queue.
    pub outbox: Option<u64>,
}

/// Which letters are meant: those for which all that is given holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LetterFilter {
    /// The kind of failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The id of the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The host of the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The earliest time of the last try.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
    /// The time before which it was tried last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// Words of its address, headline, source or error, in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

impl LetterFilter {
    /// Whether a letter is meant.
    #[must_use]
    pub fn includes(&self, facts: &LetterFacts) -> bool {
        let is = |wanted: &Option<String>, found: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == found)
        };
        is(&self.reason, &facts.reason)
            && is(&self.source, &facts.source.id)
            && self.host.as_deref().is_none_or(|host| facts.host().as_deref() == Some(host))
            && self.since.is_none_or(|since| facts.at >= since)
            && self.until.is_none_or(|until| facts.at < until)
            && self.words.as_deref().is_none_or(|words| facts.has(&words.to_lowercase()))
    }
}

impl LetterFacts {
    /// The host of its address.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        Url::parse(self.url.as_deref()?).ok()?.host_str().map(str::to_owned)
    }

    fn has(&self, words: &str) -> bool {
        [Some(&self.source.id), self.source.name.as_ref(), self.url.as_ref(), self.title.as_ref()]
            .into_iter()
            .flatten()
            .chain([&self.error])
            .any(|text| text.to_lowercase().contains(words))
    }
}

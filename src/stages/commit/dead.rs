//! Dead letters: what could not be published as an article, why, and where its bytes are.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::edition::{event_source, traceparent};
use crate::{
    model::{
        bounds,
        candidate::DeadPage,
        clean,
        pending::PendingEntry,
        record::{self, Topic},
    },
    store::{NewRecord, Observed},
};

/// The value of [`DeadLetter::schema`].
const SCHEMA: &str = "nashra.deadletter.v1";

/// The record of `nashra.deadletters`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DeadLetter {
    /// Always `nashra.deadletter.v1`.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: &'static str,
    /// The dead letter's own id.
    pub id: Uuid,
    /// The source that listed the article or handed it over.
    pub source: record::Source,
    /// The page that could not be read.
    pub url: Option<String>,
    /// The id that the source gave it.
    pub guid: Option<String>,
    /// The headline that the source gave it.
    pub title: Option<String>,
    /// The kind of failure: `fetch`, `gone`, `blocked`, `robots`, `page`, `message`, `source` (a reader
    /// panicked on what it sent), `document` or `refused` (by the sink).
    pub reason: &'static str,
    /// The error in words.
    pub error: String,
    /// The number of tries.
    pub tries: u32,
    /// When nashra first saw it.
    pub first_seen: DateTime<Utc>,
    /// When nashra gave up.
    pub at: DateTime<Utc>,
    /// The file with the bytes that could not be read, compressed with zstd; of a large page only
    /// the beginning. `null` if no bytes were kept.
    pub bytes: Option<String>,
}

/// The dead letter of an entry, on its way to the outbox.
pub(super) fn letter(entry: &PendingEntry, dead: &DeadPage, bytes_at: Option<&str>) -> NewRecord {
    let id = Uuid::now_v7();
    // Rows of the queue may be of a version that bounded less.
    let mut source = clean::source(entry.source.clone());
    bounds::source(&mut source);
    let secrets = entry.source.url.secrets();
    let cleaned = |text: String, limit: usize| {
        let mut text = Some(bounds::cut(secrets.hide(&text).into_owned(), limit));
        clean::optional(&mut text);
        text
    };
    let url = entry
        .entry
        .link
        .clone()
        .and_then(clean::url)
        .map(String::from)
        .filter(|url| url.len() <= bounds::ADDRESS);
    let letter = DeadLetter {
        schema: SCHEMA,
        id,
        source,
        url: url.map(|url| secrets.hide(&url).into_owned()),
        guid: entry.entry.guid.clone().and_then(|guid| cleaned(guid, bounds::ADDRESS)),
        title: entry.entry.title.clone().and_then(|title| cleaned(title, bounds::TITLE)),
        reason: dead.reason,
        error: cleaned(dead.error.clone(), bounds::ERROR).unwrap_or_default(),
        tries: entry.tries + 1,
        first_seen: entry.first_seen,
        at: dead.at,
        bytes: bytes_at.map(str::to_owned),
    };
    NewRecord {
        topic: Topic::DeadLetters,
        key: entry.source.id.clone(),
        event_id: id.to_string(),
        event_type: SCHEMA.to_owned(),
        event_source: event_source(&entry.source),
        event_time: dead.at,
        traceparent: traceparent(),
        observed: Observed::default(),
        // Our own plain types always serialise.
        value: serde_json::to_vec(&letter).unwrap_or_default(),
    }
}

/// The fields that a dead letter copies from the record that it replaces.
#[derive(Deserialize)]
struct RefusedRecord {
    source: record::Source,
    url: Option<String>,
    title: Option<String>,
    first_seen: DateTime<Utc>,
}

/// The small dead letter that replaces a record that the sink refused. `error` says why, and
/// `bytes_at` is the file with the record's value.
pub(crate) fn refused(
    record: &NewRecord,
    error: String,
    bytes_at: Option<&str>,
    at: DateTime<Utc>,
) -> NewRecord {
    let refused_record = serde_json::from_slice(&record.value).unwrap_or_else(|_| {
        let id = record.event_source.rsplit('/').next().unwrap_or_default().to_owned();
        let source = record::Source {
            id,
            name: None,
            kind: String::new(),
            url: "".into(),
            tags: Vec::new(),
        };
        RefusedRecord { source, url: None, title: None, first_seen: record.event_time }
    });
    let RefusedRecord { mut source, url, title, first_seen } = refused_record;
    let id = Uuid::now_v7();
    bounds::source(&mut source);
    let letter = DeadLetter {
        schema: SCHEMA,
        id,
        url: url.filter(|url| url.len() <= bounds::ADDRESS),
        guid: None,
        title: title.map(|title| bounds::cut(title, bounds::TITLE)),
        reason: "refused",
        error: bounds::cut(error, bounds::ERROR),
        tries: 1,
        first_seen,
        at,
        bytes: bytes_at.map(str::to_owned),
        source,
    };
    NewRecord {
        topic: Topic::DeadLetters,
        key: letter.source.id.clone(),
        event_id: id.to_string(),
        event_type: SCHEMA.to_owned(),
        event_source: record.event_source.clone(),
        event_time: at,
        traceparent: traceparent(),
        observed: Observed::default(),
        value: serde_json::to_vec(&letter).unwrap_or_default(),
    }
}

//! Dead letters: what could not be published as an article, and why; each is a record of
//! `nashra.deadletters` and a letter in the store, from which it can be tried again.
//!
//! What must stay true: record and letter are in the batch that decides so; the record tells nothing
//! that the letter does not.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    batch::DecisionBatch,
    edition::{event_source, traceparent},
    spans::name_trace,
};
use crate::{
    model::{
        bounds,
        candidate::DeadPage,
        clean,
        pending::{PendingEntry, PendingKey},
        record::{self, Topic},
        routing::Routing,
    },
    store::{
        Batch, LetterBody, LetterFacts, LetterStore, LetterSubject, NewRecord, Observed, StoreError,
    },
    telemetry::metrics,
};

/// The value of [`DeadLetter::schema`].
const SCHEMA: &str = "nashra.deadletter.v1";

/// The record of `nashra.deadletters`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DeadLetter {
    /// Always `nashra.deadletter.v1`.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// The dead letter's own id. One that was tried again and failed comes again under its id, with
    /// more tries.
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
    pub reason: String,
    /// The error in words.
    pub error: String,
    /// The number of tries in all.
    pub tries: u32,
    /// When nashra first saw it.
    pub first_seen: DateTime<Utc>,
    /// When nashra gave up.
    pub at: DateTime<Utc>,
    /// How many bytes that could not be read are kept in `data_dir`, of a large page only the
    /// beginning; `nashra deadletters show --bytes` with the id writes them. `null` if none were
    /// kept.
    pub bytes: Option<u64>,
}

impl DecisionBatch {
    /// Makes the dead letter of an entry, or has the one that it has tell of one more try.
    pub(super) fn dead_letter(
        &mut self,
        key: &PendingKey,
        entry: &PendingEntry,
        dead: &DeadPage,
    ) -> Result<(), StoreError> {
        self.counts.dead.push(dead.reason);
        let body = self.body(key, entry, dead)?;
        let subject = body.subject.key();
        let earlier = earlier(&self.letters, subject)?;
        let mut facts = facts_of(entry, dead);
        facts.subject = subject;
        let facts = after(facts, earlier);
        let mut record = keep(&self.letters, &mut self.batch, facts, body)?;
        name_trace(&mut record, entry);
        self.append(record)
    }

    /// Ends the letter of an entry that could be read, where it has one.
    pub(super) fn end_letter(&mut self, entry: &PendingEntry) -> Result<(), StoreError> {
        let Some(id) = self.letters.of(entry.key().short())? else { return Ok(()) };
        if self.letters.view()?.facts(id)?.is_some_and(|facts| facts.retried.is_some()) {
            metrics::dead_letters_retried("succeeded", 1);
        }
        self.letters.end(&mut self.batch, id)
    }

    /// What it takes to try an entry again: as it was when it came, with its document, else with the
    /// bytes of its page.
    fn body(
        &self,
        key: &PendingKey,
        entry: &PendingEntry,
        dead: &DeadPage,
    ) -> Result<LetterBody, StoreError> {
        let subject = LetterSubject::Entry(Box::new(entry.anew()));
        // A document that is damaged is no help.
        if dead.reason != "document"
            && let Some(packed) = self.view.document(key, entry, self.letters.largest())?
        {
            return Ok(LetterBody::with_document(subject, packed));
        }
        match &dead.bytes {
            Some(bytes) => LetterBody::with_bytes(subject, bytes),
            None => Ok(LetterBody::without_bytes(subject)),
        }
    }
}

/// The facts of the letter that an entry or a record has.
fn earlier(
    letters: &LetterStore,
    subject: Option<[u8; 8]>,
) -> Result<Option<LetterFacts>, StoreError> {
    let Some(id) = subject.map(|subject| letters.of(subject)).transpose()?.flatten() else {
        return Ok(None);
    };
    letters.view()?.facts(id)
}

/// The facts of one more failure of what may have failed before.
fn after(facts: LetterFacts, earlier: Option<LetterFacts>) -> LetterFacts {
    let Some(earlier) = earlier else { return facts };
    if earlier.retried.is_some() {
        metrics::dead_letters_retried("failed", 1);
    }
    LetterFacts {
        id: earlier.id,
        tries: earlier.tries.saturating_add(facts.tries),
        attempts: earlier.attempts.saturating_add(1),
        first_seen: earlier.first_seen,
        first: earlier.first,
        ..facts
    }
}

/// Keeps a letter; returns its record.
fn keep(
    letters: &LetterStore,
    batch: &mut Batch,
    mut facts: LetterFacts,
    body: LetterBody,
) -> Result<NewRecord, StoreError> {
    facts.bytes = letters.put(batch, facts.clone(), body)?;
    Ok(record_of(facts))
}

fn facts_of(entry: &PendingEntry, dead: &DeadPage) -> LetterFacts {
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
    LetterFacts {
        id: Uuid::now_v7(),
        source,
        url: url.map(|url| secrets.hide(&url).into_owned()),
        guid: entry.entry.guid.clone().and_then(|guid| cleaned(guid, bounds::ADDRESS)),
        title: entry.entry.title.clone().and_then(|title| cleaned(title, bounds::TITLE)),
        reason: dead.reason.to_owned(),
        error: cleaned(dead.error.clone(), bounds::ERROR).unwrap_or_default(),
        tries: entry.tries + 1,
        attempts: 1,
        first_seen: entry.first_seen,
        first: dead.at,
        at: dead.at,
        retried: None,
        bytes: None,
        subject: None,
    }
}

/// The record that tells of a letter.
fn record_of(facts: LetterFacts) -> NewRecord {
    let LetterFacts { id, source, attempts, .. } = facts;
    let event_id = if attempts == 1 { id.to_string() } else { format!("{id}/{attempts}") };
    let event_source = event_source(&source);
    let letter = DeadLetter {
        schema: SCHEMA.to_owned(),
        id,
        source,
        url: facts.url,
        guid: facts.guid,
        title: facts.title,
        reason: facts.reason,
        error: facts.error,
        tries: facts.tries,
        first_seen: facts.first_seen,
        at: facts.at,
        bytes: facts.bytes,
    };
    NewRecord {
        topic: Topic::DeadLetters,
        key: letter.source.id.clone(),
        event_id,
        event_type: SCHEMA.to_owned(),
        event_source,
        event_time: letter.at,
        traceparent: traceparent(),
        routing: Routing::default(),
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

/// Keeps a record that the sink refused as a letter, and returns the small record that takes its
/// place. `error` says why it was refused.
pub(crate) fn refused(
    letters: &LetterStore,
    batch: &mut Batch,
    record: &NewRecord,
    error: String,
    at: DateTime<Utc>,
) -> Result<NewRecord, StoreError> {
    let mut facts = facts_of_record(record, error, at);
    // A letter has none of its own.
    if record.topic == Topic::DeadLetters {
        return Ok(record_of(facts));
    }
    let subject =
        LetterSubject::Record(Box::new(NewRecord { value: Vec::new(), ..record.clone() }));
    let body = LetterBody::with_bytes(subject, &record.value)?;
    facts.subject = body.subject.key();
    let earlier = earlier(letters, facts.subject)?;
    keep(letters, batch, after(facts, earlier), body)
}

fn facts_of_record(record: &NewRecord, error: String, at: DateTime<Utc>) -> LetterFacts {
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
    bounds::source(&mut source);
    LetterFacts {
        id: Uuid::now_v7(),
        source,
        url: url.filter(|url| url.len() <= bounds::ADDRESS),
        guid: None,
        title: title.map(|title| bounds::cut(title, bounds::TITLE)),
        reason: "refused".to_owned(),
        error: bounds::cut(error, bounds::ERROR),
        tries: 1,
        attempts: 1,
        first_seen,
        first: at,
        at,
        retried: None,
        bytes: None,
        subject: None,
    }
}

/// Ensures that a letter whose topic does not take it is kept: of an older program's, its record is
/// all that there is.
pub(crate) fn keep_told(
    letters: &LetterStore,
    batch: &mut Batch,
    record: &NewRecord,
) -> Result<(), StoreError> {
    let Ok(told) = serde_json::from_slice::<DeadLetter>(&record.value) else {
        // No record of ours: it is kept as it is.
        let facts = facts_of_record(record, String::new(), record.event_time);
        let body = LetterBody::with_bytes(LetterSubject::Unknown, &record.value)?;
        return letters.put(batch, facts, body).map(drop);
    };
    if letters.has(told.id)? {
        return Ok(());
    }
    let facts = LetterFacts {
        id: told.id,
        source: told.source,
        url: told.url,
        guid: told.guid,
        title: told.title,
        reason: told.reason,
        error: told.error,
        tries: told.tries,
        attempts: 1,
        first_seen: told.first_seen,
        first: told.at,
        at: told.at,
        retried: None,
        bytes: None,
        subject: None,
    };
    letters.put(batch, facts, LetterBody::without_bytes(LetterSubject::Unknown)).map(drop)
}

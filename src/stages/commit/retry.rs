//! Trying dead letters again: an entry goes into the queue as when it was listed, a record that the
//! sink refused to the end of the outbox.
//!
//! What must stay true: what is put there and that the letter is being tried again are in one batch,
//! so a retry that was asked for is made once, whatever kills the process. A letter ends where what
//! it is about is read or acknowledged, and nowhere else. A record goes out again only while it is the
//! latest of its article or story: nothing is reversed.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{DecisionContext, batch::DecisionBatch, fit, stories::Stories};
use crate::{
    fetch::hosts,
    model::{
        lane::Lane,
        pending::{PendingEntry, PendingKey},
        record::Topic,
    },
    stages::input,
    store::{
        EditionBounds, LetterBody, LetterFacts, LetterStore, LetterSubject, NewRecord,
        PackedDocument, Retried, Store, StoreError,
    },
};

/// A request to the committing task to try letters again.
#[derive(Debug)]
pub struct RetryRequest {
    /// The ids of the letters.
    pub letters: Vec<Uuid>,
    /// Where it is told what became of each, in the same order.
    pub answer: oneshot::Sender<Result<Vec<RetryReport>, StoreError>>,
}

/// What became of one letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RetryReport {
    /// The letter's id.
    pub id: Uuid,
    /// What became of it.
    pub outcome: RetryOutcome,
    /// Why it is not tried again, where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What becomes of a letter that is to be tried again.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RetryOutcome {
    /// It is tried again now.
    Queued,
    /// It is being tried again already.
    Waits,
    /// It cannot be tried again.
    Impossible,
    /// There is no letter of this id.
    Unknown,
}

/// Why nothing is tried again under an id.
pub const NO_LETTER: &str =
    "there is no such dead letter: what it was about may have been read since";

/// Puts letters where they are tried again while no daemon runs: durable when it returns.
///
/// # Errors
/// Where the store cannot be read or written.
pub async fn retry(
    store: &Store,
    letters: &LetterStore,
    ids: &[Uuid],
    now: DateTime<Utc>,
) -> Result<Vec<RetryReport>, StoreError> {
    let articles = store.articles();
    let kept = (letters.clone(), store.editions(EditionBounds::NONE));
    let context = DecisionContext::alone(store.outbox().tail()?, now, kept);
    let (batch, reports) = {
        // Of the stories, only what they are is needed.
        let stories = Stories::without_texts(store.stories()).begin(now)?;
        let mut decisions = DecisionBatch::new(articles.view()?, Some(stories), context);
        let reports = decisions.retry_all(ids)?;
        (decisions.batch, reports)
    };
    articles.commit(batch).await?;
    Ok(reports)
}

/// Why a letter is not tried again.
struct Refusal(RetryOutcome, String);

/// Whether a letter can be tried again, as far as its facts and its body tell. Pure.
///
/// # Errors
/// What becomes of it, and why.
pub fn judge(facts: &LetterFacts, body: &LetterBody) -> Result<(), (RetryOutcome, String)> {
    if let Some(retried) = &facts.retried {
        let since = retried.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        return Err((RetryOutcome::Waits, format!("it is being tried again since {since}")));
    }
    let impossible = |why: &str| Err((RetryOutcome::Impossible, why.to_owned()));
    match &body.subject {
        LetterSubject::Unknown => {
            impossible("it is of an older program, which kept only its bytes")
        }
        LetterSubject::Record(_) | LetterSubject::Entry(_) if facts.reason == "source" => {
            impossible("its source is polled again by itself; its bytes are kept to find the fault")
        }
        LetterSubject::Record(_) if facts.bytes.is_none() => {
            impossible("the record was too large to be kept")
        }
        LetterSubject::Entry(entry) if entry.document.is_some() && facts.bytes.is_none() => {
            impossible("its document was too large to be kept")
        }
        LetterSubject::Record(_) | LetterSubject::Entry(_) => Ok(()),
    }
}

impl DecisionBatch {
    /// Tries letters again.
    pub(super) fn retry_all(&mut self, ids: &[Uuid]) -> Result<Vec<RetryReport>, StoreError> {
        ids.iter()
            .map(|&id| {
                let (outcome, why) = match self.retry(id)? {
                    Ok(()) => (RetryOutcome::Queued, None),
                    Err(Refusal(outcome, why)) => (outcome, Some(why)),
                };
                Ok(RetryReport { id, outcome, why })
            })
            .collect()
    }

    fn retry(&mut self, id: Uuid) -> Result<Result<(), Refusal>, StoreError> {
        let view = self.letters.view()?;
        let (Some(mut facts), Some(body)) = (view.facts(id)?, view.body(id)?) else {
            return Ok(Err(Refusal(RetryOutcome::Unknown, NO_LETTER.to_owned())));
        };
        // One that is named twice in a request.
        if !self.retried.insert(id) {
            return Ok(Err(Refusal(RetryOutcome::Waits, "it was named before".to_owned())));
        }
        if let Err((outcome, why)) = judge(&facts, &body) {
            return Ok(Err(Refusal(outcome, why)));
        }
        let outbox = match body.subject {
            LetterSubject::Entry(entry) => {
                let document = entry.document.is_some().then_some(body.packed);
                match self.queue_again(*entry, document)? {
                    Ok(()) => None,
                    Err(why) => return Ok(Err(Refusal(RetryOutcome::Impossible, why))),
                }
            }
            LetterSubject::Record(ref record) => {
                if let Some(why) = self.is_superseded(record)? {
                    return Ok(Err(Refusal(RetryOutcome::Impossible, why)));
                }
                let value = body.unpacked()?.unwrap_or_default();
                let record = NewRecord { value, ..(**record).clone() };
                if let Some(why) = fit::too_large(&record) {
                    return Ok(Err(Refusal(RetryOutcome::Impossible, why)));
                }
                self.batch.append(&mut self.tail, record);
                Some(self.tail.seq)
            }
            LetterSubject::Unknown => None,
        };
        facts.retried = Some(Retried { at: self.now, outbox });
        self.letters.note(&mut self.batch, &facts)?;
        Ok(Ok(()))
    }

    /// Puts an entry into the queue; why not, where its message cannot be read yet.
    fn queue_again(
        &mut self,
        entry: PendingEntry,
        packed: Option<Vec<u8>>,
    ) -> Result<Result<(), String>, StoreError> {
        let unreadable =
            entry.document.as_ref().is_some_and(|document| document.unreadable.is_some());
        let (entry, document) = match packed {
            Some(packed) if unreadable => match input::read_again(entry, &packed, self.now)? {
                Ok(read) => read,
                Err(why) => return Ok(Err(why)),
            },
            packed => (entry, packed.map(PackedDocument::of_packed)),
        };
        let lane = match entry.entry.link.as_ref().filter(|_| entry.fetch_page) {
            Some(link) => Lane::of_pages(&entry.source.id, &hosts::name(link)),
            None => Lane::here(&entry.source.id),
        };
        let row = PendingKey::new(lane, self.now, &entry.key());
        self.batch.entry_again(&row, &entry, document);
        self.wakes.push((row.lane(), row.due_ms()));
        Ok(Ok(()))
    }

    /// Why a record may not go out any more, where that is so.
    fn is_superseded(&self, record: &NewRecord) -> Result<Option<String>, StoreError> {
        let revision = record.event_id.rsplit('/').next().and_then(|text| text.parse::<u32>().ok());
        let (Ok(id), Some(revision)) = (record.key.parse::<Uuid>(), revision) else {
            return Ok(None);
        };
        let latest = match record.topic {
            Topic::Articles => self.state(id)?.map(|state| state.revision),
            Topic::Stories => match &self.stories {
                Some(stories) => stories.state(id)?.map(|story| story.revision),
                None => None,
            },
            Topic::DeadLetters => None,
        };
        Ok(latest.filter(|latest| *latest > revision).map(|latest| {
            format!("revision {latest} came after it, and nothing is published out of order")
        }))
    }
}

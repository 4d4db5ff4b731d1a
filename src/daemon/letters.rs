//! Dead letters for operators: lists of them, one with its bytes, and trying them again; for the
//! command line, the status pages and the API alike.
//!
//! What must stay true: an answer is bounded, however many letters there are; secrets of addresses
//! are hidden in it, except for the bytes themselves.

use std::collections::BTreeMap;

use base64::Engine as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::{
    base::clock::{Clock as _, SystemClock},
    stages::{
        commit::{self, RetryOutcome, RetryReport, RetryRequest},
        publish::OperatorRequest,
    },
    store::{LetterFacts, LetterFilter, LetterStore, LetterSubject, LetterView, Store, StoreError},
};

/// The most letters of one answer.
pub const MOST: usize = 1_000;
/// Bytes of a body that are told without being asked for whole.
const START: usize = 256 << 10;
/// Letters that are tried again in one batch.
const CHUNK: usize = 200;

/// What is asked of dead letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LettersRequest {
    /// The latest letters, and how many there are by reason.
    List {
        /// Which letters.
        filter: LetterFilter,
        /// Only those before this one: the `next` of the list before.
        #[serde(default)]
        before: Option<Uuid>,
        /// How many are listed, at most 1,000.
        most: usize,
    },
    /// One letter.
    Show {
        /// Its id.
        id: Uuid,
        /// Whether all of its bytes are told, and not only their beginning.
        whole: bool,
    },
    /// Trying letters again.
    Retry {
        /// Which letters.
        which: WhichLetters,
        /// Whether nothing is changed, and only what would be done is reported.
        dry_run: bool,
    },
}

/// Which letters are tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhichLetters {
    /// These.
    Ids(Vec<Uuid>),
    /// All that the filter includes.
    All(LetterFilter),
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LettersAnswer {
    /// The letters that were asked for.
    Listed(LetterList),
    /// The letter; `None` where there is none of this id.
    Shown(Option<Box<ShownLetter>>),
    /// What became of the letters.
    Retried(RetrySummary),
}

/// Letters, the latest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LetterList {
    /// How many the filter includes, in all.
    pub found: u64,
    /// The same by reason.
    pub reasons: BTreeMap<String, u64>,
    /// As many as were asked for.
    pub letters: Vec<LetterFacts>,
    /// Where the next list begins; `None` at the end.
    pub next: Option<Uuid>,
}

/// A letter with all that is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShownLetter {
    /// Its facts.
    #[serde(flatten)]
    pub facts: LetterFacts,
    /// Why it cannot be tried again now, where that is so.
    pub not_retried: Option<String>,
    /// What is tried again: `page` (it is fetched again), `document` (which came with it), `feed` (what
    /// its source says of it), `record`, or `nothing`.
    pub subject: String,
    /// The media type that its document came with.
    pub content_type: Option<String>,
    /// Its bytes in base64, or their beginning; `None` where none are kept.
    pub content: Option<String>,
}

impl ShownLetter {
    /// The bytes that are told.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        base64::engine::general_purpose::STANDARD.decode(self.content.as_ref()?).ok()
    }
}

/// What became of letters that were to be tried again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RetrySummary {
    /// How many there were, by outcome.
    pub outcomes: BTreeMap<RetryOutcome, u64>,
    /// Each of them, up to 1,000.
    pub letters: Vec<RetryReport>,
}

impl RetrySummary {
    fn note(&mut self, report: RetryReport) {
        *self.outcomes.entry(report.outcome).or_default() += 1;
        if self.letters.len() < MOST {
            self.letters.push(report);
        }
    }

    /// How many had this outcome.
    #[must_use]
    pub fn count(&self, outcome: RetryOutcome) -> u64 {
        self.outcomes.get(&outcome).copied().unwrap_or(0)
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum LettersError {
    /// The daemon is about to end.
    #[error("the daemon is stopping: ask again once it runs")]
    Stopping,
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where dead letters are, and who tries them again.
#[derive(Debug, Clone)]
pub struct Letters {
    /// The store.
    pub store: Store,
    /// The letters in it.
    pub letters: LetterStore,
    /// The stages of a running daemon; `None` where none runs, and the caller does it.
    pub stages: Option<mpsc::Sender<OperatorRequest>>,
}

impl Letters {
    /// Answers a request.
    ///
    /// # Errors
    /// Where the store cannot be read or written, or the daemon stops.
    pub async fn answer(&self, request: LettersRequest) -> Result<LettersAnswer, LettersError> {
        Ok(match request {
            LettersRequest::List { filter, before, most } => {
                let list = self.read(move |view| list(view, &filter, before, most)).await?;
                LettersAnswer::Listed(list)
            }
            LettersRequest::Show { id, whole } => {
                let shown = self.read(move |view| show(view, id, whole)).await?;
                LettersAnswer::Shown(shown.map(Box::new))
            }
            LettersRequest::Retry { which, dry_run } => {
                let ids = match which {
                    WhichLetters::Ids(ids) => ids,
                    WhichLetters::All(filter) => {
                        self.read(move |view| included(view, &filter)).await?
                    }
                };
                LettersAnswer::Retried(if dry_run {
                    self.read(move |view| judge(view, &ids)).await?
                } else {
                    self.retry(&ids).await?
                })
            }
        })
    }

    /// Reads the letters, off the network's threads.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&LetterView) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, LettersError> {
        let letters = self.letters.clone();
        let read = tokio::task::spawn_blocking(move || work(&letters.view()?));
        Ok(read.await.map_err(|_| LettersError::Stopping)??)
    }

    async fn retry(&self, ids: &[Uuid]) -> Result<RetrySummary, LettersError> {
        let mut summary = RetrySummary::default();
        for chunk in ids.chunks(CHUNK) {
            let reports = match &self.stages {
                Some(stages) => {
                    let (answer, reports) = oneshot::channel();
                    let request = RetryRequest { letters: chunk.to_vec(), answer };
                    // If the channel is closed, the sender of the answer is dropped, which ends the
                    // wait.
                    stages.send(OperatorRequest::Retry(request)).await.ok();
                    reports.await.map_err(|_| LettersError::Stopping)??
                }
                None => commit::retry(&self.store, &self.letters, chunk, SystemClock.now()).await?,
            };
            for report in reports {
                summary.note(report);
            }
        }
        tracing::info!(
            queued = summary.count(RetryOutcome::Queued),
            of = ids.len(),
            "an operator had dead letters tried again"
        );
        Ok(summary)
    }
}

/// The facts as they are told: without what only the store needs.
fn told(mut facts: LetterFacts) -> LetterFacts {
    facts.subject = None;
    facts
}

/// The letters that a filter includes.
pub(in crate::daemon) fn list(
    view: &LetterView,
    filter: &LetterFilter,
    before: Option<Uuid>,
    most: usize,
) -> Result<LetterList, StoreError> {
    let (mut list, most) = (LetterList::default(), most.clamp(1, MOST));
    for facts in view.latest(Uuid::max()) {
        let facts = facts?;
        if !filter.includes(&facts) {
            continue;
        }
        list.found += 1;
        *list.reasons.entry(facts.reason.clone()).or_default() += 1;
        if before.is_none_or(|before| facts.id < before) {
            if list.letters.len() < most {
                list.letters.push(told(facts));
            } else if list.next.is_none() {
                list.next = list.letters.last().map(|last| last.id);
            }
        }
    }
    Ok(list)
}

fn included(view: &LetterView, filter: &LetterFilter) -> Result<Vec<Uuid>, StoreError> {
    let mut ids = Vec::new();
    for facts in view.latest(Uuid::max()) {
        let facts = facts?;
        if filter.includes(&facts) {
            ids.push(facts.id);
        }
    }
    // The oldest first, as they came.
    ids.reverse();
    Ok(ids)
}

/// A letter with all that is known of it, and the beginning of its bytes or all of them.
pub(in crate::daemon) fn show(
    view: &LetterView,
    id: Uuid,
    whole: bool,
) -> Result<Option<ShownLetter>, StoreError> {
    let (Some(facts), Some(body)) = (view.facts(id)?, view.body(id)?) else { return Ok(None) };
    let not_retried = commit::judge(&facts, &body).err().map(|(_, why)| why);
    let (subject, content_type) = match &body.subject {
        LetterSubject::Entry(entry) => match &entry.document {
            Some(document) => ("document", document.content_type.clone()),
            None if entry.fetch_page => ("page", None),
            None => ("feed", None),
        },
        LetterSubject::Record(_) => ("record", Some("application/json".to_owned())),
        LetterSubject::Unknown => ("nothing", None),
    };
    let content = body.unpacked()?.map(|bytes| {
        let most = if whole { usize::MAX } else { START };
        base64::engine::general_purpose::STANDARD.encode(&bytes[..bytes.len().min(most)])
    });
    let subject = subject.to_owned();
    Ok(Some(ShownLetter { facts: told(facts), not_retried, subject, content_type, content }))
}

/// What would become of letters, as far as they themselves tell.
fn judge(view: &LetterView, ids: &[Uuid]) -> Result<RetrySummary, StoreError> {
    let mut summary = RetrySummary::default();
    for &id in ids {
        let (outcome, why) = match (view.facts(id)?, view.body(id)?) {
            (Some(facts), Some(body)) => match commit::judge(&facts, &body) {
                Ok(()) => (RetryOutcome::Queued, None),
                Err((outcome, why)) => (outcome, Some(why)),
            },
            _ => (RetryOutcome::Unknown, Some(commit::NO_LETTER.to_owned())),
        };
        summary.note(RetryReport { id, outcome, why });
    }
    Ok(summary)
}

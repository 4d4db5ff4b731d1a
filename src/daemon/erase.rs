//! `nashra erase`: has one article's content removed from everything that is kept here and its
//! withdrawal published, in a running daemon or on the store itself.
//!
//! What must stay true: the files are written anew after every erasing, also of what was erased
//! before, because the one before may have been killed in between.

use std::fmt::Write as _;

use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::{
    base::clock::{Clock as _, SystemClock},
    model::{kind::SourceKind, record::Source},
    stages::{
        commit::{self, EraseOrder, EraseReport, KeptPlaces},
        publish::OperatorRequest,
    },
    store::{EditionBounds, LetterStore, Store, StoreError},
};

/// Why an article was not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// There is no such article.
    #[error(
        "no article {0} is known: nothing was erased (`nashra explain` with an address gives the id of its article)"
    )]
    Unknown(Uuid),
    /// The daemon is about to end.
    #[error("the daemon is stopping: nothing was erased, or ask again once it runs")]
    Stopping,
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The article is erased, and the files are as they were.
    #[error(
        "{report}\nBut the files of the store still hold what was deleted ({error}); erase it again once that is mended"
    )]
    Files {
        /// What was erased.
        report: String,
        /// Why the files could not be written anew.
        error: StoreError,
    },
}

/// Who erases.
#[derive(Debug)]
pub enum EraseExecutor {
    /// The stages of this process.
    Stages(mpsc::Sender<OperatorRequest>),
    /// The caller: no daemon runs. These are the dead letters.
    Direct(LetterStore),
}

/// Erases an article, and returns the report for the operator.
///
/// # Errors
/// Where there is no such article, or it could not be erased everywhere.
pub async fn erase(
    store: &Store,
    article: Uuid,
    executor: EraseExecutor,
) -> Result<String, EraseError> {
    let state = store.articles().view()?.article(article)?.ok_or(EraseError::Unknown(article))?;
    let order = EraseOrder { article, source: source(store, &state.source)? };
    let outcome = match executor {
        EraseExecutor::Stages(requests) => {
            let (answer, outcome) = oneshot::channel();
            // If the channel is closed, the sender of the answer is dropped, which ends the wait.
            requests.send(OperatorRequest::Erase(order, answer)).await.ok();
            outcome.await.map_err(|_| EraseError::Stopping)??
        }
        EraseExecutor::Direct(letters) => {
            let editions = store.editions(EditionBounds::NONE);
            let (outbox, stories) = (store.outbox(), store.stories());
            let places = KeptPlaces { outbox, stories, letters, editions };
            commit::erase(&store.articles(), &places, &order, SystemClock.now()).await?
        }
    };
    let report = told(article, &outcome.ok_or(EraseError::Unknown(article))?);
    tracing::warn!(%article, "an operator erased an article: {report}");
    match store.rewrite_content().await {
        Ok(()) => Ok(report),
        Err(error) => Err(EraseError::Files { report, error }),
    }
}

/// A source as far as the store knows it; of one that was never polled here only its id.
fn source(store: &Store, id: &str) -> Result<Source, StoreError> {
    let named = |name, kind: &str, url| Source {
        id: id.to_owned(),
        name,
        kind: kind.to_owned(),
        url,
        tags: Vec::new(),
    };
    if let Some(facts) = store.polls().facts(id)? {
        let kind = facts.site.as_ref().map(|site| site.kind.as_str()).unwrap_or_default();
        return Ok(named(facts.title, kind, facts.url));
    }
    let topic = store.topics().state(id)?.map(|state| format!("kafka:{}", state.topic));
    let kind = topic.as_ref().map_or("", |_| SourceKind::Kafka.as_str());
    Ok(named(None, kind, topic.unwrap_or_default().into()))
}

/// The report as text.
fn told(article: Uuid, report: &EraseReport) -> String {
    let EraseReport { before, withdrawal, records, entries, letters, others } = report;
    let mut out = if let Some(at) = before {
        let at = at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        format!("article {article} is erased already, since {at}")
    } else {
        let withdrawal = withdrawal.map_or_else(
            || "its withdrawal was published before".to_owned(),
            |revision| format!("its withdrawal is revision {revision}"),
        );
        format!(
            "article {article} is erased; {withdrawal}\nremoved: {records} records that waited to be published, {entries} entries that waited to be read, {letters} dead letters"
        )
    };
    if !others.is_empty() {
        let others: Vec<String> = others.iter().map(Uuid::to_string).collect();
        write!(out, "\nof its story, and maybe with the same text: {}", others.join(", ")).ok();
    }
    out
}

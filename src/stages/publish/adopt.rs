//! Adopting: an operator decides that publishing goes on, in a new epoch, although `data_dir` and
//! the topics no longer belong to one history.

use tokio::sync::{mpsc, oneshot};

use super::{
    Halt, Position, position,
    sink::{PublishError, Sink},
};
use crate::{
    base::clock::{Clock as _, SystemClock},
    stages::commit::{self, CommitRequest, PublishedRecord, RecallReport, RecallRequest},
    store::{ArticleStore, Epoch, Outbox, Reached, StoreError, StoryStore, acked::Acked},
};

/// What was adopted, and which records consumers may get again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdoptionReport {
    /// Why publishing had stopped.
    pub halt: Halt,
    /// The new epoch.
    pub epoch: Epoch,
    /// The outbox's records that will be published: after the first number, up to the second.
    pub waiting: (u64, u64),
    /// What was recovered from the topic of articles, or why nothing was.
    pub recalled: Result<RecallReport, String>,
}

impl std::fmt::Display for AdoptionReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (from, to) = self.waiting;
        writeln!(f, "publishing had stopped: {}", self.halt)?;
        writeln!(f, "epoch {} begins.", self.epoch)?;
        writeln!(
            f,
            "{} records of the outbox (numbers {} to {to}) will be published; the topics may hold some of them already.",
            to - from,
            from + 1
        )?;
        if !self.halt.is_older_copy() {
            return write!(
                f,
                "Records that were acknowledged before are not published again: what the topics no longer hold stays missing there."
            );
        }
        match &self.recalled {
            Ok(RecallReport { articles, same, revised, new }) => write!(
                f,
                "{articles} articles of the topic are known again by their addresses. Of the waiting records {same} are left out, because the topic holds the same, {revised} go on as revisions, and {new} are of articles that the topic does not hold, or that have no address it holds: only these may come again under new ids."
            ),
            Err(reason) => write!(
                f,
                "The topic of articles could not be read ({reason}): all articles that were first published after the copy of data_dir was made may come again under new ids, and revision numbers may repeat."
            ),
        }
    }
}

/// Why there was no adoption.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// The sink did not answer.
    #[error("{0}")]
    Sink(#[from] PublishError),
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The daemon is about to end.
    #[error("the daemon is stopping")]
    Stopping,
    /// Nothing has stopped.
    #[error("data_dir and the topics belong together: there is nothing to adopt")]
    Nothing,
    /// Another process publishes from a copy of this `data_dir`, and adopting would stop it.
    #[error(
        "another nashra publishes with this store's id at this moment: stop one of the two first; if the other one goes on, nothing is to be adopted here"
    )]
    Another,
    /// The sink keeps no position.
    #[error("this sink keeps no position: there is nothing to adopt")]
    NoPosition,
}

/// Who takes over the articles that the topic holds: the committing task alone decides on articles
/// while it runs.
#[derive(Debug)]
pub enum RecallExecutor {
    /// The committing task of this process, which is asked.
    Task(mpsc::Sender<CommitRequest>),
    /// The caller: no daemon runs, so there is no committing task.
    Direct(ArticleStore, StoryStore),
}

impl RecallExecutor {
    async fn recall(
        self,
        outbox: &Outbox,
        published: Vec<PublishedRecord>,
    ) -> Result<RecallReport, AdoptError> {
        match self {
            Self::Direct(articles, texts) => {
                let stores = (&articles, &texts);
                Ok(commit::recall(stores, outbox, published, SystemClock.now()).await?)
            }
            Self::Task(task) => {
                let (answer, outcome) = oneshot::channel();
                task.send(CommitRequest::Recall(RecallRequest { published, answer }))
                    .await
                    .map_err(|_| AdoptError::Stopping)?;
                Ok(outcome.await.map_err(|_| AdoptError::Stopping)??)
            }
        }
    }
}

/// Adopts, where publishing has stopped for a reason that adopting settles. `known` is the position
/// that the sink held when it was last asked, if it was: if the position has moved since, another
/// process writes it.
pub async fn adopt(
    sink: &mut dyn Sink,
    outbox: &Outbox,
    known: Option<&Option<Position>>,
    executor: RecallExecutor,
) -> Result<AdoptionReport, AdoptError> {
    let (acked, end) = (outbox.acked()?, outbox.tail()?.seq);
    let held = sink.holdings(&acked).await?.ok_or(AdoptError::NoPosition)?;
    let found = held.position.as_ref().map(|at| outbox.at(at.seq)).transpose()?.flatten();
    let Err(halt) = position::judge(&acked, end, &held, found) else {
        return Err(AdoptError::Nothing);
    };
    if known.is_some_and(|known| *known != held.position) {
        return Err(AdoptError::Another);
    }
    let recalled = if halt.is_older_copy() {
        match sink.published(&acked).await {
            Ok(published) => Ok(executor.recall(outbox, published).await?),
            // Without the right to read the topic nothing is recovered, but adopting goes on.
            Err(error @ PublishError::Unauthorised { .. }) => Err(error.to_string()),
            Err(error) => return Err(error.into()),
        }
    } else {
        Ok(RecallReport::default())
    };
    let theirs = held.position.as_ref().map_or(0, |position| position.epoch);
    let mut adopted = Reached {
        epoch: acked.epoch.max(theirs) + 1,
        sink_id: None,
        published: false,
        position_at: None,
        ..acked
    };
    if matches!(halt, Halt::OtherSink { .. }) {
        // The memory is about the sink that was left behind.
        adopted.notes.memory.clear();
    }
    let (epoch, waiting) = (adopted.epoch, (adopted.seq, end.max(adopted.seq)));
    outbox.trim(&Acked::new(adopted)).await?;
    Ok(AdoptionReport { halt, epoch, waiting, recalled })
}

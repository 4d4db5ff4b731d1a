//! What operators ask a running daemon for, and what it answers. The control socket, the HTTP API and
//! the forms of the status pages all ask here, so that one request means one thing.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::{
    daemon::{
        erase::{self, EraseError, EraseExecutor},
        explain::{self, Explanation, SourceStates},
        letters::{Letters, LettersAnswer, LettersRequest},
        reload::{ReloadCommand, Reloaded},
    },
    stages::{
        publish::OperatorRequest,
        schedule::{
            change::{ChangeCommand, ChangeReport, ChangeRequest, PolledNow, ScheduleRequest},
            reload::ReloadOrder,
        },
    },
    store::{LetterStore, Store, StoreError},
};

/// A request to the daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Explains a source or an article.
    Explain {
        /// An article's id, an address, or a source's id.
        what: String,
    },
    /// Lists the states of all sources, and the sources that were added by command.
    Sources,
    /// Reads the config and its lists of sources again.
    Reload(ReloadOrder),
    /// Adds, removes, pauses or polls sources.
    Change {
        /// What is to be done with which sources.
        wanted: ChangeCommand,
        /// Whether nothing is changed, and only what would be done is reported.
        dry_run: bool,
    },
    /// Checks the store by reading every row.
    Check,
    /// Exports the store as it is now to a folder.
    Export {
        /// The absolute path of the folder, which is created.
        to: PathBuf,
    },
    /// Has publishing go on in a new epoch.
    Adopt,
    /// Confirms that an operator knows what happened to the topics.
    Confirm,
    /// Erases an article.
    Erase {
        /// Its id.
        article: Uuid,
    },
    /// Lists dead letters, shows one or tries some again.
    DeadLetters {
        /// What is asked.
        request: LettersRequest,
    },
}

/// What was done, or is known. `Display` is what the command line prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// What is known of a source or an article.
    Explained(Explanation),
    /// The states of sources.
    Sources(SourceStates),
    /// What became of a change of sources.
    Changed(ChangeReport),
    /// What a reload came to.
    Reloaded(Reloaded),
    /// Dead letters, or what became of them.
    Letters(LettersAnswer),
    /// A report in words.
    Words(String),
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Explained(explanation) => explanation.fmt(f),
            Self::Reloaded(reloaded) => reloaded.fmt(f),
            Self::Words(words) => f.write_str(words),
            // Their commands show these in their own way.
            Self::Sources(states) => f.write_str(&serde_json::json!(states).to_string()),
            Self::Changed(report) => f.write_str(&serde_json::json!(report).to_string()),
            Self::Letters(answer) => f.write_str(&serde_json::json!(answer).to_string()),
        }
    }
}

/// Why a request was not done, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// What it names is not known or wrong.
    #[error("{0}")]
    Unknown(String),
    /// It cannot be done now.
    #[error("{0}")]
    Failed(String),
}

impl RequestError {
    /// The daemon is about to end.
    pub(crate) fn stopping() -> Self {
        Self::Failed("the daemon is stopping".to_owned())
    }

    fn failed(error: impl fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<StoreError> for RequestError {
    fn from(error: StoreError) -> Self {
        Self::failed(error)
    }
}

/// The parts of the daemon that requests are passed to.
#[derive(Debug, Clone)]
pub struct RequestTargets {
    /// What reports and exports are read from.
    pub store: Store,
    /// The publish stage.
    pub operator_requests: mpsc::Sender<OperatorRequest>,
    /// Where the schedule takes in changes of sources.
    pub changes: mpsc::Sender<ScheduleRequest>,
    /// Where the config is read again.
    pub reloads: mpsc::Sender<ReloadCommand>,
    /// What could not be published.
    pub letters: LetterStore,
}

impl RequestTargets {
    /// Does what is asked for.
    ///
    /// # Errors
    /// Why it was not done.
    pub async fn perform(&self, request: Request) -> Result<Answer, RequestError> {
        match request {
            Request::Explain { what } => {
                let unknown = explain::unknown(&what);
                let explained = self.read(move |store| Ok(explain::explain(store, &what)?));
                explained.await?.map(Answer::Explained).ok_or(RequestError::Unknown(unknown))
            }
            Request::Sources => {
                self.read(|store| Ok(explain::sources(store)?)).await.map(Answer::Sources)
            }
            Request::Check => {
                let check = |store: &Store| Ok(explain::reports::checked(&store.check()?));
                self.read(check).await.map(Answer::Words)
            }
            Request::Export { to } => {
                let export =
                    move |store: &Store| Ok(explain::reports::exported(store.export(&to)?, &to));
                self.read(export).await.map(Answer::Words)
            }
            Request::Adopt => {
                let (answer, outcome) = oneshot::channel();
                // If the channel is closed, the sender of the answer is dropped, which ends the wait.
                self.operator_requests.send(OperatorRequest::Adopt(answer)).await.ok();
                Ok(Answer::Words(answer_of(outcome).await?.to_string()))
            }
            Request::Confirm => {
                let (answer, outcome) = oneshot::channel();
                self.operator_requests.send(OperatorRequest::Confirm(answer)).await.ok();
                answer_of(outcome).await.map(Answer::Words)
            }
            Request::Erase { article } => self.erase(article).await.map(Answer::Words),
            Request::DeadLetters { request } => self.letters(request).await.map(Answer::Letters),
            Request::Reload(order) => self.reload(order).await.map(Answer::Reloaded),
            Request::Change { wanted, dry_run } => {
                self.change(wanted, dry_run).await.map(Answer::Changed)
            }
        }
    }

    /// Adds, removes, pauses or polls sources.
    pub async fn change(
        &self,
        wanted: ChangeCommand,
        dry_run: bool,
    ) -> Result<ChangeReport, RequestError> {
        let (answer, outcome) = oneshot::channel();
        // A long list takes a while to parse, which must not hold up the schedule.
        if let Ok(change) = tokio::task::spawn_blocking(move || wanted.into()).await {
            let request = ChangeRequest { change, dry_run, answer };
            self.changes.send(ScheduleRequest::Change(request)).await.ok();
        }
        answer_of(outcome).await
    }

    /// Reads the config and its lists of sources again.
    pub async fn reload(&self, order: ReloadOrder) -> Result<Reloaded, RequestError> {
        let (answer, outcome) = oneshot::channel();
        if self.reloads.send(ReloadCommand { order, answer }).await.is_err() {
            return Err(RequestError::Failed("this daemon runs without a config".to_owned()));
        }
        match outcome.await {
            Ok(Ok(reloaded)) => Ok(reloaded),
            // What is wrong is in the files of whoever asks.
            Ok(Err(words)) => Err(RequestError::Unknown(words)),
            Err(_) => Err(RequestError::stopping()),
        }
    }

    /// The sources that are polled, in the order of their places in the schedule.
    pub async fn polled(&self) -> Result<Vec<PolledNow>, RequestError> {
        let (answer, polled) = oneshot::channel();
        self.changes.send(ScheduleRequest::List(answer)).await.ok();
        polled.await.map_err(|_| RequestError::stopping())
    }

    /// Reads the store, off the network's threads.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, RequestError> + Send + 'static,
    ) -> Result<T, RequestError> {
        let store = self.store.clone();
        let read = tokio::task::spawn_blocking(move || work(&store));
        read.await.map_err(RequestError::failed)?
    }

    /// Lists dead letters, shows one or tries some again.
    pub async fn letters(&self, request: LettersRequest) -> Result<LettersAnswer, RequestError> {
        let letters = Letters {
            store: self.store.clone(),
            letters: self.letters.clone(),
            stages: Some(self.operator_requests.clone()),
        };
        letters.answer(request).await.map_err(RequestError::failed)
    }

    async fn erase(&self, article: Uuid) -> Result<String, RequestError> {
        let executor = EraseExecutor::Stages(self.operator_requests.clone());
        erase::erase(&self.store, article, executor).await.map_err(|error| match error {
            EraseError::Unknown(_) => RequestError::Unknown(error.to_string()),
            error => RequestError::failed(error),
        })
    }
}

/// Waits for the answer of a stage.
async fn answer_of<T, E: fmt::Display>(
    outcome: oneshot::Receiver<Result<T, E>>,
) -> Result<T, RequestError> {
    match outcome.await {
        Ok(answer) => answer.map_err(RequestError::failed),
        Err(_) => Err(RequestError::stopping()),
    }
}

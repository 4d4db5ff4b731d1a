//! The control socket, `data_dir/control.sock`: a request is one line with a JSON object, and so is
//! its answer. Commands reach a running daemon through it, because one process owns the store.

use std::{
    fs::Permissions,
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream},
    sync::{mpsc, oneshot},
};
use uuid::Uuid;

use crate::{
    daemon::{
        erase::{self, EraseError, EraseExecutor},
        explain,
        letters::{Letters, LettersRequest},
        reload::ReloadCommand,
    },
    stages::{
        publish::OperatorRequest,
        schedule::change::{ChangeCommand, ChangeRequest, ScheduleRequest},
    },
    store::{LetterStore, Store, StoreError},
};

/// The most bytes of a request. A list of sources to add may be as large as a file of them, and
/// JSON makes it longer.
const MAX_REQUEST: u64 = 256 << 20;

/// Why there is no answer.
const STOPPING: &str = "the daemon is stopping";

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
    Reload {
        /// Whether nothing is changed, and only what would be done is reported.
        dry_run: bool,
    },
    /// Adds or removes sources.
    Change {
        /// Which sources are to be added or removed.
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
    /// Lists dead letters, shows one or tries some again; the answer is a `LettersAnswer` as JSON.
    DeadLetters {
        /// What is asked.
        request: LettersRequest,
    },
}

/// The daemon's answer: text for a terminal, or JSON for the command that asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// The request was done; this is its report.
    Ok(String),
    /// The request was not done, for this reason.
    Error(String),
    /// The request was not done, because what it names is not known or wrong.
    Unknown(String),
}

impl Response {
    /// This response, or that nothing is known where there are no words.
    fn or_unknown(self, unknown: String) -> Self {
        match self {
            Self::Ok(words) if words.is_empty() => Self::Unknown(unknown),
            response => response,
        }
    }
}

/// The parts of the daemon that requests are passed to.
#[derive(Debug, Clone)]
pub struct ControlTargets {
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

/// The socket, removed again when it is dropped.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Socket {
    /// Binds the socket. A file that an earlier process left is replaced: the lock of `data_dir`
    /// ensures that no other process uses it.
    pub fn bind(path: &Path) -> io::Result<Self> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let socket = Self { listener: UnixListener::bind(path)?, path: path.to_owned() };
        std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
        Ok(socket)
    }

    /// Answers until it is dropped.
    pub async fn serve(self, targets: ControlTargets) {
        loop {
            let Ok((stream, _)) = self.listener.accept().await else {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                continue;
            };
            let targets = targets.clone();
            tokio::spawn(async move {
                if let Err(error) = serve_connection(stream, targets).await {
                    tracing::debug!(%error, "a command broke off");
                }
            });
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Whoever comes next replaces it anyway.
        std::fs::remove_file(&self.path).ok();
    }
}

async fn serve_connection(mut stream: UnixStream, targets: ControlTargets) -> io::Result<()> {
    let (read, mut write) = stream.split();
    let mut line = String::new();
    BufReader::new(read.take(MAX_REQUEST)).read_line(&mut line).await?;
    let response = match serde_json::from_str(&line) {
        Ok(request) => respond(request, targets).await,
        Err(error) => Response::Error(format!("not a request: {error}")),
    };
    let mut bytes = serde_json::to_vec(&response)?;
    bytes.push(b'\n');
    write.write_all(&bytes).await
}

async fn respond(request: Request, targets: ControlTargets) -> Response {
    match request {
        Request::Explain { what } => {
            let unknown = explain::unknown(&what);
            let explained = run_blocking(move || {
                Ok(explain::explain(&targets.store, &what)?.unwrap_or_default())
            });
            explained.await.or_unknown(unknown)
        }
        Request::Sources => run_blocking(move || explain::sources(&targets.store)).await,
        Request::Check => {
            run_blocking(move || targets.store.check().map(|report| explain::checked(&report)))
                .await
        }
        Request::Export { to } => {
            run_blocking(move || targets.store.export(&to).map(|rows| explain::exported(rows, &to)))
                .await
        }
        Request::Adopt => {
            let (answer, outcome) = oneshot::channel();
            // If the channel is closed, the sender of the answer is dropped, which ends the wait.
            targets.operator_requests.send(OperatorRequest::Adopt(answer)).await.ok();
            await_answer(outcome)
                .await
                .map_or_else(Response::Error, |adopted| Response::Ok(adopted.to_string()))
        }
        Request::Confirm => {
            let (answer, outcome) = oneshot::channel();
            targets.operator_requests.send(OperatorRequest::Confirm(answer)).await.ok();
            await_answer(outcome).await.map_or_else(Response::Error, Response::Ok)
        }
        Request::Erase { article } => {
            let executor = EraseExecutor::Stages(targets.operator_requests);
            match erase::erase(&targets.store, article, executor).await {
                Ok(report) => Response::Ok(report),
                Err(error @ EraseError::Unknown(_)) => Response::Unknown(error.to_string()),
                Err(error) => Response::Error(error.to_string()),
            }
        }
        Request::DeadLetters { request } => letters(request, targets).await,
        Request::Reload { dry_run } => reload(dry_run, &targets.reloads).await,
        Request::Change { wanted, dry_run } => {
            let (answer, outcome) = oneshot::channel();
            // A long list takes a while to parse, which must not hold up the schedule.
            if let Ok(change) = tokio::task::spawn_blocking(move || wanted.into()).await {
                let request = ChangeRequest { change, dry_run, answer };
                targets.changes.send(ScheduleRequest::Change(request)).await.ok();
            }
            await_answer(outcome).await.map_or_else(Response::Error, |report| {
                Response::Ok(serde_json::json!(report).to_string())
            })
        }
    }
}

async fn letters(request: LettersRequest, targets: ControlTargets) -> Response {
    let ControlTargets { store, letters, operator_requests, .. } = targets;
    match (Letters { store, letters, stages: Some(operator_requests) }).answer(request).await {
        Ok(answer) => Response::Ok(serde_json::json!(answer).to_string()),
        Err(error) => Response::Error(error.to_string()),
    }
}

async fn reload(dry_run: bool, reloads: &mpsc::Sender<ReloadCommand>) -> Response {
    let (answer, outcome) = oneshot::channel();
    if reloads.send(ReloadCommand { dry_run, answer }).await.is_err() {
        return Response::Error("this daemon runs without a config".to_owned());
    }
    match outcome.await {
        Ok(Ok(report)) => Response::Ok(report),
        // What is wrong is in the files of whoever asks.
        Ok(Err(words)) => Response::Unknown(words),
        Err(_) => Response::Error(STOPPING.to_owned()),
    }
}

/// Waits for the answer of a stage.
async fn await_answer<T, E: std::fmt::Display>(
    outcome: oneshot::Receiver<Result<T, E>>,
) -> Result<T, String> {
    match outcome.await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(STOPPING.to_owned()),
    }
}

async fn run_blocking(
    work: impl FnOnce() -> Result<String, StoreError> + Send + 'static,
) -> Response {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(words)) => Response::Ok(words),
        Ok(Err(error)) => Response::Error(error.to_string()),
        Err(error) => Response::Error(error.to_string()),
    }
}

/// Asks a running daemon; `None` where none listens.
pub async fn send_request(path: &Path, request: &Request) -> io::Result<Option<Response>> {
    let mut stream = match UnixStream::connect(path).await {
        Ok(stream) => stream,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(Some(serde_json::from_str(&answer)?))
}

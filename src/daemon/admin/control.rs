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
};

use super::requests::{Answer, Request, RequestError, RequestTargets};

/// The most bytes of a request. A list of sources to add may be as large as a file of them, and
/// JSON makes it longer.
const MAX_REQUEST: u64 = 256 << 20;

/// The daemon's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// The request was done.
    Ok(Box<Answer>),
    /// The request was not done, for this reason.
    Error(String),
    /// The request was not done, because what it names is not known or wrong.
    Unknown(String),
}

impl From<Result<Answer, RequestError>> for Response {
    fn from(outcome: Result<Answer, RequestError>) -> Self {
        match outcome {
            Ok(answer) => Self::Ok(Box::new(answer)),
            Err(RequestError::Unknown(words)) => Self::Unknown(words),
            Err(RequestError::Failed(words)) => Self::Error(words),
        }
    }
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
    pub async fn serve(self, targets: RequestTargets) {
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

async fn serve_connection(mut stream: UnixStream, targets: RequestTargets) -> io::Result<()> {
    let (read, mut write) = stream.split();
    let mut line = String::new();
    BufReader::new(read.take(MAX_REQUEST)).read_line(&mut line).await?;
    let response = match serde_json::from_str(&line) {
        Ok(request) => targets.perform(request).await.into(),
        Err(error) => Response::Error(format!("not a request: {error}")),
    };
    let mut bytes = serde_json::to_vec(&response)?;
    bytes.push(b'\n');
    write.write_all(&bytes).await
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
    let mut answer = String::new();
    let exchange = async {
        stream.write_all(&line).await?;
        stream.read_to_string(&mut answer).await
    };
    let ended = match exchange.await {
        Ok(_) => !answer.ends_with('\n'),
        // It closed the connection without reading all.
        Err(error) => match error.kind() {
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => true,
            _ => return Err(error),
        },
    };
    if ended {
        let words = "the daemon stopped before it had answered: what was asked for may be done or not; ask again once it runs";
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, words));
    }
    Ok(Some(serde_json::from_str(&answer)?))
}

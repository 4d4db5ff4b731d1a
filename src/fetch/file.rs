//! Reads a file of this machine that a list of sources names, with the outcomes of a fetch.
//!
//! What must stay true: only a path that an operator wrote into a list comes here, never an address
//! that a feed, a page or a message names; those are http and https alone.

use std::{io, path::Path};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use tokio::{fs::File, io::AsyncReadExt as _};
use url::Url;

use super::{Body, FetchError, Fetched, Outcome};
use crate::model::source::{HeaderLinks, Validators};

/// Reads a file of at most `limit` bytes. A file has no validators: it is told by its bytes whether
/// it changed.
pub async fn fetch_file(path: &Path, limit: usize, now: DateTime<Utc>) -> Outcome {
    match bytes(path, limit).await {
        Ok((url, bytes)) if bytes.len() <= limit => Outcome::New(Box::new(Fetched {
            url,
            via: Vec::new(),
            content_type: None,
            body: Body { bytes, encodings: Vec::new(), ..Body::default() },
            validators: Validators::default(),
            moved: None,
            fresh_for: None,
            links: HeaderLinks::default(),
            requested: now,
            order: 0,
            delta: false,
        })),
        Ok(_) => Outcome::Failed(FetchError::TooLarge { limit }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Outcome::Gone { status: 404 },
        Err(error) => Outcome::Failed(FetchError::Transport(error.to_string())),
    }
}

async fn bytes(path: &Path, limit: usize) -> io::Result<(Url, Bytes)> {
    let absolute = std::path::absolute(path)?;
    let url = Url::from_file_path(&absolute)
        .map_err(|()| io::Error::other("not a path that can be told"))?;
    // A pipe or a device would never end, and opening a pipe waits for its writer.
    if !tokio::fs::metadata(&absolute).await?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(&absolute).await?.take(limit as u64 + 1).read_to_end(&mut bytes).await?;
    Ok((url, bytes.into()))
}

//! Sinks without transactions: a file, or standard output, with one JSON record a line. Delivery is
//! at least once: after a crash between writing a batch and noting it as delivered, the batch is
//! written again.

use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;
use tokio::{
    fs::{File, OpenOptions},
    io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _, Stdout},
};

use crate::{
    config::Config,
    stages::publish::{
        Position,
        sink::{Delivered, PublishError, Sink, SinkFuture, SinkHoldings},
    },
    store::{self, OutboxRow},
};

/// Where the lines go.
#[derive(Debug)]
enum Output {
    /// The standard output of the process.
    Stdout(Stdout),
    /// A file, opened at the first record and after each error.
    File {
        /// The file's path.
        path: PathBuf,
        /// Whether the file is in `data_dir`: then only its owner may read it, and a symbolic link
        /// is not followed.
        private: bool,
        /// The file, once it is open.
        file: Option<File>,
    },
}

/// Writes one record a line.
#[derive(Debug)]
pub(super) struct LineSink(Output);

impl LineSink {
    /// Writes to standard output.
    pub(super) fn stdout() -> Self {
        Self(Output::Stdout(tokio::io::stdout()))
    }

    /// Writes to the file that the config names, else to one in `data_dir`; a missing file is
    /// created.
    pub(super) fn file(config: &Config) -> Self {
        Self(Output::File {
            path: config.sink_file(),
            private: config.sink.file.is_none(),
            file: None,
        })
    }
}

/// Opens a file for appending. If the last line has no line break, a crash interrupted a batch that
/// was not acknowledged: the line is cut off, because the batch is written again.
async fn open(path: &Path, private: bool) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    if private {
        options.mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    }
    let is_new = !private && !path.exists();
    let mut file = options.open(path).await?;
    if let Some(mode) = store::shared_mode().filter(|_| is_new) {
        // The process's own mask keeps others out, and what the operator named is for others.
        file.set_permissions(Permissions::from_mode(mode)).await?;
    }
    let mut end = file.metadata().await?.len();
    let mut chunk = vec![0; 64 << 10];
    while end > 0 {
        let size = end.min(chunk.len() as u64);
        file.seek(std::io::SeekFrom::Start(end - size)).await?;
        let part = &mut chunk[..usize::try_from(size).unwrap_or(0)];
        file.read_exact(part).await?;
        if let Some(last) = part.iter().rposition(|byte| *byte == b'\n') {
            end = end - size + last as u64 + 1;
            break;
        }
        end -= size;
    }
    file.set_len(end).await?;
    file.seek(std::io::SeekFrom::End(0)).await?;
    Ok(file)
}

/// Appends lines; they are durable when it returns.
async fn append(file: &mut File, lines: &[u8]) -> std::io::Result<()> {
    file.write_all(lines).await?;
    // tokio writes in the background. Only `flush` reports that such a write failed; a sync does
    // not.
    file.flush().await?;
    file.sync_data().await
}

impl Sink for LineSink {
    fn name(&self) -> String {
        match &self.0 {
            Output::Stdout(_) => "standard output".to_owned(),
            Output::File { path, .. } => path.display().to_string(),
        }
    }

    fn open(&mut self, _: Option<i64>) -> SinkFuture<'_, Option<SinkHoldings>> {
        Box::pin(async {
            if let Output::File { path, private, file } = &mut self.0 {
                let opened = open(path, *private).await.map_err(|error| {
                    PublishError::Transient(format!("opening {}: {error}", path.display()))
                })?;
                *file = Some(opened);
            }
            Ok(None)
        })
    }

    fn publish<'a>(
        &'a mut self,
        rows: &'a [OutboxRow],
        _: &'a Position,
    ) -> SinkFuture<'a, Delivered> {
        Box::pin(async move {
            let mut lines =
                Vec::with_capacity(rows.iter().map(|row| row.record.value.len() + 1).sum());
            for row in rows {
                lines.extend_from_slice(&row.record.value);
                lines.push(b'\n');
            }
            let written = match &mut self.0 {
                Output::Stdout(stdout) => match stdout.write_all(&lines).await {
                    Ok(()) => stdout.flush().await,
                    Err(error) => Err(error),
                },
                Output::File { file: Some(file), .. } => append(file, &lines).await,
                Output::File { file: None, .. } => Err(std::io::Error::other("not open")),
            };
            written.map_err(|error| PublishError::writing(&error))?;
            Ok(Delivered::default())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_full_disk_refused_is_never_taken_for_written() {
        let mut full = OpenOptions::new().write(true).open("/dev/full").await.unwrap();
        let error = append(&mut full, b"{}\n").await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    }
}

//! Dead letters: what could not be published as an article, why, and where its bytes are.

use std::path::{Path, PathBuf};

use serde_json::json;
use uuid::Uuid;

use super::{event_source, traceparent};
use crate::{
    article::Dead,
    store::{NewRecord, PendingEntry, Topic},
};

/// The value of `schema` in `nashra.deadletters`.
const SCHEMA: &str = "nashra.deadletter.v1";

/// Keeps bytes that could not be read, a folder a day, within a budget.
#[derive(Debug, Clone)]
pub struct DeadLetterFiles {
    dir: Option<PathBuf>,
    budget: u64,
}

impl DeadLetterFiles {
    /// Below `data_dir`; `budget` is in bytes. Without a directory nothing is kept.
    #[must_use]
    pub fn new(data_dir: Option<&Path>, budget: u64) -> Self {
        Self { dir: data_dir.map(|it| it.join("deadletters")), budget }
    }

    /// Writes the bytes and says where. A failure to write is logged: the dead letter goes out without them.
    pub(super) async fn keep(&self, dead: &mut Dead) -> Option<String> {
        let bytes = dead.bytes.take()?;
        let day = self.dir.as_ref()?.join(dead.at.format("%Y-%m-%d").to_string());
        let path = day.join(Uuid::now_v7().to_string());
        let written = async {
            tokio::fs::create_dir_all(&day).await?;
            tokio::fs::write(&path, &bytes).await
        };
        match written.await {
            Ok(()) => Some(path.display().to_string()),
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "the bytes of a dead letter could not be kept");
                None
            }
        }
    }

    /// Forgets the days before `oldest` (a name such as `2026-11-24`), and the oldest ones while over budget.
    pub fn sweep(&self, oldest: &str) -> std::io::Result<()> {
        let Some(dir) = self.dir.as_ref().filter(|it| it.is_dir()) else { return Ok(()) };
        let mut days: Vec<PathBuf> =
            std::fs::read_dir(dir)?.filter_map(|it| it.ok().map(|it| it.path())).filter(|it| it.is_dir()).collect();
        days.sort();
        let sizes: Vec<u64> = days.iter().map(|it| size(it)).collect();
        let mut total: u64 = sizes.iter().sum();
        for (day, size) in days.iter().zip(sizes) {
            let expired = day.file_name().is_some_and(|name| name.to_string_lossy().as_ref() < oldest);
            if expired || total > self.budget {
                std::fs::remove_dir_all(day)?;
                total -= size;
            }
        }
        Ok(())
    }
}

fn size(dir: &Path) -> u64 {
    let files = std::fs::read_dir(dir).into_iter().flatten().flatten();
    files.filter_map(|it| it.metadata().ok()).map(|it| it.len()).sum()
}

/// The record of `nashra.deadletters`.
pub(super) fn record(entry: &PendingEntry, dead: &Dead, bytes_at: Option<&str>) -> NewRecord {
    let id = Uuid::now_v7();
    let value = json!({
        "schema": SCHEMA,
        "id": id,
        "source": entry.source,
        "url": entry.entry.link,
        "guid": entry.entry.guid,
        "title": entry.entry.title,
        "reason": dead.reason,
        "error": dead.error,
        "tries": entry.tries + 1,
        "first_seen": entry.first_seen,
        "at": dead.at,
        "bytes": bytes_at,
    });
    NewRecord {
        topic: Topic::DeadLetters,
        key: entry.source.id.clone(),
        event_id: id.to_string(),
        event_type: SCHEMA.to_owned(),
        event_source: event_source(entry),
        event_time: dead.at,
        traceparent: traceparent(),
        value: value.to_string().into_bytes(),
    }
}

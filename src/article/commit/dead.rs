//! Dead letters: what could not be published as an article, why, and where its bytes are.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

use super::{event_source, traceparent};
use crate::{
    article::{Dead, bounds, clean, record},
    store::{NewRecord, PendingEntry, Topic},
};

/// The value of [`DeadLetter::schema`].
const SCHEMA: &str = "nashra.deadletter.v1";

/// The record of `nashra.deadletters`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DeadLetter {
    /// Always `nashra.deadletter.v1`.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: &'static str,
    /// Its own.
    pub id: Uuid,
    /// Who listed it, or handed it over.
    pub source: record::Source,
    /// The page that could not be read.
    pub url: Option<String>,
    /// Its id in the source.
    pub guid: Option<String>,
    /// The headline that the source gave it.
    pub title: Option<String>,
    /// A short word: `fetch`, `gone`, `blocked`, `robots`, `page`, `message`, `document` or `refused` (by the sink).
    pub reason: &'static str,
    /// What happened, in words.
    pub error: String,
    /// How often it was tried.
    pub tries: u32,
    /// When nashra first saw it.
    pub first_seen: DateTime<Utc>,
    /// When it was given up.
    pub at: DateTime<Utc>,
    /// The file with the bytes that could not be read, where some are kept.
    pub bytes: Option<String>,
}

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

    /// Keeps the value of a record that the sink does not take: durable when it returns. Where it is known by its name, the
    /// file is written again and not a second time.
    pub(crate) async fn keep_record(&self, name: &str, at: DateTime<Utc>, value: &[u8]) -> std::io::Result<Option<String>> {
        let Some(dir) = &self.dir else { return Ok(None) };
        let day = dir.join(at.format("%Y-%m-%d").to_string());
        let path = day.join(format!("{}.json", name.replace(|c: char| !c.is_ascii_alphanumeric(), "-")));
        tokio::fs::create_dir_all(&day).await?;
        let mut file = tokio::fs::File::create(&path).await?;
        file.write_all(value).await?;
        file.sync_all().await?;
        Ok(Some(path.display().to_string()))
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

/// The dead letter of an entry, on its way to the outbox.
pub(super) fn letter(entry: &PendingEntry, dead: &Dead, bytes_at: Option<&str>) -> NewRecord {
    let id = Uuid::now_v7();
    // Rows of the queue may be of a version that bounded less.
    let mut source = clean::source(entry.source.clone());
    bounds::source(&mut source);
    let secrets = entry.source.url.secrets();
    let cleaned = |it: String, limit: usize| {
        let mut it = Some(bounds::cut(secrets.hide(&it).into_owned(), limit));
        clean::optional(&mut it);
        it
    };
    let url = entry.entry.link.clone().and_then(clean::url).map(String::from).filter(|it| it.len() <= bounds::ADDRESS);
    let letter = DeadLetter {
        schema: SCHEMA,
        id,
        source,
        url: url.map(|it| secrets.hide(&it).into_owned()),
        guid: entry.entry.guid.clone().and_then(|it| cleaned(it, bounds::ADDRESS)),
        title: entry.entry.title.clone().and_then(|it| cleaned(it, bounds::TITLE)),
        reason: dead.reason,
        error: cleaned(dead.error.clone(), bounds::ERROR).unwrap_or_default(),
        tries: entry.tries + 1,
        first_seen: entry.first_seen,
        at: dead.at,
        bytes: bytes_at.map(str::to_owned),
    };
    NewRecord {
        topic: Topic::DeadLetters,
        key: entry.source.id.clone(),
        event_id: id.to_string(),
        event_type: SCHEMA.to_owned(),
        event_source: event_source(entry),
        event_time: dead.at,
        traceparent: traceparent(),
        // Our own plain types always serialise.
        value: serde_json::to_vec(&letter).unwrap_or_default(),
    }
}

/// What a dead letter takes from the record whose place it takes.
#[derive(Deserialize)]
struct Told {
    source: record::Source,
    url: Option<String>,
    title: Option<String>,
    first_seen: DateTime<Utc>,
}

/// The small dead letter that stands where the sink refused a record: why, and where its value is kept.
pub(crate) fn refused(record: &NewRecord, error: String, (bytes_at, at): (Option<&str>, DateTime<Utc>)) -> NewRecord {
    let told = serde_json::from_slice(&record.value).unwrap_or_else(|_| {
        let id = record.event_source.rsplit('/').next().unwrap_or_default().to_owned();
        let source = record::Source { id, name: None, kind: String::new(), url: "".into(), tags: Vec::new() };
        Told { source, url: None, title: None, first_seen: record.event_time }
    });
    let Told { mut source, url, title, first_seen } = told;
    let id = Uuid::now_v7();
    bounds::source(&mut source);
    let letter = DeadLetter {
        schema: SCHEMA,
        id,
        url: url.filter(|it| it.len() <= bounds::ADDRESS),
        guid: None,
        title: title.map(|it| bounds::cut(it, bounds::TITLE)),
        reason: "refused",
        error: bounds::cut(error, bounds::ERROR),
        tries: 1,
        first_seen,
        at,
        bytes: bytes_at.map(str::to_owned),
        source,
    };
    NewRecord {
        topic: Topic::DeadLetters,
        key: letter.source.id.clone(),
        event_id: id.to_string(),
        event_type: SCHEMA.to_owned(),
        event_source: record.event_source.clone(),
        event_time: at,
        traceparent: traceparent(),
        value: serde_json::to_vec(&letter).unwrap_or_default(),
    }
}

//! The bytes of dead letters that older programs kept as files below `data_dir/deadletters`, one folder
//! a day: taken over into the store as letters, once.
//!
//! What must stay true: a file is removed only once its letter is durable, and a file that is taken
//! over twice makes one letter, so a kill at any moment loses and doubles nothing. What cannot be read
//! is left where it is.

use std::{
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    base::hash::digest,
    model::{
        record::{Source, Topic},
        routing::Routing,
    },
    store::{
        Batch, LetterBody, LetterFacts, LetterStore, LetterSubject, NewRecord, Observed, StoreError,
    },
};

/// The largest file that is taken over, in bytes after decompression: no record is larger, and of
/// pages 4 MiB were kept.
const LARGEST: u64 = 16 << 20;

/// Takes the files over; returns how many there were.
///
/// # Errors
/// Where the store cannot be written.
pub(super) async fn take_over(dir: &Path, letters: &LetterStore) -> Result<usize, StoreError> {
    let folder = dir.join("deadletters");
    let mut count = 0;
    for path in files(&folder) {
        let Some((facts, body)) = letter(&path) else {
            tracing::warn!(path = %path.display(), "a file of an older program's dead letter cannot be read, and is left there");
            continue;
        };
        let mut batch = Batch::default();
        letters.put(&mut batch, facts, body)?;
        letters.commit(batch).await?;
        if let Err(error) = fs::remove_file(&path) {
            tracing::warn!(%error, path = %path.display(), "an old dead letter was taken over and cannot be removed");
        }
        // A day that is not empty stays.
        path.parent().map(fs::remove_dir);
        count += 1;
    }
    fs::remove_dir(&folder).ok();
    if count > 0 {
        tracing::info!(count, "files of dead letters were taken over into the store");
    }
    Ok(count)
}

/// The files, the oldest first: days and names are in the order of time.
fn files(folder: &Path) -> Vec<PathBuf> {
    let inside =
        |dir: &Path| fs::read_dir(dir).into_iter().flatten().flatten().map(|file| file.path());
    let mut files: Vec<PathBuf> = inside(folder)
        .flat_map(|day| inside(&day).collect::<Vec<_>>())
        .filter(|path| path.extension().is_some_and(|end| end == "zst"))
        .collect();
    files.sort();
    files
}

/// What is read of a record that was refused.
#[derive(Deserialize)]
struct Refused {
    source: Source,
    url: Option<String>,
    title: Option<String>,
    first_seen: DateTime<Utc>,
    id: Uuid,
    revision: u32,
    schema: String,
}

/// The letter of a file.
fn letter(path: &Path) -> Option<(LetterFacts, LetterBody)> {
    let mut bytes = Vec::new();
    let unpacked = zstd::stream::read::Decoder::new(File::open(path).ok()?).ok()?;
    unpacked.take(LARGEST).read_to_end(&mut bytes).ok()?;
    let day = path.parent()?.file_name()?.to_str()?.parse::<NaiveDate>().ok()?;
    let at = day.and_time(NaiveTime::MIN).and_utc();
    let name = path.file_name()?.to_str()?;
    let mut facts = LetterFacts {
        id: id(name, at),
        source: Source {
            id: String::new(),
            name: None,
            kind: String::new(),
            url: "".into(),
            tags: Vec::new(),
        },
        url: None,
        guid: None,
        title: None,
        reason: "older".to_owned(),
        error: format!("bytes that an older program kept as {name}"),
        tries: 1,
        attempts: 1,
        first_seen: at,
        first: at,
        at,
        retried: None,
        bytes: None,
        subject: None,
    };
    let mut subject = LetterSubject::Unknown;
    if let Ok(refused) = serde_json::from_slice::<Refused>(&bytes)
        && refused.schema == "nashra.article.v1"
    {
        let event_source = format!("/sources/{}", refused.source.id);
        subject = LetterSubject::Record(Box::new(NewRecord {
            topic: Topic::Articles,
            key: refused.id.to_string(),
            event_id: format!("{}/{}", refused.id, refused.revision),
            event_type: refused.schema,
            event_source,
            event_time: at,
            traceparent: crate::stages::commit::traceparent(),
            routing: Routing::default(),
            observed: Observed::default(),
            value: Vec::new(),
        }));
        "refused".clone_into(&mut facts.reason);
        (facts.source, facts.url, facts.title, facts.first_seen) =
            (refused.source, refused.url, refused.title, refused.first_seen);
    }
    facts.subject = subject.key();
    Some((facts, LetterBody::with_bytes(subject, &bytes).ok()?))
}

/// An id that is the same each time: that in the file's name, or one made of it and its day.
fn id(name: &str, at: DateTime<Utc>) -> Uuid {
    let named = name.strip_suffix(".zst").and_then(|name| name.parse().ok());
    named.unwrap_or_else(|| {
        let ms = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(ms, &digest(&[name.as_bytes()])).into_uuid()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[tokio::test]
    async fn files_of_an_older_program_become_letters_once_and_are_gone() {
        let dir = tempfile::tempdir().unwrap();
        let day = dir.path().join("deadletters/2026-11-24");
        fs::create_dir_all(&day).unwrap();
        let put = |name: &str, bytes: &[u8]| {
            fs::write(day.join(name), zstd::bulk::compress(bytes, 1).unwrap()).unwrap();
        };
        let (page, article) = (Uuid::now_v7(), Uuid::now_v7());
        let record = format!(
            r#"{{"schema":"nashra.article.v1","id":"{article}","revision":3,"source":{{"id":"s","name":null,"kind":"feed","url":"u","tags":[]}},"url":"https://h.example/","title":"A","first_seen":"2026-11-24T10:00:00Z"}}"#
        );
        let store = Store::in_memory().unwrap();
        let letters = store.letters(1 << 20);
        // The second time is as after a kill before the files were removed.
        for _ in 0..2 {
            fs::create_dir_all(&day).unwrap();
            put(&format!("{page}.zst"), b"%PDF");
            put(&format!("{article}-3.json.zst"), record.as_bytes());
            assert_eq!(take_over(dir.path(), &letters).await.unwrap(), 2);
            assert!(!dir.path().join("deadletters").exists());
        }
        let view = letters.view().unwrap();
        let all: Vec<LetterFacts> = view.latest(Uuid::max()).map(Result::unwrap).collect();
        assert_eq!(all.len(), 2);
        assert_eq!(view.body(page).unwrap().unwrap().unpacked().unwrap().unwrap(), b"%PDF");
        let refused = all.iter().find(|facts| facts.reason == "refused").unwrap();
        let LetterSubject::Record(kept) = view.body(refused.id).unwrap().unwrap().subject else {
            panic!("{refused:?}")
        };
        assert_eq!(kept.event_id, format!("{article}/3"));
        assert_eq!(refused.title.as_deref(), Some("A"));
        fs::create_dir_all(&day).unwrap();
        fs::write(day.join("x.zst"), b"no frame").unwrap();
        assert_eq!(take_over(dir.path(), &letters).await.unwrap(), 0);
        assert!(day.join("x.zst").exists(), "what cannot be read is left");
    }
}

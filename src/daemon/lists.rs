//! Every source that the config names, from files and from addresses.
//!
//! An address may be that of a list (TOML, OPML, one URL a line) or of a source: the answer shows
//! which. The last good copy of a list is kept in `data_dir`, so that a start does not depend on
//! another server.

use std::{
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use url::Url;

use super::DaemonError;
use crate::{
    base::{hash::digest, private::shown},
    config::{
        Config, ConfigErrors, SourceList,
        sources::{self, ParsedList, Sources},
    },
    fetch::{Fetch, Outcome, Request},
    model::accept,
    read::feed,
};

/// What the lists say.
#[derive(Debug)]
pub(super) struct LoadedLists {
    pub(super) sources: Sources,
    copies: Vec<ListCopy>,
}

/// A list at an address, as it is to be kept.
#[derive(Debug)]
struct ListCopy {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl LoadedLists {
    /// Keeps copies of the lists that were fetched, once they are taken over.
    pub(super) fn keep_copies(&self) {
        for ListCopy { path, bytes } in &self.copies {
            if let Err(error) = write_whole(path, bytes) {
                tracing::warn!(%error, path = %path.display(), "the list of sources could not be kept for the next start");
            }
        }
    }
}

/// All sources. Two sources with the same id or the same address are an error or a warning, also
/// where they stand in different lists.
pub(super) async fn load(config: &Config) -> Result<LoadedLists, DaemonError> {
    let (mut lists, mut copies) = (Vec::new(), Vec::new());
    // Making a fetcher reads all certificates of the system, so it is made only where it is needed.
    let mut fetcher = None;
    for list in &config.sources {
        lists.push(match list {
            SourceList::File(path) => sources::read_list(path),
            SourceList::Url(url) => {
                let fetcher = match &fetcher {
                    Some(fetcher) => Arc::clone(fetcher),
                    None => Arc::clone(fetcher.insert(super::fetcher(config)?.0)),
                };
                let max_decoded = config.fetch.max_decoded.as_usize();
                let (list, copy) = fetch_list(url, &config.data_dir, &*fetcher, max_decoded).await;
                copies.extend(copy);
                list
            }
        });
    }
    let merged = sources::merge(lists);
    for warning in &merged.warnings {
        tracing::warn!(place = %warning.place, "{}", warning.message);
    }
    ConfigErrors::check(merged.errors)?;
    let sources = Sources { polled: merged.sources, topics: merged.topics };
    Ok(LoadedLists { sources, copies })
}

async fn fetch_list<F: Fetch>(
    url: &Url,
    data_dir: &Path,
    fetcher: &F,
    max_decoded: usize,
) -> (ParsedList, Option<ListCopy>) {
    let cached = cache_path(url, data_dir);
    let bytes = match fetcher
        .fetch(Request {
            obeys_robots: false,
            goes_first: true,
            ..Request::new(url.clone(), accept::LIST)
        })
        .await
    {
        Outcome::New(found) => found
            .body
            .decode(max_decoded)
            .map(|bytes| bytes.to_vec())
            .map_err(|error| error.to_string()),
        Outcome::NotModified { .. } => Err("HTTP status 304".to_owned()),
        Outcome::Throttled { status, .. } | Outcome::Gone { status } => {
            Err(format!("HTTP status {status}"))
        }
        Outcome::Deferred(deferred) => Err(deferred.to_string()),
        Outcome::Blocked(block) => Err(block.to_string()),
        Outcome::Failed(error) => Err(error.to_string()),
    };
    let error = match bytes {
        // What was a list does not become a source, or empty, because of one answer.
        Ok(bytes) if cached.exists() && !has_sources(&bytes, url) => {
            "the answer is no list of sources".to_owned()
        }
        Ok(bytes) if is_list(&bytes, url) => {
            let list = sources::parse(url.as_str(), &bytes);
            return (list, Some(ListCopy { path: cached, bytes }));
        }
        Ok(_) => return (as_source(url), None),
        Err(error) => error,
    };
    let list = if let Ok(bytes) = std::fs::read(&cached) {
        tracing::warn!(url = %shown(url.as_str()), error, "the list of sources could not be fetched; the copy of an earlier start is used");
        sources::parse(url.as_str(), &bytes)
    } else {
        tracing::warn!(url = %shown(url.as_str()), error, "the address could not be fetched; it is polled as a source");
        as_source(url)
    };
    (list, None)
}

fn as_source(url: &Url) -> ParsedList {
    sources::parse(url.as_str(), url.as_str().as_bytes())
}

/// Whether an answer is a list with a source or a topic in it.
fn has_sources(bytes: &[u8], url: &Url) -> bool {
    is_list(bytes, url) && {
        let list = sources::parse(url.as_str(), bytes);
        !list.sources.is_empty() || !list.topics.is_empty()
    }
}

/// Whether an answer is a list of sources; otherwise it is a source itself, such as a feed or a
/// page.
fn is_list(bytes: &[u8], url: &Url) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let start = text.trim_start_matches('\u{feff}').trim_start();
    if start.starts_with('<') {
        return text.to_ascii_lowercase().contains("<opml");
    }
    // A JSON Feed is no list, although it holds addresses.
    feed::parse(bytes, None, url).is_err() && sources::parse(url.as_str(), bytes).errors.is_empty()
}

fn cache_path(url: &Url, data_dir: &Path) -> PathBuf {
    let name = u64::from_be_bytes(digest(&[url.as_str().as_bytes()]));
    data_dir.join("lists").join(format!("{name:016x}"))
}

/// Writes a file whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(dir) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    }
    let part = path.with_extension("part");
    std::fs::remove_file(&part).ok();
    // Only a new file is written, so a link is not followed.
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&part)?
        .write_all(bytes)?;
    std::fs::rename(part, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_told_from_a_source() {
        let url = Url::parse("https://news.example/x").unwrap();
        for list in [
            "https://a.example/feed\nhttps://b.example/feed\n",
            "[[source]]\nurl = \"https://a.example/\"\n",
            "<?xml version=\"1.0\"?>\n<OPML version=\"2.0\"><body/></OPML>",
        ] {
            assert!(is_list(list.as_bytes(), &url), "{list}");
        }
        for source in [
            "<rss version=\"2.0\"/>",
            "<!doctype html><p>x",
            "{\"version\": \"https://jsonfeed.org/version/1.1\", \"title\": \"x\", \"items\": []}",
        ] {
            assert!(!is_list(source.as_bytes(), &url), "{source}");
        }
    }
}

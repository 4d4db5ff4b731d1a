//! Feeds to entries. Pure: bytes in, entries out.
//!
//! feed-rs does the reading, behind a front that settles the encoding first and bounds what it may cost;
//! a panic of it is an error of that feed. What must stay true: an entry keeps its identity and its version
//! from poll to poll as long as the publisher says the same.

mod convert;
mod encoding;

use std::{collections::HashMap, panic::AssertUnwindSafe};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    article::record::{Enclosure, Image},
    store::digest,
};

pub use convert::content;

/// A feed as it was listed.
#[derive(Debug, Clone, PartialEq)]
pub struct Feed {
    /// Its own title.
    pub title: Option<String>,
    /// BCP 47, as it claims.
    pub language: Option<String>,
    /// Its entries, in its order.
    pub entries: Vec<Entry>,
}

/// One item, as the feed says it; not yet cleaned, because most entries of a poll are known already.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// What tells it from the feed's other entries: guid, else link, else a hash of what it says.
    pub identity: String,
    /// `guid` or `atom:id`, where there is one.
    pub guid: Option<String>,
    /// The page.
    pub link: Option<Url>,
    /// Headline.
    pub title: Option<String>,
    /// Teaser: HTML or plain text.
    pub summary: Option<String>,
    /// Full text: HTML.
    pub content: Option<String>,
    /// When it was published.
    pub published: Option<DateTime<Utc>>,
    /// When it was last changed.
    pub modified: Option<DateTime<Utc>>,
    /// Writers.
    pub authors: Vec<String>,
    /// Categories.
    pub categories: Vec<String>,
    /// Attached files.
    pub enclosures: Vec<Enclosure>,
    /// Pictures.
    pub images: Vec<Image>,
    /// BCP 47, of the entry or the feed.
    pub language: Option<String>,
}

impl Entry {
    /// A hash of all that the feed says of it: another version may mean a changed article.
    #[must_use]
    pub fn version(&self) -> [u8; 16] {
        let text = |it: &Option<String>| it.clone().unwrap_or_default();
        let date = |it: Option<DateTime<Utc>>| it.map_or(0, |it| it.timestamp()).to_be_bytes();
        digest(&[
            self.link.as_ref().map_or("", Url::as_str).as_bytes(),
            text(&self.title).as_bytes(),
            text(&self.summary).as_bytes(),
            text(&self.content).as_bytes(),
            &date(self.published),
            &date(self.modified),
        ])
    }
}

/// Why a body is no feed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// An HTML page came instead.
    #[error("an HTML page instead of a feed")]
    Html,
    /// Neither RSS, Atom nor JSON Feed, or broken.
    #[error("not a feed: {0}")]
    Malformed(String),
    /// It parsed, and there is nothing of a feed in it.
    #[error("a document without a title or entries")]
    Empty,
    /// It would cost too much.
    #[error("refused: {0}")]
    Hostile(&'static str),
    /// The parser panicked on it.
    #[error("the feed parser panicked")]
    Panicked,
}

/// Nested `xml:base` costs feed-rs quadratic time; no honest feed has this many.
const MAX_XML_BASES: usize = 5_000;
/// Entries taken from one document: the newest of a sane feed by far.
const MAX_ENTRIES: usize = 20_000;

/// Reads a feed.
///
/// # Errors
/// Says what the body is instead.
pub fn read(bytes: &[u8], content_type: Option<&str>, url: &Url) -> Result<Feed, FeedError> {
    let text = encoding::to_text(bytes, content_type);
    let text = encoding::without_declaration(&text);
    let start = text.trim_start().get(..200).unwrap_or(text.trim_start()).to_ascii_lowercase();
    if start.starts_with("<!doctype html") || start.starts_with("<html") {
        return Err(FeedError::Html);
    }
    if text.matches("xml:base").take(MAX_XML_BASES + 1).count() > MAX_XML_BASES {
        return Err(FeedError::Hostile("too many xml:base"));
    }
    let parse = || {
        feed_rs::parser::Builder::new()
            .base_uri(Some(url.as_str()))
            .sanitize_content(false)
            // An absent guid stays absent: we choose the identity.
            .id_generator(|_, _, _| String::new())
            .build()
            .parse(text.as_bytes())
    };
    let parsed = std::panic::catch_unwind(AssertUnwindSafe(parse)).map_err(|_| FeedError::Panicked)?;
    let mut parsed = parsed.map_err(|error| FeedError::Malformed(error.to_string()))?;
    if parsed.title.is_none() && parsed.entries.is_empty() {
        return Err(FeedError::Empty);
    }
    parsed.entries.truncate(MAX_ENTRIES);
    let mut feed = convert::feed(parsed, url);
    settle_identities(&mut feed.entries);
    Ok(feed)
}

/// A guid that several entries of one document share tells nothing: those go by their links.
fn settle_identities(entries: &mut Vec<Entry>) {
    let mut guids: HashMap<String, usize> = HashMap::new();
    for guid in entries.iter().filter_map(|entry| entry.guid.as_ref()) {
        *guids.entry(guid.clone()).or_default() += 1;
    }
    for entry in entries.iter_mut() {
        if entry.guid.as_ref().is_some_and(|guid| guids[guid] > 1) && entry.link.is_some() {
            entry.guid = None;
        }
        entry.identity = match (&entry.guid, &entry.link) {
            (Some(guid), _) => guid.clone(),
            (None, Some(link)) => link.to_string(),
            (None, None) => {
                let title = entry.title.as_deref().unwrap_or_default();
                let body = entry.content.as_deref().or(entry.summary.as_deref()).unwrap_or_default();
                // Without any name, a changed text is another entry.
                let hash: [u8; 16] = digest(&[title.as_bytes(), if title.is_empty() { body.as_bytes() } else { b"" }]);
                uuid::Uuid::from_bytes(hash).to_string()
            }
        };
    }
    // The first of several entries of one identity is the newest in nearly every feed.
    let mut known = std::collections::HashSet::new();
    entries.retain(|entry| known.insert(entry.identity.clone()));
}

#[cfg(test)]
mod tests {
    use super::*;

    const RSS: &str = include_str!("../../tests/fixtures/rss/two-items.xml");
    const ATOM: &str = include_str!("../../tests/fixtures/atom/two-entries.xml");

    fn url() -> Url {
        Url::parse("https://news.example/feed.xml").unwrap()
    }

    #[test]
    fn an_rss_item_keeps_its_guid_link_dates_and_full_text() {
        let feed = read(RSS.as_bytes(), None, &url()).unwrap();
        let entry = &feed.entries[0];
        assert_eq!(feed.title.as_deref(), Some("The Example Courier"));
        assert_eq!(feed.language.as_deref(), Some("en-gb"));
        assert_eq!(entry.identity, "courier-1001");
        assert_eq!(entry.link.as_ref().unwrap().as_str(), "https://news.example/world/harbour?id=1001");
        assert_eq!(entry.published.unwrap().to_rfc3339(), "2026-11-20T07:30:00+00:00");
        assert!(entry.content.as_ref().unwrap().contains("second paragraph"));
        assert_eq!(entry.authors, ["Nadia Rahal"]);
        assert_eq!(entry.enclosures[0].url, "https://news.example/audio/1001.mp3");
    }

    #[test]
    fn an_item_without_a_guid_goes_by_its_link() {
        let feed = read(RSS.as_bytes(), None, &url()).unwrap();
        assert_eq!(feed.entries[1].guid, None);
        assert_eq!(feed.entries[1].identity, "https://news.example/sport/final");
    }

    #[test]
    fn an_atom_entry_has_both_dates() {
        let feed = read(ATOM.as_bytes(), None, &url()).unwrap();
        let entry = &feed.entries[0];
        assert_eq!(entry.identity, "tag:science.example,2026:7");
        assert_eq!(entry.published.unwrap().to_rfc3339(), "2026-11-19T10:00:00+00:00");
        assert_eq!(entry.modified.unwrap().to_rfc3339(), "2026-11-20T08:00:00+00:00");
    }

    #[test]
    fn a_guid_that_all_items_share_is_no_identity() {
        let shared = RSS
            .replace("courier-1001", "x")
            .replace("<link>https://news.example/sport/final</link>", "<guid>x</guid><link>https://news.example/sport/final</link>");
        let feed = read(shared.as_bytes(), None, &url()).unwrap();
        assert_eq!(feed.entries.len(), 2);
        assert!(feed.entries.iter().all(|entry| entry.guid.is_none()));
    }

    #[test]
    fn a_change_of_the_title_is_another_version_of_the_same_entry() {
        let before = read(RSS.as_bytes(), None, &url()).unwrap();
        let after = read(RSS.replace("Harbour reopens", "Harbour reopens early").as_bytes(), None, &url()).unwrap();
        assert_eq!(before.entries[0].identity, after.entries[0].identity);
        assert_ne!(before.entries[0].version(), after.entries[0].version());
        assert_eq!(before.entries[1].version(), after.entries[1].version());
    }

    #[test]
    fn windows_1256_is_read_by_its_declaration() {
        let text = RSS.replace("UTF-8", "windows-1256").replace("Harbour reopens", "إعادة فتح الميناء");
        let (bytes, _, _) = encoding_rs::WINDOWS_1256.encode(&text);
        let feed = read(&bytes, None, &url()).unwrap();
        assert_eq!(feed.entries[0].title.as_deref(), Some("إعادة فتح الميناء"));
    }

    #[test]
    fn an_html_page_is_told_apart() {
        assert_eq!(read(b"<!DOCTYPE html><html><title>x</title></html>", None, &url()), Err(FeedError::Html));
    }

    #[test]
    fn noise_is_an_error_and_never_a_panic() {
        for noise in [&b""[..], b"\xff\xfe\x00", b"{}", b"<rss", b"%PDF-1.7", b"<rss version=\"2.0\"><channel></channel></rss>"] {
            assert!(read(noise, None, &url()).is_err(), "{noise:?}");
        }
    }
}

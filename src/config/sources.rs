//! Lists of sources: TOML, OPML, or one URL a line, told apart by what is in them.
//!
//! A list is declarative and is never rewritten. A source's id is the one that was given, or made from
//! the URL as it was configured, so that it stays the same while the source moves to other addresses.
//! One id never stands for two sources, and one URL is polled once.

mod opml;
mod tables;

use std::{collections::HashMap, fmt, path::Path, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::listing::selector::Selectors;

use super::{ConfigError, ConfigErrors, PageMode, Place, Poll, SourceKind, error::Text, read_bytes, setting::from_text};

/// The stable name of a source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceId(String);

impl SourceId {
    /// The id of a source that was configured without one: the start of a hash of its URL.
    #[must_use]
    pub fn of_url(url: &Url) -> Self {
        let hash = Sha256::digest(url.as_str());
        let start = hash.iter().take(8).fold(0_u64, |start, byte| start << 8 | u64::from(*byte));
        Self(format!("{start:016x}"))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for SourceId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let legal = text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        if legal && (1..=64).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("{text:?} is not an id: 1 to 64 ASCII letters, digits, `.`, `_` and `-`"))
        }
    }
}

/// One thing to poll, as it was configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Stable.
    pub id: SourceId,
    /// The operator's name for it.
    pub name: Option<String>,
    /// What it is.
    pub kind: SourceKind,
    /// Where it was configured to be; http or https.
    pub url: Url,
    /// Free words: given, or the folders that an OPML outline is in.
    pub tags: Vec<String>,
    /// Instead of [`Poll::min_interval`].
    pub min_interval: Option<Duration>,
    /// Instead of [`Poll::max_interval`].
    pub max_interval: Option<Duration>,
    /// Instead of [`super::Page::mode`].
    pub pages: Option<PageMode>,
    /// How the links of a listing are found, where they are not to be found by itself.
    pub listing: Option<Selectors>,
    /// Where it was configured.
    pub place: Place,
}

impl Source {
    /// A source of which only the URL is known.
    pub(super) fn new(url: Url, place: Place) -> Self {
        Self {
            id: SourceId::of_url(&url),
            name: None,
            kind: SourceKind::Feed,
            url,
            tags: Vec::new(),
            min_interval: None,
            max_interval: None,
            pages: None,
            listing: None,
            place,
        }
    }

    /// Its shortest and longest time between visits; its own setting wins over a general one that contradicts it.
    #[must_use]
    pub fn intervals(&self, poll: &Poll) -> (Duration, Duration) {
        let min = self.min_interval.unwrap_or(poll.min_interval);
        let max = self.max_interval.unwrap_or(poll.max_interval);
        match self.min_interval {
            Some(_) => (min, max.max(min)),
            None => (min.min(max), max),
        }
    }
}

from_text! {
    SourceId, "an id in quotes", SourceId::from_str;
}

/// Something odd that does not stop anything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// Where.
    pub place: Place,
    /// What.
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// What one list holds: its good sources, and all that is wrong with the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct List {
    /// In the order of the list.
    pub sources: Vec<Source>,
    /// In the order of the list.
    pub warnings: Vec<Warning>,
    /// In the order of the list.
    pub errors: Vec<ConfigError>,
}

impl List {
    pub(super) fn wrong(&mut self, place: Place, message: impl Into<String>) {
        self.errors.push(ConfigError { place, key: String::new(), message: message.into() });
    }

    pub(super) fn warn(&mut self, place: Place, message: impl Into<String>) {
        self.warnings.push(Warning { place, message: message.into() });
    }
}

/// Reads and merges list files.
pub fn load<P: AsRef<Path>>(paths: &[P]) -> Result<(Vec<Source>, Vec<Warning>), ConfigErrors> {
    let list = merge(paths.iter().map(|path| read(path.as_ref())));
    ConfigErrors::check(list.errors).map(|()| (list.sources, list.warnings))
}

/// Reads one list file; that it cannot be read is one of the list's errors.
#[must_use]
pub fn read(path: &Path) -> List {
    let name = path.display().to_string();
    match read_bytes(path) {
        Ok(bytes) => parse(&name, &bytes),
        Err(message) => {
            let mut list = List::default();
            list.wrong(Place::whole(&name), message);
            list
        }
    }
}

/// Reads a list from bytes. `name` is its file or address: for places in errors, and `.toml` at its end counts.
#[must_use]
pub fn parse(name: &str, bytes: &[u8]) -> List {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    // UTF-16 begins with a mark; only XML is ever saved so.
    if start.first() == Some(&b'<') || bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return opml::parse(name, bytes);
    }
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}');
    // No URL begins with a bracket, and every TOML list has a line that does, unless its name tells.
    if name.to_lowercase().ends_with(".toml") || text.lines().any(|line| line.trim_start().starts_with("[[")) {
        tables::parse(name, text)
    } else {
        parse_lines(name, text)
    }
}

/// Puts lists together: the same URL counts once, the same id for two URLs is an error that names both places.
#[must_use]
pub fn merge(lists: impl IntoIterator<Item = List>) -> List {
    let mut merged = List::default();
    let mut by_url: HashMap<Url, Place> = HashMap::new();
    let mut by_id: HashMap<SourceId, Place> = HashMap::new();
    for list in lists {
        merged.warnings.extend(list.warnings);
        merged.errors.extend(list.errors);
        for source in list.sources {
            let (id, url, place) = (&source.id, &source.url, &source.place);
            if let Some(first) = by_url.get(url) {
                merged.warn(place.clone(), format!("{url} is already listed at {first}; it is polled once, as listed there"));
            } else if let Some(first) = by_id.get(id) {
                merged.wrong(place.clone(), format!("the id {id:?} is already that of the source at {first}", id = id.as_str()));
            } else {
                by_url.insert(url.clone(), place.clone());
                by_id.insert(id.clone(), place.clone());
                merged.sources.push(source);
            }
        }
    }
    merged
}

/// Reads the address of a source.
pub(super) fn source_url(text: &str) -> Result<Url, String> {
    let text = text.trim();
    let url = Url::parse(text).map_err(|error| match error {
        url::ParseError::RelativeUrlWithoutBase => {
            format!("{text:?} is not a URL: it must begin with https:// or http://")
        }
        error => format!("{text:?} is not a URL: {error}"),
    })?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        scheme => Err(format!("{text:?} has the scheme {scheme}: only http and https are polled")),
    }
}

/// Makes a name or a tag of what was written: trimmed, white space made one space, at most 200 characters.
pub(super) fn label(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let label: String = words.join(" ").chars().take(200).collect();
    (!label.is_empty()).then_some(label)
}

fn parse_lines(name: &str, content: &str) -> List {
    let text = Text::new(name, content);
    let mut list = List::default();
    let mut offset = 0;
    for line in content.split_inclusive('\n') {
        let place = text.place(offset);
        offset += line.len();
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (url, title) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match source_url(url) {
            Ok(url) => list.sources.push(Source { name: label(title), ..Source::new(url, place) }),
            Err(message) => list.wrong(place, message),
        }
    }
    list
}

#[cfg(test)]
mod tests;

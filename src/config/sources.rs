//! Lists of sources: TOML, OPML, or one URL a line, told apart by what is in them.
//!
//! A list is declarative and is never rewritten. A source's id is the one that was given, or made
//! from the URL as it was configured, so that it stays the same while the source moves to other
//! addresses. One id never stands for two sources, and one URL is polled once. Files and Kafka
//! topics can be named by lists that are files of this machine, never by lists that were fetched,
//! and so can private networks.

mod opml;
mod source;
mod tables;
pub mod added;
pub mod export;

use std::{collections::HashMap, fmt, path::Path};

use url::Url;

use super::{ConfigError, ConfigErrors, Place, error::LineIndex, read_bytes};
use crate::{base::private::shown, read::feed};
pub use source::{EntryBounds, Location, Source, SourceId, TopicSource};
pub use tables::settings;

/// Something odd that does not stop anything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// The file and line that it is about.
    pub place: Place,
    /// What is odd there, in words.
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// What one list holds: its good sources, and all that is wrong with the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParsedList {
    /// What is polled, in the order of the list.
    pub sources: Vec<Source>,
    /// What is read from Kafka, in the order of the list.
    pub topics: Vec<TopicSource>,
    /// In the order of the list.
    pub warnings: Vec<Warning>,
    /// In the order of the list.
    pub errors: Vec<ConfigError>,
}

impl ParsedList {
    pub(super) fn wrong(&mut self, place: Place, message: impl Into<String>) {
        self.errors.push(ConfigError { place, key: String::new(), message: message.into() });
    }

    pub(super) fn warn(&mut self, place: Place, message: impl Into<String>) {
        self.warnings.push(Warning { place, message: message.into() });
    }
}

/// Every source: what is polled, and which topics are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// What is polled.
    pub polled: Vec<Source>,
    /// What is read from Kafka.
    pub topics: Vec<TopicSource>,
}

/// Reads and merges list files.
pub fn load<P: AsRef<Path>>(paths: &[P]) -> Result<(Sources, Vec<Warning>), ConfigErrors> {
    let list = merge(paths.iter().map(|path| read_list(path.as_ref())));
    ConfigErrors::check(list.errors)
        .map(|()| (Sources { polled: list.sources, topics: list.topics }, list.warnings))
}

/// Reads one list file; that it cannot be read is one of the list's errors.
#[must_use]
pub fn read_list(path: &Path) -> ParsedList {
    let name = path.display().to_string();
    match read_bytes(path) {
        Ok(bytes) => {
            parse_from(&name, &bytes, ListOrigin::Machine(path.parent().unwrap_or(Path::new(""))))
        }
        Err(message) => {
            let mut list = ParsedList::default();
            list.wrong(Place::whole(&name), message);
            list
        }
    }
}

/// Reads a list from bytes. `name` is its file or address: for places in errors, and `.toml` at its
/// end counts. Whoever wrote it is not trusted with this machine's files and brokers.
#[must_use]
pub fn parse(name: &str, bytes: &[u8]) -> ParsedList {
    parse_from(name, bytes, ListOrigin::Anybody)
}

/// Who wrote a list, and so what it may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ListOrigin<'a> {
    /// It is a file of this machine, in this folder: files, topics and private networks.
    Machine(&'a Path),
    /// It was given by command: private networks.
    Operator,
    /// It was fetched.
    Anybody,
}

impl<'a> ListOrigin<'a> {
    fn folder(self) -> Option<&'a Path> {
        if let Self::Machine(folder) = self { Some(folder) } else { None }
    }
}

/// Reads a list.
fn parse_from(name: &str, bytes: &[u8], author: ListOrigin<'_>) -> ParsedList {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    // UTF-16 begins with a mark; only XML is ever saved so.
    if start.first() == Some(&b'<')
        || bytes.starts_with(b"\xff\xfe")
        || bytes.starts_with(b"\xfe\xff")
    {
        return opml::parse(name, bytes);
    }
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}');
    // No URL begins with a bracket, and every TOML list has a line that does, unless its name
    // tells.
    if name.to_lowercase().ends_with(".toml")
        || text.lines().any(|line| line.trim_start().starts_with("[["))
    {
        tables::parse(name, text, author)
    } else {
        parse_lines(name, text)
    }
}

/// Puts lists together: the same location counts once, the same id for two sources is an error that
/// names both places.
#[must_use]
pub fn merge(lists: impl IntoIterator<Item = ParsedList>) -> ParsedList {
    let mut merged = ParsedList::default();
    let mut places: HashMap<String, Place> = HashMap::new();
    let mut by_id: HashMap<SourceId, Place> = HashMap::new();
    for mut list in lists {
        merged.warnings.append(&mut list.warnings);
        merged.errors.append(&mut list.errors);
        for source in list.sources {
            // Two lists in two folders may mean two files by one name.
            let at = if let Location::File { path, .. } = &source.at {
                path.display().to_string()
            } else {
                source.at.configured().into_owned()
            };
            if merged.is_new(&mut places, at, "polled", &source.place)
                && merged.has_own_id(&mut by_id, &source.id, &source.place)
            {
                merged.sources.push(source);
            }
        }
        for topic in list.topics {
            let at =
                topic.brokers.iter().fold(topic.address(), |at, broker| format!("{at} {broker}"));
            if merged.is_new(&mut places, at, "read", &topic.place)
                && merged.has_own_id(&mut by_id, &topic.id, &topic.place)
            {
                merged.topics.push(topic);
            }
        }
    }
    merged
}

impl ParsedList {
    fn is_new(
        &mut self,
        known: &mut HashMap<String, Place>,
        at: String,
        done: &str,
        place: &Place,
    ) -> bool {
        let Some(first) = known.get(&at) else {
            known.insert(at, place.clone());
            return true;
        };
        self.already_listed(&at, done, place, first);
        false
    }

    fn has_own_id(
        &mut self,
        known: &mut HashMap<SourceId, Place>,
        id: &SourceId,
        place: &Place,
    ) -> bool {
        let Some(first) = known.get(id) else {
            known.insert(id.clone(), place.clone());
            return true;
        };
        self.id_is_taken(id, place, first);
        false
    }

    fn already_listed(&mut self, at: &str, done: &str, place: &Place, first: &Place) {
        self.warn(
            place.clone(),
            format!(
                "{} is already listed at {first}; it is {done} once, as listed there",
                shown(at)
            ),
        );
    }

    fn id_is_taken(&mut self, id: &SourceId, place: &Place, first: &Place) {
        self.wrong(
            place.clone(),
            format!("the id {id:?} is already that of the source at {first}", id = id.as_str()),
        );
    }
}

/// The source at an address, of which nothing else is said.
pub fn of_address(url: &str, place: Place) -> Result<Source, ConfigError> {
    match source_url(url) {
        Ok(url) => Ok(Source::new(url, place)),
        Err(message) => Err(ConfigError { place, key: String::new(), message }),
    }
}

/// Reads the address of a source.
pub(super) fn source_url(text: &str) -> Result<Url, String> {
    let plain = shown(text.trim());
    let url = Url::parse(&feed::without_feed_scheme(text)).map_err(|error| match error {
        url::ParseError::RelativeUrlWithoutBase => {
            format!("{plain:?} is not a URL: it must begin with https:// or http://")
        }
        error => format!("{plain:?} is not a URL: {error}"),
    })?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        scheme => Err(format!("{plain:?} has the scheme {scheme}: only http and https are polled")),
    }
}

/// Makes a name or a tag of what was written: trimmed, white space made one space, at most 200
/// characters.
pub(crate) fn label(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let label: String = words.join(" ").chars().take(200).collect();
    (!label.is_empty()).then_some(label)
}

fn parse_lines(name: &str, content: &str) -> ParsedList {
    let text = LineIndex::new(name, content);
    let mut list = ParsedList::default();
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

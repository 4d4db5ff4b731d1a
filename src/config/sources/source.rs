//! What a source is: something that is polled, or a Kafka topic that is read.

use std::{borrow::Cow, fmt, path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::{
    base::private::{Private, Secrets, shown},
    config::{Broker, PageMode, Place, RobotsMode, StartAt, TopicName, setting::from_text},
    model::source::{AllowedNetworks, SourceKind},
    read::{listing::selectors::Selectors, page::Rules},
};

/// The stable name of a source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceId(String);

impl SourceId {
    /// The id of a source that was configured without one: the start of a hash of its URL.
    #[must_use]
    pub fn from_url(url: &Url) -> Self {
        Self::from_location(url.as_str())
    }

    /// The id of a source at a location, which need not be a URL.
    pub(crate) fn from_location(text: &str) -> Self {
        let hash = Sha256::digest(text);
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

/// Where a source that is polled was configured to be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Location {
    /// http or https.
    Url(Private),
    /// A file of this machine. Only a list that is itself a file of this machine can name one.
    File {
        /// As it was written: it stays the same when the list moves with its files.
        written: String,
        /// The path, resolved against the folder of the list.
        path: PathBuf,
    },
}

impl Location {
    /// The address itself, where it has one that others can follow.
    #[must_use]
    pub fn url(&self) -> Option<&Url> {
        match self {
            Self::Url(url) => Some(url.real()),
            Self::File { .. } => None,
        }
    }

    /// As it was configured: for ids and for the store, which tell sources apart by it. `Display`
    /// is what is shown.
    pub(crate) fn configured(&self) -> Cow<'_, str> {
        match self {
            Self::Url(url) => url.real().as_str().into(),
            Self::File { written, .. } => format!("file:{written}").into(),
        }
    }

    /// What of it is to be told to nobody.
    #[must_use]
    pub fn secrets(&self) -> Secrets {
        Secrets::in_address(&self.configured())
    }

    /// The id of a source that was configured without one.
    pub(super) fn id(&self) -> SourceId {
        SourceId::from_location(&self.configured())
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.configured()))
    }
}

/// One thing to poll, as it was configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its stable name, by which its facts are kept.
    pub id: SourceId,
    /// The operator's name for it.
    pub name: Option<String>,
    /// The kind, which says how it is read.
    pub kind: SourceKind,
    /// The address or the file that is polled.
    pub at: Location,
    /// Free words: given, or the folders that an OPML outline is in.
    pub tags: Vec<String>,
    /// Instead of [`crate::config::Poll::min_interval`].
    pub min_interval: Option<Duration>,
    /// Instead of [`crate::config::Poll::max_interval`].
    pub max_interval: Option<Duration>,
    /// Instead of the bounds of [`crate::config::Poll`].
    pub entries: EntryBounds,
    /// Whether it is not polled for now.
    pub paused: bool,
    /// Instead of [`crate::config::Page::mode`].
    pub pages: Option<PageMode>,
    /// Instead of [`crate::config::Page::follow_pages`].
    pub follow_pages: Option<usize>,
    /// Instead of [`crate::config::Fetch::robots`].
    pub robots: Option<RobotsMode>,
    /// Networks that are not public and that it may reach all the same, it alone: its listing, its
    /// entries' pages, its hubs.
    pub allow_addresses: AllowedNetworks,
    /// How the links of a listing are found, where they are not to be found by itself.
    pub listing: Option<Box<Selectors>>,
    /// What is said of the pages behind its entries, where they are not to be read by themselves.
    pub page: Option<Arc<Rules>>,
    /// The list and the line that configured it.
    pub place: Place,
    /// When it was added by command; `None` where a list of the config names it.
    pub added: Option<DateTime<Utc>>,
}

/// How many entries of a source may be taken, where that is not as it is for all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EntryBounds {
    /// Instead of [`crate::config::Poll::entries_per_poll`].
    pub per_poll: Option<usize>,
    /// Instead of [`crate::config::Poll::entries_per_day`].
    pub per_day: Option<usize>,
    /// Instead of [`crate::config::Poll::entries_pending`].
    pub pending: Option<usize>,
}

impl Source {
    /// A source of which only the URL is known.
    pub(in crate::config) fn new(url: Url, place: Place) -> Self {
        Self::at(Location::Url(url.into()), place)
    }

    /// A source of which only the location is known.
    pub(super) fn at(at: Location, place: Place) -> Self {
        Self {
            id: at.id(),
            name: None,
            kind: SourceKind::Feed,
            at,
            tags: Vec::new(),
            min_interval: None,
            max_interval: None,
            entries: EntryBounds::default(),
            paused: false,
            pages: None,
            follow_pages: None,
            robots: None,
            allow_addresses: AllowedNetworks::default(),
            listing: None,
            page: None,
            place,
            added: None,
        }
    }
}

/// A Kafka topic through which other services hand over addresses, pages and texts, as it was
/// configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicSource {
    /// Its stable name, by which its offsets are kept.
    pub id: SourceId,
    /// The operator's name for it.
    pub name: Option<String>,
    /// The topic's name at the brokers.
    pub topic: TopicName,
    /// Brokers to ask first; those of [`crate::config::Kafka::brokers`] where there are none.
    pub brokers: Vec<Broker>,
    /// Where a topic that was never read begins.
    pub from: StartAt,
    /// Words that an operator sorts sources by; they come with each record.
    pub tags: Vec<String>,
    /// Instead of [`crate::config::Page::mode`].
    pub pages: Option<PageMode>,
    /// Instead of [`crate::config::Fetch::robots`].
    pub robots: Option<RobotsMode>,
    /// Networks that are not public and that the pages it names may be in all the same.
    pub allow_addresses: AllowedNetworks,
    /// The list and the line that configured it.
    pub place: Place,
}

impl TopicSource {
    /// The address that records and explanations show.
    #[must_use]
    pub fn address(&self) -> String {
        format!("kafka:{}", self.topic)
    }
}

from_text! {
    SourceId, "an id in quotes", SourceId::from_str, ToString::to_string;
}

//! A listing and its entries, whether a feed, a sitemap or a page listed them.

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    base::hash::digest,
    dates::moment::Assumed,
    model::record::{Enclosure, Image},
};

/// A feed as it was listed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Feed {
    /// Its own title.
    pub title: Option<String>,
    /// BCP 47, as it claims.
    pub language: Option<String>,
    /// When and how it wants to be polled.
    pub rhythm: Rhythm,
    /// Its links: the feed itself, its next page, its archive (RFC 5005).
    pub links: Vec<Link>,
    /// Whether its end is missing: it may list more than was read.
    pub truncated: bool,
    /// Whether it lists all that its site holds and not what is new: an entry without a date is of
    /// any age.
    pub archive: bool,
    /// Its entries, in its order.
    pub entries: Vec<Entry>,
}

/// One item, as the feed says it; not yet cleaned, because most entries of a poll are known
/// already.
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
    /// Whether its end was left out, because nobody writes so much.
    pub cut: bool,
    /// When it was published.
    #[serde(with = "crate::dates::stamp")]
    pub published: Option<DateTime<FixedOffset>>,
    /// What had to be assumed of the date of publication, or that it cannot be read.
    pub date_note: Option<String>,
    /// When it was last changed.
    #[serde(with = "crate::dates::stamp")]
    pub modified: Option<DateTime<FixedOffset>>,
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
    /// What relative addresses in its texts are relative to, where that is not the page.
    pub base: Option<Url>,
}

impl Entry {
    /// A hash of all that the feed says of it: another version may mean a changed article.
    #[must_use]
    pub fn version(&self) -> [u8; 16] {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let date = |time: Option<DateTime<FixedOffset>>| {
            time.map_or(0, |time| time.timestamp()).to_be_bytes()
        };
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

/// What a feed says about when and how to poll it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Rhythm {
    /// Minutes for which it may be kept.
    pub ttl: Option<u64>,
    /// Hours of the day (UTC) without news.
    pub skip_hours: Vec<u8>,
    /// Days of the week without news, as it names them.
    pub skip_days: Vec<String>,
    /// Where changes are announced (`WebSub`).
    pub hubs: Vec<String>,
    /// Where one may register for changes.
    pub cloud: Option<Cloud>,
    /// `hourly`, `daily`, `weekly`, `monthly`, `yearly`.
    pub update_period: Option<String>,
    /// How often in a period.
    pub update_frequency: Option<u64>,
    /// From when the periods count.
    pub update_base: Option<Date>,
    /// It holds all entries that there are (RFC 5005 §2).
    pub complete: bool,
    /// It never changes (RFC 5005 §4).
    pub archive: bool,
}

/// `rssCloud`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the attributes of RSS's element")]
pub struct Cloud {
    pub domain: Option<String>,
    pub port: Option<String>,
    pub path: Option<String>,
    pub register_procedure: Option<String>,
    pub protocol: Option<String>,
}

/// A moment, and how it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Date {
    /// As the feed writes it.
    pub raw: String,
    /// What that means.
    pub time: Option<DateTime<FixedOffset>>,
    /// What had to be assumed.
    #[serde(skip)]
    pub assumed: Assumed,
}

/// A link.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Link {
    /// Where to.
    pub href: Option<String>,
    /// How it is related; `alternate` unless it is said.
    pub rel: String,
    /// Media type.
    #[serde(rename = "type")]
    pub media_type: Option<String>,
    /// For people.
    pub title: Option<String>,
    /// BCP 47.
    pub hreflang: Option<String>,
    /// Bytes, as it claims.
    pub length: Option<String>,
}

//! A listing and its entries, whether a feed, a sitemap or a page listed them.

use chrono::{DateTime, FixedOffset, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    base::hash::digest,
    dates::{moment::Assumed, plausible},
    model::{
        media,
        record::{Enclosure, Image},
    },
};

/// A feed as it was listed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Feed {
    /// The title that it gives itself.
    pub title: Option<String>,
    /// Its language as it claims it, a BCP 47 tag.
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

/// One item as its feed gives it; not cleaned yet, because most entries of a poll are known
/// already.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// What tells it from the feed's other entries: guid, else link, else a hash of what it says.
    pub identity: String,
    /// `guid` or `atom:id`, where there is one.
    pub guid: Option<String>,
    /// The address of its page.
    pub link: Option<Url>,
    /// The headline that the feed gives.
    pub title: Option<String>,
    /// The teaser: HTML or plain text.
    pub summary: Option<String>,
    /// The full text, as HTML.
    pub content: Option<String>,
    /// Whether the full text was cut at its bound.
    pub cut: bool,
    /// When it was published.
    #[serde(with = "crate::dates::stamp")]
    pub published: Option<DateTime<FixedOffset>>,
    /// What had to be assumed of the date of publication, or that it cannot be read.
    pub date_note: Option<String>,
    /// When it was last changed.
    #[serde(with = "crate::dates::stamp")]
    pub modified: Option<DateTime<FixedOffset>>,
    /// Names of the writers.
    pub authors: Vec<String>,
    /// Names of categories and tags.
    pub categories: Vec<String>,
    /// Audio, video and documents that are attached.
    pub enclosures: Vec<Enclosure>,
    /// Pictures, as far as the feed names them outside its texts.
    pub images: Vec<Image>,
    /// The language of the entry or else of the feed, a BCP 47 tag.
    pub language: Option<String>,
    /// What relative addresses in its texts are relative to, where that is not the page.
    pub base: Option<Url>,
    /// What its link says about its identity.
    #[serde(skip_serializing_if = "LinkRole::is_own_page")]
    pub link_role: LinkRole,
}

/// What the link of an entry says about its identity. Entries of one document are told apart by it:
/// what they have in common says nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkRole {
    /// It leads to the entry's own page.
    #[default]
    Page,
    /// It leads to a place, named by its fragment, in a page that others link, too.
    Place,
    /// It leads to a page that others link in the same way, or to the front page of the feed's site.
    Shared,
}

impl LinkRole {
    /// Whether it leads to the entry's own page, which alone is fetched for it.
    #[must_use]
    pub fn is_own_page(&self) -> bool {
        *self == Self::Page
    }
}

impl Entry {
    /// Forgets dates that are none, and notes it: an entry with the zero of some program as date may
    /// be of this moment.
    pub fn forget_implausible_dates(&mut self, now: DateTime<Utc>) {
        let is_none = |date: &mut DateTime<FixedOffset>| !plausible::of_entry(*date, now);
        if let Some(date) = self.published.take_if(is_none) {
            self.date_note = Some(format!("implausible: {}", date.to_rfc3339()));
        }
        self.modified.take_if(is_none);
    }

    /// Whether its link leads to a page of its own that may be fetched: not to one that others share,
    /// and not to a file, such as the sound of an episode.
    #[must_use]
    pub fn has_page(&self) -> bool {
        self.link_role.is_own_page()
            && self.link.as_ref().is_some_and(|link| !media::is_file(link) && !self.encloses(link))
    }

    /// Whether an address is that of an attached file. Some feeds attach the page.
    fn encloses(&self, link: &Url) -> bool {
        let is_page = |media_type: &str| media_type.contains("html") || media_type == "text/plain";
        self.enclosures.iter().any(|enclosure| {
            enclosure.url == link.as_str() && !enclosure.media_type.as_deref().is_some_and(is_page)
        })
    }

    /// A hash of what the feed says of it; another version may mean a changed article.
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

/// The `cloud` element of RSS: where one may register for changes.
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

/// A date of a feed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Date {
    /// As the feed writes it.
    pub raw: String,
    /// The moment that it means; `None` where it cannot be read.
    pub time: Option<DateTime<FixedOffset>>,
    /// What had to be assumed.
    #[serde(skip)]
    pub assumed: Assumed,
}

/// A `link` of a feed, an entry or a page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Link {
    /// The address that it leads to.
    pub href: Option<String>,
    /// Its relation; `alternate` unless it is given.
    pub rel: String,
    /// The media type of the target.
    #[serde(rename = "type")]
    pub media_type: Option<String>,
    /// Its title, for people.
    pub title: Option<String>,
    /// The language of the target, a BCP 47 tag.
    pub hreflang: Option<String>,
    /// The size of the target in bytes, as it claims.
    pub length: Option<String>,
}

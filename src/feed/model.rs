//! What a feed says, in words of no dialect.

use serde::Serialize;

use super::{repairs::Repairs, text::Text};

mod parts;

pub use parts::{Category, Credit, Date, Enclosure, Geo, Link, Media, Person, Source, Thumbnail};

/// A document that was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// Which dialect it is written in.
    pub format: Format,
    /// The label of its encoding.
    pub encoding: &'static str,
    /// What had to be mended.
    pub recovered: Repairs,
    /// What it says of itself.
    pub feed: Channel,
    /// Its entries, in its order; one that the end of the file cuts off is none.
    pub entries: Vec<Item>,
}

/// A dialect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// RSS 0.91 to 2.0.
    #[default]
    Rss,
    /// RSS 0.90, 1.0 and 1.1.
    Rdf,
    /// Atom 1.0.
    Atom,
    /// Atom 0.3.
    Atom03,
    /// Channel Definition Format.
    Cdf,
    /// JSON Feed.
    Json,
}

/// What a feed says of itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Channel {
    /// Its name.
    pub title: Option<Text>,
    /// The site.
    pub link: Option<String>,
    /// What it is about.
    pub description: Option<Text>,
    /// `atom:id`, `rdf:about`.
    pub id: Option<String>,
    /// BCP 47, as it claims.
    pub language: Option<String>,
    /// Copyright.
    pub rights: Option<Text>,
    /// The program that wrote it.
    pub generator: Option<String>,
    /// Its picture.
    pub image: Option<String>,
    /// Its small picture.
    pub icon: Option<String>,
    /// When it was last changed.
    pub updated: Option<Date>,
    /// When it was published.
    pub published: Option<Date>,
    /// Who is responsible.
    pub authors: Vec<Person>,
    /// Who else took part.
    pub contributors: Vec<Person>,
    /// Categories.
    pub categories: Vec<Category>,
    /// All links: the site, the feed itself, its pages and its archive (RFC 5005).
    pub links: Vec<Link>,
    /// Whether it is not suitable for children.
    pub explicit: Option<bool>,
    /// How often it changes.
    pub rhythm: Rhythm,
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

/// An entry.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Item {
    /// `guid`, `atom:id`, `rdf:about`.
    pub id: Option<String>,
    /// Headline.
    pub title: Option<Text>,
    /// The page.
    pub link: Option<String>,
    /// Teaser.
    pub summary: Option<Text>,
    /// Full text.
    pub content: Option<Text>,
    /// Where the full text is instead.
    pub content_src: Option<String>,
    /// When it was last changed.
    pub updated: Option<Date>,
    /// When it was published.
    pub published: Option<Date>,
    /// Writers.
    pub authors: Vec<Person>,
    /// Others.
    pub contributors: Vec<Person>,
    /// Categories.
    pub categories: Vec<Category>,
    /// Attached files.
    pub enclosures: Vec<Enclosure>,
    /// Pictures, films and sound that belong to it (Media RSS).
    pub media: Vec<Media>,
    /// Small pictures.
    pub thumbnails: Vec<Thumbnail>,
    /// Who made the media.
    pub credits: Vec<Credit>,
    /// All links.
    pub links: Vec<Link>,
    /// Where it is discussed.
    pub comments: Option<String>,
    /// Copyright.
    pub rights: Option<Text>,
    /// BCP 47, where it is another than the feed's.
    pub language: Option<String>,
    /// The feed that it comes from.
    pub source: Option<Source>,
    /// A place.
    pub geo: Option<Geo>,
    /// Its picture.
    pub image: Option<String>,
    /// Whether it is not suitable for children.
    pub explicit: Option<bool>,
}

//! What a feed says, in a model that is the same for all formats.

use serde::Serialize;

use super::{repairs::Repairs, text::Text};

mod parts;

use crate::model::entry::{Date, Link, Rhythm};
pub use parts::{Category, Credit, Enclosure, Geo, Media, Person, Source, Thumbnail};

/// A parsed feed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// The format that it is written in.
    pub format: Format,
    /// The label of its encoding.
    pub encoding: &'static str,
    /// The damage that had to be repaired.
    pub recovered: Repairs,
    /// What it says of itself.
    pub feed: Channel,
    /// Its entries, in its order, without one that the end of the file cuts off.
    pub entries: Vec<Item>,
}

/// A format of feeds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// RSS 0.91 to 2.0.
    #[default]
    Rss,
    /// RSS 0.90, 1.0 and 1.1.
    Rdf,
    /// Atom 1.0 (RFC 4287).
    Atom,
    /// Atom 0.3, the draft.
    Atom03,
    /// Channel Definition Format.
    Cdf,
    /// JSON Feed 1.0 and 1.1.
    Json,
}

/// What a feed says of itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Channel {
    /// The name of the feed.
    pub title: Option<Text>,
    /// The address of the site.
    pub link: Option<String>,
    /// What it is about.
    pub description: Option<Text>,
    /// The id: `atom:id` or `rdf:about`.
    pub id: Option<String>,
    /// Its language as it claims it, a BCP 47 tag.
    pub language: Option<String>,
    /// The copyright notice of the feed.
    pub rights: Option<Text>,
    /// The program that wrote it.
    pub generator: Option<String>,
    /// The address of its picture.
    pub image: Option<String>,
    /// The address of its small picture.
    pub icon: Option<String>,
    /// When it was last changed.
    pub updated: Option<Date>,
    /// When it was published.
    pub published: Option<Date>,
    /// The persons who are responsible for it.
    pub authors: Vec<Person>,
    /// Other persons who took part.
    pub contributors: Vec<Person>,
    /// The categories of the whole feed.
    pub categories: Vec<Category>,
    /// All links: the site, the feed itself, its pages and its archive (RFC 5005).
    pub links: Vec<Link>,
    /// Whether it is not suitable for children.
    pub explicit: Option<bool>,
    /// What it says about when to poll it.
    pub rhythm: Rhythm,
}

/// An entry of a feed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Item {
    /// The id: `guid`, `atom:id` or `rdf:about`.
    pub id: Option<String>,
    /// The headline of the entry.
    pub title: Option<Text>,
    /// The address of its page.
    pub link: Option<String>,
    /// The teaser of the entry.
    pub summary: Option<Text>,
    /// The full text.
    pub content: Option<Text>,
    /// The address of the full text, where it is not in the feed.
    pub content_src: Option<String>,
    /// When it was last changed.
    pub updated: Option<Date>,
    /// When it was published.
    pub published: Option<Date>,
    /// The writers of the entry.
    pub authors: Vec<Person>,
    /// Other persons who took part.
    pub contributors: Vec<Person>,
    /// The categories of the entry.
    pub categories: Vec<Category>,
    /// The files that are attached.
    pub enclosures: Vec<Enclosure>,
    /// Pictures, films and sound that belong to it (Media RSS).
    pub media: Vec<Media>,
    /// Small pictures of its media.
    pub thumbnails: Vec<Thumbnail>,
    /// Who made the media.
    pub credits: Vec<Credit>,
    /// All links, that of its page included.
    pub links: Vec<Link>,
    /// The address of the page where it is discussed.
    pub comments: Option<String>,
    /// The copyright notice of the entry.
    pub rights: Option<Text>,
    /// Its language, a BCP 47 tag, where it is another than the feed's.
    pub language: Option<String>,
    /// The feed that it comes from.
    pub source: Option<Source>,
    /// The place that it is about.
    pub geo: Option<Geo>,
    /// The address of its picture.
    pub image: Option<String>,
    /// Whether it is not suitable for children.
    pub explicit: Option<bool>,
}

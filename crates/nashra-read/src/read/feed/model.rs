//! What a feed says, in words of no dialect.

use serde::Serialize;

use super::{repairs::Repairs, text::Text};

mod parts;

use crate::model::entry::{Date, Link, Rhythm};
pub use parts::{Category, Credit, Enclosure, Geo, Media, Person, Source, Thumbnail};

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

//! The article record: what consumers read from `nashra.articles`.
//!
//! It is the public contract (`nashra.article.v1`). Fields may be added; a field's meaning never
//! changes within a version. Absent is `null`, never an empty string; dates are RFC 3339 in UTC.
//! The fields that are read from pages and feeds are in `model/content`; here are the fields around
//! them, and the types of all.

use std::collections::BTreeSet;

use chrono::{DateTime, FixedOffset, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use super::content::Content;
use crate::{base::private::Private, dates::stamp};

/// The value of [`Article::schema`].
pub const SCHEMA: &str = "nashra.article.v1";

/// One edition of one article.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Article {
    /// Always `nashra.article.v1`.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// Stable for all revisions.
    pub id: Uuid,
    /// 1 for the first edition that was published, then 2, 3, …
    pub revision: u32,
    /// What kind of news this record is.
    pub change: Change,
    /// Names of the fields that differ from the revision before; empty in revision 1.
    pub changed_fields: Vec<String>,
    /// Canonical address; `null` for text that came without one.
    pub url: Option<String>,
    /// Where it was read, after redirects; `null` where only the feed was read.
    pub fetched_url: Option<String>,
    /// Other addresses that lead to it, as the feed wrote them, AMP, before redirects.
    pub alternate_urls: Vec<String>,
    /// The source that listed it.
    pub source: Source,
    /// The text and all that belongs to it.
    #[serde(flatten)]
    pub content: Content,
    /// When nashra first saw the article.
    pub first_seen: DateTime<Utc>,
    /// When this edition was fetched.
    pub fetched: DateTime<Utc>,
    /// Where the page held several articles, which of them this is.
    pub part: Option<Part>,
    /// The set of articles with the same text; `null` until stories are known.
    pub story: Option<serde_json::Value>,
    /// SHA-256 of the normalised title and text, as `sha256:` and 64 hexadecimal digits.
    pub content_hash: String,
}

impl Article {
    /// Names the fields of a record of any program, also those that this one does not have; none
    /// where it is no record.
    #[must_use]
    pub fn fields_of(value: &[u8]) -> BTreeSet<String> {
        let fields: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(value).unwrap_or_default();
        fields.into_iter().map(|(name, _)| name).collect()
    }
}

/// Why a record was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// The first edition.
    New,
    /// A changed edition of an article that was published before.
    Revised,
    /// The publisher took it back.
    Withdrawn,
}

/// The source as its readers need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// The stable id of the source.
    pub id: String,
    /// The name of the config, else the feed's own title.
    pub name: Option<String>,
    /// `feed`, `listing`, `sitemap`, `page` or `kafka`.
    pub kind: String,
    /// The address that is polled; `file:` and a path for a file, `kafka:` and a topic for messages
    /// that name none. Without user name and password, and with the values of secret parameters
    /// replaced.
    #[schemars(with = "String")]
    pub url: Private<String>,
    /// Free words of the operator's.
    pub tags: Vec<String>,
}

/// The reading direction of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Left to right.
    Ltr,
    /// Right to left.
    Rtl,
}

/// A writer of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Byline {
    /// The name, without "by".
    pub name: String,
    /// A person or an organisation.
    pub kind: BylineKind,
    /// Where it was written, where the byline says.
    pub place: Option<String>,
}

/// What a byline names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BylineKind {
    /// A human being.
    Person,
    /// A newsroom, agency or company.
    Organisation,
}

/// One part of the text, in reading order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Block {
    /// A paragraph of running text.
    Paragraph {
        /// The text of the block.
        text: String,
    },
    /// A heading within the text.
    Heading {
        /// The text of the block.
        text: String,
    },
    /// A block quotation.
    Quote {
        /// The text of the block.
        text: String,
    },
    /// A list; its items are lines.
    List {
        /// The text of the block.
        text: String,
    },
    /// A table; its rows are lines, its cells apart by tabs.
    Table {
        /// The text of the block.
        text: String,
    },
    /// An inline image.
    Image(Image),
    /// Something embedded from elsewhere.
    Embed {
        /// The address of what is embedded.
        url: String,
    },
}

impl Block {
    /// The text of a text block.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Paragraph { text }
            | Self::Heading { text }
            | Self::Quote { text }
            | Self::List { text }
            | Self::Table { text } => Some(text),
            Self::Image(_) | Self::Embed { .. } => None,
        }
    }
}

/// An entry of a live blog: its blocks are those from `block` up to the next entry's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Update {
    /// When it was written, to the minute at least.
    #[serde(with = "stamp", default)]
    #[schemars(with = "Option<DateTime<FixedOffset>>")]
    pub published: Option<DateTime<FixedOffset>>,
    /// Its time as the page writes it.
    pub time: Option<String>,
    /// Its headline.
    pub title: Option<String>,
    /// Its own address.
    pub url: Option<String>,
    /// Where it begins among the blocks, from 0.
    pub block: u32,
}

/// A picture of an article.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Image {
    /// The absolute address of the picture.
    pub url: Option<String>,
    /// What the page writes under it, without the credit.
    pub caption: Option<String>,
    /// The photographer or agency, as the page writes it.
    pub credit: Option<String>,
    /// Canonical name of the news agency credited.
    pub agency: Option<String>,
    /// Whether it is said to be from the archive.
    pub archive: bool,
    /// When it was taken: ISO 8601, possibly partial (`2025-06`).
    pub taken: Option<String>,
    /// The width in pixels.
    pub width: Option<u32>,
    /// The height in pixels.
    pub height: Option<u32>,
}

/// An item of the page's own list of related articles.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Related {
    /// The headline of the item.
    pub title: Option<String>,
    /// The absolute address of the article.
    pub url: Option<String>,
    /// The section that the item names.
    pub section: Option<String>,
    /// The teaser of the item.
    pub summary: Option<String>,
    /// The writer that the item names.
    pub byline: Option<String>,
    /// Where it was written.
    pub place: Option<String>,
    /// The picture of the item.
    pub image: Option<Image>,
}

/// A file that the feed attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Enclosure {
    /// The absolute address of the file.
    pub url: String,
    /// The media type of the file.
    #[serde(rename = "type")]
    pub media_type: Option<String>,
    /// Size in bytes.
    pub bytes: Option<u64>,
}

/// Which of several articles of one page this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// Its place on the page, from 0.
    pub index: u32,
    /// How many there are.
    pub of: u32,
}

/// Where the fields came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Provenance {
    /// Origin of the title.
    pub title: Option<Origin>,
    /// Origin of the text.
    pub text: Option<Origin>,
    /// Origin of the date.
    pub published: Option<Origin>,
    /// Origin of the bylines.
    pub bylines: Option<Origin>,
}

/// Where a field came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A JSON-LD object of the page.
    JsonLd,
    /// A `<meta>` element.
    Meta,
    /// HTML microdata.
    Microdata,
    /// The feed's entry.
    Feed,
    /// The page's visible elements.
    Dom,
    /// A rule of the source's config.
    Rule,
}

/// How sure the extraction is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quality {
    /// The confidence, from 0 to 1.
    pub confidence: f32,
    /// The text ends before the article does.
    pub truncated: bool,
    /// The rest is for subscribers.
    pub paywalled: bool,
}

/// Which topic a record goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Topic {
    /// `nashra.articles`.
    Articles,
    /// `nashra.deadletters`.
    DeadLetters,
}

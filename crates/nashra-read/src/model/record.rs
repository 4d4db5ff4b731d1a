//! The article record: what consumers read from `nashra.articles`.
//!
//! It is the public contract (`nashra.article.v1`). Fields may be added; a field's meaning never
//! changes within a version. Absent is `null`, never an empty string; dates are RFC 3339 in UTC.
//! The fields that are read from pages and feeds are in `model/content`; here are the fields around
//! them, and the types of all.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use super::content::{
    Block, Byline, BylineKind, Content, Direction, Enclosure, Image, Origin, Provenance, Quality,
    Related, Update,
};
use crate::base::private::Private;

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

/// Which of several articles of one page this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// Its place on the page, from 0.
    pub index: u32,
    /// How many there are.
    pub of: u32,
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

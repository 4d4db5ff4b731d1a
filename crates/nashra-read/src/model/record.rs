//! The article record: what consumers read from `nashra.articles`.
//!
//! It is the public contract (`nashra.article.v1`). Fields may be added; a field's meaning never
//! changes within a version. Absent is `null`, never an empty string; dates are RFC 3339.
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
use super::story::Story;
use crate::base::private::Private;

/// The value of [`Article::schema`].
pub const SCHEMA: &str = "nashra.article.v1";

/// One revision of one article.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Article {
    /// Always `nashra.article.v1`.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// The id of the article, the same in all its revisions.
    pub id: Uuid,
    /// 1 in the first record of the article, then 2, 3, …
    pub revision: u32,
    /// Why the record was published: `new`, `revised` (what a reader would call its text changed) or
    /// `withdrawn` (its page is gone, or an operator erased it; the record has no content, and if the
    /// article comes back the next one is `revised`).
    pub change: Change,
    /// The names of the fields that differ from the previous revision; empty in revision 1.
    pub changed_fields: Vec<String>,
    /// The canonical address; `null` for a text that came without one.
    pub url: Option<String>,
    /// The address that the page was read from, after redirects; `null` if only the feed was read.
    pub fetched_url: Option<String>,
    /// Other addresses of the article: the one in the feed, those before redirects, the AMP page.
    pub alternate_urls: Vec<String>,
    /// The source that listed the article.
    pub source: Source,
    /// Where the text of a revision differs from the one before, word by word. It is there only where
    /// `record.difference` asks for it, nashra has the text before, and the texts do not differ in
    /// very many places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<Vec<TextChange>>,
    /// The text and all that belongs to it.
    #[serde(flatten)]
    pub content: Content,
    /// When nashra first saw the article.
    pub first_seen: DateTime<Utc>,
    /// When this revision was fetched.
    pub fetched: DateTime<Utc>,
    /// Which article of its page this is, if the page has several; otherwise `null`.
    pub part: Option<Part>,
    /// The set of articles that carry the same text, across sources; `null` where stories are
    /// switched off.
    pub story: Option<Story>,
    /// The labels that the operator's rules give the article, in alphabetical order, at most 200. A
    /// revision has those of the rules of its time; rules that change make no revision.
    #[serde(default)]
    pub labels: Vec<String>,
    /// The SHA-256 of the normalised title and text: `sha256:` and 64 hexadecimal digits.
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

    /// Whether a record, as JSON, withdraws its article.
    #[must_use]
    pub fn withdraws(value: &[u8]) -> bool {
        #[derive(Deserialize)]
        struct Told {
            change: Change,
        }
        serde_json::from_slice::<Told>(value).is_ok_and(|told| told.change == Change::Withdrawn)
    }
}

/// One place where a text differs from the one before. Words are what stands between white space,
/// and in scripts without spaces each character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TextChange {
    /// How many words stay between the place before and this one.
    pub kept: u32,
    /// What was removed here; empty if nothing was.
    pub removed: String,
    /// What was added in its place; empty if nothing was.
    pub added: String,
}

/// Why a record was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// The first revision.
    New,
    /// A changed version of an article that was published before.
    Revised,
    /// The article was withdrawn: its page is gone, or an operator of nashra erased it. The record
    /// has no content.
    Withdrawn,
}

/// The source of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// The stable id of the source.
    pub id: String,
    /// The name in the config, otherwise the title of the feed.
    pub name: Option<String>,
    /// `feed`, `listing`, `sitemap`, `page` or `kafka`.
    pub kind: String,
    /// The address that is polled; `file:` and a path for a file; `kafka:` and a topic for messages
    /// that name no source. User name and password are removed, and the values of secret
    /// parameters are replaced.
    #[schemars(with = "String")]
    pub url: Private<String>,
    /// The tags that the operator gave the source.
    pub tags: Vec<String>,
}

/// Which of several articles of one page this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// Its index among the articles of the page, from 0.
    pub index: u32,
    /// The number of articles on the page.
    pub of: u32,
}

/// Which topic a record goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Topic {
    /// `nashra.articles`.
    Articles,
    /// `nashra.stories`.
    Stories,
    /// `nashra.deadletters`.
    DeadLetters,
}

impl Topic {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Articles, Self::Stories, Self::DeadLetters];

    /// Its name without the prefix, also in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Articles => "articles",
            Self::Stories => "stories",
            Self::DeadLetters => "deadletters",
        }
    }
}

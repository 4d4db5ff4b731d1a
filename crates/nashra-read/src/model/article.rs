//! What is remembered of an article between its editions.
//!
//! What must stay true: rows are durable, so a field that is renamed here keeps the name that it
//! was written under.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::{label::ArticleLabel, routing::Routing, story::Story};

/// What an article's page showed, as far as later fetches are compared with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedPage {
    /// The start of its headline.
    pub title: Option<String>,
    /// Characters of its text.
    pub chars: u32,
}

/// A page that was doubted and is not an edition yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoubtedPage {
    /// Characters of its text.
    pub chars: u32,
    /// Fetches in a row that showed about as much text.
    pub looks: u32,
}

/// What is remembered of an article.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArticleState {
    /// The revision that was last published.
    pub revision: u32,
    /// The canonical address that was last published.
    pub url: Option<String>,
    /// Other addresses that lead to it.
    pub alternate_urls: Vec<String>,
    /// The source that listed it first.
    pub source: String,
    /// The guid under which that source listed it.
    pub guid: Option<String>,
    /// When it was first seen.
    pub first_seen: DateTime<Utc>,
    /// When the page of the last edition was asked for.
    #[serde(rename = "looked")]
    pub fetched_at: DateTime<Utc>,
    /// The sequence number of that fetch: an earlier fetch never replaces a later one. 0 in rows of
    /// older programs, which compared times.
    #[serde(default)]
    pub order: u64,
    /// Hash of the normalised title and text.
    pub content_hash: String,
    /// The fingerprint of what a reader would call title and text. `None` in rows of older programs,
    /// until the edition is read again.
    #[serde(default)]
    pub wording: Option<u64>,
    /// What its title and text share with other editions of them (`text::sketch`). Empty where they
    /// are short, and in rows of older programs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sketch: Vec<u16>,
    /// The fingerprint of each field whose change is told, by the field's name. A field without one
    /// here is unknown: the program that wrote this row did not have it, so it never counts as
    /// changed.
    pub fields: BTreeMap<String, u64>,
    /// The sequence number of the fetch that the last revision was made of.
    #[serde(default)]
    pub revised: u64,
    /// What its own page showed when it last became an edition. `None` in rows of older programs.
    #[serde(default)]
    pub shown: Option<RememberedPage>,
    /// What its own page shows now, where it is doubted.
    #[serde(default)]
    pub doubted: Option<DoubtedPage>,
    /// Whether its last record says that it was withdrawn.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
    /// When an operator erased it: nothing is ever published of it again, and nothing of its content
    /// is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased: Option<DateTime<Utc>>,
    /// The text that was last published, compressed, where differences are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_text: Option<String>,
    /// How near to the article the text was read.
    #[serde(rename = "standing")]
    pub text_rank: TextRank,
    /// Its story. `None` in rows of older programs, and where stories are switched off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub story: Option<Story>,
    /// The labels of its last record and some of the places of their words, for `nashra explain`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<ArticleLabel>,
    /// Where its records go.
    #[serde(default, skip_serializing_if = "Routing::is_plain")]
    pub routing: Routing,
    /// Its names in the alias table: they live as long as it does.
    pub aliases: Vec<[u8; 16]>,
    /// The day (since 1970) of the last decision on it.
    pub day: u32,
    /// The last decision on it, for `nashra explain`.
    pub verdict: Verdict,
}

/// How near to the article its text was read. What is nearer replaces what is farther, never the
/// other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TextRank {
    /// From a feed alone.
    Feed,
    /// From the page of another article, which it follows.
    Part,
    /// From its own page.
    Page,
}

/// A decision, kept for `nashra explain`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// `new`, `revised`, `duplicate`, `stale`, `kept`, `doubted`, `vanished`, `withdrawn` or
    /// `erased`.
    pub what: String,
    /// The reason, for people.
    pub why: String,
    /// When it was decided.
    pub at: DateTime<Utc>,
}

//! What is remembered of an article between its editions.
//!
//! What must stay true: rows are durable, so a field that is renamed here keeps the name that it
//! was written under.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a page showed, as far as the next look is held against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The start of its headline.
    pub title: Option<String>,
    /// Characters of its text.
    pub chars: u32,
}

/// A page that is not taken yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubted {
    /// Characters of its text.
    pub chars: u32,
    /// Looks in a row that showed as much.
    pub looks: u32,
}

/// What is remembered of an article.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArticleState {
    /// The revision that was last published.
    pub revision: u32,
    /// Its canonical address.
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
    /// Which look that was, in the order of all that is looked at: an earlier one never replaces a
    /// later one. 0 where an older program had it by the clock.
    #[serde(default)]
    pub order: u64,
    /// Hash of the normalised title and text.
    pub content_hash: String,
    /// The fingerprint of each field whose change is told, by the field's name. A field without one
    /// here is unknown: the program that wrote this row did not have it, so it never counts as
    /// changed.
    pub fields: BTreeMap<String, u64>,
    /// Which look the last revision was made of, in the same order.
    #[serde(default)]
    pub revised: u64,
    /// What its own page showed when that was last taken for an edition. Nothing in rows of older
    /// programs.
    #[serde(default)]
    pub shown: Option<Shown>,
    /// What its own page shows now, where that is not taken for an edition yet.
    #[serde(default)]
    pub doubted: Option<Doubted>,
    /// How near to the article the text was read.
    #[serde(rename = "standing")]
    pub text_rank: TextRank,
    /// Its names in the alias table: they live as long as it does.
    pub aliases: Vec<[u8; 16]>,
    /// The day (since 1970) of the last decision on it.
    pub day: u32,
    /// The last decision.
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
    /// `new`, `revised`, `duplicate`, `stale`, `kept` or `doubted`.
    pub what: String,
    /// Why, in words.
    pub why: String,
    /// When it was decided.
    pub at: DateTime<Utc>,
}
